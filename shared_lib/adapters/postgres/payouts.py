"""Payouts and which shares they carry."""

from collections.abc import Sequence
from datetime import datetime
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
from shared_lib.domain.currency import asset_of, swap_decimals
from shared_lib.domain.money import ETH, Asset, Money
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import DaySent, Payout, PayoutState, WaitingFor

_COLUMNS = f"""
id, channel_id, strategy, state, asset, amount, destination_asset, destination_address,
destination_memo, round, waiting_for, funded_at, settled_at, worth_cents, created_at,
{WATCH_COLUMNS}
"""

_ADD = f"""
INSERT INTO payouts ({_COLUMNS})
VALUES (:id, :channel_id, :strategy, :state, :asset, :amount, :destination_asset,
        :destination_address, :destination_memo, :round, :waiting_for, :funded_at,
        :settled_at, :worth_cents, :created_at, {WATCH_VALUES})
"""

_SAVE = f"""
UPDATE payouts
SET state = :state, amount = :amount, destination_asset = :destination_asset,
    destination_address = :destination_address, destination_memo = :destination_memo,
    round = :round, waiting_for = :waiting_for, funded_at = :funded_at, settled_at = :settled_at,
    worth_cents = :worth_cents, {WATCH_ASSIGNMENTS}
WHERE id = :id
"""

_SENT_SINCE = """
SELECT coalesce(sum(worth_cents) FILTER (WHERE channel_id = :channel_id), 0) AS channel,
    coalesce(sum(worth_cents), 0) AS platform
FROM payouts WHERE funded_at > :since AND channel_id IS NOT NULL AND state <> 'returned'
"""

_HAS_REFUNDED = """
SELECT p.id FROM payout_shares l JOIN shares s ON s.id = l.share_id
JOIN payments p ON p.id = s.payment_id
WHERE l.payout_id = :id AND l.released_at IS NULL AND p.status = 'refunded' LIMIT 1
"""


# What is taken off a share because it cannot be swapped is less than one step of a swap, in wei.
_DUST_MOST = 10 ** (ETH.decimals - swap_decimals(ETH)) - 1
# A share is its payment's receipt less the fee, or its part of what a conversion of that brought.
_HAS_WRONG_SHARE = """
SELECT s.id FROM payout_shares l JOIN shares s ON s.id = l.share_id
JOIN payments p ON p.id = s.payment_id
WHERE l.payout_id = :id AND l.released_at IS NULL
AND (s.asset <> p.received_asset OR s.amount <> p.received - p.fee)
AND NOT EXISTS (
    SELECT FROM payout_shares c WHERE c.share_id = s.id AND c.part = s.amount
    AND p.received - p.fee - c.weight BETWEEN 0 AND :dust_most) LIMIT 1
"""

# Shares that came back whole are released from the payout that they went out with, after it was
# funded; of others only a residue came back, which names that payout.
_ROUNDS = """
SELECT coalesce(max(p.round), 0) AS rounds FROM payouts p
WHERE p.state = 'returned' AND p.id IN (
    SELECT link.payout_id FROM payout_shares link JOIN payouts o ON o.id = link.payout_id
    JOIN shares s ON s.id = link.share_id AND s.asset = o.asset
    WHERE link.share_id = ANY(CAST(:ids AS uuid[])) AND link.released_at >= o.funded_at
    UNION ALL
    SELECT residue_of FROM shares WHERE id = ANY(CAST(:ids AS uuid[])) AND kind = 'refund')
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

    def lock_pool(self, asset: Asset) -> None:
        self._session.run(
            "SELECT pg_advisory_xact_lock(hashtextextended('pool of ' || :asset, 0))",
            asset=asset.id,
        )

    def lock_unfunded(
        self, channel_id: UUID | None, strategy: Strategy, asset: Asset
    ) -> Payout | None:
        of_channel = "channel_id IS NULL" if channel_id is None else "channel_id = :channel_id"
        ids = {} if channel_id is None else {"channel_id": channel_id}
        return _payout_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM payouts "
                f"WHERE {of_channel} AND strategy = :strategy AND asset = :asset "
                "AND funded_at IS NULL FOR UPDATE",
                strategy=strategy,
                asset=asset.id,
                **ids,
            )
        )

    def save(self, payout: Payout) -> None:
        self._session.run(_SAVE, **_changing_values(payout))

    def take_share(self, payout_id: UUID, share_id: UUID) -> None:
        self._session.run(
            "INSERT INTO payout_shares (payout_id, share_id) VALUES (:payout_id, :share_id) "
            "ON CONFLICT (payout_id, share_id) DO UPDATE SET released_at = NULL",
            payout_id=payout_id,
            share_id=share_id,
        )

    def note_part(self, payout_id: UUID, share_id: UUID, weight: Money, part: Money) -> None:
        self._session.run(
            "UPDATE payout_shares SET weight = :weight, part = :part "
            "WHERE payout_id = :payout_id AND share_id = :share_id",
            payout_id=payout_id,
            share_id=share_id,
            weight=weight.base_units,
            part=part.base_units,
        )

    def release_shares(self, payout_id: UUID, now: datetime) -> None:
        self._session.run(
            "UPDATE payout_shares SET released_at = :now "
            "WHERE payout_id = :id AND released_at IS NULL",
            id=payout_id,
            now=now,
        )

    def rounds_of(self, share_ids: Sequence[UUID]) -> int:
        row = self._session.row(_ROUNDS, ids=[str(one) for one in share_ids])
        return int(row["rounds"]) if row else 0

    def sent_since(self, since: datetime, channel_id: UUID) -> DaySent:
        row = self._session.row(_SENT_SINCE, since=since, channel_id=channel_id)
        return DaySent(int(row["channel"]), int(row["platform"])) if row else DaySent(0, 0)

    def has_wrong_share(self, payout_id: UUID) -> bool:
        return self._session.did(_HAS_WRONG_SHARE, id=payout_id, dust_most=_DUST_MOST)

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
        "round": payout.round,
        "waiting_for": payout.waiting_for,
        "funded_at": payout.funded_at,
        "settled_at": payout.settled_at,
        "worth_cents": payout.worth_cents,
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
        round=row["round"],
        waiting_for=WaitingFor(row["waiting_for"]) if row["waiting_for"] else None,
        funded_at=row["funded_at"],
        settled_at=row["settled_at"],
        worth_cents=int(row["worth_cents"]),
    )
