"""Every event that travels between functions.

An event carries its type, a version, the id of what it is about and a trace id; never an amount or
an address: whoever consumes it reads the state from the database. The topic's name is the type.
"""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Event(BaseModel):
    """What all events share. Fields that a later version added are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)
    entity: ClassVar[str]

    type: str
    version: Literal[1] = 1
    trace_id: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9/_;=-]*$")

    @property
    def entity_id(self) -> UUID | None:
        """The id of what the event is about; ticks and what is about an asset have none."""
        value = getattr(self, self.entity, None)
        return value if isinstance(value, UUID) else None


class PaymentUpdated(Event):
    entity = "payment_id"
    type: Literal["payment.updated"] = "payment.updated"
    payment_id: UUID


class PaymentCheckDue(Event):
    entity = "payment_id"
    type: Literal["payment.check_due"] = "payment.check_due"
    payment_id: UUID


class OrderCheckDue(Event):
    entity = "order_id"
    type: Literal["order.check_due"] = "order.check_due"
    order_id: UUID


class InviteRequested(Event):
    entity = "invite_id"
    type: Literal["invite.requested"] = "invite.requested"
    invite_id: UUID


class JoinRequested(Event):
    entity = "join_request_id"
    type: Literal["join.requested"] = "join.requested"
    join_request_id: UUID


class PayoutRequested(Event):
    entity = "channel_id"
    type: Literal["payout.requested"] = "payout.requested"
    channel_id: UUID


class PoolRequested(Event):
    """About the pool of all threshold channels' pending shares of one asset."""

    entity = "asset"
    type: Literal["pool.requested"] = "pool.requested"
    asset: str = Field(pattern=r"^[a-z0-9]{1,16}:[a-z0-9]{1,16}$")


class SwapRequested(Event):
    entity = "swap_id"
    type: Literal["swap.requested"] = "swap.requested"
    swap_id: UUID


class SwapQuoted(Event):
    entity = "swap_id"
    type: Literal["swap.quoted"] = "swap.quoted"
    swap_id: UUID


class SwapCheckDue(Event):
    entity = "swap_id"
    type: Literal["swap.check_due"] = "swap.check_due"
    swap_id: UUID


class TransferRequested(Event):
    entity = "transfer_id"
    type: Literal["transfer.requested"] = "transfer.requested"
    transfer_id: UUID


class TransferAuthorized(Event):
    entity = "transfer_id"
    type: Literal["transfer.authorized"] = "transfer.authorized"
    transfer_id: UUID


class TransferCheckDue(Event):
    entity = "transfer_id"
    type: Literal["transfer.check_due"] = "transfer.check_due"
    transfer_id: UUID


class NoticeRequested(Event):
    entity = "notice_id"
    type: Literal["notice.requested"] = "notice.requested"
    notice_id: UUID


class MemberRemovalDue(Event):
    entity = "membership_id"
    type: Literal["member.removal_due"] = "member.removal_due"
    membership_id: UUID


class OfferDue(Event):
    entity = "broadcast_id"
    type: Literal["offer.due"] = "offer.due"
    broadcast_id: UUID


class ReconcileTick(Event):
    entity = ""
    type: Literal["tick.reconcile"] = "tick.reconcile"


class RefreshCurrenciesTick(Event):
    entity = ""
    type: Literal["tick.refresh_currencies"] = "tick.refresh_currencies"


class BatchPayoutsTick(Event):
    entity = ""
    type: Literal["tick.batch_payouts"] = "tick.batch_payouts"


class ExpireSubscriptionsTick(Event):
    entity = ""
    type: Literal["tick.expire_subscriptions"] = "tick.expire_subscriptions"


class BroadcastOffersTick(Event):
    entity = ""
    type: Literal["tick.broadcast_offers"] = "tick.broadcast_offers"


class AuditBooksTick(Event):
    entity = ""
    type: Literal["tick.audit_books"] = "tick.audit_books"


AnyEvent = Annotated[
    PaymentUpdated
    | PaymentCheckDue
    | OrderCheckDue
    | InviteRequested
    | JoinRequested
    | PayoutRequested
    | PoolRequested
    | SwapRequested
    | SwapQuoted
    | SwapCheckDue
    | TransferRequested
    | TransferAuthorized
    | TransferCheckDue
    | NoticeRequested
    | MemberRemovalDue
    | OfferDue
    | ReconcileTick
    | RefreshCurrenciesTick
    | BatchPayoutsTick
    | ExpireSubscriptionsTick
    | BroadcastOffersTick
    | AuditBooksTick,
    Field(discriminator="type"),
]
EVENT_TYPES: tuple[type[Event], ...] = (
    PaymentUpdated,
    PaymentCheckDue,
    OrderCheckDue,
    InviteRequested,
    JoinRequested,
    PayoutRequested,
    PoolRequested,
    SwapRequested,
    SwapQuoted,
    SwapCheckDue,
    TransferRequested,
    TransferAuthorized,
    TransferCheckDue,
    NoticeRequested,
    MemberRemovalDue,
    OfferDue,
    ReconcileTick,
    RefreshCurrenciesTick,
    BatchPayoutsTick,
    ExpireSubscriptionsTick,
    BroadcastOffersTick,
    AuditBooksTick,
)
_ANY = TypeAdapter[Event](AnyEvent)


def event_from(document: Any) -> Event:
    """Read an event from decoded JSON. Raises pydantic.ValidationError."""
    return _ANY.validate_python(document)


def event_from_json(text: bytes | str) -> Event:
    """Read an event from JSON text. Raises pydantic.ValidationError."""
    return _ANY.validate_json(text)


def type_name(event_type: type[Event]) -> str:
    """The event's type word, which is also its topic's name."""
    return str(event_type.model_fields["type"].default)
