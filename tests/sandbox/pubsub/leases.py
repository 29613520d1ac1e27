import asyncio
from dataclasses import dataclass, field
from itertools import count

from tests.sandbox.pubsub.broker import Broker
from tests.sandbox.pubsub.delivery_queue import DeliveryQueue
from tests.sandbox.pubsub.model import Delivery


@dataclass(slots=True)
class Lease:
    queue: DeliveryQueue
    delivery: Delivery
    expiry: asyncio.TimerHandle


@dataclass
class Leases:
    """Pulled deliveries by ack id, each until it is acknowledged, given back or overdue."""

    broker: Broker
    _held: dict[str, Lease] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def grant(self, queue: DeliveryQueue, delivery: Delivery) -> str:
        """An ack id for this delivery, good until the ack deadline."""
        ack_id = f"{queue.plan.short_name}:{delivery.message.id}:{next(self._numbers)}"
        expiry = self._expiry(ack_id, queue.plan.deadline_seconds)
        self._held[ack_id] = Lease(queue, delivery, expiry)
        return ack_id

    def acknowledge(self, ack_id: str) -> None:
        """The receiver is done; an ack id that is overdue is ignored, as by Pub/Sub."""
        lease = self._ended(ack_id)
        if lease is not None:
            self.broker.succeed(lease.queue, lease.delivery)

    def give_back(self, ack_id: str) -> None:
        """The receiver refused or was too slow."""
        lease = self._ended(ack_id)
        if lease is not None:
            self.broker.fail(lease.queue, lease.delivery)

    def extend(self, ack_id: str, seconds: int) -> None:
        """Move the deadline; 0 gives the message back at once."""
        lease = self._held.get(ack_id)
        if lease is None:
            return
        if not seconds:
            self.give_back(ack_id)
            return
        lease.expiry.cancel()
        lease.expiry = self._expiry(ack_id, seconds)

    def _expiry(self, ack_id: str, seconds: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self.give_back, ack_id)

    def _ended(self, ack_id: str) -> Lease | None:
        lease = self._held.pop(ack_id, None)
        if lease is not None:
            lease.expiry.cancel()
        return lease
