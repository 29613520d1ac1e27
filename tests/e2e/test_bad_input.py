"""Nonsense at each HTTP function gets a defined answer in time, and leaves nothing behind."""

import json
from typing import Any

import httpx
import pytest

from tests.e2e.stage import Stage

pytestmark = pytest.mark.xdist_group("stack")

_ANSWER_SECONDS = 3.0
_LARGE = b'{"payment_id":1,"update_id":1,"x":"' + b"x" * 5_000_000 + b'"}'

_CALLBACKS: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "no JSON": (b"payment_id=1&payment_status=finished", 400),
    "cut off": (b'{"payment_id":1,', 400),
    "no text": (b"\xff\xfe\x00", 400),
    "null": (b"null", 400),
    "a list": (b"[]", 400),
    "a number": (b"7", 400),
    "no fields": (b"{}", 400),
    "wrong types": (b'{"payment_id":{"a":1},"payment_status":["finished"]}', 400),
    "true for a number": (b'{"payment_id":true,"payment_status":"finished"}', 400),
    "a number for a text": (b'{"payment_id":1,"payment_status":7}', 400),
    "nulls": (b'{"payment_id":null,"payment_status":null,"order_id":null}', 400),
    "a negative id": (b'{"payment_id":-1,"payment_status":"finished"}', 400),
    "a broken id": (b'{"payment_id":1.5,"payment_status":"finished"}', 400),
    "no number": (b'{"payment_id":1,"payment_status":"finished","outcome_amount":NaN}', 400),
    "a huge exponent": (
        b'{"payment_id":1,"payment_status":"finished","outcome_amount":1e999999}',
        400,
    ),
    "a NUL in a text": (b'{"payment_id":1,"payment_status":"fin\\u0000ished"}', 400),
    "half a pair": (b'{"payment_id":1,"payment_status":"\\ud800"}', 400),
    "very deep": (b'{"payment_id":1,"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400),
    "five megabytes": (_LARGE, 413),
}


def _user(**changes: Any) -> dict[str, Any]:
    return {"id": 2**33 + 99_000_000, "first_name": "Eve", "is_bot": False, **changes}


def _message(**changes: Any) -> bytes:
    chat = {"id": 2**33 + 99_000_000, "type": "private"}
    message = {"chat": chat, "from": _user(), "text": "/start", **changes}
    return json.dumps({"update_id": 900_000_001, "message": message}).encode()


_UPDATES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "no JSON": (b"update_id=1", 400),
    "cut off": (b'{"update_id":1,', 400),
    "no text": (b"\xff\xfe\x00", 400),
    "very deep": (b"[" * 50_000, 400),
    "null": (b"null", 200),
    "a list": (b"[]", 200),
    "no fields": (b"{}", 200),
    "wrong type of id": (b'{"update_id":"1","message":{}}', 200),
    "nulls": (b'{"update_id":1,"message":null,"chat_join_request":null}', 200),
    "null within": (_message(**{"from": None, "text": None}), 200),
    "wrong types": (_message(text={"a": 1}, chat=[]), 200),
    "an id beyond bigint": (_message(**{"from": _user(id=2**63)}), 200),
    "a bot": (_message(**{"from": _user(is_bot=True)}), 200),
    "a group": (_message(chat={"id": -1001, "type": "supergroup"}), 200),
    "an unknown kind": (b'{"update_id":1,"surprise":{"message":{"text":"/start"}}}', 200),
    "a request for a foreign chat": (
        json.dumps(
            {
                "update_id": 900_000_002,
                "chat_join_request": {
                    "chat": {"id": -1009999999999, "type": "channel"},
                    "from": _user(),
                    "date": 1_800_000_000,
                },
            }
        ).encode(),
        200,
    ),
    "five megabytes": (_LARGE, 413),
}


@pytest.fixture
def rows(scene: Stage) -> dict[str, int]:
    """What is stored when all is quiet, before the nonsense comes."""
    scene.wait_until_quiet()
    return scene.counted()


def _check(scene: Stage, answer: httpx.Response, status: int, rows: dict[str, int]) -> None:
    assert answer.status_code == status
    assert answer.elapsed.total_seconds() < _ANSWER_SECONDS
    assert "Traceback" not in answer.text
    assert scene.counted() == rows


@pytest.mark.parametrize("case", _CALLBACKS)
def test_a_signed_callback_that_makes_no_sense_is_refused(
    scene: Stage, rows: dict[str, int], case: str
) -> None:
    body, status = _CALLBACKS[case]
    _check(scene, scene.callback(body), status, rows)


@pytest.mark.parametrize("case", _UPDATES)
def test_an_update_that_makes_no_sense_leaves_nothing(
    scene: Stage, rows: dict[str, int], case: str
) -> None:
    body, status = _UPDATES[case]
    _check(scene, scene.update(body), status, rows)


def test_an_update_without_telegrams_secret_is_turned_away(
    scene: Stage, rows: dict[str, int]
) -> None:
    _check(scene, scene.update(_message(), secret="guessed"), 401, rows)


@pytest.mark.parametrize("function", ["nowpayments_ipn", "telegram_bot"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_is_answered(
    scene: Stage, rows: dict[str, int], function: str, method: str
) -> None:
    answer = scene.http.request(method, scene.stack.plan.url(function))
    _check(scene, answer, 405, rows)
    assert answer.headers["Allow"] == "POST"
