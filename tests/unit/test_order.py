"""How an order ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.domain.watch import Watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)
OPEN = Order(
    id=UUID(int=1),
    kind=OrderKind.SUBSCRIPTION,
    channel_id=UUID(int=2),
    tier_id=UUID(int=3),
    telegram_user_id=4,
    price_cents=499,
    days=30,
    state=OrderState.OPEN,
    created_at=NOW,
    watch=Watch(NOW, NOW + timedelta(days=7)),
)


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.EXPIRED, OrderState.CLOSED])
def test_an_ended_order_keeps_its_terms_and_is_not_watched(state: OrderState) -> None:
    assert OPEN.ended(state) == replace(OPEN, state=state, watch=None)


@pytest.mark.parametrize("state", [OrderState.EXPIRED, OrderState.CLOSED])
def test_a_late_payment_is_honoured_on_the_frozen_terms(state: OrderState) -> None:
    paid = OPEN.ended(state).ended(OrderState.PAID)
    assert paid == OPEN.ended(OrderState.PAID)
    assert (paid.price_cents, paid.days) == (499, 30)


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.EXPIRED, OrderState.CLOSED])
def test_ending_twice_alike_changes_nothing(state: OrderState) -> None:
    ended = OPEN.ended(state)
    assert ended.ended(state) is ended


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (OrderState.PAID, OrderState.EXPIRED),
        (OrderState.PAID, OrderState.CLOSED),
        (OrderState.PAID, OrderState.OPEN),
        (OrderState.EXPIRED, OrderState.CLOSED),
        (OrderState.CLOSED, OrderState.EXPIRED),
        (OrderState.CLOSED, OrderState.OPEN),
    ],
)
def test_what_was_paid_is_not_unpaid_and_what_ended_is_not_reopened(
    before: OrderState, after: OrderState
) -> None:
    with pytest.raises(TransitionRefusedError, match=f"from {before} to {after}"):
        OPEN.ended(before).ended(after)
