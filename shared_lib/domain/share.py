"""An owner's part of one payment, followed until it is paid out."""

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
    ShareState.PENDING: frozenset({ShareState.LOCKED, ShareState.CONVERTING, ShareState.REVERSED}),
    ShareState.CONVERTING: frozenset({ShareState.HELD, ShareState.PENDING}),
    ShareState.HELD: frozenset({ShareState.LOCKED, ShareState.REVERSED}),
    ShareState.LOCKED: frozenset({ShareState.PAID, ShareState.PENDING, ShareState.HELD}),
    ShareState.PAID: frozenset[ShareState](),
    ShareState.REVERSED: frozenset[ShareState](),
}


@dataclass(frozen=True, slots=True)
class Share:
    """Expected shares are watched by their payment, locked ones by their payout."""

    id: UUID
    channel_id: UUID
    kind: ShareKind
    payment_id: UUID | None
    amount: Money
    state: ShareState
    created_at: datetime
    watch: Watch | None
    residue_of: UUID | None = None

    def moved(self, state: ShareState, watch: Watch | None = None) -> "Share":
        """The share in another state. Raises TransitionRefusedError."""
        require_edge(SHARE_EDGES, f"share {self.id}", self.state, state)
        return replace(self, state=state, watch=watch)
