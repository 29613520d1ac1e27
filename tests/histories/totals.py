"""What was tried, as a total over many histories."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.histories.history import Played


@dataclass
class Totals:
    """How many histories and steps, and what went wrong in them by kind."""

    histories: int = 0
    steps: int = 0
    strikes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)

    def add(self, played: Played) -> None:
        """Count a history."""
        self.histories += 1
        self.steps += len(played.steps)
        self.strikes += played.strikes
        self.rules += played.rules

    @property
    def line(self) -> str:
        """How much it was."""
        faults = sum(self.strikes.values())
        return f"{self.histories} histories, {self.steps} steps, {faults} faults"


def table(counted: Counter[str]) -> Iterable[str]:
    """The kinds with their numbers, the commonest first, some on each line."""
    words = [f"{kind} {number}" for kind, number in counted.most_common()]
    width = 4
    for start in range(0, len(words), width):
        yield "  " + ", ".join(words[start : start + width])
