"""The validator: may this transfer be sent? If so, reserve its money for it alone."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.swap import AWAITS_DEPOSIT, Exchange, Swap
from shared_lib.domain.transfer import Refusal, Transfer, TransferState
from shared_lib.events import TransferAuthorized
from shared_lib.ports import Ports, ProviderError, Transaction, Watched
from shared_lib.usecases.rates import Bucket, pause_after, take_swap_calls
from shared_lib.usecases.returning import look_again
from shared_lib.usecases.sending import (
    ChainView,
    Locked,
    freeze_if_foreign,
    is_quote_dead,
    lock_all,
    look_at_chain,
    refuse,
    why_not,
)
from shared_lib.usecases.setback import trouble


def authorize_transfer(ports: Ports, transfer_id: UUID) -> None:
    """Check everything under the wallet's lock. Repeating it authorises nothing twice."""
    with ports.database.transaction() as tx:
        transfer = tx.transfers.get(transfer_id)
        swap = tx.swaps.get(transfer.swap_id) if transfer and transfer.swap_id else None
    if transfer is None or transfer.state is not TransferState.REQUESTED:
        return
    try:
        # A dead promise needs no look outside, and must not wait for one.
        view = None if is_quote_dead(ports, swap) else _look(ports, transfer, swap)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            trouble(ports, tx, Watched.TRANSFER, transfer_id, error)
            pause_after(tx, Bucket.CHANGENOW, error, ports.clock.now())
        return
    with ports.database.transaction() as tx:
        locked = lock_all(tx, transfer)
        if locked.transfer.state is TransferState.REQUESTED:
            _decide(ports, tx, locked, view)


def _look(ports: Ports, transfer: Transfer, swap: Swap | None) -> ChainView:
    """The chain, and for a swap whether its exchange still awaits the deposit."""
    view = look_at_chain(ports, transfer)
    if swap is None or swap.exchange is None:
        return view
    return replace(view, is_waiting=_is_waiting(ports, swap, swap.exchange))


def _is_waiting(ports: Ports, swap: Swap, exchange: Exchange) -> bool:
    take_swap_calls(ports, 1)
    report = ports.swaps.exchange(exchange.id, swap.sold.asset, swap.target.asset)
    same = report.payin_address.lower() == exchange.payin_address.lower()
    return same and report.status in AWAITS_DEPOSIT


def _decide(ports: Ports, tx: Transaction, locked: Locked, view: ChainView | None) -> None:
    if view is None:
        refuse(ports, tx, locked, Refusal.QUOTE_DEAD)
        return
    wallet = freeze_if_foreign(ports, tx, locked.wallet, view.mined_nonce)
    locked = replace(locked, wallet=wallet)
    reason = why_not(ports, tx, locked, view)
    if reason is not None:
        refuse(ports, tx, locked, reason)
    else:
        _authorize(ports, tx, locked, view)


def _authorize(ports: Ports, tx: Transaction, locked: Locked, view: ChainView) -> None:
    now = ports.clock.now()
    transfer = locked.transfer
    tx.transfers.save(transfer.moved(TransferState.AUTHORIZED, look_again(ports, transfer.watch)))
    tx.wallets.reserve(transfer, view.fees.worst_case, now)
    for reason in (Reason.TRANSFER_REFUSED, Reason.REFUSED_BY_PROVIDER):
        tx.reviews.close(Subject.TRANSFER, str(transfer.id), reason, now)
    tx.outbox.add(TransferAuthorized(transfer_id=transfer.id), now)
