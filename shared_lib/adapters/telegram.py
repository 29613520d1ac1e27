"""Telegram's Bot API as far as access to private channels needs it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from telegram import (
    Bot,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberOwner,
    ChatMemberRestricted,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)
from telegram import Message as Sent
from telegram.constants import ChatInviteLinkLimit, ChatMemberStatus, ParseMode

from shared_lib.adapters.telegram_calls import BotCalls, Call
from shared_lib.domain.message import Button, Message
from shared_lib.ports import (
    JoinOutcome,
    PermanentError,
    Presence,
    RecipientUnreachableError,
    UnknownOutcomeError,
)

_INSIDE = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER}
_RUNNING = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR}
_OUTSIDE = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}

# Fragments of Telegram's texts, in lower case, because the client changes their case.
_UNREACHABLE = (
    "bot was blocked by the user",
    "user is deactivated",
    "bot can't initiate conversation with a user",
    "chat not found",
    "user not found",
)
_NOBODY = ("user not found", "participant_id_invalid", "member not found", "invalid user_id")
_BOT_OUTSIDE = ("bot is not a member", "bot was kicked")
_UNCHANGED = ("message is not modified",)
_WAITS_NO_MORE = ("query is too old", "query id is invalid", "query_id_invalid")
_GONE_ALREADY = ("message to delete not found", "message_id_invalid")
_REVOKED_ALREADY = ("invite_hash_expired",)
_JOIN_OUTCOMES = {
    "hide_requester_missing": JoinOutcome.NO_REQUEST,
    "user_already_participant": JoinOutcome.ALREADY_INSIDE,
}


class TelegramMessenger:
    """The port `Messenger`. Safe for threads; must not be called where an event loop runs.

    Args:
        token: of the bot, `<digits>:<secret>`.
        base_url: of the Bot API server, such as `https://api.telegram.org`.
        call_seconds: how long one call may take in all.
    """

    def __init__(self, *, token: str, base_url: str, call_seconds: float) -> None:
        self._calls = BotCalls(token=token, base_url=base_url, call_seconds=call_seconds)
        self._username: str | None = None

    def username(self) -> str:
        # Asked once per process: a bot's name hardly ever changes, and its links then die anyway.
        if self._username is None:
            self._username = self._calls.ask(lambda bot: bot.get_me()).username
        if not self._username:
            raise PermanentError("the bot has no username")
        return self._username

    def is_inside(self, chat_id: int, telegram_user_id: int) -> bool:
        try:
            member = self._member(chat_id, telegram_user_id)
        except PermanentError as error:
            if _says(error, _NOBODY):
                return False
            raise
        return _is_present(member)

    def presence(self, chat_id: int, telegram_user_id: int) -> Presence:
        try:
            member = self._member(chat_id, telegram_user_id)
        except PermanentError as error:
            if _says(error, _NOBODY):
                return Presence.OUTSIDE
            raise
        if not _is_present(member):
            return Presence.OUTSIDE
        is_ours = member.status not in _RUNNING and not member.user.is_bot
        return Presence.INSIDE if is_ours else Presence.PROTECTED

    def remove(self, chat_id: int, telegram_user_id: int) -> None:
        # Without `only_if_banned` this takes a member out and leaves no ban behind; to ban and
        # unban would leave one behind if we died in between.
        self._calls.change(
            lambda bot: bot.unban_chat_member(chat_id, telegram_user_id, only_if_banned=False),
            chat_id,
        )

    def create_join_link(self, chat_id: int, name: str, expires_at: datetime) -> str:
        # Telegram cuts longer names, and the link would never be recognised again.
        if len(name) > ChatInviteLinkLimit.NAME_LENGTH:
            raise PermanentError("the name of a link has at most 32 characters")
        # A limit of members excludes requests to join, so only the expiry limits the link.
        link = self._calls.change(
            lambda bot: bot.create_chat_invite_link(
                chat_id, name=name, expire_date=expires_at, creates_join_request=True
            ),
            chat_id,
        )
        if not link.creates_join_request:
            raise UnknownOutcomeError("Telegram made a link that lets anybody in")
        return link.invite_link

    def revoke_link(self, chat_id: int, url: str) -> None:
        self._ask_unless(
            _REVOKED_ALREADY, lambda bot: bot.revoke_chat_invite_link(chat_id, url), chat_id
        )

    def approve(self, chat_id: int, telegram_user_id: int) -> JoinOutcome:
        return self._answer(
            lambda bot: bot.approve_chat_join_request(chat_id, telegram_user_id), chat_id
        )

    def decline(self, chat_id: int, telegram_user_id: int) -> JoinOutcome:
        return self._answer(
            lambda bot: bot.decline_chat_join_request(chat_id, telegram_user_id), chat_id
        )

    def send(self, telegram_user_id: int, message: Message) -> None:
        try:
            self._calls.change(partial(_send, chat_id=telegram_user_id, message=message))
        except PermanentError as error:
            if _says(error, _UNREACHABLE):
                raise RecipientUnreachableError(str(error)) from None
            raise

    def edit(self, telegram_user_id: int, message_id: int, message: Message) -> None:
        self._ask_unless(
            _UNCHANGED,
            lambda bot: bot.edit_message_text(
                message.html,
                chat_id=telegram_user_id,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=_keyboard(message),
            ),
        )

    def answer_press(self, press_id: str, text: str | None) -> None:
        self._ask_unless(_WAITS_NO_MORE, lambda bot: bot.answer_callback_query(press_id, text=text))

    def post(self, chat_id: int, message: Message) -> int:
        send = partial(_send, chat_id=chat_id, message=message)
        return self._calls.change(send, chat_id).message_id

    def delete_message(self, chat_id: int, message_id: int) -> None:
        self._ask_unless(
            _GONE_ALREADY, lambda bot: bot.delete_message(chat_id, message_id), chat_id
        )

    def missing_rights(self, chat_id: int, needed: Sequence[str]) -> list[str]:
        try:
            member = self._member(chat_id, self._calls.bot_id)
        except PermanentError as error:
            if _says(error, _BOT_OUTSIDE):
                return list(needed)
            raise
        if isinstance(member, ChatMemberOwner):
            return []
        if not isinstance(member, ChatMemberAdministrator):
            return list(needed)
        return [right for right in needed if getattr(member, right, None) is not True]

    def _member(self, chat_id: int, user_id: int) -> ChatMember:
        return self._calls.ask(lambda bot: bot.get_chat_member(chat_id, user_id), chat_id)

    def _ask_unless(self, fragments: Sequence[str], call: Call[object], chat_id: int = 0) -> None:
        """Ask for what may be done already, which a refusal with one of these fragments says."""
        try:
            self._calls.ask(call, chat_id)
        except PermanentError as error:
            if not _says(error, fragments):
                raise

    def _answer(self, call: Call[bool], chat_id: int) -> JoinOutcome:
        """Answer a request to join; that it is answered already is an outcome, no error."""
        try:
            self._calls.ask(call, chat_id)
        except PermanentError as error:
            for fragment, outcome in _JOIN_OUTCOMES.items():
                if _says(error, (fragment,)):
                    return outcome
            raise
        return JoinOutcome.DONE


def _says(error: PermanentError, fragments: Sequence[str]) -> bool:
    text = str(error).lower()
    return any(fragment in text for fragment in fragments)


def _is_present(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    if member.status in _INSIDE:
        return True
    if member.status in _OUTSIDE:
        return False
    # To guess would lock somebody out or leave them in.
    raise PermanentError("Telegram shows a standing in the chat that is not known")


async def _send(bot: Bot, chat_id: int, message: Message) -> Sent:
    return await bot.send_message(
        chat_id,
        message.html,
        parse_mode=ParseMode.HTML,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_markup=_keyboard(message),
    )


def _keyboard(message: Message) -> InlineKeyboardMarkup | None:
    rows = [[_shown_button(button) for button in row] for row in message.keyboard]
    return InlineKeyboardMarkup(rows) if rows else None


def _shown_button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(button.label, url=button.url, callback_data=button.callback_data)
