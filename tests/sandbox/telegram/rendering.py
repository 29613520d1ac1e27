"""How the Bot API writes people, chats, members, links and messages."""

from typing import Any

from tests.sandbox.telegram.records import RIGHTS, Chat, Link, Member, Message, Person, Status
from tests.sandbox.telegram.world import World

Json = dict[str, Any]


def _given(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def user(person: Person) -> Json:
    return _given(
        {
            "id": person.id,
            "is_bot": person.is_bot,
            "first_name": "" if person.is_deleted else person.first_name,
            "username": None if person.is_deleted else person.username,
            "language_code": None if person.is_bot else person.language_code,
        }
    )


def user_by_id(world: World, user_id: int) -> Json:
    """A user who is known to exist."""
    person = world.people.find(user_id)
    return user(person if person is not None else Person(user_id, "?"))


def private_chat(person: Person) -> Json:
    values = {"id": person.id, "type": "private", "first_name": person.first_name}
    return _given(values | {"username": person.username})


def chat(found: Chat) -> Json:
    values = {"id": found.id, "type": found.type, "title": found.title}
    return _given(values | {"username": found.username})


def chat_by_id(world: World, chat_id: int) -> Json:
    found = world.chats.find(chat_id)
    return (
        chat(found) if found else private_chat(world.people.find(chat_id) or Person(chat_id, "?"))
    )


def member(world: World, found: Member) -> Json:
    """A ChatMember; which fields it has depends on the status."""
    values: Json = {"user": user_by_id(world, found.user_id), "status": found.status.value}
    if found.status is Status.CREATOR:
        values["is_anonymous"] = False
    elif found.status is Status.ADMINISTRATOR:
        values |= {"can_be_edited": False, "is_anonymous": False}
        values |= {right: found.rights.get(right, False) for right in RIGHTS}
    elif found.status is Status.KICKED:
        values["until_date"] = found.until
    elif found.status is Status.RESTRICTED:
        values |= _restricted(found)
    return values


def _restricted(found: Member) -> Json:
    kinds = ("messages", "audios", "documents", "photos", "videos", "video_notes", "voice_notes")
    sends = {f"can_send_{kind}": False for kind in (*kinds, "polls", "other_messages")}
    others = ("add_web_page_previews", "change_info", "invite_users", "pin_messages")
    rest = {
        f"can_{name}": False for name in (*others, "manage_topics", "edit_tag", "react_to_messages")
    }
    return {"is_member": found.is_inside_restricted, "until_date": found.until} | sends | rest


def link(world: World, found: Link) -> Json:
    """A ChatInviteLink; of a link that somebody else made the bot sees only the first part."""
    is_own = found.creator_id == world.bot_id
    home = world.chats.find(found.chat_id)
    requests = home.requests.values() if home else ()
    waiting = sum(request.link == found.url for request in requests)
    return _given(
        {
            "invite_link": found.url if is_own else shortened(found.url),
            "name": found.name,
            "creator": user_by_id(world, found.creator_id),
            "expire_date": found.expire_date,
            "member_limit": found.member_limit,
            "creates_join_request": found.creates_join_request,
            "is_primary": found.is_primary,
            "is_revoked": found.is_revoked,
            "pending_join_request_count": waiting or None,
        }
    )


def shortened(url: str) -> str:
    """A foreign link as the bot sees it."""
    base, _, secret = url.rpartition("+")
    return f"{base}+{secret[: len(secret) // 2]}…"


def message(world: World, found: Message) -> Json:
    home = world.chats.find(found.chat_id)
    is_post = home is not None and home.type == "channel"
    sender = {"sender_chat": chat_by_id(world, found.chat_id)}
    values = {
        "message_id": found.message_id,
        "date": found.date,
        "chat": chat_by_id(world, found.chat_id),
        "text": found.text,
        "entities": found.entities or None,
        "edit_date": found.edit_date,
        "reply_markup": inline_keyboard(found),
    }
    return _given(values | (sender if is_post else {"from": user_by_id(world, found.sender_id)}))


def inline_keyboard(found: Message) -> Json | None:
    """The part of a reply markup that stays with the message."""
    rows = (found.reply_markup or {}).get("inline_keyboard")
    return {"inline_keyboard": rows} if rows else None
