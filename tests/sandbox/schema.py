"""Applies all migrations to a fresh database and again, as the SQL part of `make check`."""

import sys
import tempfile
from pathlib import Path

from shared_lib.adapters.postgres.migrations import migrate
from tests.sandbox.postgres import create_database, running_postgres
from tests.sandbox.stack.plan import PROJECT
from tests.sandbox.stack.provision import connect


def main() -> int:
    """Exit status 0 if every file applies, and a second run changes nothing."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres(Path(folder), durable=False) as server,
    ):
        connection = connect(create_database(server, "schema_check"))
        try:
            applied = migrate(connection, PROJECT / "sql")
            again = migrate(connection, PROJECT / "sql")
        finally:
            connection.close()
    print(f"{len(applied)} migrations apply to an empty database; a second run changes nothing.")
    return 1 if again or not applied else 0


if __name__ == "__main__":
    sys.exit(main())
