"""Payouts and which shares they carry."""

from uuid import UUID

from shared_lib.adapters.postgres.rows import (
    WATCH_ASSIGNMENTS,
    WATCH_COLUMNS,
    WATCH_VALUES,
    money_from,
    watch_from,
    watch_values,
)
from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.money import asset_of
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import Payout, PayoutState, WaitingFor

_COLUMNS = f"""
id, channel_id, strategy, state, asset, amount, destination_asset, destination_address,
destination_memo, waiting_for, funded_at, settled_at, created_at, {WATCH_COLUMNS}
"""

_ADD = f"""
INSERT INTO payouts ({_COLUMNS})
VALUES (:id, :channel_id, :strategy, :state, :asset, :amount, :destination_asset,
        :destination_address, :destination_memo, :waiting_for, :funded_at, :settled_at,
        :created_at, {WATCH_VALUES})
"""

_SAVE = f"""
UPDATE payouts
SET state = :state, amount = :amount, destination_asset = :destination_asset,
    destination_address = :destination_address, destination_memo = :destination_memo,
    waiting_for = :waiting_for, funded_at = :funded_at, settled_at = :settled_at,
    {WATCH_ASSIGNMENTS}
WHERE id = :id
"""

_HAS_REFUNDED = """
SELECT p.id FROM payout_shares l JOIN shares s ON s.id = l.share_id
JOIN payments p ON p.id = s.payment_id
WHERE l.payout_id = :id AND l.released_at IS NULL AND p.status = 'refunded' LIMIT 1
"""


class PostgresPayouts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, payout: Payout) -> None:
        self._session.run(
            _ADD,
            channel_id=payout.channel_id,
            strategy=payout.strategy,
            asset=payout.amount.asset.id,
            created_at=payout.created_at,
            **_changing_values(payout),
        )

    def get(self, payout_id: UUID) -> Payout | None:
        return _payout_from(
            self._session.row(f"SELECT {_COLUMNS} FROM payouts WHERE id = :id", id=payout_id)
        )

    def lock(self, payout_id: UUID) -> Payout | None:
        return _payout_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM payouts WHERE id = :id FOR UPDATE", id=payout_id
            )
        )

    def lock_unfunded(self, channel_id: UUID) -> Payout | None:
        return _payout_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM payouts "
                "WHERE channel_id = :id AND funded_at IS NULL FOR UPDATE",
                id=channel_id,
            )
        )

    def save(self, payout: Payout) -> None:
        self._session.run(_SAVE, **_changing_values(payout))

    def take_share(self, payout_id: UUID, share_id: UUID) -> None:
        self._session.run(
            "INSERT INTO payout_shares (payout_id, share_id) VALUES (:payout_id, :share_id)",
            payout_id=payout_id,
            share_id=share_id,
        )

    def has_refunded_payment(self, payout_id: UUID) -> bool:
        return self._session.did(_HAS_REFUNDED, id=payout_id)


def _changing_values(payout: Payout) -> dict[str, object]:
    return {
        "id": payout.id,
        "state": payout.state,
        "amount": payout.amount.base_units,
        "destination_asset": payout.target.asset.id,
        "destination_address": payout.target.address,
        "destination_memo": payout.target.memo,
        "waiting_for": payout.waiting_for,
        "funded_at": payout.funded_at,
        "settled_at": payout.settled_at,
        **watch_values(payout.watch),
    }


def _payout_from(row: Row | None) -> Payout | None:
    if row is None:
        return None
    return Payout(
        id=row["id"],
        channel_id=row["channel_id"],
        strategy=Strategy(row["strategy"]),
        state=PayoutState(row["state"]),
        amount=money_from(row),
        target=PayoutTarget(
            asset_of(row["destination_asset"]), row["destination_address"], row["destination_memo"]
        ),
        created_at=row["created_at"],
        watch=watch_from(row),
        waiting_for=WaitingFor(row["waiting_for"]) if row["waiting_for"] else None,
        funded_at=row["funded_at"],
        settled_at=row["settled_at"],
    )
