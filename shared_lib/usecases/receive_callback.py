"""Store what the payment provider says. Nothing else happens before it is stored."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.payment import EventSource, Payment, PaymentStatus, Report
from shared_lib.domain.watch import watch
from shared_lib.events import PaymentUpdated
from shared_lib.ports import BadReportError, Ports

# A floating-rate invoice stays payable for seven days; by then the provider has said how it ended.
PAYMENT_DEADLINE = timedelta(days=8)


class CallbackAnswer(StrEnum):
    STORED = "stored"
    NOT_GENUINE = "not_genuine"
    UNREADABLE = "unreadable"


def receive_callback(ports: Ports, body: bytes, signature: str | None) -> CallbackAnswer:
    """Verify a callback's signature over its raw bytes, then keep it for good.

    Exactly the same bytes again are kept too, but are no news to anybody.
    """
    if not ports.provider.is_genuine(body, signature):
        return CallbackAnswer.NOT_GENUINE
    try:
        text = body.decode()
        report = ports.provider.read_report(text)
    except (UnicodeDecodeError, BadReportError):
        return CallbackAnswer.UNREADABLE
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        stored = tx.payments.store_report(
            fresh_payment(ports, report), text, EventSource.CALLBACK, now
        )
        if stored.is_news:
            tx.outbox.add(PaymentUpdated(payment_id=stored.payment_id), now)
    return CallbackAnswer.STORED


def fresh_payment(ports: Ports, report: Report) -> Payment:
    """The row of a payment that nobody has told us of before."""
    now = ports.clock.now()
    return Payment(
        id=ports.ids.new(),
        provider_payment_id=report.provider_payment_id,
        order_id=order_id_of(report),
        status=PaymentStatus.WAITING,
        created_at=now,
        watch=watch(
            now, wait_seconds=ports.policy.payment_check_seconds, deadline=PAYMENT_DEADLINE
        ),
    )


def order_id_of(report: Report) -> UUID | None:
    """Our order's id as the provider returned it; None if it is not one of ours in form."""
    try:
        return UUID(report.order_id) if report.order_id else None
    except ValueError:
        return None
