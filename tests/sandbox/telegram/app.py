"""The HTTP server: the Bot API, the control API and the page."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.console.elsewhere import Elsewhere
from tests.sandbox.console.routes import routes as console_routes
from tests.sandbox.faults import FaultBoard, FaultMiddleware, Scope, fault_routes
from tests.sandbox.telegram.call_log import CallLog, method_of, record
from tests.sandbox.telegram.control import control_routes
from tests.sandbox.telegram.delivery import Courier
from tests.sandbox.telegram.errors import ApiError
from tests.sandbox.telegram.methods import canonical, execute
from tests.sandbox.telegram.page import page
from tests.sandbox.telegram.params import Params, decode
from tests.sandbox.telegram.world import World

TOKEN_SHAPE = re.compile(r"\d+:[A-Za-z0-9_-]+")
LONGEST_POLL_SECONDS = 50.0
POLL_STEP_SECONDS = 0.05


def _check_token(world: World, token: str) -> None:
    if not TOKEN_SHAPE.fullmatch(token):
        raise ApiError(401, "Unauthorized: invalid token specified")
    if token != world.token:
        raise ApiError(401, "Unauthorized")


def _operation(scope: Scope, _body: bytes) -> str | None:
    return method_of(scope["path"])


class BotApi:
    """The endpoint `/bot<token>/<method>`."""

    def __init__(self, world: World, board: FaultBoard) -> None:
        self.world = world
        self.board = board

    async def endpoint(self, request: Request) -> Response:
        """Carry out one call."""
        try:
            _check_token(self.world, request.path_params["token"])
        except ApiError as error:
            return JSONResponse(error.body(), error.code)
        kind = request.headers.get("content-type", "")
        params = decode(kind, request.url.query, await request.body())
        status, answer = await self._call(canonical(request.path_params["method"]), params)
        retry_after = answer.get("parameters", {}).get("retry_after")
        headers = {"Retry-After": str(retry_after)} if retry_after else None
        return JSONResponse(answer, status, headers)

    async def _call(self, method: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        wait = min(Params(params).integer("timeout"), LONGEST_POLL_SECONDS)
        until = time.monotonic() + (wait if method == "getUpdates" else 0)
        while True:
            status, answer = execute(self.world, self.board, method, params)
            self.world.save()
            if time.monotonic() >= until or answer.get("result") != []:
                return status, answer
            await asyncio.sleep(POLL_STEP_SECONDS)

    def from_webhook(self, method: str, params: dict[str, Any]) -> None:
        """Carry out the call that the answer of a webhook contained."""
        call = record(self.world, canonical(method), params)
        call.via = "webhook_answer"
        call.status, call.answer = execute(self.world, self.board, canonical(method), params)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return JSONResponse(ApiError(404, "Not Found").body(), 404)


def build_app(world: World, elsewhere: Elsewhere | None = None) -> Starlette:
    """The application that serves `world` and delivers its updates.

    The console shows what happens `elsewhere` too.
    """
    board = FaultBoard()
    api = BotApi(world, board)
    courier = Courier(world, board, api.from_webhook)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        delivering = asyncio.create_task(courier.run())
        app.state.delivering = delivering
        yield
        delivering.cancel()
        await asyncio.wait([delivering])
        world.close()

    async def healthz(request: Request) -> Response:
        # A courier that died would otherwise look like a bot that nobody writes to.
        is_alive = not request.app.state.delivering.done()
        body = {"ok": is_alive, "pending_updates": len(world.pending())}
        return JSONResponse(body, 200 if is_alive else 503)

    async def plain(_request: Request) -> Response:
        return HTMLResponse(page(world))

    routes = [
        Route("/plain", plain),
        *console_routes(world, elsewhere or Elsewhere()),
        Route("/healthz", healthz),
        Route("/bot{token}/{method}", api.endpoint, methods=["GET", "POST"]),
        *fault_routes(board),
        *control_routes(world, courier.reseed),
    ]
    middleware = [
        Middleware(CallLog, world=world),
        Middleware(FaultMiddleware, board=board, name=_operation),
    ]
    handlers: dict[Any, Any] = {404: _not_found}
    return Starlette(
        routes=routes, middleware=middleware, exception_handlers=handlers, lifespan=lifespan
    )
