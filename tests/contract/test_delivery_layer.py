"""A real function behind the Pub/Sub stand-in: however often it is delivered, it acts once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

import flask
import pytest
from werkzeug.serving import make_server

from shared_lib.domain.message import Message
from shared_lib.domain.notice import NoticeState
from shared_lib.events import NoticeRequested
from shared_lib.runtime.delivery import consume, consume_dead_letter
from shared_lib.runtime.wiring import SystemClock
from shared_lib.usecases.notify import notify
from shared_lib.usecases.record_dead_letter import record_dead_letter
from tests.databases import RecordingDatabase
from tests.fakes.messenger import FakeMessenger, FakePerson
from tests.fakes.runtime import ACCOUNT, AUDIENCE, FakeRuntime, own_logs
from tests.integration import domain_rows as make
from tests.sandbox.pubsub.launcher import Emulator
from tests.sandbox.pubsub.testing import Cloud, connected, eventually, short

SOON = {
    "minimum_backoff": {"nanos": 100_000_000},
    "maximum_backoff": {"nanos": 100_000_000},
}
OIDC = {"oidc_token": {"service_account_email": ACCOUNT, "audience": AUDIENCE}}
ATTEMPTS_MOST = 5
PATIENCE_SECONDS = 60.0  # on a machine that has much else to do


class SlowMessenger(FakeMessenger):
    """Telegram that answers only while `free` is set; `waiting` says how many wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.free.set()
        self.waiting = 0

    def send(self, telegram_user_id: int, message: Message) -> None:
        self.waiting += 1
        assert self.free.wait(PATIENCE_SECONDS)
        super().send(telegram_user_id, message)


class Runtime(FakeRuntime):
    """The real database and clock, and a Telegram in memory; `bug` is raised by the next work."""

    def __init__(self, database: RecordingDatabase) -> None:
        super().__init__()
        self.database = database
        self.clock = cast("Any", SystemClock())
        self.messenger = SlowMessenger()
        self.bug: Exception | None = None

    def handle(self, event: NoticeRequested) -> None:
        if self.bug is not None:
            raise self.bug
        notify(self, event.notice_id)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    state = tmp_path_factory.mktemp("pubsub") / "state.sqlite"
    cloud = connected(Emulator(state, ["--shortest-ack-deadline-seconds", "1"]).start())
    yield cloud
    cloud.publisher.stop()
    cloud.publisher.transport.close()
    cloud.subscriber.close()
    assert cloud.emulator.stop() == 0


@pytest.fixture
def runtime(database: RecordingDatabase) -> Iterator[Runtime]:
    with own_logs():
        made = Runtime(database)
        yield made
        made.messenger.free.set()


@dataclass(frozen=True)
class Function:
    """Something deployed, and the topic whose events it gets."""

    cloud: Cloud
    topic: str
    subscription: str
    route: dict[str, str]

    def statuses(self) -> list[int | None]:
        """How each delivery ended; None where the answer came too late or not at all."""
        records = self.cloud.emulator.get("deliveries", subscription=self.subscription)
        return [one["status"] for one in records]

    def has_rest(self) -> bool:
        """Whether nothing is left to deliver."""
        left = self.cloud.backlog(self.subscription)
        return bool(left["undelivered"] == left["in_flight"] == 0)


@contextmanager
def _served(work: Callable[[], None]) -> Iterator[str]:
    """A function that does `work` for each push, in threads, until the end of the block."""
    app = flask.Flask("function")

    @app.post("/")
    def function() -> str:
        work()
        return "OK"

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _deployed(cloud: Cloud, work: Callable[[], None], **settings: Any) -> Iterator[Function]:
    """The function behind the front door, and a subscription that pushes to it as to ours."""
    name, topic = f"f-{uuid4().hex}", cloud.topic()
    with _served(work) as url:
        route = {name: url}
        cloud.emulator.post("routes", route)
        door = f"{cloud.emulator.front_url}/{name}"
        subscription = cloud.subscribe(topic, door, push=OIDC, retry_policy=SOON, **settings)
        yield Function(cloud, topic, subscription, route)
        cloud.subscriber.delete_subscription(subscription=subscription)


@contextmanager
def _notifier(cloud: Cloud, runtime: Runtime, **settings: Any) -> Iterator[Function]:
    def work() -> None:
        consume(runtime, NoticeRequested, lambda _ports, event: runtime.handle(event))

    with _deployed(cloud, work, **settings) as function:
        yield function


def _requested(runtime: Runtime, function: Function, number: int = 1) -> list[UUID]:
    """So many new notices, each with its event published."""
    with runtime.database.transaction() as tx:
        notices = [make.notice(tx) for _ in range(number)]
    for notice in notices:
        runtime.messenger.people[notice.telegram_user_id] = FakePerson()
        event = NoticeRequested(notice_id=notice.id)
        function.cloud.publish(function.topic, event.model_dump_json().encode())
    return [notice.id for notice in notices]


def _sent(runtime: Runtime, ids: list[UUID]) -> bool:
    with runtime.database.transaction() as tx:
        found = [tx.notices.get(notice_id) for notice_id in ids]
    return all(one is not None and one.state is NoticeState.SENT for one in found)


def test_who_comes_while_another_delivery_is_at_work_is_sent_away_and_comes_again(
    cloud: Cloud, runtime: Runtime
) -> None:
    """The first is too slow for its ack deadline, so that both are at work at once."""
    runtime.messenger.free.clear()
    with _notifier(cloud, runtime, ack_deadline_seconds=1) as function:
        ids = _requested(runtime, function)
        eventually(lambda: function.statuses().count(503) >= 2, PATIENCE_SECONDS)
        assert runtime.messenger.waiting == 1
        runtime.messenger.free.set()
        eventually(function.has_rest, PATIENCE_SECONDS)
        statuses = function.statuses()
    assert (statuses[0], statuses[-1], set(statuses[:-1])) == (None, 200, {None, 503})
    assert _sent(runtime, ids)
    assert len(runtime.messenger.messages) == 1


def test_what_failed_too_often_is_kept_as_a_dead_letter_and_can_be_replayed(
    cloud: Cloud, runtime: Runtime
) -> None:
    def record() -> None:
        consume_dead_letter(runtime, record_dead_letter)

    runtime.bug = LookupError("a bug")
    with _deployed(cloud, record) as recorder:
        policy = {"dead_letter_topic": recorder.topic, "max_delivery_attempts": ATTEMPTS_MOST}
        with _notifier(cloud, runtime, dead_letter_policy=policy) as function:
            ids = _requested(runtime, function)
            cloud.settled(recorder.subscription, 1)
            assert function.statuses() == [500] * ATTEMPTS_MOST
            cloud.emulator.post("redeliver", {"subscription": short(recorder.subscription)})
            cloud.settled(recorder.subscription, 2)
            (letter,) = _dead_letters(runtime)
            assert letter["subscription"] == short(function.subscription)
            assert (letter["event_type"], letter["entity_id"]) == ("notice.requested", ids[0])
            runtime.bug = None
            for _ in range(2):  # an operator who is not sure whether it worked
                cloud.publish(function.topic, letter["body"].encode())
            cloud.settled(function.subscription, 2)
    assert _sent(runtime, ids)
    assert len(runtime.messenger.messages) == 1


def _dead_letters(runtime: Runtime) -> list[dict[str, Any]]:
    with runtime.database.transaction() as tx:
        session = cast("Any", tx).delivery._session
        found: list[dict[str, Any]] = session.rows("SELECT * FROM dead_letters")
    return found


def test_what_was_in_flight_when_pubsub_died_is_done_once(cloud: Cloud, runtime: Runtime) -> None:
    """Those at work finish though nobody hears of it; what comes again finds it done."""
    runtime.messenger.free.clear()
    with _notifier(cloud, runtime) as function:
        ids = _requested(runtime, function, number=10)
        eventually(lambda: runtime.messenger.waiting == len(ids), PATIENCE_SECONDS)
        cloud.emulator.kill()
        cloud.emulator.start()
        cloud.emulator.post("routes", function.route)
        eventually(lambda: function.statuses().count(503) >= len(ids), PATIENCE_SECONDS)
        runtime.messenger.free.set()
        eventually(function.has_rest, PATIENCE_SECONDS)
    assert _sent(runtime, ids)
    assert len(runtime.messenger.messages) == len(ids)
