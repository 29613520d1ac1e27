"""The HTTP side: the front door's own route, and the switches for tests."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.sandbox.faults import FaultBoard, fault_routes
from tests.sandbox.pubsub.broker import Broker
from tests.sandbox.pubsub.delivery_queue import DeliveryQueue
from tests.sandbox.pubsub.front_door import FrontDoor
from tests.sandbox.pubsub.refusal import Code, RefusedError
from tests.sandbox.pubsub.tokens import LIFETIME_SECONDS

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Control:
    broker: Broker
    front: FrontDoor
    board: FaultBoard

    def app(self) -> Starlette:
        """The whole HTTP application."""
        switches: dict[str, Endpoint] = {
            "routes": self.routes,
            "weather": self.weather,
            "down": self.down,
            "redeliver": self.redeliver,
            "pause": self.pause,
            "resume": self.resume,
            "token": self.token,
        }
        views = {"backlog": self.backlog, "deliveries": self.deliveries}
        routes = [
            Route("/healthz", self.healthz),
            *(
                Route(f"/_sandbox/{name}", post, methods=["POST"])
                for name, post in switches.items()
            ),
            *(Route(f"/_sandbox/{name}", get) for name, get in views.items()),
            *fault_routes(self.board),
            Route("/{function}", self.enter, methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {
            RefusedError: _refused,
            KeyError: _misused,
            TypeError: _misused,
            ValueError: _misused,
        }
        return Starlette(routes=routes, exception_handlers=handlers)

    async def healthz(self, _request: Request) -> Response:
        return PlainTextResponse("ok")

    async def enter(self, request: Request) -> Response:
        name = request.path_params["function"]
        body = await request.body()
        answer = await self.front.enter(name, request.url.query, request.headers, body)
        return Response(answer.body, answer.status, dict(answer.headers))

    async def routes(self, request: Request) -> Response:
        self.front.routes.update(await request.json())
        return JSONResponse(self.front.routes)

    async def weather(self, request: Request) -> Response:
        wanted = await request.json()
        weather = self.broker.weather
        weather.set(
            duplicate=float(wanted.get("duplicate", 0)),
            reorder_seconds=float(wanted.get("reorder_seconds", 0)),
            seed=wanted.get("seed"),
        )
        now = {"duplicate": weather.duplicate, "reorder_seconds": weather.reorder_seconds}
        return JSONResponse(now)

    async def down(self, request: Request) -> Response:
        self.broker.weather.down = bool((await request.json())["down"])
        return JSONResponse({"down": self.broker.weather.down})

    async def redeliver(self, request: Request) -> Response:
        wanted = await request.json()
        message_id = wanted.get("message_id")
        queue = self.broker.queue(wanted["subscription"])
        message = self.broker.redeliver(queue, int(message_id) if message_id else None)
        return JSONResponse({"message_id": str(message.id)})

    async def pause(self, request: Request) -> Response:
        return await self._paused(request, paused=True)

    async def resume(self, request: Request) -> Response:
        return await self._paused(request, paused=False)

    async def _paused(self, request: Request, *, paused: bool) -> Response:
        queue = self.broker.queue((await request.json())["subscription"])
        queue.pause(paused=paused)
        return JSONResponse({"subscription": queue.plan.name, "paused": paused})

    async def token(self, request: Request) -> Response:
        wanted = await request.json()
        lifetime = int(wanted.get("lifetime_seconds", LIFETIME_SECONDS))
        token = self.front.tokens.mint(wanted["email"], wanted["audience"], lifetime)
        return JSONResponse({"token": token})

    async def backlog(self, _request: Request) -> Response:
        queues = self.broker.queues.values()
        return JSONResponse({queue.plan.short_name: _backlog(queue) for queue in queues})

    async def deliveries(self, request: Request) -> Response:
        queue = self.broker.queue(request.query_params["subscription"])
        return JSONResponse([asdict(record) for record in queue.records])


def _backlog(queue: DeliveryQueue) -> dict[str, int]:
    return {
        "undelivered": queue.waiting_count(),
        "in_flight": len(queue.in_flight),
        "dead_lettered": queue.dead_lettered,
        "delivered": queue.delivered,
    }


async def _refused(_request: Request, error: Exception) -> Response:
    missing = isinstance(error, RefusedError) and error.code == Code.NOT_FOUND
    return JSONResponse({"error": str(error)}, 404 if missing else 400)


async def _misused(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
