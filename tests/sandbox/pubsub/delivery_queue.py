import asyncio
import heapq
import time
from collections import deque
from itertools import count
from typing import Any

from tests.sandbox.pubsub.model import Delivery, Plan, Record, plan_of

RECORDS_KEPT = 1_000


class DeliveryQueue:
    """What one subscription still has to deliver, and what is with a receiver now."""

    def __init__(self, settings: Any, delivered: int = 0, dead_lettered: int = 0) -> None:
        self.settings = settings
        self.plan: Plan = plan_of(settings)
        self.delivered = delivered
        self.dead_lettered = dead_lettered
        self.open: dict[int, Delivery] = {}  # not settled, by message id; echoes are not in it
        self.in_flight: set[Delivery] = set()
        self.records: deque[Record] = deque(maxlen=RECORDS_KEPT)
        self.paused = False
        self.closed = False
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._order = count()
        self._changed = asyncio.Event()

    def add(self, delivery: Delivery) -> None:
        """Deliver this when it is due."""
        if not delivery.echo:
            self.open[delivery.message.id] = delivery
        heapq.heappush(self._waiting, (delivery.due, next(self._order), delivery))
        self._changed.set()

    def release(self, delivery: Delivery) -> None:
        """A receiver is done with it, well or not."""
        self.in_flight.discard(delivery)
        self._changed.set()

    def change(self, settings: Any) -> None:
        """Go on with other settings."""
        self.settings = settings
        self.plan = plan_of(settings)
        self._changed.set()

    def pause(self, *, paused: bool) -> None:
        """Start no delivery until resumed."""
        self.paused = paused
        self._changed.set()

    def close(self) -> None:
        """End for good: whoever waits for a delivery gets none."""
        self.closed = True
        self.open.clear()
        self._changed.set()

    def take(self, *, push: bool, limit: int | None = None) -> Delivery | None:
        """The first delivery that is due, now in flight; none while `limit` are in flight."""
        if not self._may_start(push=push, limit=limit):
            return None
        self._drop_settled()
        if not self._waiting or self._waiting[0][0] > time.time():
            return None
        delivery = heapq.heappop(self._waiting)[2]
        self.in_flight.add(delivery)
        return delivery

    async def next(self, *, push: bool, limit: int | None = None) -> Delivery | None:
        """Wait for a delivery to start; None when the subscription is gone."""
        while not self.closed:
            delivery = self.take(push=push, limit=limit)
            if delivery is not None:
                return delivery
            await self._change(self._seconds_to_next(push=push, limit=limit))
        return None

    def waiting_count(self) -> int:
        """How many deliveries wait for their turn."""
        self._drop_settled()
        return len(self._waiting)

    def _may_start(self, *, push: bool, limit: int | None) -> bool:
        wanted = push == bool(self.plan.endpoint)
        return wanted and not self.paused and (limit is None or len(self.in_flight) < limit)

    def _drop_settled(self) -> None:
        # What was settled or expired while it waited is skipped here instead of searched for then.
        while self._waiting:
            delivery = self._waiting[0][2]
            if delivery.echo or self.open.get(delivery.message.id) is delivery:
                return
            heapq.heappop(self._waiting)

    def _seconds_to_next(self, *, push: bool, limit: int | None) -> float | None:
        if not self._waiting or not self._may_start(push=push, limit=limit):
            return None
        return max(0.0, self._waiting[0][0] - time.time())

    async def _change(self, seconds: float | None) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
