"""What the console's page asks for. It acts by the same control routes as everybody else."""

import asyncio
import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.sandbox.console.elsewhere import Elsewhere
from tests.sandbox.telegram import chats, control
from tests.sandbox.telegram.world import World, membership

STATIC = Path(__file__).with_name("static")
WAIT_SECONDS, STEP_SECONDS = 20.0, 0.15
MESSAGES_MOST = 200
_DAYS_MOST = 1_000


def routes(world: World, elsewhere: Elsewhere) -> list[Route | Mount]:
    """The page and what feeds it."""

    async def page(_request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def to_page(_request: Request) -> Response:
        return RedirectResponse("/console/")

    async def state(request: Request) -> Response:
        return JSONResponse(await _changed_state(world, request))

    async def news(_request: Request) -> Response:
        return JSONResponse(await elsewhere.news())

    async def age(request: Request) -> Response:
        wanted = await request.json()
        days = float(wanted.get("days", 0))
        if not 0 < days <= _DAYS_MOST:
            return JSONResponse({"error": f"days: must be more than 0, up to {_DAYS_MOST}"}, 422)
        try:
            await elsewhere.age(int(wanted["user_id"]), days)
        except LookupError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({"days": days})

    return [
        Route("/", to_page),
        Route("/console", to_page),
        Route("/console/", page),
        Route("/console/state", state),
        Route("/console/elsewhere", news),
        Route("/console/age", age, methods=["POST"]),
        Mount("/console/static", StaticFiles(directory=STATIC)),
    ]


async def _changed_state(world: World, request: Request) -> dict[str, Any]:
    """What a person sees, once it differs from what the page has, or after a while."""
    query = request.query_params
    person_id = int(query.get("as") or 0)
    chat_id = int(query.get("chat") or person_id)
    until = time.monotonic() + (WAIT_SECONDS if query.get("since") else 0.0)
    while True:
        shown = _state(world, person_id, chat_id)
        text = json.dumps(shown, sort_keys=True, default=str)
        revision = sha256(text.encode()).hexdigest()[:16]
        if revision != query.get("since") or time.monotonic() >= until:
            return shown | {"revision": revision}
        await asyncio.sleep(STEP_SECONDS)


def _state(world: World, person_id: int, chat_id: int) -> dict[str, Any]:
    people = [control.person_view(person) for person in world.people if not person.is_bot]
    seen = [
        message
        for message in world.messages
        if message.chat_id == chat_id and not message.is_deleted
    ]
    return {
        "bot": {"id": world.bot_id, "username": world.bot_username},
        "people": people,
        "chats": [_chat(world, chat, person_id) for chat in world.chats if not chat.migrated_to],
        "messages": [control.message_view(world, one) for one in seen[-MESSAGES_MOST:]],
        "unread": _counts(world, person_id),
        "answers": [
            {"id": one.id, "text": one.answer["text"], "alert": one.answer["show_alert"]}
            for one in world.queries
            if one.user_id == person_id and one.answer is not None and one.answer["text"]
        ],
        "commands": next(iter(world.settings.commands.values()), []),
    }


def _chat(world: World, chat: Any, person_id: int) -> dict[str, Any]:
    """A chat, and how the person stands to it; a public one is open to all."""
    standing = membership(world, chat, person_id)
    names = {one.id: one.first_name for one in world.people}
    return chats.chat_view(world, chat) | {
        "mine": standing.status.value,
        "can_read": standing.is_present() or chat.username is not None,
        "asking": [names.get(user_id, str(user_id)) for user_id in chat.requests],
    }


def _counts(world: World, person_id: int) -> dict[str, int]:
    """How many messages each chat has, so that the page can mark what is new."""
    counts: dict[str, int] = {}
    for message in world.messages:
        if not message.is_deleted and (message.chat_id < 0 or message.chat_id == person_id):
            counts[str(message.chat_id)] = counts.get(str(message.chat_id), 0) + 1
    return counts
