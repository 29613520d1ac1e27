"""How a payout gives its shares back: before anything was signed, or once it is back for good."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain.money import Money, distribute, total, zero
from shared_lib.domain.payout import Payout, PayoutState, WaitingFor
from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.share import Share, ShareKind, ShareState, total_worth
from shared_lib.domain.swap import Abandoned, Swap, SwapState
from shared_lib.domain.transfer import Transfer, TransferState
from shared_lib.domain.watch import Watch, watch
from shared_lib.events import SwapRequested
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.routing import route_of_payout

PAYOUT_DEADLINE = timedelta(hours=24)
SHARE_DEADLINE = timedelta(hours=24)
# What waits for a reason is no trouble: a person looks a month after it began to wait.
WAITING_DEADLINE = timedelta(days=30)


def stand_down(ports: Ports, tx: Transaction, payout: Payout, reason: WaitingFor) -> None:
    """Nothing was signed: the shares are free, and the payout waits and merges with what comes.

    It is tried again soon where the reason was ours, and later where only the market can change it.
    """
    now = ports.clock.now()
    soon = reason in (
        WaitingFor.DESTINATION_CHANGED,
        WaitingFor.NONCE_LOST,
        WaitingFor.RELEASED,
    )
    seconds = ports.policy.retry_floor_seconds if soon else ports.policy.payout_wait_seconds
    drop_swap(ports, tx, payout, Abandoned.STOOD_DOWN)
    _drop_transfer(ports, tx, payout)
    for share in tx.shares.lock_of_payout(payout.id):
        again = resting(ports, share.created_at, share.watch, seconds)
        tx.shares.save(_freed(payout, share, again))
    tx.payouts.release_shares(payout.id, now)
    tx.payouts.save(payout.waiting(reason, resting(ports, payout.created_at, None, seconds)))


def begin_swap(
    ports: Ports, tx: Transaction, payout: Payout, sold: Money, later: Watch | None = None
) -> None:
    """A fresh swap of a payout that has none, beginning with a quote: at once, or `later`."""
    now = ports.clock.now()
    swap = Swap(
        id=ports.ids.new(),
        payout_id=payout.id,
        state=SwapState.QUOTING,
        sold=sold,
        target=payout.target,
        created_at=now,
        watch=later or fresh_watch(ports, now, PAYOUT_DEADLINE),
    )
    tx.swaps.add(swap)
    if payout.state is not PayoutState.SWAPPING:
        tx.payouts.save(payout.moved(PayoutState.SWAPPING, look_again(ports, payout.watch)))
    if later is None:
        tx.outbox.add(SwapRequested(swap_id=swap.id), now)


def quote_anew(ports: Ports, tx: Transaction, payout: Payout, swap: Swap) -> None:
    """Its promise has ended and nothing was signed: another swap takes the dead one's place.

    At once if it died of old age. Of a provider whose promises end at birth there is no loop.
    """
    now, floor = ports.clock.now(), timedelta(seconds=ports.policy.retry_floor_seconds)
    drop_swap(ports, tx, payout, Abandoned.QUOTE_DEAD)
    _drop_transfer(ports, tx, payout)
    is_old = now - swap.created_at >= floor
    later = None if is_old else Watch(now + floor, now + PAYOUT_DEADLINE)
    begin_swap(ports, tx, payout, swap.sold, later)


def drop_swap(ports: Ports, tx: Transaction, payout: Payout, reason: Abandoned) -> None:
    """Give up the payout's swap, if it has one that nothing was signed for."""
    swap = tx.swaps.lock_live(payout.id)
    if swap is not None and swap.state.may_be_dropped:
        give_up(ports, tx, swap, reason)


def give_up(ports: Ports, tx: Transaction, swap: Swap, reason: Abandoned) -> None:
    """End a swap that moved nothing; what its refusals showed to a person is past."""
    tx.swaps.save(swap.given_up(reason))
    now = ports.clock.now()
    tx.reviews.close(Subject.SWAP, str(swap.id), Reason.REFUSED_BY_PROVIDER, now)


def _drop_transfer(ports: Ports, tx: Transaction, payout: Payout) -> None:
    """Give up the payout's transfer, which has neither bytes nor a nonce."""
    transfer = tx.transfers.lock_unsent(payout.id)
    if transfer is not None:
        tx.wallets.unreserve(transfer.id)
        tx.transfers.save(transfer.moved(TransferState.CANCELLED, None))
        close_refusals(ports, tx, transfer)


def close_refusals(ports: Ports, tx: Transaction, transfer: Transfer) -> None:
    """Its payout goes on without it: nobody has to look any more at what held it up."""
    for reason in (
        Reason.TRANSFER_REFUSED,
        Reason.REFUSED_BY_PROVIDER,
        Reason.FAILING_FOR_A_DAY,
        Reason.OVERDUE,
    ):
        tx.reviews.close(Subject.TRANSFER, str(transfer.id), reason, ports.clock.now())


# ---- money that was signed for and is back -------------------------------------------------------


def return_money(ports: Ports, tx: Transaction, payout: Payout, lost: Money) -> dict[UUID, Money]:
    """The chain gave a funded payout's money back: what is left of it forms the next payout.

    Without a loss the shares themselves are free again. After one each channel's are replaced by a
    single share of what is left, so that shares always equal what the ledger owes. Answers what
    each channel has lost, in proportion to what it gave.
    """
    now = ports.clock.now()
    shares = tx.shares.lock_of_payout(payout.id)
    tx.payouts.release_shares(payout.id, now)
    for share in shares:
        back = _freed(payout, share, fresh_watch(ports, now, SHARE_DEADLINE))
        tx.shares.save(back.moved(ShareState.REVERSED) if lost.base_units else back)
    losses = _losses(shares, lost) if lost.base_units else {}
    for channel_id, loss in losses.items():
        theirs = [share for share in shares if share.channel_id == channel_id]
        whole = total([share.amount for share in theirs], lost.asset)
        add_residue(ports, tx, payout, ShareKind.REFUND, theirs, whole - loss)
    tx.payouts.save(payout.moved(PayoutState.RETURNED, None))
    tx.reviews.close(Subject.PAYOUT, str(payout.id), Reason.OVERDUE, now)
    tx.outbox.add(route_of_payout(payout), now)
    return losses


def _freed(payout: Payout, share: Share, again: Watch) -> Share:
    """The share as it was before the payout took it; held ones have no clock of their own."""
    state = payout.frees_as
    return share.moved(state, again if state is ShareState.PENDING else None)


def _losses(shares: list[Share], lost: Money) -> dict[UUID, Money]:
    losses: dict[UUID, Money] = {}
    for share, loss in zip(
        shares, distribute(lost, [share.amount.base_units for share in shares]), strict=True
    ):
        losses[share.channel_id] = losses.get(share.channel_id, zero(lost.asset)) + loss
    return losses


def add_residue(
    ports: Ports,
    tx: Transaction,
    payout: Payout,
    kind: ShareKind,
    shares: list[Share],
    amount: Money,
) -> None:
    """What is left of a channel's shares, as a share of its own with its part of their worth."""
    if amount.base_units <= 0:
        return
    now = ports.clock.now()
    whole = total([share.amount for share in shares], amount.asset)
    worth = total_worth(share.worth for share in shares)
    is_pending = payout.frees_as is ShareState.PENDING
    tx.shares.add(
        Share(
            id=ports.ids.new(),
            channel_id=shares[0].channel_id,
            kind=kind,
            payment_id=None,
            amount=amount,
            state=payout.frees_as,
            created_at=now,
            watch=fresh_watch(ports, now, SHARE_DEADLINE) if is_pending else None,
            residue_of=payout.id,
            worth=worth.part(amount.base_units, whole.base_units),
        )
    )


# ---- when to look again --------------------------------------------------------------------------


def fresh_watch(ports: Ports, now: datetime, deadline: timedelta) -> Watch:
    """Look again when what was published may have got lost."""
    return watch(now, wait_seconds=ports.policy.republish_seconds, deadline=deadline)


def look_again(ports: Ports, before: Watch | None) -> Watch:
    """Look again when what was published may have got lost; the deadline stays what it was."""
    now = ports.clock.now()
    deadline = before.deadline_at if before else now
    return Watch(now + timedelta(seconds=ports.policy.republish_seconds), deadline)


def keep_trying(ports: Ports, before: Watch | None) -> Watch:
    """As `look_again`, for what is not done yet: its run of failures goes on."""
    again = look_again(ports, before)
    return replace(before, next_check_at=again.next_check_at) if before else again


def resting(ports: Ports, since: datetime, before: Watch | None, seconds: float) -> Watch:
    """The watch of what waits. However often it is looked at, its month does not begin anew."""
    deadline = max(since + WAITING_DEADLINE, before.deadline_at if before else since)
    return Watch(ports.clock.now() + timedelta(seconds=seconds), deadline)
