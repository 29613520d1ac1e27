"""Look for payments of which no callback ever reached us."""

from uuid import UUID

from shared_lib.domain.order import Order, OrderState
from shared_lib.domain.payment import EventSource
from shared_lib.domain.watch import growing_pause
from shared_lib.events import PaymentUpdated
from shared_lib.ports import (
    BadReportError,
    Ports,
    ProviderError,
    RetryableError,
    Transaction,
    Watched,
)
from shared_lib.usecases.receive_callback import fresh_payment, order_id_of
from shared_lib.usecases.setback import put_off

_UNPAID = frozenset({OrderState.OPEN, OrderState.EXPIRED})


def check_order(ports: Ports, order_id: UUID) -> None:
    """Ask the provider what was begun on an unpaid order's invoice. Safe to repeat.

    Once a payment is known it is looked after by itself, and the order is not asked about any more.
    """
    with ports.database.transaction() as tx:
        order = tx.orders.get(order_id)
        if order is None or order.state not in _UNPAID:
            return
        if order.invoice is None or tx.payments.has_any_of(order_id):
            _look_again(ports, tx, order)
            return
        invoice_id = order.invoice.id
    try:
        bodies = [ports.provider.payment(one) for one in ports.provider.payments_of(invoice_id)]
        _require_readable(ports, bodies, order_id)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            put_off(ports, tx, Watched.ORDER, order_id, error)
        return
    with ports.database.transaction() as tx:
        for body in bodies:
            _store(ports, tx, body)
        _look_again(ports, tx, order)


def _require_readable(ports: Ports, bodies: list[str], order_id: UUID) -> None:
    """Each body is about the order that was asked about. Raises RetryableError."""
    for body in bodies:
        try:
            report = ports.provider.read_report(body)
        except BadReportError as error:
            raise RetryableError(f"unreadable answer: {error}") from error
        if order_id_of(report) != order_id:
            raise RetryableError(f"the answer names order {report.order_id!r}")


def _store(ports: Ports, tx: Transaction, body: str) -> None:
    now = ports.clock.now()
    fresh = fresh_payment(ports, ports.provider.read_report(body))
    stored = tx.payments.store_report(fresh, body, EventSource.POLL, now)
    if stored.is_news:
        tx.outbox.add(PaymentUpdated(payment_id=stored.payment_id), now)


def _look_again(ports: Ports, tx: Transaction, order: Order) -> None:
    """The older an order is, the longer is the pause."""
    now, policy = ports.clock.now(), ports.policy
    least, most = policy.order_check_seconds, policy.order_check_most_seconds
    tx.watches.wait(
        Watched.ORDER, order.id, now + growing_pause(now - order.created_at, least, most)
    )
