"""What the bot keeps in a channel's chats: the offer, and the button for donations."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.offer import Channel, Chat, ChatRole, Tier

POST_EVERY = timedelta(hours=24)
ASK_EVERY = timedelta(minutes=5)
REFUSALS_MOST = 5


class BroadcastKind(StrEnum):
    """The offer is posted anew every day; the donations' button is posted once, and stays."""

    OFFER = "offer"
    DONATION = "donation"

    @property
    def chat_role(self) -> ChatRole:
        """In which of a channel's chats it stands."""
        return ChatRole.OPEN if self is BroadcastKind.OFFER else ChatRole.CLOSED

    @property
    def every(self) -> timedelta | None:
        """How often it is posted anew by itself."""
        return POST_EVERY if self is BroadcastKind.OFFER else None


@dataclass(frozen=True, slots=True)
class TierOnSale:
    """A tier, and the id of the deep link that sells it."""

    link_id: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Showcase:
    """What is to be shown of a channel, as it is now."""

    channel: Channel
    open_chat: Chat
    closed_chat: Chat
    on_sale: tuple[TierOnSale, ...]

    def shows(self, kind: BroadcastKind) -> bool:
        """Whether there is anything to show: no empty offer, and nothing of a closing channel."""
        return not self.channel.is_closing and bool(self.on_sale or kind is BroadcastKind.DONATION)

    def chat_of(self, kind: BroadcastKind) -> Chat:
        """The chat in which a message of this kind stands."""
        return self.open_chat if kind.chat_role is ChatRole.OPEN else self.closed_chat


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One message in one chat, and when it is posted anew.

    `due_at` is None where nothing is to be done until somebody asks. `posting_since`: it may stand
    there since then, as no answer is recorded. `refusals` counts those in a row; a chat that
    refuses too often is paused until its owner asks again.
    """

    id: UUID
    channel_id: UUID
    kind: BroadcastKind
    link_id: str | None
    due_at: datetime | None
    look_at: datetime | None
    message_id: int | None = None
    posted_at: datetime | None = None
    posting_since: datetime | None = None
    asked_at: datetime | None = None
    refusals: int = 0
    troubled_since: datetime | None = None
    paused_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be posted, or taken down, now."""
        return self.due_at is not None and self.due_at <= now

    def free_at(self) -> datetime | None:
        """From when on the owner may ask again; None if they may by all means."""
        latest = max((at for at in (self.asked_at, self.posted_at) if at is not None), default=None)
        return None if latest is None else latest + ASK_EVERY

    def wanted(self, now: datetime) -> "Broadcast":
        """It is to be posted, or taken down, at once. What was paused goes on."""
        return replace(
            self, due_at=now, look_at=now, refusals=0, troubled_since=None, paused_at=None
        )

    def beginning(self, now: datetime) -> "Broadcast":
        """The next thing that happens is a post, whose answer may get lost."""
        return replace(self, message_id=None, posting_since=now)

    def posted(self, message_id: int | None, at: datetime) -> "Broadcast":
        """It stands in the chat; by which id is None where the answer was lost."""
        every = self.kind.every
        return replace(
            self.taken_down(),
            message_id=message_id,
            posted_at=at,
            due_at=None if every is None else at + every,
            look_at=None if every is None else at + every,
        )

    def taken_down(self) -> "Broadcast":
        """Nothing of ours stands in the chat, and nothing is to be posted until somebody asks."""
        return replace(
            self,
            message_id=None,
            posting_since=None,
            due_at=None,
            look_at=None,
            refusals=0,
            troubled_since=None,
        )

    def put_off(self, next_at: datetime, since: datetime) -> "Broadcast":
        """It did not happen, and is tried again."""
        return replace(
            self, posting_since=None, due_at=next_at, look_at=next_at, troubled_since=since
        )

    def refused(self, now: datetime, next_at: datetime, since: datetime) -> "Broadcast":
        """The chat refused it; too often in a row, and it is paused."""
        refused = replace(self.put_off(next_at, since), refusals=self.refusals + 1)
        if refused.refusals < REFUSALS_MOST:
            return refused
        return replace(refused, due_at=None, look_at=None, paused_at=now)


def fresh_broadcast(
    broadcast_id: UUID, channel_id: UUID, kind: BroadcastKind, link_id: str | None, now: datetime
) -> Broadcast:
    """The broadcast of a channel that was made just now."""
    return Broadcast(broadcast_id, channel_id, kind, link_id, due_at=now, look_at=now)
