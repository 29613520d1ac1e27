"""What is read from ChangeNOW's JSON, and what is refused."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared_lib.adapters.changenow_answers import (
    BadAnswerError,
    is_too_small,
    read_echo,
    read_exchange,
    read_fixed_quote,
    read_limits,
    read_listings,
    read_quote,
)
from shared_lib.adapters.json_text import parsed
from shared_lib.domain.currency import Listing
from shared_lib.domain.money import ETH, Money, parse_amount
from shared_lib.domain.swap import ExchangeReport, FixedQuote, Limits, Quote
from tests.unit.changenow_server import (
    BTC,
    EXCHANGE_ID,
    PAYIN,
    RATE_ID,
    SOLD,
    VALID_UNTIL,
    currency,
    estimate,
    exchange_echo,
    exchange_shown,
    limits,
)


def as_read(value: Any) -> Any:
    """A value as the adapter gets it: numbers are the characters that stood in the text."""
    return parsed(json.dumps(value))


def lexed(fields: dict[str, Any], **lexemes: str) -> Any:
    """Fields of which some are written as given."""
    written = ",".join(f'"{name}":{lexeme}' for name, lexeme in lexemes.items())
    rest = {name: value for name, value in fields.items() if name not in lexemes}
    return parsed(f"{json.dumps(rest)[:-1]},{written}}}")


def fixed(**more: Any) -> FixedQuote:
    return read_fixed_quote(as_read(estimate(**more)), SOLD, BTC, "fixed-rate")


def shown(**more: Any) -> ExchangeReport:
    return read_exchange(as_read(exchange_shown(**more)), "{}", EXCHANGE_ID, ETH, BTC)


# ---- coins ---------------------------------------------------------------------------------------


def test_a_coin() -> None:
    (found,) = read_listings(as_read([currency(tokenContract="0xab", hasExternalId=True)]))
    assert found == Listing(
        ticker="btc",
        network="btc",
        can_be_bought=True,
        supports_fixed_rate=True,
        needs_memo=True,
        token_contract="0xab",
        legacy_ticker="btc",
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"ticker": None},
        {"ticker": 7},
        {"network": ""},
        {"network": "\ud800"},
        {"buy": None},
        {"buy": "true"},
        {"supportsFixedRate": 1},
        {"hasExternalId": None},
    ],
)
def test_a_coin_that_cannot_be_read_is_left_out(fault: dict[str, Any]) -> None:
    """Whether it needs a memo is not guessed: without one, money would reach nobody."""
    rows: list[Any] = [currency(**fault), currency(ticker="ltc"), None, "btc", []]
    assert [one.ticker for one in read_listings(as_read(rows))] == ["ltc"]


def test_what_is_not_needed_of_a_coin_may_be_anything() -> None:
    row = currency(tokenContract=7, legacyTicker=[], isFiat="?", name=None, brandNew={"a": 1})
    (found,) = read_listings(as_read([row]))
    assert (found.token_contract, found.legacy_ticker) == (None, None)


@pytest.mark.parametrize("rows", [None, {}, [], "[]", [None], [{"ticker": "btc"}]])
def test_an_empty_list_is_no_news(rows: object) -> None:
    """It would take every coin away from every owner."""
    with pytest.raises(BadAnswerError):
        read_listings(as_read(rows))


# ---- limits --------------------------------------------------------------------------------------


def test_limits_are_rounded_to_the_inside() -> None:
    fields = lexed(limits(), minAmount="0.0000000000000000011", maxAmount="1.0000000000000000019")
    assert read_limits(fields, ETH, BTC, "fixed-rate") == Limits(
        Money(2, ETH), Money(10**18 + 1, ETH)
    )


@pytest.mark.parametrize("lexeme", ["7e-4", "0.0007", "7E-04", "0.00070000", '"0.0007"'])
def test_numbers_are_read_in_every_form(lexeme: str) -> None:
    fields = lexed(limits(), minAmount=lexeme)
    assert read_limits(fields, ETH, BTC, "fixed-rate") == Limits(parse_amount("0.0007", ETH), None)


@pytest.mark.parametrize("value", [None, "", -1, "NaN", True, [], "1,5", "1e999", " 1"])
def test_a_least_that_cannot_be_read(value: object) -> None:
    with pytest.raises(BadAnswerError, match=r"^minAmount: "):
        read_limits(as_read(limits(minAmount=value)), ETH, BTC, "fixed-rate")


def test_limits_of_another_flow() -> None:
    with pytest.raises(BadAnswerError, match=r"^flow: "):
        read_limits(as_read(limits(flow="standard")), ETH, BTC, "fixed-rate")


def test_limits_of_another_pair() -> None:
    with pytest.raises(BadAnswerError, match=r"^toNetwork: "):
        read_limits(as_read(limits(toNetwork="lightning")), ETH, BTC, "fixed-rate")


# ---- quotes --------------------------------------------------------------------------------------


def test_a_promise() -> None:
    quote = Quote(SOLD, Money(9_950, BTC), Money(0, ETH), Money(50, BTC))
    assert fixed() == FixedQuote(quote, RATE_ID, VALID_UNTIL)


def test_amounts_are_rounded_to_our_disadvantage() -> None:
    """Bought and its fee down, so that no rate looks better than it is; the deposit's fee up."""
    fields = lexed(
        estimate(),
        toAmount="0.0000995099999",
        withdrawalFee="5.009e-7",
        depositFee="0.0000000000000000001",
    )
    quote = read_quote(fields, SOLD, BTC, "fixed-rate")
    assert quote.bought == Money(9_950, BTC)
    assert (quote.withdrawal_fee, quote.deposit_fee) == (Money(50, BTC), Money(1, ETH))


@pytest.mark.parametrize("nothing", [None, "", 0])
def test_no_fee_is_a_fee_of_nothing(nothing: object) -> None:
    quote = fixed(depositFee=nothing, withdrawalFee=nothing).quote
    assert (quote.deposit_fee, quote.withdrawal_fee) == (Money(0, ETH), Money(0, BTC))


def test_a_double_is_as_good_as_its_digits() -> None:
    """A number that went through a double may be off behind its fifteenth digit."""
    sold = parse_amount("1234.56789012", ETH)
    fields = lexed(estimate(), fromAmount="1234.567890120000001")
    assert read_quote(fields, sold, BTC, "fixed-rate").sold == sold
    fields = lexed(estimate(), fromAmount="1234.56789013")
    with pytest.raises(BadAnswerError, match=r"^fromAmount: "):
        read_quote(fields, sold, BTC, "fixed-rate")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-01-02T03:04:05.678Z", VALID_UNTIL),
        ("2030-01-02T04:04:05.678+01:00", VALID_UNTIL),
        ("2030-01-02T03:04:05Z", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert fixed(validUntil=text).valid_until == moment


@pytest.mark.parametrize("text", ["2030-01-02T03:04:05", "1893553445", "0001-01-01T00:00+23:00"])
def test_a_moment_that_could_mean_two_is_none(text: str) -> None:
    with pytest.raises(BadAnswerError, match=r"^validUntil: "):
        fixed(validUntil=text)


# ---- exchanges -----------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [None, "", " "])
def test_a_blank_extra_id_is_none(blank: object) -> None:
    fields = as_read(exchange_echo(payinExtraId=blank, payoutExtraId=blank))
    echo = read_echo(fields, ETH, BTC)
    assert (echo.payin_extra_id, echo.payout_extra_id) == (None, None)


def test_an_extra_id_of_digits_may_be_a_number() -> None:
    echo = read_echo(as_read(exchange_echo(payinExtraId=42, payoutExtraId="0042")), ETH, BTC)
    assert (echo.payin_extra_id, echo.payout_extra_id) == ("42", "0042")
    with pytest.raises(BadAnswerError, match=r"^payinExtraId: "):
        read_echo(lexed(exchange_echo(), payinExtraId="4" * 300), ETH, BTC)


def test_what_an_exchange_does_not_say_is_none() -> None:
    names = ("flow", "type", "fromAmount", "toAmount", "rateId", "refundAddress", "validUntil")
    for nothing in (None, ""):
        echo = read_echo(as_read(exchange_echo(**dict.fromkeys(names, nothing))), ETH, BTC)
        told = (echo.flow, echo.kind, echo.sold, echo.bought, echo.rate_id)
        assert (*told, echo.refund_address, echo.valid_until) == (None,) * 7


def test_an_exchange_that_waits() -> None:
    assert shown() == ExchangeReport(
        id=EXCHANGE_ID,
        status="waiting",
        payin_address=PAYIN,
        sold=None,
        bought=None,
        payout_hash=None,
        refund_hash=None,
        was_paid_again=False,
        body="{}",
    )


def test_an_exchange_that_has_ended() -> None:
    report = shown(status="finished", amountFrom=0.0025, amountTo=9.9507e-5, payoutHash="f00d")
    assert (report.sold, report.bought) == (SOLD, Money(9_950, BTC))
    assert (report.status, report.payout_hash) == ("finished", "f00d")
    assert shown(status="refunded", refundHash="0xab").refund_hash == "0xab"


@pytest.mark.parametrize("status", ["expired", "on_holiday", "Finished", "overdue"])
def test_an_unknown_status_is_kept(status: str) -> None:
    assert shown(status=status).status == status


@pytest.mark.parametrize(
    "fault",
    [
        {"status": None},
        {"status": 7},
        {"status": "a\x00b"},
        {"id": None},
        {"id": "another"},
        {"payinAddress": None},
        {"toCurrency": "ltc"},
        {"fromNetwork": 7},
    ],
)
def test_what_has_to_be_there(fault: dict[str, Any]) -> None:
    with pytest.raises(BadAnswerError, match=f"^{next(iter(fault))}: "):
        shown(**fault)


def test_what_need_not_be_there_may_be_anything() -> None:
    rubbish = {"amountFrom": "x", "amountTo": [], "payoutHash": 7, "refundHash": "\ud800"}
    odd = {"repeatedExchangesInfo": "x", "relatedExchangesInfo": {"a": 1}, "brandNew": [[{}]]}
    assert shown(**rubbish, **odd) == shown()


def test_fields_may_be_missing() -> None:
    bare = {"id": EXCHANGE_ID, "status": "waiting", "payinAddress": PAYIN}
    assert read_exchange(as_read(bare), "{}", EXCHANGE_ID, ETH, BTC) == shown()


@pytest.mark.parametrize("field", ["repeatedExchangesInfo", "relatedExchangesInfo"])
def test_a_second_deposit_is_seen(field: str) -> None:
    again = {"id": "b0b", "status": "finished", "createdAt": "2030-01-02T02:50:05.678"}
    assert shown(**{field: [again]}).was_paid_again
    assert not shown(**{field: []}).was_paid_again


# ---- anything ------------------------------------------------------------------------------------

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.text(), LEAVES, max_size=3)
NAMES = st.sampled_from(sorted({*estimate(), *exchange_echo(), *exchange_shown(), *limits()}))
# The machine may be busy with other things; how long an example takes proves nothing.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_nothing_else_is_ever_raised(changes: dict[str, Any]) -> None:
    """Whatever is told, it can be stored, or there is a BadAnswerError."""
    told = parsed(json.dumps(changes).replace("Infinity", "1e999"))
    is_too_small({"payload": {"range": told}, "range": told}, SOLD)
    with contextlib.suppress(BadAnswerError):
        read_limits(as_read(limits()) | told, ETH, BTC, "fixed-rate")
    with contextlib.suppress(BadAnswerError):
        read_fixed_quote(as_read(estimate()) | told, SOLD, BTC, "fixed-rate")
    with contextlib.suppress(BadAnswerError):
        echo = read_echo(as_read(exchange_echo()) | told, ETH, BTC)
        assert (echo.payin_extra_id or "").isprintable()
    with contextlib.suppress(BadAnswerError):
        report = read_exchange(as_read(exchange_shown()) | told, "{}", EXCHANGE_ID, ETH, BTC)
        assert report.status.isprintable()
