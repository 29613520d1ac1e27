"""The state file: one SQLite table of JSON documents."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar

from tests.sandbox.changenow.records import Record

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
        self._random = SystemRandom()
        self._depth = 0

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is kept as a whole or not at all; nothing may be awaited."""
        self._depth += 1
        try:
            if self._depth == 1:
                self._db.execute("begin immediate")
            yield
        except BaseException:
            if self._depth == 1:
                self._db.execute("rollback")
            raise
        else:
            if self._depth == 1:
                self._db.execute("commit")
        finally:
            self._depth -= 1

    def put(self, record: R) -> R:
        """Insert or replace; a record without an id gets one."""
        if not record.id:
            record.id = self._next_id(type(record))
        row = (record.kind, record.id, record.owner, record.open, record.model_dump_json())
        self._db.execute("insert or replace into records values (?, ?, ?, ?, ?)", row)
        return record

    def _next_id(self, kind: type[Record]) -> int:
        if kind.random_bits:
            return self._random.getrandbits(kind.random_bits) or 1
        query = "select coalesce(max(id), 0) + 1 from records where kind = ?"
        return int(self._db.execute(query, (kind.kind,)).fetchone()[0])

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

    def setting(self, name: str) -> Any:
        row = self._db.execute("select doc from settings where name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def set(self, name: str, value: Any) -> None:
        row = (name, json.dumps(value))
        self._db.execute("insert or replace into settings values (?, ?)", row)
