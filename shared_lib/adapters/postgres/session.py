"""One connection, its prepared statements, and what its errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pg8000.native
from pg8000.exceptions import DatabaseError, InterfaceError

from shared_lib.ports import DatabaseUnavailableError

Row = dict[str, Any]

# Error codes after which the same transaction may succeed if it is run again: connection trouble
# (08), too many connections and the like (53), a shutdown (57P), a deadlock or serialization
# failure (40), a lock or a statement that took too long (55P03, 57014, 25P03).
# Source: PostgreSQL documentation, appendix A.
_PASSING_CODES = ("08", "53", "57P", "40", "55P03", "57014", "25P03")


class UniqueViolationError(Exception):
    """A unique key exists already; the text is the constraint's name."""


_UNIQUE_VIOLATION = "23505"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into the port's, where there is something to do about them."""
    try:
        yield
    except InterfaceError as error:
        raise DatabaseUnavailableError(str(error)) from error
    except DatabaseError as error:
        facts = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        code = str(facts.get("C", ""))
        if code.startswith(_PASSING_CODES):
            raise DatabaseUnavailableError(str(facts.get("M"))) from error
        if code == _UNIQUE_VIOLATION:
            raise UniqueViolationError(str(facts.get("n"))) from error
        raise
    except OSError as error:
        raise DatabaseUnavailableError(str(error)) from error


class Session:
    """A connection for one transaction at a time; statements are prepared once and kept.

    `is_in_step` is false once an answer was not read to its end, so that the next statement would
    take the rest of it for its own.
    """

    def __init__(self, connection: pg8000.native.Connection) -> None:
        self.is_in_step = True
        self._connection = connection
        self._statements: dict[str, pg8000.native.PreparedStatement] = {}

    def simple(self, sql: str) -> None:
        """Run a statement without parameters or rows, such as BEGIN."""
        with self._answered():
            self._connection.run(sql)

    def rows(self, sql: str, **values: Any) -> list[Row]:
        """Run a prepared statement and return its rows by column name."""
        with self._answered():
            statement = self._statements.get(sql)
            if statement is None:
                statement = self._connection.prepare(sql)
                self._statements[sql] = statement
            found = statement.run(**values)
            if not found:
                return []
            names = [column["name"] for column in statement.columns]
            return [dict(zip(names, row, strict=True)) for row in found]

    def row(self, sql: str, **values: Any) -> Row | None:
        """The only row, or None."""
        found = self.rows(sql, **values)
        return found[0] if found else None

    def run(self, sql: str, **values: Any) -> None:
        """Run a prepared statement for its effect."""
        self.rows(sql, **values)

    def did(self, sql: str, **values: Any) -> bool:
        """Whether a statement that ends in RETURNING touched a row."""
        return bool(self.rows(sql, **values))

    def close(self) -> None:
        """End the connection, whatever state it is in."""
        try:
            self._connection.close()
        except (InterfaceError, DatabaseError, OSError):
            return

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """A refusal too is read to its end; anything else may have come amid an answer."""
        self.is_in_step = False
        with translated():
            try:
                yield
            except DatabaseError:
                self.is_in_step = True
                raise
        self.is_in_step = True
