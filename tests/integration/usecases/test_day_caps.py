"""What may leave within 24 hours: for one channel's owner, and for all together."""

import pytest

from shared_lib.domain.money import USDT
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.operator import Operator
from shared_lib.usecases.release_payout import release_payout
from tests.integration.usecases.support import (
    ANN,
    buy,
    column,
    handle,
    reviews,
    state_of,
    stop_before,
)
from tests.integration.usecases.swap_support import BITCOIN, calls, pass_hours, pass_minutes
from tests.invariants import assert_sound
from tests.world import Shop, World

SHARE, PART = 2_125 * 10**12, 8_407_500
# What a share of 0.002125 ETH is worth at 4,000 USD.
CENTS = 850
CAPPED = {("payout", "day_cap_reached")}


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def buy_and_pay(world: World, shop: Shop, buyer: int) -> None:
    buy(world, shop, buyer)
    pass_minutes(world, 10)


def test_what_is_over_a_channels_cap_goes_out_a_day_later(world: World, shop: Shop) -> None:
    world.set_policy(channel_day_cap_cents=2 * CENTS)
    for buyer in range(3):
        buy_and_pay(world, shop, ANN + buyer)
    assert state_of(world, "payouts") == ["settled", "settled", "waiting"]
    assert column(world, "SELECT waiting_for FROM payouts WHERE state = 'waiting'") == ["day_cap"]
    assert sorted(state_of(world, "shares")) == ["paid", "paid", "pending"]
    assert reviews(world) == CAPPED
    pass_hours(world, 22)
    assert reviews(world) == CAPPED
    pass_hours(world, 4)
    world.run()
    assert world.fake_chain.held(shop.destination) == 3 * SHARE
    assert reviews(world) == set()


def test_the_cap_is_met_to_the_cent(world: World, shop: Shop) -> None:
    world.set_policy(channel_day_cap_cents=CENTS - 1)
    buy_and_pay(world, shop, ANN)
    assert state_of(world, "payouts") == ["waiting"]
    world.set_policy(channel_day_cap_cents=CENTS)
    pass_hours(world, 2)
    world.run()
    assert state_of(world, "payouts") == ["settled"]


def test_all_channels_together_have_a_cap_too(world: World, shop: Shop) -> None:
    other = world.open_shop(2)
    world.set_policy(platform_day_cap_cents=CENTS)
    buy_and_pay(world, shop, ANN)
    buy_and_pay(world, other, ANN + 1)
    assert world.fake_chain.held(shop.destination) == SHARE
    assert world.fake_chain.held(other.destination) == 0
    assert reviews(world) == CAPPED
    pass_hours(world, 26)
    world.run()
    assert world.fake_chain.held(other.destination) == SHARE


def test_a_payout_takes_as_many_shares_as_there_is_room_for(world: World, shop: Shop) -> None:
    world.set_policy(channel_day_cap_cents=2 * CENTS, payout_cost_most_bps=0)
    for buyer in range(3):
        buy_and_pay(world, shop, ANN + buyer)
    world.set_policy(payout_cost_most_bps=1_000)
    pass_hours(world, 2)
    assert world.fake_chain.held(shop.destination) == 2 * SHARE
    assert sorted(state_of(world, "shares")) == ["paid", "paid", "pending"]
    pass_hours(world, 26)
    world.run()
    assert world.fake_chain.held(shop.destination) == 3 * SHARE


@pytest.mark.parametrize("swapped", [False, True])
def test_a_cap_that_is_reached_meanwhile_stops_what_is_not_signed(
    world: World, shop: Shop, swapped: bool
) -> None:
    """The check is made again under the wallet's lock."""
    mine = world.open_shop(2, target=BITCOIN) if swapped else shop
    buy(world, mine)
    event = stop_before(world, "transfer.requested")
    world.set_policy(channel_day_cap_cents=CENTS - 1)
    handle(world, event)
    assert state_of(world, "payouts") == ["waiting"]
    assert column(world, "SELECT waiting_for FROM payouts") == ["day_cap"]
    assert not world.signer.signed
    asked = calls(world)
    pass_hours(world, 5)
    assert calls(world) <= asked + 2 * 6, "no quote is asked for while there is no room"
    world.set_policy(channel_day_cap_cents=CENTS)
    pass_hours(world, 2)
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert reviews(world) == set()
    assert_sound(world)


def test_two_channels_that_fit_alone_do_not_pass_a_common_cap_at_once(
    world: World, shop: Shop
) -> None:
    other = world.open_shop(2)
    world.set_policy(platform_day_cap_cents=2 * CENTS - 1)
    buy(world, shop)
    first = stop_before(world, "transfer.authorized")
    buy(world, other, ANN + 1)
    second = stop_before(world, "transfer.authorized")
    handle(world, first)
    handle(world, second)
    assert len(world.signer.signed) == 1
    pass_minutes(world, 10)
    assert sorted(state_of(world, "payouts")) == ["settled", "waiting"]
    pass_hours(world, 26)
    world.run()
    assert sorted(state_of(world, "payouts")) == ["settled", "settled"]
    assert_sound(world)


def test_a_conversion_pays_nobody_and_has_no_cap(world: World) -> None:
    world.top_up()
    world.set_policy(channel_day_cap_cents=0, platform_day_cap_cents=0)
    shop = world.open_shop(
        target=PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None),
        threshold_cents=2_000,
    )
    for buyer in range(3):
        buy_and_pay(world, shop, ANN + buyer)
    assert state_of(world, "shares") == ["held"] * 3
    assert reviews(world) == CAPPED
    world.set_policy(channel_day_cap_cents=3 * CENTS, platform_day_cap_cents=3 * CENTS)
    pass_hours(world, 2)
    world.run()
    assert state_of(world, "shares") == ["paid"] * 3


def test_what_came_back_does_not_count(world: World, shop: Shop) -> None:
    world.set_policy(channel_day_cap_cents=CENTS)
    buy(world, shop)
    event = stop_before(world, "transfer.check_due")
    world.fake_chain.reverting.add(shop.destination)
    world.fake_chain.mine(world.policy.confirmations)
    handle(world, event)
    world.fake_chain.reverting.clear()
    [payout] = column(world, "SELECT id FROM payouts WHERE state = 'review'")
    release_payout(world, payout, Operator("operator:ann", "a test"))
    world.publish()
    world.run()
    assert sorted(state_of(world, "payouts")) == ["returned", "settled"]
    assert reviews(world) == set()
