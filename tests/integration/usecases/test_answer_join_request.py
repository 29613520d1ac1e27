"""Whoever has running access is let in; strangers bounce off our links and nobody else's."""

from datetime import timedelta

import pytest

from shared_lib.domain.update import AskToJoin
from shared_lib.events import Event
from shared_lib.ports import ProviderError, RetryableError, UnknownOutcomeError
from tests.integration.usecases.support import (
    ANN,
    BEN,
    STRANGER,
    at_once,
    break_down,
    buy,
    column,
    entity,
    handle,
    repair,
    reviews,
    stop_before,
    tick,
    value,
)
from tests.world import HANDLERS, Shop, World

HOUR, DAY = 3_600, 86_400


def buyer(world: World, shop: Shop, user_id: int = ANN) -> str:
    """A person who has paid and holds an invite link, which is the answer."""
    buy(world, shop, user_id)
    world.run()
    return world.invite_urls(user_id)[-1]


def asked(world: World, user_id: int, url: str) -> Event:
    """A tap on a link; the event that has the request answered."""
    world.fake_messenger.add_person(user_id)
    assert world.join(user_id, url) == "requested"
    return stop_before(world, "join.requested")


def asked_otherwise(world: World, shop: Shop, user_id: int, link_name: str | None) -> Event:
    """A request to join by a link that is none of ours, or by none."""
    world.fake_messenger.add_person(user_id)
    world.fake_messenger.request_join(shop.closed_chat_id, user_id)
    world.update(user_id, AskToJoin(shop.closed_chat_id, link_name, world.clock.now()))
    return stop_before(world, "join.requested")


def inside(world: World, shop: Shop) -> set[int]:
    return world.fake_messenger.chats[shop.closed_chat_id].members


def answers(world: World) -> list[str]:
    return column(world, "SELECT state FROM join_requests ORDER BY requested_at")


def calls(world: World, method: str) -> int:
    return sum(name == method for name, _ in world.fake_messenger.calls)


# ---- buyers --------------------------------------------------------------------------------------


def test_a_buyer_comes_in_by_the_link_which_is_useless_then(world: World, shop: Shop) -> None:
    url = buyer(world, shop)
    handle(world, asked(world, ANN, url))
    assert inside(world, shop) == {ANN}
    assert answers(world) == ["approved"]
    assert column(world, "SELECT state FROM invites") == ["used"]
    assert world.fake_messenger.links[url].is_revoked
    assert value(world, "SELECT let_in_at FROM memberships") == world.clock.now()


@pytest.mark.parametrize("link_name", ["the owner's own link", None])
def test_a_buyer_comes_in_by_whatever_link(world: World, shop: Shop, link_name: str | None) -> None:
    url = buyer(world, shop)
    handle(world, asked_otherwise(world, shop, ANN, link_name))
    assert inside(world, shop) == {ANN}
    assert world.fake_messenger.links[url].is_revoked


def test_a_buyer_comes_in_by_another_buyers_link(world: World, shop: Shop) -> None:
    """That one stays good for its own buyer."""
    own, others = buyer(world, shop), buyer(world, shop, BEN)
    handle(world, asked(world, ANN, others))
    assert inside(world, shop) == {ANN}
    assert world.fake_messenger.links[own].is_revoked
    handle(world, asked(world, BEN, others))
    assert inside(world, shop) == {ANN, BEN}


def test_who_was_let_in_by_the_owner_meanwhile_counts_as_let_in(world: World, shop: Shop) -> None:
    event = asked(world, ANN, buyer(world, shop))
    world.fake_messenger.withdraw_request(shop.closed_chat_id, ANN)
    world.fake_messenger.add_member(shop.closed_chat_id, ANN)
    handle(world, event)
    assert answers(world) == ["approved"]


# ---- strangers -----------------------------------------------------------------------------------


def test_a_stranger_bounces_off_our_link(world: World, shop: Shop) -> None:
    url = buyer(world, shop)
    handle(world, asked(world, STRANGER, url))
    assert answers(world) == ["declined"]
    assert inside(world, shop) == set()
    assert world.fake_messenger.chats[shop.closed_chat_id].requests == {}
    handle(world, asked(world, ANN, url))
    assert inside(world, shop) == {ANN}


@pytest.mark.parametrize("link_name", ["the owner's own link", "funnel-00000000000000000000", None])
def test_a_stranger_by_a_link_of_the_owners_is_left_to_the_owner(
    world: World, shop: Shop, link_name: str | None
) -> None:
    handle(world, asked_otherwise(world, shop, STRANGER, link_name))
    assert answers(world) == ["ignored"]
    assert world.fake_messenger.chats[shop.closed_chat_id].requests == {STRANGER: None}
    assert calls(world, "decline") == calls(world, "approve") == 0


def test_access_to_one_channel_opens_no_other(world: World, shop: Shop) -> None:
    other = world.open_shop(2)
    buyer(world, shop)
    url = buyer(world, other, BEN)
    handle(world, asked(world, ANN, url))
    assert answers(world) == ["declined"]
    assert inside(world, other) == set()


def test_who_has_no_access_any_more_is_declined(world: World, shop: Shop) -> None:
    event = asked(world, ANN, buyer(world, shop))
    world.clock.pass_time(31 * DAY)
    handle(world, event)
    assert answers(world) == ["declined"]
    assert inside(world, shop) == set()


# ---- what goes wrong -----------------------------------------------------------------------------


def test_a_withdrawn_request_leaves_the_link_good(world: World, shop: Shop) -> None:
    url = buyer(world, shop)
    event = asked(world, ANN, url)
    world.fake_messenger.withdraw_request(shop.closed_chat_id, ANN)
    handle(world, event)
    assert answers(world) == ["ignored"]
    assert not world.fake_messenger.links[url].is_revoked
    world.clock.pass_time(60)
    handle(world, asked(world, ANN, url))
    assert inside(world, shop) == {ANN}


@pytest.mark.parametrize("after_effect", [True, False])
@pytest.mark.parametrize("error", [UnknownOutcomeError("no answer"), RetryableError("502")])
@pytest.mark.parametrize("method", ["approve", "revoke_link"])
def test_a_call_that_failed_is_repeated(
    world: World, shop: Shop, method: str, error: ProviderError, *, after_effect: bool
) -> None:
    url = buyer(world, shop)
    event = asked(world, ANN, url)
    world.fake_messenger.fail_next(method, error, after_effect=after_effect)
    handle(world, event)
    assert answers(world) == ["pending"]
    tick(world)
    assert answers(world) == ["approved"]
    assert inside(world, shop) == {ANN}
    assert world.fake_messenger.links[url].is_revoked
    assert column(world, "SELECT state FROM invites") == ["used"]


def test_a_decline_that_failed_is_repeated(world: World, shop: Shop) -> None:
    event = asked(world, STRANGER, buyer(world, shop))
    world.fake_messenger.fail_next("decline", RetryableError("502"))
    handle(world, event)
    tick(world)
    assert answers(world) == ["declined"]


def test_a_day_of_failures_goes_to_review(world: World, shop: Shop) -> None:
    event = asked(world, ANN, buyer(world, shop))
    break_down(world.fake_messenger, "approve", RetryableError("502"))
    handle(world, event)
    for _ in range(28):
        tick(world, HOUR)
    assert answers(world) == ["review"]
    assert ("join_request", "failing_for_a_day") in reviews(world)
    repair(world.fake_messenger)


def test_who_was_let_in_without_an_answer_is_remembered(world: World, shop: Shop) -> None:
    """Access ended before the second try: the person is inside and must be removable later."""
    event = asked(world, ANN, buyer(world, shop))
    lost = UnknownOutcomeError("no answer")
    world.fake_messenger.fail_next("approve", lost, after_effect=True)
    world.clock.moment = value(world, "SELECT access_ends_at FROM memberships") - timedelta(
        seconds=30
    )
    handle(world, event)
    tick(world)
    remembered = value(world, "SELECT let_in_at FROM memberships")
    world.fake_messenger.leave(shop.closed_chat_id, ANN)
    assert remembered is not None


def test_several_deliveries_at_once_answer_once(world: World, shop: Shop) -> None:
    event = asked(world, ANN, buyer(world, shop))
    handler, request_id = HANDLERS[event.type], entity(event)
    at_once(world, *[lambda: handler(world, request_id)] * 3)
    assert calls(world, "approve") == 1
    assert answers(world) == ["approved"]


def test_an_answered_request_is_not_answered_again(world: World, shop: Shop) -> None:
    event = asked(world, ANN, buyer(world, shop))
    for _ in range(5):
        handle(world, event)
    assert calls(world, "approve") == 1


def test_the_same_request_reported_twice_is_stored_once(world: World, shop: Shop) -> None:
    asked_otherwise(world, shop, STRANGER, None)
    world.update(STRANGER, AskToJoin(shop.closed_chat_id, None, world.clock.now()))
    assert len(answers(world)) == 1


def test_requests_to_chats_that_are_not_sold_are_not_ours(world: World, shop: Shop) -> None:
    """Neither a chat that we do not know, nor the open chat of a channel."""
    for chat_id in (-1_009_999_999_999, shop.closed_chat_id + 1):
        world.update(STRANGER, AskToJoin(chat_id, None, world.clock.now()))
    assert answers(world) == []
    assert {pushed.event.type for pushed in world.queue} == {"offer.due"}
