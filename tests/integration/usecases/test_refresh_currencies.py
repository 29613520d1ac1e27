"""What owners may choose follows what the provider says, and outlives its silence."""

from dataclasses import replace
from typing import Any

import pytest

from shared_lib.domain.currency import Listing, asset_of
from shared_lib.ports import (
    PermanentError,
    ProviderError,
    RetryableError,
    UnknownOutcomeError,
)
from shared_lib.usecases.refresh_currencies import refresh_currencies
from tests.integration.usecases.support import column
from tests.integration.usecases.swap_support import BTC, XRP, calls
from tests.world import START, World


def coin(world: World, asset_id: str) -> dict[str, Any]:
    """What is stored of a coin."""
    [row] = world.rows(f"SELECT * FROM currencies WHERE id = '{asset_id}'")
    return row


def is_payable(world: World, asset_id: str) -> bool:
    with world.real_database.transaction() as tx:
        currency = tx.currencies.get(asset_id)
    return currency is not None and currency.is_payable


def test_what_the_provider_says_is_taken_over(world: World) -> None:
    listed = world.fake_swaps.market.listings
    listed[XRP.id] = replace(listed[XRP.id], token_contract="issuer", legacy_ticker="xrpold")
    assert refresh_currencies(world, 1)
    stored = coin(world, XRP.id)
    assert (stored["is_offered"], stored["needs_memo"]) == (True, True)
    assert (stored["token_contract"], stored["legacy_ticker"]) == ("issuer", "xrpold")
    assert stored["refreshed_at"] == START
    assert coin(world, BTC.id)["needs_memo"] is False


def test_what_is_ours_stays_ours(world: World) -> None:
    """How many decimals a coin has, and whether we allow it, is nobody else's to say."""
    before = {one: coin(world, one) for one in (BTC.id, XRP.id)}
    refresh_currencies(world, 1)
    for asset_id, was in before.items():
        now = coin(world, asset_id)
        for name in ("decimals", "swap_decimals", "memo", "payout_enabled"):
            assert now[name] == was[name]


def test_a_coin_that_we_do_not_know_is_left_out(world: World) -> None:
    """Nobody has said how many decimals it has."""
    world.fake_swaps.market.listings["new:new"] = Listing(
        "new", "new", True, True, False, None, None
    )
    refresh_currencies(world, 1)
    assert column(world, "SELECT id FROM currencies WHERE id = 'new:new'") == []


def test_a_coin_that_is_listed_no_more_is_offered_no_more(world: World) -> None:
    """Until it is listed again."""
    refresh_currencies(world, 1)
    taken = world.fake_swaps.market.listings.pop(BTC.id)
    refresh_currencies(world, 2)
    assert not is_payable(world, BTC.id)
    world.fake_swaps.market.listings[BTC.id] = taken
    refresh_currencies(world, 3)
    assert is_payable(world, BTC.id)


@pytest.mark.parametrize(
    "error",
    [RetryableError("503"), PermanentError("401"), UnknownOutcomeError("the connection broke")],
)
def test_a_provider_that_is_down_changes_nothing(world: World, error: ProviderError) -> None:
    """What it said last stays in force, with the time when it said so."""
    assert refresh_currencies(world, 1)
    world.clock.pass_time(3_600)
    world.fake_swaps.fail_next("currencies", error)
    assert not refresh_currencies(world, 2)
    assert is_payable(world, BTC.id)
    assert coin(world, BTC.id)["refreshed_at"] == START
    assert refresh_currencies(world, 2), "its slot was not used up"
    assert coin(world, BTC.id)["refreshed_at"] == world.clock.now()


def test_one_slot_takes_over_one_list(world: World) -> None:
    refresh_currencies(world, 1)
    world.fake_swaps.market.listings.pop(BTC.id)
    assert refresh_currencies(world, 1)
    assert is_payable(world, BTC.id)
    assert refresh_currencies(world, 2)
    assert not is_payable(world, BTC.id)


def test_a_wish_for_a_pause_holds_everybody_back(world: World) -> None:
    """Also the next refresh, which does not ask before."""
    world.fake_swaps.fail_next("currencies", RetryableError("429", 300))
    assert not refresh_currencies(world, 1)
    world.clock.pass_time(299)
    assert not refresh_currencies(world, 2)
    assert calls(world, "currencies") == 1
    world.clock.pass_time(1)
    assert refresh_currencies(world, 3)


def test_only_coins_that_have_decimals_here_can_be_chosen(world: World) -> None:
    refresh_currencies(world, 1)
    with world.real_database.transaction() as tx:
        payable = [one.asset for one in tx.currencies.all() if one.is_payable]
    assert payable
    assert all(asset == asset_of(asset.id) for asset in payable)
