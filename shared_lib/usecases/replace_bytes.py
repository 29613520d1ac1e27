"""Sign other bytes on a nonce that has some, or needs some: a higher price, or a cancel.

A nonce is used up once, so that of all bytes on it one set is mined at most. What the others would
have done never happens; `check_transfer` sees which it was.
"""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.ledger import Account
from shared_lib.domain.money import ETH, zero
from shared_lib.domain.transfer import (
    Attempt,
    AttemptKind,
    Fees,
    Transfer,
    TransferState,
    Wallet,
    outbid,
)
from shared_lib.events import TransferCheckDue
from shared_lib.ports import Lease, Ports, SignedTransfer, Transaction, UnsignedTransfer
from shared_lib.usecases.lease import require, require_time
from shared_lib.usecases.returning import look_again
from shared_lib.usecases.sending import is_promise_ending, pause


def replace_bytes(ports: Ports, lease: Lease, known: Transfer, kind: AttemptKind) -> Transfer:
    """Sign and store what is wanted, if it is wanted still. Raises ProviderError."""
    with ports.database.transaction() as tx:
        held = [attempt.fees for attempt in tx.transfers.attempts(known.id)]
    unsigned = _unsigned(ports, known, kind, held)
    chain_id = ports.chain.chain_id()
    require_time(ports, lease)
    signed = ports.signer.sign(unsigned)
    with ports.database.transaction() as tx:
        transfer = tx.transfers.lock(known.id)
        wallet = tx.wallets.lock(known.wallet_address)
        require(tx, lease)
        if transfer is None or wallet is None or transfer.replacement is not kind:
            return transfer or known
        may_sign = _may_sign(ports, tx, transfer, wallet, chain_id, unsigned.fees)
        if not may_sign or _comes_too_late(ports, tx, transfer, kind):
            pause(ports, tx, transfer)
            return transfer
        return _store(ports, tx, transfer, _attempt(ports, transfer.id, kind, signed, unsigned))


def _unsigned(
    ports: Ports, transfer: Transfer, kind: AttemptKind, held: list[Fees]
) -> UnsignedTransfer:
    """The same transfer, or nothing to ourselves, at a price that replaces all that is there."""
    if kind is AttemptKind.CANCEL:
        destination, amount = transfer.wallet_address, zero(ETH)
    else:
        destination, amount = transfer.destination, transfer.amount
    fees = ports.chain.fees_for(transfer.wallet_address, destination, amount)
    for earlier in held:
        fees = outbid(earlier, fees)
    return UnsignedTransfer(ports.policy.chain_id, transfer.nonce or 0, destination, amount, fees)


def _may_sign(
    ports: Ports,
    tx: Transaction,
    transfer: Transfer,
    wallet: Wallet,
    chain_id: int,
    fees: Fees,
) -> bool:
    """The kill switch stops first signatures only; a frozen wallet and empty gas stop all."""
    _, reserved = tx.wallets.reserved(ETH, besides=transfer.id)
    gas = tx.ledger.balance(Account.GAS_FLOAT, ETH).base_units - reserved
    on_chain = chain_id == wallet.chain_id == ports.policy.chain_id
    return on_chain and wallet.frozen_because is None and fees.worst_case <= gas


def _comes_too_late(ports: Ports, tx: Transaction, transfer: Transfer, kind: AttemptKind) -> bool:
    """A bump that waited until its swap's promise ends: `check_transfer` wants a cancel by now."""
    swap = tx.swaps.get(transfer.swap_id) if transfer.swap_id else None
    return kind is AttemptKind.BUMP and is_promise_ending(ports, swap)


def _attempt(
    ports: Ports,
    transfer_id: UUID,
    kind: AttemptKind,
    signed: SignedTransfer,
    unsigned: UnsignedTransfer,
) -> Attempt:
    now = ports.clock.now()
    return Attempt(ports.ids.new(), transfer_id, kind, signed.raw, signed.hash, unsigned.fees, now)


def _store(ports: Ports, tx: Transaction, transfer: Transfer, attempt: Attempt) -> Transfer:
    """The bytes and the state at once. A nonce filler gets its first bytes by this."""
    tx.transfers.add_attempt(attempt)
    if transfer.state is TransferState.SIGNING:
        transfer = transfer.moved(TransferState.SENT, transfer.watch)
    stored = replace(transfer, replacement=None, watch=look_again(ports, transfer.watch))
    tx.transfers.save(stored)
    tx.outbox.add(TransferCheckDue(transfer_id=stored.id), ports.clock.now())
    return stored
