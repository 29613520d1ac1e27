"""The port `Publisher`: the same behaviour of the fake and of Google's client on the emulator."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from google.cloud import pubsub_v1

from shared_lib.adapters.pubsub import PubSubPublisher
from shared_lib.events import Event, PaymentUpdated, event_from_json
from shared_lib.ports import Publisher
from tests.fakes.runtime import FakePublisher
from tests.sandbox.pubsub.launcher import Emulator

PROJECT = "sandbox"
TOPIC = "payment.updated"


@dataclass
class Broker:
    """A publisher, what reached the broker, and the switch that takes it down and up again."""

    publisher: Publisher
    stored: Callable[[], list[Event]]
    set_down: Callable[[bool], object]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = Emulator(tmp_path_factory.mktemp("pubsub") / "state.sqlite").start()
    with patch.dict(os.environ, {"PUBSUB_EMULATOR_HOST": running.grpc_host}):
        yield running
    running.stop()


def _real(emulator: Emulator) -> Iterator[Broker]:
    setup, reader = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    topic = setup.topic_path(PROJECT, TOPIC)
    subscription = reader.subscription_path(PROJECT, f"s{uuid4().hex[:8]}")
    if topic not in [one.name for one in setup.list_topics(project=f"projects/{PROJECT}")]:
        setup.create_topic(name=topic)
    reader.create_subscription(name=subscription, topic=topic)

    def stored() -> list[Event]:
        pulled = reader.pull(subscription=subscription, max_messages=10, timeout=5)
        return [event_from_json(one.message.data) for one in pulled.received_messages]

    publisher = PubSubPublisher(PROJECT)
    yield Broker(publisher, stored, lambda down: emulator.post("down", {"down": down}))
    publisher.close()
    setup.transport.close()  # type: ignore[no-untyped-call]
    reader.transport.close()  # type: ignore[no-untyped-call]


def _fake() -> Iterator[Broker]:
    publisher = FakePublisher()
    yield Broker(
        publisher,
        lambda: [
            event_from_json(json.dumps(one.model_dump(mode="json"))) for one in publisher.published
        ],
        lambda down: setattr(publisher, "stored", not down),
    )


@pytest.fixture(params=["fake", "real"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    if request.param == "fake":
        yield from _fake()
    else:
        yield from _real(request.getfixturevalue("emulator"))


def test_a_stored_event_is_read_back_as_it_was(broker: Broker) -> None:
    event = PaymentUpdated(payment_id=uuid4(), trace_id="abc")
    assert broker.publisher.publish(event, 5)
    assert broker.stored() == [event]


def test_a_broker_that_is_down_stores_nothing_and_says_so(broker: Broker) -> None:
    """The caller gets its answer within the time that it gave, and no exception."""
    assert broker.publisher.publish(PaymentUpdated(payment_id=uuid4()), 5)
    broker.set_down(True)
    began = time.monotonic()
    assert not broker.publisher.publish(PaymentUpdated(payment_id=uuid4()), 0.3)
    assert time.monotonic() - began < 3
    broker.set_down(False)
    assert broker.publisher.publish(PaymentUpdated(payment_id=uuid4()), 5)


def test_nothing_is_opened_before_the_first_event(tmp_path: Path) -> None:
    """A server that forks after the import must not share a channel with its children."""
    with patch.dict(os.environ, {"PUBSUB_EMULATOR_HOST": f"unreachable-{tmp_path.name}:1"}):
        publisher = PubSubPublisher(PROJECT)
        assert "_client" not in vars(publisher)
        publisher.close()
