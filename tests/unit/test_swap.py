"""A swap: what its quote is worth, whether its exchange is what was asked for, and how it moves."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import (
    ETH,
    USDT,
    Asset,
    AssetMismatchError,
    Money,
    parse_amount,
    parse_amount_down,
)
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.domain.swap import (
    AWAITS_DEPOSIT,
    DEPOSIT_MOST,
    SWAP_EDGES,
    Abandoned,
    Exchange,
    ExchangeEcho,
    ExchangeOrder,
    ExchangeStatus,
    FixedQuote,
    Quote,
    Swap,
    SwapState,
    Terms,
    echo_differences,
    is_near_market,
    pair_id,
    pays_less,
    promise_ends,
)
from shared_lib.domain.watch import Watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
LATER = Watch(NOW + timedelta(hours=1), NOW + timedelta(days=2))
BTC, SHIB, XRP = asset_of("btc:btc"), asset_of("shib:eth"), asset_of("xrp:xrp")
OWNER = "0x52908400098527886E0F7030069857D2E4169EE7"
OURS = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
PAYIN = "0xde709f2102306220921060314715629080e2fb77"
QUARTER_ETHER = Money(25 * 10**16, ETH)
CENT_OF_BITCOIN = Money(1_000_000, BTC)


def eth(text: str) -> Money:
    return parse_amount(text, ETH)


def usdt(text: str) -> Money:
    return parse_amount(text, USDT)


def quote_of(sold: Money, bought: Money, deposit_fee: int = 0, withdrawal_fee: int = 0) -> Quote:
    return Quote(sold, bought, Money(deposit_fee, sold.asset), Money(withdrawal_fee, bought.asset))


# ---- a quote -------------------------------------------------------------------------------------


def test_the_worked_example_of_the_market_value_is_exact() -> None:
    """100 bring 0.0245 after fees of 1 and of 0.0005: at the market they are 0.0252525… worth."""
    quote = Quote(usdt("100"), eth("0.0245"), usdt("1"), eth("0.0005"))
    assert quote.market_value == eth("0.025252525252525252")
    assert quote.fees_bps == 300


@pytest.mark.parametrize(
    ("sold", "bought", "deposit_fee", "withdrawal_fee", "market"),
    [
        (100, 50, 0, 0, 50),
        (100, 40, 0, 10, 50),
        (100, 50, 50, 0, 100),
        (3, 10, 1, 0, 15),
        (3, 1, 1, 0, 1),
        (7, 1, 4, 1, 4),
        (1, 0, 0, 0, 0),
    ],
)
def test_the_market_value_takes_both_fees_out_and_rounds_down(
    sold: int, bought: int, deposit_fee: int, withdrawal_fee: int, market: int
) -> None:
    quote = quote_of(Money(sold, ETH), Money(bought, USDT), deposit_fee, withdrawal_fee)
    assert quote.market_value == Money(market, USDT)


@pytest.mark.parametrize("deposit_fee", [100, 101])
def test_a_deposit_fee_that_takes_all_leaves_no_rate(deposit_fee: int) -> None:
    with pytest.raises(ValueError, match="deposit fee"):
        _ = quote_of(Money(100, ETH), Money(1, USDT), deposit_fee).market_value


@pytest.mark.parametrize(
    ("sold", "bought", "deposit_fee", "withdrawal_fee", "bps"),
    [
        (10_000, 10_000, 0, 0, 0),
        (10_000, 10_000, 1, 0, 1),
        (10_001, 10_000, 1, 0, 1),
        (9_999, 10_000, 1, 0, 2),
        (10_000, 9_999, 0, 1, 1),
        (10_000, 9_998, 0, 1, 2),
        (9_999, 9_998, 1, 1, 4),
        (10_000, 0, 0, 10_000, 10_000),
        (10_000, 0, 10_000, 0, 20_000),
        (10_000, 0, 0, 0, 10_000),
        (0, 10_000, 0, 0, 10_000),
    ],
)
def test_fees_are_a_part_of_what_they_are_taken_of_rounded_up(
    sold: int, bought: int, deposit_fee: int, withdrawal_fee: int, bps: int
) -> None:
    """A quote that sells or brings nothing costs all of it."""
    quote = quote_of(Money(sold, ETH), Money(bought, USDT), deposit_fee, withdrawal_fee)
    assert quote.fees_bps == bps


@pytest.mark.parametrize(
    ("value", "most_bps", "is_near"),
    [
        (10_000, 0, True),
        (9_999, 0, False),
        (10_001, 0, False),
        (9_500, 500, True),
        (9_499, 500, False),
        (10_500, 500, True),
        (10_501, 500, False),
        (0, 500, False),
        (0, 10_000, True),
        (20_000, 10_000, True),
        (20_001, 10_000, False),
    ],
)
@pytest.mark.parametrize("withdrawal_fee", [0, 100])
def test_a_fixed_quote_is_near_the_market_on_either_side(
    value: int, most_bps: int, is_near: bool, withdrawal_fee: int
) -> None:
    """A promise far above the market is as wrong as one far below; fees are no matter here."""
    bought = Money(value - withdrawal_fee, USDT)
    fixed = quote_of(Money(1, ETH), bought, withdrawal_fee=withdrawal_fee)
    assert is_near_market(fixed, Money(10_000, USDT), most_bps) is is_near


def test_to_a_market_without_a_price_nothing_is_near() -> None:
    assert not is_near_market(quote_of(eth("1"), Money(1, USDT)), Money(0, USDT), 10_000)


def test_a_market_in_another_coin_is_not_compared() -> None:
    with pytest.raises(AssetMismatchError):
        is_near_market(quote_of(eth("1"), usdt("1")), eth("1"), 500)


@pytest.mark.parametrize(
    ("promised", "bought", "tolerance_bps", "expected"),
    [
        (10_000, 10_000, 10, False),
        (10_000, 9_990, 10, False),
        (10_000, 9_989, 10, True),
        (10_000, 20_000, 10, False),
        (10_000, 9_999, 0, True),
        (10_000, 10_000, 0, False),
        (10_000, 0, 10, True),
        (0, 0, 10, False),
        (999, 998, 10, True),
    ],
)
def test_an_owner_got_less_when_more_than_the_tolerance_is_missing(
    promised: int, bought: int, tolerance_bps: int, expected: bool
) -> None:
    assert pays_less(Money(promised, BTC), Money(bought, BTC), tolerance_bps) is expected


def test_a_pair_is_named_by_both_coins_with_their_networks() -> None:
    assert pair_id(ETH, asset_of("usdt:trx")) == "eth:eth>usdt:trx"


# ---- what an exchange repeats --------------------------------------------------------------------


def order_of(
    sold: Money = QUARTER_ETHER,
    bought: Money = CENT_OF_BITCOIN,
    address: str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    memo: str | None = None,
) -> ExchangeOrder:
    fixed = FixedQuote(quote_of(sold, bought), "rate-7", NOW + timedelta(minutes=15))
    return ExchangeOrder(fixed, PayoutTarget(bought.asset, address, memo), OURS)


def echo_of(order: ExchangeOrder) -> ExchangeEcho:
    """All that a provider can repeat, exactly as it was asked for."""
    quote, target = order.fixed.quote, order.target
    return ExchangeEcho(
        id="a1b2c3d4e5f607",
        flow="fixed-rate",
        kind="direct",
        sold_id=quote.sold.asset.id,
        bought_id=quote.bought.asset.id,
        sold=quote.sold,
        bought=quote.bought,
        rate_id=order.fixed.rate_id,
        payin_address=PAYIN,
        payin_extra_id=None,
        payout_address=target.address,
        payout_extra_id=target.memo,
        refund_address=order.refund_address,
        valid_until=NOW + timedelta(minutes=15),
    )


ORDER = order_of()
ECHO = echo_of(ORDER)
TO_OWNER_ON_ETHEREUM = order_of(bought=usdt("1000"), address=OWNER)
WITH_MEMO = order_of(bought=parse_amount("500", XRP), address="rOwner", memo="12345")


@pytest.mark.parametrize("order", [ORDER, TO_OWNER_ON_ETHEREUM, WITH_MEMO])
def test_an_exchange_that_repeats_its_order_is_adopted(order: ExchangeOrder) -> None:
    assert echo_differences(order, echo_of(order)) == []


@pytest.mark.parametrize(
    "unsaid",
    [
        {"flow": None},
        {"kind": None},
        {"rate_id": None},
        {"valid_until": None},
        {"payout_extra_id": ""},
        {"flow": None, "kind": None, "rate_id": None, "valid_until": None},
    ],
)
def test_what_a_provider_need_not_say_is_no_difference(unsaid: Mapping[str, Any]) -> None:
    assert echo_differences(ORDER, replace(ECHO, **unsaid)) == []


DIFFERENCES: list[tuple[str, Mapping[str, Any]]] = [
    ("flow", {"flow": "standard"}),
    ("flow", {"flow": ""}),
    ("type", {"kind": "reverse"}),
    ("fromCurrency", {"sold_id": "eth:base"}),
    ("fromCurrency", {"sold_id": "ETH:ETH"}),
    ("toCurrency", {"bought_id": "btc:bsc"}),
    ("fromAmount", {"sold": None}),
    ("fromAmount", {"sold": eth("0.25000001")}),
    ("fromAmount", {"sold": eth("0.24999999")}),
    ("fromAmount", {"sold": eth("2.5")}),
    ("fromAmount", {"sold": Money(eth("0.25").base_units, asset_of("eth:base"))}),
    ("toAmount", {"bought": None}),
    ("toAmount", {"bought": Money(999_998, BTC)}),
    ("toAmount", {"bought": Money(1_000_001, BTC)}),
    ("toAmount", {"bought": Money(0, BTC)}),
    ("toAmount", {"bought": Money(1_000_000, asset_of("ltc:ltc"))}),
    ("rateId", {"rate_id": "rate-8"}),
    ("rateId", {"rate_id": ""}),
    ("payoutAddress", {"payout_address": OWNER}),
    ("payoutAddress", {"payout_address": ""}),
    ("payoutAddress", {"payout_address": ORDER.target.address.upper()}),
    ("payoutExtraId", {"payout_extra_id": "1"}),
    ("refundAddress", {"refund_address": OWNER}),
    ("refundAddress", {"refund_address": None}),
    ("refundAddress", {"refund_address": ""}),
    ("payinExtraId", {"payin_extra_id": "1"}),
    ("payinExtraId", {"payin_extra_id": ""}),
    ("payinAddress", {"payin_address": OURS}),
    ("payinAddress", {"payin_address": OURS.lower()}),
]


@pytest.mark.parametrize(("field", "changes"), DIFFERENCES)
def test_a_single_field_that_differs_is_found_and_named(
    field: str, changes: Mapping[str, Any]
) -> None:
    assert echo_differences(ORDER, replace(ECHO, **changes)) == [field]


def test_all_fields_that_differ_are_named_together() -> None:
    changes = {name: value for _, one in DIFFERENCES for name, value in one.items()}
    found = echo_differences(ORDER, replace(ECHO, **changes))
    assert found == list(dict.fromkeys(field for field, _ in DIFFERENCES))
    assert len(found) == 12


def test_every_word_of_an_echo_is_compared_or_needs_no_comparison() -> None:
    """The id is the provider's own, and the end of the promise is judged by `promise_ends`."""
    compared = {name for _, changes in DIFFERENCES for name in changes}
    assert set(ExchangeEcho.__dataclass_fields__) - compared == {"id", "valid_until"}


def test_evm_addresses_may_be_repeated_in_any_case() -> None:
    for spelled in (OWNER.lower(), "0x" + OWNER[2:].upper(), OWNER):
        echo = replace(
            echo_of(TO_OWNER_ON_ETHEREUM), payout_address=spelled, refund_address=OURS.lower()
        )
        assert echo_differences(TO_OWNER_ON_ETHEREUM, echo) == []


@pytest.mark.parametrize("extra_id", [None, "", "12346", "012345", "12345 "])
def test_a_memo_is_repeated_exactly_or_the_money_is_somebody_elses(extra_id: str | None) -> None:
    echo = replace(echo_of(WITH_MEMO), payout_extra_id=extra_id)
    assert echo_differences(WITH_MEMO, echo) == ["payoutExtraId"]


@pytest.mark.parametrize(
    ("asked", "told", "asset"),
    [
        ("0.3", "0.30000000000000004", ETH),
        ("0.3", "0.299999999999999988897769753748", ETH),
        ("0.25", "0.2500000000000000000001", ETH),
        ("0.00000001", "1e-8", ETH),
        ("1234567.12345678", "1234567.1234567801", ETH),
        ("1234567.12345678", "1234567.12345677987672388554", ETH),
        ("1000000000000000", "1e+15", SHIB),
        ("1000000000000000", "1000000000000000.125", SHIB),
        ("999999999999999.9", "999999999999999.875", SHIB),
        ("999999999999999.98765432", "999999999999999.9", SHIB),
        ("0.30000001", "0.30000001000000004", BTC),
        ("4.99", "4.9900000000000002", USDT),
        ("21000000", "2.1E+7", BTC),
    ],
)
def test_an_amount_that_was_a_binary_fraction_on_its_way_is_the_same(
    asked: str, told: str, asset: Asset
) -> None:
    """A provider counts eight digits behind the point, and a double is right to fifteen in all."""
    amount = parse_amount(asked, asset)
    bought = order_of(bought=amount)
    echo = replace(echo_of(bought), bought=parse_amount_down(told, asset))
    assert echo_differences(bought, echo) == []
    sold = order_of(sold=amount)
    echo = replace(echo_of(sold), sold=parse_amount_down(told, asset))
    assert echo_differences(sold, echo) == []


@pytest.mark.parametrize(
    ("asked", "told", "asset"),
    [
        ("0.3", "0.30000001", ETH),
        ("0.3", "0.29999999", ETH),
        ("0.00000001", "0.00000002", ETH),
        ("0.00000001", "0", ETH),
        ("123456.12345678", "123456.12345679", ETH),
        ("1000000000000000", "1000000000000010", SHIB),
        ("1000000000000000", "999999999999990", SHIB),
        ("1000000000000000", "100000000000000", SHIB),
        ("0.3", "0.30000001", BTC),
        ("4.99", "4.990001", USDT),
    ],
)
def test_an_amount_that_differs_in_a_digit_that_counts_is_another(
    asked: str, told: str, asset: Asset
) -> None:
    order = order_of(bought=parse_amount(asked, asset))
    echo = replace(echo_of(order), bought=parse_amount_down(told, asset))
    assert echo_differences(order, echo) == ["toAmount"]


# ---- how long a promise holds --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote_minutes", "echo_minutes", "created_minutes", "expected_minutes"),
    [
        (10, 15, 0, 10),
        (15, 10, 0, 10),
        (60, 60, 0, 20),
        (60, 60, 3, 23),
        (60, None, 0, 20),
        (10, None, 0, 10),
        (20, 20, 0, 20),
        (-1, 15, 0, -1),
        (15, -1, 0, -1),
    ],
)
def test_a_promise_ends_with_the_earliest_of_quote_exchange_and_twenty_minutes(
    quote_minutes: int, echo_minutes: int | None, created_minutes: int, expected_minutes: int
) -> None:
    def at(minutes: int) -> datetime:
        return NOW + timedelta(minutes=minutes)

    quote = replace(ORDER.fixed, valid_until=at(quote_minutes))
    valid_until = None if echo_minutes is None else at(echo_minutes)
    echo = replace(ECHO, valid_until=valid_until)
    assert timedelta(minutes=20) == DEPOSIT_MOST
    assert promise_ends(quote, echo, at(created_minutes)) == at(expected_minutes)


# ---- moving --------------------------------------------------------------------------------------

QUOTING = Swap(
    id=UUID(int=1),
    payout_id=UUID(int=2),
    state=SwapState.QUOTING,
    sold=QUARTER_ETHER,
    target=ORDER.target,
    created_at=NOW,
    watch=WATCH,
)
TERMS = Terms(ORDER.fixed, market=CENT_OF_BITCOIN, quoted_at=NOW)
EXCHANGE = Exchange("a1b2c3d4e5f607", PAYIN, TERMS.fixed.quote.bought, NOW + timedelta(minutes=12))
QUOTED = replace(QUOTING.moved(SwapState.QUOTED, WATCH), terms=TERMS)
CREATED = replace(
    QUOTED.moved(SwapState.CREATING, WATCH).moved(SwapState.CREATED, WATCH), exchange=EXCHANGE
)
FUNDED = CREATED.moved(SwapState.FUNDED, WATCH)
ENDS = (SwapState.FINISHED, SwapState.REFUNDED, SwapState.ABANDONED)


def test_a_promise_is_as_long_as_its_quotes_until_its_exchange_says_less() -> None:
    assert QUOTING.quote_left(NOW) is None
    assert QUOTED.quote_left(NOW) == timedelta(minutes=15)
    assert CREATED.quote_left(NOW) == timedelta(minutes=12)
    assert CREATED.quote_left(NOW + timedelta(minutes=13)) == timedelta(minutes=-1)


def test_a_swap_keeps_what_it_knows_on_its_way() -> None:
    funded = CREATED.moved(SwapState.FUNDED, LATER)
    assert funded == replace(CREATED, state=SwapState.FUNDED, watch=LATER)
    assert (funded.terms, funded.exchange, funded.sold) == (TERMS, EXCHANGE, QUOTING.sold)


def test_a_swap_that_ends_is_watched_no_more() -> None:
    finished = FUNDED.moved(SwapState.FINISHED, None)
    assert (finished.state, finished.watch, finished.abandoned) == (SwapState.FINISHED, None, None)


@pytest.mark.parametrize("reason", Abandoned)
def test_a_swap_that_is_given_up_says_why_and_rests(reason: Abandoned) -> None:
    for state in set(SwapState) - set(ENDS):
        given_up = replace(CREATED, state=state).given_up(reason)
        assert given_up == replace(CREATED, state=SwapState.ABANDONED, watch=None, abandoned=reason)


@pytest.mark.parametrize("state", ENDS)
def test_a_swap_that_has_ended_is_not_given_up(state: SwapState) -> None:
    with pytest.raises(TransitionRefusedError, match=f"from {state} to abandoned"):
        replace(FUNDED, state=state, watch=None).given_up(Abandoned.QUOTE_DEAD)


def test_only_a_swap_that_nothing_was_signed_for_may_be_dropped() -> None:
    """Nor may one that a person looks at: its money may be somewhere."""
    droppable = {state for state in SwapState if state.may_be_dropped}
    assert droppable == {
        SwapState.QUOTING,
        SwapState.QUOTED,
        SwapState.CREATING,
        SwapState.CREATED,
    }


def test_an_exchange_is_made_once_and_funded_only_when_its_answer_is_known() -> None:
    into = {
        state: {before for before, afters in SWAP_EDGES.items() if state in afters}
        for state in SwapState
    }
    assert into[SwapState.CREATING] == {SwapState.QUOTED}
    assert into[SwapState.CREATED] == {SwapState.CREATING}
    assert into[SwapState.FUNDED] == {SwapState.CREATED}
    assert into[SwapState.FINISHED] == into[SwapState.REFUNDED] == {SwapState.FUNDED}


def test_a_funded_swap_has_only_its_three_ends() -> None:
    """Neither the provider's word nor its silence brings one to a person or to a second quote."""
    assert SWAP_EDGES[SwapState.FUNDED] == set(ENDS)


def test_an_exchange_that_saw_no_deposit_waits_in_two_words() -> None:
    waiting = {status for status in ExchangeStatus if status in AWAITS_DEPOSIT}
    assert waiting == {ExchangeStatus.NEW, ExchangeStatus.WAITING}
    assert len(AWAITS_DEPOSIT) == 2


def test_one_unit_may_be_missing_that_reading_a_fraction_rounded_away() -> None:
    """Whoever tells 0.01 as 0.00999999999 means 0.01."""
    asked = ORDER.fixed.quote.bought
    told = Money(asked.base_units - 1, asked.asset)
    assert echo_differences(ORDER, replace(ECHO, bought=told)) == []
