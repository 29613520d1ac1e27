"""The way in: one link per purchase, delivered once, whatever Telegram answers."""

import pytest

from shared_lib.domain.update import Greet
from shared_lib.events import Event
from shared_lib.ports import PermanentError, ProviderError, RetryableError, UnknownOutcomeError
from tests.integration.usecases.support import (
    ANN,
    BEN,
    break_down,
    buy,
    column,
    handle,
    repair,
    reviews,
    said,
    state_of,
    stop_before,
    tick,
    twice_at_once,
    value,
)
from tests.world import Shop, World

HOUR, DAY = 3_600, 86_400


def paid(world: World, shop: Shop, user_id: int = ANN) -> Event:
    """One purchase, gone as far as the request for an invite."""
    buy(world, shop, user_id)
    return stop_before(world, "invite.requested")


def made_links(world: World) -> int:
    """How often a link was asked for, whatever the answer was."""
    return sum(method == "create_join_link" for method, _ in world.fake_messenger.calls)


def assert_one_way_in(world: World, shop: Shop) -> None:
    """Whatever happened before: one link was delivered, and it lets its buyer in."""
    [url] = world.invite_urls(ANN)
    assert world.join(ANN, url) == "requested"
    world.drain()
    assert ANN in world.fake_messenger.chats[shop.closed_chat_id].members
    assert reviews(world) == set()


def test_a_buyer_gets_one_link_of_their_own(world: World, shop: Shop) -> None:
    event = paid(world, shop)
    for _ in range(3):
        handle(world, event)
    [url] = world.invite_urls(ANN)
    link = world.fake_messenger.links[url]
    assert link.chat_id == shop.closed_chat_id
    assert link.name == value(world, "SELECT name FROM invites")
    assert len(link.name) <= 32
    assert (link.expires_at - world.clock.now()).total_seconds() == DAY
    assert made_links(world) == 1
    assert state_of(world, "invites") == ["live"]
    assert_one_way_in(world, shop)


def test_two_deliveries_at_once_deliver_once(world: World, shop: Shop) -> None:
    twice_at_once(world, paid(world, shop), times=3)
    assert made_links(world) == 1
    assert sum("Payment received" in text for text in said(world, ANN)) == 1
    assert_one_way_in(world, shop)


def test_who_is_inside_already_is_told_so(world: World, shop: Shop) -> None:
    handle(world, paid(world, shop))
    assert_one_way_in(world, shop)
    world.clock.pass_time(60)
    handle(world, paid(world, shop))
    world.drain()
    assert made_links(world) == 1
    assert state_of(world, "invites") == ["used", "revoked"]
    assert column(world, "SELECT already_inside FROM invites ORDER BY created_at") == [False, True]
    assert "already inside" in said(world, ANN)[-1]


def test_a_link_whose_answer_was_lost_is_delivered_to_nobody(world: World, shop: Shop) -> None:
    event = paid(world, shop)
    lost = UnknownOutcomeError("no answer")
    world.fake_messenger.fail_next("create_join_link", lost, after_effect=True)
    handle(world, event)
    assert world.invite_urls(ANN) == []
    tick(world)
    assert made_links(world) == 2
    assert_one_way_in(world, shop)


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_message_whose_answer_was_lost_is_repeated_with_the_same_link(
    world: World, shop: Shop, *, after_effect: bool
) -> None:
    event = paid(world, shop)
    lost = UnknownOutcomeError("no answer")
    world.fake_messenger.fail_next("send", lost, after_effect=after_effect)
    handle(world, event)
    tick(world)
    assert made_links(world) == 1
    received = sum("Payment received" in text for text in said(world, ANN))
    assert received == (2 if after_effect else 1)
    assert_one_way_in(world, shop)


def test_who_blocked_the_bot_is_tried_for_a_day(world: World, shop: Shop) -> None:
    event = paid(world, shop)
    world.fake_messenger.block(ANN)
    handle(world, event)
    assert value(world, f"SELECT blocked_at FROM telegram_users WHERE id = {ANN}") is not None
    for _ in range(23):
        tick(world, HOUR)
    assert state_of(world, "invites") == ["creating"]
    for _ in range(3):
        tick(world, HOUR)
    assert state_of(world, "invites") == ["review"]
    assert ("invite", "failing_for_a_day") in reviews(world)
    assert world.invite_urls(ANN) == []


def test_who_takes_the_block_back_gets_the_link(world: World, shop: Shop) -> None:
    event = paid(world, shop)
    world.fake_messenger.block(ANN)
    handle(world, event)
    world.fake_messenger.people[ANN].has_blocked = False
    tick(world)
    assert_one_way_in(world, shop)


@pytest.mark.parametrize("method", ["is_inside", "create_join_link"])
@pytest.mark.parametrize("error", [RetryableError("502"), PermanentError("not enough rights")])
def test_a_telegram_that_refuses_is_asked_again(
    world: World, shop: Shop, method: str, error: ProviderError
) -> None:
    """Also when it says that the bot lacks a right: the owner may give it back."""
    event = paid(world, shop)
    break_down(world.fake_messenger, method, error)
    handle(world, event)
    tick(world, HOUR)
    assert state_of(world, "invites") == ["creating"]
    repair(world.fake_messenger)
    tick(world, 2 * HOUR)
    assert_one_way_in(world, shop)


def test_too_many_requests_pause_the_whole_bot(world: World, shop: Shop) -> None:
    event = paid(world, shop)
    world.fake_messenger.add_person(BEN)
    world.fake_messenger.fail_next("send", RetryableError("429", after_seconds=300))
    handle(world, event)
    world.update(BEN, Greet())
    for _ in range(4):
        tick(world)
    assert (world.invite_urls(ANN), said(world, BEN)) == ([], [])
    tick(world, 61)
    assert len(said(world, BEN)) == 1
    assert_one_way_in(world, shop)


def test_waiting_for_our_own_rate_is_no_failure_and_no_pause(world: World, shop: Shop) -> None:
    """Otherwise a crowd of buyers would hold the bot back for as long as they come."""
    events = [paid(world, shop, user) for user in (ANN, BEN)]
    world.clock.pass_time(5)
    world.set_policy(telegram_messages_per_second=1)
    for event in events:
        handle(world, event)
    assert sorted(state_of(world, "invites")) == ["creating", "live"]
    assert column(world, "SELECT failures FROM invites") == [0, 0]
    assert column(world, "SELECT paused_until FROM buckets") == [None]
    tick(world)
    assert len(world.invite_urls(BEN)) == 1


def test_a_link_that_grew_too_old_is_renewed(world: World, shop: Shop) -> None:
    event = paid(world, shop)
    break_down(world.fake_messenger, "send", RetryableError("502"))
    handle(world, event)
    for _ in range(23):
        tick(world, HOUR)
    repair(world.fake_messenger)
    tick(world, HOUR)
    assert made_links(world) == 2
    [url] = world.invite_urls(ANN)
    left = world.fake_messenger.links[url].expires_at - world.clock.now()
    assert left.total_seconds() > 22 * HOUR
    assert world.join(ANN, url) == "requested"
    world.drain()
    assert ANN in world.fake_messenger.chats[shop.closed_chat_id].members


def test_who_has_no_access_any_more_gets_no_link(world: World, shop: Shop) -> None:
    event = paid(world, shop)
    world.clock.pass_time(31 * DAY)
    handle(world, event)
    assert state_of(world, "invites") == ["revoked"]
    assert made_links(world) == 0
    assert world.invite_urls(ANN) == []


def test_an_unused_link_expires_by_its_time(world: World, shop: Shop) -> None:
    handle(world, paid(world, shop))
    tick(world, DAY - 60)
    assert state_of(world, "invites") == ["live"]
    tick(world, 120)
    assert state_of(world, "invites") == ["expired"]
    [url] = world.invite_urls(ANN)
    assert world.join(ANN, url) == "expired"
