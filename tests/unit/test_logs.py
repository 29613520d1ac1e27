"""Log lines say what happened, in one vocabulary, and never a secret."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared_lib.runtime.logs import (
    Kind,
    bind,
    current_trace,
    delivery_logged,
    follow_trace,
    log,
    set_up_logs,
)
from shared_lib.runtime.redaction import Redactor
from tests.fakes.runtime import own_logs

VOCABULARY = "🚀✅❌💾👤💰🏦🌐🎯📦🆔📨🔐🕐🔍📝⚠️🎉🔄📊🔗⛽🧮📅"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
KEY = "5e" * 32
SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    with own_logs(secrets=[SECRET, f"0x{KEY}"]):
        yield


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_vocabulary_is_complete() -> None:
    assert "".join(kind.emoji for kind in Kind) == VOCABULARY


def test_a_line_is_json_as_cloud_logging_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    log(Kind.MONEY, "paid", cents=499)
    (line,) = lines(capsys)
    assert line.pop("time").endswith("Z")
    assert line == {
        "severity": "INFO",
        "kind": "money",
        "message": "paid",
        "cents": 499,
        "service": "notify",
    }


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        (Kind.DONE, "INFO"),
        (Kind.RETRY, "WARNING"),
        (Kind.SECURITY, "WARNING"),
        (Kind.FAILED, "ERROR"),
    ],
)
def test_the_kind_gives_the_severity(
    kind: Kind, severity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log(kind, "something")
    assert lines(capsys)[0]["severity"] == severity


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"X-Cloud-Trace-Context": f"{TRACE}/123;o=1"},
        {"X-Cloud-Trace-Context": TRACE.upper()},
    ],
)
def test_the_caller_s_trace_is_on_the_line(
    headers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with delivery_logged(headers):
        log(Kind.DONE, "handled")
    found = lines(capsys)[0]["logging.googleapis.com/trace"]
    assert found == f"projects/funnel-dev/traces/{TRACE}"


def test_an_event_s_trace_goes_before_the_caller_s() -> None:
    with delivery_logged({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}):
        follow_trace("")
        assert current_trace() == TRACE
        follow_trace("abc")
        assert current_trace() == "abc"
    assert current_trace() == ""


def test_bound_ids_end_with_their_delivery(capsys: pytest.CaptureFixture[str]) -> None:
    with delivery_logged({}):
        bind(message_id="7", attempt=None)
        log(Kind.START, "one")
    with delivery_logged({}):
        log(Kind.START, "two")
    one, two = lines(capsys)
    assert one["message_id"] == "7"
    assert "attempt" not in one
    assert "message_id" not in two


def test_an_error_comes_with_its_stack_trace_and_without_its_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = "https://api.telegram.org/bot7000000001:AAAAAAAAAA-AAAAAAAAAA/x"
    try:
        int(f"{SECRET} at {url}")
    except ValueError as error:
        log(Kind.FAILED, "broke off", error=error)
    (line,) = lines(capsys)
    assert "Traceback" in line["exception"]
    assert SECRET not in json.dumps(line)
    assert line["exception"].endswith("'*** at https://api.telegram.org/bot***/x'")


def test_what_libraries_log_is_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").warning("login %s failed", SECRET)
    logging.getLogger("httpx").info("https://api.telegram.org/bot…")
    (line,) = lines(capsys)
    assert (line["message"], line["severity"]) == ("login *** failed", "WARNING")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"to {ADDRESS}.", "to 0xf39F…2266."),
        (f"key {KEY}", "key ***"),
        (f"another 0x{'ab' * 32}", "another 0xabab…abab"),
        ("join https://t.me/+AbC-d_1", "join ***"),
        ("join t.me/joinchat/AbCd", "join ***"),
        ("see https://t.me/funnel_bot", "see https://t.me/funnel_bot"),
        ("db postgresql://app:sesame@host/db", "db postgresql://***@host/db"),
        ("jwt eyJhbGciOi.eyJpc3MiOi.c2lnbmF0", "jwt ***"),
        ("id 9b2f4c1e-0d3a-4b5c-8d6e-7f8091a2b3c4", "id 9b2f4c1e-0d3a-4b5c-8d6e-7f8091a2b3c4"),
    ],
)
def test_texts_lose_what_is_secret(text: str, shown: str) -> None:
    assert Redactor([f"0x{KEY}"]).text(text) == shown


@pytest.mark.parametrize(
    "name", ["ipn_secret", "bot_token", "api_key", "x_signature", "invite_link", "password"]
)
def test_fields_named_like_secrets_are_masked(name: str) -> None:
    redacted = Redactor()(None, "msg", {name: "short", "deep": [{name: ["a", "b"]}]})
    assert redacted == {name: "***", "deep": [{name: "***"}]}


def test_hashes_stay_whole_unless_they_are_the_key() -> None:
    redactor = Redactor([f"0x{KEY}"])
    whole = "0x" + "ab" * 32
    assert redactor(None, "msg", {"tx_hash": whole})["tx_hash"] == whole
    assert redactor(None, "msg", {"tx_hash": f"0x{KEY}"})["tx_hash"] == "***"


def test_parts_of_secret_urls_are_secret() -> None:
    urls = ["postgresql://app:pa%24sword-1@h/funneldb1", "https://node.example/v3/0123456789key"]
    redactor = Redactor(urls)
    assert redactor.text("pa$sword-1 v3/0123456789key funneldb1") == "*** *** funneldb1"


def test_a_terminal_gets_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("notify", form="console")
    log(Kind.GAS, "estimated", wei=21_000)
    logging.getLogger("library").error("broken")
    gas, broken = capsys.readouterr().out.splitlines()
    assert gas[8:].startswith(" ⛽ estimated")
    assert "wei=21000" in gas
    assert "❌ broken" in broken
