"""What the adapter makes of each failure, and that none of them shows a secret."""

import logging
from collections.abc import Iterator
from functools import partial

import pytest

from shared_lib.adapters.telegram import TelegramMessenger
from shared_lib.ports import PermanentError, RetryableError, UnknownOutcomeError
from tests.unit.telegram_server import ACTS, TOKEN, URL, Telegram, failure, listening

HTML = b"<html><h1>502 Bad Gateway</h1></html>"
NOT_IDEMPOTENT = {"create_join_link", "send", "post"}


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    with listening() as one:
        yield one


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Bad Request: not enough rights"),
        (400, "Bad Request: message is too long"),
        (403, "Forbidden: bot is not a participant"),
        (401, "Unauthorized"),
        (404, "Not Found"),
        (409, "Conflict: another one"),
    ],
)
def test_refusals(telegram: Telegram, name: str, status: int, text: str) -> None:
    telegram.refuses(status, text)
    error = failure(telegram, name)
    assert type(error) is PermanentError
    assert text.partition(": ")[2].lower() in str(error).lower()


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("status", [429, 503])
def test_a_flood_is_waited_for(telegram: Telegram, name: str, status: int) -> None:
    telegram.refuses(status, "Too Many Requests: retry after 7", parameters={"retry_after": 7})
    error = failure(telegram, name)
    assert isinstance(error, RetryableError)
    assert error.after_seconds == 7


def test_a_flood_without_a_time(telegram: Telegram) -> None:
    telegram.status, telegram.body = 429, HTML
    error = failure(telegram, "send")
    assert isinstance(error, RetryableError)
    assert error.after_seconds == 0


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, HTML),
        (500, b'{"ok":false,"error_code":500,"description":"Internal Server Error"}'),
        (200, HTML),
        (200, b"[]"),
        (200, b'{"ok":true}'),
        (200, b"[" * 100_000),
    ],
)
def test_no_readable_answer(telegram: Telegram, name: str, status: int, body: bytes) -> None:
    """What may have had an effect is unknown; the rest is asked again."""
    telegram.status, telegram.body = status, body
    expected = UnknownOutcomeError if name in NOT_IDEMPOTENT else RetryableError
    assert type(failure(telegram, name)) is expected


@pytest.mark.parametrize("name", ["create_join_link", "send", "is_inside", "missing_rights"])
def test_a_result_without_its_fields(telegram: Telegram, name: str) -> None:
    telegram.answers({})
    expected = UnknownOutcomeError if name in NOT_IDEMPOTENT else RetryableError
    assert type(failure(telegram, name)) is expected


@pytest.mark.parametrize("name", ["send", "is_inside"])
def test_no_answer_in_time(telegram: Telegram, name: str) -> None:
    telegram.seconds = 0.4
    expected = UnknownOutcomeError if name in NOT_IDEMPOTENT else RetryableError
    with pytest.raises(expected):
        ACTS[name](telegram.messenger(call_seconds=0.1))


@pytest.mark.parametrize("name", ACTS)
def test_what_was_never_sent_has_not_happened(name: str) -> None:
    nobody = TelegramMessenger(token=TOKEN, base_url="http://127.0.0.1:1", call_seconds=2)
    with pytest.raises(RetryableError):
        ACTS[name](nobody)


# ---- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTS)
def test_errors_and_logs_hold_no_secret(
    telegram: Telegram, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    for quiet in ("httpx", "telegram"):
        logging.getLogger(quiet).setLevel(logging.NOTSET)
    leak = f"Bad Request: {TOKEN} in {URL} or {URL.removeprefix('https://')}"
    orders = [
        partial(telegram.refuses, 400, leak),
        partial(setattr, telegram, "body", f"{TOKEN} {URL}".encode()),
    ]
    with caplog.at_level(logging.INFO):
        for order in orders:
            order()
            error = failure(telegram, name)
            shown = f"{error!r} {error.__cause__!r} {error.__context__!r}"
            assert "secret" not in shown
    assert "secret" not in caplog.text


@pytest.mark.parametrize("token", ["", "hush", "123:", ":hush", "123:hush hush"])
def test_a_malformed_token_is_refused_unseen(token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        TelegramMessenger(token=token, base_url="https://api.telegram.org", call_seconds=1)
    assert "hush" not in str(caught.value)


def test_the_messenger_does_not_show_its_token() -> None:
    messenger = TelegramMessenger(token=TOKEN, base_url="http://127.0.0.1:1", call_seconds=1)
    assert "secret" not in repr(messenger) + repr(messenger._calls)
