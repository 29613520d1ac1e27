"""Form a payout from what a channel has waiting, and ask for the transfer that pays it."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain.money import Money, total
from shared_lib.domain.offer import Channel, Strategy
from shared_lib.domain.payout import Payout, PayoutState, WaitingFor, is_worth_sending
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import Share, ShareState
from shared_lib.domain.transfer import Transfer, TransferState, Wallet
from shared_lib.domain.watch import Watch, watch
from shared_lib.events import TransferRequested
from shared_lib.ports import (
    PermanentError,
    Ports,
    ProviderError,
    RetryableError,
    Transaction,
    Watched,
)
from shared_lib.usecases.setback import put_off, review

SHARES_MOST = 500
_PAYOUT_DEADLINE = timedelta(hours=24)
_WAITING_DEADLINE = timedelta(days=30)


def start_payout(ports: Ports, channel_id: UUID) -> None:
    """Pay out everything that is payable for a channel, if it is worth what it costs now.

    Instant channels that are paid in the settlement asset need no swap: one direct transfer.
    """
    with ports.database.transaction() as tx:
        channel = tx.channels.lock(channel_id)
        waiting = _payable(ports, tx, channel) if channel else []
        wallet = tx.wallets.lock(ports.policy.host_wallet)
    if channel is None or not waiting:
        return
    amount = total([share.amount for share in waiting], ports.policy.settlement_asset)
    try:
        if wallet is None:
            _open_wallet(ports)
        cost = _cost(ports, channel, amount)
    except ProviderError as error:
        _remember_failure(ports, waiting, error)
        return
    with ports.database.transaction() as tx:
        locked = tx.channels.lock(channel_id)
        if locked is not None:
            _form(ports, tx, locked, cost)


def _payable(ports: Ports, tx: Transaction, channel: Channel) -> list[Share]:
    """The channel's pending shares that this deployment can pay directly."""
    asset = ports.policy.settlement_asset
    if channel.strategy is not Strategy.INSTANT or channel.target.asset != asset:
        return []
    return tx.shares.lock_pending(channel.id, asset, SHARES_MOST)


def _open_wallet(ports: Ports) -> None:
    """Start to count the host wallet's nonces from where the chain stands."""
    address = ports.policy.host_wallet
    chain_id = ports.chain.chain_id()
    if chain_id != ports.policy.chain_id:
        raise RetryableError(f"the node follows chain {chain_id}")
    wallet = Wallet(address, chain_id, ports.chain.mined_nonce(address), None)
    with ports.database.transaction() as tx:
        tx.wallets.add(wallet, ports.clock.now())


def _cost(ports: Ports, channel: Channel, amount: Money) -> Money:
    """What sending would cost now, in wei."""
    fees = ports.chain.fees_for(ports.policy.host_wallet, channel.target.address, amount)
    return Money(fees.worst_case, ports.policy.settlement_asset)


def _form(ports: Ports, tx: Transaction, channel: Channel, cost: Money) -> None:
    """Under the channel's lock: take exactly the shares that the payout sums."""
    now = ports.clock.now()
    payout = tx.payouts.lock_unfunded(channel.id)
    shares = _payable(ports, tx, channel)
    if not shares:
        return
    if payout is not None and payout.state is not PayoutState.WAITING:
        _rest(ports, tx, shares, now)
        return
    amount = total([share.amount for share in shares], ports.policy.settlement_asset)
    payout = _formed(ports, tx, channel, payout, now)
    if is_worth_sending(amount, cost, ports.policy.payout_cost_most_bps):
        _send(ports, tx, replace(payout, amount=amount), shares, now)
    else:
        _wait(ports, tx, payout, shares, now)


def _formed(
    ports: Ports, tx: Transaction, channel: Channel, waiting: Payout | None, now: datetime
) -> Payout:
    """A payout in state *forming* with the channel's present destination, frozen from here on."""
    again = _watch(ports, now, _PAYOUT_DEADLINE)
    if waiting is not None:
        formed = replace(waiting.moved(PayoutState.FORMING, again), target=channel.target)
        tx.payouts.save(formed)
        return formed
    payout = Payout(
        id=ports.ids.new(),
        channel_id=channel.id,
        strategy=channel.strategy,
        state=PayoutState.FORMING,
        amount=Money(0, ports.policy.settlement_asset),
        target=channel.target,
        created_at=now,
        watch=again,
    )
    tx.payouts.add(payout)
    return payout


def _send(
    ports: Ports, tx: Transaction, payout: Payout, shares: list[Share], now: datetime
) -> None:
    for share in shares:
        tx.shares.save(share.moved(ShareState.LOCKED))
        tx.payouts.take_share(payout.id, share.id)
        for reason in (Reason.OVERDUE, Reason.FAILING_FOR_A_DAY):
            tx.reviews.close(Subject.SHARE, str(share.id), reason, now)
    channel = str(payout.channel_id)
    tx.reviews.close(Subject.SHARE, channel, Reason.REFUSED_BY_PROVIDER, now)
    tx.payouts.save(payout.moved(PayoutState.SENDING, _watch(ports, now, _PAYOUT_DEADLINE)))
    transfer = Transfer(
        id=ports.ids.new(),
        payout_id=payout.id,
        wallet_address=ports.policy.host_wallet,
        amount=payout.amount,
        destination=payout.target.address,
        state=TransferState.REQUESTED,
        created_at=now,
        watch=_watch(ports, now, _PAYOUT_DEADLINE),
    )
    tx.transfers.add(transfer)
    tx.outbox.add(TransferRequested(transfer_id=transfer.id), now)


def _wait(
    ports: Ports, tx: Transaction, payout: Payout, shares: list[Share], now: datetime
) -> None:
    """The shares stay pending and merge with those that come; the owner sees why."""
    again = _resting(ports, now, payout.created_at, None)
    tx.payouts.save(payout.waiting(WaitingFor.COST_TOO_HIGH, again))
    _rest(ports, tx, shares, now)


def _rest(ports: Ports, tx: Transaction, shares: list[Share], now: datetime) -> None:
    for share in shares:
        tx.shares.save(replace(share, watch=_resting(ports, now, share.created_at, share.watch)))


def _resting(ports: Ports, now: datetime, since: datetime, before: Watch | None) -> Watch:
    """What waits for a reason is no trouble: a person looks a month after it began to wait.

    However often it is looked at, the month does not begin anew.
    """
    deadline = max(since + _WAITING_DEADLINE, before.deadline_at if before else since)
    return Watch(now + timedelta(seconds=ports.policy.republish_seconds), deadline)


def _watch(ports: Ports, now: datetime, deadline: timedelta) -> Watch:
    return watch(now, wait_seconds=ports.policy.republish_seconds, deadline=deadline)


def _remember_failure(ports: Ports, shares: list[Share], error: ProviderError) -> None:
    """The shares stay pending; a destination that refuses money needs a person."""
    with ports.database.transaction() as tx:
        for share in shares:
            put_off(ports, tx, Watched.SHARE, share.id, error)
        if isinstance(error, PermanentError):
            evidence = (("fact", str(error)),)
            subject_id = str(shares[0].channel_id)
            review(
                ports,
                tx,
                Finding(Subject.SHARE, subject_id, Reason.REFUSED_BY_PROVIDER, evidence),
            )
