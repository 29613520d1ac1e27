"""When rows are looked at again, for every table that a tick visits."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.ports import Due, Watched

# How each table says what state a row is in, and by which id its work is asked for.
STATE_COLUMNS = dict.fromkeys(Watched, "state") | {
    Watched.PAYMENT: "status",
    Watched.DEAD_LETTER: "'open'",
}
_GROUP = dict.fromkeys(Watched, "NULL::uuid") | {
    Watched.SHARE: "channel_id",
    Watched.PAYOUT: "channel_id",
}

_ASSET = dict.fromkeys(Watched, "NULL::text") | {
    Watched.SHARE: "asset",
    Watched.PAYOUT: "asset",
}

_FAILED = {
    kind: f"""
UPDATE {kind.value}
SET next_check_at = :next_at, failures = failures + 1, failing_since = coalesce(failing_since, :now)
WHERE id = :id AND next_check_at IS NOT NULL"""
    for kind in Watched
}
_FAILING_SINCE = {
    kind: f"SELECT failing_since FROM {kind.value} WHERE id = :id FOR UPDATE" for kind in Watched
}
_WAIT = {
    kind: f"""
UPDATE {kind.value} SET next_check_at = :next_at, failures = 0, failing_since = NULL
WHERE id = :id AND next_check_at IS NOT NULL"""
    for kind in Watched
}

_IS_OPEN = {
    kind: f"SELECT id FROM {kind.value} WHERE id = :id AND next_check_at IS NOT NULL"
    for kind in Watched
}


def _take(kind: Watched, column: str) -> str:
    """Oldest first, also in the answer: an UPDATE alone returns its rows in any order."""
    return f"""
WITH due AS (
    SELECT id, {column} AS since FROM {kind.value} WHERE {column} <= :now
    ORDER BY {column} LIMIT :most FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE {kind.value} AS row SET {column} = :next_at FROM due WHERE row.id = due.id
    RETURNING row.id, {STATE_COLUMNS[kind]} AS state, {_GROUP[kind]} AS group_id,
        {_ASSET[kind]} AS asset, due.since
)
SELECT id, state, group_id, asset FROM taken ORDER BY since, id"""


_TAKE_DUE = {kind: _take(kind, "next_check_at") for kind in Watched}
_TAKE_OVERDUE = {kind: _take(kind, "deadline_at") for kind in Watched}


class PostgresWatches:
    def __init__(self, session: Session) -> None:
        self._session = session

    def failing_since(self, kind: Watched, row_id: UUID) -> datetime | None:
        row = self._session.row(_FAILING_SINCE[kind], id=row_id)
        return row["failing_since"] if row else None

    def failed(self, kind: Watched, row_id: UUID, now: datetime, next_at: datetime) -> None:
        self._session.run(_FAILED[kind], id=row_id, now=now, next_at=next_at)

    def wait(self, kind: Watched, row_id: UUID, next_at: datetime) -> None:
        self._session.run(_WAIT[kind], id=row_id, next_at=next_at)

    def is_open(self, kind: Watched, row_id: UUID) -> bool:
        return self._session.did(_IS_OPEN[kind], id=row_id)

    def take_due(self, kind: Watched, now: datetime, next_at: datetime, limit: int) -> list[Due]:
        rows = self._session.rows(_TAKE_DUE[kind], now=now, next_at=next_at, most=limit)
        return [_due_from(kind, row) for row in rows]

    def take_overdue(
        self, kind: Watched, now: datetime, next_at: datetime, limit: int
    ) -> list[Due]:
        rows = self._session.rows(_TAKE_OVERDUE[kind], now=now, next_at=next_at, most=limit)
        return [_due_from(kind, row) for row in rows]


def _due_from(kind: Watched, row: Row) -> Due:
    return Due(kind, row["id"], row["state"], row["group_id"], row["asset"])
