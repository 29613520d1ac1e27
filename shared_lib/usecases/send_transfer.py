"""Send an authorised transfer: nonce, signature, stored bytes, broadcast; in this order.

Only stored bytes are ever broadcast, and bytes are stored once. Whatever dies in between, the next
delivery goes on from the row: *authorized* has no nonce, *signing* has a nonce and no bytes,
*sent* has bytes. None of them can lead to a second nonce or to other bytes.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.transfer import (
    Attempt,
    AttemptKind,
    Refusal,
    Transfer,
    TransferState,
    Wallet,
)
from shared_lib.domain.watch import Watch
from shared_lib.events import TransferCheckDue
from shared_lib.ports import (
    Lease,
    Leased,
    Ports,
    ProviderError,
    SignedTransfer,
    Transaction,
    UnsignedTransfer,
    Watched,
)
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.sending import (
    ChainView,
    Locked,
    fail,
    freeze_if_foreign,
    lock_all,
    look_at_chain,
    pause,
    refuse,
    show_refusal,
    why_not,
)

_BEFORE_BYTES = (TransferState.AUTHORIZED, TransferState.SIGNING)


def send_transfer(ports: Ports, transfer_id: UUID) -> None:
    """Bring one transfer to the network. Repeating it sends the same bytes at most."""
    with ports.database.transaction() as tx:
        lease = claim(ports, tx, Leased.TRANSFER, transfer_id)
        transfer = tx.transfers.get(transfer_id)
    if transfer is not None and transfer.state in _BEFORE_BYTES:
        try:
            transfer = _prepare(ports, lease, transfer)
        except ProviderError as error:
            _give_back(ports, lease, transfer, error)
            return
    if transfer is not None and transfer.state is TransferState.SENT:
        _broadcast(ports, lease, transfer)
    with ports.database.transaction() as tx:
        tx.leases.release(lease)


def _give_back(ports: Ports, lease: Lease, transfer: Transfer, error: ProviderError) -> None:
    with ports.database.transaction() as tx:
        fail(ports, tx, transfer, error)
        tx.leases.release(lease)


def _prepare(ports: Ports, lease: Lease, transfer: Transfer) -> Transfer:
    """From *authorized* or *signing* to *sent*, or as far as it may go now."""
    view = look_at_chain(ports, transfer)
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
    signing = transfer.on_nonce(wallet.next_nonce, _again(ports, transfer))
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
    """The same checks again, then the bytes, the posting and the payout's mark, all at once."""
    locked = lock_all(tx, known)
    require(tx, lease)
    if locked.transfer.state is not TransferState.SIGNING:
        return locked.transfer
    reason = why_not(ports, tx, locked, view)
    if reason is not None:
        return _refuse_signing(ports, tx, locked, reason)
    now = ports.clock.now()
    sent = locked.transfer.moved(TransferState.SENT, _again(ports, locked.transfer))
    tx.transfers.add_attempt(
        Attempt(ports.ids.new(), sent.id, AttemptKind.SEND, signed.raw, signed.hash, view.fees),
        now,
    )
    tx.transfers.save(sent)
    tx.wallets.unreserve(sent.id)
    tx.payouts.save(replace(locked.payout, funded_at=now))
    tx.ledger.post(ledger.signed(sent.id, sent.amount), ports.ids.new(), now)
    tx.reviews.close(Subject.TRANSFER, str(sent.id), Reason.TRANSFER_REFUSED, now)
    tx.outbox.add(TransferCheckDue(transfer_id=sent.id), now)
    return sent


def _refuse_signing(ports: Ports, tx: Transaction, locked: Locked, reason: Refusal) -> Transfer:
    """Give the nonce back if it is the highest; else keep it until the refusal passes.

    A lower nonce cannot be given back: those above it would never be mined.
    """
    transfer, wallet = locked.transfer, locked.wallet
    if transfer.nonce != wallet.next_nonce - 1:
        if not reason.may_pass:
            show_refusal(ports, tx, locked, reason)
        pause(ports, tx, transfer)
        return transfer
    tx.wallets.save(replace(wallet, next_nonce=wallet.next_nonce - 1))
    without = transfer.without_nonce(_again(ports, transfer))
    tx.transfers.save(without)
    refuse(ports, tx, replace(locked, transfer=without), reason)
    return tx.transfers.get(transfer.id) or without


# ---- after the bytes -----------------------------------------------------------------------------


def _broadcast(ports: Ports, lease: Lease, transfer: Transfer) -> None:
    """Hand the stored bytes to the network. What the node says is no proof of anything.

    The bytes stay the only ones on their nonce, so `check_transfer` finds out what became of them.
    """
    with ports.database.transaction() as tx:
        attempts = tx.transfers.attempts(transfer.id)
    problem: ProviderError | None = None
    for attempt in attempts[-1:]:
        require_time(ports, lease)
        try:
            ports.chain.broadcast(attempt.raw)
        except ProviderError as error:
            problem = error
    with ports.database.transaction() as tx:
        if problem is not None:
            fail(ports, tx, transfer, problem)
        else:
            soon = ports.clock.now() + timedelta(seconds=ports.policy.transfer_check_seconds)
            tx.watches.wait(Watched.TRANSFER, transfer.id, soon)


def _again(ports: Ports, transfer: Transfer) -> Watch:
    now = ports.clock.now()
    deadline = transfer.watch.deadline_at if transfer.watch else now
    return Watch(now + timedelta(seconds=ports.policy.republish_seconds), deadline)
