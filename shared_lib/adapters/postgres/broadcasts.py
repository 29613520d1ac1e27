"""What stands in a channel's chats, and when it is posted anew."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.broadcast import Broadcast, BroadcastKind

_COLUMNS = """
id, channel_id, kind, link_id, due_at, look_at, message_id, posted_at, posting_since, asked_at,
refusals, troubled_since, paused_at
"""

_ADD = f"""
INSERT INTO broadcasts ({_COLUMNS})
VALUES (:id, :channel_id, :kind, :link_id, :due_at, :look_at, :message_id, :posted_at,
        :posting_since, :asked_at, :refusals, :troubled_since, :paused_at)
"""

_SAVE = """
UPDATE broadcasts
SET due_at = :due_at, look_at = :look_at, message_id = :message_id, posted_at = :posted_at,
    posting_since = :posting_since, asked_at = :asked_at, refusals = :refusals,
    troubled_since = :troubled_since, paused_at = :paused_at
WHERE id = :id
"""

_DONATABLE = """
SELECT b.link_id, h.title FROM memberships m
JOIN channels c ON c.id = m.channel_id AND c.closing_at IS NULL
JOIN broadcasts b ON b.channel_id = m.channel_id AND b.kind = 'donation'
JOIN channel_chats h ON h.channel_id = m.channel_id AND h.role = 'closed'
WHERE m.telegram_user_id = :user AND m.state = 'active'
AND coalesce(m.access_ends_at > :now, true)
ORDER BY h.title, c.id LIMIT :most
"""

_TAKE_DUE = """
WITH due AS (
    SELECT id, look_at AS since FROM broadcasts WHERE look_at <= :now
    ORDER BY look_at LIMIT :most FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE broadcasts AS row SET look_at = :next_at FROM due WHERE row.id = due.id
    RETURNING row.id, due.since
)
SELECT id FROM taken ORDER BY since, id
"""


class PostgresBroadcasts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, broadcast: Broadcast) -> None:
        self._session.run(
            _ADD,
            channel_id=broadcast.channel_id,
            kind=broadcast.kind,
            link_id=broadcast.link_id,
            **_changing(broadcast),
        )

    def lock(self, broadcast_id: UUID) -> Broadcast | None:
        return _broadcast_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM broadcasts WHERE id = :id FOR UPDATE", id=broadcast_id
            )
        )

    def lock_of(self, channel_id: UUID) -> list[Broadcast]:
        rows = self._session.rows(
            f"SELECT {_COLUMNS} FROM broadcasts WHERE channel_id = :id ORDER BY kind FOR UPDATE",
            id=channel_id,
        )
        return [one for row in rows if (one := _broadcast_from(row)) is not None]

    def channel_of_link(self, link_id: str) -> UUID | None:
        row = self._session.row(
            "SELECT b.channel_id FROM broadcasts b JOIN channels c ON c.id = b.channel_id "
            "WHERE b.link_id = :id AND c.closing_at IS NULL",
            id=link_id,
        )
        return row["channel_id"] if row else None

    def donatable(self, telegram_user_id: int, now: datetime, limit: int) -> list[tuple[str, str]]:
        rows = self._session.rows(_DONATABLE, user=telegram_user_id, now=now, most=limit)
        return [(row["link_id"], row["title"]) for row in rows]

    def save(self, broadcast: Broadcast) -> None:
        self._session.run(_SAVE, **_changing(broadcast))

    def take_due(self, now: datetime, next_at: datetime, limit: int) -> list[UUID]:
        rows = self._session.rows(_TAKE_DUE, now=now, next_at=next_at, most=limit)
        return [row["id"] for row in rows]


def _changing(broadcast: Broadcast) -> dict[str, object]:
    return {
        "id": broadcast.id,
        "due_at": broadcast.due_at,
        "look_at": broadcast.look_at,
        "message_id": broadcast.message_id,
        "posted_at": broadcast.posted_at,
        "posting_since": broadcast.posting_since,
        "asked_at": broadcast.asked_at,
        "refusals": broadcast.refusals,
        "troubled_since": broadcast.troubled_since,
        "paused_at": broadcast.paused_at,
    }


def _broadcast_from(row: Row | None) -> Broadcast | None:
    if row is None:
        return None
    return Broadcast(**{**row, "kind": BroadcastKind(row["kind"])})
