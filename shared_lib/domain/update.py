"""What an update from Telegram means to us, without Telegram's own form."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """Someone opened the bot by an offer's deep link, or typed something that looks like one."""

    link_id: str


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Someone asks about an order; `order_id` is None when the text was not an order's id."""

    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class AskRefund:
    """Someone wants back what they paid for an order; None when the text was no order's id."""

    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class Greet:
    """Someone said anything else to the bot in private."""


@dataclass(frozen=True, slots=True)
class AskToJoin:
    """Someone asked to join a chat, by a link with this name if Telegram told us."""

    chat_id: int
    link_name: str | None
    asked_at: datetime


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


Intent = OpenOffer | AskStatus | AskRefund | Greet | AskToJoin | BlockBot | Press | Ignore
