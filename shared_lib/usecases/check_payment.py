"""Ask the provider about a payment, and look for its deposit before any money moves.

Access never waits for this. Money does: an owner's share becomes payable only when the provider's
own answer agrees with its callback and the deposit stands in our wallet on the chain.

A payment in part is looked after until its payer has paid the rest, or has got something for it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.credit import Credit, CreditState
from shared_lib.domain.ledger import Posting, PostingKind
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
    is_transaction_hash,
    paid_times,
)
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import Share, ShareState, Worth
from shared_lib.domain.watch import Watch, growing_pause, watch
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
from shared_lib.usecases import crediting
from shared_lib.usecases.routing import route_of_share
from shared_lib.usecases.setback import close_delays, put_off, review
from shared_lib.usecases.topping_up import ask_payer

SHARE_DEADLINE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Announced:
    """What the provider said it received, and since when its deposit is waited for."""

    received: Money
    since: datetime


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
    """Look after one payment that is not done; safe to repeat. Raises LeaseHeldError."""
    with ports.database.transaction() as tx:
        payment = tx.payments.get(payment_id)
        if payment is None or payment.watch is None:
            return
        credit = _credit_of(tx, payment)
        is_due = credit is not None and crediting.is_due(credit, ports.clock.now())
        if is_due or _has_unapplied_reports(ports, tx, payment):
            _ask_to_apply(ports, tx, payment)
            return
    problem = _ask_for_the_rest(ports, credit)
    if problem is not None:
        with ports.database.transaction() as tx:
            put_off(ports, tx, Watched.PAYMENT, payment_id, problem)
        return
    try:
        answer = _ask(ports, payment, _announced(payment, credit))
    except ProviderError as error:
        with ports.database.transaction() as tx:
            put_off(ports, tx, Watched.PAYMENT, payment_id, error)
        return
    with ports.database.transaction() as tx:
        fresh = tx.payments.lock(payment_id)
        if fresh is not None and fresh.watch is not None:
            _record(ports, tx, fresh, answer)


def _credit_of(tx: Transaction, payment: Payment) -> Credit | None:
    """What the payment was kept as, while it has bought nothing."""
    if payment.status.is_under_way or payment.receipt is not None:
        return None
    return tx.credits.of_payment(payment.id)


def _ask_for_the_rest(ports: Ports, credit: Credit | None) -> ProviderError | None:
    if credit is None or credit.state is not CreditState.OPEN:
        return None
    return ask_payer(ports, credit)


def _announced(payment: Payment, credit: Credit | None) -> _Announced | None:
    if payment.receipt is not None:
        return _Announced(payment.receipt.received, payment.receipt.finished_at)
    return None if credit is None else _Announced(credit.amount, credit.created_at)


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


def _ask(ports: Ports, payment: Payment, announced: _Announced | None) -> _Answer:
    body = ports.provider.payment(payment.provider_payment_id)
    try:
        report = ports.provider.read_report(body)
    except BadReportError as error:
        raise RetryableError(f"unreadable answer: {error}") from error
    incoming = None
    tx_hash = _deposit_hash(payment, report)
    if announced is not None and is_transaction_hash(tx_hash):
        asset = announced.received.asset
        incoming = ports.chain.incoming(tx_hash, ports.policy.host_wallet, asset)
    if announced is None or not _has_arrived(ports, incoming):
        return _Answer(body, report, incoming)
    cents = ports.provider.usd_cents(announced.received)
    return _Answer(body, report, incoming, cents)


def _deposit_hash(payment: Payment, report: Report) -> str:
    """The transaction that is said to have brought the money; an operator's word comes first."""
    return payment.named_deposit or (report.payout_hash or "").lower()


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
    else:
        credit = _credit_of(tx, payment)
        announced = _announced(payment, credit)
        if announced is None:
            _look_again(ports, tx, payment, None)
        elif credit is not None and payment.deposit is not None:
            _rest(ports, tx, payment, credit)
        else:
            _seek_deposit(ports, tx, payment, announced, answer)


def _look_again(ports: Ports, tx: Transaction, payment: Payment, credit: Credit | None) -> None:
    """The older a payment is, the longer is the pause; a credit's time is never slept through."""
    now, policy = ports.clock.now(), ports.policy
    least, most = policy.payment_check_seconds, policy.payment_check_most_seconds
    next_at = now + growing_pause(now - payment.created_at, least, most)
    if credit is not None and credit.state is CreditState.OPEN:
        next_at = min(next_at, max(now, credit.until))
    tx.watches.wait(Watched.PAYMENT, payment.id, next_at)
    tx.reviews.close(Subject.PAYMENT, str(payment.id), Reason.FAILING_FOR_A_DAY, now)


def _rest(ports: Ports, tx: Transaction, payment: Payment, credit: Credit) -> None:
    """Its deposit is seen: until its time comes, or, with a person, for as long as that takes."""
    if credit.state is CreditState.TO_REFUND:
        tx.payments.save(replace(payment, watch=None))
    else:
        _look_again(ports, tx, payment, credit)


# ---- the deposit of what was paid ----------------------------------------------------------------


def _seek_deposit(
    ports: Ports, tx: Transaction, payment: Payment, announced: _Announced, answer: _Answer
) -> None:
    now = ports.clock.now()
    if answer.report.known_status in UNDER_WAY:
        # The provider's answers may lag behind its callbacks: that is no contradiction.
        tx.watches.wait(Watched.PAYMENT, payment.id, now + _deposit_pause(ports, announced, now))
        return
    received = announced.received
    disagreement = _disagreement(ports, payment, received, answer.report)
    if disagreement is not None and Reason.PROVIDER_DISAGREES not in payment.accepted:
        _disagree(ports, tx, payment, disagreement)
        return
    incoming, tx_hash = answer.incoming, _deposit_hash(payment, answer.report)
    if incoming is None or not _has_arrived(ports, incoming):
        tx.watches.wait(Watched.PAYMENT, payment.id, now + _deposit_pause(ports, announced, now))
    elif not incoming.succeeded or (incoming.is_nothing and not payment.is_vouched_for(tx_hash)):
        # An internal transfer looks like this too. Waiting may bring another hash; then a person.
        put_off(ports, tx, Watched.PAYMENT, payment.id, f"{tx_hash} paid nothing to our wallet")
    elif not _is_own(payment, tx_hash) and tx.ledger.is_counted(tx_hash):
        _to_review(ports, tx, payment, Reason.DEPOSIT_COUNTED_TWICE, tx_hash)
    elif not _is_accepted(ports, payment, received, incoming.amount):
        fact = f"announced {received}, arrived {incoming.amount} in {tx_hash}"
        _to_review(ports, tx, payment, Reason.DEPOSIT_DIFFERS, fact)
    else:
        _judge_worth(ports, tx, payment, received, Deposit(tx_hash, now), answer)


def _is_own(payment: Payment, tx_hash: str) -> bool:
    """Whether this deposit is booked as the payment's already, when it was its payer's credit."""
    return payment.deposit is not None and payment.deposit.hash == tx_hash


def _deposit_pause(ports: Ports, announced: _Announced, now: datetime) -> timedelta:
    """Short while the deposit is due, longer the longer it does not come."""
    policy = ports.policy
    least, most = policy.transfer_check_seconds, policy.payment_check_most_seconds
    return growing_pause((now - announced.since) / 8, least, most)


def _disagreement(ports: Ports, payment: Payment, received: Money, report: Report) -> str | None:
    """How the provider's answer contradicts the callback that we credited, or None."""
    if report.known_status is not payment.status:
        return f"the provider says {report.status!r}"
    if (report.order_id or "") != str(payment.order_id):
        return f"the provider names order {report.order_id!r}"
    currency = ports.policy.provider_currency(received.asset)
    if (report.outcome_currency or "").lower() != currency:
        return f"the provider settles in {report.outcome_currency!r}"
    try:
        outcome = parse_amount(report.outcome_amount or "", received.asset)
    except InvalidAmountError as error:
        return str(error)
    return None if outcome == received else f"the provider says {outcome}"


def _is_accepted(ports: Ports, payment: Payment, received: Money, arrived: Money) -> bool:
    if Reason.DEPOSIT_DIFFERS in payment.accepted:
        return True
    return _close_enough(received, arrived, ports.policy.deposit_tolerance_bps)


def _close_enough(announced: Money, arrived: Money, tolerance_bps: int) -> bool:
    difference = abs((announced - arrived).base_units)
    return difference * BASIS_POINTS <= announced.base_units * tolerance_bps


def _judge_worth(
    ports: Ports,
    tx: Transaction,
    payment: Payment,
    received: Money,
    deposit: Deposit,
    answer: _Answer,
) -> None:
    """Money that is worth more than its payer was asked for has wrong units, or needs a person."""
    order = tx.orders.get(payment.order_id) if payment.order_id else None
    price = order.price_cents if order else 0
    paid = _paid_part(payment, answer.report)
    asked = list_value(price, paid)
    if Reason.NOTIONAL_TOO_HIGH in payment.accepted:
        asked = max(asked, answer.market_cents)
    if is_too_much(answer.market_cents, asked, ports.policy.notional_tolerance_bps):
        fact = f"worth {format_usd(answer.market_cents)}, asked for {format_usd(asked)}"
        _to_review(ports, tx, payment, Reason.NOTIONAL_TOO_HIGH, fact)
        return
    whole = Worth(list_cents=asked, market_cents=answer.market_cents)
    arrived = received
    if answer.incoming is not None and not answer.incoming.is_nothing:
        arrived = answer.incoming.amount
    if payment.deposit is not None or _book_deposit(
        ports, tx, payment, ledger.deposit_seen(payment.id, received, arrived), deposit
    ):
        _release(ports, tx, payment, deposit, whole)


def _paid_part(payment: Payment, report: Report) -> Fraction:
    """How many times its price was paid: of a payment in full at least once."""
    if payment.status is PaymentStatus.FINISHED and report.parent_payment_id is None:
        return paid_part(report.pay_amount, report.actually_paid)
    return paid_times(report.pay_amount, report.actually_paid) or Fraction(1)


def _book_deposit(
    ports: Ports, tx: Transaction, payment: Payment, seen: Posting, deposit: Deposit
) -> bool:
    """Book what stands in our wallet, unless it is booked as something else."""
    now = deposit.seen_at
    if not tx.ledger.count(deposit.hash, PostingKind.DEPOSIT_SEEN, str(payment.id), now):
        _to_review(ports, tx, payment, Reason.DEPOSIT_COUNTED_TWICE, deposit.hash)
        return False
    tx.ledger.post(seen, ports.ids.new(), now)
    return True


def _release(
    ports: Ports, tx: Transaction, payment: Payment, deposit: Deposit, whole: Worth
) -> None:
    """The money is in our wallet: the share may be paid out now. A credit waits for its payer."""
    now = deposit.seen_at
    credit = _credit_of(tx, payment)
    held = replace(payment, deposit=payment.deposit or deposit)
    if credit is None:
        tx.payments.save(replace(held, watch=None))
    else:
        tx.payments.save(held)
        _rest(ports, tx, held, credit)
    share = tx.shares.lock_of_payment(payment.id)
    if share is not None and payment.receipt is not None and share.state is ShareState.EXPECTED:
        worth = _worth_of_share(payment.receipt, share, whole)
        pending = share.moved(ShareState.PENDING, _share_watch(ports, now))
        tx.shares.save(replace(pending, worth=worth))
        tx.outbox.add(route_of_share(tx, share.channel_id, share.amount.asset), now)
    close_delays(ports, tx, Subject.PAYMENT, payment.id)


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
    tx.payments.save(payment.to_review())
    review(ports, tx, Finding(Subject.PAYMENT, str(payment.id), reason, (("fact", fact),)))
