"""For all tests: the database, no network but this machine's own, and the summary at the end.

Ask for `database` (the adapter, as the application's role), `connect` (what it is made from) or
`owner_connection` (raw SQL that may do anything). All three mean the same database, which is empty
but for the migrations' own rows when the test begins. `new_database` makes databases of your own.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from itertools import count
from typing import Any
from uuid import uuid4

import pg8000.native
import pytest
from hypothesis import settings

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.database import Connect
from tests import summary
from tests.databases import (
    Cleaner,
    Databases,
    RecordingDatabase,
    drop_role,
    migrated_databases,
)
from tests.sandbox.postgres import PostgresServer, create_database, drop_database, running_postgres

# The hook that prints it; only this file's hooks are loaded whatever is tested by how many workers.
pytest_terminal_summary = summary.pytest_terminal_summary

settings.register_profile("project", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("project")

_connect = socket.socket.connect


class NetworkIsOffError(AssertionError):
    """A test tried to reach another machine."""


def _connect_here(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and not _is_loopback(str(address[0])):
        raise NetworkIsOffError(f"tests must not reach {address[0]}")
    _connect(self, address)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def network_is_off() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _connect_here)
        yield


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """This process's own server, or the one that `DATABASE_URL` names."""
    with running_postgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer) -> Iterator[Databases]:
    """The migrated database that the tests share, and the application's role in it."""
    prefix = f"test_{uuid4().hex[:12]}"
    made = migrated_databases(postgres_server, prefix)
    yield made
    drop_database(postgres_server, made.name)
    drop_role(postgres_server, made.role)


@pytest.fixture(scope="session")
def database_cleaner(databases: Databases) -> Iterator[Cleaner]:
    cleaner = Cleaner(connector(databases.owner_url)())
    yield cleaner
    cleaner.close()


@pytest.fixture
def clean_database(databases: Databases, database_cleaner: Cleaner) -> Databases:
    """The shared database, emptied."""
    database_cleaner.empty()
    return databases


@pytest.fixture
def connect(clean_database: Databases) -> Connect:
    """What makes a connection as the application's role, which has no more rights than it needs."""
    return connector(clean_database.application_url)


@pytest.fixture
def database(connect: Connect) -> Iterator[RecordingDatabase]:
    """The adapter. Its list `committed` shows which outbox rows it was told to publish."""
    made = RecordingDatabase(connect)
    yield made
    made.close()


@pytest.fixture
def application_connection(connect: Connect) -> Iterator[pg8000.native.Connection]:
    """Raw SQL with the application's rights; every statement commits by itself."""
    connection = connect()
    yield connection
    connection.close()


@pytest.fixture
def owner_connection(clean_database: Databases) -> Iterator[pg8000.native.Connection]:
    """Raw SQL as the tables' owner; every statement commits by itself."""
    connection = connector(clean_database.owner_url)()
    yield connection
    connection.close()


@pytest.fixture
def new_database(postgres_server: PostgresServer) -> Iterator[Callable[[], str]]:
    """Makes empty databases without a schema, dropped after the test; answers the owner's URL."""
    prefix, numbers = f"test_{uuid4().hex[:12]}", count(1)
    with ExitStack() as stack:

        def make() -> str:
            name = f"{prefix}_{next(numbers)}"
            stack.callback(drop_database, postgres_server, name)
            return create_database(postgres_server, name)

        yield make


@pytest.fixture
def sessions(
    owner_connection: pg8000.native.Connection, databases: Databases
) -> Callable[[], list[int]]:
    """The server's processes that serve the application now."""

    def pids() -> list[int]:
        rows = owner_connection.run(
            "SELECT pid FROM pg_stat_activity WHERE usename = :role", role=databases.role
        )
        return [pid for (pid,) in rows]

    return pids


@pytest.fixture
def kill_sessions(
    owner_connection: pg8000.native.Connection, sessions: Callable[[], list[int]]
) -> Callable[[], int]:
    """End all of them from the server's side; how many."""

    def kill() -> int:
        pids = sessions()
        for pid in pids:
            owner_connection.run("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
        return len(pids)

    return kill
