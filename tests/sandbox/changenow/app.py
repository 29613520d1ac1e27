"""The stand-in as an ASGI application."""

import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.changenow import api, book, control, engine
from tests.sandbox.changenow.errors import ApiError
from tests.sandbox.changenow.records import Call
from tests.sandbox.changenow.store import Store
from tests.sandbox.changenow.world import Settings, World
from tests.sandbox.faults import App, FaultMiddleware, Receive, Scope, Send, fault_routes

TOO_MANY = 429


def operation(scope: Scope, _body: bytes) -> str:
    """What a request is called on the fault board: `GET /v2/exchange/by-id`."""
    return f"{scope['method']} {scope['path']}"


class CallRecorder:
    """Writes down each API request as received, also one that a fault strikes."""

    def __init__(self, app: App, world: World) -> None:
        self.app = app
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v2/"):
            await self.app(scope, receive, send)
            return
        parts: list[bytes] = []
        call = self._begun(scope)

        async def heard() -> MutableMapping[str, Any]:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                call.body = _read(b"".join(parts))
                self.world.store.put(call)
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                self.world.store.put(call)
            await send(message)

        await self.app(scope, heard, sent)

    def _begun(self, scope: Scope) -> Call:
        query = scope["query_string"].decode("latin-1")
        return Call(
            operation=operation(scope, b""),
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(query, keep_blank_values=True)),
        )


def _read(body: bytes) -> Any:
    """JSON as data; anything else as text."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="backslashreplace")


def build(settings: Settings) -> App:
    """The application; its state file is opened at once, its work begins with the lifespan."""
    # Nothing here leaves the machine, and a proxy of the environment must not get in between.
    http = httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(10, pool=None))
    world = World(settings=settings, store=Store(settings.state), http=http)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        book.open_floats(world.store)
        world.spawn(engine.run(world))
        yield
        await world.stop()

    async def health(_request: Request) -> Response:
        if world.failed:  # the work behind the API has ended, so nothing would move any more
            return JSONResponse({"status": "failed"}, 500)
        return JSONResponse({"status": "ok"})

    async def api_error(_request: Request, error: Exception) -> Response:
        if not isinstance(error, ApiError):
            raise error
        response = api.answered(world, error.status, error.body)
        if error.status == TOO_MANY:
            response.headers["retry-after"] = "1"
        return response

    async def no_route(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return api.answered(world, status, {"error": "not_found", "message": "Not found"})

    routes = [
        Route("/healthz", health),
        *api.routes(world),
        *control.routes(world),
        *fault_routes(world.board),
    ]
    handlers = {ApiError: api_error, HTTPException: no_route}
    inner = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    return CallRecorder(FaultMiddleware(inner, world.board, operation), world)
