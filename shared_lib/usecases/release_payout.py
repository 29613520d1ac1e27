"""Let a payout's money go out after all that rests in review, once a person has seen why."""

from uuid import UUID

from shared_lib.domain.currency import swappable_part
from shared_lib.domain.money import zero
from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.domain.payout import ROUNDS_MOST, Payout, PayoutState, WaitingFor
from shared_lib.domain.review import Subject
from shared_lib.domain.swap import Abandoned, Swap
from shared_lib.domain.transfer import Transfer, TransferState
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.auditing import audit
from shared_lib.usecases.forming import send_directly
from shared_lib.usecases.returning import begin_swap, give_up, return_money, stand_down
from shared_lib.usecases.routing import route_of_payout
from shared_lib.usecases.setback import close_findings

_OVER = frozenset({TransferState.CANCELLED, TransferState.REVERTED})


def release_payout(ports: Ports, payout_id: UUID, by: Operator) -> None:
    """Give the shares of a payout in review back, so that they form the next one.

    One that came back too often goes on as it is: it has nothing to be formed anew for. All checks
    before signing are made again. Raises ActionRefusedError where the payout does not rest in
    review, or where its money is out, so that another payout could pay it twice.
    """
    with ports.database.transaction() as tx:
        payout = tx.payouts.lock(payout_id)
        if payout is None or payout.state is not PayoutState.REVIEW:
            raise ActionRefusedError("this payout does not rest in review")
        swap = tx.swaps.lock_live(payout.id)
        tx.shares.lock_of_payout(payout.id)
        transfers = tx.transfers.lock_of_payout(payout.id)
        _require_money_here(transfers)
        _close_findings(ports, tx, payout, swap, transfers)
        if payout.round > ROUNDS_MOST and not transfers and swap is None:
            _go_on(ports, tx, payout)
        else:
            _give_back(ports, tx, payout, swap, transfers)
        audit(
            ports, tx, by, "release_payout", ("payout", str(payout.id)), amount=str(payout.amount)
        )


def _require_money_here(transfers: list[Transfer]) -> None:
    """Whatever was signed for this payout moved nothing for good, or was never signed."""
    for one in transfers:
        is_unsent = one.state is TransferState.REVIEW and one.nonce is None
        if not (one.state in _OVER or is_unsent or one.fills_nonce):
            raise ActionRefusedError(f"transfer {one.id} is {one.state.value}: its money is out")


def _go_on(ports: Ports, tx: Transaction, payout: Payout) -> None:
    if payout.target.asset == payout.amount.asset:
        send_directly(ports, tx, payout)
    else:
        begin_swap(ports, tx, payout, swappable_part(payout.amount))


def _give_back(
    ports: Ports, tx: Transaction, payout: Payout, swap: Swap | None, transfers: list[Transfer]
) -> None:
    if swap is not None:
        give_up(ports, tx, swap, Abandoned.STOOD_DOWN)
    for one in transfers:
        if one.state is TransferState.REVIEW:
            tx.transfers.save(one.moved(TransferState.CANCELLED, None))
    if payout.funded_at is not None:
        return_money(ports, tx, payout, zero(payout.amount.asset))
    else:
        stand_down(ports, tx, payout, WaitingFor.RELEASED)
        tx.outbox.add(route_of_payout(payout), ports.clock.now())


def _close_findings(
    ports: Ports, tx: Transaction, payout: Payout, swap: Swap | None, transfers: list[Transfer]
) -> None:
    """What a person has seen by this, all of it."""
    subjects = [
        (Subject.PAYOUT, payout.id),
        *([(Subject.SWAP, swap.id)] if swap else []),
        *((Subject.TRANSFER, one.id) for one in transfers),
    ]
    for subject, subject_id in subjects:
        close_findings(ports, tx, subject, str(subject_id))
