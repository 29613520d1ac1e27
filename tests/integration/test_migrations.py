"""Migrations are applied in order, once each, whole or not at all."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.migrations import MigrationRefusedError, migrate
from tests.databases import SQL, tables, together

ALL = sorted(path.name for path in (SQL / "migrations").iterdir())
APPLIED = "SELECT name FROM schema_migrations ORDER BY number"


@pytest.fixture
def empty_url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def empty(empty_url: str) -> Iterator[pg8000.native.Connection]:
    """A connection to a database without a schema."""
    with closing(connector(empty_url)()) as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small sql/ of our own: two migrations, and roles that need no table of the product."""
    (tmp_path / "migrations").mkdir()
    write(tmp_path, "0001_first.sql", "CREATE TABLE first (n integer);")
    write(tmp_path, "0003_third.sql", "CREATE TABLE third (n integer);")
    (tmp_path / "roles.sql").write_text("GRANT USAGE ON SCHEMA public TO PUBLIC;")
    return tmp_path


def write(folder: Path, name: str, sql: str) -> Path:
    path = folder / "migrations" / name
    path.write_text(sql)
    return path


def applied(connection: pg8000.native.Connection) -> list[str]:
    return [name for (name,) in connection.run(APPLIED)]


def test_every_file_is_applied_once_in_order(empty: pg8000.native.Connection) -> None:
    told: list[str] = []
    assert migrate(empty, SQL, told.append) == ALL
    assert told == ALL
    assert applied(empty) == ALL


def test_a_second_run_applies_nothing_and_changes_no_right(empty: pg8000.native.Connection) -> None:
    """The roles run again each time, and come out the same."""
    rights = "SELECT relname, relacl::text FROM pg_class WHERE relkind = 'r' ORDER BY relname"
    migrate(empty, SQL)
    before = empty.run(rights)
    assert migrate(empty, SQL) == []
    assert empty.run(rights) == before
    assert applied(empty) == ALL


def test_two_runners_at_once_wait_for_each_other(empty_url: str) -> None:
    def run() -> list[str]:
        with closing(connector(empty_url)()) as connection:
            return migrate(connection, SQL)

    assert sorted(together(run, run)) == [[], ALL]


def test_a_runner_leaves_no_lock_behind(
    empty: pg8000.native.Connection, empty_url: str, folder: Path
) -> None:
    """Not even where it failed: the next one would wait for ever."""
    write(folder, "0004_bad.sql", "SELECT 1 / 0;")
    with pytest.raises(DatabaseError):
        migrate(empty, folder)
    (folder / "migrations" / "0004_bad.sql").unlink()
    with closing(connector(empty_url)()) as other:
        other.run("SET lock_timeout = '1s'")
        assert migrate(other, folder) == []


def test_a_file_added_later_is_applied(empty: pg8000.native.Connection, folder: Path) -> None:
    migrate(empty, folder)
    write(folder, "0004_fourth.sql", "CREATE TABLE fourth (n integer);")
    assert migrate(empty, folder) == ["0004_fourth.sql"]


def test_a_file_that_changed_after_it_was_applied_is_refused(
    empty: pg8000.native.Connection, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(SQL, tmp_path / "sql"))
    migrate(empty, copy)
    changed = copy / "migrations" / ALL[1]
    changed.write_text(changed.read_text() + "-- one more line\n")
    write(copy, "9999_new.sql", "CREATE TABLE never_made (n integer);")
    with pytest.raises(MigrationRefusedError, match=f"{ALL[1]} .* has changed"):
        migrate(empty, copy)
    assert applied(empty) == ALL
    assert "never_made" not in tables(empty)


def test_a_file_that_vanished_after_it_was_applied_is_refused(
    empty: pg8000.native.Connection, folder: Path
) -> None:
    migrate(empty, folder)
    (folder / "migrations" / "0001_first.sql").unlink()
    with pytest.raises(MigrationRefusedError, match=r"0001_first\.sql .* is gone"):
        migrate(empty, folder)


def test_a_file_that_comes_before_an_applied_one_is_refused(
    empty: pg8000.native.Connection, folder: Path
) -> None:
    migrate(empty, folder)
    write(folder, "0002_second.sql", "CREATE TABLE second (n integer);")
    with pytest.raises(MigrationRefusedError, match=r"0002_second\.sql comes before"):
        migrate(empty, folder)
    assert "second" not in tables(empty)


@pytest.mark.parametrize("name", ["2_short.sql", "0004-dash.sql", "0004_Big.sql", "notes.txt"])
def test_a_file_not_named_like_a_migration_is_refused(
    empty: pg8000.native.Connection, folder: Path, name: str
) -> None:
    """It would otherwise be left out in silence."""
    write(folder, name, "")
    with pytest.raises(MigrationRefusedError, match="not named like a migration"):
        migrate(empty, folder)


def test_two_files_with_one_number_are_refused(
    empty: pg8000.native.Connection, folder: Path
) -> None:
    write(folder, "0003_another.sql", "")
    with pytest.raises(MigrationRefusedError, match="same number"):
        migrate(empty, folder)


def test_a_bad_file_is_rolled_back_whole_and_the_ones_before_it_stay(
    empty: pg8000.native.Connection, folder: Path
) -> None:
    bad = write(folder, "0004_bad.sql", "CREATE TABLE half (n integer); SELECT 1 / 0;")
    with pytest.raises(DatabaseError, match="division by zero"):
        migrate(empty, folder)
    assert tables(empty) == ["first", "schema_migrations", "third"]
    assert applied(empty) == ["0001_first.sql", "0003_third.sql"]
    bad.write_text("CREATE TABLE whole (n integer);")
    assert migrate(empty, folder) == ["0004_bad.sql"]
