"""Follow a sent transfer on the chain until its block is deep enough, then settle.

Nothing here concludes from silence that money was not sent. A receipt that vanishes in a
reorganisation puts the transfer back to *sent*, and the same bytes are broadcast again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.money import ETH, Money
from shared_lib.domain.payout import Payout, PayoutState
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import ShareState
from shared_lib.domain.transfer import Attempt, Mined, Transfer, TransferState
from shared_lib.domain.watch import Watch
from shared_lib.events import TransferAuthorized
from shared_lib.ports import Ports, ProviderError, Transaction
from shared_lib.usecases.sending import fail, freeze
from shared_lib.usecases.setback import review

# How many transfers are woken when one leaves a slot free.
_WOKEN_MOST = 4


@dataclass(frozen=True, slots=True)
class _View:
    """What the chain shows of a transfer now.

    `nonce_is_final` says that the transfer's nonce is mined so deep that it will not come free.
    """

    mined: Mined | None
    confirmations: int
    nonce_is_final: bool


def check_transfer(ports: Ports, transfer_id: UUID) -> None:
    """Look once, and record what is seen. Repeating it, or two at once, settles once."""
    with ports.database.transaction() as tx:
        transfer = tx.transfers.get(transfer_id)
        attempts = tx.transfers.attempts(transfer_id)
    if transfer is None or not transfer.state.is_broadcast:
        return
    try:
        view = _look(ports, transfer, attempts)
        if view.mined is None and not view.nonce_is_final:
            _broadcast_again(ports, transfer)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            fail(ports, tx, transfer, error)
        return
    with ports.database.transaction() as tx:
        _record(ports, tx, transfer, view)


def _look(ports: Ports, transfer: Transfer, attempts: list[Attempt]) -> _View:
    """Ask for the receipt of each of our hashes; only one of them can be mined."""
    head = ports.chain.head()
    for attempt in attempts:
        mined = ports.chain.mined(attempt.hash)
        if mined is not None and ports.chain.is_canonical(mined.block, mined.block_hash):
            return _View(mined, head - mined.block + 1, nonce_is_final=False)
    depth = ports.policy.confirmations
    final_nonce = ports.chain.mined_nonce(transfer.wallet_address, depth=depth)
    return _View(None, 0, nonce_is_final=final_nonce > (transfer.nonce or 0))


def _broadcast_again(ports: Ports, transfer: Transfer) -> None:
    """The same bytes again, the wallet's lowest unmined nonce first: it holds up all others."""
    with ports.database.transaction() as tx:
        lowest = tx.transfers.lowest_unmined(transfer.wallet_address)
        ids = [lowest, transfer.id] if lowest not in (None, transfer.id) else [transfer.id]
        attempts = [tx.transfers.attempts(one)[-1:] for one in ids if one is not None]
    for attempt in (one for some in attempts for one in some):
        if not ports.chain.knows(attempt.hash):
            ports.chain.broadcast(attempt.raw)


# ---- recording -----------------------------------------------------------------------------------


def _record(ports: Ports, tx: Transaction, known: Transfer, view: _View) -> None:
    payout = tx.payouts.lock(known.payout_id)
    transfer = tx.transfers.lock(known.id)
    if payout is None or transfer is None or not transfer.state.is_broadcast:
        return
    if view.mined is None:
        _not_mined(ports, tx, transfer, nonce_is_final=view.nonce_is_final)
        return
    if transfer.state is TransferState.SENT:
        transfer = transfer.moved(TransferState.MINED, transfer.watch)
    transfer = replace(transfer, mined=view.mined)
    if view.confirmations < ports.policy.confirmations:
        tx.transfers.save(replace(transfer, watch=_soon(ports, transfer)))
    elif view.mined.succeeded:
        _settle(ports, tx, payout, transfer, view.mined)
    else:
        _take_back(ports, tx, payout, transfer, view.mined)


def _not_mined(ports: Ports, tx: Transaction, transfer: Transfer, *, nonce_is_final: bool) -> None:
    if transfer.state is TransferState.MINED:
        transfer = replace(transfer.moved(TransferState.SENT, transfer.watch), mined=None)
    tx.transfers.save(replace(transfer, watch=_soon(ports, transfer)))
    wallet = tx.wallets.lock(transfer.wallet_address)
    if nonce_is_final and wallet is not None and wallet.frozen_because is None:
        fact = f"nonce {transfer.nonce} was used by a transaction that is none of ours"
        freeze(ports, tx, wallet, fact)


def _settle(
    ports: Ports, tx: Transaction, payout: Payout, transfer: Transfer, mined: Mined
) -> None:
    """Deep enough: the owner has the money. Everything that says so changes at once."""
    now = ports.clock.now()
    for share in tx.shares.lock_of_payout(payout.id):
        tx.shares.save(share.moved(ShareState.PAID))
    settled = payout.moved(PayoutState.SETTLED, None)
    tx.payouts.save(replace(settled, settled_at=now))
    tx.transfers.save(transfer.moved(TransferState.CONFIRMED, None))
    _post_gas(ports, tx, transfer, mined, now)
    posting = ledger.settled(payout.id, payout.channel_id, payout.amount, transfer.amount)
    tx.ledger.post(posting, ports.ids.new(), now)
    tx.reviews.close(Subject.TRANSFER, str(transfer.id), Reason.FAILING_FOR_A_DAY, now)
    tx.reviews.close(Subject.TRANSFER, str(transfer.id), Reason.REFUSED_BY_PROVIDER, now)
    tx.reviews.close(Subject.TRANSFER, str(transfer.id), Reason.OVERDUE, now)
    tx.reviews.close(Subject.PAYOUT, str(payout.id), Reason.OVERDUE, now)
    _wake_others(tx, transfer, now)


def _take_back(
    ports: Ports, tx: Transaction, payout: Payout, transfer: Transfer, mined: Mined
) -> None:
    """Mined and failed: the gas is gone, the amount never left; a person looks at why."""
    now = ports.clock.now()
    tx.transfers.save(transfer.moved(TransferState.REVERTED, None))
    _post_gas(ports, tx, transfer, mined, now)
    tx.ledger.post(ledger.returned(transfer.id, transfer.amount), ports.ids.new(), now)
    tx.payouts.save(payout.moved(PayoutState.REVIEW, None))
    evidence = (("hash", mined.hash), ("block", str(mined.block)))
    finding = Finding(Subject.TRANSFER, str(transfer.id), Reason.TRANSFER_REVERTED, evidence)
    review(ports, tx, finding)
    _wake_others(tx, transfer, now)


def _post_gas(
    ports: Ports, tx: Transaction, transfer: Transfer, mined: Mined, now: datetime
) -> None:
    posting = ledger.gas_burned(transfer.id, Money(mined.gas_paid, ETH))
    tx.ledger.post(posting, ports.ids.new(), now)


def _wake_others(tx: Transaction, transfer: Transfer, now: datetime) -> None:
    """A slot came free: publish the transfers that waited for one."""
    for waiting in tx.transfers.waiting_for_slot(transfer.wallet_address, _WOKEN_MOST):
        tx.outbox.add(TransferAuthorized(transfer_id=waiting), now)


def _soon(ports: Ports, transfer: Transfer) -> Watch:
    now = ports.clock.now()
    deadline = transfer.watch.deadline_at if transfer.watch else now
    return Watch(now + timedelta(seconds=ports.policy.transfer_check_seconds), deadline)
