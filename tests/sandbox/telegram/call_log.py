"""Writes down every call of the Bot API, also those that a fault answers or swallows."""

import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sandbox.telegram.methods import canonical
from tests.sandbox.telegram.params import decode
from tests.sandbox.telegram.records import Call
from tests.sandbox.telegram.world import World


def method_of(path: str) -> str | None:
    """The Bot API method that a path names, or None."""
    head, _, name = path.lstrip("/").partition("/")
    return canonical(name) if head.startswith("bot") and name else None


def record(world: World, method: str, params: dict[str, Any]) -> Call:
    return world.calls.put(Call(world.next_id("call"), world.time(), method, params))


class CallLog:
    """Around the faults, so that what the caller saw is what is written down."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app = app
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = method_of(scope["path"]) if scope["type"] == "http" else None
        if method is None:
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        headers = dict(scope["headers"])
        kind = headers.get(b"content-type", b"").decode()
        params = decode(kind, scope["query_string"].decode(), body)
        call = record(self.world, method, params)
        await self.app(scope, _replay(body, receive), _keep_answer(call, send))
        self.world.calls.touch(call)
        self.world.save()


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _keep_answer(call: Call, send: Send) -> Send:
    status = 0

    async def keep(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message.get("body"):
            # An answer that was cut off has no body, and so is none.
            call.status, call.answer = status, _parsed(message["body"])
        await send(message)

    return keep


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
