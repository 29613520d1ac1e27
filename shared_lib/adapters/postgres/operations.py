"""Review items and kill switches."""

import json
from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.adapters.postgres.watches import STATE_COLUMNS
from shared_lib.domain.operator import Operator, Switch
from shared_lib.domain.review import Finding, Reason, ReviewItem, Subject
from shared_lib.ports import Watched

_OPEN = """
INSERT INTO review_items (id, subject_kind, subject_id, reason, evidence, opened_at)
VALUES (:id, :subject_kind, :subject_id, :reason, CAST(:evidence AS jsonb), :now)
ON CONFLICT (subject_kind, subject_id, reason) WHERE closed_at IS NULL DO NOTHING
RETURNING id
"""

# What was overdue or failing, and came to its end after all. A row that was given up keeps them.
_CLOSE_MOVED_ON = {
    kind: f"""
UPDATE review_items AS item SET closed_at = :now
WHERE item.closed_at IS NULL AND item.subject_kind = :subject_kind
  AND item.reason IN ('overdue', 'failing_for_a_day')
  AND EXISTS (
    SELECT FROM {kind.value} AS row
    WHERE row.id = CASE item.subject_kind WHEN :subject_kind THEN CAST(item.subject_id AS uuid) END
      AND row.next_check_at IS NULL
      AND {STATE_COLUMNS[kind]} NOT IN ('review', 'undeliverable'))
RETURNING item.id"""
    for kind in Watched
}


class PostgresReviews:
    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, finding: Finding, item_id: UUID, now: datetime) -> bool:
        return self._session.did(
            _OPEN,
            id=item_id,
            subject_kind=finding.subject,
            subject_id=finding.subject_id,
            reason=finding.reason,
            evidence=json.dumps(dict(finding.evidence)),
            now=now,
        )

    def lock(self, item_id: UUID) -> ReviewItem | None:
        row = self._session.row(
            "SELECT id, subject_kind, subject_id, reason, evidence, opened_at, closed_at "
            "FROM review_items WHERE id = :id FOR UPDATE",
            id=item_id,
        )
        return _item_from(row) if row else None

    def close(self, subject: Subject, subject_id: str, reason: Reason, now: datetime) -> bool:
        return self._session.did(
            "UPDATE review_items SET closed_at = :now WHERE subject_kind = :subject_kind "
            "AND subject_id = :subject_id AND reason = :reason AND closed_at IS NULL "
            "RETURNING id",
            subject_kind=subject,
            subject_id=subject_id,
            reason=reason,
            now=now,
        )

    def close_moved_on(self, kind: Watched, subject: Subject, now: datetime) -> int:
        return len(self._session.rows(_CLOSE_MOVED_ON[kind], subject_kind=subject, now=now))


class PostgresControls:
    def __init__(self, session: Session) -> None:
        self._session = session

    def sends_stopped(self) -> bool:
        return self._session.did("SELECT name FROM controls WHERE name = 'stop_sends'")

    def removals_stopped(self) -> bool:
        return self._session.did("SELECT name FROM controls WHERE name = 'stop_removals'")

    def turn_on(self, switch: Switch, by: Operator, now: datetime) -> bool:
        return self._session.did(
            "INSERT INTO controls (name, actor, reason, set_at) "
            "VALUES (:name, :actor, :reason, :now) ON CONFLICT (name) DO NOTHING RETURNING name",
            name=switch,
            actor=by.name.strip(),
            reason=by.reason.strip(),
            now=now,
        )

    def turn_off(self, switch: Switch) -> bool:
        return self._session.did(
            "DELETE FROM controls WHERE name = :name RETURNING name", name=switch
        )


def _item_from(row: Row) -> ReviewItem:
    facts = row["evidence"]
    evidence = facts if isinstance(facts, dict) else json.loads(facts)
    finding = Finding(
        Subject(row["subject_kind"]),
        row["subject_id"],
        Reason(row["reason"]),
        tuple((str(name), str(value)) for name, value in evidence.items()),
    )
    return ReviewItem(row["id"], finding, row["opened_at"], row["closed_at"])
