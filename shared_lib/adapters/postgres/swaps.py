"""Swaps and what the provider said about them."""

from datetime import datetime
from typing import Any
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
from shared_lib.domain.currency import asset_of
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.swap import (
    Abandoned,
    Exchange,
    FixedQuote,
    Outcome,
    Quote,
    Swap,
    SwapState,
    Terms,
)
from shared_lib.ports import SwapEventKind

# What changes in the course of a swap, besides its watch.
_CHANGING = (
    "state",
    "rate_id",
    "quoted",
    "deposit_fee",
    "withdrawal_fee",
    "market",
    "quoted_at",
    "quote_ends_at",
    "exchange_id",
    "payin_address",
    "promised",
    "promise_ends_at",
    "provider_status",
    "bought",
    "payout_hash",
    "refunded",
    "refund_hash",
    "abandoned_because",
)
_COLUMNS = f"""
id, payout_id, sold_asset, sold, bought_asset, destination_address, destination_memo, created_at,
{", ".join(_CHANGING)}, {WATCH_COLUMNS}
"""

_ADD = f"""
INSERT INTO swaps (id, payout_id, state, sold_asset, sold, bought_asset, destination_address,
                   destination_memo, created_at, {WATCH_COLUMNS})
VALUES (:id, :payout_id, :state, :sold_asset, :sold, :bought_asset, :destination_address,
        :destination_memo, :created_at, {WATCH_VALUES})
"""

_SAVE = f"""
UPDATE swaps SET {", ".join(f"{name} = :{name}" for name in _CHANGING)}, {WATCH_ASSIGNMENTS}
WHERE id = :id
"""

_LOCK_LIVE = f"""
SELECT {_COLUMNS} FROM swaps
WHERE payout_id = :id AND state NOT IN ('abandoned', 'refunded') FOR UPDATE
"""

_KEEP = """
INSERT INTO swap_events (swap_id, kind, body, occurred_at) VALUES (:id, :kind, :body, :now)
"""


class PostgresSwaps:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, swap: Swap) -> None:
        self._session.run(
            _ADD,
            id=swap.id,
            payout_id=swap.payout_id,
            state=swap.state,
            sold_asset=swap.sold.asset.id,
            sold=swap.sold.base_units,
            bought_asset=swap.target.asset.id,
            destination_address=swap.target.address,
            destination_memo=swap.target.memo,
            created_at=swap.created_at,
            **watch_values(swap.watch),
        )

    def get(self, swap_id: UUID) -> Swap | None:
        return _swap_from(
            self._session.row(f"SELECT {_COLUMNS} FROM swaps WHERE id = :id", id=swap_id)
        )

    def lock(self, swap_id: UUID) -> Swap | None:
        return _swap_from(
            self._session.row(f"SELECT {_COLUMNS} FROM swaps WHERE id = :id FOR UPDATE", id=swap_id)
        )

    def lock_live(self, payout_id: UUID) -> Swap | None:
        return _swap_from(self._session.row(_LOCK_LIVE, id=payout_id))

    def save(self, swap: Swap) -> None:
        self._session.run(
            _SAVE,
            id=swap.id,
            state=swap.state,
            provider_status=swap.provider_status,
            abandoned_because=swap.abandoned,
            **_terms_values(swap.terms),
            **_exchange_values(swap.exchange),
            **_outcome_values(swap),
            **watch_values(swap.watch),
        )

    def is_any_funded(self) -> bool:
        return self._session.did("SELECT id FROM swaps WHERE state = 'funded' LIMIT 1")

    def keep(self, swap_id: UUID, kind: SwapEventKind, body: str, now: datetime) -> None:
        self._session.run(_KEEP, id=swap_id, kind=kind, body=body, now=now)


def _terms_values(terms: Terms | None) -> dict[str, Any]:
    quote = terms.fixed.quote if terms else None
    return {
        "rate_id": terms.fixed.rate_id if terms else None,
        "quoted": quote.bought.base_units if quote else None,
        "deposit_fee": quote.deposit_fee.base_units if quote else None,
        "withdrawal_fee": quote.withdrawal_fee.base_units if quote else None,
        "market": terms.market.base_units if terms else None,
        "quoted_at": terms.quoted_at if terms else None,
        "quote_ends_at": terms.fixed.valid_until if terms else None,
    }


def _exchange_values(exchange: Exchange | None) -> dict[str, Any]:
    return {
        "exchange_id": exchange.id if exchange else None,
        "payin_address": exchange.payin_address if exchange else None,
        "promised": exchange.promised.base_units if exchange else None,
        "promise_ends_at": exchange.valid_until if exchange else None,
    }


def _outcome_values(swap: Swap) -> dict[str, Any]:
    """An outcome is what the owner got, or what came back, by the state."""
    outcome, is_back = swap.outcome, swap.state is SwapState.REFUNDED
    amount = outcome.amount.base_units if outcome else None
    tx_hash = outcome.hash if outcome else None
    return {
        "bought": None if is_back else amount,
        "payout_hash": None if is_back else tx_hash,
        "refunded": amount if is_back else None,
        "refund_hash": tx_hash if is_back else None,
    }


def _swap_from(row: Row | None) -> Swap | None:
    if row is None:
        return None
    sold = money_from(row, "sold", "sold_asset")
    bought = asset_of(row["bought_asset"])
    return Swap(
        id=row["id"],
        payout_id=row["payout_id"],
        state=SwapState(row["state"]),
        sold=sold,
        target=PayoutTarget(bought, row["destination_address"], row["destination_memo"]),
        created_at=row["created_at"],
        watch=watch_from(row),
        terms=_terms_from(row) if row["rate_id"] else None,
        exchange=_exchange_from(row) if row["exchange_id"] else None,
        provider_status=row["provider_status"],
        outcome=_outcome_from(row),
        abandoned=Abandoned(row["abandoned_because"]) if row["abandoned_because"] else None,
    )


def _terms_from(row: Row) -> Terms:
    quote = Quote(
        sold=money_from(row, "sold", "sold_asset"),
        bought=money_from(row, "quoted", "bought_asset"),
        deposit_fee=money_from(row, "deposit_fee", "sold_asset"),
        withdrawal_fee=money_from(row, "withdrawal_fee", "bought_asset"),
    )
    fixed = FixedQuote(quote, row["rate_id"], row["quote_ends_at"])
    return Terms(fixed, money_from(row, "market", "bought_asset"), row["quoted_at"])


def _exchange_from(row: Row) -> Exchange:
    return Exchange(
        id=row["exchange_id"],
        payin_address=row["payin_address"],
        promised=money_from(row, "promised", "bought_asset"),
        valid_until=row["promise_ends_at"],
    )


def _outcome_from(row: Row) -> Outcome | None:
    if row["bought"] is not None:
        return Outcome(money_from(row, "bought", "bought_asset"), row["payout_hash"])
    if row["refunded"] is not None:
        return Outcome(money_from(row, "refunded", "sold_asset"), row["refund_hash"])
    return None
