"""Access of people to channels."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.membership import Membership, MembershipState, Period

_COLUMNS = "id, channel_id, telegram_user_id, state, access_ends_at, let_in_at, created_at"

_ADD = f"""
INSERT INTO memberships ({_COLUMNS})
VALUES (:id, :channel_id, :telegram_user_id, :state, :access_ends_at, :let_in_at, :created_at)
ON CONFLICT (channel_id, telegram_user_id) DO NOTHING
"""


class PostgresMemberships:
    def __init__(self, session: Session) -> None:
        self._session = session

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
            state=fresh.state,
            access_ends_at=fresh.access_ends_at,
            let_in_at=fresh.let_in_at,
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
            "UPDATE memberships SET state = :state, access_ends_at = :access_ends_at, "
            "let_in_at = :let_in_at WHERE id = :id",
            id=membership.id,
            state=membership.state,
            access_ends_at=membership.access_ends_at,
            let_in_at=membership.let_in_at,
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
    )
