"""Outbox, inbox, ticks, dead letters, rates and the audit log."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared_lib.adapters.postgres.session import Session
from shared_lib.domain.watch import GIVE_UP_AFTER
from shared_lib.events import Event, event_from
from shared_lib.ports import DeadLetter, OutboxRow

_ADD_EVENT = """
INSERT INTO outbox (event_type, event, created_at)
VALUES (:event_type, CAST(:event AS jsonb), :now) RETURNING id
"""

_ADD_LETTER = """
INSERT INTO dead_letters (id, message_id, subscription, event_type, entity_id, body, attributes,
                          received_at, next_check_at, deadline_at)
VALUES (:id, :message_id, :subscription, :event_type, :entity_id, :body,
        CAST(:attributes AS jsonb), :now, :deadline, :deadline)
ON CONFLICT (subscription, message_id) DO NOTHING RETURNING id
"""

# A bucket holds at most one second's worth, in thousandths of a token, and fills as time goes by.
_FILLED = """
least(:full, bucket.tokens_milli
    + floor(extract(epoch FROM greatest(:now - bucket.filled_at, interval '0')) * :full))
"""
_TAKE = f"""
INSERT INTO buckets AS bucket (name, tokens_milli, filled_at)
VALUES (:name, :full - 1000, :now)
ON CONFLICT (name) DO UPDATE
SET tokens_milli = {_FILLED} - 1000, filled_at = greatest(:now, bucket.filled_at)
WHERE (bucket.paused_until IS NULL OR bucket.paused_until <= :now) AND {_FILLED} >= 1000
RETURNING name
"""

_PAUSE = """
INSERT INTO buckets AS bucket (name, tokens_milli, filled_at, paused_until)
VALUES (:name, 0, :until, :until)
ON CONFLICT (name) DO UPDATE
SET paused_until = greatest(coalesce(bucket.paused_until, :until), :until)
"""


class PostgresOutbox:
    """`added` is what this transaction wants published once it has committed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.added: list[OutboxRow] = []

    def add(self, event: Event, now: datetime) -> None:
        row = self._session.row(
            _ADD_EVENT, event_type=event.type, event=event.model_dump_json(), now=now
        )
        if row is not None:
            self.added.append(OutboxRow(int(row["id"]), event))

    def left_behind(self, before: datetime, limit: int) -> list[OutboxRow]:
        rows = self._session.rows(
            "SELECT id, event FROM outbox WHERE created_at <= :before ORDER BY id LIMIT :most "
            "FOR UPDATE SKIP LOCKED",
            before=before,
            most=limit,
        )
        return [OutboxRow(int(row["id"]), event_from(row["event"])) for row in rows]

    def delete(self, row_ids: Sequence[int]) -> None:
        self._session.run(
            "DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))", ids=list(row_ids)
        )


class PostgresDelivery:
    def __init__(self, session: Session) -> None:
        self._session = session

    def first_time(self, key: str, now: datetime) -> bool:
        return self._session.did(
            "INSERT INTO inbox (key, received_at) VALUES (:key, :now) "
            "ON CONFLICT (key) DO NOTHING RETURNING key",
            key=key,
            now=now,
        )

    def start_tick(self, name: str, slot: int, now: datetime) -> bool:
        return self._session.did(
            "INSERT INTO ticks (name, slot, started_at) VALUES (:name, :slot, :now) "
            "ON CONFLICT (name, slot) DO NOTHING RETURNING name",
            name=name,
            slot=slot,
            now=now,
        )

    def add_dead_letter(self, letter: DeadLetter, now: datetime) -> bool:
        return self._session.did(
            _ADD_LETTER,
            id=letter.id,
            message_id=letter.message_id,
            subscription=letter.subscription,
            event_type=letter.event_type,
            entity_id=letter.entity_id,
            body=letter.body,
            attributes=json.dumps(dict(letter.attributes)),
            now=now,
            deadline=now + GIVE_UP_AFTER,
        )

    def dead_letter(self, letter_id: UUID) -> DeadLetter | None:
        row = self._session.row(
            "SELECT id, message_id, subscription, event_type, entity_id, body, attributes "
            "FROM dead_letters WHERE id = :id",
            id=letter_id,
        )
        return DeadLetter(**row) if row else None

    def close_dead_letter(self, letter_id: UUID, now: datetime) -> None:
        self._session.run(
            "UPDATE dead_letters SET closed_at = :now, next_check_at = NULL, deadline_at = NULL "
            "WHERE id = :id",
            id=letter_id,
            now=now,
        )

    def take_token(self, bucket: str, per_second: int, now: datetime) -> datetime | None:
        if self._session.did(_TAKE, name=bucket, full=per_second * 1000, now=now):
            return None
        row = self._session.row("SELECT paused_until FROM buckets WHERE name = :name", name=bucket)
        paused = row["paused_until"] if row else None
        soon = now + timedelta(seconds=1)
        return max(paused, soon) if paused else soon

    def pause(self, bucket: str, until: datetime) -> None:
        self._session.run(_PAUSE, name=bucket, until=until)

    def audit(
        self,
        actor: str,
        action: str,
        subject: tuple[str, str],
        detail: Mapping[str, Any],
        now: datetime,
    ) -> None:
        self._session.run(
            "INSERT INTO audit_log (actor, action, subject_kind, subject_id, detail, occurred_at) "
            "VALUES (:actor, :action, :kind, :id, CAST(:detail AS jsonb), :now)",
            actor=actor,
            action=action,
            kind=subject[0],
            id=subject[1],
            detail=json.dumps(dict(detail)),
            now=now,
        )
