"""Payments of which no callback ever reached us."""

import pytest

from shared_lib.ports import RetryableError
from tests.integration.usecases.support import ANN, column, reviews, state_of
from tests.invariants import assert_sound
from tests.world import Shop, World

MINUTES = 30


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def pay_in_silence(world: World, invoice: str, status: str = "finished") -> str:
    """The provider has the money, and tells nobody."""
    tx_hash = world.deposit("0.0025")
    return world.fake_provider.pay(invoice, status, outcome_amount="0.0025", payout_hash=tx_hash)


def pass_minutes(world: World, minutes: int) -> None:
    for _ in range(minutes):
        world.drain()
        world.tick()


def lists(world: World) -> int:
    """How often the provider was asked for a list."""
    return len([name for name, _ in world.fake_provider.calls if name == "payments_of"])


def test_a_payment_that_nobody_told_us_of_is_found_and_paid_out(world: World, shop: Shop) -> None:
    pay_in_silence(world, world.order(ANN, shop))
    pass_minutes(world, MINUTES)
    world.run()
    assert state_of(world, "orders") == ["paid"]
    assert state_of(world, "shares") == ["paid"]
    assert len(world.invite_urls(ANN)) == 1
    assert column(world, "SELECT source FROM payment_events") == ["poll"]
    assert reviews(world) == set()
    assert_sound(world)


def test_one_that_was_only_begun_is_followed_from_then_on(world: World, shop: Shop) -> None:
    payment = pay_in_silence(world, world.order(ANN, shop), "confirming")
    pass_minutes(world, MINUTES)
    assert column(world, "SELECT status FROM payments") == ["confirming"]
    asked = lists(world)
    world.fake_provider.set_status(payment, "finished")
    world.run()
    assert state_of(world, "orders") == ["paid"]
    assert lists(world) == asked  # a payment that is known is asked about by itself
    assert_sound(world)


def test_an_order_that_nobody_pays_is_asked_about_less_and_less(world: World, shop: Shop) -> None:
    world.order(ANN, shop)
    pass_minutes(world, 60)
    assert lists(world) == 4  # after 5, 10, 20 and 40 minutes, with the tick
    assert state_of(world, "orders") == ["open"]


def test_an_order_that_expires_is_asked_about_once_more(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    world.clock.pass_time(world.policy.order_lifetime.total_seconds() - 60)
    world.drain()
    pay_in_silence(world, invoice)
    pass_minutes(world, MINUTES)
    world.run()
    assert state_of(world, "orders") == ["paid"]
    assert len(world.invite_urls(ANN)) == 1


def test_a_provider_that_cannot_be_asked_is_asked_again(world: World, shop: Shop) -> None:
    pay_in_silence(world, world.order(ANN, shop))
    for method in ("payments_of", "payment"):
        world.fake_provider.fail_next(method, RetryableError("down"))
    pass_minutes(world, MINUTES)
    world.run()
    assert state_of(world, "orders") == ["paid"]
    assert reviews(world) == set()


def test_a_day_without_an_answer_is_shown_to_a_person(world: World, shop: Shop) -> None:
    world.order(ANN, shop)
    for _ in range(300):
        world.fake_provider.fail_next("payments_of", RetryableError("down"))
    for _ in range(40):
        world.clock.pass_time(3_600)
        pass_minutes(world, 1)
    assert reviews(world) == {("order", "failing_for_a_day")}


def test_what_is_about_another_order_is_not_taken(world: World, shop: Shop) -> None:
    payment = pay_in_silence(world, world.order(ANN, shop))
    world.fake_provider.set_status(payment, "finished", order_id="somebody's")
    pass_minutes(world, MINUTES)
    assert column(world, "SELECT id FROM payments") == []
    assert state_of(world, "orders") == ["open"]
