"""Closing a channel in which there are people and money."""

from uuid import UUID, uuid4

import pytest

from shared_lib.domain.money import USDT
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.domain.update import OpenOffer
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.close_channel import close_channel
from tests.fakes.chain import USDT_CONTRACT
from tests.integration.usecases.support import (
    ANN,
    BEN,
    account_of,
    buy,
    column,
    said,
    state_of,
    value,
)
from tests.invariants import assert_sound
from tests.world import Shop, World

DAY = 86_400
TETHER = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def close(world: World, shop: Shop, *, closes: bool = True) -> tuple[int, int, int]:
    left = close_channel(world, account_of(world, shop), shop.channel_id, closes=closes)
    world.publish()
    return left.members, left.shares, left.payments


def pass_days(world: World, days: float) -> None:
    world.clock.pass_time(days * DAY)
    for _ in range(10):
        world.drain()
        world.tick()


def is_closed(world: World) -> bool:
    return value(world, "SELECT closed_at FROM channels") is not None


def test_an_empty_channel_is_closed_with_the_next_tick(world: World, shop: Shop) -> None:
    assert close(world, shop) == (0, 0, 0)
    pass_days(world, 0)
    assert is_closed(world)
    assert value(world, "SELECT count(*) FROM notices WHERE kind = 'channel_closed'") == 1


def test_who_has_access_keeps_it_until_its_end(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.run()
    assert close(world, shop) == (1, 0, 0)
    pass_days(world, 29)
    assert not is_closed(world)
    assert column(world, "SELECT state FROM memberships") == ["active"]
    pass_days(world, 2)
    assert is_closed(world)
    assert_sound(world)


def test_nothing_is_sold_any_more_and_what_was_ordered_counts(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    assert close(world, shop) == (0, 0, 1)
    world.fake_messenger.add_person(BEN)
    before = len(world.fake_provider.invoices)
    world.update(BEN, OpenOffer(shop.registered.offer_links[0]))
    world.run()
    assert len(world.fake_provider.invoices) == before
    assert any("no longer available" in text for text in said(world, BEN))
    world.finish(invoice)
    world.run()
    assert state_of(world, "shares") == ["paid"]
    assert len(world.invite_urls(ANN)) == 1
    assert not is_closed(world)


def test_what_is_held_is_paid_out_below_the_threshold(world: World) -> None:
    world.top_up()
    world.set_policy(usdt_contract=USDT_CONTRACT)
    world.fake_chain.base_fee = 10**8
    shop = world.open_shop(target=TETHER, threshold_cents=100_000)
    buy(world, shop, amount="0.005", tier=1)
    pass_days(world, 0.1)
    assert state_of(world, "shares")[0] == "held"
    change_access(world, account_of(world, shop), shop.channel_id, ANN, AccessChange.REVOKE)
    close(world, shop)
    pass_days(world, 0.1)
    assert state_of(world, "shares")[0] == "paid"
    assert is_closed(world)
    assert_sound(world)


def test_who_changes_their_mind_sells_again(world: World, shop: Shop) -> None:
    close(world, shop)
    pass_days(world, 0)
    close(world, shop, closes=False)
    assert not is_closed(world)
    world.finish(world.order(ANN, shop))
    world.run()
    assert state_of(world, "shares") == ["paid"]
    actions = column(world, "SELECT action FROM audit_log ORDER BY id")
    assert actions[-2:] == ["close_channel", "reopen_channel"]


def test_closing_twice_changes_nothing(world: World, shop: Shop) -> None:
    for _ in range(3):
        close(world, shop)
    assert value(world, "SELECT count(*) FROM audit_log WHERE action = 'close_channel'") == 1


@pytest.mark.parametrize("is_there", [True, False])
def test_a_channel_of_somebody_else_is_not_there(world: World, shop: Shop, is_there: bool) -> None:
    account = uuid4() if is_there else account_of(world, shop)
    with pytest.raises(ActionRefusedError, match="no such channel"):
        close_channel(world, account, shop.channel_id if is_there else UUID(int=7))
    assert value(world, "SELECT closing_at FROM channels") is None
