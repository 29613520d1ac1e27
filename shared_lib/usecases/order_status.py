"""What a person may know of an order: where it stands, what comes next, and by when."""

from collections.abc import Mapping
from uuid import UUID

from shared_lib.domain.order import Order, OrderKind, OrderState, Standing
from shared_lib.domain.payment import PaymentStatus
from shared_lib.ports import Transaction

# The provider has seen money of which it has not said the last word, or we have not applied it.
_SEEN = frozenset(
    {
        PaymentStatus.CONFIRMING,
        PaymentStatus.CONFIRMED,
        PaymentStatus.SENDING,
        PaymentStatus.FINISHED,
    }
)


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
