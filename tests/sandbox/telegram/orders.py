"""What all control requests have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from tests.sandbox.telegram.records import Chat, Person
from tests.sandbox.telegram.world import World

Answer = dict[str, Any]


class WorldError(Exception):
    """Something that cannot happen in the world was asked for."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Order(BaseModel):
    """The body of a control request; a field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class OnePerson(Order):
    user_id: int


class PersonInChat(Order):
    chat_id: int
    user_id: int


def the_person(world: World, user_id: int) -> Person:
    """A person who exists."""
    found = world.people.find(user_id)
    if found is None:
        raise WorldError(404, f"no person {user_id}")
    return found


def acting(world: World, user_id: int) -> Person:
    """A person who can still act."""
    person = the_person(world, user_id)
    if person.is_deleted:
        raise WorldError(409, f"the account {user_id} is deleted")
    return person


def the_chat(world: World, chat_id: int) -> Chat:
    """A chat that exists."""
    found = world.chats.find(chat_id)
    if found is None:
        raise WorldError(404, f"no chat {chat_id}")
    return found
