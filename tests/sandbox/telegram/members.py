"""Methods about chats and who is in them."""

from typing import Any

from tests.sandbox.telegram import rendering, transitions
from tests.sandbox.telegram.access import (
    addressed_chat,
    group,
    has_right,
    is_bot_admin,
    person_of,
    require_movable,
    require_presence,
)
from tests.sandbox.telegram.errors import bad_request
from tests.sandbox.telegram.invites import primary_link
from tests.sandbox.telegram.params import Params
from tests.sandbox.telegram.records import Chat, Member, Status
from tests.sandbox.telegram.world import World, membership

SHORTEST_BAN_SECONDS = 30
LONGEST_BAN_SECONDS = 366 * 24 * 3600
FULL_INFO = {
    "accent_color_id": 0,
    "max_reaction_count": 11,
    "accepted_gift_types": {
        "unlimited_gifts": False,
        "limited_gifts": False,
        "unique_gifts": False,
        "premium_subscription": False,
        "gifts_from_channels": False,
    },
}


def get_chat(world: World, params: Params) -> Any:
    """Describe a chat, or a person who has started the bot (getChat)."""
    chat = addressed_chat(world, params)
    if chat is None:
        return _get_private_chat(world, params.integer("chat_id"))
    if chat.username is None:
        require_presence(world, chat)
    info = rendering.chat(chat) | FULL_INFO
    primary = primary_link(world, chat.id)
    if primary is not None and has_right(world, chat, "can_invite_users"):
        info["invite_link"] = primary.url
    return info


def _get_private_chat(world: World, user_id: int) -> Any:
    person = world.people.find(user_id)
    if person is None or not person.has_started:
        raise bad_request("chat not found")
    return rendering.private_chat(person) | FULL_INFO


def get_member(world: World, params: Params) -> Any:
    """How somebody stands to a chat; who never joined has left (getChatMember)."""
    chat = group(world, params)
    person = person_of(world, params)
    is_secret = chat.type == "channel" and not is_bot_admin(world, chat)
    if is_secret and person.id != world.bot_id:
        raise bad_request("member list is inaccessible")
    return rendering.member(world, membership(world, chat, person.id))


def get_administrators(world: World, params: Params) -> Any:
    """All admins except other bots (getChatAdministrators)."""
    chat = group(world, params)
    return [
        rendering.member(world, member)
        for member in chat.members.values()
        if member.is_admin() and not _is_other_bot(world, member)
    ]


def _is_other_bot(world: World, member: Member) -> bool:
    person = world.people.find(member.user_id)
    return person is not None and person.is_bot and person.id != world.bot_id


def get_member_count(world: World, params: Params) -> Any:
    """How many are inside, the bot included (getChatMemberCount)."""
    chat = group(world, params)
    return sum(membership(world, chat, one).is_present() for one in chat.members)


def _restricted_chat(world: World, params: Params) -> tuple[Chat, Member]:
    chat = group(world, params)
    person = person_of(world, params)
    if not is_bot_admin(world, chat):
        raise bad_request("CHAT_ADMIN_REQUIRED")
    member = membership(world, chat, person.id)
    require_movable(member, world.bot_id)
    if not has_right(world, chat, "can_restrict_members"):
        raise bad_request("not enough rights to restrict/unrestrict chat member")
    return chat, member


def ban(world: World, params: Params) -> Any:
    """Ban; for a very short or very long time means for ever (banChatMember)."""
    chat, member = _restricted_chat(world, params)
    until = params.integer("until_date")
    ahead = until - world.now()
    is_temporary = SHORTEST_BAN_SECONDS <= ahead <= LONGEST_BAN_SECONDS
    transitions.remove(
        world, chat, member.user_id, by=world.bot_id, until=until if is_temporary else 0
    )
    return True


def unban(world: World, params: Params) -> Any:
    """Lift a ban; also puts a member out unless told otherwise (unbanChatMember)."""
    chat, member = _restricted_chat(world, params)
    is_inside = member.is_present()
    if is_inside and params.flag("only_if_banned"):
        return True
    if is_inside:
        # The server can only make a member leave by a ban that it lifts again: two updates.
        transitions.remove(world, chat, member.user_id, by=world.bot_id)
    if is_inside or member.status is Status.KICKED:
        transitions.set_left(world, chat, member.user_id, by=world.bot_id)
    return True
