"""Each function stands still for thirty hours and is started again; so does all of it at once."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared_lib.adapters.postgres.database import Connect
from shared_lib.events import Event, ReconcileTick
from shared_lib.ports import DeadLetter
from shared_lib.usecases.record_dead_letter import record_dead_letter
from shared_lib.usecases.refresh_currencies import refresh_currencies
from tests.faults.story import BITCOIN, OWED
from tests.invariants import assert_sound
from tests.sandbox.stack.plan import function_table
from tests.summary import FAULT_CASES
from tests.world import HANDLERS, Shop, World

FUNCTIONS = tuple(sorted(function_table()["functions"]))
ALL = "all of them"
STOPPED_FOR = timedelta(hours=30)
TICK = timedelta(minutes=10)
# Terraform's number; what is nacked so often becomes a dead letter.
ATTEMPTS_MOST = 100
TELEGRAM_KEEPS = timedelta(hours=24)
TICKS_AFTER = 600
# After so long a person asks again.
PATIENCE = timedelta(hours=12)
FIRST_BUYER = 6_700_000_001


@dataclass
class StoppableWorld(World):
    """A world in which functions can be stopped, so that nothing sent to them is answered."""

    stopped: frozenset[str] = frozenset()
    attempts: Counter[Event] = field(default_factory=Counter)
    unanswered: list[tuple[datetime, int, Any, int]] = field(default_factory=list)

    def deliver(self, event: Event, die_at: int | None = None) -> bool:
        """As ever; to a function that stands still Pub/Sub tries again, and in the end no more."""
        if _consumer(event) not in self.stopped:
            return super().deliver(event, die_at)
        self.attempts[event] += 1
        if isinstance(event, ReconcileTick):
            return False
        if self.attempts[event] % ATTEMPTS_MOST or "record_dead_letter" in self.stopped:
            self._push(event, 60)
        else:
            self._bury(event)
        return False

    def update(
        self, user_id: int, intent: Any, update_id: int | None = None, language: str = "en"
    ) -> None:
        """As ever; Telegram keeps for a day what is not answered."""
        if "telegram_bot" not in self.stopped:
            super().update(user_id, intent, update_id, language)
            return
        self.updates += 1
        self.unanswered.append((self.clock.now(), user_id, intent, self.updates))

    def start(self) -> None:
        """All functions run again."""
        self.stopped = frozenset()
        kept = self.clock.now() - TELEGRAM_KEEPS
        for asked_at, user_id, intent, number in self.unanswered:
            if asked_at >= kept:
                self.update(user_id, intent, number)

    def _bury(self, event: Event) -> None:
        letter = DeadLetter(
            uuid4(), uuid4().hex, "s", event.type, event.entity_id, event.model_dump_json(), {}
        )
        record_dead_letter(self, letter)


def _consumer(event: Event) -> str:
    """The function that gets this event."""
    if isinstance(event, ReconcileTick):
        return "reconcile"
    return HANDLERS[event.type].__name__


@dataclass
class Life:
    """Two channels, one of them paid in BTC, and everyone who buys there."""

    world: StoppableWorld
    shops: list[Shop] = field(default_factory=list)
    buyers: dict[int, Shop] = field(default_factory=dict)
    payments: dict[int, str] = field(default_factory=dict)
    asked_at: dict[int, datetime] = field(default_factory=dict)

    def begin(self) -> None:
        """Open both, with enough gas money for all."""
        self.world.top_up(10**19)
        self.shops = [self.world.open_shop(1), self.world.open_shop(2, target=BITCOIN)]

    def two_start(self) -> list[int]:
        """Two people open an offer each and choose a coin to pay with."""
        new = [FIRST_BUYER + len(self.buyers) + number for number in range(2)]
        for buyer, shop in zip(new, self.shops, strict=True):
            self.buyers[buyer] = shop
            self.start(buyer)
        return new

    def start(self, buyer: int) -> None:
        """Open the offer; where the bot answers, begin to pay."""
        world = self.world
        shop = self.buyers[buyer]
        if "telegram_bot" in world.stopped:
            world.fake_messenger.add_person(buyer)
            return
        invoice = world.order(buyer, shop)
        self.payments[buyer] = world.fake_provider.pay(invoice)
        self.call_back(buyer)

    def pay(self, buyer: int) -> None:
        """The coins arrive, and the provider is through with it."""
        if buyer not in self.payments:
            return
        world, payment = self.world, self.payments[buyer]
        tx_hash = world.deposit("0.0025")
        world.fake_provider.set_status(
            payment, "finished", outcome_amount="0.0025", payout_hash=tx_hash
        )
        self.call_back(buyer)

    def call_back(self, buyer: int) -> None:
        """The provider says so; it does not repeat for hours what nobody answers."""
        if "nowpayments_ipn" not in self.world.stopped:
            self.world.call_back(self.payments[buyer])

    def tick(self, length: timedelta) -> None:
        """Time passes, and whoever got an invite taps it."""
        world = self.world
        world.clock.pass_time(length.total_seconds())
        world.fake_chain.mine(5)
        world.fake_swaps.settle_all()
        if world.clock.now().minute < length.total_seconds() / 60:
            self._refresh()
        world.deliver(ReconcileTick())
        world.drain()
        for buyer in self.buyers.keys() - self.inside():
            self._ask_to_join(buyer)

    def _ask_to_join(self, buyer: int) -> None:
        """Tap the newest invite, and again a day later if nothing came of it."""
        world, now = self.world, self.world.clock.now()
        urls = world.invite_urls(buyer)
        if urls and now - self.asked_at.get(buyer, now - PATIENCE) >= PATIENCE:
            self.asked_at[buyer] = now
            world.join(buyer, urls[-1])

    def inside(self) -> set[int]:
        """Who bought and is in the chat."""
        chats = self.world.fake_messenger.chats
        return {
            buyer
            for buyer, shop in self.buyers.items()
            if buyer in chats[shop.closed_chat_id].members
        }

    def outside(self) -> set[int]:
        """Who bought and is not inside, though their link still leads to the door."""
        now = self.world.clock.now()
        waiting = self.buyers.keys() - self.inside()
        return {buyer for buyer in waiting if not self.has_lapsed(buyer, now)}

    def has_lapsed(self, buyer: int, now: datetime) -> bool:
        """Whether a buyer's link was not used in time: they have access, and ask for another."""
        urls = self.world.invite_urls(buyer)
        return bool(urls) and self.world.fake_messenger.links[urls[-1]].expires_at <= now

    def _refresh(self) -> None:
        if "refresh_currencies" not in self.world.stopped:
            refresh_currencies(self.world, int(self.world.clock.now().timestamp() // 3_600))


@pytest.fixture
def life(connect: Connect) -> Iterator[Life]:
    world = StoppableWorld(connect)
    yield Life(world)
    world.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("function", [*FUNCTIONS, ALL])
def test_thirty_hours_without(
    function: str, life: Life, record_property: Callable[[str, object], None]
) -> None:
    """All work completes afterwards, nothing twice; nobody has to look at anything."""
    world = life.world
    life.begin()
    for buyer in life.two_start():
        life.pay(buyer)
    for _ in range(3):
        life.tick(timedelta(minutes=1))
    paid, waiting = life.two_start(), life.two_start()
    for buyer in paid:
        life.pay(buyer)

    world.stopped = frozenset(FUNCTIONS if function == ALL else [function])
    _stand_still(life, waiting)
    world.start()

    for buyer in [one for one in life.buyers if one not in life.payments]:
        life.start(buyer)
        life.pay(buyer)
    for buyer in life.two_start():
        life.pay(buyer)
    for _ in range(TICKS_AFTER):
        if world.is_quiet() and not life.outside():
            break
        life.tick(timedelta(minutes=2))
    # What was shown to a person, and went on, is taken off the list within the hour.
    life.tick(timedelta(hours=1))
    life.tick(timedelta(minutes=1))
    _assert_all_is_done(life)
    # Telegram forgets what the bot does not take for a day, and a link lives no longer.
    lapsed = life.buyers.keys() - life.inside()
    assert not lapsed or function in ("telegram_bot", ALL), lapsed
    record_property(FAULT_CASES, json.dumps({"stopped for thirty hours": 1}))


def _stand_still(life: Life, waiting: list[int]) -> None:
    """Meanwhile people go on: some pay, some come."""
    began = life.world.clock.now()
    late: list[int] = []
    while life.world.clock.now() - began < STOPPED_FOR:
        life.tick(TICK)
        hours = (life.world.clock.now() - began) / timedelta(hours=1)
        if hours == 10:
            for buyer in waiting:
                life.pay(buyer)
            if "nowpayments_ipn" not in life.world.stopped:
                late = life.two_start()
        if hours == 20:
            for buyer in late:
                life.pay(buyer)


def _assert_all_is_done(life: Life) -> None:
    world = life.world
    assert not world.unfinished(), world.unfinished()
    assert not life.outside()
    periods = Counter(
        row["telegram_user_id"]
        for row in world.rows(
            "SELECT m.telegram_user_id FROM membership_periods p "
            "JOIN memberships m ON m.id = p.membership_id"
        )
    )
    assert periods == Counter(list(life.buyers))
    direct, swapped = life.shops
    by_shop = Counter(shop.channel_id for shop in life.buyers.values())
    assert (
        world.fake_chain.balance(direct.destination).base_units == OWED * by_shop[direct.channel_id]
    )
    swaps = world.fake_swaps
    sold = [swaps.exchanges[name].paid_in.base_units for name in swaps.funded]
    assert sum(sold) == OWED * by_shop[swapped.channel_id]
    shown = world.rows("SELECT subject_kind, reason FROM review_items WHERE closed_at IS NULL")
    assert not shown, shown
    assert_sound(world)
