"""A private PostgreSQL for a test session, and a fresh database for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pg8000.native

from tests.sandbox.postgres import PostgresServer, create_database, drop_database, running_postgres
from tests.sandbox.stack.provision import connect, prepare_database

_TEMPLATE = "funnel_template"
_numbers = count(1)


class Databases:
    """Copies of a migrated template, reached as the application's own role."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._template_url = prepare_database(server, _TEMPLATE)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database of its own, dropped afterwards."""
        name = f"test_{next(_numbers)}"
        create_database(self._server, name, template=_TEMPLATE)
        parts = urlsplit(self._template_url)
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            drop_database(self._server, name)


@contextmanager
def running_databases(folder: Path) -> Iterator[Databases]:
    """A server in `folder` for as long as the block runs."""
    with running_postgres(folder, durable=False) as server:
        yield Databases(server)


def opened(url: str) -> pg8000.native.Connection:
    """A new connection to this database."""
    return connect(url)
