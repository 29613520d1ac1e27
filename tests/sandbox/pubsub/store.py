"""The state file: a journal of the broker's memory, committed in groups.

The write-ahead log without fsync survives a SIGKILL of the process, though not of the machine.
"""

import asyncio
import json
import logging
import sqlite3
from pathlib import Path
from typing import Any

from tests.sandbox.pubsub.model import Delivery, Draft, Message, Saved

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, settings BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS subscriptions (
    name TEXT PRIMARY KEY, settings BLOB NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0, dead_lettered INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, data BLOB NOT NULL,
    attributes TEXT NOT NULL, ordering_key TEXT NOT NULL, published_us INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    subscription TEXT NOT NULL, message INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0, settled INTEGER,
    PRIMARY KEY (subscription, message)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_settled ON deliveries (subscription, settled);
CREATE INDEX IF NOT EXISTS deliveries_message ON deliveries (message);
"""
MESSAGE = "m.id, m.topic, m.data, m.attributes, m.ordering_key, m.published_us"
OPEN_DELIVERIES = f"""
SELECT d.subscription, d.attempts, d.due, {MESSAGE} FROM deliveries d
JOIN messages m ON m.id = d.message WHERE d.settled IS NULL ORDER BY m.id
"""
SETTLED_DELIVERIES = f"""
SELECT {MESSAGE} FROM deliveries d JOIN messages m ON m.id = d.message
WHERE d.subscription = ? AND d.settled IS NOT NULL AND d.message = coalesce(?, d.message)
ORDER BY d.settled DESC LIMIT 1
"""
DROP_OLD_SETTLED = """
DELETE FROM deliveries WHERE subscription = :name AND settled <= (
    SELECT settled FROM deliveries WHERE subscription = :name AND settled IS NOT NULL
    ORDER BY settled DESC LIMIT 1 OFFSET :keep)
"""
DROP_UNUSED_MESSAGES = """
DELETE FROM messages WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE message = messages.id)
"""

log = logging.getLogger(__name__)


class Store:
    """Writes are gathered while the event loop is busy and committed together."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, cached_statements=64)
        self._db.executescript(SCHEMA)
        self._waiting: list[tuple[str, Any]] = []
        self._committed: asyncio.Future[None] | None = None

    def write(self, sql: str, values: Any = ()) -> None:
        """Add one statement to the group that is committed next."""
        self._waiting.append((sql, values))
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self.flush)

    async def durable(self) -> None:
        """Return when all that was written so far survives the end of the process."""
        if self._committed is not None:
            await asyncio.shield(self._committed)

    def flush(self) -> None:
        """Commit what is waiting."""
        waiting, self._waiting = self._waiting, []
        committed, self._committed = self._committed, None
        if committed is None:
            return
        try:
            self._commit(waiting)
        except sqlite3.Error as error:
            log.warning("the state file refuses a write: %s", error)
            committed.set_exception(error)
        else:
            committed.set_result(None)

    def _commit(self, statements: list[tuple[str, Any]]) -> None:
        execute = self._db.execute
        execute("BEGIN IMMEDIATE")
        try:
            for sql, values in statements:
                execute(sql, values)
        except sqlite3.Error:
            execute("ROLLBACK")
            raise
        execute("COMMIT")

    def close(self) -> None:
        """Commit and close."""
        self.flush()
        self._db.close()

    def load(self) -> Saved:
        """All that a broker needs to go on."""
        saved = Saved()
        saved.topics = dict(self._db.execute("SELECT name, settings FROM topics"))
        for name, *rest in self._db.execute("SELECT * FROM subscriptions"):
            saved.subscriptions[name] = (rest[0], rest[1], rest[2])
        for name, attempts, due, *message in self._db.execute(OPEN_DELIVERIES):
            saved.deliveries.append((name, Delivery(_message(message), attempts, due)))
        (highest,) = self._db.execute("SELECT coalesce(max(id), 0) FROM messages").fetchone()
        saved.highest_id = highest
        return saved

    def settled(self, subscription: str, message_id: int | None) -> Message | None:
        """The acknowledged message of this id, or without one the latest."""
        self.flush()
        row = self._db.execute(SETTLED_DELIVERIES, (subscription, message_id)).fetchone()
        return _message(row) if row else None

    def prune(self, subscription: str, keep: int) -> None:
        """Forget acknowledged messages but for the latest `keep`."""
        self.write(DROP_OLD_SETTLED, {"name": subscription, "keep": keep})
        self.write(DROP_UNUSED_MESSAGES)


def _message(row: Any) -> Message:
    message_id, topic, data, attributes, ordering_key, published_us = row
    draft = Draft(data, json.loads(attributes), ordering_key)
    return Message(message_id, topic, draft, published_us)
