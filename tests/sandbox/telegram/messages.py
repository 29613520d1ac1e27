"""Methods that write, change and delete messages, and answer presses of buttons."""

from typing import Any

from tests.sandbox.telegram import rendering
from tests.sandbox.telegram.access import (
    addressed_chat,
    has_right,
    recipient,
    require_presence,
)
from tests.sandbox.telegram.errors import bad_request
from tests.sandbox.telegram.formatting import parse_html, utf16_length
from tests.sandbox.telegram.keyboards import reply_markup
from tests.sandbox.telegram.params import Params
from tests.sandbox.telegram.records import Message
from tests.sandbox.telegram.world import World, message_key

LONGEST_TEXT = 4096
LONGEST_ANSWER = 200
QUERY_SECONDS = 15
DELETABLE_SECONDS = 48 * 3600


def _text(params: Params) -> tuple[str, list[dict[str, Any]]]:
    source = params.text("text")
    mode = params.text("parse_mode").lower()
    if mode not in {"", "html"}:
        raise bad_request("unsupported parse_mode")
    entities = params.json("entities") or []
    text, entities = parse_html(source) if mode else (source.rstrip(), entities)
    if not text.strip():
        raise bad_request("message text is empty")
    if utf16_length(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text, entities


def new_message(
    world: World,
    chat_id: int,
    sender_id: int,
    text: str,
    entities: list[dict[str, Any]] | None = None,
) -> Message:
    """Store a message; private chats share one count, each other chat has its own."""
    counter = f"message:{chat_id}" if chat_id < 0 else "message"
    message_id = world.next_id(counter)
    message = Message(chat_id, message_id, sender_id, world.now(), text, entities or [])
    return world.messages.put(message)


def send_message(world: World, params: Params) -> Any:
    """Write to a person or a chat (sendMessage)."""
    chat_id = recipient(world, params)
    text, entities = _text(params)
    markup = reply_markup(params)
    message = new_message(world, chat_id, world.bot_id, text, entities)
    message.reply_markup = markup
    return rendering.message(world, message)


def _found(world: World, params: Params, what: str) -> Message:
    chat = addressed_chat(world, params)
    if chat is not None:
        require_presence(world, chat)
    elif world.people.find(params.integer("chat_id")) is None:
        raise bad_request("chat not found")
    chat_id = chat.id if chat is not None else params.integer("chat_id")
    message = world.messages.find(message_key(chat_id, params.integer("message_id")))
    if message is None or message.is_deleted:
        raise bad_request(f"message to {what} not found")
    return message


def _editable(world: World, params: Params) -> Message:
    message = _found(world, params, "edit")
    if message.sender_id != world.bot_id:
        raise bad_request("message can't be edited")
    return message


def _edit(
    world: World,
    message: Message,
    text: str,
    entities: list[dict[str, Any]],
    markup: dict[str, Any] | None,
) -> Any:
    if (text, entities, markup) == (message.text, message.entities, message.reply_markup):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly"
            " the same as a current content and reply markup of the message"
        )
    message.text, message.entities, message.reply_markup = text, entities, markup
    message.edit_date = world.now()
    return rendering.message(world, message)


def edit_text(world: World, params: Params) -> Any:
    """Change a text; a keyboard that is not given again is gone (editMessageText)."""
    message = _editable(world, params)
    text, entities = _text(params)
    return _edit(world, message, text, entities, reply_markup(params))


def edit_markup(world: World, params: Params) -> Any:
    """Change or remove a keyboard (editMessageReplyMarkup)."""
    message = _editable(world, params)
    return _edit(world, message, message.text, message.entities, reply_markup(params))


def delete_message(world: World, params: Params) -> Any:
    """Delete within 48 hours; another's in a chat needs the right to (deleteMessage)."""
    message = _found(world, params, "delete")
    chat = world.chats.find(message.chat_id)
    is_old = world.now() - message.date > DELETABLE_SECONDS
    is_foreign = chat is not None and message.sender_id != world.bot_id
    may_delete_all = chat is not None and has_right(world, chat, "can_delete_messages")
    if (is_old or is_foreign) and not may_delete_all:
        raise bad_request("message can't be deleted")
    message.is_deleted = True
    return True


def answer_query(world: World, params: Params) -> Any:
    """Answer a press within seconds of it (answerCallbackQuery)."""
    query = world.queries.find(params.text("callback_query_id"))
    if query is None or world.time() - query.at > QUERY_SECONDS:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if utf16_length(params.text("text")) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = {
        "text": params.text("text"),
        "show_alert": params.flag("show_alert"),
        "url": params.text("url") or None,
    }
    return True
