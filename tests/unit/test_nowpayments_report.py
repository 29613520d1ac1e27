"""What is read from the provider's JSON, and what is refused."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared_lib.adapters.json_text import MAX_CHARS
from shared_lib.adapters.nowpayments_report import read_report
from shared_lib.domain.payment import Report
from shared_lib.ports import BadReportError

LEAST: dict[str, Any] = {"payment_id": 5544332211, "payment_status": "finished"}


def read(**fields: Any) -> Report:
    return read_report(json.dumps(LEAST | fields))


def test_a_whole_callback() -> None:
    body = (
        '{"payment_id":5544332212,"parent_payment_id":5544332211,"invoice_id":"4400112233",'
        '"payment_status":"partially_paid","order_id":"sub-42","outcome_amount":4.70,'
        '"outcome_currency":"usdterc20","payout_hash":"0xab","fee":{"currency":"x"},"new":[1]}'
    )
    assert read_report(body) == Report(
        provider_payment_id="5544332212",
        status="partially_paid",
        order_id="sub-42",
        invoice_id="4400112233",
        parent_payment_id="5544332211",
        outcome_amount="4.70",
        outcome_currency="usdterc20",
        payout_hash="0xab",
    )


def test_what_is_not_there_is_none() -> None:
    """Left out, null, the word "null" and an empty text all mean that there is no value."""
    bare = Report(provider_payment_id="5544332211", status="finished")
    names = ("order_id", "invoice_id", "parent_payment_id", "outcome_amount", "payout_hash")
    assert read() == bare
    for nothing in (None, "null", ""):
        assert read(**dict.fromkeys(names, nothing)) == bare


@pytest.mark.parametrize("lexeme", ["1e-7", "0.000002", "0.10", "12345678901234567.891", "0"])
def test_amounts_keep_their_characters(lexeme: str) -> None:
    body = f'{{"payment_id":1,"payment_status":"finished","outcome_amount":{lexeme}}}'
    for shown in (body, body.replace(lexeme, f'"{lexeme}"')):
        assert read_report(shown).outcome_amount == lexeme


def test_ids_are_digits_as_number_or_text() -> None:
    assert read(payment_id="00123").provider_payment_id == "00123"
    assert read(payment_id=123).provider_payment_id == "123"


def test_an_unknown_status_is_kept() -> None:
    report = read(payment_status="on_holiday")
    assert (report.status, report.known_status) == ("on_holiday", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payment_id", None),
        ("payment_id", "null"),
        ("payment_id", ""),
        ("payment_id", True),
        ("payment_id", 1.5),
        ("payment_id", -1),
        ("payment_id", "12a"),
        ("payment_id", "١٢"),
        ("payment_id", [1]),
        ("payment_id", "1" * 21),
        ("payment_status", 7),
        ("payment_status", None),
        ("payment_status", "a\x00b"),
        ("payment_status", "\ud800"),
        ("invoice_id", {}),
        ("parent_payment_id", False),
        ("order_id", 42),
        ("order_id", "x" * 257),
        ("outcome_amount", True),
        ("outcome_amount", "1,5"),
        ("outcome_amount", "1e999"),
        ("outcome_amount", " 1"),
        ("outcome_currency", 1),
        ("payout_hash", ["0xab"]),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    with pytest.raises(BadReportError, match=f"^{field}: "):
        read(**{field: value})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '"a"',
        "7",
        "{",
        '{"payment_id":1,"payment_id":1,"payment_status":"a"}',
        '{"payment_id":1,"payment_status":"a","fee":{"a":1,"\\u0061":2}}',
        '{"payment_id":1,"payment_status":"a","x":NaN}',
        '{"payment_id":1,"payment_status":"a","x":-Infinity}',
        '{"payment_id":1,"payment_status":"a","x":' + "[" * 40 + "]" * 40 + "}",
        '{"x":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"payment_id":1,"payment_status":"a"} {}',
        "\ufeff{}",
        " " * MAX_CHARS + "{}",
        '{"x":' * 5_000 + "1" + "}" * 5_000,
    ],
)
def test_a_bad_body_is_refused(body: str) -> None:
    with pytest.raises(BadReportError, match=r"^body: "):
        read_report(body)


def test_the_refusal_does_not_quote_the_body() -> None:
    with pytest.raises(BadReportError) as caught:
        read_report('{"secret-looking')
    assert "secret" not in str(caught.value)


NAMES = st.sampled_from(
    ["payment_id", "payment_status", "order_id", "invoice_id", "outcome_amount", "payout_hash"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
WORDS = st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(NAMES | WORDS, VALUES, max_size=6).map(json.dumps)
# The machine may be busy with other things; how long an example takes proves nothing.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(st.text(max_size=200) | BODIES)
def test_nothing_else_is_ever_raised(body: str) -> None:
    """Whatever the text, there is a report whose fields can be stored, or BadReportError."""
    with contextlib.suppress(BadReportError):
        report = read_report(body)
        assert report.provider_payment_id.isdigit()
        for value in (report.status, report.order_id or "", report.payout_hash or ""):
            value.encode()
            assert value.isprintable()


@unhurried
@given(st.binary(max_size=200))
def test_random_bytes(body: bytes) -> None:
    with contextlib.suppress(BadReportError):
        read_report(body.decode("utf-8", "surrogateescape"))
