"""Advance a payment by everything that was reported; when it finished, grant and credit.

The whole effect of a finished payment is one transaction: access, the owner's share, the ledger,
the order, and the events that lead on. Its guards are unique keys, so that it happens once.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.credit import Credit, CreditState, days_worth, value_of
from shared_lib.domain.money import InvalidAmountError, Money, parse_amount
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.payment import (
    BOUGHT_TIMES_MOST,
    Payment,
    PaymentStatus,
    Receipt,
    Report,
    advanced,
    highest_status,
    paid_times,
)
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases import crediting
from shared_lib.usecases.access import is_blocked
from shared_lib.usecases.buying import grant, purchase_of, record_receipt
from shared_lib.usecases.messages import Facts
from shared_lib.usecases.reversing import reverse, tell_refunded, withdraw
from shared_lib.usecases.setback import review
from shared_lib.usecases.telling import tell


@dataclass(frozen=True, slots=True)
class _Paid:
    """What came for an order: `value_cents` of its price, and what came for it before.

    `root` is the order that is to be bought; `order` is that one, or one for its rest. `own` is the
    credit that this very payment was kept as, if it `was_paid` in part before. `counts` is False
    for what came uninvited, which must be worth the whole price.
    """

    payment: Payment
    order: Order
    root: Order
    received: Money
    value_cents: Fraction
    own: Credit | None
    before: list[Credit]
    counts: bool
    was_paid: bool

    @property
    def whole_cents(self) -> Fraction:
        return self.value_cents + value_of(self.before)

    @property
    def extra_days(self) -> int:
        """Days more than the order's; less where it is worth less."""
        days = self.root.days
        if days is None:
            return 0
        return days_worth(days, self.root.price_cents, self.whole_cents) - days

    @property
    def is_enough(self) -> bool:
        if self.root.kind is OrderKind.DONATION or self.whole_cents >= self.root.price_cents:
            return True
        # The rest of an order whose first part has been turned into days, or refunded.
        return self.counts and (self.root.days or 0) + self.extra_days > 0


class _ReviewNeededError(Exception):
    """The payment cannot be credited by rule; a person decides."""

    def __init__(self, reason: Reason, fact: str) -> None:
        super().__init__(fact)
        self.reason = reason
        self.fact = fact


def confirm_payment(ports: Ports, payment_id: UUID) -> None:
    """Apply all stored reports to a payment. Doing it again, or at once, changes nothing."""
    with ports.database.transaction() as tx:
        payment = tx.payments.lock(payment_id)
        if payment is None:
            return
        tx.payments.news_applied(payment_id)
        if not payment.status.is_under_way:
            payment = _book_credit(ports, tx, payment)
        if payment.status is PaymentStatus.REVIEW:
            return
        reports = [ports.provider.read_report(body) for body in tx.payments.bodies(payment_id)]
        status = advanced(payment.status, highest_status(reports))
        if status is not payment.status:
            _advance(ports, tx, payment, status, reports)


def _book_credit(ports: Ports, tx: Transaction, payment: Payment) -> Payment:
    """The payment once its credit is booked, if that is due; what was refunded meanwhile is not."""
    booked = crediting.book(ports, tx, payment)
    was_booked = payment.receipt is None and booked.receipt is not None
    if was_booked and booked.status is PaymentStatus.REFUNDED and booked.receipt is not None:
        _reverse(ports, tx, booked, booked.receipt)
    return booked


def _advance(
    ports: Ports, tx: Transaction, payment: Payment, status: PaymentStatus, reports: list[Report]
) -> None:
    moved = replace(payment, status=status)
    if status.is_under_way or (status.is_paid and payment.receipt is not None):
        tx.payments.save(moved)
    elif status.is_paid:
        said = next(one for one in reports if one.known_status is status)
        was_paid = payment.status is PaymentStatus.PARTIALLY_PAID
        try:
            _pay(ports, tx, _read(ports, tx, moved, said, was_paid=was_paid))
        except _ReviewNeededError as problem:
            # What came in part rests as it is, so that *finished* still counts when it comes.
            in_part = status is PaymentStatus.PARTIALLY_PAID
            rests = moved if in_part else payment.to_review()
            _send_to_review(ports, tx, rests, problem)
    elif status is PaymentStatus.REFUNDED and payment.receipt is not None:
        _reverse(ports, tx, payment, payment.receipt)
    else:
        _end(ports, tx, payment, status)


# ---- paid, in full or in part --------------------------------------------------------------------


def _read(
    ports: Ports, tx: Transaction, payment: Payment, report: Report, *, was_paid: bool
) -> _Paid:
    """Everything that must hold before a payment counts. Raises _ReviewNeededError."""
    root = tx.orders.lock_root(payment.order_id) if payment.order_id else None
    is_rest = root is not None and root.id != payment.order_id
    order = tx.orders.lock(payment.order_id) if is_rest and payment.order_id else root
    if order is None or root is None:
        raise _ReviewNeededError(Reason.UNKNOWN_ORDER, f"order {report.order_id!r}")
    is_donation = order.kind is OrderKind.DONATION
    value_cents = _times(payment, report, is_donation=is_donation) * order.price_cents
    received = _received(ports, report)
    own = tx.credits.lock_of_payment(payment.id) if was_paid else None
    if own is not None and own.amount != received:
        raise _ReviewNeededError(Reason.PROVIDER_DISAGREES, f"first {own.amount}, now {received}")
    if own is not None and not own.is_unspent:
        fact = "an operator has given it back already"
        raise _ReviewNeededError(Reason.PROVIDER_DISAGREES, fact)
    return _Paid(
        payment=payment,
        order=order,
        root=root,
        received=received,
        value_cents=value_cents,
        own=own,
        before=[one for one in tx.credits.lock_unspent(root.id) if one.payment_id != payment.id],
        counts=_is_whole(payment, report),
        was_paid=was_paid,
    )


def _is_whole(payment: Payment, report: Report) -> bool:
    """Whether the provider says that all was paid that it asked for."""
    return payment.status is PaymentStatus.FINISHED and report.parent_payment_id is None


def _times(payment: Payment, report: Report, *, is_donation: bool) -> Fraction:
    """How many times what was asked has been paid. Raises _ReviewNeededError.

    What a donation buys does not depend on it, so that nothing of one is left to a person for it.
    """
    times = paid_times(report.pay_amount, report.actually_paid)
    if is_donation:
        return min(times or Fraction(1), Fraction(BOUGHT_TIMES_MOST))
    if _is_whole(payment, report):
        times = max(times or Fraction(1), Fraction(1))
    elif report.parent_payment_id is not None and times is None:
        raise _ReviewNeededError(Reason.REPEATED_DEPOSIT, f"of {report.parent_payment_id}")
    elif times is None or (report.parent_payment_id is None and times >= 1):
        fact = f"asked {report.pay_amount!r}, paid {report.actually_paid!r}"
        raise _ReviewNeededError(Reason.PAID_IN_PART, fact)
    return min(times, Fraction(BOUGHT_TIMES_MOST))


def _received(ports: Ports, report: Report) -> Money:
    """The outcome in base units of the settlement asset, exactly as reported."""
    asset = ports.policy.settlement_asset
    if (report.outcome_currency or "").lower() != ports.policy.provider_currency(asset):
        raise _ReviewNeededError(Reason.WRONG_ASSET, f"outcome in {report.outcome_currency!r}")
    try:
        received = parse_amount(report.outcome_amount or "", asset)
    except InvalidAmountError as error:
        raise _ReviewNeededError(Reason.BAD_AMOUNT, str(error)) from error
    if received.base_units == 0:
        raise _ReviewNeededError(Reason.BAD_AMOUNT, "nothing was received")
    return received


def _pay(ports: Ports, tx: Transaction, paid: _Paid) -> None:
    """Access and owner's share for what is enough; all else stays its payer's."""
    order = paid.order
    buys_access = order.kind is OrderKind.SUBSCRIPTION
    if buys_access and is_blocked(tx, order.channel_id, order.telegram_user_id):
        _keep(ports, tx, paid, CreditState.TO_REFUND)
    elif paid.is_enough:
        _buy(ports, tx, paid)
    else:
        _keep(ports, tx, paid, CreditState.OPEN)


def _buy(ports: Ports, tx: Transaction, paid: _Paid) -> None:
    payment, order = paid.payment, paid.order
    if paid.own is not None:
        crediting.use(ports, tx, payment, order, paid.own, paid.extra_days)
    else:
        bought = purchase_of(ports, tx, payment, order, paid.received, paid.extra_days)
        posting = ledger.finished(payment.id, order.channel_id, paid.received, bought.split)
        record_receipt(ports, tx, bought, posting)
        if order.kind is OrderKind.SUBSCRIPTION:
            grant(ports, tx, bought)
        else:
            _thank(ports, tx, paid)
    if paid.was_paid:
        crediting.close_findings(ports, tx, payment)
    crediting.take(ports, tx, paid.before)
    for one in {order.id: order, paid.root.id: paid.root}.values():
        tx.orders.save(one.ended(OrderState.PAID))
    if paid.own or paid.before or order.tops_up:
        crediting.close_top_ups(tx, paid.root)


def _thank(ports: Ports, tx: Transaction, paid: _Paid) -> None:
    """Whatever came is the donation; it brings no access, and changes none."""
    order = paid.order
    facts: Facts = {
        "order": str(order.id),
        "channel": tx.channels.closed_chat(order.channel_id).title,
        "value_cents": int(paid.value_cents),
    }
    key = str(paid.payment.id)
    tell(ports, tx, order.telegram_user_id, NoticeKind.DONATION_RECEIVED, key, facts)


def _keep(ports: Ports, tx: Transaction, paid: _Paid, state: CreditState) -> None:
    payment, root = paid.payment, paid.root
    kept = paid.own
    if kept is None:
        part = crediting.Part(payment, root, paid.received, int(paid.value_cents))
        kept = crediting.keep(ports, tx, part, state)
    else:
        tx.payments.save(payment)
    if state is CreditState.OPEN:
        crediting.ask_for_the_rest(ports, tx, root, tx.credits.lock_unspent(root.id))
        return
    fact = "the channel's owner has blocked the payer"
    crediting.leave_to_a_person(ports, tx, kept, Reason.PAYER_BLOCKED, fact)
    crediting.close_top_ups(tx, root)
    _tell_reviewed(ports, tx, payment, paid.order)


# ---- every other end -----------------------------------------------------------------------------


def _end(ports: Ports, tx: Transaction, payment: Payment, status: PaymentStatus) -> None:
    """Expired, failed, or refunded before it ever bought anything."""
    tx.payments.save(replace(payment, status=status, watch=None))
    if not payment.status.is_under_way and _withdraw(ports, tx, payment):
        return
    order = tx.orders.lock(payment.order_id) if payment.order_id else None
    if order is None or order.state is OrderState.PAID or tx.payments.has_other_under_way(payment):
        return
    ended = order.state if order.state is not OrderState.OPEN else OrderState.CLOSED
    tx.orders.save(order.ended(ended))
    facts = {"order": str(order.id), "status": status.value, "kind": order.kind.value}
    key = f"{payment.id}:{status.value}"
    tell(ports, tx, order.telegram_user_id, NoticeKind.PAYMENT_ENDED, key, facts)


def _withdraw(ports: Ports, tx: Transaction, payment: Payment) -> bool:
    """The provider gave a credit's money back to its payer; False where there is no credit.

    What stands in our wallet cannot have been given back by the provider: a person decides.
    """
    seen = tx.credits.of_payment(payment.id)
    if seen is None:
        return False
    root, credit = crediting.lock_credit(tx, seen)
    if credit.is_unspent and payment.deposit is None:
        withdraw(ports, tx, payment, credit)
    elif credit.is_unspent:
        fact = "the provider says that it was refunded, and it stands in our wallet"
        crediting.leave_to_a_person(ports, tx, credit, Reason.PAID_IN_PART, fact)
    crediting.close_top_ups(tx, root)
    tell_refunded(ports, tx, payment, root)
    return True


def _send_to_review(
    ports: Ports, tx: Transaction, payment: Payment, problem: _ReviewNeededError
) -> None:
    tx.payments.save(replace(payment, watch=None))
    evidence = (("fact", problem.fact), ("provider_payment_id", payment.provider_payment_id))
    review(ports, tx, Finding(Subject.PAYMENT, str(payment.id), problem.reason, evidence))
    order = tx.orders.get(payment.order_id) if payment.order_id else None
    if order is not None:
        _tell_reviewed(ports, tx, payment, order)


def _tell_reviewed(ports: Ports, tx: Transaction, payment: Payment, order: Order) -> None:
    facts = {"order": str(order.id), "status": PaymentStatus.REVIEW.value}
    tell(ports, tx, order.telegram_user_id, NoticeKind.PAYMENT_REVIEWED, str(payment.id), facts)


def _reverse(ports: Ports, tx: Transaction, payment: Payment, receipt: Receipt) -> None:
    """Refunded after it finished: an unspent share goes back; access waits for a person."""
    share = tx.shares.lock_of_payment(payment.id)
    tx.payments.save(payment.refunded())
    is_unspent = reverse(ports, tx, payment, receipt)
    evidence = (
        ("provider_payment_id", payment.provider_payment_id),
        ("share", "none" if share is None else share.state.value),
        ("reversed", "yes" if is_unspent else "no"),
    )
    finding = Finding(Subject.PAYMENT, str(payment.id), Reason.REFUNDED_AFTER_FINISH, evidence)
    review(ports, tx, finding)
