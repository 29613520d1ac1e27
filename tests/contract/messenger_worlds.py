"""The worlds in which the promises of a messenger are tested: the fake's and Telegram's.

The real adapter speaks to `tests.sandbox.telegram`, run as its own process.
"""

from itertools import count
from typing import Protocol

from shared_lib.adapters.telegram import TelegramMessenger
from shared_lib.ports import Messenger, ProviderError, RetryableError, UnknownOutcomeError
from tests.fakes.messenger import BOT, FakeMessenger
from tests.sandbox.telegram.harness import TOKEN, USERNAME, StandIn, http

OWNER, ANN, BEN, STRANGER = 5_000_000_001, 5_000_000_002, 5_000_000_003, 5_999_999_999
CLOSED, FOREIGN = -1_001_234_567_890, -1_009_999_999_999
RIGHTS = frozenset({"can_invite_users", "can_restrict_members"})
WRITES = RIGHTS | {"can_post_messages"}

# The stand-in's words for the methods of the port.
OPERATIONS = {
    "username": "getMe",
    "is_inside": "getChatMember",
    "presence": "getChatMember",
    "remove": "unbanChatMember",
    "create_join_link": "createChatInviteLink",
    "revoke_link": "revokeChatInviteLink",
    "approve": "approveChatJoinRequest",
    "decline": "declineChatJoinRequest",
    "send": "sendMessage",
    "edit": "editMessageText",
    "answer_press": "answerCallbackQuery",
    "post": "sendMessage",
    "delete_message": "deleteMessage",
    "missing_rights": "getChatMember",
}
NOT_IDEMPOTENT = frozenset({"create_join_link", "remove", "send", "post"})


class World(Protocol):
    """Telegram with Ann and Ben, who have written to the bot, and a closed channel of its own."""

    bot: str

    @property
    def messenger(self) -> Messenger: ...
    def open_link(self, user_id: int, url: str) -> str: ...
    def add_member(self, user_id: int) -> None: ...
    def promote(self, user_id: int) -> None: ...
    def leave(self, user_id: int) -> None: ...
    def withdraw_request(self, user_id: int) -> None: ...
    def block(self, user_id: int) -> None: ...
    def set_rights(self, rights: frozenset[str] | None) -> None: ...
    def texts_to(self, user_id: int) -> list[str]: ...
    def last_id_to(self, user_id: int) -> int: ...
    def press(self, user_id: int) -> str: ...
    def let_presses_age(self) -> None: ...
    def answer_to(self, press_id: str) -> str | None: ...
    def posts(self) -> list[str]: ...
    def link_names(self) -> list[str]: ...
    def move_chat(self, new_id: int) -> None: ...
    def flood(self, method: str) -> None: ...
    def lose_answer(self, method: str) -> None: ...
    def drop(self, method: str) -> None: ...


class FakeWorld:
    """The fake, whose lost answers are ordered as the errors that the port promises."""

    bot = BOT

    def __init__(self) -> None:
        self.fake = FakeMessenger()
        self.presses = count(1)
        self.fake.add_chat(CLOSED, RIGHTS)
        for person in (OWNER, ANN, BEN):
            self.fake.add_person(person)

    @property
    def messenger(self) -> Messenger:
        return self.fake

    def open_link(self, user_id: int, url: str) -> str:
        return self.fake.open_link(user_id, url)

    def add_member(self, user_id: int) -> None:
        self.fake.add_member(CLOSED, user_id)

    def promote(self, user_id: int) -> None:
        self.fake.protect(CLOSED, user_id)

    def leave(self, user_id: int) -> None:
        self.fake.leave(CLOSED, user_id)

    def withdraw_request(self, user_id: int) -> None:
        self.fake.withdraw_request(CLOSED, user_id)

    def block(self, user_id: int) -> None:
        self.fake.block(user_id)

    def set_rights(self, rights: frozenset[str] | None) -> None:
        self.fake.chats[CLOSED].bot_rights = rights

    def texts_to(self, user_id: int) -> list[str]:
        return [message.html for message in self.fake.messages_to(user_id)]

    def last_id_to(self, user_id: int) -> int:
        readers = [reader for reader, _ in self.fake.messages]
        return len(readers) - readers[::-1].index(user_id)

    def press(self, user_id: int) -> str:
        return f"press {next(self.presses)} of {user_id}"

    def let_presses_age(self) -> None:
        made = range(1, next(self.presses))
        self.fake.stale_presses.update(f"press {number} of {ANN}" for number in made)

    def answer_to(self, press_id: str) -> str | None:
        return self.fake.answers.get(press_id)

    def posts(self) -> list[str]:
        return [message.html for message in self.fake.posts.get(CLOSED, {}).values()]

    def move_chat(self, new_id: int) -> None:
        self.fake.move_chat(CLOSED, new_id)

    def link_names(self) -> list[str]:
        return [link.name for link in self.fake.links.values()]

    def flood(self, method: str) -> None:
        self.fake.fail_next(method, RetryableError("too many requests", 7))

    def lose_answer(self, method: str) -> None:
        self.fake.fail_next(method, _silence(method), after_effect=True)

    def drop(self, method: str) -> None:
        self.fake.fail_next(method, _silence(method))


def _silence(method: str) -> ProviderError:
    kind = UnknownOutcomeError if method in NOT_IDEMPOTENT else RetryableError
    return kind("no answer")


class StandInWorld:
    """The real adapter against the stand-in for Telegram."""

    bot = USERNAME

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.adapter = TelegramMessenger(token=TOKEN, base_url=stand_in.url, call_seconds=3)
        stand_in.post("reset")
        http("DELETE", f"{stand_in.url}/_sandbox/faults")
        for person in (OWNER, ANN, BEN):
            stand_in.post("users", id=person, first_name="Somebody")
        for person in (ANN, BEN):
            stand_in.post("say", user_id=person, text="/start")
        rights = dict.fromkeys(RIGHTS, True)
        closed = {"title": "Closed", "type": "channel", "owner_id": OWNER, "bot_rights": rights}
        stand_in.post("chats", id=CLOSED, **closed)

    @property
    def messenger(self) -> Messenger:
        return self.adapter

    def open_link(self, user_id: int, url: str) -> str:
        return str(self.stand_in.post("open_link", user_id=user_id, url=url)["outcome"])

    def add_member(self, user_id: int) -> None:
        self.stand_in.post("add_member", chat_id=CLOSED, user_id=user_id)

    def promote(self, user_id: int) -> None:
        self.stand_in.post(
            "promote", chat_id=CLOSED, user_id=user_id, rights={"can_post_messages": True}
        )

    def leave(self, user_id: int) -> None:
        self.stand_in.post("leave", chat_id=CLOSED, user_id=user_id)

    def withdraw_request(self, user_id: int) -> None:
        self.stand_in.post("withdraw_request", chat_id=CLOSED, user_id=user_id)

    def block(self, user_id: int) -> None:
        self.stand_in.post("block", user_id=user_id)

    def set_rights(self, rights: frozenset[str] | None) -> None:
        flags = None if rights is None else dict.fromkeys(rights, True)
        self.stand_in.post("demote", chat_id=CLOSED, rights=flags)

    def texts_to(self, user_id: int) -> list[str]:
        shown = self.stand_in.show("messages", user_id=user_id)
        return [one["text"] for one in shown if one["from_bot"]]

    def last_id_to(self, user_id: int) -> int:
        shown = self.stand_in.show("messages", user_id=user_id)
        return max(int(one["message_id"]) for one in shown if one["from_bot"])

    def press(self, user_id: int) -> str:
        self.stand_in.post("press", user_id=user_id, index=0)
        return str(self.stand_in.show("queries")[-1]["id"])

    def let_presses_age(self) -> None:
        self.stand_in.post("clock", advance_seconds=60)

    def answer_to(self, press_id: str) -> str | None:
        (query,) = (one for one in self.stand_in.show("queries") if one["id"] == press_id)
        return query["answer"]["text"] if query["answer"] else None

    def posts(self) -> list[str]:
        return [one["text"] for one in self.stand_in.show("messages", chat_id=CLOSED)]

    def move_chat(self, new_id: int) -> None:
        self.stand_in.post("migrate", chat_id=CLOSED, new_id=new_id)

    def link_names(self) -> list[str]:
        return [one["name"] for one in self.stand_in.show("links")]

    def flood(self, method: str) -> None:
        # An ordered error, because a real flood would last for the following tests too.
        values = {"error_code": 429, "retry_after": 7}
        self._fault(method, kind="custom", name="api_error", values=values)

    def lose_answer(self, method: str) -> None:
        self._fault(method, kind="lose_answer")

    def drop(self, method: str) -> None:
        self._fault(method, kind="drop")

    def _fault(self, method: str, **fault: object) -> None:
        self.stand_in.post("faults", operation=OPERATIONS[method], **fault)
