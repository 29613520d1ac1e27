"""How an order gets its invoice, and whoever ordered sees it; the order is under our lease."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import Chat
from shared_lib.domain.order import Invoice, Order
from shared_lib.domain.watch import Watch, watch
from shared_lib.ports import Lease, Person, Ports, ProviderError, Transaction
from shared_lib.usecases.invoicing import invoice_request
from shared_lib.usecases.lease import require, require_time
from shared_lib.usecases.telling import tell


@dataclass(frozen=True, slots=True)
class Visit:
    """One update: who came, and the key by which its effect is remembered."""

    person: Person
    key: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order that still needs its invoice, and the chat that it is for."""

    order: Order
    chat: Chat
    lease: Lease


def order_watch(ports: Ports, now: datetime) -> Watch:
    """The clock of an order that begins now."""
    policy = ports.policy
    return watch(now, wait_seconds=policy.order_check_seconds, deadline=policy.order_lifetime)


def have_invoiced(ports: Ports, visit: Visit, ordered: Ordered) -> bool:
    """Ask for the invoice and show it; whether there is one."""
    try:
        require_time(ports, ordered.lease)
        request = invoice_request(ports, ordered.order, ordered.chat.title)
        invoice = ports.provider.create_invoice(request)
    except ProviderError:
        invoice = None
    with ports.database.transaction() as tx:
        order = tx.orders.lock(ordered.order.id)
        require(tx, ordered.lease)
        if order is not None and tx.delivery.first_time(visit.key, visit.now):
            _adopt(ports, tx, visit, replace(ordered, order=order), invoice)
        tx.leases.release(ordered.lease)
    return invoice is not None


def _adopt(
    ports: Ports, tx: Transaction, visit: Visit, ordered: Ordered, invoice: Invoice | None
) -> None:
    """Keep the invoice that was made; one whose answer was lost was shown to nobody."""
    if invoice is None:
        facts = {"kind": ordered.order.kind.value}
        tell(ports, tx, visit.person.id, NoticeKind.INVOICE_FAILED, visit.key, facts)
        return
    order = replace(ordered.order, invoice=invoice)
    tx.orders.save(order)
    show_invoice(ports, tx, visit, order, ordered.chat, invoice)


def show_invoice(
    ports: Ports, tx: Transaction, visit: Visit, order: Order, chat: Chat, invoice: Invoice
) -> None:
    """Tell whoever ordered what it is for, what it costs, and where to pay."""
    facts = {
        "order": str(order.id),
        "kind": order.kind.value,
        "channel": chat.title,
        "description": chat.description,
        "price_cents": order.price_cents,
        "days": order.days,
        "url": invoice.url,
        "rest_of": None if order.tops_up is None else str(order.tops_up),
    }
    tell(ports, tx, visit.person.id, NoticeKind.INVOICE_READY, visit.key, facts)
