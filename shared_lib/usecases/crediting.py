"""What a payer has paid and bought nothing for: kept, used by a purchase, or turned into days."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared_lib.domain import ledger
from shared_lib.domain.credit import Credit, CreditState, value_of
from shared_lib.domain.money import Money
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.payment import Payment
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.watch import watch
from shared_lib.events import PaymentCheckDue, PaymentUpdated
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.access import is_blocked
from shared_lib.usecases.buying import DEPOSIT_DEADLINE, grant, purchase_of, record_receipt
from shared_lib.usecases.messages import Facts
from shared_lib.usecases.setback import review
from shared_lib.usecases.telling import tell

# Why a credit waits for a person; each closes when the credit is spent or refunded.
REASONS = (Reason.PAID_IN_PART, Reason.PAYER_BLOCKED)


@dataclass(frozen=True, slots=True)
class Part:
    """What came for an order and does not buy it; `value_cents` of its price."""

    payment: Payment
    order: Order
    received: Money
    value_cents: int


def keep(ports: Ports, tx: Transaction, part: Part, state: CreditState) -> Credit:
    """Book what came as its payer's; the payment is watched until the credit is spent."""
    now, policy = ports.clock.now(), ports.policy
    credit = Credit(
        id=ports.ids.new(),
        payment_id=part.payment.id,
        order_id=part.order.id,
        amount=part.received,
        value_cents=part.value_cents,
        state=state,
        until=now + policy.credit_lifetime,
        created_at=now,
    )
    tx.credits.add(credit)
    tx.ledger.post(ledger.underpaid(part.payment.id, part.received), ports.ids.new(), now)
    deadline = policy.credit_lifetime + DEPOSIT_DEADLINE
    again = watch(now, wait_seconds=policy.republish_seconds, deadline=deadline)
    tx.payments.save(replace(part.payment, watch=again))
    tx.outbox.add(PaymentCheckDue(payment_id=part.payment.id), now)
    return credit


def ask_for_the_rest(ports: Ports, tx: Transaction, root: Order, parts: list[Credit]) -> None:
    """An order for what is missing takes the place of the one that was paid in part."""
    close_top_ups(tx, root)
    if root.state is OrderState.OPEN:
        tx.orders.save(root.ended(OrderState.CLOSED))
    now, lifetime = ports.clock.now(), ports.policy.credit_lifetime
    tx.orders.add(
        replace(
            root,
            id=ports.ids.new(),
            tops_up=root.id,
            price_cents=root.price_cents - value_of(parts),
            state=OrderState.OPEN,
            created_at=now,
            watch=watch(now, wait_seconds=ports.policy.order_check_seconds, deadline=lifetime),
            invoice=None,
        )
    )


def close_top_ups(tx: Transaction, root: Order) -> None:
    """Ask for no rest of this order any more; what still comes for one counts."""
    rest = tx.orders.lock_top_up(root.id)
    if rest is not None:
        tx.orders.save(rest.ended(OrderState.CLOSED))


def take(ports: Ports, tx: Transaction, parts: list[Credit]) -> None:
    """Make credits, locked by us, part of a purchase; each is booked with its own payment."""
    for one in parts:
        tx.credits.save(one.moved(CreditState.TAKEN))
        tx.outbox.add(PaymentUpdated(payment_id=one.payment_id), ports.clock.now())


def is_due(credit: Credit, now: datetime) -> bool:
    """Whether the credit's payment has something to be booked now."""
    return credit.state is CreditState.TAKEN or credit.is_over(now)


def lock_credit(tx: Transaction, seen: Credit) -> tuple[Order, Credit]:
    """A credit, and before it the order that was to be bought, as they stand once both are locked.

    Raises LookupError where they are not there: neither is ever deleted.
    """
    root = tx.orders.lock(seen.order_id)
    credit = tx.credits.lock_of_payment(seen.payment_id)
    if root is None or credit is None:
        raise LookupError(f"credit {seen.id} or its order is not there")
    return root, credit


def book(ports: Ports, tx: Transaction, payment: Payment) -> Payment:
    """Book a payment's credit that a purchase has taken, or whose time is over; the payment then.

    The payment is locked by us.
    """
    credit = tx.credits.of_payment(payment.id)
    if credit is None or not is_due(credit, ports.clock.now()):
        return payment
    root, credit = lock_credit(tx, credit)
    if credit.state is CreditState.TAKEN:
        use(ports, tx, payment, root, credit, -(root.days or 0), grants=False)
    elif credit.is_over(ports.clock.now()) and payment.status.is_paid:
        _turn_into_days(ports, tx, payment, root, credit)
    return tx.payments.get(payment.id) or payment


def use(
    ports: Ports,
    tx: Transaction,
    payment: Payment,
    root: Order,
    credit: Credit,
    extra_days: int,
    *,
    grants: bool = True,
) -> None:
    """The credit becomes the owner's and ours, and brings so many days more than the order.

    Where it `grants` nothing, the payment that completed it has brought them.
    """
    bought = purchase_of(ports, tx, payment, root, credit.amount, extra_days)
    posting = ledger.credit_used(payment.id, root.channel_id, credit.amount, bought.split)
    record_receipt(ports, tx, bought, posting)
    tx.credits.save(credit.moved(CreditState.USED))
    close_findings(ports, tx, payment)
    if grants and root.kind is OrderKind.SUBSCRIPTION:
        grant(ports, tx, bought)


def _turn_into_days(
    ports: Ports, tx: Transaction, payment: Payment, root: Order, credit: Credit
) -> None:
    """Nobody paid the rest: its payer gets the days it is worth. What is worth none is refunded.

    While money for the rest is on its way, that is waited for.
    """
    if tx.payments.is_any_arriving(root.id):
        return
    days = credit.days_of(root.days or 0, root.price_cents)
    blocked = is_blocked(tx, root.channel_id, root.telegram_user_id)
    if root.days is None or days == 0 or blocked:
        reason = Reason.PAYER_BLOCKED if blocked else Reason.PAID_IN_PART
        leave_to_a_person(ports, tx, credit, reason, "nobody paid the rest, and it buys no day")
        facts: Facts = {"order": str(root.id), "status": "paid in part"}
        tell(ports, tx, root.telegram_user_id, NoticeKind.PAYMENT_REVIEWED, str(payment.id), facts)
        return
    use(ports, tx, payment, root, credit, days - root.days)
    close_top_ups(tx, root)
    facts = {"order": str(root.id), "days": days}
    tell(ports, tx, root.telegram_user_id, NoticeKind.DAYS_FOR_PART, str(payment.id), facts)


def leave_to_a_person(
    ports: Ports, tx: Transaction, credit: Credit, reason: Reason, fact: str
) -> None:
    """Nothing happens to the credit by itself any more, unless its payer pays the rest."""
    if credit.state is not CreditState.TO_REFUND:
        tx.credits.save(credit.moved(CreditState.TO_REFUND))
    evidence = (("fact", fact), ("amount", str(credit.amount)))
    review(ports, tx, Finding(Subject.PAYMENT, str(credit.payment_id), reason, evidence))


def close_findings(ports: Ports, tx: Transaction, payment: Payment) -> None:
    """The credit is spent: nobody has to decide about it any more."""
    for reason in REASONS:
        tx.reviews.close(Subject.PAYMENT, str(payment.id), reason, ports.clock.now())
