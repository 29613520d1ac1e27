"""Random histories on code with each planted bug in turn, until one of them breaks.

A bug that is not found here is still caught by its own scenario in every `make test`.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.histories.history import Stage
from tests.histories.replay import planted
from tests.planted.bugs import BUGS

MINUTE = 60.0


@dataclass
class Search:
    """One bug: how many histories were played, and what broke in the last of them, if it did."""

    bug: str
    histories: int = 0
    seed: int | None = None
    found: str = ""

    def line(self) -> str:
        """For people."""
        if self.seed is None:
            return f"{self.bug:28} not found in {self.histories} histories"
        return f"{self.bug:28} history {self.histories}, seed {self.seed}: {self.found}"


@dataclass
class Searches:
    """All bugs, of which those that are not found yet are searched for by turns."""

    stage: Stage
    seed: int
    all: list[Search] = field(default_factory=lambda: [Search(name) for name in sorted(BUGS)])

    def run(self, minutes: float) -> None:
        """Until all are found or the time is over."""
        until = time.monotonic() + minutes * MINUTE
        while time.monotonic() < until and (left := [one for one in self.all if one.seed is None]):
            for one in left:
                if time.monotonic() < until:
                    self._play(one)

    def lines(self) -> Iterator[str]:
        """How many were found, and each."""
        found = [one for one in self.all if one.seed is not None]
        yield f"{len(found)} of {len(self.all)} planted bugs were found by random histories"
        for one in self.all:
            yield f"  {one.line()}"

    def _play(self, one: Search) -> None:
        self.seed += 1
        with planted(one.bug, self.stage):
            played = self.stage.play(self.seed)
        one.histories += 1
        if played.failure is not None:
            one.seed, one.found = self.seed, played.kind
