"""Follow a sent transfer on the chain until its block is deep enough, then settle.

Nothing here concludes from silence that money was not sent. A receipt that vanishes in a
reorganisation puts the transfer back to *sent*, and its bytes are broadcast again. What is stuck is
replaced on the same nonce: by a higher price, or, when a swap's promise runs out, by a cancel.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.money import ETH, Money, zero
from shared_lib.domain.payout import Payout, PayoutState
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.swap import Abandoned, Swap
from shared_lib.domain.transfer import (
    Attempt,
    AttemptKind,
    Mined,
    Transfer,
    TransferState,
    wanted_replacement,
)
from shared_lib.domain.watch import Watch
from shared_lib.events import SwapCheckDue, TransferAuthorized
from shared_lib.ports import Ports, ProviderError, Transaction, Watched
from shared_lib.usecases.returning import return_money
from shared_lib.usecases.sending import freeze, is_promise_ending
from shared_lib.usecases.setback import review, trouble
from shared_lib.usecases.settling import settle_payout

# How many transfers are woken when one leaves a slot free: the second goes if the first cannot.
_WOKEN_MOST = 2


@dataclass(frozen=True, slots=True)
class _View:
    """What the chain shows of a transfer now.

    `kind` says which of its bytes were mined, and `has_moved` whether they did what they say.
    `nonce_is_final` says that its nonce is mined so deep that it will not come free.
    """

    mined: Mined | None
    kind: AttemptKind
    has_moved: bool
    confirmations: int
    nonce_is_final: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """A transfer with its bytes, oldest first, and its swap, as read before looking."""

    transfer: Transfer
    attempts: list[Attempt]
    swap: Swap | None
    is_lowest: bool


def check_transfer(ports: Ports, transfer_id: UUID) -> None:
    """Look once, and record what is seen. Repeating it, or two at once, settles once."""
    with ports.database.transaction() as tx:
        known = _read(tx, transfer_id)
    if known is None:
        return
    replacement = None
    try:
        view = _look(ports, known)
        if view.mined is None and not view.nonce_is_final:
            replacement = _replacement(ports, known)
            _broadcast_again(ports, known)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            trouble(ports, tx, Watched.TRANSFER, transfer_id, error)
        return
    with ports.database.transaction() as tx:
        _record(ports, tx, known, view, replacement)


def _read(tx: Transaction, transfer_id: UUID) -> _Known | None:
    transfer = tx.transfers.get(transfer_id)
    if transfer is None or not transfer.state.is_broadcast:
        return None
    lowest = tx.transfers.lowest_unmined(transfer.wallet_address)
    return _Known(
        transfer,
        tx.transfers.attempts(transfer_id),
        tx.swaps.get(transfer.swap_id) if transfer.swap_id else None,
        is_lowest=lowest == transfer_id,
    )


# ---- looking -------------------------------------------------------------------------------------


def _look(ports: Ports, known: _Known) -> _View:
    """Ask for the receipt of each of our hashes; only one of them can be mined."""
    transfer, head = known.transfer, ports.chain.head()
    for attempt in known.attempts:
        mined = ports.chain.mined(attempt.hash)
        if mined is not None and ports.chain.is_canonical(mined.block, mined.block_hash):
            moved = _has_moved(ports, transfer, attempt, mined)
            return _View(mined, attempt.kind, moved, head - mined.block + 1, nonce_is_final=False)
    depth = ports.policy.confirmations
    final_nonce = ports.chain.mined_nonce(transfer.wallet_address, depth=depth)
    is_final = final_nonce > (transfer.nonce or 0)
    return _View(None, AttemptKind.SEND, has_moved=False, confirmations=0, nonce_is_final=is_final)


def _has_moved(ports: Ports, transfer: Transfer, attempt: Attempt, mined: Mined) -> bool:
    """A token can be mined with success and yet move nothing: its log is the proof."""
    if attempt.kind is AttemptKind.CANCEL or not mined.succeeded:
        return False
    return ports.chain.moved(
        mined.hash, transfer.wallet_address, transfer.destination, transfer.amount
    )


def _replacement(ports: Ports, known: _Known) -> AttemptKind | None:
    """What is wanted now, or still. A cancel takes the place of a bump that nobody has signed."""
    return _stronger(known.transfer.replacement, _wanted(ports, known))


def _wanted(ports: Ports, known: _Known) -> AttemptKind | None:
    """What has to be signed in place of the newest bytes, if anything."""
    age = _age(known, ports.clock.now())
    return wanted_replacement(
        known.attempts,
        is_dying=is_promise_ending(ports, known.swap),
        is_stuck=known.is_lowest and age >= ports.policy.transfer_stuck_seconds,
    )


def _stronger(wanted: AttemptKind | None, stored: AttemptKind | None) -> AttemptKind | None:
    """A cancel that was asked for while we looked is not forgotten, nor turned into a bump."""
    return AttemptKind.CANCEL if AttemptKind.CANCEL in (wanted, stored) else wanted or stored


def _age(known: _Known, now: datetime) -> float:
    return (now - known.attempts[-1].created_at).total_seconds() if known.attempts else 0.0


def _broadcast_again(ports: Ports, known: _Known) -> None:
    """The newest bytes again, the wallet's lowest unmined nonce first: it holds up all others."""
    transfer = known.transfer
    with ports.database.transaction() as tx:
        lowest = tx.transfers.lowest_unmined(transfer.wallet_address)
        ids = [lowest, transfer.id] if lowest not in (None, transfer.id) else [transfer.id]
        read = [_read(tx, one) for one in ids if one is not None]
    for one in read:
        if one is not None and one.attempts and not _is_dying(ports, one):
            newest = one.attempts[-1]
            if not ports.chain.knows(newest.hash):
                ports.chain.broadcast(newest.raw)


def _is_dying(ports: Ports, known: _Known) -> bool:
    """Bytes that fund a promise about to end are never handed out again; a cancel is."""
    if known.attempts[-1].kind is AttemptKind.CANCEL:
        return False
    return _wanted(ports, known) is AttemptKind.CANCEL


# ---- recording -----------------------------------------------------------------------------------


def _record(
    ports: Ports, tx: Transaction, known: _Known, view: _View, replacement: AttemptKind | None
) -> None:
    read = known.transfer
    payout = tx.payouts.lock(read.payout_id)
    swap = tx.swaps.lock(read.swap_id) if read.swap_id else None
    transfer = tx.transfers.lock(read.id)
    if payout is None or transfer is None or not transfer.state.is_broadcast:
        return
    if view.mined is None and tx.transfers.attempts(transfer.id) != known.attempts:
        # Other bytes were signed meanwhile, and nobody looked for them yet.
        tx.transfers.save(replace(transfer, watch=_soon(ports, transfer)))
        return
    if view.mined is None:
        _not_mined(ports, tx, transfer, replacement, nonce_is_final=view.nonce_is_final)
        return
    if transfer.state is TransferState.SENT:
        transfer = transfer.moved(TransferState.MINED, transfer.watch)
        _wake_others(ports, tx, transfer)
    transfer = replace(transfer, mined=view.mined, replacement=None)
    if view.confirmations < ports.policy.confirmations:
        tx.transfers.save(replace(transfer, watch=_soon(ports, transfer)))
        return
    _post_gas(ports, tx, transfer, view.mined)
    if view.kind is AttemptKind.CANCEL:
        _cancelled(ports, tx, payout, swap, transfer)
    elif view.has_moved:
        _confirmed(ports, tx, payout, swap, transfer)
    else:
        _take_back(ports, tx, payout, swap, transfer, view.mined)
    _close_reviews(ports, tx, transfer)


def _not_mined(
    ports: Ports,
    tx: Transaction,
    transfer: Transfer,
    replacement: AttemptKind | None,
    *,
    nonce_is_final: bool,
) -> None:
    if transfer.state is TransferState.MINED:
        transfer = replace(transfer.moved(TransferState.SENT, transfer.watch), mined=None)
    replacement = _stronger(replacement, transfer.replacement)
    if replacement is not None:
        tx.outbox.add(TransferAuthorized(transfer_id=transfer.id), ports.clock.now())
    tx.transfers.save(replace(transfer, replacement=replacement, watch=_soon(ports, transfer)))
    wallet = tx.wallets.lock(transfer.wallet_address)
    if nonce_is_final and wallet is not None and wallet.frozen_because is None:
        fact = f"nonce {transfer.nonce} was used by a transaction that is none of ours"
        freeze(ports, tx, wallet, fact)


def _confirmed(
    ports: Ports, tx: Transaction, payout: Payout, swap: Swap | None, transfer: Transfer
) -> None:
    """Deep enough: the owner has the money, or the exchange has it."""
    now = ports.clock.now()
    tx.transfers.save(transfer.moved(TransferState.CONFIRMED, None))
    if swap is None:
        settle_payout(ports, tx, payout, transfer.amount, transfer.amount)
    else:
        tx.outbox.add(SwapCheckDue(swap_id=swap.id), now)


def _cancelled(
    ports: Ports, tx: Transaction, payout: Payout, swap: Swap | None, transfer: Transfer
) -> None:
    """The cancel won: nothing left the wallet, and the payout's shares form the next one."""
    tx.transfers.save(transfer.moved(TransferState.CANCELLED, None))
    if transfer.fills_nonce:
        return
    _book_back(ports, tx, transfer)
    if swap is not None:
        tx.swaps.save(swap.given_up(Abandoned.CANCELLED))
    return_money(ports, tx, payout, zero(payout.amount.asset))


def _take_back(
    ports: Ports,
    tx: Transaction,
    payout: Payout,
    swap: Swap | None,
    transfer: Transfer,
    mined: Mined,
) -> None:
    """Mined and nothing moved: the gas is gone, the amount never left; a person looks at why."""
    tx.transfers.save(transfer.moved(TransferState.REVERTED, None))
    _book_back(ports, tx, transfer)
    tx.payouts.save(payout.moved(PayoutState.REVIEW, None))
    if swap is not None:
        tx.swaps.save(swap.given_up(Abandoned.REVERTED))
    reason = Reason.TRANSFER_MOVED_NOTHING if mined.succeeded else Reason.TRANSFER_REVERTED
    evidence = (("hash", mined.hash), ("block", str(mined.block)))
    review(ports, tx, Finding(Subject.TRANSFER, str(transfer.id), reason, evidence))


def _book_back(ports: Ports, tx: Transaction, transfer: Transfer) -> None:
    posting = ledger.returned(transfer.id, transfer.amount)
    tx.ledger.post(posting, ports.ids.new(), ports.clock.now())


def _post_gas(ports: Ports, tx: Transaction, transfer: Transfer, mined: Mined) -> None:
    posting = ledger.gas_burned(transfer.id, Money(mined.gas_paid, ETH))
    tx.ledger.post(posting, ports.ids.new(), ports.clock.now())


def _close_reviews(ports: Ports, tx: Transaction, transfer: Transfer) -> None:
    for reason in (Reason.FAILING_FOR_A_DAY, Reason.REFUSED_BY_PROVIDER, Reason.OVERDUE):
        tx.reviews.close(Subject.TRANSFER, str(transfer.id), reason, ports.clock.now())


def _wake_others(ports: Ports, tx: Transaction, transfer: Transfer) -> None:
    """A nonce is mined, which leaves a slot free for transfers that nobody works on."""
    now = ports.clock.now()
    for waiting in tx.transfers.waiting_for_slot(transfer.wallet_address, now, _WOKEN_MOST):
        tx.outbox.add(TransferAuthorized(transfer_id=waiting), now)


def _soon(ports: Ports, transfer: Transfer) -> Watch:
    now = ports.clock.now()
    deadline = transfer.watch.deadline_at if transfer.watch else now
    return Watch(now + timedelta(seconds=ports.policy.transfer_check_seconds), deadline)
