"""Follow a funded swap until its money is somewhere for sure: with the owner, or back with us.

The provider's word ends a swap only where money reached the owner. Money counts as back when it is
seen at our wallet on the chain. Everything else, also *failed* and words that we do not know, means
that it is still on its way: no second swap, and a person after a day.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.ledger import PostingKind
from shared_lib.domain.payout import Payout
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.swap import (
    Exchange,
    ExchangeReport,
    ExchangeStatus,
    Outcome,
    Swap,
    SwapState,
    pays_less,
)
from shared_lib.domain.transfer import TransferState
from shared_lib.ports import (
    Incoming,
    Ports,
    ProviderError,
    SwapEventKind,
    Transaction,
    Watched,
)
from shared_lib.usecases.rates import Bucket, pause_after, take_swap_calls
from shared_lib.usecases.returning import return_money
from shared_lib.usecases.setback import review, trouble
from shared_lib.usecases.settling import settle_conversion, settle_payout

_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
# A fixed rate is a promise; less than a thousandth is the provider's rounding.
_PROMISE_TOLERANCE_BPS = 10


@dataclass(frozen=True, slots=True)
class _View:
    """What the provider says, and what the chain shows of the transaction to us that it names."""

    report: ExchangeReport
    incoming: Incoming | None


def check_swap(ports: Ports, swap_id: UUID) -> None:
    """Look once, and record what is seen. Repeating it, or two at once, ends the swap once."""
    with ports.database.transaction() as tx:
        swap = tx.swaps.get(swap_id)
        known = tx.payouts.get(swap.payout_id) if swap is not None else None
        if swap is not None and swap.state is SwapState.CREATED:
            _wait(ports, tx, swap)  # its transfer is what goes on, or ends it
    if swap is None or swap.state is not SwapState.FUNDED or swap.exchange is None:
        return
    is_ours = known is not None and known.is_conversion
    try:
        view = _look(ports, swap, swap.exchange, pays_us=is_ours)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            trouble(ports, tx, Watched.SWAP, swap_id, error)
            pause_after(tx, Bucket.CHANGENOW, error, ports.clock.now())
        return
    with ports.database.transaction() as tx:
        payout = tx.payouts.lock(swap.payout_id)
        fresh = tx.swaps.lock(swap_id)
        if payout is not None and fresh is not None and fresh.state is SwapState.FUNDED:
            _record(ports, tx, payout, fresh, view)


def _look(ports: Ports, swap: Swap, exchange: Exchange, *, pays_us: bool) -> _View:
    take_swap_calls(ports, 1)
    report = ports.swaps.exchange(exchange.id, swap.sold.asset, swap.target.asset)
    is_finished = report.status == ExchangeStatus.FINISHED
    incoming = None
    if not is_finished and _HASH.fullmatch(report.refund_hash or ""):
        incoming = ports.chain.incoming(
            report.refund_hash or "", ports.policy.host_wallet, swap.sold.asset
        )
    elif is_finished and pays_us and _HASH.fullmatch(report.payout_hash or ""):
        incoming = ports.chain.incoming(
            report.payout_hash or "", swap.target.address, swap.target.asset
        )
    return _View(report, incoming)


def _record(ports: Ports, tx: Transaction, payout: Payout, swap: Swap, view: _View) -> None:
    swap = _noted(ports, tx, swap, view.report)
    transfer = tx.transfers.of_swap(swap.id)
    is_funded = transfer is not None and transfer.state is TransferState.CONFIRMED
    outcome = _received(ports, view) if payout.is_conversion else _outcome(view.report)
    if is_funded and outcome is not None:
        _finish(ports, tx, payout, swap, outcome)
    elif is_funded and view.report.status != ExchangeStatus.FINISHED and _is_here(ports, view):
        _take_back(ports, tx, payout, swap, view)
    else:
        tx.swaps.save(swap)
        _wait(ports, tx, swap)


def _noted(ports: Ports, tx: Transaction, swap: Swap, report: ExchangeReport) -> Swap:
    """Keep a changed status word for word, and show what a person should know."""
    now = ports.clock.now()
    if report.status != swap.provider_status:
        tx.swaps.keep(swap.id, SwapEventKind.STATUS, report.body, now)
    if report.was_paid_again:
        _show(ports, tx, swap, Reason.SWAP_PAID_AGAIN, (("exchange", report.id),))
    for reason in (Reason.REFUSED_BY_PROVIDER, Reason.FAILING_FOR_A_DAY):
        tx.reviews.close(Subject.SWAP, str(swap.id), reason, now)
    return replace(swap, provider_status=report.status)


def _outcome(report: ExchangeReport) -> Outcome | None:
    """What reached the owner, once the provider says how much and by which transaction."""
    is_finished = report.status == ExchangeStatus.FINISHED
    if not is_finished or report.bought is None or report.payout_hash is None:
        return None
    return Outcome(report.bought, report.payout_hash)


def _received(ports: Ports, view: _View) -> Outcome | None:
    """What reached our own wallet, once the chain shows it deep enough; the word is not enough."""
    is_finished = view.report.status == ExchangeStatus.FINISHED
    if not is_finished or view.incoming is None or not _is_here(ports, view):
        return None
    return Outcome(view.incoming.amount, (view.report.payout_hash or "").lower())


def _finish(ports: Ports, tx: Transaction, payout: Payout, swap: Swap, outcome: Outcome) -> None:
    """The owner has the coin, or we hold it for the owners: the swap has done what it was for."""
    now = ports.clock.now()
    if payout.is_conversion and not tx.ledger.count(
        outcome.hash, PostingKind.CONVERTED, str(payout.id), now
    ):
        _show(ports, tx, swap, Reason.CONVERSION_COUNTED_TWICE, (("hash", outcome.hash),))
        tx.swaps.save(swap)
        _wait(ports, tx, swap)
        return
    tx.swaps.save(replace(swap.moved(SwapState.FINISHED, None), outcome=outcome))
    promised = swap.exchange.promised if swap.exchange else outcome.amount
    if pays_less(promised, outcome.amount, _PROMISE_TOLERANCE_BPS):
        evidence = (("promised", str(promised)), ("arrived", str(outcome.amount)))
        _show(ports, tx, swap, Reason.SWAP_PAID_LESS, evidence)
    if payout.is_conversion:
        settle_conversion(ports, tx, payout, swap.sold, outcome.amount)
    else:
        settle_payout(ports, tx, payout, swap.sold, outcome.amount)
    tx.reviews.close(Subject.SWAP, str(swap.id), Reason.OVERDUE, now)


def _is_here(ports: Ports, view: _View) -> bool:
    """Money is with us when the chain shows it at our wallet, deep enough."""
    incoming = view.incoming
    return (
        incoming is not None
        and incoming.succeeded
        and incoming.amount.base_units > 0
        and incoming.confirmations >= ports.policy.confirmations
    )


def _take_back(ports: Ports, tx: Transaction, payout: Payout, swap: Swap, view: _View) -> None:
    """What arrived is the owner's again; what is missing of it is shown as the owner's loss."""
    tx_hash = (view.report.refund_hash or "").lower()
    arrived = view.incoming.amount if view.incoming else swap.sold
    now = ports.clock.now()
    if not tx.ledger.count(tx_hash, PostingKind.REFUND_SEEN, str(swap.id), now):
        _show(ports, tx, swap, Reason.REFUND_COUNTED_TWICE, (("hash", tx_hash),))
        tx.swaps.save(swap)
        _wait(ports, tx, swap)
        return
    refunded = swap.moved(SwapState.REFUNDED, None)
    tx.swaps.save(replace(refunded, outcome=Outcome(arrived, tx_hash)))
    losses = return_money(ports, tx, payout, ledger.loss(swap.sold, arrived))
    posting = ledger.refund_seen(swap.id, losses, swap.sold, arrived)
    tx.ledger.post(posting, ports.ids.new(), now)
    tx.reviews.close(Subject.SWAP, str(swap.id), Reason.OVERDUE, now)


def _wait(ports: Ports, tx: Transaction, swap: Swap) -> None:
    """Waiting is no failure; the deadline stays."""
    soon = ports.clock.now() + timedelta(seconds=ports.policy.swap_check_seconds)
    tx.watches.wait(Watched.SWAP, swap.id, soon)


def _show(
    ports: Ports, tx: Transaction, swap: Swap, reason: Reason, evidence: tuple[tuple[str, str], ...]
) -> None:
    review(ports, tx, Finding(Subject.SWAP, str(swap.id), reason, evidence))
