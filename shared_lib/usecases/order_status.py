"""What a person may know of an order, a payment, a payout, or somebody's access.

It says where that stands, what comes next, and by when.
"""

from collections.abc import Mapping
from uuid import UUID

from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.order import Order, OrderKind, OrderState, Standing
from shared_lib.domain.payment import PaymentStatus
from shared_lib.domain.why import Explained, Viewer
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.explain import explained
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.telling import tell

# The provider has seen money of which it has not said the last word, or we have not applied it.
_SEEN = frozenset(
    {
        PaymentStatus.CONFIRMING,
        PaymentStatus.CONFIRMED,
        PaymentStatus.SENDING,
        PaymentStatus.FINISHED,
    }
)


def show_status(ports: Ports, tx: Transaction, visit: Visit, asked: UUID | None) -> None:
    """Answer about whatever has this number, if it is the person's, or of a channel of theirs."""
    facts, kind = order_status(tx, visit.person.id, asked), NoticeKind.ORDER_STATUS
    if facts["standing"] is None and asked is not None:
        found = _why(ports, tx, visit, asked)
        facts, kind = (facts, kind) if found is None else (found, NoticeKind.WHY)
    tell(ports, tx, visit.person.id, kind, visit.key, facts)


def _why(
    ports: Ports, tx: Transaction, visit: Visit, asked: UUID
) -> Mapping[str, str | int | None] | None:
    viewer = Viewer(tx.people.account_of(visit.person.id), visit.person.id)
    for kind in Explained:
        answer = explained(ports, tx, viewer, kind, asked)
        if answer is not None:
            return {
                "kind": kind.value,
                "id": str(asked),
                "because": answer.because,
                "next": answer.next,
                "by": None if answer.by is None else answer.by.isoformat(),
            }
    return None


def order_status(
    tx: Transaction, telegram_user_id: int, order_id: UUID | None
) -> Mapping[str, str | int | None]:
    """The facts of a person's own order; of nobody else's not even whether there is one."""
    order = tx.orders.get(order_id) if order_id else None
    if order is None or order.telegram_user_id != telegram_user_id:
        return {"standing": None}
    standing = _standing(tx, order)
    until = order.watch.deadline_at if order.watch and standing is Standing.OPEN else None
    return {
        "order": str(order.id),
        "standing": standing.value,
        "until": until.isoformat() if until else None,
    }


def _standing(tx: Transaction, order: Order) -> Standing:
    root_id = order.tops_up or order.id
    if tx.credits.is_any_unspent(root_id):
        return Standing.IN_PART
    if order.state is OrderState.PAID:
        return Standing.DONATED if order.kind is OrderKind.DONATION else Standing.PAID
    statuses = tx.payments.statuses_of(order.id)
    if PaymentStatus.REVIEW in statuses:
        return Standing.REVIEWED
    if statuses & _SEEN:
        return Standing.CONFIRMING
    return Standing(order.state.value)
