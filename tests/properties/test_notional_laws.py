"""Laws of what shares are worth: no division makes a sound one suspect, or a wrong one sound."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain.currency import swappable_part
from shared_lib.domain.money import BASIS_POINTS, ETH, Money, split_fee
from shared_lib.domain.notional import (
    PAID_TIMES_MOST,
    is_too_much,
    list_value,
    notional_cap_cents,
    notional_cents,
    paid_part,
)
from shared_lib.domain.offer import PRICE_CENTS_MOST
from shared_lib.domain.policy import Policy
from shared_lib.domain.share import Worth, total_worth
from tests.properties.examples import LAW

PRICE_CENTS_LEAST = Policy().price_cents_least
tolerances = st.integers(0, 2_000)
wei = st.integers(1, 10**24)
prices = st.integers(PRICE_CENTS_LEAST, PRICE_CENTS_MOST)


@st.composite
def sound_shares(draw: st.DrawFn, tolerance_bps: int) -> tuple[int, Worth]:
    """An amount whose market value is within the tolerance of what was asked for."""
    list_cents = draw(st.integers(0, PRICE_CENTS_MOST))
    cap = list_cents * (BASIS_POINTS + tolerance_bps) // BASIS_POINTS
    return draw(wei), Worth(list_cents, draw(st.integers(0, cap)))


def is_suspect(amount: int, shares: list[tuple[int, Worth]], tolerance_bps: int) -> bool:
    worth = total_worth(worth for _, worth in shares)
    owed = Money(sum(units for units, _ in shares), ETH)
    cents = notional_cents(Money(amount, ETH), worth, owed)
    return cents > notional_cap_cents(worth, tolerance_bps)


def parts_of(data: st.DataObject, share: tuple[int, Worth]) -> list[tuple[int, Worth]]:
    """A share in two, as dust is left of it or a refund comes back; or whole."""
    units, worth = share
    cut = data.draw(st.integers(0, units))
    parts = [one for one in (cut, units - cut) if one]
    return [(one, worth.part(one, units)) for one in parts]


@LAW
@given(st.data(), tolerances)
def test_sound_shares_are_paid_out_together_and_after_any_division(
    data: st.DataObject, tolerance_bps: int
) -> None:
    """Dust of dust, refunds of refunds, in any company: none is ever taken for an error."""
    shares = data.draw(st.lists(sound_shares(tolerance_bps), min_size=1, max_size=5))
    for _ in range(3):
        owed = sum(units for units, _ in shares)
        assert not is_suspect(owed, shares, tolerance_bps)
        assert not is_suspect(swappable_part(Money(owed, ETH)).base_units, shares, tolerance_bps)
        parts = [part for share in shares for part in parts_of(data, share)]
        shares = data.draw(st.lists(st.sampled_from(parts), unique=True, min_size=1))


@LAW
@given(st.integers(0, 10**7), st.integers(0, 10**7), wei, st.data())
def test_parts_are_asked_for_no_less_and_worth_no_more_than_the_whole(
    list_cents: int, market_cents: int, units: int, data: st.DataObject
) -> None:
    """And by no more than a cent each."""
    whole = Worth(list_cents, market_cents)
    cut = data.draw(st.integers(0, units))
    both = total_worth([whole.part(cut, units), whole.part(units - cut, units)])
    assert list_cents <= both.list_cents <= list_cents + 1
    assert market_cents - 1 <= both.market_cents <= market_cents
    assert whole.part(units, units) == whole


@LAW
@given(prices, st.integers(9_000, 10_400), st.integers(10**12, 10**21))
def test_gross_is_never_paid_out_as_net(price: int, market_bps: int, received: int) -> None:
    """With our usual fee and tolerance, while a coin is worth nine tenths of what was asked for."""
    policy = Policy()
    market = -(-price * market_bps // BASIS_POINTS)
    net = split_fee(Money(received, ETH), policy.fee_bps).owner.base_units
    whole = Worth(price, market)
    asked = whole.part(net, received).list_cents
    as_share = [(received, Worth(asked, market))]
    assert is_suspect(received, as_share, policy.notional_tolerance_bps)
    as_transfer = [(net, Worth(asked, whole.part(net, received).market_cents))]
    assert is_suspect(received, as_transfer, policy.notional_tolerance_bps)
    assert not is_suspect(net, as_transfer, policy.notional_tolerance_bps)


@LAW
@given(st.data(), tolerances, st.integers(1, 30))
def test_a_point_in_the_wrong_place_is_found(
    data: st.DataObject, tolerance_bps: int, places: int
) -> None:
    """Of shares that were worth at least a third of their price."""
    list_cents = data.draw(prices)
    cap = list_cents * (BASIS_POINTS + tolerance_bps) // BASIS_POINTS
    share = (data.draw(wei), Worth(list_cents, data.draw(st.integers(list_cents // 3, cap))))
    assert not is_suspect(share[0], [share], tolerance_bps)
    assert is_suspect(share[0] * 10**places, [share], tolerance_bps)


@LAW
@given(st.integers(0, 10**9), st.integers(0, 10**9), tolerances)
def test_the_same_limit_holds_for_a_deposit_and_for_a_transfer(
    cents: int, list_cents: int, tolerance_bps: int
) -> None:
    cap = notional_cap_cents(Worth(list_cents, 0), tolerance_bps)
    assert is_too_much(cents, list_cents, tolerance_bps) is (cents > cap)
    assert not is_too_much(list_cents, list_cents, tolerance_bps)


amount_texts = st.builds(
    lambda whole, rest, exponent: f"{whole}.{rest}e{exponent}",
    st.integers(0, 10**20),
    st.integers(0, 10**20),
    st.integers(-40, 40),
)


@LAW
@given(
    amount_texts | st.none() | st.text(max_size=8), amount_texts | st.none() | st.text(max_size=8)
)
def test_whatever_a_provider_says_was_paid_the_limit_stays_within_bounds(
    asked: str | None, paid: str | None
) -> None:
    assert 1 <= paid_part(asked, paid) <= PAID_TIMES_MOST


@LAW
@given(amount_texts, amount_texts)
def test_within_bounds_what_was_paid_counts_exactly(asked: str, paid: str) -> None:
    if Fraction(asked) <= 0:
        assert paid_part(asked, paid) == 1
    else:
        exact = Fraction(paid) / Fraction(asked)
        assert paid_part(asked, paid) == min(max(exact, Fraction(1)), Fraction(PAID_TIMES_MOST))


@LAW
@given(st.integers(0, PRICE_CENTS_MOST), st.fractions(1, PAID_TIMES_MOST))
def test_a_paid_price_is_rounded_up_by_less_than_a_cent(price: int, paid: Fraction) -> None:
    assert 0 <= list_value(price, paid) - price * paid < 1
