"""People entering, leaving and changing their standing in a chat, and the updates that tell it."""

from typing import Any

from tests.sandbox.telegram import rendering
from tests.sandbox.telegram.access import has_right, is_bot_admin
from tests.sandbox.telegram.records import Chat, JoinRequest, Link, Member, Person, Status
from tests.sandbox.telegram.world import World, membership


def change(
    world: World,
    chat: Chat,
    new: Member,
    *,
    by: int,
    link: Link | None = None,
    via_join_request: bool = False,
) -> None:
    """Replace a member's standing and tell the bot, if it may know."""
    old = membership(world, chat, new.user_id)
    chat.members[new.user_id] = new
    if new.is_present() or new.status is Status.KICKED:
        chat.requests.pop(new.user_id, None)
    content = _changed(world, chat, old, new, by)
    if link is not None:
        content["invite_link"] = rendering.link(world, link)
    if via_join_request:
        content["via_join_request"] = True
    if new.user_id == world.bot_id:
        world.emit("my_chat_member", content)
    elif is_bot_admin(world, chat):
        world.emit("chat_member", content)


def _changed(world: World, chat: Chat, old: Member, new: Member, by: int) -> dict[str, Any]:
    return {
        "chat": rendering.chat(chat),
        "from": rendering.user_by_id(world, by),
        "date": world.now(),
        "old_chat_member": rendering.member(world, old),
        "new_chat_member": rendering.member(world, new),
    }


def admit(
    world: World,
    chat: Chat,
    user_id: int,
    *,
    by: int,
    link: Link | None = None,
    by_request: bool = False,
) -> None:
    """Let a person in, by a link if one is given."""
    new = Member(user_id, Status.MEMBER, link=link.url if link else None)
    # Telegram marks only requests that were made without a link.
    is_marked = by_request and link is None
    change(world, chat, new, by=by, link=link, via_join_request=is_marked)


def remove(world: World, chat: Chat, user_id: int, *, by: int, until: int = 0) -> None:
    """Ban a person, whether they are inside or not."""
    change(world, chat, Member(user_id, Status.KICKED, until=until), by=by)


def set_left(world: World, chat: Chat, user_id: int, *, by: int) -> None:
    change(world, chat, Member(user_id, Status.LEFT), by=by)


def request_to_join(world: World, chat: Chat, person: Person, link: Link | None) -> None:
    """Record a join request and tell the bot, if it may decide on it."""
    chat.requests[person.id] = JoinRequest(person.id, world.now(), link.url if link else None)
    if not has_right(world, chat, "can_invite_users"):
        return
    content: dict[str, Any] = {
        "chat": rendering.chat(chat),
        "from": rendering.user(person),
        "user_chat_id": person.id,
        "date": world.now(),
    }
    if link is not None:
        content["invite_link"] = rendering.link(world, link)
    world.emit("chat_join_request", content)


def set_blocked(world: World, person: Person, *, blocked: bool) -> None:
    """A person stops or restarts the bot, which the bot sees as its own standing changing."""
    if person.has_blocked == blocked:
        return
    person.has_blocked = blocked
    states = (Status.MEMBER, Status.KICKED)
    old, new = (Member(world.bot_id, state) for state in states[:: 1 if blocked else -1])
    content = {
        "chat": rendering.private_chat(person),
        "from": rendering.user(person),
        "date": world.now(),
        "old_chat_member": rendering.member(world, old),
        "new_chat_member": rendering.member(world, new),
    }
    world.emit("my_chat_member", content)
