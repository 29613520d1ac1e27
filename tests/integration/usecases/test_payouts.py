"""What a channel has pending goes out together, once, when it is worth what it costs."""

from shared_lib.domain.money import ETH, USDT
from tests.integration.usecases.support import (
    ANN,
    BEN,
    buy,
    change,
    column,
    handle,
    reviews,
    state_of,
    stop_before,
    tick,
    twice_at_once,
    value,
)
from tests.world import Shop, World

# At the world's fees one transfer costs 0.00007875 ETH; a tenth of a payout may be cost.
TOO_LITTLE = "0.0005"


def test_small_shares_wait_and_then_go_together(world: World, shop: Shop) -> None:
    buy(world, shop, ANN, TOO_LITTLE)
    for _ in range(10):
        world.tick()
        world.drain()
    assert state_of(world, "shares") == ["pending"]
    assert column(world, "SELECT waiting_for FROM payouts") == ["cost_too_high"]
    assert world.signer.signed == []
    buy(world, shop, BEN, TOO_LITTLE)
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert state_of(world, "shares") == ["paid", "paid"]
    assert world.fake_chain.balance(shop.destination).base_units == 850 * 10**12


def test_a_small_share_goes_when_gas_gets_cheap(world: World, shop: Shop) -> None:
    buy(world, shop, ANN, TOO_LITTLE)
    for _ in range(5):
        world.tick()
        world.drain()
    world.fake_chain.base_fee, world.fake_chain.tip = 10**8, 10**8
    world.run()
    assert state_of(world, "payouts") == ["settled"]


def test_two_deliveries_at_once_form_one_payout(world: World, shop: Shop) -> None:
    buy(world, shop)
    twice_at_once(world, stop_before(world, "payout.requested"), times=3)
    assert state_of(world, "payouts") == ["sending"]
    assert state_of(world, "transfers") == ["requested"]
    assert value(world, "SELECT count(*) FROM payout_shares") == 1
    world.run()
    assert list(world.fake_chain.sent.values()) == [1]


def test_a_share_that_comes_before_the_bytes_waits_for_the_next_payout(
    world: World, shop: Shop
) -> None:
    """A batch pays exactly the shares that it locked."""
    buy(world, shop, ANN)
    event = stop_before(world, "transfer.authorized")
    buy(world, shop, BEN)
    world.fake_chain.mine(3)
    for _ in range(2):
        tick(world)
    assert sorted(state_of(world, "shares")) == ["locked", "pending"]
    assert len(state_of(world, "payouts")) == 1
    handle(world, event)
    world.run()
    assert state_of(world, "payouts") == ["settled", "settled"]
    amounts = column(world, "SELECT amount FROM payouts")
    assert amounts == [2_125 * 10**12] * 2
    assert sorted(world.fake_chain.sent.values()) == [1, 1]


def test_a_share_that_comes_after_the_bytes_gets_a_payout_of_its_own_at_once(
    world: World, shop: Shop
) -> None:
    buy(world, shop, ANN)
    handle(world, stop_before(world, "transfer.authorized"))
    buy(world, shop, BEN)
    handle(world, stop_before(world, "payout.requested"))
    assert "pending" not in state_of(world, "shares")
    assert len(state_of(world, "payouts")) == 2
    world.run()
    assert world.fake_chain.balance(shop.destination).base_units == 2 * 2_125 * 10**12


def test_pending_shares_follow_a_new_strategy(world: World, shop: Shop) -> None:
    change(world, "UPDATE channels SET strategy = 'threshold', threshold_cents = 5000")
    world.fake_swaps.market.withdraw(ETH, USDT)
    buy(world, shop)
    for _ in range(3):
        world.tick()
        world.drain()
    change(world, "UPDATE channels SET strategy = 'instant', threshold_cents = NULL")
    for _ in range(90):
        world.tick()
        world.drain()
    assert sorted(state_of(world, "payouts")) == ["settled", "waiting"]
    assert state_of(world, "shares") == ["paid"]


def test_a_destination_that_refuses_money_goes_to_review(world: World, shop: Shop) -> None:
    """The share stays pending, and goes once the destination takes it."""
    world.fake_chain.reverting.add(shop.destination)
    buy(world, shop)
    for _ in range(10):
        world.tick()
        world.drain()
    assert state_of(world, "shares") == ["pending"]
    assert reviews(world) == {("share", "refused_by_provider")}
    assert state_of(world, "payouts") == []
    world.fake_chain.reverting.clear()
    world.run()
    assert state_of(world, "payouts") == ["settled"]


def test_a_node_that_is_down_delays_the_payout(world: World, shop: Shop) -> None:
    buy(world, shop)
    event = stop_before(world, "payout.requested")
    world.fake_chain.down = True
    handle(world, event)
    assert state_of(world, "shares") == ["pending"]
    world.fake_chain.down = False
    world.run()
    assert state_of(world, "payouts") == ["settled"]


def test_asking_again_after_everything_is_paid_forms_nothing(world: World, shop: Shop) -> None:
    buy(world, shop)
    event = stop_before(world, "payout.requested")
    handle(world, event)
    world.run()
    handle(world, event)
    assert state_of(world, "payouts") == ["settled"]
