"""Amounts of money: read, printed, added and split, and never rounded."""

from collections.abc import Callable

import pytest

from shared_lib.domain.money import (
    ETH,
    USDT,
    Asset,
    AssetMismatchError,
    InvalidAmountError,
    Money,
    TooManyDecimalsError,
    format_amount,
    format_usd,
    parse_amount,
    parse_amount_down,
    split_fee,
    total,
    zero,
)

POINTS = Asset("points", "none", 0)


def eth(text: str) -> Money:
    return parse_amount(text, ETH)


# ---- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("0", 0),
        ("0.0", 0),
        ("1", 10**18),
        ("0.00149302", 1_493_020_000_000_000),
        ("0.000000000000000001", 1),
        ("1e-18", 1),
        ("1E-18", 1),
        ("1.5e+3", 1_500 * 10**18),
        ("0001.50", 15 * 10**17),
        ("0.1000000000000000000000", 10**17),
        ("0e99", 0),
        ("9" * 40, int("9" * 40) * 10**18),
    ],
)
def test_a_plain_number_is_read_to_the_wei(text: str, wei: int) -> None:
    assert parse_amount(text, ETH) == Money(wei, ETH)


@pytest.mark.parametrize(
    ("text", "asset"),
    [
        ("0.0000000000000000001", ETH),
        ("1e-19", ETH),
        ("1.0000000000000000001", ETH),
        ("0.0000001", USDT),
        ("0.5", POINTS),
        ("15e-1", POINTS),
        ("1e-999", ETH),
    ],
)
def test_more_decimals_than_the_asset_has_are_refused(text: str, asset: Asset) -> None:
    with pytest.raises(TooManyDecimalsError):
        parse_amount(text, asset)


NO_NUMBERS = [
    "",
    " ",
    " 1",
    "1 ",
    "1\n",
    "+1",
    "-1",
    "-0",
    "1.",
    ".5",
    "1.2.3",
    "1,5",
    "1_000",
    "0x10",
    "e5",
    "1e",
    "1e1.5",
    "1e1000",
    "NaN",
    "sNaN",
    "Infinity",
    "-inf",
    "null",
    "١٢٣",  # Arabic digits, which `Decimal` itself would read
    "１２",  # noqa: RUF001 - full-width digits are what this case is about
    "1²",
    "9" * 41,
    "0." + "1" * 61,
    "1" * 100_000,
]
both_readers = pytest.mark.parametrize(
    "read", [parse_amount, parse_amount_down], ids=["exactly", "down"]
)


@both_readers
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_not_a_plain_number_is_refused(
    read: Callable[[str, Asset], Money], text: str
) -> None:
    with pytest.raises(InvalidAmountError) as refused:
        read(text, ETH)
    assert not isinstance(refused.value, TooManyDecimalsError)
    assert len(str(refused.value)) < 200


@both_readers
@pytest.mark.parametrize("text", ["1e60", "1e99", "1e999", "9" * 40 + "e40"])
def test_an_amount_that_no_column_could_hold_is_refused(
    read: Callable[[str, Asset], Money], text: str
) -> None:
    """The database keeps 78 digits of base units; more is no money but a mistake."""
    with pytest.raises(InvalidAmountError):
        read(text, ETH)


@both_readers
def test_the_largest_amount_that_can_be_stored_is_read(
    read: Callable[[str, Asset], Money],
) -> None:
    assert read("1e59", ETH) == Money(10**77, ETH)


@pytest.mark.parametrize(
    ("text", "asset", "base_units"),
    [
        ("0.00149302", ETH, 1_493_020_000_000_000),
        ("1e-18", ETH, 1),
        ("1e-19", ETH, 0),
        ("9.99e-19", ETH, 0),
        ("1e-999", ETH, 0),
        ("1.9999999999999999999", ETH, 2 * 10**18 - 1),
        ("0.30000000000000004", ETH, 300_000_000_000_000_040),
        ("0.30000000000000004", USDT, 300_000),
        ("1.0000000000000000222044604925e-7", ETH, 100_000_000_000),
        ("4.9899999999999999", USDT, 4_989_999),
        ("2.5E-6", USDT, 2),
        ("1.2345678e+3", USDT, 1_234_567_800),
        ("0.9999999", USDT, 999_999),
        ("0.5", POINTS, 0),
        ("15e-1", POINTS, 1),
    ],
)
def test_an_amount_that_is_told_is_cut_to_whole_base_units_and_never_rounded_up(
    text: str, asset: Asset, base_units: int
) -> None:
    """Providers write numbers that were binary fractions, with an exponent or many digits."""
    assert parse_amount_down(text, asset) == Money(base_units, asset)


# ---- printing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(0, ETH), "0"),
        (Money(1, ETH), "0.000000000000000001"),
        (Money(10**18, ETH), "1"),
        (Money(100 * 10**18, ETH), "100"),
        (Money(1_493_020_000_000_000, ETH), "0.00149302"),
        (Money(-1, ETH), "-0.000000000000000001"),
        (Money(2_950_000, USDT), "2.95"),
        (Money(100, POINTS), "100"),
        (Money(0, POINTS), "0"),
        (Money(10**77 + 1, ETH), "1" + "0" * 59 + ".000000000000000001"),
    ],
)
def test_an_amount_prints_every_digit_that_matters(money: Money, text: str) -> None:
    assert format_amount(money) == text


def test_money_prints_with_its_ticker() -> None:
    assert str(eth("0.00149302")) == "0.00149302 ETH"


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "$0.00"), (5, "$0.05"), (499, "$4.99"), (500, "$5.00"), (999_999, "$9999.99")],
)
def test_dollars_print_with_two_digits_of_cents(cents: int, text: str) -> None:
    assert format_usd(cents) == text


# ---- splitting -----------------------------------------------------------------------------------


def test_the_worked_example_of_the_fee_is_exact() -> None:
    split = split_fee(eth("0.00149302"), 1_500)
    assert split.owner == Money(1_269_067_000_000_000, ETH) == eth("0.001269067")
    assert split.fee == Money(223_953_000_000_000, ETH) == eth("0.000223953")


@pytest.mark.parametrize(
    ("received", "bps", "owner", "fee"),
    [
        (1_000, 0, 1_000, 0),
        (1_000, 10_000, 0, 1_000),
        (0, 1_500, 0, 0),
        (0, 10_000, 0, 0),
        (1, 0, 1, 0),
        (1, 1, 0, 1),
        (1, 1_500, 0, 1),
        (1, 10_000, 0, 1),
        (9_999, 1, 9_998, 1),
        (10_000, 1, 9_999, 1),
        (10_001, 1, 9_999, 2),
        (7, 5_000, 3, 4),
    ],
)
def test_the_fee_rounds_up_to_a_whole_base_unit(
    received: int, bps: int, owner: int, fee: int
) -> None:
    split = split_fee(Money(received, ETH), bps)
    assert (split.owner, split.fee) == (Money(owner, ETH), Money(fee, ETH))


@pytest.mark.parametrize("bps", [-1, 10_001])
def test_a_rate_outside_of_nothing_and_everything_is_refused(bps: int) -> None:
    with pytest.raises(ValueError, match="basis points"):
        split_fee(Money(1, ETH), bps)


def test_a_negative_amount_cannot_be_received() -> None:
    with pytest.raises(ValueError, match="negative"):
        split_fee(Money(-1, ETH), 1_500)


# ---- assets --------------------------------------------------------------------------------------


def test_amounts_of_two_assets_are_not_combined() -> None:
    ether, dollars = Money(1, ETH), Money(1, USDT)
    for combine in (
        lambda: ether + dollars,
        lambda: ether - dollars,
        lambda: ether < dollars,
        lambda: ether <= dollars,
        lambda: total([ether, dollars], ETH),
    ):
        with pytest.raises(AssetMismatchError, match="eth:eth and usdt:eth"):
            combine()
    assert ether != dollars


def test_the_total_of_nothing_is_nothing_of_that_asset() -> None:
    assert total([], USDT) == zero(USDT) == Money(0, USDT)
