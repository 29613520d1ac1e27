"""When what an owner has is swapped, how much of it, and why it waits where it does."""

import pytest

from shared_lib.domain.money import ETH
from tests.integration.usecases.support import (
    ANN,
    BEN,
    buy,
    column,
    reviews,
    state_of,
    value,
)
from tests.integration.usecases.swap_support import (
    BTC,
    SHARE,
    assert_swapped_once,
    bought,
    calls,
    end_well,
    eth,
    funded,
    pass_hours,
    pass_minutes,
    shares,
    sold_in,
    swap_shop,
    waiting_for,
)
from tests.world import Shop, World


def test_a_purchase_ends_as_the_owners_coin(world: World) -> None:
    """Exactly the owner's part goes to the exchange, and what it brings to the owner's address."""
    shop = bought(world)
    assert_swapped_once(world)
    [exchange] = funded(world)
    assert exchange.paid_in == eth("0.002125")
    assert exchange.order.target.address == shop.destination
    assert shares(world) == [("payment", "paid", SHARE)]
    paid = value(world, "SELECT bought FROM swaps")
    assert int(paid) == exchange.promised.base_units


# ---- limits --------------------------------------------------------------------------------------


def test_below_the_minimum_it_waits_and_merges_with_the_next(world: World) -> None:
    """The provider is asked about once an hour meanwhile, and a person is not bothered."""
    world.fake_swaps.market.set_limits(eth("0.003"), BTC)
    shop = bought(world)
    pass_minutes(world, 10)
    assert waiting_for(world) == "below_minimum"
    assert shares(world) == [("payment", "pending", SHARE)]
    before = calls(world)
    pass_hours(world, 3)
    assert 2 <= calls(world) - before <= 4, "asked about once an hour"
    assert reviews(world) == set()
    buy(world, shop, BEN)
    assert_swapped_once(world)
    assert sold_in(world, "finished") == 2 * SHARE


def test_what_waits_goes_once_the_minimum_falls(world: World) -> None:
    world.fake_swaps.market.set_limits(eth("0.003"), BTC)
    bought(world)
    pass_minutes(world, 10)
    world.fake_swaps.market.set_limits(eth("0.002"), BTC)
    assert_swapped_once(world)


@pytest.mark.parametrize("limit", ["the provider's maximum", "the cap of one transfer"])
def test_more_than_may_go_at_once_goes_in_parts(world: World, limit: str) -> None:
    """The first payout takes the shares that fit, and the next one the others."""
    shop = swap_shop(world)
    if limit == "the provider's maximum":
        world.fake_swaps.market.set_limits(eth("0.001"), BTC, eth("0.005"))
    else:
        world.set_policy(transfer_cap=2 * SHARE)
    _buy_without_payout(world, shop, 3)
    end_well(world)
    amounts = column(world, "SELECT amount FROM payouts ORDER BY created_at")
    assert amounts == [2 * SHARE, SHARE]
    assert state_of(world, "payouts") == ["settled", "settled"]
    assert reviews(world) == set()


def _buy_without_payout(world: World, shop: Shop, purchases: int) -> None:
    """Shares that wait together, because the pair was not swapped for a while."""
    world.fake_swaps.market.withdraw(ETH, BTC)
    for number in range(purchases):
        buy(world, shop, ANN + 10 + number)
    pass_minutes(world, 10)
    assert state_of(world, "shares") == ["pending"] * purchases
    world.fake_swaps.market.restore(ETH, BTC)


def test_a_single_share_above_the_maximum_waits(world: World) -> None:
    world.fake_swaps.market.set_limits(eth("0.001"), BTC, eth("0.002"))
    bought(world)
    pass_minutes(world, 10)
    assert waiting_for(world) == "above_maximum"
    assert shares(world) == [("payment", "pending", SHARE)]
    before = calls(world)
    pass_hours(world, 3)
    assert 2 <= calls(world) - before <= 4, "asked about once an hour"
    world.fake_swaps.market.set_limits(eth("0.001"), BTC, eth("0.01"))
    assert_swapped_once(world)


def test_a_pair_that_is_not_swapped_waits_until_it_is_again(world: World) -> None:
    shop = swap_shop(world)
    world.fake_swaps.market.withdraw(ETH, BTC)
    buy(world, shop)
    pass_hours(world, 2)
    assert waiting_for(world) == "pair_unavailable"
    assert shares(world) == [("payment", "pending", SHARE)]
    assert calls(world) == calls(world, "limits"), "no quote is asked for"
    assert reviews(world) == set()
    world.fake_swaps.market.restore(ETH, BTC)
    assert_swapped_once(world)


def test_gas_that_costs_too_much_lets_it_wait(world: World) -> None:
    shop = swap_shop(world)
    world.fake_chain.base_fee = 10**10
    buy(world, shop)
    pass_minutes(world, 10)
    assert waiting_for(world) == "cost_too_high"
    assert calls(world, "fixed_quote") == 0
    world.fake_chain.base_fee = 10**9
    assert_swapped_once(world)


# ---- dust ----------------------------------------------------------------------------------------


def test_dust_alone_forms_no_payout_and_asks_nobody(world: World) -> None:
    """Its owner has less than the provider can count."""
    shop = swap_shop(world)
    buy(world, shop, ANN, "0.000000008")
    pass_hours(world, 3)
    assert state_of(world, "payouts") == []
    assert state_of(world, "shares") == ["pending"]
    assert calls(world) == 0
    assert reviews(world) == set()


def test_what_cannot_be_swapped_rides_along_next_time(world: World) -> None:
    """To the wei, over two payouts."""
    shop = bought(world, amount="0.002500000987654321")
    end_well(world)
    [first] = column(world, "SELECT amount FROM shares WHERE kind = 'payment'")
    [dust] = world.rows("SELECT amount, state, residue_of FROM shares WHERE kind = 'dust'")
    [payout] = column(world, "SELECT id FROM payouts")
    assert (dust["state"], dust["residue_of"]) == ("pending", payout)
    assert sold_in(world, "finished") == first - dust["amount"]
    assert 0 < dust["amount"] < 10**10
    assert sold_in(world, "finished") % 10**10 == 0
    buy(world, shop, BEN, "0.002500000987654321")
    end_well(world)
    shares_in_second = value(
        world, f"SELECT count(*) FROM payout_shares WHERE payout_id <> '{payout}'"
    )
    assert shares_in_second == 2
    [left] = column(world, "SELECT amount FROM shares WHERE kind = 'dust' AND state = 'pending'")
    assert sold_in(world, "finished") + left == 2 * first
    assert left == 2 * first % 10**10
    assert reviews(world) == set()


# ---- what is not swapped -------------------------------------------------------------------------


def test_a_payout_takes_a_limited_number_of_shares(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go in the next one. The limit is lowered here, from 500 to two."""
    monkeypatch.setattr("shared_lib.usecases.forming.SHARES_MOST", 2)
    shop = swap_shop(world)
    _buy_without_payout(world, shop, 3)
    end_well(world)
    taken = column(
        world,
        "SELECT count(*) FROM payout_shares l JOIN payouts p ON p.id = l.payout_id "
        "GROUP BY p.id ORDER BY p.created_at",
    )
    assert taken == [2, 1]
    assert sold_in(world, "finished") == 3 * SHARE
