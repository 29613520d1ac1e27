"""What Telegram's updates mean to us. Only the fields that we use are read."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared_lib.domain.language import ZONE_MOST
from shared_lib.domain.offer import DONATE
from shared_lib.domain.update import (
    AskAccess,
    AskDonate,
    AskForm,
    AskHelp,
    AskLanguage,
    AskLink,
    AskNews,
    AskRefund,
    AskRenew,
    AskStatus,
    AskTimeZone,
    AskToJoin,
    BlockBot,
    Cancel,
    ChangeRights,
    Greet,
    Ignore,
    Intent,
    LeaveChat,
    MoveChat,
    OpenDonation,
    OpenOffer,
    Press,
    Say,
)
from shared_lib.ports import Person

# A deep link's payload has at most 64 characters, says Telegram; people can type longer ones.
_PAYLOAD_MOST = 64
_COMMAND = re.compile(r"/([A-Za-z_]+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_WORDS_ALONE: dict[str, Intent] = {
    "access": AskAccess(),
    "cancel": Cancel(),
    "database": AskForm(),
    "donate": AskDonate(),
    "help": AskHelp(),
    "language": AskLanguage(),
    "notifications": AskNews(),
    "renew": AskRenew(),
}
_STATUS = "status_"
# What the bot needs in the chats that it serves, by the Bot API's names.
_RIGHTS = ("can_post_messages", "can_invite_users", "can_restrict_members")
# What the database's bigint holds; Telegram promises 52 significant bits.
_Id = Annotated[int, Field(gt=-(2**63), lt=2**63)]


class NotAnUpdateError(ValueError):
    """The document has no readable update id; the text names the fields at fault."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class _User(_Shape):
    id: _Id
    first_name: str = ""
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False


class _Chat(_Shape):
    id: _Id
    type: str

    @property
    def is_private(self) -> bool:
        return self.type == "private"


class _Origin(_Shape):
    """Where a forwarded message came from: a channel's post, or one in the name of a group."""

    chat: _Chat | None = None
    sender_chat: _Chat | None = None


class _Message(_Shape):
    chat: _Chat
    sender: _User | None = Field(None, alias="from")
    text: str | None = None
    forward_origin: _Origin | None = None
    migrate_to_chat_id: _Id | None = None

    @property
    def forwarded_from(self) -> int | None:
        """The id of the chat whose post this was."""
        origin = self.forward_origin
        chat = None if origin is None else origin.chat or origin.sender_chat
        return None if chat is None else chat.id


class _InviteLink(_Shape):
    name: str | None = None


class _JoinRequest(_Shape):
    chat: _Chat
    sender: _User = Field(alias="from")
    date: int = Field(ge=0, lt=2**35)
    invite_link: _InviteLink | None = None


class _Member(_Shape):
    """`is_member` is shown of somebody restricted only."""

    status: str
    user: _User | None = None
    is_member: bool = False
    can_post_messages: bool = False
    can_invite_users: bool = False
    can_restrict_members: bool = False

    @property
    def is_out(self) -> bool:
        is_restricted_out = self.status == "restricted" and not self.is_member
        return self.status in {"left", "kicked"} or is_restricted_out

    @property
    def rights(self) -> frozenset[str]:
        if self.status != "administrator":
            return frozenset()
        return frozenset(right for right in _RIGHTS if getattr(self, right))


class _MemberUpdate(_Shape):
    chat: _Chat
    sender: _User = Field(alias="from")
    date: int = Field(ge=0, lt=2**35)
    new_chat_member: _Member


class _PressedMessage(_Shape):
    """Of a message that is too old Telegram shows no more than this."""

    chat: _Chat
    message_id: int = Field(ge=0, lt=2**31)


class _Query(_Shape):
    id: str = Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")
    sender: _User = Field(alias="from")
    message: _PressedMessage | None = None
    data: str | None = None


class _Envelope(_Shape):
    update_id: int = Field(ge=0, lt=2**63)


class _Update(_Envelope):
    message: _Message | None = None
    chat_join_request: _JoinRequest | None = None
    my_chat_member: _MemberUpdate | None = None
    chat_member: _MemberUpdate | None = None
    callback_query: _Query | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """`fault` names the fields that could not be read, where that is why it is ignored."""

    id: int
    person: Person | None
    intent: Intent
    fault: str | None = None


def read_update(document: Any) -> Update:
    """What an update means; one that cannot be read is ignored, as it would come again for a day.

    Raises NotAnUpdateError if it has no id.
    """
    try:
        update = _Update.model_validate(document)
    except ValidationError as error:
        return Update(_id_of(document), None, Ignore(), _fields(error))
    sender, intent = _meaning(update)
    if sender is None or sender.is_bot or isinstance(intent, Ignore):
        return Update(update.update_id, None, Ignore())
    return Update(update.update_id, _person(sender), intent)


def _id_of(document: Any) -> int:
    try:
        return _Envelope.model_validate(document).update_id
    except ValidationError as error:
        raise NotAnUpdateError(_fields(error)) from None


def _fields(error: ValidationError) -> str:
    return ", ".join(".".join(map(str, fault["loc"])) or "document" for fault in error.errors())


def _meaning(update: _Update) -> tuple[_User | None, Intent]:
    """Who did it, and what it means; an update holds one thing."""
    if update.message is not None:
        return update.message.sender, _said(update.message)
    if update.chat_join_request is not None:
        return update.chat_join_request.sender, _asked(update.chat_join_request)
    if update.my_chat_member is not None:
        return update.my_chat_member.sender, _of_the_bot(update.my_chat_member)
    if update.chat_member is not None:
        return update.chat_member.new_chat_member.user, _of_somebody(update.chat_member)
    if update.callback_query is not None:
        return update.callback_query.sender, _pressed(update.callback_query)
    return None, Ignore()


def _said(message: _Message) -> Intent:
    """Only what is said in private is said to the bot; without text it is a picture or the like."""
    if message.migrate_to_chat_id is not None:
        return MoveChat(message.chat.id, message.migrate_to_chat_id)
    if not message.chat.is_private:
        return Ignore()
    origin = message.forwarded_from
    if message.text is None:
        return Say("", origin) if origin else Ignore()
    command = _COMMAND.fullmatch(message.text.strip())
    if command is None or origin:
        return Say(_storable(message.text), origin)
    return _commanded(command.group(1), (command.group(2) or "").strip())


def _commanded(word: str, rest: str) -> Intent:
    if word == "status":
        return AskStatus(_uuid(rest))
    if word == "refund":
        return AskRefund(_uuid(rest))
    if word == "timezone":
        return AskTimeZone(_storable(rest)[:ZONE_MOST])
    if word == "link":
        return AskLink(_storable(rest)[:_PAYLOAD_MOST])
    if word == "start" and rest:
        return _opened(rest)
    return _WORDS_ALONE.get(word, Greet())


def _opened(payload: str) -> Intent:
    order_id = _uuid(payload.removeprefix(_STATUS)) if payload.startswith(_STATUS) else None
    if order_id:
        return AskStatus(order_id)
    if payload.startswith(DONATE):
        return OpenDonation(_storable(payload.removeprefix(DONATE))[:_PAYLOAD_MOST])
    link_id = _storable(payload)[:_PAYLOAD_MOST]
    return OpenOffer(link_id) if link_id else Greet()


def _pressed(query: _Query) -> Intent:
    """Our buttons that carry data are in private chats only; all others open links."""
    if query.message is None or not query.message.chat.is_private or query.data is None:
        return Ignore()
    return Press(query.id, query.message.message_id, _storable(query.data)[:_PAYLOAD_MOST])


def _asked(request: _JoinRequest) -> Intent:
    name = request.invite_link.name if request.invite_link else None
    return AskToJoin(
        chat_id=request.chat.id,
        link_name=_storable(name) if name else None,
        asked_at=datetime.fromtimestamp(request.date, UTC),
    )


def _of_the_bot(update: _MemberUpdate) -> Intent:
    """In private somebody has blocked it, or not any more; in a chat its rights have changed."""
    status = update.new_chat_member.status
    if not update.chat.is_private:
        rights = update.new_chat_member.rights
        return ChangeRights(update.chat.id, rights, datetime.fromtimestamp(update.date, UTC))
    return BlockBot(blocked=status == "kicked") if status in {"kicked", "member"} else Ignore()


def _of_somebody(update: _MemberUpdate) -> Intent:
    """Who comes in is known by our own approval; only who goes out is news."""
    if update.chat.is_private or not update.new_chat_member.is_out:
        return Ignore()
    return LeaveChat(update.chat.id, datetime.fromtimestamp(update.date, UTC))


def _person(user: _User) -> Person:
    return Person(
        id=user.id,
        first_name=_storable(user.first_name),
        username=_storable(user.username) if user.username else None,
        language_code=_storable(user.language_code) if user.language_code else None,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _storable(text: str) -> str:
    """PostgreSQL refuses NUL and halves of surrogate pairs, and then the update came for a day."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
