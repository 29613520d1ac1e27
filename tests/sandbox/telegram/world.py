"""The simulated world: its tables, its clock, its bot, and the updates it has for the bot."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sandbox.telegram.records import (
    Call,
    Chat,
    Link,
    Member,
    Message,
    Person,
    Query,
    Settings,
    Status,
    Update,
)
from tests.sandbox.telegram.store import Table, open_database

MOST_KEPT = 5000
# Telegram leaves these out unless they are asked for by name.
ONLY_IF_ASKED_FOR = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


def message_key(chat_id: int, message_id: int) -> str:
    """How a message is found: ids repeat between chats."""
    return f"{chat_id}:{message_id}"


class World:
    """Everything there is, and the one bot that is served."""

    def __init__(self, path: Path, token: str, username: str) -> None:
        self.token = token
        self.bot_id = int(token.partition(":")[0])
        self.bot_username = username
        self._connection = open_database(path)
        base = self._connection
        self.people: Table[int, Person] = Table(base, Person, lambda item: item.id)
        self.chats: Table[int, Chat] = Table(base, Chat, lambda item: item.id)
        self.links: Table[str, Link] = Table(base, Link, lambda item: item.url)
        self.messages: Table[str, Message] = Table(
            base, Message, lambda item: message_key(item.chat_id, item.message_id)
        )
        self.queries: Table[str, Query] = Table(base, Query, lambda item: item.id, MOST_KEPT)
        self.updates: Table[int, Update] = Table(
            base, Update, lambda item: item.update_id, MOST_KEPT
        )
        self.calls: Table[int, Call] = Table(base, Call, lambda item: item.id, MOST_KEPT)
        self._settings: Table[str, Settings] = Table(base, Settings, lambda item: item.name)
        self.news = asyncio.Event()
        self.webhook_changed = asyncio.Event()
        self._begin()

    @property
    def settings(self) -> Settings:
        found = self._settings.find("settings")
        return found if found is not None else self._settings.put(Settings())

    def now(self) -> int:
        return int(self.time())

    def time(self) -> float:
        return time.time() + self.settings.clock_offset

    def next_id(self, name: str) -> int:
        """The next number of the counter `name`, from 1."""
        counters = self.settings.counters
        counters[name] = counters.get(name, 0) + 1
        return counters[name]

    def emit(self, kind: str, content: dict[str, Any]) -> int | None:
        """Keep an update for the bot, if it asked for this kind; its id."""
        if not self._is_wanted(kind):
            return None
        update_id = self.next_id("update")
        self.updates.put(Update(update_id, kind, content, self.time()))
        self.news.set()
        return update_id

    def pending(self) -> list[Update]:
        return [update for update in self.updates if update.state == "pending"]

    def bot_in(self, chat: Chat) -> Member | None:
        return chat.members.get(self.bot_id)

    def save(self) -> None:
        """Make what has happened durable; called before anybody is told of it."""
        for table in self._tables():
            table.save()
        self._connection.commit()

    def reset(self) -> None:
        """Forget everything, the webhook too."""
        for table in self._tables():
            table.clear()
        self._begin()
        self.webhook_changed.set()
        self.save()

    def close(self) -> None:
        self.save()
        self._connection.close()

    def _tables(self) -> list[Table[Any, Any]]:
        people: list[Table[Any, Any]] = [self.people, self.chats, self.links, self.messages]
        return [*people, self.queries, self.updates, self.calls, self._settings]

    def _begin(self) -> None:
        self.people.put(Person(self.bot_id, "Bot", self.bot_username, is_bot=True))
        # Update ids begin anywhere, and nobody should rely on small numbers.
        self.settings.counters.setdefault("update", random.randrange(10**8, 10**9))
        self.save()

    def _is_wanted(self, kind: str) -> bool:
        allowed = self.settings.allowed_updates
        return kind in allowed if allowed else kind not in ONLY_IF_ASKED_FOR


def membership(world: World, chat: Chat, user_id: int) -> Member:
    """How a person stands to a chat now; someone never seen there has left."""
    member = chat.members.get(user_id)
    if member is None:
        return Member(user_id, Status.LEFT)
    is_over = member.status is Status.KICKED and 0 < member.until <= world.now()
    return Member(user_id, Status.LEFT) if is_over else member


def visible_messages(world: World, matches: Callable[[Message], bool]) -> list[Message]:
    """The messages that match and that nobody has deleted, oldest first."""
    return [one for one in world.messages if not one.is_deleted and matches(one)]
