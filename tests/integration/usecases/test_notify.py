"""Messages reach their person at Telegram's pace, once where that can be known."""

import pytest

from shared_lib.domain.update import Greet
from shared_lib.events import Event
from shared_lib.ports import PermanentError, RetryableError, UnknownOutcomeError
from tests.integration.usecases.support import (
    ANN,
    BEN,
    break_down,
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
from tests.world import World

HOUR = 3_600


def greeted(world: World, user_id: int = ANN) -> Event:
    """Somebody greets the bot; the event that has the answer sent."""
    world.fake_messenger.add_person(user_id)
    world.update(user_id, Greet())
    return stop_before(world, "notice.requested")


def test_a_notice_is_sent_once(world: World) -> None:
    event = greeted(world)
    for _ in range(5):
        handle(world, event)
    assert len(said(world, ANN)) == 1
    assert state_of(world, "notices") == ["sent"]


def test_several_deliveries_at_once_send_once(world: World) -> None:
    twice_at_once(world, greeted(world), times=3)
    assert len(said(world, ANN)) == 1


@pytest.mark.parametrize(("after_effect", "received"), [(True, 2), (False, 1)])
def test_after_a_lost_answer_it_is_sent_again(
    world: World, *, after_effect: bool, received: int
) -> None:
    """Better twice than never."""
    event = greeted(world)
    lost = UnknownOutcomeError("no answer")
    world.fake_messenger.fail_next("send", lost, after_effect=after_effect)
    handle(world, event)
    tick(world)
    assert len(said(world, ANN)) == received
    assert state_of(world, "notices") == ["sent"]


def test_who_blocked_the_bot_is_remembered_and_left_alone(world: World) -> None:
    event = greeted(world)
    world.fake_messenger.block(ANN)
    handle(world, event)
    assert state_of(world, "notices") == ["undeliverable"]
    assert value(world, f"SELECT blocked_at FROM telegram_users WHERE id = {ANN}") is not None
    assert reviews(world) == set()


def test_a_message_that_telegram_refuses_goes_to_review(world: World) -> None:
    event = greeted(world)
    world.fake_messenger.fail_next("send", PermanentError("can't parse entities"))
    handle(world, event)
    assert state_of(world, "notices") == ["undeliverable"]
    assert reviews(world) == {("notice", "refused_by_provider")}
    tick(world, HOUR)
    assert said(world, ANN) == []


def test_after_a_day_of_failures_it_is_given_up(world: World) -> None:
    event = greeted(world)
    break_down(world.fake_messenger, "send", RetryableError("502"))
    handle(world, event)
    for _ in range(23):
        tick(world, HOUR)
    assert state_of(world, "notices") == ["pending"]
    for _ in range(4):
        tick(world, HOUR)
    assert state_of(world, "notices") == ["undeliverable"]
    assert ("notice", "failing_for_a_day") in reviews(world)
    repair(world.fake_messenger)


def test_more_than_the_rate_waits_and_is_no_failure(world: World) -> None:
    world.set_policy(telegram_messages_per_second=2)
    users = [6_200_000_000 + number for number in range(5)]
    for user in users:
        handle(world, greeted(world, user))
    assert sum(len(said(world, user)) for user in users) == 2
    assert set(column(world, "SELECT failures FROM notices")) == {0}
    tick(world)
    assert sum(len(said(world, user)) for user in users) == 4
    tick(world)
    assert [len(said(world, user)) for user in users] == [1] * 5


def test_too_many_requests_hold_back_everybody(world: World) -> None:
    event = greeted(world)
    world.fake_messenger.fail_next("send", RetryableError("429", after_seconds=120))
    handle(world, event)
    handle(world, greeted(world, BEN))
    tick(world, 119)
    assert world.fake_messenger.messages == []
    tick(world)
    assert len(said(world, ANN)) == len(said(world, BEN)) == 1
