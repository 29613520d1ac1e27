"""What happens to chats from outside the bot: making them, and what their owners do."""

from typing import Any, Literal

from tests.sandbox.telegram import rendering, transitions
from tests.sandbox.telegram.invites import new_url
from tests.sandbox.telegram.orders import (
    Answer,
    Order,
    PersonInChat,
    WorldError,
    the_chat,
    the_person,
)
from tests.sandbox.telegram.records import RIGHTS, Chat, Link, Member, Person, Status
from tests.sandbox.telegram.world import World, membership


class NewPerson(Order):
    id: int
    first_name: str
    username: str | None = None
    language_code: str = "en"


class NewChat(Order):
    id: int
    title: str
    type: Literal["channel", "supergroup"]
    username: str | None = None
    owner_id: int | None = None
    bot_rights: dict[str, bool] | None = None


class NewLink(Order):
    """A link made by somebody else than the bot."""

    chat_id: int
    creator_id: int
    name: str | None = None
    expire_date: int | None = None
    member_limit: int | None = None
    creates_join_request: bool = False


class Promote(Order):
    chat_id: int
    user_id: int
    rights: dict[str, bool] | None = None


class Demote(Order):
    """`rights`: what the bot still may; none of them: a plain member; null: `status`."""

    chat_id: int
    rights: dict[str, bool] | None = None
    status: Literal["member", "left", "kicked"] = "kicked"


class Restrict(Order):
    chat_id: int
    user_id: int
    is_member: bool = True


class Migrate(Order):
    chat_id: int
    new_id: int


def add_person(world: World, order: NewPerson) -> Answer:
    """Make a person, or change who they are."""
    known = world.people.find(order.id)
    if known is None:
        known = world.people.put(Person(order.id, order.first_name))
    known.first_name, known.username = order.first_name, order.username
    known.language_code = order.language_code
    return rendering.user(known)


def add_chat(world: World, order: NewChat) -> Answer:
    """Make a chat, or change it. The bot is told of its own part in it."""
    if order.id >= 0:
        raise WorldError(422, "ids of chats are negative")
    rights = None if order.bot_rights is None else _all(order.bot_rights)
    owner = None if order.owner_id is None else the_person(world, order.owner_id)
    chat = world.chats.find(order.id)
    if chat is None:
        chat = world.chats.put(Chat(order.id, order.type, order.title))
    chat.type, chat.title, chat.username = order.type, order.title, order.username
    if owner is not None:
        chat.members[owner.id] = Member(owner.id, Status.CREATOR)
    if rights is not None:
        _set_bot(world, chat, Member(world.bot_id, Status.ADMINISTRATOR, rights))
    return chat_view(world, chat)


def _all(rights: dict[str, bool]) -> dict[str, bool]:
    unknown = rights.keys() - set(RIGHTS)
    if unknown:
        raise WorldError(422, f"unknown rights {sorted(unknown)}")
    return dict.fromkeys(RIGHTS, False) | {"can_manage_chat": True} | rights


def owner_id(world: World, chat: Chat) -> int:
    """Who acts when nobody is named."""
    owners = [one.user_id for one in chat.members.values() if one.status is Status.CREATOR]
    return owners[0] if owners else world.bot_id


def _set_bot(world: World, chat: Chat, new: Member) -> None:
    if chat.members.get(world.bot_id) != new:
        transitions.change(world, chat, new, by=owner_id(world, chat))


def demote(world: World, order: Demote) -> Answer:
    """Take rights from the bot, or put it out."""
    chat = the_chat(world, order.chat_id)
    if order.rights is None:
        new = Member(world.bot_id, Status(order.status))
    elif any(order.rights.values()):
        new = Member(world.bot_id, Status.ADMINISTRATOR, _all(order.rights))
    else:
        new = Member(world.bot_id, Status.MEMBER)
    _set_bot(world, chat, new)
    return rendering.member(world, new)


def promote(world: World, order: Promote) -> Answer:
    """Make somebody an admin: the bot or a person."""
    chat, person = the_chat(world, order.chat_id), the_person(world, order.user_id)
    rights = dict.fromkeys(RIGHTS, True) if order.rights is None else _all(order.rights)
    new = Member(person.id, Status.ADMINISTRATOR, rights)
    transitions.change(world, chat, new, by=owner_id(world, chat))
    return rendering.member(world, new)


def add_member(world: World, order: PersonInChat) -> Answer:
    """The owner adds somebody, or they join by no link."""
    chat, person = the_chat(world, order.chat_id), the_person(world, order.user_id)
    transitions.admit(world, chat, person.id, by=owner_id(world, chat))
    return rendering.member(world, membership(world, chat, person.id))


def ban(world: World, order: PersonInChat) -> Answer:
    """The owner bans somebody."""
    chat, person = the_chat(world, order.chat_id), the_person(world, order.user_id)
    transitions.remove(world, chat, person.id, by=owner_id(world, chat))
    return rendering.member(world, membership(world, chat, person.id))


def unban(world: World, order: PersonInChat) -> Answer:
    """The owner lifts a ban."""
    chat, person = the_chat(world, order.chat_id), the_person(world, order.user_id)
    transitions.set_left(world, chat, person.id, by=owner_id(world, chat))
    return rendering.member(world, membership(world, chat, person.id))


def restrict(world: World, order: Restrict) -> Answer:
    """The owner silences somebody, inside or outside."""
    chat, person = the_chat(world, order.chat_id), the_person(world, order.user_id)
    new = Member(person.id, Status.RESTRICTED, is_inside_restricted=order.is_member)
    transitions.change(world, chat, new, by=owner_id(world, chat))
    return rendering.member(world, new)


def migrate(world: World, order: Migrate) -> Answer:
    """Give a chat a new id; the old one answers with the new from now on."""
    old = the_chat(world, order.chat_id)
    new = Chat(order.new_id, old.type, old.title, old.username)
    new.members, new.requests = dict(old.members), dict(old.requests)
    world.chats.put(new)
    old.migrated_to, old.username = new.id, None
    for link in world.links:
        if link.chat_id == old.id:
            link.chat_id = new.id
            world.links.touch(link)
    return chat_view(world, new)


def add_link(world: World, order: NewLink) -> Answer:
    """Another admin makes an invite link."""
    the_chat(world, order.chat_id)
    the_person(world, order.creator_id)
    link = Link(
        new_url(),
        order.chat_id,
        order.creator_id,
        order.name,
        order.expire_date,
        order.member_limit,
        order.creates_join_request,
    )
    return link_view(world.links.put(link))


def link_view(link: Link) -> Answer:
    """A link as its creator sees it, whole."""
    return {name: value for name, value in vars(link).items() if value is not None}


def chat_view(world: World, chat: Chat) -> Answer:
    """All of a chat: members, links and pending requests."""
    members: list[dict[str, Any]] = [
        rendering.member(world, membership(world, chat, user_id)) for user_id in chat.members
    ]
    return rendering.chat(chat) | {
        "migrated_to": chat.migrated_to,
        "members": members,
        "links": [link_view(link) for link in world.links if link.chat_id == chat.id],
        "join_requests": [vars(request) for request in chat.requests.values()],
    }
