"""Owners who change how and where they are paid, with money in every state."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from shared_lib.domain.money import ETH, USDT
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.usecases.change_payout import PayoutTerms, change_payout
from shared_lib.usecases.refresh_currencies import refresh_currencies
from shared_lib.usecases.register_channel import InvalidChannelError
from tests.integration.usecases.support import (
    ANN,
    account_of,
    buy,
    column,
    handle,
    reviews,
    said,
    state_of,
    stop_before,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN, pass_hours, pass_minutes
from tests.world import OWNER, Shop, World

OLD = "0xAB00000000000000000000000000000000000001"
NEW = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
TETHER = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)
SHARE, PART = 2_125 * 10**12, 8_407_500


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    world.fake_messenger.add_person(OWNER + 1)
    world.fake_chain.base_fee = 10**8
    refresh_currencies(world, 0)
    return world.open_shop()


def instant(target: PayoutTarget) -> PayoutTerms:
    return PayoutTerms(Strategy.INSTANT, None, target)


def collecting(target: PayoutTarget, cents: int = 2_000) -> PayoutTerms:
    return PayoutTerms(Strategy.THRESHOLD, cents, target)


def change(world: World, shop: Shop, terms: PayoutTerms) -> None:
    """The owner asks for it."""
    world._flushing(lambda: change_payout(world, account_of(world, shop), shop.channel_id, terms))


def paid(world: World, address: str) -> int:
    return world.fake_chain.held(address)


# ---- another wallet ------------------------------------------------------------------------------


def test_after_another_wallet_nothing_goes_out_for_a_day_and_then_all_of_it(
    world: World, shop: Shop
) -> None:
    change(world, shop, instant(PayoutTarget(ETH, NEW, None)))
    buy(world, shop)
    pass_hours(world, 23)
    assert state_of(world, "shares") == ["pending"]
    assert state_of(world, "payouts") == []
    pass_hours(world, 2)
    world.run()
    assert (paid(world, shop.destination), paid(world, NEW)) == (0, SHARE)
    assert reviews(world) == set()


def test_the_owner_is_told_at_once_where_and_until_when(world: World, shop: Shop) -> None:
    change(world, shop, instant(PayoutTarget(ETH, NEW, None)))
    world.run()
    [told] = [text for text in said(world, OWNER + 1) if "is now paid out in" in text]
    assert NEW in told
    assert "until 2 November 2026, 12:00 UTC" in told
    [row] = world.rows("SELECT actor, detail FROM audit_log WHERE action = 'change_payout'")
    assert row["actor"] == f"account:{account_of(world, shop)}"
    assert NEW not in str(row["detail"])


def test_what_was_not_signed_goes_to_the_new_wallet_after_the_hold(
    world: World, shop: Shop
) -> None:
    buy(world, shop)
    event = stop_before(world, "transfer.requested")
    change(world, shop, instant(PayoutTarget(ETH, NEW, None)))
    handle(world, event)
    assert state_of(world, "shares") == ["pending"]
    pass_hours(world, 23)
    assert paid(world, NEW) == 0
    pass_hours(world, 3)
    world.run()
    assert (paid(world, shop.destination), paid(world, NEW)) == (0, SHARE)


def test_what_was_signed_goes_where_it_was_promised_to(world: World, shop: Shop) -> None:
    buy(world, shop)
    stop_before(world, "transfer.check_due")
    change(world, shop, instant(PayoutTarget(ETH, NEW, None)))
    world.run()
    assert (paid(world, shop.destination), paid(world, NEW)) == (SHARE, 0)


def test_money_in_an_exchange_is_followed_to_its_end(world: World) -> None:
    world.top_up()
    shop = world.open_shop(target=BITCOIN)
    buy(world, shop)
    stop_before(world, "swap.check_due")
    change(world, shop, instant(PayoutTarget(ETH, NEW, None)))
    world.run()
    assert state_of(world, "swaps") == ["finished"]
    assert paid(world, NEW) == 0


def test_changing_it_back_holds_anew(world: World, shop: Shop) -> None:
    target = PayoutTarget(ETH, shop.destination, None)
    change(world, shop, instant(PayoutTarget(ETH, NEW, None)))
    world.clock.pass_time(3_600 * 20)
    change(world, shop, instant(target))
    held = value(world, "SELECT held_until FROM channels")
    assert held == world.clock.now() + timedelta(days=1)


def test_a_batch_that_is_due_waits_for_the_hold(world: World, shop: Shop) -> None:
    change(world, shop, collecting(TETHER))
    world.clock.pass_time(90_000)
    for buyer in range(3):
        buy(world, shop, ANN + buyer)
        pass_minutes(world, 4)
    moved = replace(TETHER, address=NEW)
    change(world, shop, collecting(moved))
    with world.real_database.transaction() as tx:
        assert tx.channels.due_for_payout(world.clock.now(), 10) == []
    pass_hours(world, 23)
    assert world.fake_chain.held(NEW, USDT) == 0
    pass_hours(world, 3)
    world.run()
    assert world.fake_chain.held(NEW, USDT) == 3 * PART
    assert world.fake_chain.held(TETHER.address, USDT) == 0


# ---- another strategy ----------------------------------------------------------------------------


def test_another_strategy_holds_nothing(world: World, shop: Shop) -> None:
    target = PayoutTarget(ETH, shop.destination, None)
    change(world, shop, collecting(target))
    assert value(world, "SELECT held_until FROM channels") is None
    buy(world, shop)
    world.run()
    assert state_of(world, "shares") == ["held"]
    change(world, shop, instant(target))
    pass_minutes(world, 10)
    world.run()
    assert state_of(world, "shares") == ["paid"]
    assert [
        row["asset"] for row in world.rows("SELECT asset FROM payouts WHERE channel_id IS NOT NULL")
    ] == ["usdt:eth"]


def test_pending_money_follows_the_new_strategy(world: World, shop: Shop) -> None:
    buy(world, shop)
    event = stop_before(world, "payout.requested")
    change(world, shop, collecting(PayoutTarget(ETH, shop.destination, None)))
    handle(world, event)
    world.run()
    assert state_of(world, "shares") == ["held"]
    assert paid(world, shop.destination) == 0


def test_money_in_a_payout_that_has_begun_is_not_touched_by_another_strategy(
    world: World, shop: Shop
) -> None:
    buy(world, shop)
    stop_before(world, "transfer.authorized")
    change(world, shop, collecting(PayoutTarget(ETH, shop.destination, None)))
    world.run()
    assert state_of(world, "shares") == ["paid"]
    assert paid(world, shop.destination) == SHARE


# ---- what is refused -----------------------------------------------------------------------------


def test_the_same_terms_again_change_nothing(world: World, shop: Shop) -> None:
    change(world, shop, instant(PayoutTarget(ETH, shop.destination.lower(), None)))
    assert value(world, "SELECT held_until FROM channels") is None
    assert column(world, "SELECT action FROM audit_log WHERE action = 'change_payout'") == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (instant(PayoutTarget(ETH, "0x12", None)), "target.address"),
        (instant(PayoutTarget(ETH, NEW, "memo")), "target.memo"),
        (PayoutTerms(Strategy.INSTANT, 5_000, PayoutTarget(ETH, NEW, None)), "threshold_cents"),
        (collecting(PayoutTarget(ETH, NEW, None), 1_999), "threshold_cents"),
        (
            PayoutTerms(Strategy.THRESHOLD, None, PayoutTarget(ETH, NEW, None)),
            "threshold_cents",
        ),
    ],
)
def test_what_cannot_be_paid_is_refused_by_its_field(
    world: World, shop: Shop, terms: PayoutTerms, field: str
) -> None:
    with pytest.raises(InvalidChannelError) as caught:
        change(world, shop, terms)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert value(world, "SELECT payout_address FROM channels") == shop.destination


def test_our_own_wallet_is_nobodys_target(world: World, shop: Shop) -> None:
    with pytest.raises(InvalidChannelError, match="is not an owner's wallet"):
        change(world, shop, instant(PayoutTarget(ETH, world.policy.host_wallet, None)))


def test_nobody_changes_anothers_channel(world: World, shop: Shop) -> None:
    terms = instant(PayoutTarget(ETH, NEW, None))
    for account_id, channel_id in (
        (uuid4(), shop.channel_id),
        (account_of(world, shop), uuid4()),
    ):
        with pytest.raises(ActionRefusedError, match="there is no such channel"):
            change_payout(world, account_id, channel_id, terms)
    assert value(world, "SELECT payout_address FROM channels") == shop.destination
