"""What the simulated world consists of, as plain data that is stored row by row."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_post_messages",
    "can_edit_messages",
    "can_pin_messages",
)


class Status(StrEnum):
    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"


@dataclass
class Person:
    id: int
    first_name: str
    username: str | None = None
    language_code: str = "en"
    is_bot: bool = False
    is_deleted: bool = False
    has_started: bool = False
    has_blocked: bool = False


@dataclass
class Member:
    """A person's relation to a chat; `link` is the invite link they are inside by."""

    user_id: int
    status: Status
    rights: dict[str, bool] = field(default_factory=dict)
    until: int = 0
    is_inside_restricted: bool = True
    link: str | None = None

    def is_present(self) -> bool:
        if self.status is Status.RESTRICTED:
            return self.is_inside_restricted
        return self.status in {Status.CREATOR, Status.ADMINISTRATOR, Status.MEMBER}

    def is_admin(self) -> bool:
        return self.status in {Status.CREATOR, Status.ADMINISTRATOR}


@dataclass
class JoinRequest:
    user_id: int
    date: int
    link: str | None


@dataclass
class Chat:
    id: int
    type: Literal["channel", "supergroup"]
    title: str
    username: str | None = None
    migrated_to: int | None = None
    members: dict[int, Member] = field(default_factory=dict)
    requests: dict[int, JoinRequest] = field(default_factory=dict)


@dataclass
class Link:
    url: str
    chat_id: int
    creator_id: int
    name: str | None = None
    expire_date: int | None = None
    member_limit: int | None = None
    creates_join_request: bool = False
    is_primary: bool = False
    is_revoked: bool = False


@dataclass
class Message:
    """One message; `chat_id` is the person's id in a private chat with the bot."""

    chat_id: int
    message_id: int
    sender_id: int
    date: int
    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)
    reply_markup: dict[str, Any] | None = None
    edit_date: int | None = None
    is_deleted: bool = False


@dataclass
class Query:
    """A press of a callback button, and what the bot answered to it."""

    id: str
    user_id: int
    chat_id: int
    message_id: int
    data: str
    at: float
    answer: dict[str, Any] | None = None


@dataclass
class Update:
    """An update for the bot. `copies` says how often it is still to be delivered."""

    update_id: int
    kind: str
    content: dict[str, Any]
    at: float
    copies: int = 1
    state: Literal["pending", "delivered", "dropped"] = "pending"
    attempts: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Call:
    """One call of the Bot API, as it arrived and as it was answered (None: never)."""

    id: int
    at: float
    method: str
    params: dict[str, Any]
    via: Literal["http", "webhook_answer"] = "http"
    status: int | None = None
    answer: Any = None


@dataclass
class Webhook:
    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    last_error_date: int | None = None
    last_error_message: str | None = None


@dataclass
class Weather:
    """How unkind delivery is: `duplicate` is a probability, `seed` makes it repeatable."""

    duplicate: float = 0.0
    reorder: bool = False
    seed: int = 0


@dataclass
class Settings:
    """The single row of everything that exists once."""

    name: str = "settings"
    webhook: Webhook = field(default_factory=Webhook)
    allowed_updates: list[str] = field(default_factory=list)
    weather: Weather = field(default_factory=Weather)
    clock_offset: float = 0.0
    flood_until: float = 0.0
    counters: dict[str, int] = field(default_factory=dict)
    commands: dict[str, list[dict[str, str]]] = field(default_factory=dict)
