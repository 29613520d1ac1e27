"""The safety net: a lost message is a delay, and what stands still is shown to a person."""

from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from shared_lib.domain.update import Greet
from shared_lib.events import ReconcileTick
from shared_lib.ports import DeadLetter
from shared_lib.usecases.receive_callback import receive_callback
from shared_lib.usecases.reconcile import ITEMS_MOST, reconcile
from shared_lib.usecases.record_dead_letter import record_dead_letter
from tests.integration.usecases.support import (
    ANN,
    allow_sends,
    at_once,
    buy,
    change,
    column,
    handle,
    reviews,
    said,
    state_of,
    stop_before,
    stop_sends,
    tick,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN
from tests.world import OF_EVERY_PURCHASE, Shop, World

HOUR, DAY = 3_600, 86_400


# ---- lost messages -------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", sorted(OF_EVERY_PURCHASE))
def test_everything_on_its_way_may_be_lost_at_any_stage(world: World, event_type: str) -> None:
    """The queue is dropped when this event is about to be delivered; the work is still done.

    The owner wants another coin, so that there is a swap to be lost too.
    """
    world.top_up()
    shop = world.open_shop(target=BITCOIN)
    buy(world, shop)
    if event_type == "join.requested":
        world.run()
        world.join(ANN, world.invite_urls(ANN)[0])
    stop_before(world, event_type)
    world.queue.clear()
    world.run()
    if event_type != "join.requested":
        world.join(ANN, world.invite_urls(ANN)[0])
        world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert world.fake_messenger.chats[shop.closed_chat_id].members == {ANN}
    assert set(state_of(world, "notices")) == {"sent"}
    assert reviews(world) == set()


def test_an_event_that_was_stored_and_never_published_goes_out(world: World, shop: Shop) -> None:
    payment_id = world.fake_provider.pay(
        world.order(ANN, shop), "finished", outcome_amount="0.0025"
    )
    world.drain()
    receive_callback(world, *world.fake_provider.callback(payment_id))
    world._committed.clear()
    assert not world.queue
    tick(world, world.policy.outbox_grace_seconds - 1)
    assert value(world, "SELECT count(*) FROM outbox") == 1
    assert state_of(world, "orders") == ["open"]
    tick(world)
    assert value(world, "SELECT count(*) FROM outbox") == 0
    assert state_of(world, "orders") == ["paid"]


def test_an_item_that_was_published_rests_for_longer_than_a_lease(world: World, shop: Shop) -> None:
    buy(world, shop)
    stop_before(world, "invite.requested")
    world.queue.clear()
    rests = 0
    while not any(one.event.type == "invite.requested" for one in world.queue):
        world.clock.pass_time(30)
        world.queue.clear()
        world.deliver(ReconcileTick())
        rests += 30
    assert world.policy.lease_seconds < rests <= world.policy.republish_seconds + 30
    world.queue.clear()
    world.clock.pass_time(60)
    world.deliver(ReconcileTick())
    assert not any(one.event.type == "invite.requested" for one in world.queue)


def test_a_slot_runs_once(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.queue.clear()
    world.clock.pass_time(HOUR)
    at_once(world, *[lambda: reconcile(world, 7)] * 3)
    published = len(world.queue)
    assert published > 0
    assert value(world, "SELECT count(*) FROM ticks") == 1
    world.clock.pass_time(HOUR)
    reconcile(world, 7)
    world.publish()
    assert len(world.queue) == published


def test_a_run_publishes_so_many_items_and_the_next_one_the_others(world: World) -> None:
    world.update(ANN, Greet())
    world.drain()
    change(
        world,
        "INSERT INTO notices (id, key, kind, telegram_user_id, facts, state, next_check_at, "
        f"deadline_at, created_at) SELECT gen_random_uuid(), 'n' || i, 'welcome', {ANN}, '{{}}', "
        f"'pending', '{world.clock.now()}'::timestamptz - i * interval '1 second', "
        f"'{world.clock.now()}'::timestamptz + interval '1 day', '{world.clock.now()}' "
        f"FROM generate_series(1, {ITEMS_MOST + 3}) AS i",
    )
    world.deliver(ReconcileTick())
    assert len({one.event.entity_id for one in world.queue}) == ITEMS_MOST
    published = {one.event.entity_id for one in world.queue}
    newest = column(world, "SELECT id FROM notices WHERE key IN ('n1', 'n2', 'n3')")
    assert published.isdisjoint(newest)
    world.queue.clear()
    world.clock.pass_time(60)
    world.deliver(ReconcileTick())
    assert {one.event.entity_id for one in world.queue} == set(newest)
    world.queue.clear()
    change(world, "UPDATE notices SET state = 'sent', next_check_at = NULL, deadline_at = NULL")


# ---- deadlines -----------------------------------------------------------------------------------


def test_what_is_overdue_is_shown_once_and_tried_on(world: World, shop: Shop) -> None:
    stop_sends(world)
    buy(world, shop)
    world.drain()
    for _ in range(24):
        world.fake_chain.mine(5)
        tick(world, HOUR)
    assert reviews(world) == set()
    for _ in range(30):
        tick(world, HOUR)
    assert reviews(world) == {("transfer", "overdue"), ("payout", "overdue")}
    assert value(world, "SELECT count(*) FROM review_items") == 2
    allow_sends(world)
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert reviews(world) == set()


def test_open_orders_expire_and_a_new_tap_makes_a_new_one(world: World, shop: Shop) -> None:
    first = world.order(ANN, shop)
    world.drain()
    tick(world, 7 * DAY - 60)
    assert state_of(world, "orders") == ["open"]
    tick(world)
    assert state_of(world, "orders") == ["expired"]
    assert world.order(ANN, shop) != first
    assert state_of(world, "orders") == ["expired", "open"]


# ---- dead letters --------------------------------------------------------------------------------


def letter(event_type: str | None, entity_id: UUID | None, message_id: str = "77") -> DeadLetter:
    return DeadLetter(
        uuid4(), message_id, "send_transfer", event_type, entity_id, "{}", {"attempts": "100"}
    )


def open_letters(world: World) -> int:
    found: int = value(world, "SELECT count(*) FROM dead_letters WHERE closed_at IS NULL")
    return found


def test_a_dead_letter_closes_itself_once_its_item_moved_on(world: World, shop: Shop) -> None:
    buy(world, shop)
    event = stop_before(world, "transfer.authorized")
    record_dead_letter(world, letter(event.type, event.entity_id))
    world.run()
    tick(world, DAY)
    assert open_letters(world) == 0
    assert reviews(world) == set()


def test_a_dead_letter_whose_item_stands_still_goes_to_review(world: World, shop: Shop) -> None:
    """It closes, and so does the item, once the transfer went after all."""
    buy(world, shop)
    event = stop_before(world, "transfer.authorized")
    stop_sends(world)
    record_dead_letter(world, letter(event.type, event.entity_id))
    tick(world, DAY - 60)
    assert ("dead_letter", "overdue") not in reviews(world)
    tick(world)
    assert ("dead_letter", "overdue") in reviews(world)
    assert open_letters(world) == 1
    allow_sends(world)
    world.run()
    tick(world, DAY)
    assert open_letters(world) == 0
    assert reviews(world) == set()


def test_a_dead_letter_that_nobody_can_read_goes_to_review(world: World) -> None:
    record_dead_letter(world, letter(None, None))
    tick(world, DAY)
    assert reviews(world) == {("dead_letter", "overdue")}


def test_the_same_dead_letter_twice_is_kept_once(world: World) -> None:
    for _ in range(2):
        record_dead_letter(world, letter("payment.updated", uuid4()))
    assert open_letters(world) == 1


def test_a_delivered_event_of_a_row_that_is_gone_does_nothing(world: World, shop: Shop) -> None:
    """A notice that is sent already is not sent again by a late copy of its event."""
    world.order(ANN, shop)
    event = stop_before(world, "notice.requested")
    for _ in range(3):
        handle(world, event)
    assert len(said(world, ANN)) == 1


def test_an_overdue_item_closes_once_its_row_is_done(world: World, shop: Shop) -> None:
    """A person is not shown what came to its end by itself; what is in review stays shown."""
    world.finish(world.order(ANN, shop))
    world.queue.clear()
    world.clock.pass_time(9 * 24 * 3600)
    world.deliver(ReconcileTick())
    assert ("payment", "overdue") in reviews(world)
    world.run()
    world.tick()
    assert reviews(world) == set()


def test_a_lost_event_about_a_payment_that_had_ended_is_found(world: World, shop: Shop) -> None:
    """Expired, then finished after all, and the news is lost: nobody else watches such a row."""
    payment_id = world.fake_provider.pay(world.order(ANN, shop), "expired")
    world.call_back(payment_id)
    world.run()
    world.fake_provider.set_status(payment_id, "finished", payout_hash=world.deposit("0.0025"))
    world.fake_provider.set_status(payment_id, "finished", outcome_amount="0.0025")
    world.call_back(payment_id)
    world.queue.clear()
    assert world.rows("SELECT id FROM shares") == []
    for _ in range(5):
        world.tick()
    world.run()
    assert world.fake_chain.balance(shop.destination).base_units > 0
    assert world.rows("SELECT id FROM payments WHERE news_at IS NOT NULL") == []


def test_one_row_that_breaks_a_step_stops_no_other(world: World, shop: Shop) -> None:
    """An event of a version that this code does not know lies in the outbox."""
    world.finish(world.order(ANN, shop))
    world.queue.clear()
    world.rows(
        "INSERT INTO outbox (event_type, event, created_at) VALUES ('new', "
        '\'{"type": "payment.updated", "version": 9}\', \'2020-01-01\') RETURNING id'
    )
    world.clock.pass_time(600)
    with pytest.raises(ValidationError):
        reconcile(world, 1)
    world.publish()
    assert world.queue
    world.rows("DELETE FROM outbox WHERE event_type = 'new' RETURNING id")
    world.run()
