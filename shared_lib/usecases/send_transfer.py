"""Send an authorised transfer: nonce, signature, stored bytes, broadcast; in this order.

Only stored bytes are ever broadcast. Whatever dies in between, the next delivery goes on from the
row: *authorized* has no nonce, *signing* has a nonce and no bytes, *sent* has bytes. None of them
can lead to a second nonce. This is the only function that signs: also what `check_transfer` wants
signed in place of bytes that are stuck, on the same nonce.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.swap import Swap, SwapState
from shared_lib.domain.transfer import (
    Attempt,
    AttemptKind,
    Refusal,
    Transfer,
    TransferState,
    Wallet,
)
from shared_lib.domain.watch import watch
from shared_lib.events import TransferCheckDue
from shared_lib.ports import (
    Lease,
    Leased,
    PermanentError,
    Ports,
    ProviderError,
    SignedTransfer,
    Transaction,
    UnsignedTransfer,
    Watched,
)
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.owner_news import tell_sent
from shared_lib.usecases.replace_bytes import replace_bytes
from shared_lib.usecases.returning import PAYOUT_DEADLINE, look_again
from shared_lib.usecases.sending import (
    ChainView,
    freeze_if_foreign,
    is_promise_ending,
    is_quote_dead,
    lock_all,
    look_at_chain,
    pause,
    refuse,
    why_not,
)
from shared_lib.usecases.setback import trouble

_BEFORE_BYTES = (TransferState.AUTHORIZED, TransferState.SIGNING)


def send_transfer(ports: Ports, transfer_id: UUID) -> None:
    """Bring one transfer to the network. Repeating it sends the same bytes at most."""
    with ports.database.transaction() as tx:
        lease = claim(ports, tx, Leased.TRANSFER, transfer_id)
        transfer = tx.transfers.get(transfer_id)
    if transfer is not None:
        try:
            transfer = _signed(ports, lease, transfer)
        except ProviderError as error:
            _give_back(ports, lease, transfer, error)
            return
    if transfer is not None and transfer.state is TransferState.SENT:
        _broadcast(ports, lease, transfer)
    with ports.database.transaction() as tx:
        tx.leases.release(lease)


def _signed(ports: Ports, lease: Lease, transfer: Transfer) -> Transfer:
    """The transfer with the bytes that it should have, or as far as it may go now."""
    if transfer.replacement is not None:
        return replace_bytes(ports, lease, transfer, transfer.replacement)
    if transfer.state in _BEFORE_BYTES:
        return _prepare(ports, lease, transfer)
    return transfer


def _give_back(ports: Ports, lease: Lease, transfer: Transfer, error: ProviderError) -> None:
    with ports.database.transaction() as tx:
        trouble(ports, tx, Watched.TRANSFER, transfer.id, error)
        tx.leases.release(lease)


def _prepare(ports: Ports, lease: Lease, transfer: Transfer) -> Transfer:
    """From *authorized* or *signing* to *sent*, or as far as it may go now."""
    with ports.database.transaction() as tx:
        swap = tx.swaps.get(transfer.swap_id) if transfer.swap_id else None
    if is_quote_dead(ports, swap):
        return _refused(ports, lease, transfer, Refusal.QUOTE_DEAD)
    try:
        view = look_at_chain(ports, transfer)
    except PermanentError:
        if transfer.state is not TransferState.SIGNING:
            raise
        # Its nonce must not hold up those above it.
        return _refused(ports, lease, transfer, Refusal.WOULD_FAIL)
    return _sign(ports, lease, transfer, view)


def _refused(ports: Ports, lease: Lease, known: Transfer, reason: Refusal) -> Transfer:
    with ports.database.transaction() as tx:
        locked = lock_all(tx, known)
        require(tx, lease)
        if locked.transfer.state in _BEFORE_BYTES and locked.transfer.replacement is None:
            refuse(ports, tx, locked, reason)
        return tx.transfers.get(known.id) or known


def _sign(ports: Ports, lease: Lease, transfer: Transfer, view: ChainView) -> Transfer:
    if transfer.state is TransferState.AUTHORIZED:
        with ports.database.transaction() as tx:
            transfer = _take_nonce(ports, tx, lease, transfer, view)
    if transfer.state is not TransferState.SIGNING or transfer.nonce is None:
        return transfer
    require_time(ports, lease)
    signed = ports.signer.sign(
        UnsignedTransfer(
            ports.policy.chain_id, transfer.nonce, transfer.destination, transfer.amount, view.fees
        )
    )
    with ports.database.transaction() as tx:
        return _store_bytes(ports, tx, lease, transfer, signed, view)


# ---- tx 1: the nonce -----------------------------------------------------------------------------


def _take_nonce(
    ports: Ports, tx: Transaction, lease: Lease, known: Transfer, view: ChainView
) -> Transfer:
    """Give the transfer the wallet's next nonce, if the chain has room for it."""
    locked = lock_all(tx, known)
    require(tx, lease)
    if locked.transfer.state is not TransferState.AUTHORIZED:
        return locked.transfer
    wallet = freeze_if_foreign(ports, tx, locked.wallet, view.mined_nonce)
    locked = replace(locked, wallet=wallet)
    reason = why_not(ports, tx, locked, view)
    if reason is not None:
        refuse(ports, tx, locked, reason)
        return tx.transfers.get(known.id) or known
    if not wallet.has_free_slot(view.mined_nonce):
        pause(ports, tx, locked.transfer)
        return locked.transfer
    return _allocate(ports, tx, locked.transfer, wallet)


def _allocate(ports: Ports, tx: Transaction, transfer: Transfer, wallet: Wallet) -> Transfer:
    signing = transfer.on_nonce(wallet.next_nonce, look_again(ports, transfer.watch))
    tx.transfers.save(signing)
    tx.wallets.save(replace(wallet, next_nonce=wallet.next_nonce + 1))
    return signing


# ---- tx 2: the bytes -----------------------------------------------------------------------------


def _store_bytes(
    ports: Ports,
    tx: Transaction,
    lease: Lease,
    known: Transfer,
    signed: SignedTransfer,
    view: ChainView,
) -> Transfer:
    """The same checks again, then bytes, posting, and payout and swap as funded, all at once."""
    locked = lock_all(tx, known)
    require(tx, lease)
    if locked.transfer.state is not TransferState.SIGNING or locked.transfer.replacement:
        return locked.transfer
    reason = why_not(ports, tx, locked, view)
    if reason is not None:
        refuse(ports, tx, locked, reason)
        return tx.transfers.get(known.id) or known
    now = ports.clock.now()
    sent = locked.transfer.moved(TransferState.SENT, look_again(ports, locked.transfer.watch))
    attempt = AttemptKind.SEND
    tx.transfers.add_attempt(
        Attempt(ports.ids.new(), sent.id, attempt, signed.raw, signed.hash, view.fees, now)
    )
    tx.transfers.save(sent)
    tx.wallets.unreserve(sent.id)
    tx.payouts.save(replace(locked.payout, funded_at=now))
    if locked.swap is not None:
        tx.swaps.save(_funded(ports, locked.swap))
    tx.ledger.post(ledger.signed(sent.id, sent.amount), ports.ids.new(), now)
    tx.reviews.close(Subject.TRANSFER, str(sent.id), Reason.TRANSFER_REFUSED, now)
    tx.outbox.add(TransferCheckDue(transfer_id=sent.id), now)
    tell_sent(ports, tx, locked.payout, sent)
    return sent


def _funded(ports: Ports, swap: Swap) -> Swap:
    """From here on the swap is followed until its money is somewhere for sure."""
    again_at = ports.policy.swap_check_seconds
    followed = watch(ports.clock.now(), wait_seconds=again_at, deadline=PAYOUT_DEADLINE)
    return swap.moved(SwapState.FUNDED, followed)


# ---- after the bytes -----------------------------------------------------------------------------


def _to_broadcast(ports: Ports, transfer: Transfer) -> list[Attempt]:
    """The newest bytes, but for those that fund a promise about to end: they wait for a cancel."""
    with ports.database.transaction() as tx:
        newest = tx.transfers.attempts(transfer.id)[-1:]
        swap = tx.swaps.get(transfer.swap_id) if transfer.swap_id else None
    if not is_promise_ending(ports, swap):
        return newest
    return [attempt for attempt in newest if attempt.kind is AttemptKind.CANCEL]


def _broadcast(ports: Ports, lease: Lease, transfer: Transfer) -> None:
    """Hand the newest stored bytes to the network. What the node says is no proof of anything.

    All bytes of a transfer are on its one nonce, so `check_transfer` finds out which were mined.
    """
    problem: ProviderError | None = None
    for attempt in _to_broadcast(ports, transfer):
        require_time(ports, lease)
        try:
            ports.chain.broadcast(attempt.raw)
        except ProviderError as error:
            problem = error
    with ports.database.transaction() as tx:
        if problem is not None:
            trouble(ports, tx, Watched.TRANSFER, transfer.id, problem)
        else:
            soon = ports.clock.now() + timedelta(seconds=ports.policy.transfer_check_seconds)
            tx.watches.wait(Watched.TRANSFER, transfer.id, soon)
