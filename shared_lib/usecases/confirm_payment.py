"""Advance a payment by everything that was reported; when it finished, grant and credit.

The whole effect of a finished payment is one transaction: access, the owner's share, the ledger,
the order, and the events that lead on. Its guards are unique keys, so that it happens once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.membership import Membership
from shared_lib.domain.money import InvalidAmountError, Money, Split, parse_amount, split_fee
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import Channel
from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.payment import (
    Payment,
    PaymentStatus,
    Receipt,
    Report,
    advanced,
    extra_days,
    highest_status,
    paid_times,
)
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import Share, ShareKind, ShareState
from shared_lib.domain.watch import watch
from shared_lib.events import PaymentCheckDue
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.access import invite, is_blocked, lock_membership
from shared_lib.usecases.messages import Facts
from shared_lib.usecases.setback import review
from shared_lib.usecases.telling import tell

# A deposit follows a finished payment within minutes; after a day a person looks.
DEPOSIT_DEADLINE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Finish:
    """What a finished payment brings, and to whom."""

    payment: Payment
    order: Order
    channel: Channel
    received: Money
    split: Split
    now: datetime
    extra_days: int


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
        if payment.status is PaymentStatus.REVIEW:
            return
        reports = [ports.provider.read_report(body) for body in tx.payments.bodies(payment_id)]
        status = advanced(payment.status, highest_status(reports))
        if status is not payment.status:
            _advance(ports, tx, payment, status, reports)


def _advance(
    ports: Ports, tx: Transaction, payment: Payment, status: PaymentStatus, reports: list[Report]
) -> None:
    if status.is_under_way:
        tx.payments.save(replace(payment, status=status))
    elif status is PaymentStatus.FINISHED:
        finished = next(one for one in reports if one.known_status is PaymentStatus.FINISHED)
        try:
            _finish(ports, tx, payment, finished)
        except _ReviewNeededError as problem:
            _send_to_review(ports, tx, payment, problem)
    elif status is PaymentStatus.REFUNDED and payment.receipt is not None:
        _reverse(ports, tx, payment, payment.receipt)
    else:
        _end(ports, tx, payment, status)


# ---- finished ------------------------------------------------------------------------------------


def _finish(ports: Ports, tx: Transaction, payment: Payment, report: Report) -> None:
    finish = _judge(ports, tx, payment, report)
    _record_receipt(ports, tx, finish)
    if finish.order.kind is OrderKind.SUBSCRIPTION:
        _grant(ports, tx, finish)
    tx.orders.save(finish.order.ended(OrderState.PAID))
    tx.outbox.add(PaymentCheckDue(payment_id=payment.id), finish.now)


def _judge(ports: Ports, tx: Transaction, payment: Payment, report: Report) -> _Finish:
    """Everything that must hold before a payment counts. Raises _ReviewNeededError."""
    order = tx.orders.lock(payment.order_id) if payment.order_id else None
    if order is None:
        raise _ReviewNeededError(Reason.UNKNOWN_ORDER, f"order {report.order_id!r}")
    times = paid_times(report.pay_amount, report.actually_paid)
    if report.parent_payment_id is not None and (times is None or times < 1):
        raise _ReviewNeededError(Reason.REPEATED_DEPOSIT, f"of {report.parent_payment_id}")
    buys_access = order.kind is OrderKind.SUBSCRIPTION
    if buys_access and is_blocked(tx, order.channel_id, order.telegram_user_id):
        raise _ReviewNeededError(Reason.PAYER_BLOCKED, "the channel's owner has blocked the payer")
    received = _received(ports, report)
    channel = tx.channels.get(order.channel_id)
    if channel is None:
        raise LookupError(f"order {order.id} has no channel")
    bps = ports.policy.fee_bps if channel.fee_bps is None else channel.fee_bps
    split, more = split_fee(received, bps), extra_days(order.days, times)
    return _Finish(payment, order, channel, received, split, ports.clock.now(), more)


def _received(ports: Ports, report: Report) -> Money:
    """The outcome in base units of the settlement asset, exactly as reported."""
    if (report.outcome_currency or "").lower() != ports.policy.provider_currency:
        raise _ReviewNeededError(Reason.WRONG_ASSET, f"outcome in {report.outcome_currency!r}")
    try:
        received = parse_amount(report.outcome_amount or "", ports.policy.settlement_asset)
    except InvalidAmountError as error:
        raise _ReviewNeededError(Reason.BAD_AMOUNT, str(error)) from error
    if received.base_units == 0:
        raise _ReviewNeededError(Reason.BAD_AMOUNT, "nothing was received")
    return received


def _record_receipt(ports: Ports, tx: Transaction, finish: _Finish) -> None:
    """The money's side: receipt, share and ledger."""
    receipt = Receipt(finish.received, finish.split.fee, finish.now, finish.extra_days)
    again = watch(
        finish.now, wait_seconds=ports.policy.republish_seconds, deadline=DEPOSIT_DEADLINE
    )
    tx.payments.save(
        replace(finish.payment, status=PaymentStatus.FINISHED, receipt=receipt, watch=again)
    )
    if finish.split.owner.base_units > 0:
        tx.shares.add(_share(ports, finish))
    posting = ledger.finished(finish.payment.id, finish.channel.id, finish.received, finish.split)
    tx.ledger.post(posting, ports.ids.new(), finish.now)


def _share(ports: Ports, finish: _Finish) -> Share:
    return Share(
        id=ports.ids.new(),
        channel_id=finish.channel.id,
        kind=ShareKind.PAYMENT,
        payment_id=finish.payment.id,
        amount=finish.split.owner,
        state=ShareState.EXPECTED,
        created_at=finish.now,
        watch=None,
    )


def _grant(ports: Ports, tx: Transaction, finish: _Finish) -> None:
    """The person's side: access, its history, and an invite."""
    order = finish.order
    membership = lock_membership(ports, tx, order.channel_id, order.telegram_user_id)
    days = None if order.days is None else order.days + finish.extra_days
    membership, period = membership.extended(days, finish.now)
    tx.memberships.save(membership)
    if period is not None:
        tx.memberships.add_period(
            ports.ids.new(), membership.id, finish.payment.id, period, finish.now
        )
    if finish.extra_days and period is not None:
        person, key = membership.telegram_user_id, str(finish.payment.id)
        facts: Facts = {"order": str(finish.order.id), "days": finish.extra_days}
        tell(ports, tx, person, NoticeKind.PAID_MORE, key, facts)
    if tx.invites.has_live(finish.order.id):
        tell_extended(ports, tx, membership, str(finish.payment.id), is_paid=True)
        return
    invite(ports, tx, membership, finish.payment)


def tell_extended(
    ports: Ports, tx: Transaction, membership: Membership, key: str, *, is_paid: bool
) -> None:
    """Tell a member who needs no invite until when access runs now."""
    ends = membership.access_ends_at
    facts: Facts = {
        "channel": tx.channels.closed_chat(membership.channel_id).title,
        "until": None if ends is None else ends.isoformat(),
        **({} if is_paid else {"granted": 1}),
    }
    tell(ports, tx, membership.telegram_user_id, NoticeKind.ACCESS_EXTENDED, key, facts)


# ---- every other end -----------------------------------------------------------------------------


def _end(ports: Ports, tx: Transaction, payment: Payment, status: PaymentStatus) -> None:
    """Expired, failed, paid in part, or refunded before it ever finished."""
    tx.payments.save(replace(payment, status=status, watch=None))
    order = tx.orders.lock(payment.order_id) if payment.order_id else None
    in_part = status is PaymentStatus.PARTIALLY_PAID
    if in_part:
        review(ports, tx, Finding(Subject.PAYMENT, str(payment.id), Reason.PAID_IN_PART))
    if order is None or order.state is OrderState.PAID or tx.payments.has_other_under_way(payment):
        return
    if not in_part:
        ended = order.state if order.state is not OrderState.OPEN else OrderState.CLOSED
        tx.orders.save(order.ended(ended))
    kind = NoticeKind.PAYMENT_REVIEWED if in_part else NoticeKind.PAYMENT_ENDED
    facts = {"order": str(order.id), "status": status.value}
    tell(ports, tx, order.telegram_user_id, kind, f"{payment.id}:{status.value}", facts)


def _send_to_review(
    ports: Ports, tx: Transaction, payment: Payment, problem: _ReviewNeededError
) -> None:
    tx.payments.save(replace(payment, status=PaymentStatus.REVIEW, watch=None))
    evidence = (("fact", problem.fact), ("provider_payment_id", payment.provider_payment_id))
    review(ports, tx, Finding(Subject.PAYMENT, str(payment.id), problem.reason, evidence))
    order = tx.orders.get(payment.order_id) if payment.order_id else None
    if order is not None:
        facts = {"order": str(order.id), "status": PaymentStatus.REVIEW.value}
        tell(ports, tx, order.telegram_user_id, NoticeKind.PAYMENT_REVIEWED, str(payment.id), facts)


def _reverse(ports: Ports, tx: Transaction, payment: Payment, receipt: Receipt) -> None:
    """Refunded after it finished: an unspent share goes back; access waits for a person."""
    now = ports.clock.now()
    share = tx.shares.lock_of_payment(payment.id)
    tx.payments.save(replace(payment, status=PaymentStatus.REFUNDED, watch=None))
    unspent = share is None or share.state in (ShareState.EXPECTED, ShareState.PENDING)
    if share is not None and unspent:
        tx.shares.save(share.moved(ShareState.REVERSED))
    order = tx.orders.get(payment.order_id) if payment.order_id else None
    if order is not None and unspent:
        split = Split(receipt.received - receipt.fee, receipt.fee)
        posting = ledger.finish_reversed(payment.id, order.channel_id, receipt.received, split)
        tx.ledger.post(posting, ports.ids.new(), now)
    evidence = (
        ("provider_payment_id", payment.provider_payment_id),
        ("share", "none" if share is None else share.state.value),
        ("reversed", "yes" if unspent else "no"),
    )
    finding = Finding(Subject.PAYMENT, str(payment.id), Reason.REFUNDED_AFTER_FINISH, evidence)
    review(ports, tx, finding)
