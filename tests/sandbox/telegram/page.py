"""A plain page of everything there is; for looking, not for use."""

from html import escape

from tests.sandbox.telegram import people
from tests.sandbox.telegram.records import Chat, Message
from tests.sandbox.telegram.world import World, visible_messages

MOST_MESSAGES = 100


def _list(title: str, lines: list[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{title}</h2><ul>{items}</ul>"


def _chat_line(chat: Chat) -> str:
    standings = ", ".join(f"{one.user_id} {one.status}" for one in chat.members.values())
    return f"{chat.id} {chat.type} “{chat.title}”: {standings}; {len(chat.requests)} requests"


def _message_line(message: Message) -> str:
    shown = " ".join(f"[{button['text']}]" for button in people.buttons(message))
    return (
        f"{message.chat_id} #{message.message_id} from {message.sender_id}: {message.text} {shown}"
    )


def page(world: World) -> str:
    """The page as HTML."""
    persons = [f"{one.id} {one.first_name} @{one.username}" for one in world.people]
    messages = visible_messages(world, lambda _: True)[-MOST_MESSAGES:]
    parts = [
        _list("People", persons),
        _list("Chats", [_chat_line(chat) for chat in world.chats]),
        _list("Messages", [_message_line(message) for message in messages]),
    ]
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Messenger sandbox</title>'
    return f"{head}<h1>@{escape(world.bot_username)}</h1>{''.join(parts)}</html>"
