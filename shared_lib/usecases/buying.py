"""What a payment brings once it has bought something: receipt, share, ledger, access."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared_lib.domain.invite import EntryCause
from shared_lib.domain.ledger import Posting
from shared_lib.domain.membership import Membership
from shared_lib.domain.money import Money, Split, split_fee
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.order import Order
from shared_lib.domain.payment import Payment, Receipt
from shared_lib.domain.share import Share, ShareKind, ShareState
from shared_lib.domain.watch import watch
from shared_lib.events import PaymentCheckDue
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.access import invite, keep, lock_membership
from shared_lib.usecases.messages import Facts
from shared_lib.usecases.owner_news import tell_sale
from shared_lib.usecases.telling import tell

# A deposit follows a finished payment within minutes; after a day a person looks.
DEPOSIT_DEADLINE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was received for an order, and how many days more or less than the order's it brings."""

    payment: Payment
    order: Order
    received: Money
    split: Split
    now: datetime
    extra_days: int


def purchase_of(
    ports: Ports,
    tx: Transaction,
    payment: Payment,
    order: Order,
    received: Money,
    extra_days: int,
) -> Purchase:
    """The purchase with the fee that the channel's owner agreed to."""
    channel = tx.channels.get(order.channel_id)
    if channel is None:
        raise LookupError(f"order {order.id} has no channel")
    bps = ports.policy.fee_bps if channel.fee_bps is None else channel.fee_bps
    split = split_fee(received, bps)
    return Purchase(payment, order, received, split, ports.clock.now(), extra_days)


def record_receipt(ports: Ports, tx: Transaction, bought: Purchase, posting: Posting) -> None:
    """The money's side: receipt, share and ledger; its deposit is looked for next."""
    payment, now = bought.payment, bought.now
    receipt = Receipt(bought.received, bought.split.fee, now, bought.extra_days)
    again = watch(now, wait_seconds=ports.policy.republish_seconds, deadline=DEPOSIT_DEADLINE)
    tx.payments.save(
        replace(payment, receipt=receipt, watch=again if payment.status.is_paid else None)
    )
    if bought.split.owner.base_units > 0:
        tx.shares.add(_share(ports, bought))
    tx.ledger.post(posting, ports.ids.new(), now)
    tx.outbox.add(PaymentCheckDue(payment_id=payment.id), now)
    tell_sale(ports, tx, payment.id, bought.order, bought.received, bought.split.owner)


def _share(ports: Ports, bought: Purchase) -> Share:
    return Share(
        id=ports.ids.new(),
        channel_id=bought.order.channel_id,
        kind=ShareKind.PAYMENT,
        payment_id=bought.payment.id,
        amount=bought.split.owner,
        state=ShareState.EXPECTED,
        created_at=bought.now,
        watch=None,
    )


def grant(ports: Ports, tx: Transaction, bought: Purchase) -> Membership:
    """The person's side: access, its history, and an invite."""
    order, payment = bought.order, bought.payment
    membership = lock_membership(ports, tx, order.channel_id, order.telegram_user_id)
    days = None if order.days is None else order.days + bought.extra_days
    membership, period = membership.extended(days, bought.now)
    keep(ports, tx, membership)
    if period is not None:
        tx.memberships.add_period(ports.ids.new(), membership.id, payment.id, period, bought.now)
    if bought.extra_days > 0 and period is not None:
        facts: Facts = {"order": str(order.id), "days": bought.extra_days}
        tell(ports, tx, order.telegram_user_id, NoticeKind.PAID_MORE, str(payment.id), facts)
    if _is_invited(tx, order, payment):
        tell_extended(ports, tx, membership, str(payment.id), EntryCause.PAID)
    else:
        invite(ports, tx, membership, payment)
    return membership


def _is_invited(tx: Transaction, order: Order, payment: Payment) -> bool:
    """What came for the rest of an order invites by the order of that rest."""
    orders = {order.id, payment.order_id or order.id}
    return any(tx.invites.has_live(one) for one in orders)


def tell_extended(
    ports: Ports, tx: Transaction, membership: Membership, key: str, because: EntryCause
) -> None:
    """Tell a member who needs no invite until when access runs now."""
    ends = membership.access_ends_at
    facts: Facts = {
        "channel": tx.channels.closed_chat(membership.channel_id).title,
        "until": None if ends is None else ends.isoformat(),
        "because": because.value,
    }
    tell(ports, tx, membership.telegram_user_id, NoticeKind.ACCESS_EXTENDED, key, facts)
