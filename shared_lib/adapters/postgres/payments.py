"""Payments and everything the provider ever said about them."""

from datetime import datetime
from hashlib import sha256
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
from shared_lib.domain.payment import Deposit, EventSource, Payment, PaymentStatus, Receipt
from shared_lib.domain.review import Reason
from shared_lib.ports import StoredReport

_COLUMNS = f"""
id, provider_payment_id, order_id, status, received, received_asset, fee, finished_at, extra_days,
deposit_hash, deposit_seen_at, review_of, accepted, named_deposit, created_at, {WATCH_COLUMNS}
"""

# One statement: the intake is the hottest path, and a callback is stored whole or not at all.
# A payment that exists is updated, so that its id comes back and its row is locked.
_STORE = f"""
WITH payment AS (
    INSERT INTO payments (id, provider_payment_id, order_id, status, created_at, news_at,
                          {WATCH_COLUMNS})
    VALUES (:id, :provider_payment_id, (SELECT id FROM orders WHERE id = :order_id), :status,
            :created_at, :now, {WATCH_VALUES})
    ON CONFLICT (provider_payment_id) DO UPDATE SET news_at = :now
    RETURNING id
), known AS (
    SELECT event.id FROM payment_events event, payment
    WHERE event.payment_id = payment.id AND event.body_sha256 = :digest LIMIT 1
), stored AS (
    INSERT INTO payment_events (payment_id, source, body, body_sha256, received_at)
    SELECT id, :source, :body, :digest, :now FROM payment
    RETURNING payment_id
)
SELECT payment_id, NOT EXISTS (SELECT FROM known) AS is_news FROM stored
"""

_BODIES = """
SELECT body FROM (
    SELECT DISTINCT ON (body_sha256) id, body FROM payment_events
    WHERE payment_id = :id ORDER BY body_sha256, id
) AS different ORDER BY id
"""

_TAKE_UNAPPLIED = """
UPDATE payments SET news_at = :now
WHERE id IN (SELECT id FROM payments WHERE news_at <= :before
             ORDER BY news_at LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING id
"""

_SAVE = f"""
UPDATE payments
SET status = :status, received = :received, received_asset = :received_asset, fee = :fee,
    finished_at = :finished_at, extra_days = :extra_days, deposit_hash = :deposit_hash,
    deposit_seen_at = :deposit_seen_at, review_of = :review_of, accepted = :accepted,
    named_deposit = :named_deposit,
    {WATCH_ASSIGNMENTS}
WHERE id = :id
"""


class PostgresPayments:
    def __init__(self, session: Session) -> None:
        self._session = session

    def store_report(
        self, payment: Payment, body: str, source: EventSource, now: datetime
    ) -> StoredReport:
        row = self._session.row(
            _STORE,
            id=payment.id,
            provider_payment_id=payment.provider_payment_id,
            order_id=payment.order_id,
            status=payment.status,
            created_at=payment.created_at,
            digest=sha256(body.encode()).digest(),
            source=source,
            body=body,
            now=now,
            **watch_values(payment.watch),
        )
        if row is None:
            raise LookupError("storing a report returned no row")
        return StoredReport(row["payment_id"], bool(row["is_news"]))

    def get(self, payment_id: UUID) -> Payment | None:
        return _payment_from(
            self._session.row(f"SELECT {_COLUMNS} FROM payments WHERE id = :id", id=payment_id)
        )

    def lock(self, payment_id: UUID) -> Payment | None:
        return _payment_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM payments WHERE id = :id FOR UPDATE", id=payment_id
            )
        )

    def bodies(self, payment_id: UUID) -> list[str]:
        return [row["body"] for row in self._session.rows(_BODIES, id=payment_id)]

    def has_any_of(self, order_id: UUID) -> bool:
        return self._session.did(
            "SELECT id FROM payments WHERE order_id = :order_id LIMIT 1", order_id=order_id
        )

    def has_other_under_way(self, payment: Payment) -> bool:
        return self._session.did(
            "SELECT id FROM payments WHERE order_id = :order_id AND id <> :id "
            "AND status IN ('waiting', 'confirming', 'confirmed', 'sending') LIMIT 1",
            order_id=payment.order_id,
            id=payment.id,
        )

    def statuses_of(self, order_id: UUID) -> frozenset[PaymentStatus]:
        rows = self._session.rows(
            "SELECT DISTINCT status FROM payments WHERE order_id = :order_id", order_id=order_id
        )
        return frozenset(PaymentStatus(row["status"]) for row in rows)

    def is_any_arriving(self, order_id: UUID) -> bool:
        return self._session.did(
            "SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id "
            "WHERE (o.id = :order_id OR o.tops_up = :order_id) "
            "AND p.status IN ('confirming', 'confirmed', 'sending') LIMIT 1",
            order_id=order_id,
        )

    def is_any_under_way(self) -> bool:
        return self._session.did(
            "SELECT id FROM payments WHERE next_check_at IS NOT NULL OR news_at IS NOT NULL LIMIT 1"
        )

    def news_applied(self, payment_id: UUID) -> None:
        self._session.run("UPDATE payments SET news_at = NULL WHERE id = :id", id=payment_id)

    def take_unapplied(self, before: datetime, now: datetime, limit: int) -> list[UUID]:
        rows = self._session.rows(_TAKE_UNAPPLIED, before=before, now=now, most=limit)
        return [row["id"] for row in rows]

    def save(self, payment: Payment) -> None:
        receipt, deposit = payment.receipt, payment.deposit
        self._session.run(
            _SAVE,
            id=payment.id,
            status=payment.status,
            received=receipt.received.base_units if receipt else None,
            received_asset=receipt.received.asset.id if receipt else None,
            fee=receipt.fee.base_units if receipt else None,
            finished_at=receipt.finished_at if receipt else None,
            extra_days=receipt.extra_days if receipt else 0,
            deposit_hash=deposit.hash if deposit else None,
            deposit_seen_at=deposit.seen_at if deposit else None,
            review_of=payment.review_of,
            accepted=sorted(payment.accepted),
            named_deposit=payment.named_deposit,
            **watch_values(payment.watch),
        )


def _payment_from(row: Row | None) -> Payment | None:
    if row is None:
        return None
    receipt = (
        Receipt(
            money_from(row, "received", "received_asset"),
            money_from(row, "fee", "received_asset"),
            row["finished_at"],
            row["extra_days"],
        )
        if row["received"] is not None
        else None
    )
    deposit = Deposit(row["deposit_hash"], row["deposit_seen_at"]) if row["deposit_hash"] else None
    return Payment(
        id=row["id"],
        provider_payment_id=row["provider_payment_id"],
        order_id=row["order_id"],
        status=PaymentStatus(row["status"]),
        created_at=row["created_at"],
        watch=watch_from(row),
        receipt=receipt,
        deposit=deposit,
        review_of=PaymentStatus(row["review_of"]) if row["review_of"] else None,
        accepted=frozenset(map(Reason, row["accepted"])),
        named_deposit=row["named_deposit"],
    )
