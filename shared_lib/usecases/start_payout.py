"""Form a payout from what a channel has waiting, and begin the transfer or swap that pays it."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared_lib.domain.currency import swappable_part
from shared_lib.domain.money import ETH, Asset, Money, total, zero
from shared_lib.domain.offer import Channel, Strategy
from shared_lib.domain.payout import (
    ROUNDS_MOST,
    Payout,
    PayoutState,
    WaitingFor,
    is_worth_sending,
)
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import Share, ShareState, fitting
from shared_lib.domain.swap import Limits
from shared_lib.domain.transfer import Transfer, TransferState, Wallet
from shared_lib.events import TransferRequested
from shared_lib.ports import (
    PairUnavailableError,
    PermanentError,
    Ports,
    ProviderError,
    RetryableError,
    Transaction,
    Watched,
)
from shared_lib.usecases.rates import Bucket, pause_after, take_swap_calls
from shared_lib.usecases.returning import PAYOUT_DEADLINE, begin_swap, fresh_watch, resting
from shared_lib.usecases.setback import put_off, review

SHARES_MOST = 500


@dataclass(frozen=True, slots=True)
class _View:
    """What sending costs now, in wei, and what the provider swaps.

    `limits` is None where no swap is needed; `is_unavailable` where the provider offers none.
    """

    cost: Money
    limits: Limits | None
    is_unavailable: bool = False


def start_payout(ports: Ports, channel_id: UUID) -> None:
    """Pay out everything that is payable for a channel, if it is worth what it costs now.

    An owner who is paid in the settlement asset needs no swap: one direct transfer.
    """
    with ports.database.transaction() as tx:
        channel = tx.channels.lock(channel_id)
        if channel is None:
            return
        payout = tx.payouts.lock_unfunded(channel_id)
        waiting = _payable(ports, tx, channel)
        if _is_too_little(ports, channel, waiting):
            _rest_both(ports, tx, payout, waiting)
            return
        wallet = tx.wallets.lock(ports.policy.host_wallet)
    try:
        if wallet is None:
            _open_wallet(ports)
        view = _look(ports, channel, total([one.amount for one in waiting], _settled(ports)))
    except ProviderError as error:
        _remember_failure(ports, waiting, error)
        return
    with ports.database.transaction() as tx:
        locked = tx.channels.lock(channel_id)
        if locked is not None and locked.target == channel.target:
            _form(ports, tx, locked, view)


def _settled(ports: Ports) -> Asset:
    return ports.policy.settlement_asset


def _is_direct(ports: Ports, channel: Channel) -> bool:
    return channel.target.asset == _settled(ports)


def _payable(ports: Ports, tx: Transaction, channel: Channel) -> list[Share]:
    """The channel's pending shares; those of threshold channels are pooled instead."""
    if channel.strategy is not Strategy.INSTANT:
        return []
    return tx.shares.lock_pending(channel.id, _settled(ports), SHARES_MOST)


def _is_too_little(ports: Ports, channel: Channel, shares: list[Share]) -> bool:
    """Whether there is nothing, or nothing that could be swapped in any amount."""
    amount = total([share.amount for share in shares], _settled(ports))
    whole = amount if _is_direct(ports, channel) else swappable_part(amount)
    return whole.base_units == 0


def _rest_both(ports: Ports, tx: Transaction, payout: Payout | None, shares: list[Share]) -> None:
    """Dust waits for company without a payout; an empty payout waits without being overdue."""
    pause = ports.policy.payout_wait_seconds
    if payout is not None and payout.state is PayoutState.WAITING:
        tx.payouts.save(replace(payout, watch=resting(ports, ports.clock.now(), None, pause)))
    _rest(ports, tx, shares, pause)


# ---- outside -------------------------------------------------------------------------------------


def _open_wallet(ports: Ports) -> None:
    """Start to count the host wallet's nonces from where the chain stands."""
    address = ports.policy.host_wallet
    chain_id = ports.chain.chain_id()
    if chain_id != ports.policy.chain_id:
        raise RetryableError(f"the node follows chain {chain_id}")
    wallet = Wallet(address, chain_id, ports.chain.mined_nonce(address), None)
    with ports.database.transaction() as tx:
        tx.wallets.add(wallet, ports.clock.now())


def _look(ports: Ports, channel: Channel, amount: Money) -> _View:
    """What the chain and the swap provider say now. A pay-in address is not known yet."""
    wallet, asset = ports.policy.host_wallet, _settled(ports)
    direct = _is_direct(ports, channel)
    destination = channel.target.address if direct else wallet
    cost = Money(ports.chain.fees_for(wallet, destination, amount).worst_case, ETH)
    if direct:
        return _View(cost, None)
    try:
        take_swap_calls(ports, 1)
        return _View(cost, ports.swaps.limits(asset, channel.target.asset))
    except PairUnavailableError:
        return _View(cost, None, is_unavailable=True)


# ---- forming -------------------------------------------------------------------------------------


def _form(ports: Ports, tx: Transaction, channel: Channel, view: _View) -> None:
    """Under the channel's lock: take exactly the shares that the payout sums."""
    now = ports.clock.now()
    payout = tx.payouts.lock_unfunded(channel.id)
    shares = _payable(ports, tx, channel)
    if not shares:
        return
    if payout is not None and payout.state is not PayoutState.WAITING:
        _rest(ports, tx, shares, ports.policy.republish_seconds)
        return
    taken = fitting(shares, _most(ports, view))
    payout = _formed(ports, tx, channel, payout, now)
    reason = _reason_to_wait(ports, view, total([one.amount for one in taken], _settled(ports)))
    if reason is not None:
        pause = ports.policy.payout_wait_seconds
        tx.payouts.save(payout.waiting(reason, resting(ports, payout.created_at, None, pause)))
        _rest(ports, tx, shares, pause)
    else:
        _go(ports, tx, _taking(ports, tx, payout, taken), direct=_is_direct(ports, channel))


def _most(ports: Ports, view: _View) -> int:
    """The most that one payout may carry, in base units."""
    limit = view.limits.most if view.limits else None
    cap = ports.policy.transfer_cap
    return cap if limit is None else min(cap, limit.base_units)


def _reason_to_wait(ports: Ports, view: _View, amount: Money) -> WaitingFor | None:
    sold = swappable_part(amount)
    if view.is_unavailable:
        return WaitingFor.PAIR_UNAVAILABLE
    if view.limits is not None and sold < view.limits.least:
        return WaitingFor.BELOW_MINIMUM
    if view.limits is not None and view.limits.most is not None and view.limits.most < sold:
        return WaitingFor.ABOVE_MAXIMUM
    if not is_worth_sending(amount, view.cost, ports.policy.payout_cost_most_bps):
        return WaitingFor.COST_TOO_HIGH
    return None


def _formed(
    ports: Ports, tx: Transaction, channel: Channel, waiting: Payout | None, now: datetime
) -> Payout:
    """A payout in state *forming* with the channel's present destination, frozen from here on."""
    again = fresh_watch(ports, now, PAYOUT_DEADLINE)
    if waiting is not None:
        formed = replace(waiting.moved(PayoutState.FORMING, again), target=channel.target)
        tx.payouts.save(formed)
        return formed
    payout = Payout(
        id=ports.ids.new(),
        channel_id=channel.id,
        strategy=channel.strategy,
        state=PayoutState.FORMING,
        amount=zero(_settled(ports)),
        target=channel.target,
        created_at=now,
        watch=again,
    )
    tx.payouts.add(payout)
    return payout


def _taking(ports: Ports, tx: Transaction, payout: Payout, shares: list[Share]) -> Payout:
    """The payout with these shares, which are locked for it from here on."""
    now = ports.clock.now()
    rounds = tx.payouts.rounds_of([share.id for share in shares])
    for share in shares:
        tx.shares.save(share.moved(ShareState.LOCKED))
        tx.payouts.take_share(payout.id, share.id)
        for reason in (Reason.OVERDUE, Reason.FAILING_FOR_A_DAY):
            tx.reviews.close(Subject.SHARE, str(share.id), reason, now)
    channel = str(payout.channel_id)
    tx.reviews.close(Subject.SHARE, channel, Reason.REFUSED_BY_PROVIDER, now)
    amount = total([share.amount for share in shares], payout.amount.asset)
    return replace(payout, amount=amount, round=rounds + 1)


def _go(ports: Ports, tx: Transaction, payout: Payout, *, direct: bool) -> None:
    if payout.round > ROUNDS_MOST:
        tx.payouts.save(payout.moved(PayoutState.REVIEW, None))
        evidence = (("came_back", str(payout.round - 1)), ("amount", str(payout.amount)))
        finding = Finding(Subject.PAYOUT, str(payout.id), Reason.RETURNED_TOO_OFTEN, evidence)
        review(ports, tx, finding)
    elif direct:
        _send(ports, tx, payout)
    else:
        begin_swap(ports, tx, payout, swappable_part(payout.amount))


def _send(ports: Ports, tx: Transaction, payout: Payout) -> None:
    now = ports.clock.now()
    again = fresh_watch(ports, now, PAYOUT_DEADLINE)
    tx.payouts.save(payout.moved(PayoutState.SENDING, again))
    transfer = Transfer(
        id=ports.ids.new(),
        payout_id=payout.id,
        wallet_address=ports.policy.host_wallet,
        amount=payout.amount,
        destination=payout.target.address,
        state=TransferState.REQUESTED,
        created_at=now,
        watch=again,
    )
    tx.transfers.add(transfer)
    tx.outbox.add(TransferRequested(transfer_id=transfer.id), now)


def _rest(ports: Ports, tx: Transaction, shares: list[Share], seconds: float) -> None:
    """The shares stay pending and merge with those that come; the owner sees why."""
    for share in shares:
        again = resting(ports, share.created_at, share.watch, seconds)
        tx.shares.save(replace(share, watch=again))


def _remember_failure(ports: Ports, shares: list[Share], error: ProviderError) -> None:
    """The shares stay pending; a destination that refuses money needs a person."""
    with ports.database.transaction() as tx:
        for share in shares:
            put_off(ports, tx, Watched.SHARE, share.id, error)
        pause_after(tx, Bucket.CHANGENOW, error, ports.clock.now())
        if isinstance(error, PermanentError):
            evidence = (("fact", str(error)),)
            subject_id = str(shares[0].channel_id)
            review(
                ports,
                tx,
                Finding(Subject.SHARE, subject_id, Reason.REFUSED_BY_PROVIDER, evidence),
            )
