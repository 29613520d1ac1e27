"""What the bot may do where, and what it is told when it may not."""

from tests.sandbox.telegram.errors import ApiError, bad_request, forbidden
from tests.sandbox.telegram.params import Params
from tests.sandbox.telegram.records import Chat, Member, Person, Status
from tests.sandbox.telegram.world import World

REQUEST_CONTACT_SECONDS = 5 * 60


def addressed_chat(world: World, params: Params) -> Chat | None:
    """The channel or supergroup of `chat_id`, or None when it names no such chat."""
    raw = params.text("chat_id").strip()
    if not raw:
        raise bad_request("chat_id is empty")
    if raw.startswith("@"):
        named = (one for one in world.chats if (one.username or "").lower() == raw[1:].lower())
        return next(named, None)
    found = world.chats.find(params.integer("chat_id"))
    if found is not None and found.migrated_to is not None:
        text = "Bad Request: group chat was upgraded to a supergroup chat"
        raise ApiError(400, text, {"migrate_to_chat_id": found.migrated_to})
    return found


def group(world: World, params: Params) -> Chat:
    """The channel or supergroup of a call, in which the bot is."""
    found = addressed_chat(world, params)
    if found is None:
        if params.integer("chat_id") in known_ids(world):
            raise bad_request("method is available for supergroup and channel chats only")
        raise bad_request("chat not found")
    require_presence(world, found)
    return found


def known_ids(world: World) -> set[int]:
    return {person.id for person in world.people if person.has_started}


def require_presence(world: World, chat: Chat) -> None:
    """Refuse as Telegram does when the bot is not, or no longer, in the chat."""
    member = world.bot_in(chat)
    if member is not None and member.is_present():
        return
    if member is None:
        raise bad_request("chat not found")
    if member.status is Status.KICKED:
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    raise forbidden(f"bot is not a member of the {chat.type} chat")


def has_right(world: World, chat: Chat, right: str) -> bool:
    member = world.bot_in(chat)
    return member is not None and member.is_admin() and member.rights.get(right, False)


def require_right(world: World, chat: Chat, right: str, text: str) -> None:
    if not has_right(world, chat, right):
        raise bad_request(text)


def is_bot_admin(world: World, chat: Chat) -> bool:
    member = world.bot_in(chat)
    return member is not None and member.is_admin()


def person_of(world: World, params: Params) -> Person:
    """The person of `user_id`."""
    user_id = params.integer("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    found = world.people.find(user_id)
    if found is None:
        raise bad_request("user not found")
    return found


def require_movable(member: Member, bot_id: int) -> None:
    """Refuse to restrict or remove the owner, an admin or the bot itself."""
    if member.user_id == bot_id:
        raise bad_request("can't restrict self")
    if member.status is Status.CREATOR:
        raise bad_request("can't remove chat owner")
    if member.status is Status.ADMINISTRATOR:
        raise bad_request("user is an administrator of the chat")


def recipient(world: World, params: Params) -> int:
    """The chat a message goes to; raises when the bot may not write there."""
    chat = addressed_chat(world, params)
    if chat is None:
        return _private_recipient(world, params.integer("chat_id"))
    require_presence(world, chat)
    if chat.type == "channel" and not has_right(world, chat, "can_post_messages"):
        raise bad_request("need administrator rights in the channel chat")
    return chat.id


def _private_recipient(world: World, user_id: int) -> int:
    person = world.people.find(user_id)
    if person is None or person.id == world.bot_id:
        raise bad_request("chat not found")
    if person.is_deleted:
        raise forbidden("user is deactivated")
    if person.has_blocked:
        raise forbidden("bot was blocked by the user")
    if not person.has_started and not _may_contact_requester(world, user_id):
        if _has_been_seen(world, user_id):
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")
    return user_id


def _may_contact_requester(world: World, user_id: int) -> bool:
    """Whether a join request of theirs is pending and young enough."""
    since = world.now() - REQUEST_CONTACT_SECONDS
    return any(
        has_right(world, chat, "can_invite_users") and chat.requests[user_id].date >= since
        for chat in world.chats
        if user_id in chat.requests
    )


def _has_been_seen(world: World, user_id: int) -> bool:
    return any(
        world.bot_id in chat.members and (user_id in chat.members or user_id in chat.requests)
        for chat in world.chats
    )
