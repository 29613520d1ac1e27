"""What stands in a channel's chats: the offer, posted anew every day, and donations' button."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared_lib.domain.broadcast import ASK_EVERY, REFUSALS_MOST, BroadcastKind
from shared_lib.domain.message import Message
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.events import BroadcastOffersTick, OfferDue
from shared_lib.ports import PermanentError, RetryableError, UnknownOutcomeError
from shared_lib.usecases.close_channel import close_channel
from shared_lib.usecases.request_broadcast import AskedTooSoonError, request_broadcast
from tests.databases import together
from tests.fakes.messenger import BOT
from tests.integration.usecases.support import (
    account_of,
    break_down,
    change,
    column,
    handle,
    repair,
    twice_at_once,
    value,
)
from tests.world import OWNER, Shop, World

DAY = 86_400
FIVE_MINUTES = 300
REFUSED = PermanentError("Telegram refused: Bad Request: need administrator rights")
LOST = UnknownOutcomeError("no answer")


@pytest.fixture
def shop(world: World) -> Shop:
    """A channel whose owner can be written to."""
    world.fake_messenger.add_person(OWNER + 1)
    return world.open_shop()


def open_chat(shop: Shop) -> int:
    return shop.closed_chat_id + 1


def posts(world: World, chat_id: int) -> list[Message]:
    return list(world.fake_messenger.posts.get(chat_id, {}).values())


def offers(world: World, shop: Shop) -> list[Message]:
    return posts(world, open_chat(shop))


def urls(message: Message) -> list[str | None]:
    return [button.url for button in message.buttons]


def due(world: World, kind: str = "offer") -> OfferDue:
    found: UUID = value(world, f"SELECT id FROM broadcasts WHERE kind = '{kind}'")
    return OfferDue(broadcast_id=found)


def tick(world: World, seconds: float = FIVE_MINUTES) -> None:
    """Time passes; the tick, and all that it asks for."""
    world.clock.pass_time(seconds)
    world.deliver(BroadcastOffersTick())
    world.drain()


def ask(world: World, shop: Shop, kind: BroadcastKind = BroadcastKind.OFFER) -> Any:
    found = request_broadcast(world, account_of(world, shop), shop.channel_id, kind)
    world.publish()
    world.drain()
    return found


def told(world: World) -> list[str]:
    """What the channel's owner was told, oldest first."""
    world.run()
    return [one.html for one in world.fake_messenger.messages_to(OWNER + 1)]


def calls(world: World, *names: str) -> list[str]:
    return [name for name, _ in world.fake_messenger.calls if name in names]


# ---- posting -------------------------------------------------------------------------------------


def test_both_stand_there_as_soon_as_a_channel_is_registered(world: World, shop: Shop) -> None:
    world.drain()
    [offer] = offers(world, shop)
    assert [button.label for button in offer.buttons] == [
        "🥇 $9.99 · 30 days",
        "🥈 $19.99 · 90 days",
    ]
    start = f"https://t.me/{BOT}?start="
    assert urls(offer) == [f"{start}{link}" for link in shop.registered.offer_links]
    [button] = posts(world, shop.closed_chat_id)
    link = value(world, "SELECT link_id FROM broadcasts WHERE kind = 'donation'")
    assert urls(button) == [f"{start}donate_{link}"]


def test_an_offer_is_posted_anew_every_day_and_the_old_one_deleted_first(
    world: World, shop: Shop
) -> None:
    world.drain()
    before = value(world, "SELECT message_id FROM broadcasts WHERE kind = 'offer'")
    tick(world, DAY - 2 * FIVE_MINUTES)
    assert calls(world, "delete_message") == []
    tick(world, 3 * FIVE_MINUTES)
    assert calls(world, "delete_message", "post") == ["post", "post", "delete_message", "post"]
    assert len(offers(world, shop)) == 1
    assert value(world, "SELECT message_id FROM broadcasts WHERE kind = 'offer'") > before


def test_the_donations_button_is_posted_once_and_again_when_its_owner_wishes(
    world: World, shop: Shop
) -> None:
    world.drain()
    for _ in range(3):
        tick(world, DAY)
    [standing] = world.fake_messenger.posts[shop.closed_chat_id]
    world.fake_messenger.posts[shop.closed_chat_id].clear()  # somebody deleted it
    [before] = column(world, "SELECT link_id FROM broadcasts WHERE kind = 'donation'")
    ask(world, shop, BroadcastKind.DONATION)
    [again] = world.fake_messenger.posts[shop.closed_chat_id].items()
    assert again[0] != standing
    assert before in str(urls(again[1])[0])


def test_a_changed_tier_is_in_the_next_post(world: World, shop: Shop) -> None:
    world.drain()
    change(world, f"UPDATE tiers SET removed_at = '{world.clock.now()}' WHERE position = 1")
    change(world, "UPDATE tiers SET days = NULL, price_cents = 50000 WHERE position = 2")
    tick(world, DAY)
    [offer] = offers(world, shop)
    assert [button.label for button in offer.buttons] == ["🥈 $500.00 · for life"]


def test_without_a_tier_on_sale_there_is_no_offer(world: World, shop: Shop) -> None:
    world.drain()
    change(world, f"UPDATE tiers SET removed_at = '{world.clock.now()}'")
    tick(world, DAY)
    assert offers(world, shop) == []
    assert len(posts(world, shop.closed_chat_id)) == 1


def test_what_was_deleted_by_others_is_no_trouble(world: World, shop: Shop) -> None:
    world.drain()
    world.fake_messenger.posts[open_chat(shop)].clear()
    tick(world, DAY)
    assert len(offers(world, shop)) == 1


def test_what_may_not_be_deleted_any_more_stays_and_the_new_one_is_posted(
    world: World, shop: Shop
) -> None:
    world.drain()
    world.fake_messenger.fail_next("delete_message", PermanentError("message can't be deleted"))
    tick(world, DAY)
    assert len(offers(world, shop)) == 2
    assert column(world, "SELECT DISTINCT refusals FROM broadcasts") == [0]


def test_one_tick_slot_asks_once(world: World, shop: Shop) -> None:
    world.queue.clear()  # the first events were lost
    for _ in range(3):
        world.deliver(BroadcastOffersTick())
    assert len(world.queue) == 2
    world.drain()
    assert len(offers(world, shop)) == 1


# ---- at once, twice, killed ----------------------------------------------------------------------


def test_several_deliveries_at_once_post_once(world: World, shop: Shop) -> None:
    world.queue.clear()
    twice_at_once(world, due(world), times=4)
    for _ in range(3):
        handle(world, due(world))
    assert len(offers(world, shop)) == 1


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_lost_answer_counts_as_a_post_and_its_owner_is_told(
    world: World, shop: Shop, *, after_effect: bool
) -> None:
    """It may stand there, and cannot be found without its id: nobody posts a second one at once."""
    world.fake_messenger.fail_next("post", LOST, after_effect=after_effect)
    world.queue.clear()
    handle(world, due(world))
    for _ in range(10):
        tick(world)
    assert len(offers(world, shop)) == int(after_effect)
    [said] = [text for text in told(world) if "did not say" in text]
    assert "offer" in said
    assert "Open" in said
    tick(world, DAY)
    assert len(offers(world, shop)) == int(after_effect) + 1


@pytest.mark.parametrize("point", range(12))
def test_who_is_killed_anywhere_leaves_one_offer_that_is_known(
    world: World, shop: Shop, point: int
) -> None:
    """Two stand there only where it was posted and nobody wrote it down; never for want of care."""
    world.queue.clear()
    world.deliver(due(world), point)
    for _ in range(5):
        world.clock.pass_time(world.policy.lease_seconds)
        tick(world)
    unsure = bool([text for text in told(world) if "did not say" in text])
    tick(world, DAY)
    standing = len(offers(world, shop))
    assert standing in ({1, 2} if unsure else {1})
    known = value(world, "SELECT message_id FROM broadcasts WHERE kind = 'offer'")
    assert known in world.fake_messenger.posts[open_chat(shop)]


def test_what_is_asked_for_while_it_is_posted_is_posted_after_it(world: World, shop: Shop) -> None:
    world.queue.clear()
    account = account_of(world, shop)
    inner = world.fake_messenger.post

    def asking(chat_id: int, message: Message) -> int:
        world.fake_messenger.post = inner  # type: ignore[method-assign]
        world.clock.pass_time(1)
        with world.elsewhere():
            request_broadcast(world, account, shop.channel_id)
            world.publish()
        return inner(chat_id, message)

    world.fake_messenger.post = asking  # type: ignore[method-assign]
    handle(world, due(world))
    world.drain()
    assert calls(world, "post", "delete_message") == ["post", "delete_message", "post"]
    assert len(offers(world, shop)) == 1


# ---- refusals ------------------------------------------------------------------------------------


def test_after_five_refusals_in_a_row_it_is_paused_and_its_owner_told(
    world: World, shop: Shop
) -> None:
    break_down(world.fake_messenger, "post", REFUSED)
    for _ in range(60):
        tick(world)
    assert calls(world, "post") == ["post"] * 2 * REFUSALS_MOST
    texts = [text for text in told(world) if "five times" in text]
    assert len(texts) == 2
    assert all("need administrator rights" in text for text in texts)
    tick(world, 10 * DAY)
    assert len(calls(world, "post")) == 2 * REFUSALS_MOST
    repair(world.fake_messenger)
    ask(world, shop)
    assert len(offers(world, shop)) == 1
    assert posts(world, shop.closed_chat_id) == []
    tick(world, DAY)
    assert len(offers(world, shop)) == 1


def test_a_success_between_them_forgives_refusals(world: World, shop: Shop) -> None:
    world.drain()
    for _ in range(3):
        for _ in range(REFUSALS_MOST - 1):
            world.fake_messenger.fail_next("post", REFUSED)
        tick(world, DAY)
        for _ in range(40):
            tick(world)
    assert column(world, "SELECT paused_at FROM broadcasts WHERE kind = 'offer'") == [None]
    assert len(offers(world, shop)) == 1


@pytest.mark.parametrize("error", [RetryableError("502"), RetryableError("429", 120)])
def test_what_is_not_the_chats_fault_pauses_nothing(
    world: World, shop: Shop, error: RetryableError
) -> None:
    break_down(world.fake_messenger, "post", error)
    for _ in range(100):
        tick(world)
    assert column(world, "SELECT DISTINCT paused_at FROM broadcasts") == [None]
    repair(world.fake_messenger)
    tick(world, 3_700)
    tick(world)
    assert len(offers(world, shop)) == 1


def test_too_many_requests_hold_back_the_whole_bot(world: World, shop: Shop) -> None:
    world.queue.clear()
    world.fake_messenger.fail_next("post", RetryableError("429", after_seconds=600))
    handle(world, due(world))
    tick(world, FIVE_MINUTES - 1)
    assert calls(world, "post") == ["post"]
    assert posts(world, shop.closed_chat_id) == []
    tick(world, 2 * FIVE_MINUTES)
    tick(world)
    assert len(offers(world, shop)) == len(posts(world, shop.closed_chat_id)) == 1


# ---- by hand -------------------------------------------------------------------------------------


def test_an_owner_posts_it_by_hand_once_in_five_minutes(world: World, shop: Shop) -> None:
    world.drain()
    free_at = world.clock.now() + ASK_EVERY
    with pytest.raises(AskedTooSoonError, match=f"{free_at:%H:%M:%S} UTC") as refused:
        ask(world, shop)
    assert refused.value.free_at == free_at
    world.clock.pass_time(FIVE_MINUTES)
    assert ask(world, shop) == world.clock.now() + timedelta(seconds=FIVE_MINUTES)
    world.clock.pass_time(FIVE_MINUTES - 1)
    with pytest.raises(AskedTooSoonError):
        ask(world, shop)
    assert len(offers(world, shop)) == 1
    assert value(world, "SELECT count(*) FROM audit_log WHERE action = 'request_broadcast'") == 1


def test_of_two_wishes_at_once_one_is_granted(world: World, shop: Shop) -> None:
    world.drain()
    world.clock.pass_time(FIVE_MINUTES)
    account = account_of(world, shop)

    def wish() -> bool:
        try:
            request_broadcast(world, account, shop.channel_id)
        except AskedTooSoonError:
            return False
        return True

    assert sorted(together(wish, wish, wish)) == [False, False, True]
    world.publish()
    world.drain()
    assert calls(world, "post") == ["post"] * 3
    assert len(offers(world, shop)) == 1


@pytest.mark.parametrize("is_there", [True, False])
def test_a_channel_of_somebody_else_is_not_there(world: World, shop: Shop, is_there: bool) -> None:
    account = uuid4() if is_there else account_of(world, shop)
    with pytest.raises(ActionRefusedError, match="no such channel"):
        request_broadcast(world, account, shop.channel_id if is_there else UUID(int=7))


# ---- the end of a channel ------------------------------------------------------------------------


def test_a_closing_channel_shows_nothing_and_shows_it_again_if_it_goes_on(
    world: World, shop: Shop
) -> None:
    world.drain()
    account = account_of(world, shop)
    close_channel(world, account, shop.channel_id)
    world.publish()
    tick(world)
    assert offers(world, shop) == posts(world, shop.closed_chat_id) == []
    tick(world, 2 * DAY)
    assert offers(world, shop) == []
    with pytest.raises(ActionRefusedError, match="being closed"):
        request_broadcast(world, account, shop.channel_id)
    close_channel(world, account, shop.channel_id, closes=False)
    world.publish()
    tick(world)
    assert len(offers(world, shop)) == len(posts(world, shop.closed_chat_id)) == 1


def test_a_paused_offer_of_a_closing_channel_is_taken_down(world: World, shop: Shop) -> None:
    world.drain()
    broken = world.fake_messenger.posts[open_chat(shop)]
    break_down(world.fake_messenger, "post", REFUSED)
    change(
        world,
        "UPDATE broadcasts SET message_id = 1, paused_at = posted_at, due_at = NULL, "
        "look_at = NULL WHERE kind = 'offer'",
    )
    broken[1] = broken.pop(min(broken))
    close_channel(world, account_of(world, shop), shop.channel_id)
    world.publish()
    tick(world)
    assert offers(world, shop) == []
