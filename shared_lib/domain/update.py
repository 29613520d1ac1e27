"""What an update from Telegram means to us, without Telegram's own form."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """Someone opened the bot by an offer's deep link, or typed something that looks like one."""

    link_id: str


@dataclass(frozen=True, slots=True)
class OpenDonation:
    """Someone opened the bot by the button for donations, or typed what looks like its link."""

    link_id: str


@dataclass(frozen=True, slots=True)
class AskDonate:
    """Someone wants to donate to a channel that they have access to."""


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Someone asks about an order; `order_id` is None when the text was not an order's id."""

    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class AskRefund:
    """Someone wants back what they paid for an order; None when the text was no order's id."""

    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class AskAccess:
    """Someone asks what is open to them, and for the way in."""


@dataclass(frozen=True, slots=True)
class AskRenew:
    """Someone wants to go on with what is or was open to them."""


@dataclass(frozen=True, slots=True)
class AskLanguage:
    """Someone wants to be spoken to in another language."""


@dataclass(frozen=True, slots=True)
class AskTimeZone:
    """Someone wants times in the zone of this name; empty where none was given."""

    name: str


@dataclass(frozen=True, slots=True)
class AskLink:
    """Someone sends a code that joins an account of the dashboard; empty where none was given."""

    code: str


@dataclass(frozen=True, slots=True)
class AskNews:
    """An owner wants to choose what they are told of."""


@dataclass(frozen=True, slots=True)
class AskHelp:
    """Someone wants to know what can be said to the bot."""


@dataclass(frozen=True, slots=True)
class AskForm:
    """Someone wants to set up a channel."""


@dataclass(frozen=True, slots=True)
class Say:
    """Someone said something that is no command; `forwarded_from` is a chat's id, if it came so."""

    text: str
    forwarded_from: int | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Someone wants to drop what they have begun."""


@dataclass(frozen=True, slots=True)
class Greet:
    """Someone gave the bot a command in private that it has not, or began to talk to it."""


@dataclass(frozen=True, slots=True)
class AskToJoin:
    """Someone asked to join a chat, by a link with this name if Telegram told us."""

    chat_id: int
    link_name: str | None
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class LeaveChat:
    """Someone is out of a chat since `left_at`: by themselves, or put out by somebody."""

    chat_id: int
    left_at: datetime


@dataclass(frozen=True, slots=True)
class ChangeRights:
    """What the bot may do in a chat has changed; none of the Bot API's rights while it is out."""

    chat_id: int
    rights: frozenset[str]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class MoveChat:
    """A chat has another id from now on."""

    old_id: int
    new_id: int


@dataclass(frozen=True, slots=True)
class BlockBot:
    """Someone blocked the bot in private (`blocked`), or took that back."""

    blocked: bool


@dataclass(frozen=True, slots=True)
class Press:
    """Someone pressed a button under a message of ours in private.

    `press_id` is what the answer names; `data` is what the button carries, which anybody can forge.
    """

    press_id: str
    message_id: int
    data: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing that concerns us."""


Intent = (
    OpenOffer
    | OpenDonation
    | AskDonate
    | AskStatus
    | AskRefund
    | AskAccess
    | AskRenew
    | AskLanguage
    | AskTimeZone
    | AskLink
    | AskNews
    | AskHelp
    | AskForm
    | Say
    | Cancel
    | Greet
    | AskToJoin
    | LeaveChat
    | ChangeRights
    | MoveChat
    | BlockBot
    | Press
    | Ignore
)
