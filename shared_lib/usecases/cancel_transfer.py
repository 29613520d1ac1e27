"""Try to take back a transfer that is with the network and in no block yet."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.domain.transfer import AttemptKind, TransferState
from shared_lib.events import TransferAuthorized
from shared_lib.ports import Ports
from shared_lib.usecases.auditing import audit


def cancel_transfer(ports: Ports, transfer_id: UUID, by: Operator) -> None:
    """Have a transaction that moves nothing signed on the transfer's nonce, at a higher price.

    The chain decides which of the two it takes. If the cancel wins, nothing has left, and the
    payout's shares form the next payout; if not, the transfer ends as if nobody had tried. Trying
    again changes nothing. Raises ActionRefusedError where nothing can be taken back any more, or
    nothing was sent yet, which the switch for sends is for.
    """
    with ports.database.transaction() as tx:
        transfer = tx.transfers.lock(transfer_id)
        if transfer is None or transfer.state is not TransferState.SENT:
            state = "not there" if transfer is None else transfer.state.value
            raise ActionRefusedError(f"only what is sent can be cancelled: it is {state}")
        kinds = [attempt.kind for attempt in tx.transfers.attempts(transfer_id)]
        if AttemptKind.CANCEL in (*kinds, transfer.replacement):
            return
        tx.transfers.save(replace(transfer, replacement=AttemptKind.CANCEL))
        tx.outbox.add(TransferAuthorized(transfer_id=transfer_id), ports.clock.now())
        subject = ("transfer", str(transfer_id))
        audit(ports, tx, by, "cancel_transfer", subject, amount=str(transfer.amount))
