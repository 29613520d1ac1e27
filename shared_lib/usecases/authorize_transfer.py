"""The validator: may this transfer be sent? If so, reserve its money for it alone."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.transfer import TransferState
from shared_lib.domain.watch import Watch
from shared_lib.events import TransferAuthorized
from shared_lib.ports import Ports, ProviderError, Transaction
from shared_lib.usecases.sending import (
    ChainView,
    Locked,
    fail,
    freeze_if_foreign,
    lock_all,
    look_at_chain,
    refuse,
    why_not,
)


def authorize_transfer(ports: Ports, transfer_id: UUID) -> None:
    """Check everything under the wallet's lock. Repeating it authorises nothing twice."""
    with ports.database.transaction() as tx:
        transfer = tx.transfers.get(transfer_id)
    if transfer is None or transfer.state is not TransferState.REQUESTED:
        return
    try:
        view = look_at_chain(ports, transfer)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            fail(ports, tx, transfer, error)
        return
    with ports.database.transaction() as tx:
        locked = lock_all(tx, transfer)
        if locked.transfer.state is TransferState.REQUESTED:
            _decide(ports, tx, locked, view)


def _decide(ports: Ports, tx: Transaction, locked: Locked, view: ChainView) -> None:
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
    deadline = transfer.watch.deadline_at if transfer.watch else now
    again = Watch(now + timedelta(seconds=ports.policy.republish_seconds), deadline)
    tx.transfers.save(transfer.moved(TransferState.AUTHORIZED, again))
    tx.wallets.reserve(transfer, view.fees.worst_case, now)
    tx.reviews.close(Subject.TRANSFER, str(transfer.id), Reason.TRANSFER_REFUSED, now)
    tx.outbox.add(TransferAuthorized(transfer_id=transfer.id), now)
