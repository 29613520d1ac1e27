"""The control API under /_sandbox, by which tests and demonstrations move the world."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.telegram import chats, people, rendering
from tests.sandbox.telegram.orders import OnePerson, Order, PersonInChat, WorldError
from tests.sandbox.telegram.records import Message, Person, Weather
from tests.sandbox.telegram.world import World

OrderT = TypeVar("OrderT", bound=Order)
Endpoint = Callable[[Request], Awaitable[Response]]


class NewWeather(Order):
    """`duplicate`: true, false or a probability."""

    duplicate: float = Field(default=0.0, ge=0, le=1)
    reorder: bool = False
    seed: int = 0


class Clock(Order):
    advance_seconds: float


def move_clock(world: World, order: Clock) -> dict[str, Any]:
    """Let time pass for everything the stand-in judges by the clock."""
    world.settings.clock_offset += order.advance_seconds
    return {"now": world.time()}


def _doing(
    world: World, kind: type[OrderT], action: Callable[[World, OrderT], dict[str, Any]]
) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            answer = action(world, kind.model_validate_json(await request.body()))
        except ValidationError as error:
            return JSONResponse(
                {"error": error.errors(include_url=False, include_input=False)}, 422
            )
        except WorldError as error:
            return JSONResponse({"error": str(error)}, error.status)
        world.save()
        return JSONResponse(answer)

    return endpoint


def _showing(view: Callable[[Request], list[dict[str, Any]]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return JSONResponse(view(request))

    return endpoint


def person_view(person: Person) -> dict[str, Any]:
    """A person and how they stand to the bot."""
    names = ("has_started", "has_blocked", "is_deleted")
    return rendering.user(person) | {name: getattr(person, name) for name in names}


def message_view(world: World, message: Message) -> dict[str, Any]:
    """A message as its reader sees it."""
    shown = {"chat_id": message.chat_id, "from_bot": message.sender_id == world.bot_id}
    more = {"buttons": people.buttons(message), "markup": message.reply_markup}
    rendered = {"entities": [], "deleted": message.is_deleted} | rendering.message(world, message)
    return rendered | shown | more


def _messages(world: World, request: Request) -> list[dict[str, Any]]:
    query = request.query_params
    wanted = query.get("user_id") or query.get("chat_id")
    shows_deleted = bool(query.get("deleted"))
    return [
        message_view(world, message)
        for message in world.messages
        if (not wanted or message.chat_id == int(wanted))
        and (shows_deleted or not message.is_deleted)
    ]


def _views(world: World) -> dict[str, Callable[[Request], list[dict[str, Any]]]]:
    return {
        "users": lambda _: [person_view(person) for person in world.people],
        "chats": lambda _: [chats.chat_view(world, chat) for chat in world.chats],
        "messages": lambda request: _messages(world, request),
        "links": lambda _: [chats.link_view(link) for link in world.links],
        "calls": lambda _: [asdict(call) for call in world.calls],
        "updates": lambda _: [asdict(update) for update in world.updates],
        "queries": lambda _: [asdict(query) for query in world.queries],
    }


def _actions(world: World) -> dict[str, Endpoint]:
    return {
        "users": _doing(world, chats.NewPerson, chats.add_person),
        "chats": _doing(world, chats.NewChat, chats.add_chat),
        "links": _doing(world, chats.NewLink, chats.add_link),
        "say": _doing(world, people.Say, people.say),
        "press": _doing(world, people.Press, people.press),
        "open_link": _doing(world, people.OpenLink, people.open_link),
        "request_join": _doing(world, PersonInChat, people.request_join),
        "withdraw_request": _doing(world, PersonInChat, people.withdraw_request),
        "leave": _doing(world, PersonInChat, people.leave),
        "block": _doing(world, people.Block, people.block),
        "delete_account": _doing(world, OnePerson, people.delete_account),
        "promote": _doing(world, chats.Promote, chats.promote),
        "demote": _doing(world, chats.Demote, chats.demote),
        "add_member": _doing(world, PersonInChat, chats.add_member),
        "ban": _doing(world, PersonInChat, chats.ban),
        "unban": _doing(world, PersonInChat, chats.unban),
        "restrict": _doing(world, chats.Restrict, chats.restrict),
        "migrate": _doing(world, chats.Migrate, chats.migrate),
        "clock": _doing(world, Clock, move_clock),
    }


def control_routes(world: World, weather_changed: Callable[[], None]) -> list[Route]:
    """All routes that look at the world or move it."""

    def set_weather(_world: World, order: NewWeather) -> dict[str, Any]:
        world.settings.weather = Weather(**order.model_dump())
        weather_changed()
        return asdict(world.settings.weather)

    async def reset(_request: Request) -> Response:
        world.reset()
        weather_changed()
        return JSONResponse({"reset": True})

    views = {name: _showing(view) for name, view in _views(world).items()}
    actions = _actions(world) | {"weather": _doing(world, NewWeather, set_weather), "reset": reset}
    return [
        *(Route(f"/_sandbox/{name}", view, methods=["GET"]) for name, view in views.items()),
        *(Route(f"/_sandbox/{name}", act, methods=["POST"]) for name, act in actions.items()),
    ]
