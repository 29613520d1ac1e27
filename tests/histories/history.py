"""One history: its plan, how it is played, and which of its steps a failure needs."""

import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from random import Random

from tests.databases import Cleaner

# Their import makes the rules.
from tests.histories import chain, commands, deliveries, outside, owners, people
from tests.histories.checks import Checks
from tests.histories.ends import let_all_end
from tests.histories.machine import RULES, Connections, Machine, Rule, new_machine

STEPS = 300
# A plan is longer than its history, because some of its steps find nothing to do.
PLANNED_PER_STEP = 8
LIKING = (0, 2, 2, 2, 2, 3, 4)
SHRINK_SECONDS = 45.0
_IDS = re.compile(r"0x[0-9a-fA-F]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
_MODULES = (chain, commands, deliveries, outside, owners, people)


@dataclass(frozen=True)
class Step:
    """One rule with its dice. `number` is its place in the plan."""

    number: int
    rule: Rule
    dice: int

    def __str__(self) -> str:
        return f"{self.number:4} {self.rule.name}"


@dataclass
class Played:
    """What came of a history: the steps that did something, and why it failed if it did.

    `is_ending`: all steps were played, so that a failure is one of the end. `mark` follows from all
    that was signed and said, and is the same where a history was repeated exactly.
    """

    seed: int
    steps: list[Step]
    strikes: Counter[str]
    rules: Counter[str]
    failure: str | None = None
    kind: str = ""
    is_ending: bool = False
    mark: str = ""

    def failed(self, problem: Exception) -> None:
        """Remember why, and of which kind it is: the same words, whatever the ids and numbers."""
        self.failure = "".join(traceback.format_exception(problem))
        words = f"{type(problem).__name__}: {problem}".splitlines()[0]
        self.kind = _IDS.sub("#", words)[:80]


class HistoryFailedError(AssertionError):
    """An invariant was broken, or a function raised what it should not."""


def plan(seed: int, steps: int = STEPS) -> list[Step]:
    """The steps of a seed. Each history likes some rules better than others, and lacks a few."""
    dice = Random(seed)
    rules = list(RULES.values())
    weights = [one.weight * dice.choice(LIKING) for one in rules]
    chosen = dice.choices(rules, weights, k=steps * PLANNED_PER_STEP)
    return [Step(number, one, dice.getrandbits(32)) for number, one in enumerate(chosen)]


@dataclass
class Stage:
    """The database on which histories are played, one after the other."""

    cleaner: Cleaner
    connections: Connections

    def play(
        self,
        seed: int,
        steps: int = STEPS,
        only: Sequence[int] | None = None,
        *,
        to_the_end: bool = True,
    ) -> Played:
        """Play a seed's history from an empty database to its end; or only some of its steps."""
        self.cleaner.empty()
        planned = plan(seed, steps)
        if only is not None:
            planned = [planned[number] for number in only]
        machine = new_machine(self.connections, seed)
        checks = Checks(machine)
        played = Played(seed, [], machine.strikes, Counter())
        try:
            _play(machine, checks, planned, steps, played)
            played.is_ending = True
            if to_the_end:
                machine.begin(~seed)
                let_all_end(machine, checks)
        except Exception as problem:  # noqa: BLE001 (whatever it is, the history found it)
            played.failed(problem)
        played.mark = _mark(machine)
        return played

    def shrink(self, failed: Played, steps: int = STEPS, seconds: float = SHRINK_SECONDS) -> Played:
        """The fewest steps that still fail in the same way, as far as time allows."""
        found, deadline = [failed], time.monotonic() + seconds
        for numbers in _smaller(lambda: [step.number for step in found[-1].steps]):
            if time.monotonic() > deadline:
                break
            played = self.play(failed.seed, steps, numbers, to_the_end=failed.is_ending)
            if played.kind == failed.kind:
                found.append(played)
        return found[-1]


def _mark(machine: Machine) -> str:
    signed = list(machine.world.fake_chain.sent.items())
    said = machine.world.fake_messenger.messages
    return blake2b(repr((signed, said)).encode(), digest_size=8).hexdigest()


def _play(
    machine: Machine, checks: Checks, planned: Sequence[Step], steps: int, played: Played
) -> None:
    for step in planned:
        if len(played.steps) == steps:
            return
        machine.begin(step.dice)
        played.steps.append(step)
        if not step.rule.act(machine):
            played.steps.pop()
            continue
        played.rules[step.rule.name] += 1
        if not step.rule.is_quiet:
            checks.after_step()


def _smaller(now: Callable[[], list[int]]) -> Iterator[list[int]]:
    """Ever smaller parts left out of what is left now; each is tried by whoever iterates."""
    size = len(now()) // 2
    while size >= 1:
        start = 0
        while start < len(now()):
            numbers = now()
            yield numbers[:start] + numbers[start + size :]
            if len(now()) == len(numbers):
                start += size
        size //= 2
