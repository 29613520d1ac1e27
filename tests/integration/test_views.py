"""Views hold nothing: each run of the migrations replaces them, in one piece."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.migrations import MigrationRefusedError, migrate


@pytest.fixture
def empty(new_database: Callable[[], str]) -> Iterator[pg8000.native.Connection]:
    """A connection to a database without a schema."""
    with closing(connector(new_database())()) as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small sql/ of our own with a table and a view."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "views").mkdir()
    (tmp_path / "migrations" / "0001_one.sql").write_text("CREATE TABLE one (n integer);")
    (tmp_path / "views" / "ones.sql").write_text("CREATE VIEW ones AS SELECT n FROM one;")
    (tmp_path / "roles.sql").write_text("GRANT USAGE ON SCHEMA public TO PUBLIC;")
    return tmp_path


def columns(connection: pg8000.native.Connection) -> list[str]:
    connection.run("SELECT * FROM ones")
    return [column["name"] for column in connection.columns or []]


def test_a_changed_view_is_replaced_though_no_migration_is_missing(
    empty: pg8000.native.Connection, folder: Path
) -> None:
    migrate(empty, folder)
    assert columns(empty) == ["n"]
    (folder / "views" / "ones.sql").write_text("CREATE VIEW ones AS SELECT n AS m FROM one;")
    assert migrate(empty, folder) == []
    assert columns(empty) == ["m"]


def test_a_broken_view_leaves_the_old_ones_in_place(
    empty: pg8000.native.Connection, folder: Path
) -> None:
    migrate(empty, folder)
    (folder / "views" / "twos.sql").write_text("CREATE VIEW twos AS SELECT nothing FROM one;")
    with pytest.raises(DatabaseError):
        migrate(empty, folder)
    assert columns(empty) == ["n"]


def test_a_file_that_is_not_named_like_a_view_is_refused(
    empty: pg8000.native.Connection, folder: Path
) -> None:
    (folder / "views" / "ones; DROP TABLE one.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationRefusedError, match="not named like a view"):
        migrate(empty, folder)
