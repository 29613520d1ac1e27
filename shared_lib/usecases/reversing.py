"""Take back what was booked of a payment whose money is its payer's again, or never came."""

from shared_lib.domain import ledger
from shared_lib.domain.credit import Credit, CreditState
from shared_lib.domain.money import Split
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.order import Order
from shared_lib.domain.payment import Payment, PaymentStatus, Receipt
from shared_lib.domain.share import ShareState
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases import crediting
from shared_lib.usecases.telling import tell


def reverse(ports: Ports, tx: Transaction, payment: Payment, receipt: Receipt) -> bool:
    """Give back the owner's share and our fee of a payment, locked by us; False where it is spent.

    Access is left alone.
    """
    share = tx.shares.lock_of_payment(payment.id)
    if share is not None and share.state not in (ShareState.EXPECTED, ShareState.PENDING):
        return False
    if share is not None:
        tx.shares.save(share.moved(ShareState.REVERSED))
    order = tx.orders.get(payment.order_id) if payment.order_id else None
    if order is not None:
        split = Split(receipt.received - receipt.fee, receipt.fee)
        posting = ledger.finish_reversed(payment.id, order.channel_id, receipt.received, split)
        tx.ledger.post(posting, ports.ids.new(), ports.clock.now())
    return True


def withdraw(ports: Ports, tx: Transaction, payment: Payment, credit: Credit) -> None:
    """A credit, locked by us, is its payer's no more: its money did not come to our wallet."""
    tx.credits.save(credit.moved(CreditState.WITHDRAWN))
    posting = ledger.credit_withdrawn(payment.id, credit.amount)
    tx.ledger.post(posting, ports.ids.new(), ports.clock.now())
    crediting.close_findings(ports, tx, payment)


def tell_refunded(ports: Ports, tx: Transaction, payment: Payment, order: Order) -> None:
    """The payer hears that the payment ended without success, once."""
    facts = {"order": str(order.id), "status": PaymentStatus.REFUNDED.value}
    key = f"{payment.id}:{PaymentStatus.REFUNDED.value}"
    tell(ports, tx, order.telegram_user_id, NoticeKind.PAYMENT_ENDED, key, facts)
