"""What money is worth, along two ways: no error of units gets past both."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

import pytest

from shared_lib.domain.money import ETH, USDT, Money, parse_amount, split_fee, zero
from shared_lib.domain.notional import (
    PAID_TIMES_MOST,
    is_too_much,
    list_value,
    notional_cap_cents,
    notional_cents,
    paid_part,
)
from shared_lib.domain.payment import Receipt
from shared_lib.domain.policy import Policy
from shared_lib.domain.share import Share, ShareKind, ShareState, Worth
from shared_lib.usecases import check_payment

NOW = datetime(2027, 3, 1, tzinfo=UTC)
TOLERANCE_BPS = Policy().notional_tolerance_bps
FEE_BPS = Policy().fee_bps

# ---- what was paid of what was asked -------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "paid", "times"),
    [
        ("0.001", "0.001", Fraction(1)),
        ("0.001", "0.0015", Fraction(3, 2)),
        ("3", "10", Fraction(10, 3)),
        ("1e-3", "2.5E-3", Fraction(5, 2)),
        ("0.1", "0.30000000000000004", Fraction("3.0000000000000004")),
        ("1", "100", Fraction(100)),
    ],
)
def test_an_overpaid_price_counts_as_often_as_it_was_paid(
    asked: str, paid: str, times: Fraction
) -> None:
    assert paid_part(asked, paid) == times


@pytest.mark.parametrize(("asked", "paid"), [("0.002", "0.001"), ("1", "0"), ("1", "1e-60")])
def test_a_price_that_the_provider_calls_finished_was_paid_once_at_least(
    asked: str, paid: str
) -> None:
    """`actually_paid` can be 0 on a genuine *finished*."""
    assert paid_part(asked, paid) == 1


@pytest.mark.parametrize(
    ("asked", "paid"),
    [
        (None, None),
        (None, "1"),
        ("1", None),
        ("", "1"),
        ("1", ""),
        ("0", "1"),
        ("0", "0"),
        ("-1", "5"),
        ("-1", "-5"),
        ("1", "-5"),
        ("one", "1"),
        ("1", "0x10"),
        ("NaN", "1"),
        ("1", "NaN"),
        ("1", "sNaN"),
        ("1", "Infinity"),
        ("Infinity", "1"),
        ("1", "-inf"),
    ],
)
def test_of_nonsense_nothing_more_than_the_price_is_known(
    asked: str | None, paid: str | None
) -> None:
    assert paid_part(asked, paid) == 1


@pytest.mark.parametrize("paid", ["0.12475001", "1247500000000000", "9e99"])
def test_a_payment_in_wrong_units_does_not_lift_the_limit(paid: str) -> None:
    """What is told in wei as if it were ether would let any amount pass, and fit no column."""
    assert paid_part("0.0012475", paid) == PAID_TIMES_MOST == 100


@pytest.mark.parametrize(
    ("price_cents", "paid", "cents"),
    [
        (499, Fraction(1), 499),
        (499, Fraction(3, 2), 749),
        (499, Fraction(2), 998),
        (499, Fraction(10_001, 10_000), 500),
        (1, Fraction(10, 3), 4),
        (0, Fraction(7), 0),
        (999_999, Fraction(100), 99_999_900),
    ],
)
def test_what_was_asked_for_is_rounded_up_to_a_cent(
    price_cents: int, paid: Fraction, cents: int
) -> None:
    assert list_value(price_cents, paid) == cents


# ---- too much ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cents", "list_cents", "tolerance_bps", "expected"),
    [
        (0, 499, 500, False),
        (499, 499, 500, False),
        (523, 499, 500, False),
        (524, 499, 500, True),
        (105, 100, 500, False),
        (106, 100, 500, True),
        (100, 100, 0, False),
        (101, 100, 0, True),
        (0, 0, 500, False),
        (1, 0, 500, True),
    ],
)
def test_a_value_may_exceed_the_price_by_the_tolerance(
    cents: int, list_cents: int, tolerance_bps: int, expected: bool
) -> None:
    """Less is no matter: a coin may have fallen. For no price nothing may come."""
    assert is_too_much(cents, list_cents, tolerance_bps) is expected
    worth = Worth(list_cents, market_cents=0)
    assert (cents > notional_cap_cents(worth, tolerance_bps)) is expected


@pytest.mark.parametrize(
    ("amount", "of", "market_cents", "cents"),
    [
        (1_000, 1_000, 424, 424),
        (500, 1_000, 425, 212),
        (999, 1_000, 424, 423),
        (2_000, 1_000, 424, 848),
        (1, 1_000, 424, 0),
        (0, 1_000, 424, 0),
        (1_000, 1_000, 0, 0),
        (10**60, 1, 424, 424 * 10**60),
    ],
)
def test_an_amount_is_worth_what_the_shares_of_its_coin_were(
    amount: int, of: int, market_cents: int, cents: int
) -> None:
    worth = Worth(list_cents=1, market_cents=market_cents)
    assert notional_cents(Money(amount, ETH), worth, Money(of, ETH)) == cents


def test_no_shares_are_worth_nothing() -> None:
    assert notional_cents(Money(1, ETH), Worth(499, 499), zero(ETH)) == 0


# ---- planted errors of units ---------------------------------------------------------------------

PRICE_CENTS = 499
CENTS_OF_A_COIN = {ETH: 400_000, USDT: 100}


def market_cents(amount: Money) -> int:
    """What a provider says that an amount is worth: ETH at 4,000 dollars, USDT at one."""
    return amount.base_units * CENTS_OF_A_COIN[amount.asset] // int(10**amount.asset.decimals)


def share_of(amount: Money) -> Share:
    state = ShareState.EXPECTED
    return Share(UUID(int=1), UUID(int=2), ShareKind.PAYMENT, None, amount, state, NOW, None)


def worth_of(share: Money, received: Money) -> Worth:
    """What the use case keeps as the worth of a share of this amount."""
    receipt = Receipt(received, split_fee(received, FEE_BPS).fee, NOW)
    whole = Worth(list_value(PRICE_CENTS, Fraction(1)), market_cents(received))
    return check_payment._worth_of_share(receipt, share_of(share), whole)


def is_refused_at_deposit(received: Money) -> bool:
    return is_too_much(market_cents(received), PRICE_CENTS, TOLERANCE_BPS)


def is_refused_at_payout(sent: Money, owed: Money, worth: Worth) -> bool:
    return notional_cents(sent, worth, owed) > notional_cap_cents(worth, TOLERANCE_BPS)


ETHER_RECEIVED = parse_amount("0.0012475", ETH)
DOLLARS_RECEIVED = parse_amount("4.99", USDT)
# A price in dollars, and a number of coins of 0.000012 dollars each, read as if it were the amount.
UNIT_ERRORS = [
    pytest.param(ETHER_RECEIVED, parse_amount("4.99", ETH), id="dollars as ether"),
    pytest.param(DOLLARS_RECEIVED, parse_amount("415833.33", USDT), id="a token's number as USDT"),
]


@pytest.mark.parametrize("received", [ETHER_RECEIVED, DOLLARS_RECEIVED], ids=["ETH", "USDT"])
def test_a_sound_payment_is_not_refused(received: Money) -> None:
    owner = split_fee(received, FEE_BPS).owner
    worth = worth_of(owner, received)
    assert worth == Worth(list_cents=425, market_cents=424)
    assert not is_refused_at_deposit(received)
    assert not is_refused_at_payout(owner, owner, worth)


@pytest.mark.parametrize(("received", "wrong"), UNIT_ERRORS)
def test_an_amount_in_wrong_units_is_refused_when_its_deposit_is_seen(
    received: Money, wrong: Money
) -> None:
    assert not is_refused_at_deposit(received)
    assert is_refused_at_deposit(wrong)


@pytest.mark.parametrize(("received", "wrong"), UNIT_ERRORS)
def test_a_share_in_wrong_units_is_refused_when_it_is_paid_out(
    received: Money, wrong: Money
) -> None:
    """The payment was right and the share is not: sent and owed agree with each other."""
    assert is_refused_at_payout(wrong, wrong, worth_of(wrong, received))


@pytest.mark.parametrize(("received", "wrong"), UNIT_ERRORS)
def test_a_transfer_in_wrong_units_is_refused_before_it_is_signed(
    received: Money, wrong: Money
) -> None:
    owner = split_fee(received, FEE_BPS).owner
    assert is_refused_at_payout(wrong, owner, worth_of(owner, received))


def test_usdt_that_is_paid_as_native_ether_is_refused() -> None:
    """As many ether as there are dollars: at its deposit, and as a transfer for its shares."""
    assert is_refused_at_deposit(parse_amount("4.99", ETH))
    owner = split_fee(DOLLARS_RECEIVED, FEE_BPS).owner
    worth = worth_of(owner, DOLLARS_RECEIVED)
    as_ether = parse_amount("4.2415", ETH)
    assert owner == parse_amount("4.2415", USDT)
    assert is_refused_at_payout(as_ether, owner, worth)


@pytest.mark.parametrize("received", [ETHER_RECEIVED, DOLLARS_RECEIVED], ids=["ETH", "USDT"])
def test_a_share_with_our_fee_still_in_it_is_refused(received: Money) -> None:
    """Gross instead of net: as a share, and as a transfer for a share that is right."""
    owner = split_fee(received, FEE_BPS).owner
    assert is_refused_at_payout(received, received, worth_of(received, received))
    assert is_refused_at_payout(received, owner, worth_of(owner, received))


def test_gross_is_told_from_net_while_a_coin_has_not_fallen_by_a_tenth() -> None:
    """Below nine tenths of the price gross is worth no more than net may be: the limit is known."""
    whole = Worth(list_cents=10_000, market_cents=0)
    cap = notional_cap_cents(whole.part(8_500, 10_000), TOLERANCE_BPS)
    assert cap == 8_925
    fallen = replace(whole, market_cents=9_000)
    assert notional_cents(Money(10_000, ETH), fallen, Money(10_000, ETH)) > cap
