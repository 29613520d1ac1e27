"""Who wrote a callback: vectors computed with JavaScript, and forgeries."""

import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared_lib.adapters.nowpayments_report import parsed_object, read_report
from shared_lib.adapters.nowpayments_signature import MAX_BODY_BYTES, canonical_text, is_genuine
from shared_lib.ports import BadReportError

CONTRACT = Path(__file__).parents[1] / "contract"
VECTORS = json.loads((CONTRACT / "nowpayments_vectors.json").read_text())
SECRET: bytes = VECTORS["secret"].encode()

# Signed by Node: JSON.stringify of the body with its keys sorted at every depth.
AWKWARD = (
    r'{"z":{"b":[{"y":2,"x":1e-7},null,true,false],"a":0.000002},"payment_id":5,'
    '"order_description":"Zugang \u2013 доступ \U0001f600 a/b '
    r'\u0001\"\\ \ud83d\ude00 \u007f\u2028 \ud800",'
    '"\uffee":1,"\U0001f600":2,'
    r'"fee":{"withdrawalFee":"0.10","depositFee":"2e-8"},'
    r'"payment_status":"finished","big":123456789012345680000}'
)
AWKWARD_SIGNATURE = (
    "d2423d13ef2bb4a75943ff87e1e633186c5ef63f2e87350649f0f94d6dcfb257"
    "1ceabc709400d9759a6a864389115123522652fd7a7169d69c6213e99b203afd"
)


def sign(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    return hmac.new(SECRET, content, "sha512").hexdigest()


def accepts(body: str | bytes, signature: str | None) -> bool:
    return is_genuine(SECRET, body.encode() if isinstance(body, str) else body, signature)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_shared_vectors(vector: dict[str, str]) -> None:
    """Whether the wire form is the signed form or not; any changed byte breaks it."""
    wire, signature = vector["wire_body"], vector["signature_of_canonical"]
    assert accepts(wire, signature)
    assert canonical_text(parsed_object(wire)) == vector["canonical_body"]
    assert not accepts(wire.replace('"payment_id":5', '"payment_id":6'), signature)
    assert not accepts(wire, sign("x"))
    assert not is_genuine(SECRET + b"x", wire.encode(), signature)


def test_text_as_javascript_writes_it() -> None:
    """Nested unsorted keys, tiny and huge numbers, escapes, emoji, UTF-16 order of keys."""
    assert accepts(AWKWARD, AWKWARD_SIGNATURE)
    assert accepts(AWKWARD, AWKWARD_SIGNATURE.upper())


@pytest.mark.parametrize(
    ("wire", "signed"),
    [
        ('{"b":{"d":1,"c":2},"a":3}', '{"a":3,"b":{"c":2,"d":1}}'),
        ('{ "b" : 1e-7 , "a" : 0.000002 }', '{"a":0.000002,"b":1e-7}'),
        (r'{"b":"\u00e4\/","a":"\ud83d\ude00"}', '{"a":"\U0001f600","b":"ä/"}'),
        ('{"fee":"0.10","a":"2e-8"}', '{"a":"2e-8","fee":"0.10"}'),
        ('{"b":[{"d":1,"c":[]}],"a":{}}', '{"a":{},"b":[{"c":[],"d":1}]}'),
    ],
)
def test_canonical_form(wire: str, signed: str) -> None:
    assert accepts(wire, sign(signed))


def test_numbers_keep_their_characters() -> None:
    """0.10 was signed as it stood; nothing is made of it that the wire did not have."""
    assert accepts('{"b":0.10,"a":1}', sign('{"b":0.10,"a":1}'))
    assert accepts('{"b":0.10,"a":1}', sign('{"a":1,"b":0.10}'))
    assert not accepts('{"b":0.10,"a":1}', sign('{"a":1,"b":0.1}'))


def test_a_form_that_leaves_nested_fields_out_is_refused() -> None:
    """A signature of `"fee":{}` would let anybody change the fees."""
    wire = '{"payment_id":1,"fee":{"depositFee":0.01}}'
    assert not accepts(wire, sign('{"fee":{},"payment_id":1}'))


def test_duplicate_keys_are_not_read_even_when_signed() -> None:
    body = '{"payment_id":1,"payment_status":"waiting","payment_status":"finished"}'
    assert accepts(body, sign(body))
    with pytest.raises(BadReportError):
        read_report(body)
    assert not accepts(body, sign('{"payment_id":1,"payment_status":"finished"}'))


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "0" * 127,
        "0" * 129,
        "g" * 128,
        "0" * 128,
        "\u0660" * 128,
        sign("{}")[:-1] + "é",
        " " + sign("{}")[:-1],
        sign("{}") + "\n",
        "0x" + sign("{}")[2:],
    ],
)
def test_bad_headers(signature: str | None) -> None:
    assert not accepts("{}", signature)
    assert accepts("{}", sign("{}"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b'{"a":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"a":NaN}',
        b'{"a":' + b"9" * 100_000 + b"}",
        b'"\xed\xa0\x80"',
    ],
)
def test_hostile_bodies_only_fail(body: bytes) -> None:
    assert not accepts(body, sign("x"))


def test_a_body_beyond_the_limit_is_not_even_hashed() -> None:
    body = b'"' + b"a" * MAX_BODY_BYTES + b'"'
    assert not accepts(body, sign(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
# The machine may be busy with other things; how long an example takes proves nothing.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(st.binary(max_size=300), st.text(max_size=140) | st.none())
def test_nothing_is_raised(body: bytes, signature: str | None) -> None:
    assert not accepts(body, signature)


@unhurried
@given(st.dictionaries(st.text(), JSON, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_keys_on_the_wire_does_not_matter(value: dict[str, Any], dice: Any) -> None:
    signature = sign(canonical_text(parsed_object(json.dumps(value))))
    keys = list(value)
    dice.shuffle(keys)
    wire = json.dumps({key: value[key] for key in keys}, indent=1)
    assert accepts(wire, signature)
