"""What a part of a price is worth, and what can become of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain.credit import Credit, CreditState, days_worth, value_of
from shared_lib.domain.money import ETH, Money
from shared_lib.domain.states import TransitionRefusedError

NOW = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
CREDIT = Credit(
    id=UUID(int=1),
    payment_id=UUID(int=2),
    order_id=UUID(int=3),
    amount=Money(10**15, ETH),
    value_cents=600,
    state=CreditState.OPEN,
    until=NOW,
    created_at=NOW - timedelta(days=7),
)
DAYS, PRICES = st.integers(1, 999), st.integers(100, 999_999)


@given(DAYS, PRICES, st.fractions(min_value=0, max_value=20))
def test_days_are_whole_and_never_more_than_was_paid_for(
    days: int, price: int, times: Fraction
) -> None:
    """And never more than ten times the price buys."""
    worth = days_worth(days, price, price * times)
    assert 0 <= worth <= 10 * days
    assert worth <= days * times
    if times <= 10:
        assert days * times - worth < 1


@given(DAYS, PRICES, st.data())
def test_parts_of_a_price_never_buy_more_days_than_the_whole(
    days: int, price: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, price))
    parts = days_worth(days, price, part) + days_worth(days, price, price - part)
    assert days - 1 <= parts <= days
    assert days_worth(days, price, price) == days


@pytest.mark.parametrize(
    ("state", "after", "is_over"),
    [
        (CreditState.OPEN, timedelta(0), True),
        (CreditState.OPEN, timedelta(seconds=-1), False),
        (CreditState.TO_REFUND, timedelta(days=9), False),
        (CreditState.TAKEN, timedelta(days=9), False),
    ],
)
def test_only_what_nobody_decided_about_turns_into_days(
    state: CreditState, after: timedelta, is_over: bool
) -> None:
    assert replace(CREDIT, state=state).is_over(NOW + after) is is_over


def test_only_what_bought_nothing_counts_towards_the_price() -> None:
    parts = [replace(CREDIT, state=state) for state in CreditState]
    assert value_of(parts) == 2 * CREDIT.value_cents


@pytest.mark.parametrize("end", [CreditState.USED, CreditState.REFUNDED, CreditState.WITHDRAWN])
def test_what_is_spent_is_spent(end: CreditState) -> None:
    for state in CreditState:
        with pytest.raises(TransitionRefusedError):
            replace(CREDIT, state=end).moved(state)
