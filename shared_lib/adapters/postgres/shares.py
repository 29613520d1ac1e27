"""Owners' shares."""

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
from shared_lib.domain.money import USDT, Asset, Money
from shared_lib.domain.share import Share, ShareKind, ShareState, Worth

_COLUMNS = f"""
id, channel_id, kind, payment_id, residue_of, asset, amount, state, list_cents, market_cents,
created_at, {WATCH_COLUMNS}
"""

_ADD = f"""
INSERT INTO shares ({_COLUMNS})
VALUES (:id, :channel_id, :kind, :payment_id, :residue_of, :asset, :amount, :state, :list_cents,
        :market_cents, :created_at, {WATCH_VALUES})
"""

_WAITING = f"""
SELECT {_COLUMNS} FROM shares
WHERE channel_id = :channel_id AND state = :state AND asset = :asset
ORDER BY created_at, id LIMIT :most FOR UPDATE
"""

_POOLED = f"""
SELECT {_COLUMNS} FROM shares
WHERE state = 'pending' AND asset = :asset
AND channel_id IN (SELECT id FROM channels WHERE strategy = 'threshold')
ORDER BY created_at, id LIMIT :most FOR UPDATE
"""

_OF_PAYOUT = f"""
SELECT {_COLUMNS} FROM shares
WHERE id IN (SELECT share_id FROM payout_shares WHERE payout_id = :id AND released_at IS NULL)
ORDER BY id FOR UPDATE
"""


class PostgresShares:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, share: Share) -> None:
        self._session.run(
            _ADD,
            id=share.id,
            channel_id=share.channel_id,
            kind=share.kind,
            payment_id=share.payment_id,
            residue_of=share.residue_of,
            asset=share.amount.asset.id,
            amount=share.amount.base_units,
            state=share.state,
            created_at=share.created_at,
            **_worth_values(share.worth),
            **watch_values(share.watch),
        )

    def lock_of_payment(self, payment_id: UUID) -> Share | None:
        row = self._session.row(
            f"SELECT {_COLUMNS} FROM shares WHERE payment_id = :id FOR UPDATE", id=payment_id
        )
        return _share_from(row) if row else None

    def lock_waiting(
        self, channel_id: UUID, state: ShareState, asset: Asset, limit: int
    ) -> list[Share]:
        rows = self._session.rows(
            _WAITING, channel_id=channel_id, state=state, asset=asset.id, most=limit
        )
        return [_share_from(row) for row in rows]

    def lock_pooled(self, asset: Asset, limit: int) -> list[Share]:
        rows = self._session.rows(_POOLED, asset=asset.id, most=limit)
        return [_share_from(row) for row in rows]

    def held(self, channel_id: UUID) -> Money:
        row = self._session.row(
            "SELECT amount FROM held_balances WHERE channel_id = :id", id=channel_id
        )
        return Money(int(row["amount"]) if row else 0, USDT)

    def lock_of_payout(self, payout_id: UUID) -> list[Share]:
        return [_share_from(row) for row in self._session.rows(_OF_PAYOUT, id=payout_id)]

    def save(self, share: Share) -> None:
        self._session.run(
            f"UPDATE shares SET state = :state, asset = :asset, amount = :amount, "
            f"list_cents = :list_cents, market_cents = :market_cents, {WATCH_ASSIGNMENTS} "
            "WHERE id = :id",
            id=share.id,
            state=share.state,
            asset=share.amount.asset.id,
            amount=share.amount.base_units,
            **_worth_values(share.worth),
            **watch_values(share.watch),
        )


def _worth_values(worth: Worth | None) -> dict[str, int | None]:
    return {
        "list_cents": worth.list_cents if worth else None,
        "market_cents": worth.market_cents if worth else None,
    }


def _share_from(row: Row) -> Share:
    return Share(
        id=row["id"],
        channel_id=row["channel_id"],
        kind=ShareKind(row["kind"]),
        payment_id=row["payment_id"],
        amount=money_from(row),
        state=ShareState(row["state"]),
        created_at=row["created_at"],
        watch=watch_from(row),
        residue_of=row["residue_of"],
        worth=_worth_from(row),
    )


def _worth_from(row: Row) -> Worth | None:
    if row["list_cents"] is None:
        return None
    return Worth(int(row["list_cents"]), int(row["market_cents"]))
