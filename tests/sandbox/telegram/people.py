"""What simulated people do: write to the bot, press its buttons, open links."""

import re
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.telegram import rendering, transitions
from tests.sandbox.telegram.formatting import utf16_length
from tests.sandbox.telegram.messages import new_message
from tests.sandbox.telegram.orders import (
    Answer,
    OnePerson,
    Order,
    PersonInChat,
    WorldError,
    acting,
    the_chat,
    the_person,
)
from tests.sandbox.telegram.records import Chat, Link, Message, Person, Query, Status
from tests.sandbox.telegram.world import World, membership, message_key, visible_messages

COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@\w+)?(?![\w/])")
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Say(Order):
    user_id: int
    text: str


class Press(Order):
    user_id: int
    message_id: int | Literal["latest"] = "latest"
    chat_id: int | None = None
    data: str | None = None
    text: str | None = None
    index: int | None = None


class OpenLink(Order):
    user_id: int
    url: str


class Block(Order):
    user_id: int
    blocked: bool = True


def say(world: World, order: Say) -> Answer:
    """Write to the bot in private; the first time this creates the chat."""
    person = acting(world, order.user_id)
    if person.has_blocked:
        raise WorldError(409, "the person has blocked the bot")
    return _write(world, person, order.text)


def _write(world: World, person: Person, text: str) -> Answer:
    person.has_started = True
    commands = COMMAND.finditer(text)
    entities = [
        {
            "type": "bot_command",
            "offset": utf16_length(text[: found.start()]),
            "length": len(found.group()),
        }
        for found in commands
    ]
    message = new_message(world, person.id, person.id, text, entities)
    update_id = world.emit("message", rendering.message(world, message))
    return {"message_id": message.message_id, "update_id": update_id}


def press(world: World, order: Press) -> Answer:
    """Press a button under a message of the bot; a link button only says where it leads."""
    person = acting(world, order.user_id)
    message = _pressed_message(world, order)
    button = _button(message, order)
    if "callback_data" in button:
        return {"message_id": message.message_id} | _ask(world, person, message, button)
    url = button.get("url") or button.get("web_app", {}).get("url")
    return {"message_id": message.message_id, "url": url}


def _pressed_message(world: World, order: Press) -> Message:
    chat_id = order.chat_id if order.chat_id is not None else order.user_id
    if chat_id < 0:
        home = the_chat(world, chat_id)
        is_inside = membership(world, home, order.user_id).is_present()
        if home.username is None and not is_inside:
            raise WorldError(409, "the person cannot see this chat")
    if order.message_id == "latest":
        shown = visible_messages(
            world, lambda one: one.chat_id == chat_id and bool(rendering.inline_keyboard(one))
        )
        found = shown[-1] if shown else None
    else:
        found = world.messages.find(message_key(chat_id, order.message_id))
    if found is None or found.is_deleted:
        raise WorldError(404, "no such message with buttons")
    return found


def buttons(message: Message) -> list[dict[str, Any]]:
    """The inline buttons from left to right and from top to bottom."""
    rows = (message.reply_markup or {}).get("inline_keyboard") or []
    return [button for row in rows for button in row]


def _button(message: Message, order: Press) -> dict[str, Any]:
    shown = buttons(message)
    if order.index is not None:
        found = shown[order.index : order.index + 1] if order.index >= 0 else []
    elif order.data is not None:
        found = [button for button in shown if button.get("callback_data") == order.data]
    else:
        wanted = order.text or ""
        exact = [button for button in shown if button["text"] == wanted]
        found = exact or [button for button in shown if wanted in button["text"]]
    if not found:
        raise WorldError(404, f"no such button; there are {[one['text'] for one in shown]}")
    return found[0]


def _ask(world: World, person: Person, message: Message, button: dict[str, Any]) -> Answer:
    query_id = str(person.id * 10**6 + world.next_id("query"))
    data = str(button["callback_data"])
    query = Query(query_id, person.id, message.chat_id, message.message_id, data, world.time())
    world.queries.put(query)
    content = {
        "id": query_id,
        "from": rendering.user(person),
        "message": rendering.message(world, message),
        "chat_instance": str(-message.chat_id),
        "data": data,
    }
    return {"callback_query_id": query_id, "update_id": world.emit("callback_query", content)}


def open_link(world: World, order: OpenLink) -> Answer:
    """Tap a t.me link: the bot's deep link or an invite link. Says what came of it."""
    person = acting(world, order.user_id)
    parts = urlsplit(order.url)
    if parts.hostname not in {"t.me", "telegram.me"}:
        return {"outcome": "not_telegram"}
    name = parts.path.strip("/")
    if name.lower() == world.bot_username.lower():
        return _start(world, person, parts.query)
    return _follow_invite(world, person, order.url)


def _start(world: World, person: Person, query: str) -> Answer:
    payload = parse_qs(query).get("start", [""])[0]
    if payload and not PAYLOAD.fullmatch(payload):
        return {"outcome": "invalid_payload"}
    transitions.set_blocked(world, person, blocked=False)
    written = _write(world, person, f"/start {payload}".rstrip())
    return {"outcome": "started"} | written


def _follow_invite(world: World, person: Person, url: str) -> Answer:
    link = world.links.find(url)
    if link is None:
        return {"outcome": "invalid_link"}
    chat = the_chat(world, link.chat_id)
    refusal = _refusal(world, chat, person, link)
    if refusal is not None:
        return {"outcome": refusal, "chat_id": chat.id}
    if link.creates_join_request:
        transitions.request_to_join(world, chat, person, link)
        return {"outcome": "requested", "chat_id": chat.id}
    transitions.admit(world, chat, person.id, by=person.id, link=link)
    return {"outcome": "joined", "chat_id": chat.id}


def _refusal(world: World, chat: Chat, person: Person, link: Link) -> str | None:
    standing = membership(world, chat, person.id)
    inside = [one for one in chat.members.values() if one.link == link.url and one.is_present()]
    refusals = {
        "revoked": link.is_revoked,
        "expired": link.expire_date is not None and link.expire_date <= world.now(),
        "banned": standing.status is Status.KICKED,
        "already_member": standing.is_present(),
        "already_requested": link.creates_join_request and person.id in chat.requests,
        "member_limit_reached": link.member_limit is not None and len(inside) >= link.member_limit,
    }
    return next((name for name, is_so in refusals.items() if is_so), None)


def request_join(world: World, order: PersonInChat) -> Answer:
    """Ask to be let in without any link, as a public chat with approval allows."""
    person, chat = acting(world, order.user_id), the_chat(world, order.chat_id)
    if membership(world, chat, person.id).is_present():
        raise WorldError(409, "the person is inside already")
    transitions.request_to_join(world, chat, person, None)
    return {"outcome": "requested", "chat_id": chat.id}


def withdraw_request(world: World, order: PersonInChat) -> Answer:
    """Take a join request back; the bot is not told."""
    found = the_chat(world, order.chat_id).requests.pop(order.user_id, None)
    return {"withdrawn": found is not None}


def leave(world: World, order: PersonInChat) -> Answer:
    """Leave a chat."""
    person, chat = the_person(world, order.user_id), the_chat(world, order.chat_id)
    if not membership(world, chat, person.id).is_present():
        raise WorldError(409, "the person is not inside")
    transitions.set_left(world, chat, person.id, by=person.id)
    return {"status": Status.LEFT}


def block(world: World, order: Block) -> Answer:
    """Stop the bot, or take it up again."""
    person = acting(world, order.user_id)
    transitions.set_blocked(world, person, blocked=order.blocked)
    return {"blocked": person.has_blocked}


def delete_account(world: World, order: OnePerson) -> Answer:
    """Delete an account; its memberships stay, as those of a "Deleted Account"."""
    person = the_person(world, order.user_id)
    person.is_deleted = True
    return {"deleted": True}
