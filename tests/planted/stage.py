"""A world whose functions may crash, as the real ones may, and what scenarios say of it."""

from collections import Counter
from typing import Any
from uuid import UUID

from shared_lib.events import Event
from shared_lib.ports import LeaseHeldError, LeaseLostError
from tests.invariants import fee_violations, violations
from tests.points import KilledError
from tests.world import NACK_SECONDS, World

MINUTES_MOST = 20
# What is delivered again so often has something wrong with it that does not pass by itself.
NACKS_MOST = 5


class BrokenError(AssertionError):
    """A rule of the product does not hold. `rules` names each once, without its particulars."""

    def __init__(self, rules: list[str], fact: str) -> None:
        super().__init__(f"{'; '.join(rules)}: {fact}")
        self.rules = rules


class Stage(World):
    """A world in which a delivery that crashes is counted and comes again, as with Pub/Sub."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.crashes: list[Exception] = []
        self.nacks = Counter[tuple[str, UUID | None]]()

    def deliver(self, event: Event, die_at: int | None = None) -> bool:
        """Push one event to its function; whether it was acknowledged."""
        try:
            is_acknowledged = super().deliver(event, die_at)
        except Exception as crash:  # noqa: BLE001 (whatever it is, the push is answered with 500)
            self._crashed(event, crash)
            is_acknowledged = False
        if not is_acknowledged:
            self.nacks[event.type, event.entity_id] += 1
        return is_acknowledged

    def tell_bot(self, user_id: int, intent: Any, update_id: int, die_at: int | None) -> bool:
        """Telegram delivers an update until it is answered; whether it was so the first time."""
        self.fatal_point = die_at
        try:
            self.update(user_id, intent, update_id)
        except KilledError:
            pass
        else:
            return True
        finally:
            self.fatal_point = None
        while not self._answers(user_id, intent, update_id):
            self.clock.pass_time(NACK_SECONDS)
        return False

    def lose_unpublished(self) -> None:
        """The process is gone before anything of what it committed was published."""
        self._committed.clear()

    def _answers(self, user_id: int, intent: Any, update_id: int) -> bool:
        try:
            self.update(user_id, intent, update_id)
        except (LeaseHeldError, LeaseLostError):
            return False
        return True

    def _crashed(self, event: Event, crash: Exception) -> None:
        self.crashes.append(crash)
        self._committed.clear()
        self._push(event, NACK_SECONDS)


def ensure(holds: object, broken: str, fact: object = "") -> None:
    """Raise BrokenError unless something holds; `broken` says in words what is wrong."""
    if not holds:
        raise BrokenError([broken], str(fact))


def sound(stage: Stage) -> None:
    """Every invariant holds, and no event is turned away for ever."""
    found = [*violations(stage), *fee_violations(stage)]
    if found:
        raise BrokenError(_rules(found), "; ".join(found))
    often = {event: times for (event, _), times in stage.nacks.items() if times > NACKS_MOST}
    ensure(not often, "I4 a delivery fails again and again", f"{often} {stage.crashes[-1:]}")


def finish(stage: Stage) -> None:
    """Let everything come to its end; it must be a sound one."""
    stuck: AssertionError | None = None
    try:
        stage.run(MINUTES_MOST)
    except AssertionError as error:
        stuck = error
    sound(stage)
    ensure(stuck is None, "I4 what was begun never ends", stuck)


def _rules(found: list[str]) -> list[str]:
    """Each broken rule once, without ids and amounts."""
    return list(dict.fromkeys(_rule(one) for one in found))


def _rule(violation: str) -> str:
    words = violation.partition(":")[0].split()
    return " ".join("…" if _is_particular(word) else word for word in words)


def _is_particular(word: str) -> bool:
    """Whether a word is an id, an address or an amount, and not a rule's number."""
    return len(word) > len("I2") and any(sign.isdigit() for sign in word)
