import asyncio
from dataclasses import dataclass
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1.types import pubsub

from tests.sandbox.pubsub.broker import Broker
from tests.sandbox.pubsub.checks import check_name, check_push, complete
from tests.sandbox.pubsub.delivery_queue import DeliveryQueue
from tests.sandbox.pubsub.leases import Leases
from tests.sandbox.pubsub.model import Delivery
from tests.sandbox.pubsub.refusal import Code, RefusedError, invalid

PULL_WAIT_SECONDS = 10.0
MAX_PULLED = 1_000
CHANGEABLE = {
    "ack_deadline_seconds",
    "dead_letter_policy",
    "expiration_policy",
    "labels",
    "message_retention_duration",
    "push_config",
    "retry_policy",
}

Subscription = pubsub.Subscription.pb()
ListSubscriptionsResponse = pubsub.ListSubscriptionsResponse.pb()
PullResponse = pubsub.PullResponse.pb()
ReceivedMessage = pubsub.ReceivedMessage.pb()


@dataclass
class Subscriber:
    """The calls of google.pubsub.v1.Subscriber."""

    broker: Broker
    leases: Leases
    shortest_ack_deadline_seconds: int

    async def create_subscription(self, subscription: Any) -> Any:
        """CreateSubscription."""
        check_name(subscription.name, "subscriptions")
        complete(subscription, self.shortest_ack_deadline_seconds)
        self.broker.create_subscription(subscription)
        await self.broker.store.durable()
        return subscription

    async def get_subscription(self, request: Any) -> Any:
        """GetSubscription."""
        return self._queue(request).settings

    async def list_subscriptions(self, request: Any) -> Any:
        """ListSubscriptions: all of a project on one page."""
        prefix = f"{request.project}/subscriptions/"
        queues = self.broker.queues.items()
        found = [queue.settings for name, queue in queues if name.startswith(prefix)]
        return ListSubscriptionsResponse(subscriptions=found)

    async def delete_subscription(self, request: Any) -> Any:
        """DeleteSubscription."""
        self.broker.delete_subscription(request.subscription)
        await self.broker.store.durable()
        return Empty()

    async def modify_push_config(self, request: Any) -> Any:
        """ModifyPushConfig; without an endpoint the subscription becomes one to pull from."""
        check_push(request.push_config)
        queue = self._queue(request)
        changed = _copy(queue.settings)
        changed.push_config.CopyFrom(request.push_config)
        self.broker.configure(queue, changed)
        await self.broker.store.durable()
        return Empty()

    async def update_subscription(self, request: Any) -> Any:
        """UpdateSubscription, field by field of its mask."""
        unknown = set(request.update_mask.paths) - CHANGEABLE
        if unknown or not request.update_mask.paths:
            raise invalid(f"Invalid update_mask: {', '.join(sorted(unknown)) or 'empty'}")
        queue = self.broker.queue(request.subscription.name)
        changed = _copy(queue.settings)
        request.update_mask.MergeMessage(request.subscription, changed, True, True)
        complete(changed, self.shortest_ack_deadline_seconds)
        self.broker.configure(queue, changed)
        await self.broker.store.durable()
        return changed

    async def pull(self, request: Any) -> Any:
        """Pull: waits a while for a first message, then adds what else is due."""
        queue = self._queue(request)
        if queue.plan.endpoint:
            raise RefusedError(Code.FAILED_PRECONDITION, "A push subscription cannot be pulled.")
        if not request.max_messages >= 1:
            raise invalid("The value for max_messages must be greater than 0.")
        first = queue.take(push=False)
        if first is None and not request.return_immediately:
            first = await _first(queue)
        received: list[Any] = []
        delivery = first
        while delivery is not None:
            received.append(self._received(queue, delivery))
            full = len(received) >= min(request.max_messages, MAX_PULLED)
            delivery = None if full else queue.take(push=False)
        return PullResponse(received_messages=received)

    async def acknowledge(self, request: Any) -> Any:
        """Acknowledge."""
        self._queue(request)
        for ack_id in request.ack_ids:
            self.leases.acknowledge(ack_id)
        await self.broker.store.durable()
        return Empty()

    async def modify_ack_deadline(self, request: Any) -> Any:
        """ModifyAckDeadline; 0 is a nack."""
        self._queue(request)
        for ack_id in request.ack_ids:
            self.leases.extend(ack_id, request.ack_deadline_seconds)
        return Empty()

    def _queue(self, request: Any) -> DeliveryQueue:
        return self.broker.queue(request.subscription)

    def _received(self, queue: DeliveryQueue, delivery: Delivery) -> Any:
        received = ReceivedMessage(ack_id=self.leases.grant(queue, delivery))
        message, draft = received.message, delivery.message.draft
        message.data = draft.data
        message.attributes.update(draft.attributes)
        message.message_id = str(delivery.message.id)
        message.ordering_key = draft.ordering_key
        message.publish_time.FromMicroseconds(delivery.message.published_us)
        if queue.plan.dead_letter is not None:
            received.delivery_attempt = delivery.attempts + 1
        return received


async def _first(queue: DeliveryQueue) -> Delivery | None:
    try:
        async with asyncio.timeout(PULL_WAIT_SECONDS):
            return await queue.next(push=False)
    except TimeoutError:
        return None


def _copy(settings: Any) -> Any:
    copy = Subscription()
    copy.CopyFrom(settings)
    return copy
