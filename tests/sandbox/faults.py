"""Faults that a test switches on in a stand-in, the same for every HTTP stand-in.

A fault names an *operation* (the stand-in's own word for a request, such as `POST /v1/invoice` or
`eth_sendRawTransaction`) by regular expression, says what happens, and how often. They are set by
`POST /_sandbox/faults`, listed by `GET`, cleared by `DELETE` (one with `?id=`).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Kind = Literal["answer", "drop", "lose_answer", "hold_before", "hold_after", "delay", "custom"]
LONGEST_HOLD_SECONDS = 600.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Fault:
    """One fault. `times` is how often it still strikes (None: until cleared).

    * `answer`: nothing takes effect; `status`, `headers` and `body` are answered.
    * `drop`: nothing takes effect; the connection ends without an answer.
    * `lose_answer`: it takes effect; the connection ends without an answer.
    * `hold_before`, `hold_after`: waits, before or after the effect, until the fault is cleared
      or `seconds` have passed; then goes on as if nothing had been.
    * `delay`: waits `seconds` before the effect.
    * `custom`: the stand-in itself acts on `name` (see its own documentation).
    """

    operation: str
    kind: Kind
    name: str = ""
    times: int | None = 1
    seconds: float = 0.0
    status: int = 500
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    id: int = 0
    struck: int = 0


class FaultBoard:
    """The faults that are switched on, and how often each has struck."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._active: dict[int, Fault] = {}
        self._cleared: dict[int, asyncio.Event] = {}

    def add(self, fault: Fault) -> Fault:
        fault.id = next(self._ids)
        self._active[fault.id] = fault
        self._cleared[fault.id] = asyncio.Event()
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        ids = [fault_id] if fault_id is not None else list(self._cleared)
        for one in ids:
            self._active.pop(one, None)
            event = self._cleared.pop(one, None)
            if event is not None:
                event.set()

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._active.values()]

    def strike(self, operation: str, *, custom: str | None = None) -> Fault | None:
        """The first fault for this operation, now struck; `custom` asks for that name only."""
        for fault in list(self._active.values()):
            wanted = fault.kind == "custom" and fault.name == custom if custom else True
            if not custom and fault.kind == "custom":
                continue
            exhausted = fault.times is not None and fault.struck >= fault.times
            if wanted and not exhausted and re.fullmatch(fault.operation, operation):
                fault.struck += 1
                return fault
        return None

    async def held(self, fault: Fault) -> None:
        """Wait until `fault` is cleared or its time is over."""
        event = self._cleared.get(fault.id)
        if event is None:
            return
        seconds = fault.seconds or LONGEST_HOLD_SECONDS
        try:
            await asyncio.wait_for(event.wait(), timeout=seconds)
        except TimeoutError:
            return


class ConnectionLostError(Exception):
    """Raised to end a connection without an answer."""


async def _cut(send: Send) -> None:
    """End the connection: announce more than is sent, so that no client takes it for an answer."""
    headers = [(b"content-length", b"1000000"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class FaultMiddleware:
    """Strikes faults around an ASGI app. `name` gives the operation of a request, or None."""

    def __init__(
        self, app: App, board: FaultBoard, name: Callable[[Scope, bytes], str | None]
    ) -> None:
        self.app = app
        self.board = board
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self.app(scope, receive, send)
            return
        body = await _whole_body(receive)
        operation = self.name(scope, body)
        fault = self.board.strike(operation) if operation else None
        if fault is None:
            await self.app(scope, _replayed(body), send)
            return
        await self._with(fault, scope, body, send)

    async def _with(self, fault: Fault, scope: Scope, body: bytes, send: Send) -> None:
        if fault.kind == "answer":
            response = Response(fault.body, fault.status, fault.headers)
            await response(scope, _replayed(body), send)
        elif fault.kind == "drop":
            await _cut(send)
        elif fault.kind == "lose_answer":
            await self.app(scope, _replayed(body), _nowhere)
            await _cut(send)
        elif fault.kind == "hold_after":
            held: list[MutableMapping[str, Any]] = []

            async def keep(message: MutableMapping[str, Any]) -> None:
                held.append(message)

            await self.app(scope, _replayed(body), keep)
            await self.board.held(fault)
            for message in held:
                await send(message)
        else:
            if fault.kind == "hold_before":
                await self.board.held(fault)
            elif fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            await self.app(scope, _replayed(body), send)


async def _nowhere(_message: MutableMapping[str, Any]) -> None:
    return


async def _whole_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes) -> Receive:
    given = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            await asyncio.sleep(LONGEST_HOLD_SECONDS)
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def fault_routes(board: FaultBoard) -> list[Route]:
    """The routes by which a test sets, lists and clears faults."""

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            return JSONResponse(asdict(board.add(Fault(**await request.json()))), 201)
        if request.method == "DELETE":
            one = request.query_params.get("id")
            board.clear(int(one) if one else None)
        return JSONResponse(board.listed())

    return [Route("/_sandbox/faults", faults, methods=["GET", "POST", "DELETE"])]
