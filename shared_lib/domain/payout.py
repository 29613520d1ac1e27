"""One delivery of an owner's money: which shares, how much, and where to."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.money import BASIS_POINTS, USDT, Money, zero
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.share import ShareState
from shared_lib.domain.states import require_edge
from shared_lib.domain.watch import Watch


class PayoutState(StrEnum):
    FORMING = "forming"
    WAITING = "waiting"
    SWAPPING = "swapping"
    SENDING = "sending"
    SETTLED = "settled"
    RETURNED = "returned"
    REVIEW = "review"


PAYOUT_EDGES = {
    PayoutState.FORMING: frozenset(
        {PayoutState.WAITING, PayoutState.SWAPPING, PayoutState.SENDING, PayoutState.REVIEW}
    ),
    PayoutState.WAITING: frozenset({PayoutState.FORMING, PayoutState.REVIEW}),
    PayoutState.SWAPPING: frozenset({PayoutState.WAITING, PayoutState.SENDING, PayoutState.REVIEW}),
    PayoutState.SENDING: frozenset(
        {
            PayoutState.SETTLED,
            PayoutState.SWAPPING,
            PayoutState.WAITING,
            PayoutState.RETURNED,
            PayoutState.REVIEW,
        }
    ),
    PayoutState.SETTLED: frozenset[PayoutState](),
    PayoutState.RETURNED: frozenset[PayoutState](),
    PayoutState.REVIEW: frozenset(
        {
            PayoutState.WAITING,
            PayoutState.SWAPPING,
            PayoutState.SENDING,
            PayoutState.RETURNED,
            PayoutState.SETTLED,
        }
    ),
}

# Money that went out and came back this often goes out again only when a person says so.
ROUNDS_MOST = 3


class WaitingFor(StrEnum):
    """Why a payout that has money does not go yet; the owner sees this."""

    COST_TOO_HIGH = "cost_too_high"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    PAIR_UNAVAILABLE = "pair_unavailable"
    QUOTE_OFF_MARKET = "quote_off_market"
    ADDRESS_REFUSED = "address_refused"
    DESTINATION_CHANGED = "destination_changed"
    NONCE_LOST = "nonce_lost"
    RELEASED = "released"
    PROVIDER = "provider"
    DAY_CAP = "day_cap"


@dataclass(frozen=True, slots=True)
class Payout:
    """`target` is frozen when the payout forms; `amount` is the sum of its locked shares.

    Without a channel it is a conversion: a payout of all threshold channels' pending shares to
    ourselves, in the asset in which they are held. `strategy` says how its shares were collected,
    also where the channel's has changed since. `round` counts how often money in it has gone out,
    this time included. A payout whose money came back is *returned*, and its shares are in the next
    one. `worth_cents` is what its shares are worth by the market, for the caps of a day.
    """

    id: UUID
    channel_id: UUID | None
    strategy: Strategy
    state: PayoutState
    amount: Money
    target: PayoutTarget
    created_at: datetime
    watch: Watch | None
    round: int = 1
    waiting_for: WaitingFor | None = None
    funded_at: datetime | None = None
    settled_at: datetime | None = None
    worth_cents: int = 0

    @property
    def is_conversion(self) -> bool:
        """Whether it pays no owner, but turns what was collected into what is held."""
        return self.channel_id is None

    @property
    def locks_as(self) -> ShareState:
        """The state of its shares while it stands."""
        return ShareState.CONVERTING if self.is_conversion else ShareState.LOCKED

    @property
    def frees_as(self) -> ShareState:
        """The state that its shares came from, and go back to if it moved nothing."""
        is_held = self.strategy is Strategy.THRESHOLD and not self.is_conversion
        return ShareState.HELD if is_held else ShareState.PENDING

    def moved(self, state: PayoutState, watch: Watch | None) -> "Payout":
        """The payout in another state. Raises TransitionRefusedError."""
        require_edge(PAYOUT_EDGES, f"payout {self.id}", self.state, state)
        return replace(self, state=state, watch=watch, waiting_for=None)

    def waiting(self, reason: WaitingFor, watch: Watch) -> "Payout":
        """The payout without its money, waiting for a better moment."""
        moved = (
            self if self.state is PayoutState.WAITING else self.moved(PayoutState.WAITING, watch)
        )
        empty = replace(moved, amount=zero(self.amount.asset), worth_cents=0)
        return replace(empty, waiting_for=reason, watch=watch)


@dataclass(frozen=True, slots=True)
class DaySent:
    """What was signed for owners within a day, in US cents: of one channel, and of all."""

    channel_cents: int
    platform_cents: int


def conversion_target(wallet_address: str) -> PayoutTarget:
    """Where what threshold channels collect goes to be held: our own wallet, in USDT."""
    return PayoutTarget(USDT, wallet_address, None)


def is_worth_sending(amount: Money, cost: Money, most_bps: int) -> bool:
    """Whether `cost` (same asset) is at most `most_bps` basis points of `amount`."""
    return Money(cost.base_units * BASIS_POINTS, cost.asset) <= Money(
        amount.base_units * most_bps, amount.asset
    )
