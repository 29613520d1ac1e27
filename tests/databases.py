"""One migrated database, emptied between tests, and what tests of concurrency need.

Emptying the tables takes about 2 ms; a copy of a template database takes 35 ms with its end, and
TRUNCATE 38 ms.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import TypeVar
from urllib.parse import urlsplit

import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.database import Connect, PostgresDatabase
from shared_lib.adapters.postgres.migrations import migrate
from shared_lib.ports import OutboxRow
from tests.sandbox.postgres import PostgresServer, create_database

SQL = Path(__file__).resolve().parents[1] / "sql"
WAIT_SECONDS = 10.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Databases:
    """One database under two logins: the tables' owner and the application's role."""

    name: str
    role: str
    owner_url: str
    application_url: str


def migrated_databases(server: PostgresServer, name: str) -> Databases:
    """A new database with today's schema, and a role that has the application's rights only."""
    owner_url = create_database(server, name)
    role, password = f"{name}_service", secrets.token_hex(16)
    with closing(connector(owner_url)()) as connection:
        migrate(connection, SQL)
        connection.run(f"CREATE ROLE {role} LOGIN PASSWORD '{password}' IN ROLE funnel_app")
    parts = urlsplit(owner_url)
    address = f"{role}:{password}@{parts.hostname}:{parts.port}"
    return Databases(name, role, owner_url, parts._replace(netloc=address).geturl())


def drop_role(server: PostgresServer, role: str) -> None:
    """Drop a role that owns nothing."""
    with closing(connector(server.url)()) as connection:
        connection.run(f"DROP ROLE IF EXISTS {role}")


class Cleaner:
    """Brings a database back to the rows that the migrations wrote.

    As a replica the session fires neither append-only triggers nor foreign keys; this takes a
    superuser. Sequences go on counting.
    """

    def __init__(self, connection: pg8000.native.Connection) -> None:
        self._connection = connection
        connection.run("SET session_replication_role = replica; SET lock_timeout = '5s'")
        statements = []
        for table in tables(connection):
            if table == "schema_migrations":
                continue
            statements.append(f"DELETE FROM {table}")
            if connection.run(f"SELECT FROM {table} LIMIT 1"):
                connection.run(f"CREATE TEMPORARY TABLE seed_{table} AS TABLE {table}")
                statements.append(f"INSERT INTO {table} TABLE seed_{table}")
        self._statements = "; ".join(statements)

    def empty(self) -> None:
        """Delete what tests wrote. Fails after 5 s where a transaction was left open."""
        self._connection.run(self._statements)

    def close(self) -> None:
        self._connection.close()


class RecordingDatabase(PostgresDatabase):
    """The real adapter; `committed` is what it wanted published, in order."""

    def __init__(self, connect: Connect) -> None:
        self.committed: list[OutboxRow] = []
        super().__init__(connect, self.committed.extend)

    def idle(self) -> int:
        """How many connections are kept for the next transactions."""
        return len(self._idle)


@contextmanager
def role_setting(
    owner: pg8000.native.Connection, role: str, name: str, value: str
) -> Iterator[None]:
    """Until the end of the block the role's new connections have this setting of the server."""
    owner.run(f"ALTER ROLE {role} SET {name} = '{value}'")
    try:
        yield
    finally:
        owner.run(f"ALTER ROLE {role} RESET {name}")


def tables(connection: pg8000.native.Connection) -> list[str]:
    """The names of all tables of the schema."""
    rows = connection.run(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    )
    return [name for (name,) in rows]


def together(*acts: Callable[[], Answer]) -> list[Answer]:
    """Run each act in a thread of its own, all let go at once; their answers in order."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer:
        start.wait(WAIT_SECONDS)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def wait_until_blocked(owner: pg8000.native.Connection, sessions: int = 1) -> None:
    """Wait until so many sessions of this database wait for another's lock."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        [[blocked]] = owner.run(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if blocked >= sessions:
            return
        time.sleep(0.005)
    pytest.fail(f"{sessions} sessions should wait for a lock")


def error_of(run: Callable[[], object]) -> dict[str, str]:
    """The fields of the error by which PostgreSQL refuses what `run` does; `C` is its code."""
    with pytest.raises(DatabaseError) as caught:
        run()
    fields: dict[str, str] = caught.value.args[0]
    return fields
