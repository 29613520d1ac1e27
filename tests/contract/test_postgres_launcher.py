import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pg8000.exceptions
import pg8000.native
import pytest

from tests.sandbox.postgres import (
    PostgresServer,
    PostgresStartError,
    create_database,
    drop_database,
    running_postgres,
)


@pytest.fixture(scope="module", autouse=True)
def _own_server() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder, in which no server runs."""
    folder = tmp_path_factory.mktemp("postgres")
    with running_postgres(folder, durable=False):
        return folder


def ask(
    server: PostgresServer, sql: str, *, password: str | None = None, database: str = "postgres"
) -> Any:
    connection = pg8000.native.Connection(
        server.user,
        host=server.host,
        port=server.port,
        password=server.password if password is None else password,
        database=database,
        ssl_context=False,
    )
    with closing(connection):
        return connection.run(sql)


def test_a_fresh_server_has_the_settings_we_rely_on(data: Path) -> None:
    names = ["data_checksums", "server_encoding", "TimeZone", "max_connections", "fsync"]
    shown = ", ".join(f"current_setting('{name}')" for name in names)
    with running_postgres(data) as server:
        assert ask(server, f"SELECT {shown}") == [["on", "UTF8", "UTC", "200", "on"]]
        assert ask(server, "SHOW password_encryption") == [["scram-sha-256"]]


def test_a_server_for_tests_trades_durability_for_speed(data: Path) -> None:
    with running_postgres(data, durable=False) as server:
        assert ask(server, "SHOW fsync") == [["off"]]
        assert ask(server, "SHOW synchronous_commit") == [["off"]]
        assert ask(server, "SHOW full_page_writes") == [["off"]]


def test_the_second_start_prepares_nothing_and_keeps_everything(data: Path) -> None:
    with running_postgres(data, durable=False) as first:
        ask(first, "CREATE TABLE kept (n int)")
    began = time.monotonic()
    with running_postgres(data, durable=False) as second:
        assert time.monotonic() - began < 3.0  # under one second on an idle machine
        assert second.password == first.password
        assert ask(second, "SELECT count(*) FROM kept") == [[0]]


def test_a_wrong_password_is_refused(data: Path) -> None:
    with (
        running_postgres(data, durable=False) as server,
        pytest.raises(pg8000.exceptions.DatabaseError, match="password authentication failed"),
    ):
        ask(server, "SELECT 1", password="wrong")


def test_it_starts_again_after_a_kill_and_a_commit_is_still_there(data: Path) -> None:
    with running_postgres(data) as server:
        ask(server, "CREATE TABLE committed AS SELECT 7 AS n")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
    with running_postgres(data) as again:
        assert ask(again, "SELECT n FROM committed") == [[7]]


def test_a_lock_file_that_names_a_living_stranger_is_no_obstacle(data: Path) -> None:
    (data / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with running_postgres(data, durable=False) as server:
        assert ask(server, "SELECT 1") == [[1]]


def test_two_servers_never_share_a_folder(data: Path) -> None:
    with (
        running_postgres(data, durable=False),
        pytest.raises(PostgresStartError, match="another server"),
        running_postgres(data, durable=False),
    ):
        pytest.fail("both run")


def test_databases_are_copied_from_a_template_and_dropped(data: Path) -> None:
    with running_postgres(data, durable=False) as server:
        create_database(server, "model")
        ask(server, "CREATE TABLE t AS SELECT 1 AS n", database="model")
        url = create_database(server, "Copy-1", template="model")
        assert url.endswith(f":{server.port}/Copy-1")
        assert ask(server, "SELECT n FROM t", database="Copy-1") == [[1]]
        for name in ("Copy-1", "model", "never-there"):
            drop_database(server, name)
        assert ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'Copy-1'") == [[0]]


def test_a_given_database_url_is_used_and_nothing_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:p%40ss@db.example:6000/app")
    with running_postgres(tmp_path) as server:
        assert (server.host, server.port, server.user) == ("db.example", 6000, "me")
        assert (server.password, server.pid) == ("p@ss", None)
    assert list(tmp_path.iterdir()) == []
