"""Methods for invite links and join requests."""

import secrets
from typing import Any

from tests.sandbox.telegram import rendering, transitions
from tests.sandbox.telegram.access import group, person_of, require_right
from tests.sandbox.telegram.errors import bad_request
from tests.sandbox.telegram.params import Params
from tests.sandbox.telegram.records import Chat, Link
from tests.sandbox.telegram.world import World, membership

LONGEST_NAME = 32
MOST_MEMBERS = 99_999


def new_url() -> str:
    """An invite link nobody can guess."""
    return f"https://t.me/+{secrets.token_urlsafe(12)}"


def _managed_chat(world: World, params: Params) -> Chat:
    chat = group(world, params)
    # Telegram looks at the wishes before it looks at the rights.
    if params.flag("creates_join_request") and params.integer("member_limit") > 0:
        raise bad_request(
            "member limit can't be specified for links requiring administrator approval"
        )
    text = "not enough rights to manage chat invite link"
    require_right(world, chat, "can_invite_users", text)
    return chat


def _apply(world: World, link: Link, params: Params) -> Link:
    """Set what the call asks for; what it leaves out goes back to its default."""
    name = params.text("name")
    if len(name) > LONGEST_NAME:
        # Stricter than Telegram, which cuts the name: a cut name would not be found again.
        raise bad_request("invite link name must not be longer than 32 characters")
    expire_date = max(0, params.integer("expire_date"))
    if expire_date and expire_date <= world.now():
        raise bad_request("EXPIRE_DATE_INVALID")
    limit = min(max(0, params.integer("member_limit")), MOST_MEMBERS)
    link.name, link.expire_date, link.member_limit = (
        name or None,
        expire_date or None,
        limit or None,
    )
    link.creates_join_request = params.flag("creates_join_request")
    return link


def create_link(world: World, params: Params) -> Any:
    """Make a link (createChatInviteLink)."""
    chat = _managed_chat(world, params)
    link = _apply(world, Link(new_url(), chat.id, world.bot_id), params)
    return rendering.link(world, world.links.put(link))


def _own_link(world: World, params: Params) -> Link:
    chat = _managed_chat(world, params)
    link = world.links.find(params.text("invite_link"))
    if link is None or link.chat_id != chat.id or link.is_revoked:
        raise bad_request("INVITE_HASH_EXPIRED")
    if link.creator_id != world.bot_id:
        raise bad_request("CHAT_ADMIN_REQUIRED")
    return link


def edit_link(world: World, params: Params) -> Any:
    """Change a link of the bot's own that is not the primary one (editChatInviteLink)."""
    link = _own_link(world, params)
    if link.is_primary:
        raise bad_request("CHAT_INVITE_PERMANENT")
    return rendering.link(world, _apply(world, link, params))


def revoke_link(world: World, params: Params) -> Any:
    """Make a link useless; a primary one is replaced (revokeChatInviteLink)."""
    link = _own_link(world, params)
    link.is_revoked = True
    if link.is_primary:
        link.is_primary = False
        world.links.put(Link(new_url(), link.chat_id, world.bot_id, is_primary=True))
    return rendering.link(world, link)


def primary_link(world: World, chat_id: int) -> Link | None:
    """The bot's primary link to a chat, if it has one."""
    bot = world.bot_id
    wanted = (x for x in world.links if x.chat_id == chat_id and x.creator_id == bot)
    return next((one for one in wanted if one.is_primary), None)


def export_link(world: World, params: Params) -> Any:
    """A new primary link in place of the old (exportChatInviteLink)."""
    chat = _managed_chat(world, params)
    old = primary_link(world, chat.id)
    if old is not None:
        world.links.touch(old)
        old.is_primary, old.is_revoked = False, True
    return world.links.put(Link(new_url(), chat.id, world.bot_id, is_primary=True)).url


def _decided_chat(world: World, params: Params) -> tuple[Chat, int]:
    chat = group(world, params)
    person = person_of(world, params)
    text = "not enough rights to manage chat join requests"
    require_right(world, chat, "can_invite_users", text)
    if membership(world, chat, person.id).is_present():
        raise bad_request("USER_ALREADY_PARTICIPANT")
    if person.id not in chat.requests:
        raise bad_request("HIDE_REQUESTER_MISSING")
    return chat, person.id


def approve_request(world: World, params: Params) -> Any:
    """Let in who asked (approveChatJoinRequest)."""
    chat, user_id = _decided_chat(world, params)
    request = chat.requests.pop(user_id)
    link = world.links.find(request.link) if request.link else None
    transitions.admit(world, chat, user_id, by=world.bot_id, link=link, by_request=True)
    return True


def decline_request(world: World, params: Params) -> Any:
    """Turn away who asked (declineChatJoinRequest)."""
    chat, user_id = _decided_chat(world, params)
    del chat.requests[user_id]
    return True
