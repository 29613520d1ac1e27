import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from google.pubsub_v1.types import pubsub

from tests.sandbox.pubsub.backoff import delay_seconds, effective
from tests.sandbox.pubsub.delivery_queue import DeliveryQueue
from tests.sandbox.pubsub.model import DELETED_TOPIC, DeadLetter, Delivery, Draft, Message, Plan
from tests.sandbox.pubsub.refusal import already_exists, not_found
from tests.sandbox.pubsub.store import Store
from tests.sandbox.pubsub.weather import Weather

SETTLED_KEPT = 10_000
SETTLED_BETWEEN_PRUNES = 5_000
DEAD_LETTER_RETRY_SECONDS = 1.0

INSERT_MESSAGE = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)"
INSERT_DELIVERY = "INSERT INTO deliveries (subscription, message, due) VALUES (?, ?, ?)"
FAIL_DELIVERY = "UPDATE deliveries SET attempts = ?, due = ? WHERE subscription = ? AND message = ?"
SETTLE_DELIVERY = "UPDATE deliveries SET settled = ? WHERE subscription = ? AND message = ?"
REOPEN_DELIVERY = """
UPDATE deliveries SET settled = NULL, attempts = 0, due = 0 WHERE subscription = ? AND message = ?
"""
COUNT_SETTLED = "UPDATE subscriptions SET delivered = ?, dead_lettered = ? WHERE name = ?"
PUT_SUBSCRIPTION = """
INSERT INTO subscriptions (name, settings) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET settings = excluded.settings
"""

log = logging.getLogger(__name__)


@dataclass
class Broker:
    """Topics, subscriptions and the fate of every delivery; memory leads, the store follows."""

    store: Store
    weather: Weather
    min_backoff_seconds: float | None
    opened: Callable[[DeliveryQueue], None] = lambda _queue: None

    def __post_init__(self) -> None:
        saved = self.store.load()
        self.topics: dict[str, Any] = {
            name: pubsub.Topic.pb().FromString(settings) for name, settings in saved.topics.items()
        }
        self.queues: dict[str, DeliveryQueue] = {}
        # Ids rise over restarts even when all messages have been forgotten.
        self._ids = count(max(saved.highest_id + 1, time.time_ns() // 1_000))
        for settings, delivered, dead_lettered in saved.subscriptions.values():
            subscription = pubsub.Subscription.pb().FromString(settings)
            self.queues[subscription.name] = DeliveryQueue(subscription, delivered, dead_lettered)
        for name, delivery in saved.deliveries:
            self.queues[name].add(delivery)

    def create_topic(self, topic: Any) -> None:
        """Add a topic."""
        if topic.name in self.topics:
            raise already_exists(topic.name)
        self.topics[topic.name] = topic
        self.store.write("INSERT INTO topics VALUES (?, ?)", (topic.name, _bytes(topic)))

    def topic(self, name: str) -> Any:
        """The Topic message of this name."""
        if name not in self.topics:
            raise not_found(name)
        return self.topics[name]

    def delete_topic(self, name: str) -> None:
        """Remove a topic; its subscriptions stay and deliver what they have."""
        self.topic(name)
        del self.topics[name]
        self.store.write("DELETE FROM topics WHERE name = ?", (name,))
        for queue in self._subscribed(name):
            queue.settings.topic = DELETED_TOPIC
            self.configure(queue, queue.settings)

    def create_subscription(self, subscription: Any) -> None:
        """Add a subscription; it gets what is published from now on."""
        if subscription.name in self.queues:
            raise already_exists(subscription.name)
        self.topic(subscription.topic)
        self.store.write(PUT_SUBSCRIPTION, (subscription.name, _bytes(subscription)))
        queue = self.queues[subscription.name] = DeliveryQueue(subscription)
        self.opened(queue)

    def queue(self, name: str) -> DeliveryQueue:
        """The queue of the subscription of this name, full or short."""
        found = self.queues.get(name)
        if found is None:
            short = (queue for queue in self.queues.values() if queue.plan.short_name == name)
            found = next(short, None)
        if found is None:
            raise not_found(name)
        return found

    def configure(self, queue: DeliveryQueue, subscription: Any) -> None:
        """Change the settings of a subscription."""
        queue.change(subscription)
        self.store.write(PUT_SUBSCRIPTION, (subscription.name, _bytes(subscription)))

    def delete_subscription(self, name: str) -> None:
        """Remove a subscription with all that it had to deliver."""
        queue = self.queue(name)
        del self.queues[queue.plan.name]
        queue.close()
        self.store.write("DELETE FROM subscriptions WHERE name = ?", (queue.plan.name,))
        self.store.write("DELETE FROM deliveries WHERE subscription = ?", (queue.plan.name,))

    def publish(self, topic: str, drafts: Iterable[Draft]) -> list[str]:
        """Hand messages to every subscription of the topic; the ids of the messages."""
        self.topic(topic)
        queues = self._subscribed(topic)
        now = time.time()
        messages = [
            Message(next(self._ids), topic, draft, int(now * 1_000_000)) for draft in drafts
        ]
        for message in messages if queues else ():
            self._insert(message)
            for queue in queues:
                self.store.write(INSERT_DELIVERY, (queue.plan.name, message.id, now))
                self._enqueue(queue, Delivery(message, due=now))
        return [str(message.id) for message in messages]

    def _insert(self, message: Message) -> None:
        draft = message.draft
        attributes = json.dumps(draft.attributes)
        row = (message.id, message.topic, draft.data, attributes, draft.ordering_key)
        self.store.write(INSERT_MESSAGE, (*row, message.published_us))

    def _subscribed(self, topic: str) -> list[DeliveryQueue]:
        return [queue for queue in self.queues.values() if queue.plan.topic == topic]

    def _enqueue(self, queue: DeliveryQueue, delivery: Delivery) -> None:
        planned = delivery.due
        delivery.due = planned + self.weather.delay_seconds()
        queue.add(delivery)
        if self.weather.repeats():
            due = planned + self.weather.delay_seconds()
            queue.add(Delivery(delivery.message, delivery.attempts, due, echo=True))

    def succeed(self, queue: DeliveryQueue, delivery: Delivery) -> None:
        """The receiver acknowledged."""
        queue.release(delivery)
        if self._is_open(queue, delivery):
            queue.delivered += 1
            self._settle(queue, delivery)

    def fail(self, queue: DeliveryQueue, delivery: Delivery) -> None:
        """The receiver refused or let the deadline pass: again later, or dead letter."""
        queue.release(delivery)
        if not self._is_open(queue, delivery):
            return
        delivery.attempts += 1
        policy = queue.plan.dead_letter
        if policy is not None and delivery.attempts >= policy.max_attempts:
            self._bury(queue, delivery, policy)
        else:
            backoff = effective(queue.plan.backoff, self.min_backoff_seconds)
            self._again(queue, delivery, delay_seconds(backoff, delivery.attempts))

    def redeliver(self, queue: DeliveryQueue, message_id: int | None) -> Message:
        """Deliver an acknowledged message again, as Pub/Sub now and then does."""
        message = self.store.settled(queue.plan.name, message_id)
        if message is None:
            raise not_found(str(message_id or "acknowledged message"))
        self.store.write(REOPEN_DELIVERY, (queue.plan.name, message.id))
        queue.add(Delivery(message))
        return message

    def expire(self) -> None:
        """Forget undelivered messages that are older than their subscription keeps them."""
        for queue in self.queues.values():
            oldest_us = int((time.time() - queue.plan.retention_seconds) * 1_000_000)
            for message_id, delivery in list(queue.open.items()):
                if delivery.message.published_us < oldest_us and delivery not in queue.in_flight:
                    del queue.open[message_id]
                    self.store.write(
                        "DELETE FROM deliveries WHERE subscription = ? AND message = ?",
                        (queue.plan.name, message_id),
                    )

    @staticmethod
    def _is_open(queue: DeliveryQueue, delivery: Delivery) -> bool:
        return queue.open.get(delivery.message.id) is delivery

    def _again(self, queue: DeliveryQueue, delivery: Delivery, wait_seconds: float) -> None:
        delivery.due = time.time() + wait_seconds
        values = (delivery.attempts, delivery.due, queue.plan.name, delivery.message.id)
        self.store.write(FAIL_DELIVERY, values)
        self._enqueue(queue, delivery)

    def _settle(self, queue: DeliveryQueue, delivery: Delivery) -> None:
        del queue.open[delivery.message.id]
        name = queue.plan.name
        settled = queue.delivered + queue.dead_lettered
        self.store.write(SETTLE_DELIVERY, (settled, name, delivery.message.id))
        self.store.write(COUNT_SETTLED, (queue.delivered, queue.dead_lettered, name))
        if settled % SETTLED_BETWEEN_PRUNES == 0:
            self.store.prune(name, SETTLED_KEPT)

    def _bury(self, queue: DeliveryQueue, delivery: Delivery, policy: DeadLetter) -> None:
        if policy.topic not in self.topics:
            log.warning("%s has no dead-letter topic %s", queue.plan.name, policy.topic)
            self._again(queue, delivery, DEAD_LETTER_RETRY_SECONDS)
            return
        draft = delivery.message.draft
        attributes = draft.attributes | _cause_of_death(queue.plan, delivery)
        self.publish(policy.topic, [Draft(draft.data, attributes, draft.ordering_key)])
        queue.dead_lettered += 1
        self._settle(queue, delivery)


def _cause_of_death(plan: Plan, delivery: Delivery) -> dict[str, str]:
    published = datetime.fromtimestamp(delivery.message.published_us / 1_000_000, UTC)
    source = "CloudPubSubDeadLetterSource"
    return {
        f"{source}DeliveryCount": str(delivery.attempts),
        f"{source}Subscription": plan.short_name,
        f"{source}SubscriptionProject": plan.project,
        f"{source}TopicPublishTime": published.isoformat(timespec="milliseconds"),
    }


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString())
