"""A deployment whose payments reach the wallet in USDT: the same rules, and no conversion."""

import pytest

from shared_lib.domain.money import ETH, USDT, Money
from shared_lib.domain.offer import PayoutTarget
from shared_lib.usecases.audit_books import audit_books
from shared_lib.usecases.request_payout import request_payout
from tests.fakes.chain import USDT_CONTRACT, WALLET
from tests.integration.usecases.support import (
    ANN,
    BEN,
    account_of,
    buy,
    change,
    column,
    reviews,
    spike,
    state_of,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN, pass_hours, pass_minutes
from tests.integration.usecases.test_threshold import TETHER_WALLET, booked, owned, payouts
from tests.invariants import assert_sound
from tests.world import Shop, World

TETHER = PayoutTarget(USDT, TETHER_WALLET, None)
# Of 10 USDT a fee of 15 % is kept.
SHARE = 8_500_000


@pytest.fixture
def settled(world: World) -> World:
    """Payments arrive in USDT; gas is still paid in ETH."""
    world.set_policy(settlement_asset=USDT, usdt_contract=USDT_CONTRACT)
    world.top_up()
    make_gas_cheap(world)
    return world


def make_gas_cheap(world: World) -> None:
    """A transfer of tokens costs more gas than one of ETH; one purchase is to be worth it."""
    world.fake_chain.base_fee = 10**7


def open_shop(world: World, target: PayoutTarget = TETHER, threshold_cents: int = 0) -> Shop:
    return world.open_shop(target=target, threshold_cents=threshold_cents or None)


def test_an_owner_who_wants_usdt_is_paid_by_one_transfer(settled: World) -> None:
    buy(settled, open_shop(settled), amount="10")
    settled.run()
    assert payouts(settled) == [("usdt:eth", "settled")]
    assert owned(settled) == SHARE
    assert settled.fake_swaps.funded == []
    assert booked(settled, "platform_fee") == -1_500_000
    assert (booked(settled, "provider_receivable"), booked(settled, "in_flight")) == (0, 0)
    assert settled.fake_chain.held(WALLET, USDT) == 1_500_000
    assert_sound(settled)


def test_an_owner_of_another_coin_is_paid_by_a_swap_of_exactly_that_usdt(settled: World) -> None:
    shop = open_shop(settled, BITCOIN)
    buy(settled, shop, amount="10")
    settled.run()
    pass_minutes(settled, 10)
    assert payouts(settled) == [("usdt:eth", "settled")]
    [exchange] = settled.fake_swaps.exchanges.values()
    assert exchange.order.fixed.quote.sold == Money(SHARE, USDT)
    assert exchange.order.target == BITCOIN
    assert_sound(settled)


def test_an_owner_who_wants_eth_is_paid_by_a_swap(settled: World) -> None:
    shop = open_shop(settled, PayoutTarget(ETH, TETHER_WALLET, None))
    buy(settled, shop, amount="10")
    settled.run()
    pass_minutes(settled, 10)
    assert payouts(settled) == [("usdt:eth", "settled")]
    assert settled.fake_chain.held(TETHER_WALLET, ETH) > 0
    assert_sound(settled)


def test_owners_who_collect_hold_what_came_without_a_conversion(settled: World) -> None:
    shop = open_shop(settled, threshold_cents=2_000)
    for payer in (ANN, BEN):
        buy(settled, shop, payer, "10")
        settled.run()
    assert state_of(settled, "shares") == ["held", "held"]
    assert payouts(settled) == []
    buy(settled, shop, BEN + 1, "10")
    settled.run()
    pass_minutes(settled, 10)
    assert owned(settled) == 3 * SHARE
    assert column(settled, "SELECT channel_id IS NULL FROM payouts") == [False]
    assert settled.fake_swaps.exchanges == {}
    assert_sound(settled)


def test_what_is_held_and_what_comes_go_out_side_by_side_after_a_change(settled: World) -> None:
    """Both are USDT of one channel; neither waits for the other, and neither is paid twice."""
    shop = open_shop(settled, threshold_cents=10_000)
    buy(settled, shop, amount="10")
    settled.run()
    assert state_of(settled, "shares") == ["held"]
    change(settled, "UPDATE channels SET strategy = 'instant', threshold_cents = NULL")
    buy(settled, shop, BEN, "10")
    settled.run()
    pass_minutes(settled, 5)
    assert payouts(settled) == [("usdt:eth", "settled")] * 2
    assert sorted(column(settled, "SELECT strategy FROM payouts")) == ["instant", "threshold"]
    assert owned(settled) == 2 * SHARE
    assert_sound(settled)


def test_gas_is_weighed_against_usdt_by_the_market(settled: World) -> None:
    """A transfer that would eat more than a tenth of it waits, and goes when gas is cheap."""
    spike(settled, 5)
    buy(settled, open_shop(settled), amount="10")
    pass_minutes(settled, 30)
    assert column(settled, "SELECT waiting_for FROM payouts") == ["cost_too_high"]
    assert owned(settled) == 0
    make_gas_cheap(settled)
    pass_hours(settled, 2)
    assert owned(settled) == SHARE
    assert_sound(settled)


def test_a_part_and_its_rest_are_usdt_too(settled: World) -> None:
    shop = open_shop(settled)
    settled.pay_part(settled.order(ANN, shop, tier=1), paid="0.6", amount="12")
    pass_minutes(settled, 5)
    assert booked(settled, "payer_credit") == -12_000_000
    settled.finish(settled.order(ANN, shop, tier=1), "8")
    settled.run()
    assert booked(settled, "payer_credit") == 0
    assert owned(settled) == 2 * SHARE
    assert_sound(settled)


def test_another_coin_than_usdt_is_for_a_person(settled: World) -> None:
    invoice = settled.order(ANN, open_shop(settled))
    settled.finish(invoice, "10", outcome_currency="eth")
    settled.run()
    assert reviews(settled) == {("payment", "wrong_asset")}


def test_more_decimals_than_usdt_has_are_for_a_person(settled: World) -> None:
    invoice = settled.order(ANN, open_shop(settled))
    settled.call_back(
        settled.fake_provider.pay(
            invoice, "finished", outcome_amount="10.0000001", outcome_currency="usdterc20"
        )
    )
    settled.run()
    assert reviews(settled) == {("payment", "bad_amount")}


def test_the_audit_follows_both_coins(settled: World) -> None:
    buy(settled, open_shop(settled), amount="10")
    settled.run()
    audit_books(settled, 1)
    assert reviews(settled) == set()
    settled.fake_chain.pay(WALLET, 5, USDT)
    settled.fake_chain.mine()
    audit_books(settled, 2)
    assert ("wallet", "books_differ") in reviews(settled)


def test_money_from_before_the_settlement_asset_changed_is_paid_as_it_came(world: World) -> None:
    """It had been announced in ETH, and its deposit was still to come."""
    world.top_up()
    make_gas_cheap(world)
    shop = world.open_shop(target=BITCOIN)
    invoice = world.order(ANN, shop)
    world.finish(invoice, "0.0025")
    world.drain()
    assert state_of(world, "shares") == ["expected"]
    world.set_policy(settlement_asset=USDT)
    buy(world, shop, BEN, "10")
    world.run()
    pass_minutes(world, 10)
    assert sorted(payouts(world)) == [("eth:eth", "settled"), ("usdt:eth", "settled")]
    assert_sound(world)


def test_a_manual_payout_of_what_is_held_needs_no_conversion(settled: World) -> None:
    shop = open_shop(settled, threshold_cents=10_000)
    buy(settled, shop, amount="10")
    settled.run()
    request_payout(settled, account_of(settled, shop), shop.channel_id)
    pass_minutes(settled, 10)
    assert owned(settled) == SHARE
    assert value(settled, "SELECT count(*) FROM payouts WHERE channel_id IS NULL") == 0
