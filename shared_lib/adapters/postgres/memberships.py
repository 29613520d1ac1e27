"""Access of people to channels."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.rows import (
    WATCH_ASSIGNMENTS,
    WATCH_COLUMNS,
    watch_from,
    watch_values,
)
from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.membership import Membership, MembershipState, Period
from shared_lib.ports import Removals

_COLUMNS = f"""
id, channel_id, telegram_user_id, state, access_ends_at, let_in_at, created_at, removed_at,
claimed_until, {WATCH_COLUMNS}
"""

_ADD = """
INSERT INTO memberships (id, channel_id, telegram_user_id, state, created_at)
VALUES (:id, :channel_id, :telegram_user_id, 'none', :created_at)
ON CONFLICT (channel_id, telegram_user_id) DO NOTHING
"""

_SAVE = f"""
UPDATE memberships SET state = :state, access_ends_at = :access_ends_at, let_in_at = :let_in_at,
    removed_at = :removed_at, {WATCH_ASSIGNMENTS}
WHERE id = :id
"""

_REMOVALS = """
SELECT (SELECT count(*) FROM memberships WHERE channel_id = :channel_id AND id <> :besides
        AND (removed_at > :since OR state = 'removing')) AS removed,
    (SELECT count(*) FROM memberships
     WHERE channel_id = :channel_id AND let_in_at IS NOT NULL) AS let_in
"""


class PostgresMemberships:
    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, membership_id: UUID) -> Membership | None:
        row = self._session.row(
            f"SELECT {_COLUMNS} FROM memberships WHERE id = :id", id=membership_id
        )
        return _membership_from(row) if row else None

    def of_person(self, telegram_user_id: int, limit: int) -> list[Membership]:
        rows = self._session.rows(
            f"SELECT {_COLUMNS} FROM memberships "
            "WHERE telegram_user_id = :user AND state <> 'none' "
            "ORDER BY access_ends_at DESC NULLS FIRST, id LIMIT :most",
            user=telegram_user_id,
            most=limit,
        )
        return [_membership_from(row) for row in rows]

    def last_period(self, membership_id: UUID) -> Period | None:
        row = self._session.row(
            "SELECT starts_at, ends_at FROM membership_periods WHERE membership_id = :id "
            "ORDER BY starts_at DESC LIMIT 1",
            id=membership_id,
        )
        return Period(row["starts_at"], row["ends_at"]) if row else None

    def removals(self, channel_id: UUID, since: datetime, besides: UUID) -> Removals:
        row = self._session.row(_REMOVALS, channel_id=channel_id, since=since, besides=besides)
        if row is None:
            raise LookupError("counting returned no row")
        return Removals(int(row["removed"]), int(row["let_in"]))

    def get(self, channel_id: UUID, telegram_user_id: int) -> Membership | None:
        row = self._session.row(
            f"SELECT {_COLUMNS} FROM memberships "
            "WHERE channel_id = :channel_id AND telegram_user_id = :user",
            channel_id=channel_id,
            user=telegram_user_id,
        )
        return _membership_from(row) if row else None

    def lock(self, fresh: Membership) -> Membership:
        self._session.run(
            _ADD,
            id=fresh.id,
            channel_id=fresh.channel_id,
            telegram_user_id=fresh.telegram_user_id,
            created_at=fresh.created_at,
        )
        row = self._session.row(
            f"SELECT {_COLUMNS} FROM memberships "
            "WHERE channel_id = :channel_id AND telegram_user_id = :user FOR UPDATE",
            channel_id=fresh.channel_id,
            user=fresh.telegram_user_id,
        )
        if row is None:
            raise LookupError("a membership vanished")
        return _membership_from(row)

    def save(self, membership: Membership) -> None:
        self._session.run(
            _SAVE,
            id=membership.id,
            state=membership.state,
            access_ends_at=membership.access_ends_at,
            let_in_at=membership.let_in_at,
            removed_at=membership.removed_at,
            **watch_values(membership.watch),
        )

    def add_period(
        self,
        period_id: UUID,
        membership_id: UUID,
        payment_id: UUID | None,
        period: Period,
        now: datetime,
    ) -> None:
        self._session.run(
            "INSERT INTO membership_periods "
            "(id, membership_id, payment_id, starts_at, ends_at, created_at) "
            "VALUES (:id, :membership_id, :payment_id, :starts_at, :ends_at, :now)",
            id=period_id,
            membership_id=membership_id,
            payment_id=payment_id,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            now=now,
        )

    def look_soon(self, channel_id: UUID, now: datetime) -> None:
        self._session.run(
            "UPDATE memberships SET next_check_at = :now WHERE channel_id = :channel_id "
            "AND next_check_at > :now AND access_ends_at <= :now",
            channel_id=channel_id,
            now=now,
        )

    def owner_of_period(self, period_id: UUID) -> UUID | None:
        row = self._session.row(
            "SELECT membership_id FROM membership_periods WHERE id = :id", id=period_id
        )
        return row["membership_id"] if row else None

    def cut_periods(self, membership_id: UUID, now: datetime) -> None:
        self._session.run(
            "UPDATE membership_periods SET cut_at = greatest(starts_at, :now) "
            "WHERE membership_id = :id AND cut_at IS NULL AND (ends_at IS NULL OR ends_at > :now)",
            id=membership_id,
            now=now,
        )


def _membership_from(row: Row) -> Membership:
    return Membership(
        id=row["id"],
        channel_id=row["channel_id"],
        telegram_user_id=int(row["telegram_user_id"]),
        state=MembershipState(row["state"]),
        access_ends_at=row["access_ends_at"],
        let_in_at=row["let_in_at"],
        created_at=row["created_at"],
        watch=watch_from(row),
        removed_at=row["removed_at"],
        claimed_until=row["claimed_until"],
    )
