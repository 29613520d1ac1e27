"""The state file: one SQLite table of JSON documents."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.sandbox.nowpayments.records import Record

R = TypeVar("R", bound=Record)
MOST_ROWS = 10_000

SCHEMA = """
create table if not exists records (
    kind text, id integer, owner integer, open integer, doc text, primary key (kind, id)
);
create index if not exists by_owner on records (kind, owner);
create index if not exists by_open on records (kind, id) where open = 1;
create table if not exists settings (name text primary key, doc text);
"""


class Store:
    """Everything that outlives a restart."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        # A killed process loses nothing this way; only a dying machine could, and that is no case.
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=off")
        self._db.executescript(SCHEMA)
        self._gaps = Random()
        self._depth = 0

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is kept as a whole; nothing may be awaited inside."""
        self._depth += 1
        try:
            if self._depth == 1:
                self._db.execute("begin immediate")
            yield
        finally:
            # An error undoes nothing: it is answered, and what was written stays as it is.
            if self._depth == 1:
                self._db.execute("commit")
            self._depth -= 1

    def put(self, record: R) -> R:
        """Insert or replace; a record without an id gets one."""
        if not record.id:
            record.id = self._next_id(type(record))
        row = (record.kind, record.id, record.owner, record.open, record.model_dump_json())
        self._db.execute("insert or replace into records values (?, ?, ?, ?, ?)", row)
        return record

    def _next_id(self, kind: type[Record]) -> int:
        query = "select max(id) from records where kind = ?"
        last = self._db.execute(query, (kind.kind,)).fetchone()[0]
        # Ids of the real service are unpredictable: gaps keep anyone from counting on the next.
        gap = 1 if kind.first_id == 1 else self._gaps.randint(1, 97)
        return kind.first_id if last is None else int(last) + gap

    def get(self, kind: type[R], record_id: int) -> R | None:
        query = "select doc from records where kind = ? and id = ?"
        row = self._db.execute(query, (kind.kind, record_id)).fetchone()
        return kind.model_validate_json(row[0]) if row else None

    def listed(
        self,
        kind: type[R],
        *,
        owner: int | None = None,
        only_open: bool = False,
        after: int = 0,
        limit: int = MOST_ROWS,
    ) -> list[R]:
        """Records in the order of their ids."""
        query = "select doc from records where kind = ? and id > ?"
        values: list[object] = [kind.kind, after]
        if owner is not None:
            query += " and owner = ?"
            values.append(owner)
        if only_open:
            query += " and open = 1"
        rows = self._db.execute(query + " order by id limit ?", [*values, limit])
        return [kind.model_validate_json(row[0]) for row in rows]

    def setting(self, name: str) -> str | None:
        row = self._db.execute("select doc from settings where name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def set(self, name: str, doc: str) -> None:
        self._db.execute("insert or replace into settings values (?, ?)", (name, doc))
