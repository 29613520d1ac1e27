"""An owner's part of one payment, followed until it is paid out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.money import Money
from shared_lib.domain.states import require_edge
from shared_lib.domain.watch import Watch


class ShareKind(StrEnum):
    PAYMENT = "payment"
    DUST = "dust"
    REFUND = "refund"


class ShareState(StrEnum):
    EXPECTED = "expected"
    PENDING = "pending"
    CONVERTING = "converting"
    HELD = "held"
    LOCKED = "locked"
    PAID = "paid"
    REVERSED = "reversed"

    @property
    def is_owed(self) -> bool:
        """Shares in these states make up what the ledger says is payable to the owner."""
        return self not in (ShareState.PAID, ShareState.REVERSED)


SHARE_EDGES = {
    ShareState.EXPECTED: frozenset({ShareState.PENDING, ShareState.REVERSED}),
    ShareState.PENDING: frozenset(
        {ShareState.LOCKED, ShareState.CONVERTING, ShareState.HELD, ShareState.REVERSED}
    ),
    ShareState.CONVERTING: frozenset({ShareState.HELD, ShareState.PENDING, ShareState.PAID}),
    ShareState.HELD: frozenset({ShareState.LOCKED, ShareState.REVERSED}),
    ShareState.LOCKED: frozenset({ShareState.PAID, ShareState.PENDING, ShareState.HELD}),
    ShareState.PAID: frozenset[ShareState](),
    ShareState.REVERSED: frozenset[ShareState](),
}


@dataclass(frozen=True, slots=True)
class Worth:
    """What a share is worth in US cents, so that no error of units gets past a payout.

    `list_cents` is its part of what the payer was asked for, less our fee; `market_cents` is its
    market value when its deposit was seen. Both were learned independently of each other.
    """

    list_cents: int
    market_cents: int

    def part(self, base_units: int, of_base_units: int) -> "Worth":
        """The worth of a part of the amount.

        The list's is rounded up and the market's down, so that a part is not suspect by rounding.
        """
        return Worth(
            -(-self.list_cents * base_units // of_base_units),
            self.market_cents * base_units // of_base_units,
        )


def total_worth(worths: Iterable[Worth | None]) -> Worth:
    """The sum; a share whose worth nobody has learned yet counts nothing."""
    known = [worth for worth in worths if worth is not None]
    return Worth(
        sum(worth.list_cents for worth in known), sum(worth.market_cents for worth in known)
    )


@dataclass(frozen=True, slots=True)
class Share:
    """Expected shares are watched by their payment, locked and converting ones by their payout.

    Held ones rest: they are the owner's balance, which a tick compares with the threshold. `worth`
    is known from *pending* on.
    """

    id: UUID
    channel_id: UUID
    kind: ShareKind
    payment_id: UUID | None
    amount: Money
    state: ShareState
    created_at: datetime
    watch: Watch | None
    residue_of: UUID | None = None
    worth: Worth | None = None

    def moved(self, state: ShareState, watch: Watch | None = None) -> "Share":
        """The share in another state. Raises TransitionRefusedError."""
        require_edge(SHARE_EDGES, f"share {self.id}", self.state, state)
        return replace(self, state=state, watch=watch)

    def converted(self, part: Money) -> "Share":
        """The share as its part of what a conversion brought, held from here on.

        Of a share too small to bring one base unit nothing is left to hold. Raises
        TransitionRefusedError.
        """
        if part.base_units == 0:
            return self.moved(ShareState.PAID)
        return replace(self.moved(ShareState.HELD), amount=part)


def within_cents(shares: list[Share], most: int) -> list[Share]:
    """The first shares whose market value in sum is at most `most` US cents."""
    taken: list[Share] = []
    cents = 0
    for share in shares:
        cents += share.worth.market_cents if share.worth else 0
        if cents > most:
            break
        taken.append(share)
    return taken


def fitting(shares: list[Share], most: int) -> list[Share]:
    """The first shares whose sum is at most `most` base units, and never none of them."""
    taken: list[Share] = []
    amount = 0
    for share in shares:
        amount += share.amount.base_units
        if taken and amount > most:
            break
        taken.append(share)
    return taken
