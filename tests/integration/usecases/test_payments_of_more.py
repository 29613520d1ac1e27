"""Payments of more than the price, once or in a second deposit: nothing of it is lost."""

from typing import Any

import pytest

from tests.integration.usecases.support import (
    ANN,
    BEN,
    column,
    lengths,
    report,
    reviews,
    said,
    value,
)
from tests.invariants import assert_sound
from tests.world import Shop, World

PARENT = 5_500_000_099


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def finish(world: World, shop: Shop, user_id: int = ANN, **fields: Any) -> None:
    """A purchase with these words of the provider, to its end."""
    world.finish(world.order(user_id, shop), **fields)
    world.run()


@pytest.mark.parametrize(
    ("asked", "paid", "days"),
    [
        ("0.01", "0.015", 45),
        ("0.01", "0.010333", 30),
        ("0.03", "0.031", 31),
        (10, 20, 60),
        ("1e-3", "0.0025", 75),
        ("1", "10", 300),
        ("1", "1000000", 300),  # no such number is anybody's money
        ("0.01", "0.009", 30),  # the provider calls it finished
        ("0.01", 0, 30),
        ("0.01", None, 30),
        (None, "5", 30),
        ("much", "more", 30),
        ("0", "1", 30),
    ],
)
def test_more_than_asked_buys_days_at_the_prices_own_rate(
    world: World, shop: Shop, asked: Any, paid: Any, days: int
) -> None:
    """The first tier has 30 days."""
    finish(world, shop, pay_amount=asked, actually_paid=paid)
    assert lengths(world) == [days]
    assert column(world, "SELECT extra_days FROM payments") == [days - 30]
    told = [text for text in said(world, ANN) if "You paid more than the price" in text]
    assert len(told) == (days > 30)
    assert all(f": {days - 30} day" in text for text in told)
    assert reviews(world) == set()


def test_days_are_given_once_however_often_it_is_said(world: World, shop: Shop) -> None:
    payment = world.finish(world.order(ANN, shop), pay_amount="1", actually_paid="2")
    for _ in range(3):
        world.call_back(payment)
        world.run()
    assert lengths(world) == [60]
    assert len([text for text in said(world, ANN) if "paid more" in text]) == 1


def test_who_has_access_for_life_gets_no_days_for_more(world: World, shop: Shop) -> None:
    world.rows("UPDATE tiers SET days = NULL")
    finish(world, shop, pay_amount="1", actually_paid="3")
    assert column(world, "SELECT access_ends_at FROM memberships") == [None]
    assert column(world, "SELECT extra_days FROM payments") == [0]
    assert not [text for text in said(world, ANN) if "paid more" in text]


def test_a_second_deposit_of_the_price_buys_another_period(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    world.finish(invoice, pay_amount="1", actually_paid="1")
    world.run()
    world.finish(invoice, parent_payment_id=PARENT, pay_amount="1", actually_paid="1")
    world.run()
    assert lengths(world) == [30, 30]
    assert value(world, "SELECT count(*) FROM memberships") == 1
    assert column(world, "SELECT state FROM shares") == ["paid", "paid"]
    assert reviews(world) == set()
    assert_sound(world)


def test_a_second_deposit_of_more_buys_more(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    world.finish(invoice)
    world.finish(invoice, parent_payment_id=PARENT, pay_amount="1", actually_paid="1.5")
    world.run()
    assert lengths(world) == [30, 45]


@pytest.mark.parametrize(
    "fields",
    [
        {"pay_amount": "1", "actually_paid": "0"},
        {"pay_amount": "1"},
        {},
    ],
)
def test_a_second_deposit_of_unknown_size_waits_for_a_person(
    world: World, shop: Shop, fields: dict[str, Any]
) -> None:
    invoice = world.order(BEN, shop)
    world.finish(invoice)
    world.run()
    report(world, invoice, "finished", outcome_amount="0.0001", parent_payment_id=PARENT, **fields)
    world.run()
    assert lengths(world) == [30]
    assert reviews(world) == {("payment", "repeated_deposit")}
