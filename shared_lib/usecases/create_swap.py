"""Make the exchange that a quote promises, and ask for the transfer that funds it.

Making one cannot be asked for twice with the same words: each call that arrives makes another. So a
swap makes one call at most. Where its answer is not known, that swap is abandoned and a new one
begins; only an exchange whose answer was recorded, field by field as asked for, is ever funded.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared_lib.domain.address import AddressProblemError, normal_address
from shared_lib.domain.payout import Payout, PayoutState, WaitingFor
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.swap import (
    Abandoned,
    Exchange,
    ExchangeEcho,
    ExchangeOrder,
    Swap,
    SwapState,
    echo_differences,
    promise_ends,
)
from shared_lib.domain.transfer import Transfer, TransferState
from shared_lib.domain.watch import Watch
from shared_lib.events import SwapRequested, TransferRequested
from shared_lib.ports import (
    AddressRefusedError,
    Lease,
    Leased,
    LeaseLostError,
    Ports,
    ProviderError,
    RateExpiredError,
    SwapEventKind,
    Transaction,
    UnknownOutcomeError,
    Watched,
)
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.quote_swap import reason_to_wait
from shared_lib.usecases.rates import Bucket, pause_after, take_swap_calls
from shared_lib.usecases.returning import (
    PAYOUT_DEADLINE,
    begin_swap,
    fresh_watch,
    give_up,
    keep_trying,
    look_again,
    stand_down,
)
from shared_lib.usecases.sending import is_quote_dead
from shared_lib.usecases.setback import (
    after_failure,
    put_off,
    review,
    tell_after_a_day,
    trouble,
)


def create_swap(ports: Ports, swap_id: UUID) -> None:
    """Ask once for the exchange. Repeating it, or two at once, funds one exchange at most."""
    with ports.database.transaction() as tx:
        known = tx.swaps.get(swap_id)
        payout = tx.payouts.lock(known.payout_id) if known else None
        if payout is None:
            return
        lease = claim(ports, tx, Leased.SWAP, swap_id)
        swap = _intend(ports, tx, payout, swap_id)
        if swap is None or swap.terms is None:
            tx.leases.release(lease)
            return
    order = ExchangeOrder(swap.terms.fixed, swap.target, ports.policy.host_wallet)
    try:
        take_swap_calls(ports, 1)
    except ProviderError as error:
        _record_failure(ports, lease, swap, error)
        return
    require_time(ports, lease)
    asked_at = ports.clock.now()
    try:
        echo = ports.swaps.create_exchange(order)
    except ProviderError as error:
        _record_failure(ports, lease, swap, error)
    else:
        _record(ports, lease, swap, _Answer(order, echo, asked_at))


def _intend(ports: Ports, tx: Transaction, payout: Payout, swap_id: UUID) -> Swap | None:
    """The swap as *creating*, which is committed before the call; None if there is no call to make.

    One that is *creating* already made its call in a delivery that died: its answer is lost.
    """
    swap = tx.swaps.lock(swap_id)
    if swap is None:
        return None
    if swap.state is SwapState.CREATING:
        _begin_again(ports, tx, payout, swap, UnknownOutcomeError("the process died"))
        return None
    if swap.state is not SwapState.QUOTED:
        return None
    if is_quote_dead(ports, swap):
        _back_to_quoting(ports, tx, swap)
        tx.outbox.add(SwapRequested(swap_id=swap.id), ports.clock.now())
        return None
    creating = swap.moved(SwapState.CREATING, keep_trying(ports, swap.watch))
    tx.swaps.save(creating)
    return creating


def _back_to_quoting(ports: Ports, tx: Transaction, swap: Swap) -> None:
    """No exchange was made of the quote, so that the swap itself can take another."""
    tx.swaps.save(
        replace(swap.moved(SwapState.QUOTING, keep_trying(ports, swap.watch)), terms=None)
    )


# ---- an answer -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was asked for and when, and what was answered."""

    order: ExchangeOrder
    echo: ExchangeEcho
    asked_at: datetime


def _record(ports: Ports, lease: Lease, known: Swap, answer: _Answer) -> None:
    with ports.database.transaction() as tx:
        payout = tx.payouts.lock(known.payout_id)
        swap = tx.swaps.lock(known.id) if tx.leases.holds(lease) else None
        is_ours = swap is not None and swap.state is SwapState.CREATING
        if payout is not None and swap is not None and is_ours:
            _adopt(ports, tx, payout, swap, answer)
            tx.leases.release(lease)
            return
        # An exchange that nobody will fund: kept as evidence, never acted on.
        tx.swaps.keep(known.id, SwapEventKind.ORPHAN, answer.echo.id, ports.clock.now())
    raise LeaseLostError(f"swap {known.id} went on without this answer")


def _adopt(ports: Ports, tx: Transaction, payout: Payout, swap: Swap, answer: _Answer) -> None:
    """Take the exchange if it is exactly what was asked for; else a person has to look."""
    now, order, echo = ports.clock.now(), answer.order, answer.echo
    differences = [*echo_differences(order, echo), *_payin_problems(echo)]
    if differences or swap.terms is None:
        _show_differences(ports, tx, payout, swap, echo, differences)
        return
    tx.swaps.keep(swap.id, SwapEventKind.CREATED, echo.id, now)
    exchange = Exchange(
        id=echo.id,
        payin_address=normal_address("eth", echo.payin_address),
        promised=swap.terms.fixed.quote.bought,
        valid_until=promise_ends(order.fixed, echo, answer.asked_at),
    )
    created = swap.moved(SwapState.CREATED, fresh_watch(ports, now, PAYOUT_DEADLINE))
    tx.swaps.save(replace(created, exchange=exchange))
    for reason in (Reason.REFUSED_BY_PROVIDER, Reason.FAILING_FOR_A_DAY):
        tx.reviews.close(Subject.SWAP, str(swap.id), reason, now)
        tx.reviews.close(Subject.PAYOUT, str(payout.id), reason, now)
    _request_transfer(ports, tx, payout, swap, exchange)


def _payin_problems(echo: ExchangeEcho) -> list[str]:
    """Money that goes to an address with a wrong checksum is gone."""
    try:
        normal_address("eth", echo.payin_address)
    except AddressProblemError:
        return ["payinAddress"]
    return []


def _show_differences(
    ports: Ports,
    tx: Transaction,
    payout: Payout,
    swap: Swap,
    echo: ExchangeEcho,
    differences: list[str],
) -> None:
    now = ports.clock.now()
    tx.swaps.keep(swap.id, SwapEventKind.DIFFERENCE, f"{echo.id}: {', '.join(differences)}", now)
    tx.swaps.save(swap.moved(SwapState.REVIEW, None))
    tx.payouts.save(payout.moved(PayoutState.REVIEW, None))
    evidence = (("exchange", echo.id), ("fields", ", ".join(differences)))
    review(ports, tx, Finding(Subject.SWAP, str(swap.id), Reason.ECHO_DIFFERS, evidence))


def _request_transfer(
    ports: Ports, tx: Transaction, payout: Payout, swap: Swap, exchange: Exchange
) -> None:
    """One transfer of exactly what the exchange was made for, to its pay-in."""
    now = ports.clock.now()
    tx.payouts.save(payout.moved(PayoutState.SENDING, look_again(ports, payout.watch)))
    transfer = Transfer(
        id=ports.ids.new(),
        payout_id=payout.id,
        swap_id=swap.id,
        wallet_address=ports.policy.host_wallet,
        amount=swap.sold,
        destination=exchange.payin_address,
        state=TransferState.REQUESTED,
        created_at=now,
        watch=fresh_watch(ports, now, PAYOUT_DEADLINE),
    )
    tx.transfers.add(transfer)
    tx.outbox.add(TransferRequested(transfer_id=transfer.id), now)


# ---- no answer, or a refusal ---------------------------------------------------------------------


def _record_failure(ports: Ports, lease: Lease, known: Swap, error: ProviderError) -> None:
    with ports.database.transaction() as tx:
        payout = tx.payouts.lock(known.payout_id)
        require(tx, lease)
        swap = tx.swaps.lock(known.id)
        tx.leases.release(lease)
        if payout is None or swap is None or swap.state is not SwapState.CREATING:
            return
        waiting_for = _waiting_for(error)
        if isinstance(error, UnknownOutcomeError):
            _begin_again(ports, tx, payout, swap, error)
        elif isinstance(error, RateExpiredError):
            _back_to_quoting(ports, tx, swap)
            put_off(ports, tx, Watched.SWAP, swap.id, error)
        elif waiting_for is not None:
            _show_refused_address(ports, tx, payout, error)
            stand_down(ports, tx, payout, waiting_for)
        else:
            tx.swaps.save(swap.moved(SwapState.QUOTED, swap.watch))
            trouble(ports, tx, Watched.SWAP, swap.id, error)
            pause_after(tx, Bucket.CHANGENOW, error, ports.clock.now())


def _waiting_for(error: ProviderError) -> WaitingFor | None:
    if isinstance(error, AddressRefusedError):
        return WaitingFor.ADDRESS_REFUSED
    return reason_to_wait(error)


def _show_refused_address(
    ports: Ports, tx: Transaction, payout: Payout, error: ProviderError
) -> None:
    if isinstance(error, AddressRefusedError):
        finding = Finding(
            Subject.PAYOUT, str(payout.id), Reason.REFUSED_BY_PROVIDER, (("fact", str(error)),)
        )
        review(ports, tx, finding)


def _begin_again(
    ports: Ports, tx: Transaction, payout: Payout, swap: Swap, error: ProviderError
) -> None:
    """There may be an exchange now that we know nothing of. It is never funded; another is made.

    The new swap goes on counting the failures of the old one, so that a provider that is down is
    asked less and less often, and a person is told after a day.
    """
    now = ports.clock.now()
    before = swap.watch or fresh_watch(ports, now, PAYOUT_DEADLINE)
    next_at, began = after_failure(ports, error, before.failing_since)
    tx.swaps.keep(swap.id, SwapEventKind.ORPHAN, f"unknown: {error}", now)
    give_up(ports, tx, swap, Abandoned.ANSWER_LOST)
    tell_after_a_day(ports, tx, Subject.PAYOUT, payout.id, error, began)
    again = Watch(next_at, before.deadline_at, before.failures + 1, began)
    begin_swap(ports, tx, payout, swap.sold, again)
