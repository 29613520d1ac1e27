"""Orders."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.rows import (
    WATCH_ASSIGNMENTS,
    WATCH_COLUMNS,
    WATCH_VALUES,
    watch_from,
    watch_values,
)
from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.order import Invoice, Order, OrderKind, OrderState

_COLUMNS = f"""
id, kind, channel_id, tier_id, telegram_user_id, price_cents, days, state, invoice_id, invoice_url,
tops_up, created_at, {WATCH_COLUMNS}
"""

_ADD = f"""
INSERT INTO orders ({_COLUMNS})
VALUES (:id, :kind, :channel_id, :tier_id, :telegram_user_id, :price_cents, :days, :state,
        :invoice_id, :invoice_url, :tops_up, :created_at, {WATCH_VALUES})
ON CONFLICT DO NOTHING RETURNING id
"""

_SAVE = f"""
UPDATE orders
SET state = :state, invoice_id = :invoice_id, invoice_url = :invoice_url, {WATCH_ASSIGNMENTS}
WHERE id = :id
"""

_EXPIRE = """
UPDATE orders SET state = 'expired', next_check_at = NULL, deadline_at = NULL
WHERE id IN (SELECT id FROM orders WHERE state = 'open' AND deadline_at <= :now
             ORDER BY deadline_at LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING id, invoice_id
"""


class PostgresOrders:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, order: Order) -> bool:
        return self._session.did(
            _ADD,
            id=order.id,
            kind=order.kind,
            channel_id=order.channel_id,
            tier_id=order.tier_id,
            telegram_user_id=order.telegram_user_id,
            price_cents=order.price_cents,
            days=order.days,
            state=order.state,
            invoice_id=order.invoice.id if order.invoice else None,
            invoice_url=order.invoice.url if order.invoice else None,
            tops_up=order.tops_up,
            created_at=order.created_at,
            **watch_values(order.watch),
        )

    def get(self, order_id: UUID) -> Order | None:
        return _order_from(
            self._session.row(f"SELECT {_COLUMNS} FROM orders WHERE id = :id", id=order_id)
        )

    def lock(self, order_id: UUID) -> Order | None:
        return _order_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM orders WHERE id = :id FOR UPDATE", id=order_id
            )
        )

    def lock_root(self, order_id: UUID) -> Order | None:
        return _order_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM orders WHERE id = "
                "(SELECT coalesce(tops_up, id) FROM orders WHERE id = :id) FOR UPDATE",
                id=order_id,
            )
        )

    def lock_top_up(self, order_id: UUID) -> Order | None:
        return _order_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM orders WHERE tops_up = :id AND state = 'open' FOR UPDATE",
                id=order_id,
            )
        )

    def open_top_up(self, telegram_user_id: int, tier_id: UUID) -> Order | None:
        return _order_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM orders WHERE telegram_user_id = :user "
                "AND tier_id = :tier AND tops_up IS NOT NULL AND state = 'open' "
                "ORDER BY created_at DESC LIMIT 1",
                user=telegram_user_id,
                tier=tier_id,
            )
        )

    def open_one(self, telegram_user_id: int, tier_id: UUID, kind: OrderKind) -> Order | None:
        return _order_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM orders WHERE telegram_user_id = :user "
                "AND tier_id = :tier AND kind = :kind AND state = 'open' AND tops_up IS NULL "
                "FOR UPDATE",
                user=telegram_user_id,
                tier=tier_id,
                kind=kind,
            )
        )

    def save(self, order: Order) -> None:
        self._session.run(
            _SAVE,
            id=order.id,
            state=order.state,
            invoice_id=order.invoice.id if order.invoice else None,
            invoice_url=order.invoice.url if order.invoice else None,
            **watch_values(order.watch),
        )

    def expire(self, now: datetime, limit: int) -> list[UUID]:
        rows = self._session.rows(_EXPIRE, now=now, most=limit)
        return [row["id"] for row in rows if row["invoice_id"] is not None]


def _order_from(row: Row | None) -> Order | None:
    if row is None:
        return None
    return Order(
        id=row["id"],
        kind=OrderKind(row["kind"]),
        channel_id=row["channel_id"],
        tier_id=row["tier_id"],
        telegram_user_id=int(row["telegram_user_id"]),
        price_cents=int(row["price_cents"]),
        days=row["days"],
        state=OrderState(row["state"]),
        created_at=row["created_at"],
        watch=watch_from(row),
        tops_up=row["tops_up"],
        invoice=Invoice(row["invoice_id"], row["invoice_url"]) if row["invoice_id"] else None,
    )
