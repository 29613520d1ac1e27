"""Providers get 2xx only for what is stored, and never learn more than they must."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from shared_lib.domain.update import Ignore, Say
from shared_lib.ports import DatabaseUnavailableError, LeaseHeldError, Person
from shared_lib.runtime.callbacks import BODY_MOST_BYTES, answer_callback, answer_update
from shared_lib.usecases.receive_callback import CallbackAnswer
from tests.fakes.runtime import WEBHOOK_SECRET, FakeRuntime, handler, own_logs

UPDATE = {
    "update_id": 7,
    "message": {
        "chat": {"id": 42, "type": "private"},
        "from": {"id": 42, "first_name": "Ada"},
        "text": "hello",
    },
}
GREETING = (7, Person(42, "Ada", None, None), Say("hello"))
SECRET = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    with own_logs():
        yield


def asked(
    work: Callable[[flask.Request], flask.Response], method: str = "POST", **request: Any
) -> TestResponse:
    app = flask.Flask("function")
    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/", view_func=lambda: work(flask.request), methods=methods)
    return app.test_client().open("/", method=method, **request)


def callback(result: CallbackAnswer | Exception, **request: Any) -> tuple[TestResponse, list[Any]]:
    calls: list[Any] = []

    def receive(_ports: Any, body: bytes, signature: str | None) -> CallbackAnswer:
        calls.append((body, signature))
        if isinstance(result, Exception):
            raise result
        return result

    return asked(lambda one: answer_callback(FakeRuntime(), one, receive), **request), calls


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (CallbackAnswer.STORED, 200),
        (CallbackAnswer.NOT_GENUINE, 403),
        (CallbackAnswer.UNREADABLE, 400),
        (DatabaseUnavailableError("sesame"), 503),
        (ValueError("sesame"), 500),
    ],
)
def test_the_answer_says_what_became_of_a_callback(
    result: CallbackAnswer | Exception, status: int
) -> None:
    answer, calls = callback(result, data=b'{"a": 1}', headers={"x-nowpayments-sig": "abc"})
    assert calls == [(b'{"a": 1}', "abc")]
    assert answer.status_code == status
    assert list(answer.get_json()) == ["status"]
    assert "sesame" not in answer.text


def test_the_body_is_handed_on_byte_for_byte() -> None:
    body = b' {"price":1.10}\r\n\xff'
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert callback(CallbackAnswer.STORED, data=body, **form)[1] == [(body, None)]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_is_answered(method: str) -> None:
    answer, calls = callback(CallbackAnswer.STORED, method=method)
    assert (answer.status_code, answer.headers["Allow"], calls) == (405, "POST", [])


def test_a_body_of_just_the_limit_passes() -> None:
    answer, calls = callback(CallbackAnswer.STORED, data=b"x" * BODY_MOST_BYTES)
    assert (answer.status_code, len(calls)) == (200, 1)


class _Endless(io.RawIOBase):
    """A client that never stops sending; `sent` counts its bytes."""

    sent = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "read to its end"
        self.sent += size
        return b"x" * size


@pytest.mark.parametrize("length", [{}, {"CONTENT_LENGTH": str(10**12)}])
def test_no_more_is_read_than_the_limit_and_a_byte(length: dict[str, str]) -> None:
    client = _Endless()
    environ = {"wsgi.input": client, "wsgi.input_terminated": not length} | length
    answer, calls = callback(CallbackAnswer.STORED, environ_overrides=environ)
    assert (answer.status_code, calls) == (413, [])
    assert client.sent == BODY_MOST_BYTES + 1
    assert answer.is_streamed, "else the framework would read the rest"


# ---- Telegram ------------------------------------------------------------------------------------


def update(
    document: Any, headers: dict[str, str] = SECRET, error: Exception | None = None
) -> tuple[TestResponse, list[Any]]:
    calls: list[Any] = []
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    work = handler(calls, error)
    answer = asked(lambda one: answer_update(FakeRuntime(), one, work), data=data, headers=headers)
    return answer, calls


def test_an_update_is_handled_and_answered_without_a_body() -> None:
    answer, calls = update(UPDATE)
    assert (answer.status_code, answer.data, calls) == (200, b"", [GREETING])


@pytest.mark.parametrize(
    "given", [None, "", "webhook-secret-2", WEBHOOK_SECRET + "x", "wébhook-secret"]
)
def test_without_telegram_s_secret_nothing_happens(given: str | None) -> None:
    headers = {} if given is None else {"X-Telegram-Bot-Api-Secret-Token": given}
    answer, calls = update(UPDATE, headers)
    assert (answer.status_code, calls) == (401, [])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    answer, calls = update(body)
    assert (answer.status_code, calls) == (400, [])


@pytest.mark.parametrize("document", [None, [], {}, {"update_id": "7"}])
def test_what_is_no_update_does_not_come_again(document: Any) -> None:
    answer, calls = update(document)
    assert (answer.status_code, calls) == (200, [])


def test_an_update_that_cannot_be_read_does_not_come_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer, calls = update({"update_id": 7, "message": {"text": 5}})
    assert (answer.status_code, calls) == (200, [(7, None, Ignore())])
    assert "message.text" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LeaseHeldError("at work"), 503),
        (DatabaseUnavailableError("down"), 503),
        (ValueError("sesame"), 500),
    ],
)
def test_an_update_that_is_not_handled_comes_again(error: Exception, status: int) -> None:
    answer, calls = update(UPDATE, error=error)
    assert (answer.status_code, calls) == (status, [GREETING])
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "sesame" not in answer.text
