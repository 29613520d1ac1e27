"""Telegram in memory: chats, people, links, requests to join, and messages.

A bot may do here what its rights in a chat allow. What goes wrong is ordered with `fail_next`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import RLock
from typing import Literal

from shared_lib.domain.message import Message
from shared_lib.ports import (
    ChatMovedError,
    Clock,
    JoinOutcome,
    PermanentError,
    Presence,
    ProviderError,
    RecipientUnreachableError,
)
from tests.fakes.failures import Failures

BOT = "funnel_sandbox_bot"
LONGEST_LINK_NAME = 32
ALL_RIGHTS = frozenset({"can_invite_users", "can_restrict_members", "can_post_messages"})
Opened = Literal[
    "requested", "invalid_link", "revoked", "expired", "already_member", "already_requested"
]


@dataclass
class FakeChat:
    """`bot_rights` is None while the bot is outside; `requests` maps people to the link used.

    Of the members, those `protected` own or run the chat, or are bots, and `guests` came in by no
    request. `removed` is whom we took out, in that order.
    """

    bot_rights: frozenset[str] | None
    members: set[int] = field(default_factory=set)
    protected: set[int] = field(default_factory=set)
    guests: set[int] = field(default_factory=set)
    removed: list[int] = field(default_factory=list)
    requests: dict[int, str | None] = field(default_factory=dict)


@dataclass
class FakeLink:
    chat_id: int
    name: str
    expires_at: datetime
    is_revoked: bool = False


@dataclass
class FakePerson:
    """`has_started`: whether the bot may write first."""

    has_started: bool = True
    has_blocked: bool = False


class FakeMessenger:
    """The port `Messenger`, and the people. `calls` names every call, also those that failed.

    `messages` holds what was sent, oldest first, with its reader; a message's id is its place in
    it, counted from 1. `posts` is what stands in chats, by chat and id. `answers` has the words to
    each press that was answered in time. Links expire by `clock`, without one never.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.chats: dict[int, FakeChat] = {}
        self.links: dict[str, FakeLink] = {}
        self.people: dict[int, FakePerson] = {}
        self.messages: list[tuple[int, Message]] = []
        self.posts: dict[int, dict[int, Message]] = {}
        self.answers: dict[str, str | None] = {}
        self.moved: dict[int, int] = {}
        self.removals: list[tuple[int, int, datetime]] = []
        self.stale_presses: set[str] = set()
        self.calls: list[tuple[str, int]] = []
        self._clock = clock
        self._numbers = count(1)
        self._failures = Failures()
        self._lock = RLock()

    # ---- the port --------------------------------------------------------------------------------

    def username(self) -> str:
        with self._lock:
            self.calls.append(("username", 0))
            with self._failures.around("username"):
                return BOT

    def is_inside(self, chat_id: int, telegram_user_id: int) -> bool:
        with self._lock:
            self.calls.append(("is_inside", chat_id))
            with self._failures.around("is_inside"):
                return telegram_user_id in self._chat(chat_id).members

    def presence(self, chat_id: int, telegram_user_id: int) -> Presence:
        with self._lock:
            self.calls.append(("presence", chat_id))
            with self._failures.around("presence"):
                chat = self._chat(chat_id)
                if telegram_user_id not in chat.members:
                    return Presence.OUTSIDE
                is_protected = telegram_user_id in chat.protected
                return Presence.PROTECTED if is_protected else Presence.INSIDE

    def remove(self, chat_id: int, telegram_user_id: int) -> None:
        with self._lock:
            self.calls.append(("remove", chat_id))
            with self._failures.around("remove"):
                chat = self._chat(chat_id)
                if "can_restrict_members" not in (chat.bot_rights or ()):
                    raise PermanentError("not enough rights")
                if telegram_user_id in chat.protected:
                    raise PermanentError("user is an administrator of the chat")
                chat.members.discard(telegram_user_id)
                chat.removed.append(telegram_user_id)
                if self._clock is not None:
                    self.removals.append((chat_id, telegram_user_id, self._clock.now()))

    def create_join_link(self, chat_id: int, name: str, expires_at: datetime) -> str:
        with self._lock:
            self.calls.append(("create_join_link", chat_id))
            with self._failures.around("create_join_link"):
                self._require_inviting(chat_id)
                if len(name) > LONGEST_LINK_NAME:
                    raise PermanentError("the name of a link has at most 32 characters")
                url = f"https://t.me/+fake{next(self._numbers):012d}"
                self.links[url] = FakeLink(chat_id, name, expires_at)
                return url

    def revoke_link(self, chat_id: int, url: str) -> None:
        with self._lock:
            self.calls.append(("revoke_link", chat_id))
            with self._failures.around("revoke_link"):
                self._require_inviting(chat_id)
                link = self.links.get(url)
                if link is not None and link.chat_id == chat_id:
                    link.is_revoked = True

    def approve(self, chat_id: int, telegram_user_id: int) -> JoinOutcome:
        with self._lock:
            self.calls.append(("approve", chat_id))
            with self._failures.around("approve"):
                outcome = self._answered(chat_id, telegram_user_id)
                if outcome is JoinOutcome.DONE:
                    self._chat(chat_id).members.add(telegram_user_id)
                return outcome

    def decline(self, chat_id: int, telegram_user_id: int) -> JoinOutcome:
        with self._lock:
            self.calls.append(("decline", chat_id))
            with self._failures.around("decline"):
                return self._answered(chat_id, telegram_user_id)

    def send(self, telegram_user_id: int, message: Message) -> None:
        with self._lock:
            self.calls.append(("send", telegram_user_id))
            with self._failures.around("send"):
                if not self._can_write_to(telegram_user_id):
                    raise RecipientUnreachableError("the person cannot be written to")
                self.messages.append((telegram_user_id, message))

    def edit(self, telegram_user_id: int, message_id: int, message: Message) -> None:
        with self._lock:
            self.calls.append(("edit", telegram_user_id))
            with self._failures.around("edit"):
                if not self._is_shown_to(telegram_user_id, message_id):
                    raise PermanentError("message to edit not found")
                self.messages[message_id - 1] = (telegram_user_id, message)

    def answer_press(self, press_id: str, text: str | None) -> None:
        with self._lock:
            self.calls.append(("answer_press", 0))
            with self._failures.around("answer_press"):
                if press_id not in self.stale_presses:
                    self.answers[press_id] = text

    def post(self, chat_id: int, message: Message) -> int:
        with self._lock:
            self.calls.append(("post", chat_id))
            with self._failures.around("post"):
                if "can_post_messages" not in (self._chat(chat_id).bot_rights or ()):
                    raise PermanentError("need administrator rights in the channel chat")
                message_id = next(self._numbers)
                self.posts.setdefault(chat_id, {})[message_id] = message
                return message_id

    def delete_message(self, chat_id: int, message_id: int) -> None:
        with self._lock:
            self.calls.append(("delete_message", chat_id))
            with self._failures.around("delete_message"):
                self._chat(chat_id)
                self.posts.get(chat_id, {}).pop(message_id, None)

    def missing_rights(self, chat_id: int, needed: Sequence[str]) -> list[str]:
        with self._lock:
            self.calls.append(("missing_rights", chat_id))
            with self._failures.around("missing_rights"):
                self._require_here(chat_id)
                if chat_id not in self.chats:
                    raise PermanentError("chat not found")
                has = self.chats[chat_id].bot_rights or frozenset()
                return [right for right in needed if right not in has]

    # ---- what a test orders ----------------------------------------------------------------------

    def fail_next(self, method: str, error: ProviderError, *, after_effect: bool = False) -> None:
        """Let the next call of `method` raise `error`; `after_effect`: its answer is lost."""
        with self._lock:
            self._failures.order(method, error, after_effect=after_effect)

    def add_chat(self, chat_id: int, bot_rights: frozenset[str] | None = ALL_RIGHTS) -> FakeChat:
        """Make a chat, with the bot as its administrator unless its rights are None."""
        with self._lock:
            return self.chats.setdefault(chat_id, FakeChat(bot_rights))

    def move_chat(self, chat_id: int, new_id: int) -> None:
        """Give a chat another id, with all who are inside and all that stands there."""
        with self._lock:
            self.chats[new_id] = self.chats.pop(chat_id)
            self.posts[new_id] = self.posts.pop(chat_id, {})
            self.moved[chat_id] = new_id
            for link in self.links.values():
                if link.chat_id == chat_id:
                    link.chat_id = new_id

    def add_person(self, user_id: int, *, has_started: bool = True) -> FakePerson:
        with self._lock:
            return self.people.setdefault(user_id, FakePerson(has_started))

    def promote(self, chat_id: int, user_id: int) -> None:
        """Make somebody an administrator of a chat."""
        self.add_member(chat_id, user_id)
        with self._lock:
            self.chats[chat_id].protected.add(user_id)

    def add_member(self, chat_id: int, user_id: int) -> None:
        """Let somebody be inside, by no request."""
        with self._lock:
            self.chats[chat_id].members.add(user_id)
            self.chats[chat_id].guests.add(user_id)

    def protect(self, chat_id: int, user_id: int) -> None:
        """Make a member one of those who run the chat."""
        with self._lock:
            self.chats[chat_id].members.add(user_id)
            self.chats[chat_id].protected.add(user_id)

    def leave(self, chat_id: int, user_id: int) -> None:
        with self._lock:
            self.chats[chat_id].members.discard(user_id)
            self.chats[chat_id].guests.discard(user_id)

    def request_join(self, chat_id: int, user_id: int) -> None:
        """Ask to be let in without a link."""
        with self._lock:
            self.chats[chat_id].requests[user_id] = None

    def withdraw_request(self, chat_id: int, user_id: int) -> None:
        with self._lock:
            self.chats[chat_id].requests.pop(user_id, None)

    def block(self, user_id: int) -> None:
        """Let a person block the bot."""
        with self._lock:
            self.people[user_id].has_blocked = True

    def open_link(self, user_id: int, url: str) -> Opened:
        """Let a person tap a link; what came of it."""
        with self._lock:
            link = self.links.get(url)
            if link is None:
                return "invalid_link"
            refusal = self._refusal(link, user_id)
            if refusal is None:
                self.chats[link.chat_id].requests[user_id] = url
            return refusal or "requested"

    def messages_to(self, user_id: int) -> list[Message]:
        with self._lock:
            return [message for reader, message in self.messages if reader == user_id]

    # ---- rules -----------------------------------------------------------------------------------

    def _chat(self, chat_id: int) -> FakeChat:
        self._require_here(chat_id)
        chat = self.chats.get(chat_id)
        if chat is None or chat.bot_rights is None:
            raise PermanentError("the bot is not in this chat")
        return chat

    def _require_here(self, chat_id: int) -> None:
        if chat_id in self.moved:
            raise ChatMovedError(chat_id, self.moved[chat_id])

    def _require_inviting(self, chat_id: int) -> None:
        if "can_invite_users" not in (self._chat(chat_id).bot_rights or ()):
            raise PermanentError("not enough rights")

    def _answered(self, chat_id: int, user_id: int) -> JoinOutcome:
        self._require_inviting(chat_id)
        chat = self._chat(chat_id)
        if user_id in chat.members:
            return JoinOutcome.ALREADY_INSIDE
        if user_id not in chat.requests:
            return JoinOutcome.NO_REQUEST
        del chat.requests[user_id]
        return JoinOutcome.DONE

    def _is_shown_to(self, user_id: int, message_id: int) -> bool:
        shown = self.messages[message_id - 1 : message_id] if message_id > 0 else []
        return bool(shown) and shown[0][0] == user_id

    def _can_write_to(self, user_id: int) -> bool:
        person = self.people.get(user_id)
        if person is None or person.has_blocked:
            return False
        # Whoever asks to join may be written to while the request is pending.
        return person.has_started or any(user_id in chat.requests for chat in self.chats.values())

    def _refusal(self, link: FakeLink, user_id: int) -> Opened | None:
        chat = self.chats[link.chat_id]
        is_expired = self._clock is not None and link.expires_at <= self._clock.now()
        refusals: dict[Opened, bool] = {
            "revoked": link.is_revoked,
            "expired": is_expired,
            "already_member": user_id in chat.members,
            "already_requested": user_id in chat.requests,
        }
        return next((name for name, is_so in refusals.items() if is_so), None)
