"""Ask a payer for the rest of a price of which a part came."""

from dataclasses import replace

from shared_lib.domain.credit import Credit, CreditState
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.order import Invoice, Order, OrderState
from shared_lib.events import PaymentUpdated
from shared_lib.ports import Lease, Leased, PermanentError, Ports, ProviderError, Transaction
from shared_lib.usecases.crediting import close_top_ups
from shared_lib.usecases.invoicing import invoice_request
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.messages import Facts
from shared_lib.usecases.telling import tell


def ask_payer(ports: Ports, credit: Credit) -> ProviderError | None:
    """Have an invoice for the rest, and tell the payer of it once; what kept that from happening.

    Raises LeaseHeldError.
    """
    with ports.database.transaction() as tx:
        root = tx.orders.lock(credit.order_id)
        rest = tx.orders.lock_top_up(credit.order_id)
        if root is None or rest is None:
            return None
        if rest.invoice is not None:
            _tell(ports, tx, root, rest, rest.invoice, credit)
            return None
        lease = claim(ports, tx, Leased.ORDER, rest.id)
        title = tx.channels.closed_chat(rest.channel_id).title
    try:
        require_time(ports, lease)
        invoice = ports.provider.create_invoice(invoice_request(ports, rest, title))
    except PermanentError:
        _ask_for_nothing(ports, credit, lease)
        return None
    except ProviderError as error:
        with ports.database.transaction() as tx:
            tx.leases.release(lease)
        return error
    with ports.database.transaction() as tx:
        _adopt(ports, tx, credit, lease, invoice)
    return None


def _adopt(ports: Ports, tx: Transaction, credit: Credit, lease: Lease, invoice: Invoice) -> None:
    """Keep the invoice and show it; one whose answer was lost was shown to nobody."""
    root = tx.orders.lock(credit.order_id)
    rest = tx.orders.lock(lease.id)
    require(tx, lease)
    if root is not None and rest is not None:
        asked = replace(rest, invoice=rest.invoice or invoice)
        tx.orders.save(asked)
        if asked.state is OrderState.OPEN:
            _tell(ports, tx, root, asked, asked.invoice or invoice, credit)
    tx.leases.release(lease)


def _ask_for_nothing(ports: Ports, credit: Credit, lease: Lease) -> None:
    """The provider takes no payment of so little: what came turns into days at once."""
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        root = tx.orders.lock(credit.order_id)
        fresh = tx.credits.lock_of_payment(credit.payment_id)
        tx.leases.release(lease)
        if root is None or fresh is None or fresh.state is not CreditState.OPEN:
            return
        tx.credits.save(replace(fresh, until=min(fresh.until, now)))
        close_top_ups(tx, root)
        tx.outbox.add(PaymentUpdated(payment_id=credit.payment_id), now)


def _tell(
    ports: Ports, tx: Transaction, root: Order, rest: Order, invoice: Invoice, credit: Credit
) -> None:
    days = None if root.days is None else credit.days_of(root.days, root.price_cents)
    facts: Facts = {
        "order": str(root.id),
        "channel": tx.channels.closed_chat(root.channel_id).title,
        "price_cents": root.price_cents,
        "missing_cents": rest.price_cents,
        "until": credit.until.isoformat(),
        "days": days,
        "again": 1 if root.state is OrderState.PAID else None,
        "url": invoice.url,
    }
    key = str(credit.payment_id)
    tell(ports, tx, root.telegram_user_id, NoticeKind.PAID_IN_PART, key, facts)
