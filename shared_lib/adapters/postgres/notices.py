"""Notices to people."""

import json
from uuid import UUID

from shared_lib.adapters.postgres.rows import (
    WATCH_ASSIGNMENTS,
    WATCH_COLUMNS,
    WATCH_VALUES,
    watch_from,
    watch_values,
)
from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.notice import Notice, NoticeKind, NoticeState

_COLUMNS = f"id, key, kind, telegram_user_id, facts, state, created_at, {WATCH_COLUMNS}"

_ADD = f"""
INSERT INTO notices ({_COLUMNS})
VALUES (:id, :key, :kind, :telegram_user_id, CAST(:facts AS jsonb), :state, :created_at,
        {WATCH_VALUES})
ON CONFLICT (key) DO NOTHING RETURNING id
"""


class PostgresNotices:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, notice: Notice) -> bool:
        return self._session.did(
            _ADD,
            id=notice.id,
            key=notice.key,
            kind=notice.kind,
            telegram_user_id=notice.telegram_user_id,
            facts=json.dumps(dict(notice.facts)),
            state=notice.state,
            created_at=notice.created_at,
            **watch_values(notice.watch),
        )

    def get(self, notice_id: UUID) -> Notice | None:
        return _notice_from(
            self._session.row(f"SELECT {_COLUMNS} FROM notices WHERE id = :id", id=notice_id)
        )

    def lock(self, notice_id: UUID) -> Notice | None:
        return _notice_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM notices WHERE id = :id FOR UPDATE", id=notice_id
            )
        )

    def save(self, notice: Notice) -> None:
        self._session.run(
            f"UPDATE notices SET state = :state, {WATCH_ASSIGNMENTS} WHERE id = :id",
            id=notice.id,
            state=notice.state,
            **watch_values(notice.watch),
        )


def _notice_from(row: Row | None) -> Notice | None:
    if row is None:
        return None
    return Notice(
        id=row["id"],
        key=row["key"],
        kind=NoticeKind(row["kind"]),
        telegram_user_id=int(row["telegram_user_id"]),
        facts=row["facts"],
        state=NoticeState(row["state"]),
        created_at=row["created_at"],
        watch=watch_from(row),
    )
