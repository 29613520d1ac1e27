"""Get a promise for a swap: a fixed quote, and what the market says at the same moment."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain.payout import WaitingFor
from shared_lib.domain.swap import Swap, SwapState, Terms, is_near_market
from shared_lib.events import SwapQuoted
from shared_lib.ports import (
    OutOfRangeError,
    PairUnavailableError,
    Ports,
    ProviderError,
    RetryableError,
    Transaction,
    Watched,
)
from shared_lib.usecases.rates import Bucket, pause_after, take_swap_calls
from shared_lib.usecases.returning import keep_trying, stand_down
from shared_lib.usecases.setback import trouble


def quote_swap(ports: Ports, swap_id: UUID) -> None:
    """Ask for a quote and keep it. A repeated delivery asks again and keeps one."""
    with ports.database.transaction() as tx:
        swap = tx.swaps.get(swap_id)
        if swap is None or swap.state is not SwapState.QUOTING or _is_stopped(ports, tx, swap):
            return
    try:
        terms = _ask(ports, swap)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            _put_off(ports, tx, swap, error)
        return
    with ports.database.transaction() as tx:
        payout = tx.payouts.lock(swap.payout_id)
        fresh = tx.swaps.lock(swap_id)
        if payout is None or fresh is None or fresh.state is not SwapState.QUOTING:
            return
        reason = _reason_to_wait(ports, terms)
        if reason is not None:
            stand_down(ports, tx, payout, reason)
        else:
            _keep(ports, tx, fresh, terms)


def _is_stopped(ports: Ports, tx: Transaction, swap: Swap) -> bool:
    """While nothing may be sent a quote would only die; the swap is looked at again later."""
    stopped = tx.controls.sends_stopped() or tx.wallets.is_frozen(ports.policy.host_wallet)
    if stopped:
        pause = timedelta(seconds=ports.policy.republish_seconds)
        tx.watches.wait(Watched.SWAP, swap.id, ports.clock.now() + pause)
    return stopped


def _ask(ports: Ports, swap: Swap) -> Terms:
    take_swap_calls(ports, 2)
    market = ports.swaps.market_quote(swap.sold, swap.target.asset)
    fixed = ports.swaps.fixed_quote(swap.sold, swap.target.asset)
    now = ports.clock.now()
    if (fixed.valid_until - now).total_seconds() < ports.policy.swap_sign_seconds_least:
        raise RetryableError("the quote is too short to be used")
    return Terms(fixed, market.market_value, now)


def _reason_to_wait(ports: Ports, terms: Terms) -> WaitingFor | None:
    """A quote that is no good for the owner is not taken; a later one may be."""
    quote = terms.fixed.quote
    if quote.fees_bps > ports.policy.payout_cost_most_bps:
        return WaitingFor.COST_TOO_HIGH
    if not is_near_market(quote, terms.market, ports.policy.swap_market_tolerance_bps):
        return WaitingFor.QUOTE_OFF_MARKET
    return None


def _keep(ports: Ports, tx: Transaction, swap: Swap, terms: Terms) -> None:
    """A quote alone ends no run of failures: an exchange that can be made of it does."""
    quoted = swap.moved(SwapState.QUOTED, keep_trying(ports, swap.watch))
    tx.swaps.save(replace(quoted, terms=terms))
    tx.outbox.add(SwapQuoted(swap_id=swap.id), ports.clock.now())


def _put_off(ports: Ports, tx: Transaction, swap: Swap, error: ProviderError) -> None:
    """An amount or a pair that is not swapped now lets the payout wait; all else is tried again."""
    reason = reason_to_wait(error)
    payout = tx.payouts.lock(swap.payout_id)
    fresh = tx.swaps.lock(swap.id)
    if payout is None or fresh is None or fresh.state is not SwapState.QUOTING:
        return
    if reason is not None:
        stand_down(ports, tx, payout, reason)
        return
    trouble(ports, tx, Watched.SWAP, swap.id, error)
    pause_after(tx, Bucket.CHANGENOW, error, ports.clock.now())


def reason_to_wait(error: ProviderError) -> WaitingFor | None:
    """What a refusal says about amount or pair, or None."""
    if isinstance(error, OutOfRangeError):
        return WaitingFor.BELOW_MINIMUM if error.is_too_small else WaitingFor.ABOVE_MAXIMUM
    if isinstance(error, PairUnavailableError):
        return WaitingFor.PAIR_UNAVAILABLE
    return None
