"""What payers have with us."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.rows import money_from
from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.credit import Credit, CreditState

_COLUMNS = "id, payment_id, order_id, amount, asset, value_cents, state, payable_until, created_at"

# What the provider says that it gave back is not its payer's any more.
_UNSPENT = """
FROM payer_credits c WHERE order_id = :id AND state IN ('open', 'to_refund') AND NOT EXISTS (
    SELECT FROM payments p WHERE p.id = c.payment_id AND p.status = 'refunded')
"""


class PostgresCredits:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, credit: Credit) -> None:
        self._session.run(
            f"INSERT INTO payer_credits ({_COLUMNS}) VALUES (:id, :payment_id, :order_id, :amount, "
            ":asset, :value_cents, :state, :payable_until, :created_at)",
            id=credit.id,
            payment_id=credit.payment_id,
            order_id=credit.order_id,
            amount=credit.amount.base_units,
            asset=credit.amount.asset.id,
            value_cents=credit.value_cents,
            state=credit.state,
            payable_until=credit.until,
            created_at=credit.created_at,
        )

    def of_payment(self, payment_id: UUID) -> Credit | None:
        sql = f"SELECT {_COLUMNS} FROM payer_credits WHERE payment_id = :id"
        return _credit_from(self._session.row(sql, id=payment_id))

    def lock_of_payment(self, payment_id: UUID) -> Credit | None:
        sql = f"SELECT {_COLUMNS} FROM payer_credits WHERE payment_id = :id FOR UPDATE"
        return _credit_from(self._session.row(sql, id=payment_id))

    def lock_unspent(self, order_id: UUID) -> list[Credit]:
        rows = self._session.rows(
            f"SELECT {_COLUMNS} {_UNSPENT} ORDER BY created_at, id FOR UPDATE", id=order_id
        )
        return [credit for row in rows if (credit := _credit_from(row)) is not None]

    def is_any_unspent(self, order_id: UUID) -> bool:
        return self._session.did(f"SELECT id {_UNSPENT} LIMIT 1", id=order_id)

    def due(self, now: datetime, limit: int) -> list[UUID]:
        rows = self._session.rows(
            "SELECT payment_id FROM payer_credits c WHERE state = 'taken' "
            "OR (state = 'open' AND payable_until <= :now AND EXISTS (SELECT FROM payments p "
            "WHERE p.id = c.payment_id AND p.status IN ('partially_paid', 'finished'))) "
            "ORDER BY payable_until LIMIT :most",
            now=now,
            most=limit,
        )
        return [row["payment_id"] for row in rows]

    def save(self, credit: Credit) -> None:
        self._session.run(
            "UPDATE payer_credits SET state = :state, payable_until = :until WHERE id = :id",
            id=credit.id,
            state=credit.state,
            until=credit.until,
        )


def _credit_from(row: Row | None) -> Credit | None:
    if row is None:
        return None
    return Credit(
        id=row["id"],
        payment_id=row["payment_id"],
        order_id=row["order_id"],
        amount=money_from(row, "amount", "asset"),
        value_cents=int(row["value_cents"]),
        state=CreditState(row["state"]),
        until=row["payable_until"],
        created_at=row["created_at"],
    )
