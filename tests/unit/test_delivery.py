"""A push is admitted, read, handled and answered so that nothing is lost and nothing leaks."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import flask
import pytest
from werkzeug.test import TestResponse

from shared_lib.events import NoticeRequested, PaymentUpdated, ReconcileTick
from shared_lib.ports import (
    DatabaseUnavailableError,
    DeadLetter,
    LeaseHeldError,
    LeaseLostError,
    OutboxRow,
)
from shared_lib.runtime.delivery import consume, consume_dead_letter, consume_tick
from shared_lib.runtime.outbox import CommittedEvents
from tests.fakes.runtime import (
    FakePublisher,
    FakeRuntime,
    bearer,
    claims,
    handler,
    own_logs,
    push_body,
)

EVENT = PaymentUpdated(payment_id=uuid4(), trace_id="trace-1")
MISSING = object()


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    with own_logs():
        yield


def post(
    work: Callable[[], None], body: Any = MISSING, authorization: str | None = None
) -> TestResponse:
    """What a function that does `work` answers to a push."""
    app = flask.Flask("function")

    @app.post("/")
    def function() -> str:
        work()
        return "OK"

    sent = push_body(EVENT.model_dump_json().encode()) if body is MISSING else body
    data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    headers = {"Authorization": bearer(claims()) if authorization is None else authorization}
    return app.test_client().post("/", data=data, headers=headers)


def consumed(
    runtime: FakeRuntime, error: Exception | None = None, **how: Any
) -> tuple[int, list[Any]]:
    calls: list[Any] = []
    answer = post(lambda: consume(runtime, PaymentUpdated, handler(calls, error)), **how)
    return answer.status_code, calls


def test_a_good_push_is_handled_and_acknowledged() -> None:
    assert consumed(FakeRuntime()) == (200, [(EVENT,)])


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "accounts.google.com"},
        {"exp": claims()["exp"] - 3_629},
    ],
)
def test_tokens_that_are_as_good(changed: dict[str, Any]) -> None:
    assert consumed(FakeRuntime(), authorization=bearer(claims(**changed)))[0] == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer a.b",
        "Bearer a.!.c",
        "Bearer a.bnVsbA.c",
        bearer([]),
        bearer(claims()).replace("Bearer", "Basic"),
        *(
            bearer(claims(**changed))
            for changed in (
                {"iss": "https://accounts.google.com.evil.example"},
                {"iss": None},
                {"aud": "https://another.run.app"},
                {"aud": ["https://another.run.app"]},
                {"aud": None},
                {"email": "other@project.iam.gserviceaccount.com"},
                {"email": None},
                {"email_verified": False},
                {"email_verified": "true"},
                {"email_verified": None},
                {"exp": claims()["exp"] - 3_631},
                {"exp": True},
                {"exp": "never"},
                {"exp": None},
            )
        ),
    ],
)
def test_only_our_push_account_is_admitted(authorization: str) -> None:
    assert consumed(FakeRuntime(), authorization=authorization) == (403, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"null",
        {},
        {"message": {}},
        push_body(b"", data="not base64!"),
        push_body(b""),
        push_body(b"no json"),
        push_body(b"\xff\xfe"),
        push_body(NoticeRequested(notice_id=uuid4()).model_dump_json().encode()),
        push_body(b'{"type": "payment.updated", "version": 2}'),
        push_body(EVENT.model_dump_json().encode(), messageId=None),
        push_body(EVENT.model_dump_json().encode(), attributes=[]),
    ],
)
def test_what_is_not_this_event_is_a_nack(body: Any) -> None:
    assert consumed(FakeRuntime(), body=body) == (400, [])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LeaseHeldError("at work"), 503),
        (LeaseLostError("too late"), 503),
        (DatabaseUnavailableError("down"), 503),
        (ValueError("unforeseen"), 500),
    ],
)
def test_errors_are_nacks(
    error: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert consumed(FakeRuntime(), error) == (status, [(EVENT,)])
    assert ("Traceback" in capsys.readouterr().out) == (status == 500)


def test_an_answer_does_not_tell_what_went_wrong() -> None:
    runtime = FakeRuntime()
    work = handler([], ValueError("sesame"))
    answer = post(lambda: consume(runtime, PaymentUpdated, work))
    assert "sesame" not in answer.text


def test_committed_events_are_published_and_their_rows_deleted() -> None:
    runtime = FakeRuntime()
    due = NoticeRequested(notice_id=uuid4())
    post(lambda: consume(runtime, PaymentUpdated, lambda *_: runtime.events([OutboxRow(7, due)])))
    assert runtime.publisher.published == [due.model_copy(update={"trace_id": "trace-1"})]
    assert runtime.outbox.deleted == [7]


def test_what_was_committed_before_an_error_is_published_too() -> None:
    runtime = FakeRuntime()

    def work(*_: Any) -> None:
        runtime.events([OutboxRow(7, EVENT)])
        raise LeaseHeldError("at work")

    assert post(lambda: consume(runtime, PaymentUpdated, work)).status_code == 503
    assert runtime.outbox.deleted == [7]


@pytest.mark.parametrize(
    ("trouble"), [{"stored": False}, {"error": OSError("no credentials")}, {"down": True}]
)
def test_a_broker_or_database_that_is_down_is_only_a_delay(trouble: dict[str, Any]) -> None:
    runtime = FakeRuntime()
    runtime.outbox.down = trouble.pop("down", False)
    for name, value in trouble.items():
        setattr(runtime.publisher, name, value)
    work = lambda *_: runtime.events([OutboxRow(7, EVENT)])  # noqa: E731 (shorter than a def here)
    assert post(lambda: consume(runtime, PaymentUpdated, work)).status_code == 200
    assert runtime.outbox.deleted == []


def test_waiting_has_one_limit_for_all_events() -> None:
    runtime = FakeRuntime()
    runtime.events([OutboxRow(number, EVENT) for number in range(3)])
    runtime.events.flush(lambda: runtime.database)
    first, second, third = runtime.publisher.waited
    assert 2.0 >= first >= second >= third


def test_a_broker_that_is_slow_holds_no_delivery_up_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once the time is used up the other events are left to reconcile, also in the next call."""
    runtime, moments = FakeRuntime(), iter(range(100))
    monkeypatch.setattr("shared_lib.runtime.outbox.time.monotonic", lambda: next(moments))
    runtime.events([OutboxRow(number, EVENT) for number in range(4)])
    runtime.events([OutboxRow(4, EVENT)])
    runtime.events.flush(lambda: runtime.database)
    assert runtime.outbox.deleted == [0, 1]
    runtime.events([OutboxRow(5, EVENT)])
    runtime.events.flush(lambda: runtime.database)
    assert runtime.outbox.deleted == [0, 1, 5]


def test_threads_flush_their_own_events() -> None:
    runtime, other = FakeRuntime(), CommittedEvents(FakePublisher())
    both_started = threading.Barrier(2)
    deleted: dict[int, list[int]] = {}

    def deliver(number: int) -> None:
        mine = FakeRuntime()
        runtime.events([OutboxRow(number, EVENT)])
        both_started.wait(5)
        runtime.events.flush(lambda: mine.database)
        deleted[number] = mine.outbox.deleted

    threads = [threading.Thread(target=deliver, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.flush(lambda: runtime.database)
    assert deleted == {1: [1], 2: [2]}
    assert runtime.outbox.deleted == []


# ---- ticks ---------------------------------------------------------------------------------------

TICK = ReconcileTick().model_dump_json().encode()


@pytest.mark.parametrize(
    ("published", "slot"),
    [
        ("2026-01-02T03:04:00Z", 29_455_384),
        ("2026-01-02T03:04:59.999999999Z", 29_455_384),
        ("2026-01-02T03:05:00.000Z", 29_455_385),
    ],
)
def test_a_tick_s_slot_is_the_minute_of_its_publication(published: str, slot: int) -> None:
    calls: list[Any] = []
    work = lambda: consume_tick(FakeRuntime(), ReconcileTick, 60.0, handler(calls))  # noqa: E731 (as above)
    assert post(work, push_body(TICK, publishTime=published)).status_code == 200
    assert calls == [(slot,)]


@pytest.mark.parametrize("published", [None, "yesterday", "2026-01-02T03:04:00"])
def test_a_tick_without_its_time_is_a_nack(published: str | None) -> None:
    work = lambda: consume_tick(FakeRuntime(), ReconcileTick, 60.0, handler([]))  # noqa: E731 (as above)
    assert post(work, push_body(TICK, publishTime=published)).status_code == 400


# ---- dead letters --------------------------------------------------------------------------------


def dead_letter(body: Any) -> DeadLetter:
    calls: list[Any] = []
    answer = post(lambda: consume_dead_letter(FakeRuntime(), handler(calls)), body)
    assert answer.status_code == 200
    ((letter,),) = calls
    assert isinstance(letter, DeadLetter)
    return letter


def test_a_dead_letter_says_what_it_was_and_where_it_failed() -> None:
    attributes = {"CloudPubSubDeadLetterSourceSubscription": "confirm_payment", "type": "x"}
    letter = dead_letter(push_body(EVENT.model_dump_json().encode(), attributes=attributes))
    assert (letter.message_id, letter.subscription) == ("77", "confirm_payment")
    assert (letter.event_type, letter.entity_id) == ("payment.updated", EVENT.payment_id)
    assert json.loads(letter.body) == EVENT.model_dump(mode="json")
    assert letter.attributes == attributes


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\x00",
        b"[" * 100_000,
        b'{"message": {"attributes": {"type": 1}}}',
        push_body(b"", data=None, attributes={"type": "\x00\ud800"}),
        push_body(b"\x00" * 200_000),
    ],
)
def test_no_dead_letter_is_refused(body: Any) -> None:
    letter = dead_letter(body)
    texts = [letter.body, letter.event_type or "", letter.message_id, *letter.attributes.values()]
    assert isinstance(letter.id, UUID)
    assert letter.message_id
    assert len(letter.body) <= 100_000
    assert "\x00" not in "".join(texts)
    "".join(texts).encode()


def test_the_same_unreadable_letter_has_the_same_message_id() -> None:
    assert dead_letter(b"junk").message_id == dead_letter(b"junk").message_id


def test_dead_letters_are_taken_from_our_push_account_only() -> None:
    calls: list[Any] = []
    work = lambda: consume_dead_letter(FakeRuntime(), handler(calls))  # noqa: E731 (as above)
    assert post(work, authorization="").status_code == 403
    assert calls == []
