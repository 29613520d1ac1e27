"""The same delivery again at once, after everything is over, and twice in two real threads."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.update import OpenOffer
from shared_lib.events import Event
from shared_lib.ports import DeadLetter, LeaseHeldError, LeaseLostError, Person
from shared_lib.usecases.check_order import check_order
from shared_lib.usecases.handle_update import handle_update
from shared_lib.usecases.reconcile import reconcile
from shared_lib.usecases.record_dead_letter import record_dead_letter
from shared_lib.usecases.refresh_currencies import refresh_currencies
from tests.databases import together
from tests.faults.conftest import Worlds
from tests.faults.story import BITCOIN, BUYER, Story
from tests.world import HANDLERS, NACK_SECONDS, OF_EVERY_PURCHASE, Pushed, World

SLOT = 7

every_event = pytest.mark.parametrize(
    ("event_type", "target"),
    [
        pytest.param(name, target, id=f"{name} of a swap" if target else name)
        for target in (None, BITCOIN)
        for name in OF_EVERY_PURCHASE
        if target or "swap" not in name
    ],
)


@every_event
def test_delivered_again_at_once_and_after_everything(
    event_type: str, target: PayoutTarget | None, worlds: Worlds
) -> None:
    """A repeated delivery, straight after the first and after the end, changes nothing."""
    with worlds.fresh() as world:
        story = Story(world, target)
        story.begin()
        seen = []
        while (event := story.next_event(event_type)) is not None:
            seen.append(event)
            world.deliver(event)
            world.deliver(event)
        story.finish()
        for event in seen:
            world.deliver(event)
        story.finish()
        assert seen


@every_event
def test_two_deliveries_at_once(
    event_type: str, target: PayoutTarget | None, worlds: Worlds
) -> None:
    """Two processes get the same event at the same moment; it counts once."""
    with worlds.fresh() as world:
        story = Story(world, target)
        story.begin()
        while (event := story.next_event(event_type)) is not None:
            _deliver_at_once(world, event)
            story.nudge()
        story.finish()


def _deliver_at_once(world: World, event: Event) -> None:
    """Both handle it side by side; who is turned away gets it again later."""
    entity = event.entity_id
    assert entity is not None

    def was_turned_away() -> bool:
        try:
            HANDLERS[event.type](world, entity)
        except (LeaseHeldError, LeaseLostError):
            return True
        return False

    turned_away = any(together(was_turned_away, was_turned_away))
    world.publish()
    if turned_away:
        again = world.clock.now() + timedelta(seconds=NACK_SECONDS)
        world.queue.append(Pushed(event, again))


def test_two_who_find_a_payment_at_once_store_one(worlds: Worlds) -> None:
    """Nobody was told of it, and the order is asked about twice at the same moment, and later."""
    with worlds.fresh() as world:
        story = Story(world)
        world.top_up()
        story.shop = world.open_shop()
        paid = {"outcome_amount": "0.0025", "payout_hash": world.deposit("0.0025")}
        world.fake_provider.pay(world.order(BUYER, story.shop), "finished", **paid)
        event = story.next_event("order.check_due")
        assert event is not None
        order_id = event.entity_id
        assert order_id is not None
        together(*[lambda: check_order(world, order_id)] * 2)
        world.publish()
        assert len(world.rows("SELECT id FROM payments")) == 1
        story.finish()
        world.deliver(event)
        story.finish()


def test_two_updates_at_once_make_one_order(worlds: Worlds) -> None:
    """Telegram delivers the same update twice at the same moment."""
    with worlds.fresh() as world:
        shop = world.open_shop()
        world.fake_messenger.add_person(BUYER)
        person = Person(BUYER, "Buyer", None, "en")
        offer = OpenOffer(shop.registered.offer_links[0])

        def handle() -> None:
            with suppress(LeaseHeldError):  # Telegram delivers it again later
                handle_update(world, 5, person, offer)

        together(handle, handle)
        world.publish()
        world.run()
        assert len(world.rows("SELECT id FROM orders")) == 1
        assert len(world.fake_provider.invoices) == 1
        assert len(world.fake_messenger.messages_to(BUYER)) == 1


def test_two_ticks_of_one_slot_publish_once(worlds: Worlds) -> None:
    """The scheduler may fire twice; each due row is handed out once."""
    with worlds.fresh() as world:
        story = Story(world)
        story.begin()
        world.queue.clear()
        world.clock.pass_time(600)
        slot = int(world.clock.now().timestamp() // 60)
        together(*[partial(reconcile, world, slot)] * 2)
        world.publish()
        events = [(one.event.type, one.event.entity_id) for one in world.queue]
        assert len(events) == len(set(events)) > 0
        story.finish()


def test_two_refreshes_of_one_slot_take_over_one_list(worlds: Worlds) -> None:
    with worlds.fresh() as world:
        assert together(*[partial(refresh_currencies, world, SLOT)] * 3) == [True] * 3
        assert len(world.rows("SELECT slot FROM ticks WHERE name = 'refresh_currencies'")) == 1


def test_two_recorders_of_one_dead_letter_keep_it_once(worlds: Worlds) -> None:
    with worlds.fresh() as world:
        letters = [
            DeadLetter(uuid4(), "m1", "projects/p/subscriptions/s", None, None, "text", {})
            for _ in range(2)
        ]
        together(*[partial(record_dead_letter, world, one) for one in letters])
        assert len(world.rows("SELECT id FROM dead_letters")) == 1
