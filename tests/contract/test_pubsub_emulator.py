"""The Pub/Sub stand-in, used through Google's own client libraries, keeps the contract."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.api_core import exceptions

from tests.sandbox.pubsub.backoff import WITHOUT_POLICY, delay_seconds, effective
from tests.sandbox.pubsub.launcher import Emulator
from tests.sandbox.pubsub.model import Backoff
from tests.sandbox.pubsub.testing import (
    PROJECT,
    Cloud,
    Receiver,
    connected,
    eventually,
    receiving,
    short,
)
from tests.sandbox.pubsub.tokens import TokenIssuer

ACCOUNT = "pusher@sandbox.iam.gserviceaccount.com"
AUDIENCE = "https://functions.example/orders"
AT_ONCE = {"minimum_backoff": {"seconds": 0}, "maximum_backoff": {"seconds": 0}}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One emulator for all tests, which is slow to start; each test has topics of its own."""
    state = tmp_path_factory.mktemp("pubsub") / "state.sqlite"
    cloud = connected(Emulator(state, ["--shortest-ack-deadline-seconds", "1"]).start())
    yield cloud
    cloud.publisher.stop()
    cloud.publisher.transport.close()
    cloud.subscriber.close()
    assert cloud.emulator.stop() == 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_push_wraps_the_message(cloud: Cloud, receiver: Receiver) -> None:
    """Both spellings of id and time, the subscription, and no attempt without dead letters."""
    topic = cloud.topic()
    subscription = cloud.subscribe(topic, receiver.url)
    message_id = cloud.publish(topic, b"hello", colour="red")
    (got,) = receiver.wait(1)
    message = got.body["message"]
    assert set(got.body) == {"message", "subscription"}
    assert got.body["subscription"] == subscription
    assert message["messageId"] == message["message_id"] == message_id
    assert message["publishTime"] == message["publish_time"]
    assert message["publishTime"].endswith("Z")
    assert base64.b64decode(message["data"]) == b"hello"
    assert message["attributes"] == {"colour": "red"}
    assert "authorization" not in got.headers


def test_empty_data_is_left_out(cloud: Cloud, receiver: Receiver) -> None:
    topic = cloud.topic()
    cloud.subscribe(topic, receiver.url)
    cloud.publish(topic, b"", only="attributes")
    assert "data" not in receiver.wait(1)[0].body["message"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_these_statuses_acknowledge(cloud: Cloud, receiver: Receiver, status: int) -> None:
    topic = cloud.topic()
    receiver.statuses = [status]
    subscription = cloud.subscribe(topic, receiver.url, retry_policy=AT_ONCE)
    cloud.publish(topic)
    cloud.settled(subscription, 1)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [203, 206, 302, 400, 429, 500, 503])
def test_other_statuses_do_not(cloud: Cloud, receiver: Receiver, status: int) -> None:
    topic = cloud.topic()
    receiver.statuses = [status]
    subscription = cloud.subscribe(topic, receiver.url, retry_policy=AT_ONCE)
    message_id = cloud.publish(topic)
    cloud.settled(subscription, 1)
    assert receiver.ids == [message_id, message_id]
    deliveries = cloud.emulator.get("deliveries", subscription=subscription)
    assert [(one["attempt"], one["status"]) for one in deliveries] == [(1, status), (2, 204)]


def test_a_slow_receiver_gets_it_again(cloud: Cloud, receiver: Receiver) -> None:
    """After the ack deadline, even though the first delivery still runs."""
    topic = cloud.topic()
    receiver.free.clear()
    cloud.subscribe(topic, receiver.url, ack_deadline_seconds=1, retry_policy=AT_ONCE)
    message_id = cloud.publish(topic)
    first, second = receiver.wait(2)[:2]
    assert first.message_id == second.message_id == message_id
    assert second.at - first.at >= 0.9


def test_back_off_doubles_up_to_its_maximum(cloud: Cloud, receiver: Receiver) -> None:
    topic = cloud.topic()
    receiver.statuses = [500, 500, 500]
    policy = {"minimum_backoff": {"nanos": 100_000_000}, "maximum_backoff": {"nanos": 200_000_000}}
    cloud.subscribe(topic, receiver.url, retry_policy=policy)
    cloud.publish(topic)
    times = [one.at for one in receiver.wait(4)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap >= least for gap, least in zip(gaps, [0.1, 0.2, 0.2], strict=True))


def test_back_off_can_be_shortened_for_all() -> None:
    """The override replaces each minimum and caps each maximum to ten times of it."""
    fixed = Backoff(60, 60)
    waits = [delay_seconds(effective(fixed, 0.5), failures) for failures in range(1, 8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    assert [delay_seconds(effective(fixed, None), failures) for failures in (1, 2)] == [60, 60]
    assert effective(None, None) == WITHOUT_POLICY
    assert effective(None, 2.0) == Backoff(2.0, 2.0)


def test_dead_letters_say_where_they_come_from(cloud: Cloud, receiver: Receiver) -> None:
    topic, graveyard = cloud.topic(), cloud.topic()
    mourner = cloud.subscribe(graveyard)
    receiver.statuses = [500] * 5
    policy = {"dead_letter_topic": graveyard, "max_delivery_attempts": 5}
    subscription = cloud.subscribe(
        topic, receiver.url, dead_letter_policy=policy, retry_policy=AT_ONCE
    )
    cloud.publish(topic, b"doomed", colour="black")
    attempts = [one.body["deliveryAttempt"] for one in receiver.wait(5)]
    (dead,) = pull(cloud, mourner)
    attributes = dict(dead.message.attributes)
    published = attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime")
    assert attempts == [1, 2, 3, 4, 5]
    assert dead.message.data == b"doomed"
    assert attributes == {
        "colour": "black",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": short(subscription),
        "CloudPubSubDeadLetterSourceSubscriptionProject": PROJECT,
    }
    assert published.endswith("+00:00")
    nothing_left = {"undelivered": 0, "in_flight": 0, "dead_lettered": 1, "delivered": 0}
    assert cloud.backlog(subscription) == nothing_left


def pull(cloud: Cloud, subscription: str) -> Any:
    request = {"subscription": subscription, "max_messages": 10}
    return cloud.subscriber.pull(request=request, retry=None, timeout=15).received_messages


def test_pulled_messages_come_back_until_acknowledged(cloud: Cloud) -> None:
    topic = cloud.topic()
    subscription = cloud.subscribe(topic, ack_deadline_seconds=1, retry_policy=AT_ONCE)
    message_id = cloud.publish(topic, b"one")
    (first,) = pull(cloud, subscription)
    cloud.subscriber.modify_ack_deadline(
        subscription=subscription, ack_ids=[first.ack_id], ack_deadline_seconds=0
    )
    (refused,) = pull(cloud, subscription)
    cloud.subscriber.update_subscription(  # so that the last lease cannot run out
        subscription={"name": subscription, "ack_deadline_seconds": 600},
        update_mask={"paths": ["ack_deadline_seconds"]},
    )
    (overdue,) = pull(cloud, subscription)
    assert {first.message.message_id, refused.message.message_id} == {message_id}
    cloud.subscriber.acknowledge(subscription=subscription, ack_ids=[overdue.ack_id])
    left = cloud.backlog(subscription)
    assert (left["undelivered"], left["in_flight"], left["delivered"]) == (0, 0, 1)


def test_a_sigkill_loses_nothing(cloud: Cloud, receiver: Receiver) -> None:
    """What was in flight comes again, what was acknowledged does not."""
    topic = cloud.topic()
    subscription = cloud.subscribe(topic, receiver.url)
    done = {cloud.publish(topic) for _ in range(3)}
    cloud.settled(subscription, 3)
    receiver.free.clear()
    held = {cloud.publish(topic) for _ in range(60)}
    receiver.wait(3 + 50)
    cloud.emulator.kill()
    receiver.free.set()
    before = len(receiver.received)
    cloud.emulator.start()
    cloud.settled(subscription, 63)
    assert set(receiver.ids[before:]) == held
    assert set(receiver.ids[:3]) == done
    # These calls, unlike the other tests' publishing, are retried until the clients are back.
    assert cloud.subscriber.get_subscription(subscription=subscription).topic == topic
    assert cloud.publisher.get_topic(topic=topic).name == topic


def test_down_means_unavailable_until_undone(cloud: Cloud) -> None:
    topic = cloud.topic()
    cloud.emulator.post("down", {"down": True})
    try:
        with pytest.raises(exceptions.ServiceUnavailable):
            cloud.publish(topic)
    finally:
        cloud.emulator.post("down", {"down": False})
    assert cloud.publish(topic)


def test_weather_duplicates_and_delays(cloud: Cloud, receiver: Receiver) -> None:
    topic = cloud.topic()
    cloud.subscribe(topic, receiver.url)
    cloud.emulator.post("weather", {"duplicate": 1, "reorder_seconds": 0.1, "seed": 7})
    try:
        sent = [cloud.publish(topic) for _ in range(3)]
        receiver.wait(6)
    finally:
        cloud.emulator.post("weather", {})
    assert sorted(receiver.ids) == sorted(sent * 2)


def test_an_acknowledged_message_can_be_delivered_again(cloud: Cloud, receiver: Receiver) -> None:
    topic = cloud.topic()
    subscription = cloud.subscribe(topic, receiver.url)
    message_id = cloud.publish(topic)
    cloud.settled(subscription, 1)
    cloud.emulator.post("redeliver", {"subscription": short(subscription)})
    cloud.settled(subscription, 2)
    assert receiver.ids == [message_id, message_id]


def test_a_paused_subscription_waits(cloud: Cloud, receiver: Receiver) -> None:
    topic = cloud.topic()
    subscription = cloud.subscribe(topic, receiver.url)
    cloud.emulator.post("pause", {"subscription": subscription})
    cloud.publish(topic)
    assert cloud.backlog(subscription)["undelivered"] == 1
    assert receiver.received == []
    cloud.emulator.post("resume", {"subscription": subscription})
    cloud.settled(subscription, 1)


@pytest.mark.parametrize(("kind", "seen"), [("drop", 1), ("lose_answer", 2), ("delay", 1)])
def test_faults_strike_pushes(cloud: Cloud, receiver: Receiver, kind: str, seen: int) -> None:
    topic = cloud.topic()
    subscription = cloud.subscribe(topic, receiver.url, retry_policy=AT_ONCE)
    operation = f"push {short(subscription)}"
    cloud.emulator.post("faults", {"operation": operation, "kind": kind, "seconds": 0.05})
    cloud.publish(topic)
    cloud.settled(subscription, 1)
    assert len(receiver.received) == seen


def test_a_fault_refuses_a_publish_once(cloud: Cloud) -> None:
    topic = cloud.topic()
    cloud.emulator.post("faults", {"operation": f"publish {short(topic)}", "kind": "answer"})
    with pytest.raises(exceptions.ServiceUnavailable):
        cloud.publish(topic)
    assert cloud.publish(topic)


def test_names_and_limits_are_checked(cloud: Cloud) -> None:
    topic = cloud.topic()
    with pytest.raises(exceptions.NotFound):
        cloud.publish(f"{topic}-missing")
    with pytest.raises(exceptions.AlreadyExists):
        cloud.publisher.create_topic(name=topic)
    with pytest.raises(exceptions.InvalidArgument):
        cloud.publish(topic, b"x", long="v" * 1_025)
    with pytest.raises(exceptions.InvalidArgument):
        cloud.publish(topic, b"")
    with pytest.raises(exceptions.InvalidArgument):
        cloud.subscribe(topic, ack_deadline_seconds=601)


def test_settings_can_be_read_changed_and_deleted(cloud: Cloud, receiver: Receiver) -> None:
    topic = cloud.topic()
    name = cloud.subscribe(topic)
    subscriber, project = cloud.subscriber, f"projects/{PROJECT}"
    subscriber.modify_push_config(subscription=name, push_config={"push_endpoint": receiver.url})
    subscriber.update_subscription(
        subscription={"name": name, "ack_deadline_seconds": 120},
        update_mask={"paths": ["ack_deadline_seconds"]},
    )
    read = subscriber.get_subscription(subscription=name)
    assert (read.ack_deadline_seconds, read.push_config.push_endpoint) == (120, receiver.url)
    cloud.publish(topic)
    receiver.wait(1)
    assert name in {one.name for one in subscriber.list_subscriptions(project=project)}
    assert topic in {one.name for one in cloud.publisher.list_topics(project=project)}
    subscriber.delete_subscription(subscription=name)
    cloud.publisher.delete_topic(topic=topic)
    with pytest.raises(exceptions.NotFound):
        subscriber.get_subscription(subscription=name)
    with pytest.raises(exceptions.NotFound):
        cloud.publisher.get_topic(topic=topic)


@pytest.fixture
def function(cloud: Cloud, receiver: Receiver) -> str:
    """The URL, at the front door, of a function that is the receiver."""
    name = f"f-{uuid4().hex}"
    cloud.emulator.post("routes", {name: receiver.url})
    return f"{cloud.emulator.front_url}/{name}"


def token(cloud: Cloud, **more: Any) -> str:
    wanted = {"email": ACCOUNT, "audience": AUDIENCE} | more
    return str(cloud.emulator.post("token", wanted)["token"])


def without_signature(authorization: str) -> dict[str, Any]:
    scheme, _, value = authorization.partition(" ")
    _, claims, signature = value.split(".")
    assert (scheme, signature) == ("Bearer", "SIGNATURE_REMOVED_BY_GOOGLE")
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return decoded


def test_a_push_passes_the_front_door(cloud: Cloud, receiver: Receiver, function: str) -> None:
    topic = cloud.topic()
    oidc = {"oidc_token": {"service_account_email": ACCOUNT, "audience": AUDIENCE}}
    subscription = cloud.subscribe(topic, function, push=oidc)
    cloud.publish(topic)
    cloud.settled(subscription, 1)
    claims = without_signature(receiver.received[0].headers["authorization"])
    assert set(claims) == {"aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"}
    assert (claims["aud"], claims["email"]) == (AUDIENCE, ACCOUNT)
    assert (claims["iss"], claims["email_verified"]) == ("https://accounts.google.com", True)
    assert claims["exp"] - claims["iat"] == 3_600


def test_a_push_without_token_does_not(cloud: Cloud, receiver: Receiver, function: str) -> None:
    topic = cloud.topic()
    subscription = cloud.subscribe(topic, function)
    cloud.publish(topic)
    eventually(lambda: cloud.emulator.get("deliveries", subscription=subscription))
    assert cloud.emulator.get("deliveries", subscription=subscription)[0]["status"] == 403
    assert receiver.received == []
    cloud.subscriber.delete_subscription(subscription=subscription)


def test_a_caller_with_a_token_passes(cloud: Cloud, receiver: Receiver, function: str) -> None:
    receiver.statuses = [418]
    headers = {"Authorization": f"Bearer {token(cloud)}", "X-Extra": "kept"}
    assert cloud.emulator.http.post(function, json={}, headers=headers).status_code == 418
    (got,) = receiver.received
    assert got.headers["x-extra"] == "kept"
    assert without_signature(got.headers["authorization"])["email"] == ACCOUNT


@pytest.mark.parametrize(
    "flaw", ["missing", "basic", "junk", "forged", "wrong key", "expired", "none"]
)
def test_nobody_else_does(
    cloud: Cloud, receiver: Receiver, function: str, tmp_path: Path, flaw: str
) -> None:
    head, claims, signature = token(cloud).split(".")
    stranger = json.dumps({"email": "stranger@example.com", "exp": time.time() + 60}).encode()
    forged = base64.urlsafe_b64encode(stranger).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    authorization = {
        "missing": "",
        "basic": f"Basic {head}.{claims}.{signature}",
        "junk": "Bearer junk",
        "forged": f"Bearer {head}.{forged}.{signature}",
        "wrong key": f"Bearer {TokenIssuer(tmp_path / 'key').mint(ACCOUNT, AUDIENCE)}",
        "expired": f"Bearer {token(cloud, lifetime_seconds=-1)}",
        "none": f"Bearer {unsigned}.{claims}.",
    }[flaw]
    headers = {"Authorization": authorization} if authorization else {}
    assert cloud.emulator.http.post(function, json={}, headers=headers).status_code in {401, 403}
    assert receiver.received == []


def test_the_scheduler_publishes_ticks(cloud: Cloud, receiver: Receiver) -> None:
    """At a scaled period, and it ends at once on SIGTERM; a missing topic does not stop it."""
    name = f"n{uuid4().hex}"
    topic = f"projects/{PROJECT}/topics/tick.{name}"
    cloud.publisher.create_topic(name=topic)
    cloud.subscribe(topic, receiver.url)
    ticks = ["--tick", f"{name}=60", "--tick", "absent=60", "--tick-scale", "300"]
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.scheduler", "--project", PROJECT, *ticks],
        env=os.environ | {"PUBSUB_EMULATOR_HOST": cloud.emulator.grpc_host},
        stderr=subprocess.DEVNULL,
    )
    try:
        got = receiver.wait(2)[0]
    finally:
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(1) == 0
    data = json.loads(base64.b64decode(got.body["message"]["data"]))
    assert data == {"type": f"tick.{name}", "version": 1}
