"""An order freezes what one person agreed to buy, before any money moves."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.states import require_edge
from shared_lib.domain.watch import Watch


class OrderKind(StrEnum):
    SUBSCRIPTION = "subscription"
    DONATION = "donation"


class OrderState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CLOSED = "closed"


class Standing(StrEnum):
    """What whoever ordered is told: the order's state, and what its payments say meanwhile."""

    OPEN = "open"
    CONFIRMING = "confirming"
    REVIEWED = "reviewed"
    IN_PART = "in_part"
    PAID = "paid"
    DONATED = "donated"
    EXPIRED = "expired"
    CLOSED = "closed"


# A payment that finishes late is honoured on the frozen terms, so even an ended order can be paid.
ORDER_EDGES = {
    OrderState.OPEN: frozenset({OrderState.PAID, OrderState.EXPIRED, OrderState.CLOSED}),
    OrderState.EXPIRED: frozenset({OrderState.PAID}),
    OrderState.CLOSED: frozenset({OrderState.PAID}),
    OrderState.PAID: frozenset[OrderState](),
}


@dataclass(frozen=True, slots=True)
class Invoice:
    """What the payment provider answered when the order's invoice was made."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Order:
    """Price in US cents; `days` is None for access for life and for donations.

    One that `tops_up` another asks for the rest of its price.
    """

    id: UUID
    kind: OrderKind
    channel_id: UUID
    tier_id: UUID | None
    telegram_user_id: int
    price_cents: int
    days: int | None
    state: OrderState
    created_at: datetime
    watch: Watch | None
    invoice: Invoice | None = None
    tops_up: UUID | None = None

    def ended(self, state: OrderState) -> "Order":
        """The order in a final state; paying a paid order again changes nothing about it."""
        if self.state is state:
            return self
        require_edge(ORDER_EDGES, f"order {self.id}", self.state, state)
        return replace(self, state=state, watch=None)
