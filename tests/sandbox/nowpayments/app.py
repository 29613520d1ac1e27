"""The stand-in as an ASGI application."""

import re
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.faults import App, FaultMiddleware, Receive, Scope, Send, fault_routes
from tests.sandbox.nowpayments import api, callbacks, control, customer, page
from tests.sandbox.nowpayments.errors import ApiError, envelope
from tests.sandbox.nowpayments.records import Call
from tests.sandbox.nowpayments.store import Store
from tests.sandbox.nowpayments.world import Settings, World

ID_IN_PATH = re.compile(r"^(/v1/payment)/[^/]+(/[a-z-]+)?$")


def operation(scope: Scope, _body: bytes) -> str:
    """What a request is called on the fault board: `GET /v1/payment/{id}`."""
    path = ID_IN_PATH.sub(r"\1/{id}\2", scope["path"])
    return f"{scope['method']} {path}"


class CallRecorder:
    """Writes down each API request as received, also one that a fault strikes."""

    def __init__(self, app: App, world: World) -> None:
        self.app = app
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        parts: list[bytes] = []
        call = self._begun(scope)

        async def heard() -> MutableMapping[str, Any]:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._put(call, parts)
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                self._put(call, parts)
            await send(message)

        await self.app(scope, heard, sent)

    def _begun(self, scope: Scope) -> Call:
        return Call(
            operation=operation(scope, b""),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            body="",
        )

    def _put(self, call: Call, parts: list[bytes]) -> None:
        call.body = b"".join(parts).decode(errors="backslashreplace")
        self.world.store.put(call)


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return api.answered(error.status, error.body)


async def _no_route(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return api.answered(status, envelope(status, "NOT_FOUND", "Not found"))


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def build(settings: Settings) -> App:
    """The application; its state file is opened at once, its work begins with the lifespan."""
    # Nothing here leaves the machine, and a proxy of the environment must not get in between.
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    http = httpx.AsyncClient(trust_env=False, limits=limits, timeout=httpx.Timeout(10, pool=None))
    world = World(settings=settings, store=Store(settings.state), http=http)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        customer.resume(world)
        callbacks.resume(world)
        yield
        await world.stop()

    routes = [
        Route("/healthz", _health),
        *api.routes(world),
        *page.routes(world),
        *control.routes(world),
        *fault_routes(world.board),
    ]
    handlers = {ApiError: _api_error, HTTPException: _no_route}
    inner = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    return CallRecorder(FaultMiddleware(inner, world.board, operation), world)
