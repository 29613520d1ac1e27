"""Ask the provider about a payment, and look for its deposit before any money moves.

Access never waits for this. Money does: an owner's share becomes payable only when the provider's
own answer agrees with its callback and the deposit stands in our wallet on the chain.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.ledger import PostingKind
from shared_lib.domain.money import (
    BASIS_POINTS,
    InvalidAmountError,
    Money,
    format_usd,
    parse_amount,
)
from shared_lib.domain.notional import is_too_much, list_value, paid_part
from shared_lib.domain.payment import (
    UNDER_WAY,
    Deposit,
    EventSource,
    Payment,
    PaymentStatus,
    Receipt,
    Report,
    advanced,
    highest_status,
)
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import Share, ShareState, Worth
from shared_lib.domain.watch import Watch, watch
from shared_lib.events import PaymentUpdated
from shared_lib.ports import (
    BadReportError,
    Incoming,
    Ports,
    ProviderError,
    RetryableError,
    Transaction,
    Watched,
)
from shared_lib.usecases.routing import route_of_share
from shared_lib.usecases.setback import put_off, review

SHARE_DEADLINE = timedelta(hours=24)
# Anything else is no transaction of this chain, such as a transfer inside the provider's books.
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the provider and the chain say now; `incoming` is None while nothing is mined.

    `market_cents` is what the received amount is worth, asked once its deposit is there.
    """

    body: str
    report: Report
    incoming: Incoming | None
    market_cents: int = 0


def check_payment(ports: Ports, payment_id: UUID) -> None:
    """Look after one payment that is not done. Only reads outside; safe to repeat."""
    with ports.database.transaction() as tx:
        payment = tx.payments.get(payment_id)
        if payment is None or payment.watch is None:
            return
        if _has_unapplied_reports(ports, tx, payment):
            _ask_to_apply(ports, tx, payment)
            return
    try:
        answer = _ask(ports, payment)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            put_off(ports, tx, Watched.PAYMENT, payment_id, error)
        return
    with ports.database.transaction() as tx:
        fresh = tx.payments.lock(payment_id)
        if fresh is not None and fresh.watch is not None:
            _record(ports, tx, fresh, answer)


def _has_unapplied_reports(ports: Ports, tx: Transaction, payment: Payment) -> bool:
    reports = [ports.provider.read_report(body) for body in tx.payments.bodies(payment.id)]
    return advanced(payment.status, highest_status(reports)) is not payment.status


def _ask_to_apply(ports: Ports, tx: Transaction, payment: Payment) -> None:
    """A report is stored and its event was lost: publish it again."""
    now = ports.clock.now()
    tx.watches.wait(
        Watched.PAYMENT, payment.id, now + timedelta(seconds=ports.policy.republish_seconds)
    )
    tx.reviews.close(Subject.PAYMENT, str(payment.id), Reason.FAILING_FOR_A_DAY, now)
    tx.outbox.add(PaymentUpdated(payment_id=payment.id), now)


def _ask(ports: Ports, payment: Payment) -> _Answer:
    body = ports.provider.payment(payment.provider_payment_id)
    try:
        report = ports.provider.read_report(body)
    except BadReportError as error:
        raise RetryableError(f"unreadable answer: {error}") from error
    incoming = None
    if payment.receipt is not None and _HASH.fullmatch(report.payout_hash or ""):
        incoming = ports.chain.incoming(
            report.payout_hash or "", ports.policy.host_wallet, payment.receipt.received.asset
        )
    if payment.receipt is None or not _has_arrived(ports, incoming):
        return _Answer(body, report, incoming)
    cents = ports.provider.usd_cents(payment.receipt.received)
    return _Answer(body, report, incoming, cents)


def _has_arrived(ports: Ports, incoming: Incoming | None) -> bool:
    return incoming is not None and incoming.confirmations >= ports.policy.confirmations


def _record(ports: Ports, tx: Transaction, payment: Payment, answer: _Answer) -> None:
    reported = answer.report.known_status
    if answer.report.provider_payment_id != payment.provider_payment_id:
        _disagree(ports, tx, payment, "the answer is about another payment")
    elif reported is None:
        put_off(ports, tx, Watched.PAYMENT, payment.id, f"unknown status {answer.report.status!r}")
    elif advanced(payment.status, reported) is not payment.status:
        tx.payments.store_report(payment, answer.body, EventSource.POLL, ports.clock.now())
        _ask_to_apply(ports, tx, payment)
    elif payment.receipt is None:
        _look_again(ports, tx, payment)
    else:
        _seek_deposit(ports, tx, payment, payment.receipt, answer)


def _look_again(ports: Ports, tx: Transaction, payment: Payment) -> None:
    """The pause grows with the payment's age, which doubles it each time, up to its limit."""
    now = ports.clock.now()
    policy = ports.policy
    age_seconds = (now - payment.created_at).total_seconds()
    pause = min(max(policy.payment_check_seconds, age_seconds), policy.payment_check_most_seconds)
    tx.watches.wait(Watched.PAYMENT, payment.id, now + timedelta(seconds=pause))
    tx.reviews.close(Subject.PAYMENT, str(payment.id), Reason.FAILING_FOR_A_DAY, now)


# ---- the deposit of a finished payment -----------------------------------------------------------


def _seek_deposit(
    ports: Ports, tx: Transaction, payment: Payment, receipt: Receipt, answer: _Answer
) -> None:
    now = ports.clock.now()
    if answer.report.known_status in UNDER_WAY:
        # The provider's answers may lag behind its callbacks: that is no contradiction.
        tx.watches.wait(Watched.PAYMENT, payment.id, now + _deposit_pause(ports, receipt, now))
        return
    disagreement = _disagreement(ports, payment, receipt, answer.report)
    if disagreement is not None:
        _disagree(ports, tx, payment, disagreement)
        return
    incoming, tx_hash = answer.incoming, (answer.report.payout_hash or "").lower()
    if incoming is None or not _has_arrived(ports, incoming):
        tx.watches.wait(Watched.PAYMENT, payment.id, now + _deposit_pause(ports, receipt, now))
    elif not incoming.succeeded or incoming.amount.base_units == 0:
        # An internal transfer looks like this too. Waiting may bring another hash; then a person.
        put_off(ports, tx, Watched.PAYMENT, payment.id, f"{tx_hash} paid nothing to our wallet")
    elif tx.ledger.is_counted(tx_hash):
        _to_review(ports, tx, payment, Reason.DEPOSIT_COUNTED_TWICE, tx_hash)
    elif not _close_enough(receipt.received, incoming.amount, ports.policy.deposit_tolerance_bps):
        fact = f"announced {receipt.received}, arrived {incoming.amount} in {tx_hash}"
        _to_review(ports, tx, payment, Reason.DEPOSIT_DIFFERS, fact)
    else:
        _judge_worth(ports, tx, payment, receipt, Deposit(tx_hash, now), answer)


def _deposit_pause(ports: Ports, receipt: Receipt, now: datetime) -> timedelta:
    """Short while the deposit is due, longer the longer it does not come."""
    policy = ports.policy
    growing = (now - receipt.finished_at).total_seconds() / 8
    least, most = policy.transfer_check_seconds, policy.payment_check_most_seconds
    return timedelta(seconds=min(max(least, growing), most))


def _disagreement(ports: Ports, payment: Payment, receipt: Receipt, report: Report) -> str | None:
    """How the provider's answer contradicts the callback that we credited, or None."""
    if report.known_status is not PaymentStatus.FINISHED:
        return f"the provider says {report.status!r}"
    if (report.order_id or "") != str(payment.order_id):
        return f"the provider names order {report.order_id!r}"
    if (report.outcome_currency or "").lower() != ports.policy.provider_currency:
        return f"the provider settles in {report.outcome_currency!r}"
    try:
        outcome = parse_amount(report.outcome_amount or "", receipt.received.asset)
    except InvalidAmountError as error:
        return str(error)
    return None if outcome == receipt.received else f"the provider says {outcome}"


def _close_enough(announced: Money, arrived: Money, tolerance_bps: int) -> bool:
    difference = abs((announced - arrived).base_units)
    return difference * BASIS_POINTS <= announced.base_units * tolerance_bps


def _judge_worth(
    ports: Ports,
    tx: Transaction,
    payment: Payment,
    receipt: Receipt,
    deposit: Deposit,
    answer: _Answer,
) -> None:
    """Money that is worth more than its payer was asked for has wrong units, or needs a person."""
    order = tx.orders.get(payment.order_id) if payment.order_id else None
    price = order.price_cents if order else 0
    paid = paid_part(answer.report.pay_amount, answer.report.actually_paid)
    asked = list_value(price, paid)
    if is_too_much(answer.market_cents, asked, ports.policy.notional_tolerance_bps):
        fact = f"worth {format_usd(answer.market_cents)}, asked for {format_usd(asked)}"
        _to_review(ports, tx, payment, Reason.NOTIONAL_TOO_HIGH, fact)
        return
    whole = Worth(list_cents=asked, market_cents=answer.market_cents)
    arrived = answer.incoming.amount if answer.incoming else receipt.received
    _credit(ports, tx, payment, receipt, deposit, arrived, whole)


def _credit(
    ports: Ports,
    tx: Transaction,
    payment: Payment,
    receipt: Receipt,
    deposit: Deposit,
    arrived: Money,
    whole: Worth,
) -> None:
    """The money is in our wallet: the share may be paid out now."""
    now = deposit.seen_at
    if not tx.ledger.count(deposit.hash, PostingKind.DEPOSIT_SEEN, str(payment.id), now):
        _to_review(ports, tx, payment, Reason.DEPOSIT_COUNTED_TWICE, deposit.hash)
        return
    tx.payments.save(replace(payment, deposit=deposit, watch=None))
    tx.ledger.post(ledger.deposit_seen(payment.id, receipt.received, arrived), ports.ids.new(), now)
    share = tx.shares.lock_of_payment(payment.id)
    if share is not None and share.state is ShareState.EXPECTED:
        worth = _worth_of_share(receipt, share, whole)
        pending = share.moved(ShareState.PENDING, _share_watch(ports, now))
        tx.shares.save(replace(pending, worth=worth))
        tx.outbox.add(route_of_share(tx, share.channel_id, share.amount.asset), now)
    tx.reviews.close(Subject.PAYMENT, str(payment.id), Reason.FAILING_FOR_A_DAY, now)
    tx.reviews.close(Subject.PAYMENT, str(payment.id), Reason.OVERDUE, now)


def _worth_of_share(receipt: Receipt, share: Share, whole: Worth) -> Worth:
    """List and market value of the owner's part, each by its own way.

    The list's part follows from the fee, the market's from the share's amount, so that a share with
    the fee still in it is worth more than it should be.
    """
    received = receipt.received
    net = (received - receipt.fee).base_units
    return Worth(
        list_cents=whole.part(net, received.base_units).list_cents,
        market_cents=whole.part(share.amount.base_units, received.base_units).market_cents,
    )


def _share_watch(ports: Ports, now: datetime) -> Watch:
    return watch(now, wait_seconds=ports.policy.republish_seconds, deadline=SHARE_DEADLINE)


def _disagree(ports: Ports, tx: Transaction, payment: Payment, fact: str) -> None:
    _to_review(ports, tx, payment, Reason.PROVIDER_DISAGREES, fact)


def _to_review(ports: Ports, tx: Transaction, payment: Payment, reason: Reason, fact: str) -> None:
    tx.payments.save(replace(payment, status=PaymentStatus.REVIEW, watch=None))
    review(ports, tx, Finding(Subject.PAYMENT, str(payment.id), reason, (("fact", fact),)))
