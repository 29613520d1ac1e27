"""How the adapter asks ChangeNOW, and what its answers and its refusals mean."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared_lib.adapters.changenow import ChangeNow
from shared_lib.domain.money import ETH, USDT, Money, parse_amount
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.swap import echo_differences
from shared_lib.ports import (
    AddressRefusedError,
    OutOfRangeError,
    PairUnavailableError,
    PermanentError,
    ProviderError,
    RateExpiredError,
    RetryableError,
    UnknownOutcomeError,
)
from tests.unit.changenow_server import (
    ACTS,
    API_KEY,
    BTC,
    EXCHANGE_ID,
    OWNER,
    QUESTIONS,
    RATE_ID,
    SOLD,
    VALID_UNTIL,
    WALLET,
    XRP,
    Server,
    currency,
    estimate,
    exchange_echo,
    exchange_shown,
    failure,
    limits,
    listening,
    order,
)

PAIR_QUERY = {
    "fromCurrency": ["eth"],
    "fromNetwork": ["eth"],
    "toCurrency": ["btc"],
    "toNetwork": ["btc"],
}


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as one:
        yield one


@pytest.fixture
def provider(server: Server) -> Iterator[ChangeNow]:
    one = server.provider()
    yield one
    one.close()


def query(server: Server) -> tuple[str, dict[str, list[str]]]:
    """Path and query of the last question."""
    parts = urlsplit(server.asked[-1].target)
    return parts.path, parse_qs(parts.query, keep_blank_values=True)


# ---- what is asked -------------------------------------------------------------------------------


def test_every_call_carries_the_key_in_its_header_only(server: Server) -> None:
    for name in ACTS:
        failure(server, name)
    assert len(server.asked) == len(ACTS)
    for asked in server.asked:
        assert asked.headers["x-changenow-api-key"] == API_KEY
        assert API_KEY not in asked.target + asked.body


def test_coins_are_asked_for_that_can_be_bought_at_a_fixed_rate(
    server: Server, provider: ChangeNow
) -> None:
    server.tells([currency(), currency(buy=False), currency(supportsFixedRate=False), 7])
    assert [one.asset_id for one in provider.currencies()] == ["btc:btc"]
    wanted = {"active": ["true"], "flow": ["fixed-rate"], "buy": ["true"]}
    assert query(server) == ("/v2/exchange/currencies", wanted)


def test_thousands_of_coins_are_no_trouble(server: Server, provider: ChangeNow) -> None:
    server.tells([currency() for _ in range(2_000)])
    assert len(server.body) > 512 * 1024
    assert len(provider.currencies()) == 2_000


def test_the_limits_are_those_of_a_fixed_rate(server: Server, provider: ChangeNow) -> None:
    server.tells(limits(maxAmount=12.5))
    found = provider.limits(ETH, BTC)
    assert (found.least, found.most) == (parse_amount("0.0007", ETH), parse_amount("12.5", ETH))
    assert query(server) == ("/v2/exchange/range", {**PAIR_QUERY, "flow": ["fixed-rate"]})


@pytest.mark.parametrize(("status", "code"), [(403, "forbidden"), (401, "forbidden"), (403, "x")])
def test_a_key_that_may_not_see_both_limits_asks_for_the_lower(
    server: Server, provider: ChangeNow, status: int, code: str
) -> None:
    refusal = json.dumps({"error": code, "message": "On request"}).encode()
    server.answers.append((status, refusal))
    server.tells({name: value for name, value in limits().items() if name != "maxAmount"})
    found = provider.limits(ETH, BTC)
    assert (found.least, found.most) == (parse_amount("0.0007", ETH), None)
    assert query(server) == ("/v2/exchange/min-amount", {**PAIR_QUERY, "flow": ["fixed-rate"]})


def test_a_bad_key_is_not_asked_with_again(server: Server, provider: ChangeNow) -> None:
    server.tells({"message": "Unauthorized"}, 401)
    with pytest.raises(PermanentError):
        provider.limits(ETH, BTC)
    assert len(server.asked) == 1


def test_a_market_quote_is_of_the_standard_flow(server: Server, provider: ChangeNow) -> None:
    server.tells(estimate("standard"))
    quote = provider.market_quote(SOLD, BTC)
    assert (quote.sold, quote.bought) == (SOLD, parse_amount("0.0000995", BTC))
    assert query(server) == (
        "/v2/exchange/estimated-amount",
        {**PAIR_QUERY, "fromAmount": ["0.0025"], "type": ["direct"], "flow": ["standard"]},
    )


def test_a_fixed_quote_asks_for_a_rate_id(server: Server, provider: ChangeNow) -> None:
    server.tells(estimate())
    fixed = provider.fixed_quote(SOLD, BTC)
    assert (fixed.rate_id, fixed.valid_until) == (RATE_ID, VALID_UNTIL)
    assert fixed.quote.withdrawal_fee == parse_amount("0.0000005", BTC)
    path, asked = query(server)
    assert path == "/v2/exchange/estimated-amount"
    assert (asked["flow"], asked["useRateId"]) == (["fixed-rate"], ["true"])


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Money(1, ETH), "0.000000000000000001"),
        (Money(10**10, ETH), "0.00000001"),
        (Money(123 * 10**18, ETH), "123"),
        (Money(10_000_000, USDT), "10"),
    ],
)
def test_amounts_are_written_without_exponents(
    server: Server, provider: ChangeNow, amount: Money, written: str
) -> None:
    with pytest.raises(RetryableError):
        provider.market_quote(amount, BTC)
    assert query(server)[1]["fromAmount"] == [written]
    with pytest.raises(UnknownOutcomeError):
        provider.create_exchange(order(sold=amount))
    assert json.loads(server.asked[-1].body)["fromAmount"] == written


def test_an_exchange_is_asked_for_with_everything(server: Server, provider: ChangeNow) -> None:
    server.tells(exchange_echo())
    wanted = order()
    assert echo_differences(wanted, provider.create_exchange(wanted)) == []
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/v2/exchange")
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == {
        "fromCurrency": "eth",
        "fromNetwork": "eth",
        "toCurrency": "btc",
        "toNetwork": "btc",
        "flow": "fixed-rate",
        "type": "direct",
        "rateId": RATE_ID,
        "fromAmount": "0.0025",
        "address": OWNER,
        "extraId": "",
        "refundAddress": WALLET,
        "refundExtraId": "",
    }


def test_a_memo_is_passed_on(server: Server, provider: ChangeNow) -> None:
    target = PayoutTarget(XRP, "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe", "0042")
    told = {"toCurrency": "xrp", "toNetwork": "xrp", "payoutExtraId": "0042", "toAmount": 0.00995}
    server.tells(exchange_echo(**told, payoutAddress=target.address), 201)
    assert echo_differences(order(target), provider.create_exchange(order(target))) == []
    assert json.loads(server.asked[-1].body)["extraId"] == "0042"


def test_an_exchange_is_asked_for_by_a_query(server: Server, provider: ChangeNow) -> None:
    server.tells(exchange_shown(status="verifying"))
    report = provider.exchange(EXCHANGE_ID, ETH, BTC)
    assert (report.status, json.loads(report.body)["id"]) == ("verifying", EXCHANGE_ID)
    assert query(server) == ("/v2/exchange/by-id", {"id": [EXCHANGE_ID]})


@pytest.mark.parametrize("exchange_id", ["", "a b", "../x", "1&id=2", "x" * 65, "é"])
def test_what_is_no_id_is_not_asked_for(
    server: Server, provider: ChangeNow, exchange_id: str
) -> None:
    with pytest.raises(PermanentError):
        provider.exchange(exchange_id, ETH, BTC)
    assert server.asked == []


# ---- refusals ------------------------------------------------------------------------------------

MEANINGS: dict[str, type[PermanentError]] = {
    "out_of_range": OutOfRangeError,
    "deposit_too_small": OutOfRangeError,
    "deposit_too_large": OutOfRangeError,
    "max_amount_exceeded": OutOfRangeError,
    "pair_is_inactive": PairUnavailableError,
    "fixed_rate_not_enabled": PairUnavailableError,
    "rate_id_not_found_or_expired": RateExpiredError,
    "not_valid_address": AddressRefusedError,
    "not_valid_refund_address": PermanentError,
    "not_valid_params": PermanentError,
    "forbidden": PermanentError,
    "not_found": PermanentError,
    "not_available": PermanentError,
    "bad_params": PermanentError,
    "user_not_found": PermanentError,
    "invalid_api_key": PermanentError,
    "never_heard_of": PermanentError,
}


@pytest.mark.parametrize("code", MEANINGS)
@pytest.mark.parametrize("name", ACTS)
def test_a_documented_code_says_what_did_not_happen(server: Server, name: str, code: str) -> None:
    server.refuses(400, code, "Amount is less then minimal: 0.002644 BTC")
    found = failure(server, name)
    assert type(found) is MEANINGS[code]
    assert f"400 {code}" in str(found)


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_without_a_code(server: Server, name: str, status: int) -> None:
    server.tells({"message": "Unauthorized"}, status)
    found = failure(server, name)
    assert type(found) is PermanentError
    assert f"{status} an unknown code" in str(found)


@pytest.mark.parametrize(
    ("code", "more", "is_too_small"),
    [
        ("deposit_too_small", {}, True),
        ("deposit_too_large", {}, False),
        ("max_amount_exceeded", {}, False),
        ("out_of_range", {}, True),
        ("out_of_range", {"payload": {"range": {"minAmount": 0.003, "maxAmount": None}}}, True),
        ("out_of_range", {"payload": {"range": {"minAmount": 0.0001, "maxAmount": 0.002}}}, False),
        ("out_of_range", {"payload": {"range": {"maxAmount": "2e-3"}}}, False),
        ("out_of_range", {"range": {"min": "0.003", "max": "1"}}, True),
        ("out_of_range", {"range": {"min": 0.0001, "max": 0.002}}, False),
        ("out_of_range", {"payload": {"range": {"minAmount": 0.001, "maxAmount": 1}}}, True),
        ("out_of_range", {"payload": {"range": {"minAmount": "x", "maxAmount": []}}}, True),
        ("out_of_range", {"payload": [], "range": 7}, True),
        ("not_valid_params", {"payload": {"range": {"minAmount": 0.003}}}, True),
        ("not_valid_params", {"payload": {"range": {"maxAmount": 0.002}}}, False),
    ],
)
@pytest.mark.parametrize("name", ["fixed_quote", "market_quote", "create_exchange"])
def test_which_limit_an_amount_breaks(
    server: Server, name: str, code: str, more: dict[str, Any], *, is_too_small: bool
) -> None:
    server.refuses(400, code, **more)
    found = failure(server, name)
    assert isinstance(found, OutOfRangeError)
    assert found.is_too_small is is_too_small


def test_a_range_that_holds_the_amount_is_no_reason(server: Server) -> None:
    server.refuses(400, "not_valid_params", payload={"range": {"minAmount": 0.001}})
    assert type(failure(server, "create_exchange")) is PermanentError


def test_the_text_of_a_refusal_means_nothing(server: Server) -> None:
    server.refuses(400, "bad_params", "out_of_range deposit_too_small not_valid_address")
    assert type(failure(server, "create_exchange")) is PermanentError


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("999999999", 86_400), ("Wed, 21 Oct 2026 07:28:00 GMT", 0)]
)
def test_a_flood_says_how_long_to_wait(
    server: Server, name: str, header: str, seconds: int
) -> None:
    server.headers["retry-after"] = header
    for body in ('{"message":"Too many requests"}', "<html>slow down</html>", ""):
        server.tells(body, 429)
        found = failure(server, name)
        assert isinstance(found, RetryableError)
        assert found.after_seconds == seconds


# ---- no answer -----------------------------------------------------------------------------------


def assert_silence(name: str, found: ProviderError) -> None:
    """An exchange may have been made; a question can be asked again."""
    expected = UnknownOutcomeError if name == "create_exchange" else RetryableError
    assert type(found) is expected


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("status", [200, 201, 204, 302, 403, 500, 502, 520])
def test_what_is_not_the_api_proves_nothing(server: Server, name: str, status: int) -> None:
    for body in ("<html>Error</html>", "", "null", '"text"', "7"):
        server.tells(body if status != 204 else "", status)
        assert_silence(name, failure(server, name))


@pytest.mark.parametrize("name", ACTS)
def test_trouble_of_the_api_itself_proves_nothing(server: Server, name: str) -> None:
    server.tells({"code": "INTERNAL_ERROR", "message": "Oops", "statusCode": 500}, 500)
    assert_silence(name, failure(server, name))


@pytest.mark.parametrize("name", ACTS)
def test_a_lost_answer(server: Server, name: str) -> None:
    server.cuts = True
    assert_silence(name, failure(server, name))
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", ACTS)
def test_a_slow_answer_is_not_waited_for(server: Server, name: str) -> None:
    server.seconds = 0.3
    hasty = server.provider(call_seconds=0.05)
    with pytest.raises(ProviderError) as caught:
        ACTS[name](hasty)
    hasty.close()
    assert_silence(name, caught.value)


@pytest.mark.parametrize("name", ACTS)
def test_a_flood_of_bytes_is_not_read(server: Server, name: str) -> None:
    server.tells(" " * (5 * 1024 * 1024))
    assert_silence(name, failure(server, name))


@pytest.mark.parametrize("name", ACTS)
def test_bytes_that_are_no_text(server: Server, name: str) -> None:
    server.body = b'{"id":"\xff"}'
    assert_silence(name, failure(server, name))


@pytest.mark.parametrize("name", ACTS)
def test_what_was_never_sent_has_not_happened(name: str) -> None:
    with listening() as gone:
        nobody = gone.provider()
    with pytest.raises(RetryableError):
        ACTS[name](nobody)
    nobody.close()


# ---- answers that are not what was asked for -----------------------------------------------------

ECHO_FAULTS: list[dict[str, Any]] = [
    {"id": None},
    {"id": 7},
    {"id": "a/b"},
    {"payinAddress": ""},
    {"payinAddress": None},
    {"payoutAddress": None},
    {"fromCurrency": None},
    {"toNetwork": ""},
    {"fromAmount": "much"},
    {"toAmount": -1},
    {"toAmount": True},
    {"validUntil": "soon"},
    {"validUntil": "2030-01-02T03:04:05.678"},
    {"rateId": {}},
    {"payinExtraId": []},
    {"payoutAddress": "bc1q\x00"},
]


@pytest.mark.parametrize("fault", ECHO_FAULTS)
def test_an_exchange_that_cannot_be_read_may_have_been_made(
    server: Server, fault: dict[str, Any]
) -> None:
    server.tells(exchange_echo(**fault))
    found = failure(server, "create_exchange")
    assert type(found) is UnknownOutcomeError
    assert next(iter(fault)) in str(found)
    assert OWNER not in str(found)


def test_an_answer_with_the_same_key_twice_is_none(server: Server) -> None:
    server.tells(json.dumps(exchange_echo())[:-1] + ',"payinAddress":"0x1"}')
    assert type(failure(server, "create_exchange")) is UnknownOutcomeError


@pytest.mark.parametrize("name", ["fixed_quote", "market_quote"])
@pytest.mark.parametrize(
    "fault",
    [
        {"fromCurrency": "btc"},
        {"toNetwork": "lightning"},
        {"fromNetwork": None},
        {"flow": "other"},
        {"type": "reverse"},
        {"fromAmount": 0.00250001},
        {"fromAmount": None},
        {"toAmount": None},
        {"toAmount": 0},
        {"toAmount": "NaN"},
        {"depositFee": "free"},
        {"depositFee": 0.0025},
        {"withdrawalFee": -1},
    ],
)
def test_a_quote_about_something_else_is_none(
    server: Server, name: str, fault: dict[str, Any]
) -> None:
    flow = "fixed-rate" if name == "fixed_quote" else "standard"
    server.tells(estimate(flow) | fault)
    found = failure(server, name)
    assert type(found) is RetryableError
    assert next(iter(fault)) in str(found)


@pytest.mark.parametrize("field", ["rateId", "validUntil"])
@pytest.mark.parametrize("value", [None, "", 7, "soon\n", []])
def test_a_promise_without_its_id_or_its_end_is_none(
    server: Server, field: str, value: object
) -> None:
    server.tells(estimate() | {field: value})
    found = failure(server, "fixed_quote")
    assert type(found) is RetryableError
    assert field in str(found)


def test_an_answer_about_another_exchange_is_none(server: Server) -> None:
    server.tells(exchange_shown(id="ffffffffffffff"))
    assert type(failure(server, "exchange")) is RetryableError


# ---- secrets and threads -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTS)
def test_the_key_is_never_in_an_error(server: Server, name: str) -> None:
    provider = server.provider()
    for status in (200, 400, 401, 429, 500):
        server.refuses(status, API_KEY, f"{API_KEY} is not a key, {API_KEY}" + "!" * 10_000)
        with pytest.raises(ProviderError) as caught:
            ACTS[name](provider)
        shown = f"{caught.value!r} {caught.value.__context__!r} {provider!r}"
        assert API_KEY not in shown
        assert len(shown) < 500
    provider.close()


@pytest.mark.parametrize("broken", ["base_url", "api_key"])
def test_unusable_settings_are_refused(broken: str) -> None:
    good = {"base_url": "https://api.example/v2", "api_key": "a"}
    for bad in ("", "  ", "hush\x00"):
        with pytest.raises(ValueError, match=broken) as caught:
            ChangeNow(**{**good, broken: bad}, call_seconds=1)
        assert "hush" not in str(caught.value)


def test_threads_share_one_client(server: Server, provider: ChangeNow) -> None:
    server.tells(exchange_shown())
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(QUESTIONS["exchange"], provider) for _ in range(24)]
        reports = {one.result() for one in asked}
    assert len(reports) == 1
    assert len(server.asked) == 24


def test_a_closed_client_opens_again(server: Server, provider: ChangeNow) -> None:
    server.tells(exchange_shown())
    for _ in range(2):
        assert provider.exchange(EXCHANGE_ID, ETH, BTC).status == "waiting"
        provider.close()
