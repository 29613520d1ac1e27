import asyncio
import base64
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.sandbox.faults import Fault, FaultBoard
from tests.sandbox.pubsub.broker import Broker
from tests.sandbox.pubsub.delivery_queue import DeliveryQueue
from tests.sandbox.pubsub.front_door import FrontDoor
from tests.sandbox.pubsub.model import Delivery, Message, Plan, Record

# A server of today cannot end an answer with 102: HTTP clients, ours too, wait for what follows it.
ACK_STATUSES = frozenset({102, 200, 201, 202, 204})
HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "From": "noreply@google.com",
    "User-Agent": "CloudPubSub-Google",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one push ended; a reason instead of a status where the answer does not count."""

    status: int | None
    reason: str = ""

    @property
    def acked(self) -> bool:
        return self.status in ACK_STATUSES and not self.reason


@dataclass
class Pusher:
    """Pushes what is due to the endpoints of the push subscriptions."""

    broker: Broker
    session: aiohttp.ClientSession
    front: FrontDoor
    board: FaultBoard
    max_outstanding: int
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Serve all subscriptions, and those that are still to come."""
        self.broker.opened = self._serve
        for queue in self.broker.queues.values():
            self._serve(queue)

    async def stop(self) -> None:
        """End all pushes; what was under way is delivered again after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _serve(self, queue: DeliveryQueue) -> None:
        self._spawn(self._pump(queue))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pump(self, queue: DeliveryQueue) -> None:
        while (delivery := await queue.next(push=True, limit=self.max_outstanding)) is not None:
            self._spawn(self._deliver(queue, delivery))

    async def _deliver(self, queue: DeliveryQueue, delivery: Delivery) -> None:
        started = time.time()
        outcome = await self._struck(queue.plan, delivery)
        queue.records.append(_record(delivery, outcome, started))
        if outcome.acked:
            self.broker.succeed(queue, delivery)
        else:
            self.broker.fail(queue, delivery)

    async def _struck(self, plan: Plan, delivery: Delivery) -> Outcome:
        fault = self.board.strike(f"push {plan.short_name}")
        if fault is None:
            return await self._pushed(plan, delivery)
        if fault.kind in {"drop", "answer"}:
            return Outcome(None, "dropped by a fault")
        await self._before(fault)
        outcome = await self._pushed(plan, delivery)
        if fault.kind == "hold_after":
            await self.board.held(fault)
        if fault.kind == "lose_answer":
            return Outcome(outcome.status, "the answer was lost by a fault")
        return outcome

    async def _before(self, fault: Fault) -> None:
        if fault.kind == "hold_before":
            await self.board.held(fault)
        elif fault.kind == "delay":
            await asyncio.sleep(fault.seconds)

    async def _pushed(self, plan: Plan, delivery: Delivery) -> Outcome:
        try:
            async with asyncio.timeout(plan.deadline_seconds):
                return Outcome(await self._post(plan, delivery))
        except TimeoutError:
            return Outcome(None, "the ack deadline passed")
        except (aiohttp.ClientError, OSError) as error:
            return Outcome(None, f"the endpoint is not there: {error}")

    async def _post(self, plan: Plan, delivery: Delivery) -> int:
        body = push_body(plan, delivery)
        headers = self._headers(plan)
        function = self.front.function_at(plan.endpoint)
        if function is not None:
            query = urlsplit(plan.endpoint).query
            return (await self.front.enter(function, query, headers, body)).status
        post = self.session.post(plan.endpoint, data=body, headers=headers, allow_redirects=False)
        async with post as response:
            await response.read()
            return response.status

    def _headers(self, plan: Plan) -> dict[str, str]:
        if not plan.email:
            return HEADERS
        token = self.front.tokens.token(plan.email, plan.audience)
        return HEADERS | {"Authorization": f"Bearer {token}"}


def push_body(plan: Plan, delivery: Delivery) -> bytes:
    """The wrapped body of a push."""
    body: dict[str, Any] = {
        "message": _wrapped(delivery.message),
        "subscription": plan.name,
    }
    if plan.dead_letter is not None:
        body["deliveryAttempt"] = delivery.attempts + 1
    return json.dumps(body).encode()


def _wrapped(message: Message) -> dict[str, Any]:
    draft = message.draft
    moment = datetime.fromtimestamp(message.published_us / 1_000_000, UTC)
    published = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    wrapped: dict[str, Any] = {
        "messageId": str(message.id),
        "message_id": str(message.id),
        "publishTime": published,
        "publish_time": published,
    }
    if draft.attributes:
        wrapped["attributes"] = draft.attributes
    if draft.data:
        wrapped["data"] = base64.b64encode(draft.data).decode()
    if draft.ordering_key:
        wrapped["orderingKey"] = draft.ordering_key
    return wrapped


def _record(delivery: Delivery, outcome: Outcome, started: float) -> Record:
    return Record(
        message_id=str(delivery.message.id),
        attempt=delivery.attempts + 1,
        status=outcome.status,
        reason=outcome.reason,
        acked=outcome.acked,
        echo=delivery.echo,
        started_at=started,
        latency_ms=round((time.time() - started) * 1_000, 1),
    )
