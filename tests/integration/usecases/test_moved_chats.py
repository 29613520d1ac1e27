"""Chats whose id has changed: learned from an update, or from what Telegram answers instead."""

import pytest

from shared_lib.domain.update import MoveChat
from tests.integration.usecases.support import ANN, BEN, buy, column, reviews, state_of
from tests.integration.usecases.swap_support import pass_minutes
from tests.invariants import assert_sound
from tests.world import Shop, World

NEW_ID = -1_001_777_000_001
DAY = 86_400


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def chat_ids(world: World) -> set[int]:
    return set(column(world, "SELECT chat_id FROM channel_chats"))


def test_an_update_tells_the_new_id(world: World, shop: Shop) -> None:
    for _ in range(2):
        world.update(ANN, MoveChat(shop.closed_chat_id, NEW_ID))
    assert chat_ids(world) == {shop.closed_chat_id + 1, NEW_ID}


def test_the_id_of_another_chat_of_ours_is_not_taken_over(world: World, shop: Shop) -> None:
    known = chat_ids(world)
    world.update(ANN, MoveChat(shop.closed_chat_id, shop.closed_chat_id + 1))
    world.update(ANN, MoveChat(-1_001_777_000_009, NEW_ID))  # none of ours
    assert chat_ids(world) == known


def test_a_buyer_is_invited_to_the_chat_by_its_new_id(world: World, shop: Shop) -> None:
    buy(world, shop, ANN)
    world.fake_messenger.move_chat(shop.closed_chat_id, NEW_ID)
    world.run()
    assert NEW_ID in chat_ids(world)
    assert world.join(ANN, world.invite_urls(ANN)[-1]) == "requested"
    world.drain()
    assert ANN in world.fake_messenger.chats[NEW_ID].members
    assert reviews(world) == set()
    assert_sound(world)


def test_who_asked_by_the_old_id_is_let_in_by_the_new_one(world: World, shop: Shop) -> None:
    buy(world, shop, ANN)
    world.run()
    world.join(ANN, world.invite_urls(ANN)[-1])
    world.fake_messenger.move_chat(shop.closed_chat_id, NEW_ID)
    world.run()
    assert ANN in world.fake_messenger.chats[NEW_ID].members
    assert column(world, "SELECT chat_id FROM join_requests") == [NEW_ID]


def test_who_is_out_of_time_is_removed_from_the_chat_by_its_new_id(
    world: World, shop: Shop
) -> None:
    buy(world, shop, ANN)
    world.run()
    world.join(ANN, world.invite_urls(ANN)[-1])
    world.run()
    world.fake_messenger.move_chat(shop.closed_chat_id, NEW_ID)
    world.clock.pass_time(31 * DAY)
    pass_minutes(world, 10)
    assert ANN not in world.fake_messenger.chats[NEW_ID].members
    assert state_of(world, "memberships") == ["removed"]
    assert_sound(world)


def test_the_offer_is_posted_by_the_new_id(world: World, shop: Shop) -> None:
    world.run()
    world.fake_messenger.move_chat(shop.closed_chat_id + 1, NEW_ID)
    world.clock.pass_time(DAY)
    pass_minutes(world, 20)
    assert NEW_ID in chat_ids(world)
    [post] = world.fake_messenger.posts[NEW_ID].values()
    assert "Choose a way in" in post.html
    buy(world, shop, BEN)
    world.run()
    assert len(world.invite_urls(BEN)) == 1
