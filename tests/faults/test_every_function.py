"""Deaths before and after every commit and call, repeated and simultaneous deliveries."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from shared_lib.domain.currency import ASSETS
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.update import AskToJoin, OpenOffer
from shared_lib.events import Event, ReconcileTick
from shared_lib.ports import DeadLetter, LeaseHeldError, LeaseLostError, Person
from shared_lib.usecases.handle_update import handle_update
from shared_lib.usecases.reconcile import reconcile
from shared_lib.usecases.record_dead_letter import record_dead_letter
from shared_lib.usecases.refresh_currencies import refresh_currencies
from tests.databases import together
from tests.faults.conftest import Worlds
from tests.faults.story import BITCOIN, BUYER, Story
from tests.points import KilledError
from tests.world import HANDLERS, NACK_SECONDS, Pushed, World

# A story delivers some events more than once; the first few deliveries differ from each other.
OCCURRENCES_MOST = 3
POINTS_MOST = 80
SLOT = 7
# What is handled in another way where the owner's coin has to be swapped for.
SWAP_STORY = frozenset(
    {
        "payment.check_due",
        "payout.requested",
        "swap.requested",
        "swap.quoted",
        "swap.check_due",
        "transfer.requested",
        "transfer.authorized",
        "transfer.check_due",
    }
)

Record = Callable[[str, object], None]
every_event = pytest.mark.parametrize(
    ("event_type", "target"),
    [
        *(pytest.param(name, None, id=name) for name in sorted(HANDLERS) if "swap" not in name),
        *(pytest.param(name, BITCOIN, id=f"{name} of a swap") for name in sorted(SWAP_STORY)),
    ],
)


@pytest.mark.parametrize("occurrence", range(OCCURRENCES_MOST))
@every_event
def test_dies_at_every_point_and_comes_again(
    event_type: str,
    target: PayoutTarget | None,
    occurrence: int,
    worlds: Worlds,
    record_property: Record,
) -> None:
    """Killed anywhere in a delivery, and delivered again later: the same end."""
    tried = 0
    for point in range(POINTS_MOST):
        with worlds.fresh() as world:
            event = _nth(Story(world, target), event_type, occurrence)
            if event is None:
                break
            story, found = event
            if world.deliver(found, die_at=point):
                break
            tried += 1
            assert world.kills, "the delivery was turned away instead of killed"
            story.finish()
    else:
        pytest.fail(f"more than {POINTS_MOST} points")
    record_property("fault_points", tried)
    assert tried > 0 or occurrence > 0, f"{event_type} was never delivered"


def _nth(story: Story, event_type: str, occurrence: int) -> tuple[Story, Event] | None:
    """The event of this type that is delivered for the n-th time, not delivered yet."""
    story.begin()
    for number in range(occurrence + 1):
        event = story.next_event(event_type)
        if event is None:
            return None
        if number == occurrence:
            return story, event
        story.world.deliver(event)
        story.nudge()
    return None


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


# ---- the functions that are called over HTTP, and the tick ---------------------------------------


def test_callback_dies_at_every_point_and_is_sent_again(
    worlds: Worlds, record_property: Record
) -> None:
    """The provider repeats a callback that was not answered."""
    for point in range(POINTS_MOST):
        with worlds.fresh() as world:
            story = Story(world)
            world.top_up()
            story.shop = world.open_shop()
            invoice = world.order(BUYER, story.shop)
            amount = "0.0025"
            tx_hash = world.deposit(amount)
            payment = world.fake_provider.pay(
                invoice, "finished", outcome_amount=amount, payout_hash=tx_hash
            )
            if _survives(world, partial(world.call_back, payment), point):
                record_property("fault_points", point)
                assert point > 0
                return
            world.call_back(payment)
            story.finish()
    pytest.fail(f"more than {POINTS_MOST} points")


def test_offer_dies_at_every_point_and_is_delivered_again(
    worlds: Worlds, record_property: Record
) -> None:
    """Telegram repeats an update that was not answered; one order, and one invoice is shown."""
    for point in range(POINTS_MOST):
        with worlds.fresh() as world:
            world.top_up()
            shop = world.open_shop()
            world.fake_messenger.add_person(BUYER)
            offer = OpenOffer(shop.registered.offer_links[0])
            if _survives(world, partial(world.update, BUYER, offer, 77), point):
                record_property("fault_points", point)
                assert point > 0
                return
            world.clock.pass_time(200)  # the dead delivery's lease runs out
            world.update(BUYER, offer, 77)
            world.run()
            assert len(world.rows("SELECT id FROM orders")) == 1
            shown = {
                button.url
                for message in world.fake_messenger.messages_to(BUYER)
                for button in message.buttons
            }
            [order] = world.rows("SELECT invoice_url FROM orders")
            assert shown == {order["invoice_url"]}
    pytest.fail(f"more than {POINTS_MOST} points")


def test_join_update_dies_at_every_point_and_is_delivered_again(
    worlds: Worlds, record_property: Record
) -> None:
    """A stored request to join is answered once."""
    for point in range(POINTS_MOST):
        with worlds.fresh() as world:
            story = Story(world)
            story.begin()
            while not world.invite_urls(BUYER):
                assert world.step()
            url = world.invite_urls(BUYER)[0]
            story.has_joined = True
            world.fake_messenger.open_link(BUYER, url)
            asked = AskToJoin(
                story.shop.closed_chat_id,
                world.fake_messenger.links[url].name,
                world.clock.now(),
            )
            if _survives(world, partial(world.update, BUYER, asked, 99), point):
                record_property("fault_points", point)
                assert point > 0
                return
            world.update(BUYER, asked, 99)
            story.finish()
    pytest.fail(f"more than {POINTS_MOST} points")


def _survives(world: World, action: Callable[[], object], die_at: int) -> bool:
    """Run an HTTP function's work with a fatal point; whether it came to its end."""
    world.fatal_point = die_at
    try:
        action()
    except KilledError:
        return False
    finally:
        world.fatal_point = None
    return True


def test_reconcile_dies_at_every_point_and_the_next_tick_goes_on(
    worlds: Worlds, record_property: Record
) -> None:
    """All events are lost and the tick dies; later ticks bring everything to its end."""
    for point in range(POINTS_MOST):
        with worlds.fresh() as world:
            story = Story(world)
            story.begin()
            world.queue.clear()
            world.clock.pass_time(600)
            survived = world.deliver(ReconcileTick(), die_at=point)
            story.finish()
            if survived:
                record_property("fault_points", point)
                assert point > 0
                return
    pytest.fail(f"more than {POINTS_MOST} points")


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


def test_a_dead_letter_is_kept_once_whatever_happens(
    worlds: Worlds, record_property: Record
) -> None:
    """Its recorder dies at every point, gets it again, and twice at the same moment."""
    for point in range(POINTS_MOST):
        with worlds.fresh() as world:
            letter = DeadLetter(
                uuid4(), "m1", "projects/p/subscriptions/s", None, None, "not an event", {}
            )
            again = replace(letter, id=uuid4())
            survived = _survives(world, partial(_recorded, world, letter), point)
            world.points.start()
            together(*[partial(record_dead_letter, world, again)] * 2)
            assert len(world.rows("SELECT id FROM dead_letters")) == 1
            if survived:
                record_property("fault_points", point)
                assert point > 0
                return
    pytest.fail(f"more than {POINTS_MOST} points")


def _recorded(world: World, letter: DeadLetter) -> None:
    """Record it as a function does, which a fatal point can end."""
    world.points.start(world.fatal_point)
    record_dead_letter(world, letter)


def test_the_list_of_coins_is_taken_over_once_whatever_happens(
    worlds: Worlds, record_property: Record
) -> None:
    """It dies at every point, and the scheduler calls it again in the same slot and in the next."""
    for point in range(POINTS_MOST):
        with worlds.fresh() as world:
            survived = _survives(world, partial(_refreshed, world), point)
            world.points.start()
            refresh_currencies(world, SLOT)
            assert _offered(world) == set(ASSETS)
            world.fake_swaps.market.listings.pop(BITCOIN.asset.id)
            refresh_currencies(world, SLOT)
            assert BITCOIN.asset.id in _offered(world), "one slot took over two lists"
            refresh_currencies(world, SLOT + 1)
            assert BITCOIN.asset.id not in _offered(world)
            if survived:
                record_property("fault_points", point)
                assert point > 0
                return
    pytest.fail(f"more than {POINTS_MOST} points")


def test_two_refreshes_of_one_slot_take_over_one_list(worlds: Worlds) -> None:
    """The scheduler may fire twice at the same moment."""
    with worlds.fresh() as world:
        answers = together(*[partial(refresh_currencies, world, SLOT)] * 3)
        assert answers == [True] * 3
        assert len(world.rows("SELECT slot FROM ticks WHERE name = 'refresh_currencies'")) == 1
        assert _offered(world) == set(ASSETS)


def _refreshed(world: World) -> None:
    world.points.start(world.fatal_point)
    refresh_currencies(world, SLOT)


def _offered(world: World) -> set[str]:
    """The coins that may be chosen because the provider sells them."""
    return {row["id"] for row in world.rows("SELECT id FROM currencies WHERE is_offered")}
