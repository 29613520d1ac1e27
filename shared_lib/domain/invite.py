"""One invitation link per purchase or grant, and the requests to join that come by it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.states import require_edge
from shared_lib.domain.watch import Watch

LINK_LIFETIME = timedelta(hours=24)
DELIVERY_DEADLINE = timedelta(hours=24)


class InviteState(StrEnum):
    CREATING = "creating"
    LIVE = "live"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    REVIEW = "review"


INVITE_EDGES = {
    InviteState.CREATING: frozenset({InviteState.LIVE, InviteState.REVOKED, InviteState.REVIEW}),
    InviteState.LIVE: frozenset(
        {
            InviteState.CREATING,  # asked for again: the same link is delivered once more
            InviteState.USED,
            InviteState.REVOKED,
            InviteState.EXPIRED,
            InviteState.REVIEW,
        }
    ),
    InviteState.USED: frozenset[InviteState](),
    InviteState.REVOKED: frozenset[InviteState](),
    InviteState.EXPIRED: frozenset[InviteState](),
    InviteState.REVIEW: frozenset({InviteState.CREATING, InviteState.REVOKED}),
}


class EntryCause(StrEnum):
    """Why somebody is given a way in."""

    PAID = "paid"
    GRANTED = "granted"
    AGAIN = "again"  # asked for, or removed by us while they paid


@dataclass(frozen=True, slots=True)
class Link:
    """A secret: whoever holds it may ask to join."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invite:
    """`name` is what Telegram shows for the link (at most 32 characters), unique among ours.

    Without payment and order it belongs to what an owner granted by hand, or, where it `is_again`,
    gives the way in once more to somebody who has access.
    """

    id: UUID
    payment_id: UUID | None
    order_id: UUID | None
    membership_id: UUID
    name: str
    state: InviteState
    created_at: datetime
    watch: Watch | None
    link: Link | None = None
    already_inside: bool = False
    is_again: bool = False

    @property
    def cause(self) -> UUID:
        """What the person is let in for: the payment, or the grant that is this invite's own."""
        return self.payment_id or self.id

    @property
    def because(self) -> EntryCause:
        """Why the person hears of it."""
        if self.is_again:
            return EntryCause.AGAIN
        return EntryCause.GRANTED if self.payment_id is None else EntryCause.PAID

    def moved(self, state: InviteState, watch: Watch | None) -> "Invite":
        """The invite in another state. Raises TransitionRefusedError."""
        require_edge(INVITE_EDGES, f"invite {self.id}", self.state, state)
        return replace(self, state=state, watch=watch)


def link_name(invite_id: UUID) -> str:
    """A link's name: our prefix and enough of the id to be unique, 29 characters in all."""
    return f"funnel-{invite_id.hex[:22]}"


class JoinState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    IGNORED = "ignored"
    REVIEW = "review"


JOIN_EDGES = {
    JoinState.PENDING: frozenset(
        {JoinState.APPROVED, JoinState.DECLINED, JoinState.IGNORED, JoinState.REVIEW}
    ),
    JoinState.APPROVED: frozenset[JoinState](),
    JoinState.DECLINED: frozenset[JoinState](),
    JoinState.IGNORED: frozenset[JoinState](),
    JoinState.REVIEW: frozenset({JoinState.PENDING}),
}


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """`link_name` is None when the request came by no link, or by one that is not ours."""

    id: UUID
    chat_id: int
    telegram_user_id: int
    link_name: str | None
    requested_at: datetime
    state: JoinState
    watch: Watch | None

    def answered(self, state: JoinState) -> "JoinRequest":
        """The request with our answer. Raises TransitionRefusedError."""
        require_edge(JOIN_EDGES, f"join request {self.id}", self.state, state)
        return replace(self, state=state, watch=None)


def join_answer(*, may_enter: bool, by_our_link: bool) -> JoinState:
    """Whoever has running access comes in by whatever link; strangers only bounce off ours."""
    if may_enter:
        return JoinState.APPROVED
    return JoinState.DECLINED if by_our_link else JoinState.IGNORED
