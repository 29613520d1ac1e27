"""What a payer has with us: money that came and has not bought anything yet.

It came as less than the price. The payer can pay the rest, or gets the days that it is worth, or
has it refunded; it is never an owner's before that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from shared_lib.domain.money import Money
from shared_lib.domain.payment import BOUGHT_TIMES_MOST
from shared_lib.domain.states import require_edge


class CreditState(StrEnum):
    """*Taken*: it is part of a purchase, and not booked as an owner's yet."""

    OPEN = "open"
    TO_REFUND = "to_refund"
    TAKEN = "taken"
    USED = "used"
    REFUNDED = "refunded"
    WITHDRAWN = "withdrawn"


# Who asked for a refund and then pays the rest wants access after all.
CREDIT_EDGES = {
    CreditState.OPEN: frozenset(
        {
            CreditState.TO_REFUND,
            CreditState.TAKEN,
            CreditState.USED,
            CreditState.REFUNDED,
            CreditState.WITHDRAWN,
        }
    ),
    CreditState.TO_REFUND: frozenset(
        {
            CreditState.OPEN,
            CreditState.TAKEN,
            CreditState.USED,
            CreditState.REFUNDED,
            CreditState.WITHDRAWN,
        }
    ),
    CreditState.TAKEN: frozenset({CreditState.USED}),
    CreditState.USED: frozenset[CreditState](),
    CreditState.REFUNDED: frozenset[CreditState](),
    CreditState.WITHDRAWN: frozenset[CreditState](),
}
# Nothing was bought for it yet.
UNSPENT = frozenset({CreditState.OPEN, CreditState.TO_REFUND})


@dataclass(frozen=True, slots=True)
class Credit:
    """What one payment brought. `value_cents` is its part of the order's price, rounded down.

    `order_id` is the order that was to be bought, not one for its rest. The rest can be paid until
    `until`.
    """

    id: UUID
    payment_id: UUID
    order_id: UUID
    amount: Money
    value_cents: int
    state: CreditState
    until: datetime
    created_at: datetime

    @property
    def is_unspent(self) -> bool:
        """Whether nothing was bought for it yet, so that it is still its payer's."""
        return self.state in UNSPENT

    def days_of(self, days: int, price_cents: int) -> int:
        """Whole days of the order's that it is worth; never more than all of them."""
        return days_worth(days, price_cents, min(self.value_cents, price_cents))

    def moved(self, state: CreditState) -> "Credit":
        """The credit in another state. Raises TransitionRefusedError."""
        require_edge(CREDIT_EDGES, f"credit {self.id}", self.state, state)
        return replace(self, state=state)

    def is_over(self, now: datetime) -> bool:
        """Whether nobody paid the rest in time, so that it buys what it is worth."""
        return self.state is CreditState.OPEN and self.until <= now


def value_of(parts: Iterable[Credit]) -> int:
    """US cents of what was bought for nothing yet."""
    return sum(one.value_cents for one in parts if one.is_unspent)


def days_worth(days: int, price_cents: int, value_cents: Fraction | int) -> int:
    """Whole days for this much of the price, at its own rate."""
    times = Fraction(value_cents) / price_cents
    return int(days * min(times, Fraction(BOUGHT_TIMES_MOST)))
