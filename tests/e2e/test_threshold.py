"""Owners who collect: on the whole stack, against a real node and an exchange that moves tokens."""

from collections.abc import Iterator

import pytest

from shared_lib.domain.money import USDT, Money
from tests.e2e.stage import Purchase, Stage
from tests.e2e.swaps import assert_books, in_xrp
from tests.e2e.threshold import THRESHOLD_CENTS, batches, collecting_shop, shares
from tests.sandbox.scene import Sold

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def _books_agree(scene: Stage) -> Iterator[None]:
    """Nothing else is under way; afterwards ledger, chain and shares say the same in both coins."""
    scene.wait_until_quiet()
    yield
    assert_books(scene)


def bought(scene: Stage, shop: Sold, times: int) -> list[Purchase]:
    """So many purchases by different people, all at once."""
    return [scene.buy(scene.new_person(), shop) for _ in range(times)]


def held(scene: Stage, shop: Sold) -> int:
    """What the database says is held for a channel."""
    found = scene.rows(
        "SELECT amount FROM held_balances WHERE channel_id = :id", id=shop.registered.channel_id
    )
    return int(found[0]["amount"]) if found else 0


def test_what_is_collected_is_held_in_usdt_until_it_is_enough_and_then_leaves_in_one_batch(
    scene: Stage,
) -> None:
    shop = collecting_shop(scene)
    contract = scene.stack.facts()["usdt_contract"]
    bought(scene, shop, 2)
    scene.wait_for("two shares to be held", lambda: shares(scene, shop) == {"held": 2}, 90)
    scene.let_ticks_pass(6)
    assert batches(scene, shop) == []
    assert 0 < held(scene, shop) < THRESHOLD_CENTS * 10_000
    bought(scene, shop, 1)
    scene.wait_for("three shares to be paid", lambda: shares(scene, shop) == {"paid": 3}, 120)
    [batch] = batches(scene, shop)
    assert (batch["status"], batch["total_payments_count"]) == ("settled", 3)
    arrived = Money(scene.token_balance(contract, shop.destination), USDT)
    assert arrived.base_units >= THRESHOLD_CENTS * 10_000
    assert arrived.base_units == int(scene.one(_PARTS, id=shop.registered.channel_id))
    assert held(scene, shop) == 0


def test_what_is_held_is_swapped_for_an_owner_who_wants_another_coin(scene: Stage) -> None:
    shop = collecting_shop(scene, in_xrp())
    bought(scene, shop, 3)
    scene.wait_for("three shares to be paid", lambda: shares(scene, shop) == {"paid": 3}, 120)
    [swap] = scene.rows(
        "SELECT w.sold_asset, w.bought FROM swaps w JOIN payouts o ON o.id = w.payout_id "
        "WHERE o.channel_id = :id AND w.state = 'finished'",
        id=shop.registered.channel_id,
    )
    assert swap["sold_asset"] == USDT.id
    assert scene.arrived(shop.target) == Money(int(swap["bought"]), shop.target.asset)


_PARTS = """
SELECT sum(link.part) AS amount FROM payout_shares link JOIN shares s ON s.id = link.share_id
WHERE s.channel_id = :id AND link.part IS NOT NULL
"""
