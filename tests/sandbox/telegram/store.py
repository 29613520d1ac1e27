"""Tables of plain data in memory, written through to SQLite so that a kill loses nothing."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter

KeyT = TypeVar("KeyT", bound=int | str)
ItemT = TypeVar("ItemT")


def open_database(path: Path) -> sqlite3.Connection:
    """The database at `path`, made if it is missing."""
    connection = sqlite3.connect(path)
    # Surviving a killed process is enough here; surviving a power cut would cost a sync per call.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS item"
        " (position INTEGER PRIMARY KEY, kind TEXT, key TEXT, body TEXT, UNIQUE (kind, key))"
    )
    return connection


class Table(Generic[KeyT, ItemT]):
    """Items of one kind. An item got by `find` is written by the next `save`, changed or not."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        kind: type[ItemT],
        key_of: Callable[[ItemT], KeyT],
        limit: int | None = None,
    ) -> None:
        self._connection = connection
        self._kind = kind.__name__
        self._adapter = TypeAdapter(kind)
        self._key_of = key_of
        self._limit = limit
        self._touched: set[KeyT] = set()
        self._items: dict[KeyT, ItemT] = {key_of(item): item for item in self._stored()}

    def __iter__(self) -> Iterator[ItemT]:
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def find(self, key: KeyT) -> ItemT | None:
        """The item, which the caller may change."""
        item = self._items.get(key)
        if item is not None:
            self._touched.add(key)
        return item

    def put(self, item: ItemT) -> ItemT:
        """Add or replace an item; the oldest goes when there are too many."""
        key = self._key_of(item)
        self._items[key] = item
        self._touched.add(key)
        if self._limit is not None and len(self._items) > self._limit:
            oldest = next(iter(self._items))
            del self._items[oldest]
            self._touched.add(oldest)
        return item

    def touch(self, item: ItemT) -> None:
        """Have a changed item written, if it has not gone meanwhile."""
        key = self._key_of(item)
        if self._items.get(key) is item:
            self._touched.add(key)

    def clear(self) -> None:
        self._touched.update(self._items)
        self._items.clear()

    def save(self) -> None:
        for key in self._touched:
            item = self._items.get(key)
            if item is None:
                self._delete(key)
            else:
                self._write(key, item)
        self._touched.clear()

    def _stored(self) -> list[ItemT]:
        query = "SELECT body FROM item WHERE kind = ? ORDER BY position"
        rows = self._connection.execute(query, (self._kind,))
        return [self._adapter.validate_json(body) for (body,) in rows]

    def _write(self, key: KeyT, item: ItemT) -> None:
        self._connection.execute(
            "INSERT INTO item (kind, key, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (self._kind, str(key), self._adapter.dump_json(item).decode()),
        )

    def _delete(self, key: KeyT) -> None:
        self._connection.execute(
            "DELETE FROM item WHERE kind = ? AND key = ?", (self._kind, str(key))
        )
