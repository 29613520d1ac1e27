"""What can go wrong at a point of a delivery, and how it is brought about.

Points come in pairs: one before each commit and each call of a provider, and one after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared_lib.ports import (
    DatabaseUnavailableError,
    ProviderError,
    RetryableError,
    UnknownOutcomeError,
)
from tests.faults.acts import Act
from tests.points import KilledError, Strike
from tests.world import CHAIN_CALLS, CONFIRMATIONS, World

DAY_SECONDS = 86_400
SEEN_MOST = 12


class Condition(StrEnum):
    """The columns of the matrix."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    ANSWER_LOST = "answer lost"
    ANSWER_LATE = "answer late after the lease"
    TWICE_AT_ONCE = "delivered twice at once"
    OUT_OF_ORDER = "delivered out of order"
    A_DAY_LATER = "delivered a day later"

    def is_at(self, point: int) -> bool:
        """Whether it can happen at the point with this number."""
        is_before = point % 2 == 0
        if self is Condition.A_DAY_LATER:
            return True
        return is_before == (self is Condition.DIES_BEFORE)


@dataclass
class Case:
    """One act, in which one thing goes wrong at one point; `was_reached` if there is such one."""

    act: Act
    condition: Condition
    point: int
    was_reached: bool = False
    _committed_before: int = 0

    @property
    def world(self) -> World:
        return self.act.world

    def play(self) -> bool:
        """Deliver, with what goes wrong; whether the delivery had this point at all."""
        self.world.points.strikes = self._strikes()
        try:
            self.act.deliver()
        finally:
            self.world.points.strikes = {}
        if self.was_reached and self.condition is Condition.A_DAY_LATER:
            self.act.meanwhile()
            self.world.clock.pass_time(DAY_SECONDS)
            self.world.fake_chain.mine(CONFIRMATIONS)
            self.act.deliver()
        return self.was_reached

    def _strikes(self) -> Mapping[int, Strike]:
        strikes: dict[int, Strike] = {self.point: self._strike}
        if self.condition is Condition.ANSWER_LOST:
            strikes[self.point - 1] = self._note
        return strikes

    def _strike(self, name: str) -> None:
        self.was_reached = True
        assert name.startswith("after" if self.point % 2 else "before"), "points are not in pairs"
        _ACTIONS[self.condition](self, name)

    def _note(self, _name: str) -> None:
        self._committed_before = len(self.world._committed)

    # ---- what goes wrong ----

    def die(self, name: str) -> None:
        """The process is killed."""
        self.world.kills.append(f"{self.act.name}: {name}")
        raise KilledError(name)

    def lose_the_answer(self, name: str) -> None:
        """It was done, and whoever asked for it is told that nothing is known."""
        if name == "after commit":
            del self.world._committed[self._committed_before :]
            raise DatabaseUnavailableError("the answer was lost")
        raise _unanswered(name.removeprefix("after "))

    def answer_late(self, _name: str) -> None:
        """The lease ends before the answer is there, and another delivery takes over."""
        self.world.clock.pass_time(self.world.policy.lease_seconds + 1)
        self.deliver_again(_name)

    def deliver_again(self, _name: str) -> None:
        """Another process gets the same."""
        with self.world.elsewhere():
            self.act.deliver()

    def overtake(self, _name: str) -> None:
        """All that came later is delivered first, and what is long over once more."""
        world = self.world
        with world.elsewhere():
            for pushed in reversed(list(world.queue)):
                world.queue.remove(pushed)
                world.deliver(pushed.event)
            for event in reversed(list(dict.fromkeys(world.delivered))[-SEEN_MOST:]):
                world.deliver(event)


_ACTIONS = {
    Condition.DIES_BEFORE: Case.die,
    Condition.DIES_AFTER: Case.die,
    Condition.ANSWER_LOST: Case.lose_the_answer,
    Condition.ANSWER_LATE: Case.answer_late,
    Condition.TWICE_AT_ONCE: Case.deliver_again,
    Condition.OUT_OF_ORDER: Case.overtake,
    Condition.A_DAY_LATER: Case.die,
}


def _unanswered(call: str) -> ProviderError:
    """What the port says in this case: a node that is only read can simply be asked again."""
    if call in CHAIN_CALLS and call != "broadcast":
        return RetryableError("the answer was lost")
    return UnknownOutcomeError("the answer was lost")
