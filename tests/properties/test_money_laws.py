import operator
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared_lib.domain.money import (
    BASIS_POINTS,
    Asset,
    AssetMismatchError,
    Money,
    TooManyDecimalsError,
    format_amount,
    parse_amount,
    parse_amount_down,
    split_fee,
    total,
    zero,
)
from tests.properties.examples import BASE_UNITS_MOST, LAW, amounts, amounts_of, any_assets

fees = st.integers(0, BASIS_POINTS)
two_decimals = st.lists(st.integers(0, 36), min_size=2, max_size=2, unique=True)
three_amounts = any_assets.flatmap(
    lambda asset: st.tuples(amounts_of(asset), amounts_of(asset), amounts_of(asset))
)


@LAW
@given(amounts)
def test_what_is_printed_is_read_back_to_the_last_unit(amount: Money) -> None:
    assert parse_amount(format_amount(amount), amount.asset) == amount


@LAW
@given(amounts)
def test_a_printed_amount_is_exactly_its_base_units_and_has_no_needless_digit(
    amount: Money,
) -> None:
    text = format_amount(amount)
    assert Fraction(text) * 10**amount.asset.decimals == amount.base_units
    assert text == "0" or not text.startswith("00")
    assert "e" not in text.lower()
    assert "." not in text or text[-1] in "123456789"


@LAW
@given(amounts)
def test_a_negative_amount_prints_as_minus_the_positive_one(amount: Money) -> None:
    assert format_amount(-amount) == (f"-{format_amount(amount)}" if amount.base_units else "0")


@LAW
@given(
    st.from_regex(r"[0-9]{1,40}", fullmatch=True),
    st.from_regex(r"(0|[0-9]{0,20}|[0-9]{0,60})", fullmatch=True),
    st.integers(-40, 40),
    any_assets,
)
def test_every_way_to_write_a_number_is_read_exactly_or_refused(
    whole: str, rest: str, exponent: int, asset: Asset
) -> None:
    """`0.0015`, `1.5e-3` and `15E-4` are one amount; no way of writing rounds.

    What is only told is cut to whole units instead of refused, and is the same where it is exact.
    """
    point = f".{rest}" if rest else ""
    text = f"{whole}{point}e{exponent}"
    exact = Fraction(int(whole + rest)) * Fraction(10) ** (exponent - len(rest) + asset.decimals)
    assume(exact <= BASE_UNITS_MOST)
    told = parse_amount_down(text, asset)
    assert 0 <= exact - told.base_units < 1
    if exact.denominator == 1:
        assert parse_amount(text, asset) == told == Money(int(exact), asset)
    else:
        with pytest.raises(TooManyDecimalsError):
            parse_amount(text, asset)


@LAW
@given(amounts, st.integers(1, 9))
def test_a_digit_below_the_smallest_unit_is_refused_and_never_rounded(
    amount: Money, digit: int
) -> None:
    decimals = amount.asset.decimals
    whole, rest = divmod(amount.base_units, 10**decimals)
    written = f"{whole}.{rest:0{decimals}d}" if decimals else f"{whole}."
    with pytest.raises(TooManyDecimalsError):
        parse_amount(f"{written}{digit}", amount.asset)


@LAW
@given(st.floats(0, 1e15, allow_nan=False), any_assets)
def test_a_double_that_is_told_is_read_to_the_unit_below_it(number: float, asset: Asset) -> None:
    """As JSON writes it, with an exponent or not; its shortest digits, not its binary fraction."""
    told = parse_amount_down(repr(number), asset)
    assert 0 <= Fraction(repr(number)) * 10**asset.decimals - told.base_units < 1


@LAW
@given(amounts, st.integers(1, 20))
def test_zeros_behind_the_last_decimal_change_nothing(amount: Money, zeros: int) -> None:
    decimals = amount.asset.decimals
    whole, rest = divmod(amount.base_units, 10**decimals)
    written = f"{whole}.{rest:0{decimals}d}" if decimals else f"{whole}."
    assert parse_amount(written + "0" * zeros, amount.asset) == amount


@LAW
@given(amounts, fees)
def test_the_parts_of_a_split_are_the_whole_and_the_fee_rounds_up(
    received: Money, fee_bps: int
) -> None:
    split = split_fee(received, fee_bps)
    exact = Fraction(received.base_units * fee_bps, BASIS_POINTS)
    assert split.owner + split.fee == received
    assert 0 <= split.fee.base_units - exact < 1
    assert zero(received.asset) <= split.fee <= received


@LAW
@given(three_amounts, fees, fees)
def test_more_received_or_a_higher_rate_never_means_less(
    received: tuple[Money, Money, Money], one_bps: int, other_bps: int
) -> None:
    less, more = sorted(received[:2], key=lambda amount: amount.base_units)
    low_bps, high_bps = sorted((one_bps, other_bps))
    assert split_fee(less, low_bps).fee <= split_fee(more, low_bps).fee
    assert split_fee(less, low_bps).owner <= split_fee(more, low_bps).owner
    assert split_fee(less, low_bps).fee <= split_fee(less, high_bps).fee


@LAW
@given(three_amounts)
def test_money_adds_like_integers(three: tuple[Money, Money, Money]) -> None:
    one, other, third = three
    nothing = zero(one.asset)
    assert (one + other).base_units == one.base_units + other.base_units
    assert one + other == other + one
    assert (one + other) + third == one + (other + third)
    assert one + nothing == one
    assert one + -one == nothing
    assert one - other == one + -other
    assert total([one, other, third], one.asset) == one + other + third


@LAW
@given(three_amounts)
def test_money_is_ordered_like_its_base_units(three: tuple[Money, Money, Money]) -> None:
    one, other, _ = three
    assert (one < other) is (one.base_units < other.base_units)
    assert (one <= other) is (one.base_units <= other.base_units)
    assert (one > other) is (one.base_units > other.base_units)
    assert (one == other) is (one.base_units == other.base_units)


@LAW
@given(two_decimals, st.integers(0, 10**20), st.integers(0, 10**20))
def test_amounts_of_two_assets_never_meet(
    decimals: list[int], one_units: int, other_units: int
) -> None:
    """Even the same ticker with other decimals is another asset."""
    one = Money(one_units, Asset("coin", "net", decimals[0]))
    other = Money(other_units, Asset("coin", "net", decimals[1]))
    assert one != other
    for combine in (operator.add, operator.sub, operator.lt, operator.le):
        with pytest.raises(AssetMismatchError):
            combine(one, other)
    with pytest.raises(AssetMismatchError):
        total([one, other], one.asset)
