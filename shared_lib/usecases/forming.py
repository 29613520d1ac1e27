"""Form a payout from what waits in a purse, and begin the transfer or swap that pays it.

A channel's purse pays its owner. The pool of all threshold channels pays ourselves: it is converted
into the asset in which owners' money is held, by the same steps.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared_lib.domain.currency import swappable_part
from shared_lib.domain.money import ETH, Asset, Money, total, zero
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import (
    ROUNDS_MOST,
    Payout,
    PayoutState,
    WaitingFor,
    is_worth_sending,
)
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import Share, ShareState, fitting, total_worth, within_cents
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
from shared_lib.usecases.day_caps import day_room
from shared_lib.usecases.rates import Bucket, pause_after, take_swap_calls
from shared_lib.usecases.returning import PAYOUT_DEADLINE, begin_swap, fresh_watch, resting
from shared_lib.usecases.setback import close_delays, put_off, review

SHARES_MOST = 500
_ONE_ETHER = Money(10**18, ETH)


@dataclass(frozen=True, slots=True)
class Purse:
    """What goes out together: whose shares, of which asset, collected how, and where to.

    `channel_id` is None for the pool.
    """

    channel_id: UUID | None
    strategy: Strategy
    asset: Asset
    target: PayoutTarget

    @property
    def is_direct(self) -> bool:
        """Whether no swap is needed: the owner wants the asset that we have."""
        return self.target.asset == self.asset

    def lock_unfunded(self, tx: Transaction) -> Payout | None:
        """The payout of this purse that nothing was signed for yet."""
        return tx.payouts.lock_unfunded(self.channel_id, self.strategy, self.asset)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a purse could pay out when it was looked at."""

    purse: Purse
    shares: list[Share]
    knows_wallet: bool


@dataclass(frozen=True, slots=True)
class _View:
    """What sending costs now, in the purse's asset, and what the provider swaps.

    `limits` is None where no swap is needed; `is_unavailable` where the provider offers none.
    """

    cost: Money
    limits: Limits | None
    is_unavailable: bool = False


def collect(ports: Ports, tx: Transaction, purse: Purse) -> Batch | None:
    """Lock what waits in the purse; None if it is too little to go anywhere, and rests."""
    payout = purse.lock_unfunded(tx)
    shares = waiting_in(tx, purse)
    if _is_too_little(purse, shares):
        _rest_both(ports, tx, payout, shares, ports.policy.payout_wait_seconds)
        return None
    knows_wallet = tx.wallets.lock(ports.policy.host_wallet) is not None
    return Batch(purse, shares, knows_wallet)


def waiting_in(tx: Transaction, purse: Purse) -> list[Share]:
    """The shares of a purse, locked, longest waiting first; at most `SHARES_MOST` of them."""
    if purse.channel_id is None:
        return tx.shares.lock_pooled(purse.asset, SHARES_MOST)
    state = ShareState.PENDING if purse.strategy is Strategy.INSTANT else ShareState.HELD
    return tx.shares.lock_waiting(purse.channel_id, state, purse.asset, SHARES_MOST)


def pay_out(ports: Ports, batch: Batch, stands: Callable[[Transaction], bool]) -> None:
    """Look outside, then form a payout of the purse if it is worth what that costs now.

    `stands` locks whatever the purse depends on, and says whether it is still what it was.
    """
    amount = total([share.amount for share in batch.shares], batch.purse.asset)
    try:
        if not batch.knows_wallet:
            _open_wallet(ports)
        view = _look(ports, batch.purse, amount)
    except ProviderError as error:
        _remember_failure(ports, batch, error)
        return
    with ports.database.transaction() as tx:
        if stands(tx):
            _form(ports, tx, batch.purse, view)


def _is_too_little(purse: Purse, shares: list[Share]) -> bool:
    """Whether there is nothing, or nothing that could be swapped in any amount."""
    amount = total([share.amount for share in shares], purse.asset)
    whole = amount if purse.is_direct else swappable_part(amount)
    return whole.base_units == 0


def rest_unpaid(ports: Ports, tx: Transaction, purse: Purse, seconds: float) -> None:
    """A purse that is not to be paid now keeps its money, and is looked at again in `seconds`.

    Held shares have no clock; a payout that waited for them has.
    """
    payout = purse.lock_unfunded(tx)
    shares = waiting_in(tx, purse) if purse.strategy is Strategy.INSTANT else []
    _rest_both(ports, tx, payout, shares, seconds)


def _rest_both(
    ports: Ports, tx: Transaction, payout: Payout | None, shares: list[Share], pause: float
) -> None:
    """Dust waits for company without a payout; an empty payout waits without being overdue."""
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


def _look(ports: Ports, purse: Purse, amount: Money) -> _View:
    """What the chain and the swap provider say now. A pay-in address is not known yet."""
    wallet = ports.policy.host_wallet
    destination = purse.target.address if purse.is_direct else wallet
    wei = Money(ports.chain.fees_for(wallet, destination, amount).worst_case, ETH)
    cost = _cost_in(ports, purse.asset, wei)
    if purse.is_direct:
        return _View(cost, None)
    try:
        take_swap_calls(ports, 1)
        return _View(cost, ports.swaps.limits(purse.asset, purse.target.asset))
    except PairUnavailableError:
        return _View(cost, None, is_unavailable=True)


def _cost_in(ports: Ports, asset: Asset, wei: Money) -> Money:
    """Gas in the asset that pays for it in the owner's eyes, by the market, rounded up."""
    if asset == ETH:
        return wei
    take_swap_calls(ports, 1)
    price = ports.swaps.market_quote(_ONE_ETHER, asset).market_value
    return Money(-(-wei.base_units * price.base_units // _ONE_ETHER.base_units), asset)


# ---- forming -------------------------------------------------------------------------------------


def _form(ports: Ports, tx: Transaction, purse: Purse, view: _View) -> None:
    """Under the purse's lock: take exactly the shares that the payout sums."""
    now = ports.clock.now()
    payout = purse.lock_unfunded(tx)
    shares = waiting_in(tx, purse)
    if not shares:
        return
    if payout is not None and payout.state is not PayoutState.WAITING:
        _rest(ports, tx, shares, ports.policy.republish_seconds)
        return
    taken = _within_day_caps(ports, tx, purse, fitting(shares, _most(ports, purse, view)))
    payout = _formed(ports, tx, purse, payout, now)
    amount = total([one.amount for one in taken], purse.asset)
    reason = _reason_to_wait(ports, view, amount) if taken else WaitingFor.DAY_CAP
    if reason is WaitingFor.DAY_CAP:
        _show_day_cap(ports, tx, payout)
    if reason is not None:
        pause = ports.policy.payout_wait_seconds
        tx.payouts.save(payout.waiting(reason, resting(ports, payout.created_at, None, pause)))
        _rest(ports, tx, shares, pause)
    else:
        payout = _taking(ports, tx, payout, taken)
        _remember_rest(tx, payout, more=len(taken) < len(shares) or len(shares) == SHARES_MOST)
        _go(ports, tx, payout, direct=purse.is_direct)


def _within_day_caps(
    ports: Ports, tx: Transaction, purse: Purse, shares: list[Share]
) -> list[Share]:
    """Those that may still go out today; a conversion pays nobody, so that no cap is for it."""
    if purse.channel_id is None:
        return shares
    return within_cents(shares, day_room(ports, tx, purse.channel_id))


def _show_day_cap(ports: Ports, tx: Transaction, payout: Payout) -> None:
    """Whoever set the cap should know that it holds something up."""
    review(ports, tx, Finding(Subject.PAYOUT, str(payout.id), Reason.DAY_CAP_REACHED))


def _remember_rest(tx: Transaction, payout: Payout, *, more: bool) -> None:
    """What one payout could not carry of a balance that is due goes out with the next.

    What comes to be held from now on was not due, and waits for the threshold.
    """
    if payout.channel_id is not None and payout.frees_as is ShareState.HELD:
        tx.channels.want_payout(payout.channel_id, wanted=more)


def _most(ports: Ports, purse: Purse, view: _View) -> int:
    """The most that one payout may carry, in base units."""
    limit = view.limits.most if view.limits else None
    cap = ports.policy.cap_of(purse.asset)
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
    ports: Ports, tx: Transaction, purse: Purse, waiting: Payout | None, now: datetime
) -> Payout:
    """A payout in state *forming* with the purse's present destination, frozen from here on."""
    again = fresh_watch(ports, now, PAYOUT_DEADLINE)
    if waiting is not None:
        formed = replace(waiting.moved(PayoutState.FORMING, again), target=purse.target)
        tx.payouts.save(formed)
        return formed
    payout = Payout(
        id=ports.ids.new(),
        channel_id=purse.channel_id,
        strategy=purse.strategy,
        state=PayoutState.FORMING,
        amount=zero(purse.asset),
        target=purse.target,
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
        tx.shares.save(share.moved(payout.locks_as))
        tx.payouts.take_share(payout.id, share.id)
        close_delays(ports, tx, Subject.SHARE, share.id)
    for reason in (Reason.FAILING_FOR_A_DAY, Reason.DAY_CAP_REACHED):
        tx.reviews.close(Subject.PAYOUT, str(payout.id), reason, now)
    refused = refused_subject(payout.channel_id, payout.amount.asset)
    tx.reviews.close(Subject.SHARE, refused, Reason.REFUSED_BY_PROVIDER, now)
    amount = total([share.amount for share in shares], payout.amount.asset)
    cents = total_worth(share.worth for share in shares).market_cents
    return replace(payout, amount=amount, worth_cents=cents, round=rounds + 1)


def _go(ports: Ports, tx: Transaction, payout: Payout, *, direct: bool) -> None:
    if payout.round > ROUNDS_MOST:
        tx.payouts.save(payout.moved(PayoutState.REVIEW, None))
        evidence = (("came_back", str(payout.round - 1)), ("amount", str(payout.amount)))
        finding = Finding(Subject.PAYOUT, str(payout.id), Reason.RETURNED_TOO_OFTEN, evidence)
        review(ports, tx, finding)
    elif direct:
        send_directly(ports, tx, payout)
    else:
        begin_swap(ports, tx, payout, swappable_part(payout.amount))


def send_directly(ports: Ports, tx: Transaction, payout: Payout) -> None:
    """Ask for the one transfer that pays the owner, who wants the asset that we hold."""
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


# ---- waiting -------------------------------------------------------------------------------------


def refused_subject(channel_id: UUID | None, asset: Asset) -> str:
    """What a review item about a purse that cannot go out is about: its channel, or its pool."""
    return str(channel_id) if channel_id is not None else f"pool of {asset.id}"


def _rest(ports: Ports, tx: Transaction, shares: list[Share], seconds: float) -> None:
    """The shares stay where they are and merge with those that come; the owner sees why."""
    for share in shares:
        if share.watch is not None:
            again = resting(ports, share.created_at, share.watch, seconds)
            tx.shares.save(replace(share, watch=again))


def _remember_failure(ports: Ports, batch: Batch, error: ProviderError) -> None:
    """The shares stay where they are; a destination that refuses money needs a person."""
    purse = batch.purse
    with ports.database.transaction() as tx:
        for share in batch.shares:
            if share.watch is not None:
                put_off(ports, tx, Watched.SHARE, share.id, error)
        if purse.channel_id is not None and batch.shares[0].state is ShareState.HELD:
            _put_off_payout(ports, tx, purse, error)
        pause_after(tx, Bucket.CHANGENOW, error, ports.clock.now())
        if isinstance(error, PermanentError):
            evidence = (("fact", str(error)),)
            subject = refused_subject(purse.channel_id, purse.asset)
            review(ports, tx, Finding(Subject.SHARE, subject, Reason.REFUSED_BY_PROVIDER, evidence))


def _put_off_payout(ports: Ports, tx: Transaction, purse: Purse, error: ProviderError) -> None:
    """Held shares have no clock of their own: a payout without money waits in their place."""
    if purse.channel_id is None or tx.channels.lock(purse.channel_id) is None:
        return
    now = ports.clock.now()
    payout = purse.lock_unfunded(tx)
    if payout is None:
        formed = _formed(ports, tx, purse, None, now)
        pause = ports.policy.retry_floor_seconds
        payout = formed.waiting(WaitingFor.PROVIDER, resting(ports, now, None, pause))
        tx.payouts.save(payout)
    if payout.state is PayoutState.WAITING:
        put_off(ports, tx, Watched.PAYOUT, payout.id, error)
