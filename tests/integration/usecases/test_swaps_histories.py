"""Whatever happens on the way, the owner's money is swapped once, lost in sight, or still owed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared_lib.adapters.postgres.database import Connect
from shared_lib.domain.swap import AWAITS_DEPOSIT
from shared_lib.events import Event
from shared_lib.ports import (
    OutOfRangeError,
    PairUnavailableError,
    PermanentError,
    ProviderError,
    RateExpiredError,
    RetryableError,
    UnknownOutcomeError,
)
from tests.databases import Cleaner
from tests.fakes.swaps import FakeExchange
from tests.integration.usecases.support import balance, buy, column, reviews, value
from tests.integration.usecases.swap_support import made, repair_swaps, sold_in, swap_shop
from tests.invariants import assert_sound
from tests.world import Shop, World

FIRST_BUYER = 6_300_000_001
AMOUNTS = ("0.0025", "0.002500000987654321")
ERRORS: dict[str, ProviderError] = {
    "down": RetryableError("503"),
    "busy": RetryableError("429", 150),
    "no key": PermanentError("401"),
    "lost": UnknownOutcomeError("the connection broke"),
    "too old": RateExpiredError("rate_id_not_found_or_expired"),
    "too small": OutOfRangeError("deposit_too_small", is_too_small=True),
    "no pair": PairUnavailableError("pair_is_inactive"),
}
ASKING = ("limits", "market_quote", "fixed_quote", "create_exchange", "exchange")
LOSSES = (0, 1, 10**13)
ENDS: dict[str, Callable[[World, str, int], object]] = {
    "finish": lambda world, one, _: world.fake_swaps.finish(one),
    "refund": lambda world, one, loss: world.fake_swaps.refund(one, loss),
    "fail": lambda world, one, _: world.fake_swaps.fail(one),
    "hold": lambda world, one, _: world.fake_swaps.hold(one),
}

HISTORY = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class History:
    """A channel that is paid in bitcoin, its buyers, and a provider that nothing is beyond."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.world.exchanges_go_on = False
        self.shop: Shop = swap_shop(world)
        self.seen: list[Event] = []
        self.buyers = 0

    def buy(self, amount: str) -> None:
        buy(self.world, self.shop, FIRST_BUYER + self.buyers, amount)
        self.buyers += 1

    def go_on(self, minutes: int, step: int = 1) -> None:
        for _ in range(minutes):
            self.world.clock.pass_time(60 * (step - 1))
            self.world.tick()
            self.seen += [one.event for one in self.world.queue]
            self.world.drain()

    def break_next(self, method: str, error: str, *, after_effect: bool) -> None:
        """An answer can be lost after its effect; what was refused has none."""
        is_lost = error == "lost" and after_effect
        self.world.fake_swaps.fail_next(method, ERRORS[error], after_effect=is_lost)

    def die(self, point: int) -> None:
        """The next delivery dies at this point, if it gets there."""
        now = self.world.clock.now()
        due = next((one for one in self.world.queue if one.not_before <= now), None)
        if due is not None:
            self.world.queue.remove(due)
            self.world.deliver(due.event, die_at=point)

    def repeat(self, number: int) -> None:
        """Something that was delivered before comes again."""
        if self.seen:
            self.world.deliver(self.seen[number % len(self.seen)])

    def end(self, how: str, loss: int) -> None:
        """What becomes of the newest exchange that got its money and has not ended."""
        under_way = [one for one in made(self.world) if self._is_under_way(one)]
        if under_way:
            ENDS[how](self.world, under_way[-1].echo.id, loss)

    def _is_under_way(self, one: FakeExchange) -> bool:
        is_funded = one.echo.id in self.world.fake_swaps.funded
        return is_funded and one.status not in ("finished", "refunded")

    def let_all_end(self) -> None:
        """Nothing fails any more, and every exchange comes to its good end."""
        repair_swaps(self.world)
        self.world.exchanges_go_on = True
        for _ in range(200):
            for one in made(self.world):
                if self._is_under_way(one) and one.status not in AWAITS_DEPOSIT:
                    self.world.fake_swaps.finish(one.echo.id)
            self.go_on(1, step=3)
            if self.world.is_quiet():
                return
        raise AssertionError(f"still busy: {self.world.unfinished()}")


minutes: st.SearchStrategy[Any] = st.builds(
    lambda number: ("go_on", (number,), {}), st.integers(1, 6)
)
STEPS = st.one_of(
    minutes,
    minutes,
    st.builds(lambda hours: ("go_on", (hours,), {"step": 60}), st.integers(1, 3)),
    st.builds(
        lambda method, error, late: ("break_next", (method, error), {"after_effect": late}),
        st.sampled_from(ASKING),
        st.sampled_from(sorted(ERRORS)),
        st.booleans(),
    ),
    st.builds(lambda point: ("die", (point,), {}), st.integers(0, 12)),
    st.builds(lambda number: ("repeat", (number,), {}), st.integers(0, 1_000)),
    st.builds(
        lambda how, loss: ("end", (how, loss), {}),
        st.sampled_from(sorted(ENDS)),
        st.sampled_from(LOSSES),
    ),
)


@contextmanager
def fresh(cleaner: Cleaner, connect: Connect) -> Iterator[World]:
    """A world that knows nothing of the histories before."""
    cleaner.empty()
    world = World(connect)
    try:
        yield world
    finally:
        world.close()


@HISTORY
@given(amounts=st.lists(st.sampled_from(AMOUNTS), min_size=2, max_size=4), steps=st.data())
def test_every_history_ends_with_the_books_in_order(
    database_cleaner: Cleaner, connect: Connect, amounts: list[str], steps: st.DataObject
) -> None:
    """Two to four purchases among faults, deaths, repetitions, jumps of time and refunds."""
    with fresh(database_cleaner, connect) as world:
        history = History(world)
        for amount in amounts:
            history.buy(amount)
            for name, arguments, named in steps.draw(st.lists(STEPS, min_size=2, max_size=6)):
                getattr(history, name)(*arguments, **named)
                assert_sound(world)
        history.let_all_end()
        assert_sound(world)
        assert_accounted_for(world)


def assert_accounted_for(world: World) -> None:
    """Every wei of the owner's: swapped, lost in sight, or still owed; and nothing beside it."""
    owned = int(value(world, "SELECT sum(amount) FROM shares WHERE kind = 'payment'"))
    lost = int(
        value(
            world,
            "SELECT coalesce(sum(sold - refunded), 0) FROM swaps WHERE state = 'refunded'",
        )
    )
    owed = -balance(world, "owner_payable")
    assert owned == sold_in(world, "finished") + lost + owed
    assert balance(world, "in_flight") == balance(world, "difference") == 0
    ours = set(
        column(world, "SELECT exchange_id FROM swaps WHERE state IN ('finished', 'refunded')")
    )
    assert set(world.fake_swaps.funded) == ours
    assert {reason for _, reason in reviews(world)} <= {"returned_too_often"}
