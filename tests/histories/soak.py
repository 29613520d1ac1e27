"""Histories with fresh seeds, for as long as there is time.

    python -m tests.histories.soak --minutes 10
    python -m tests.histories.soak --minutes 1 --plant NAME    on code with a planted bug

Prints a line a minute, and stops at the first failure with the command that repeats it.
"""

import argparse
import secrets
import sys
import time

from tests.histories.history import Stage
from tests.histories.replay import COMMAND, own_stage, planted, told
from tests.histories.totals import Totals, table

MINUTE = 60.0


def soak(stage: Stage, minutes: float, first_seed: int, plant: str | None = None) -> int:
    """0 if everything went well until the time was over."""
    totals, began = Totals(), time.monotonic()
    minute, seed = 1, first_seed
    print(f"seeds from {first_seed}", flush=True)
    while time.monotonic() - began < minutes * MINUTE:
        played = stage.play(seed)
        totals.add(played)
        if played.failure is not None:
            _report(totals)
            print(f"seed {seed} failed; {COMMAND} {seed} repeats it. Shrinking …", flush=True)
            print(told(stage.shrink(played), plant))
            return 1
        seed += 1
        if time.monotonic() - began >= minute * MINUTE:
            print(f"minute {minute}: {totals.line}", flush=True)
            minute = int((time.monotonic() - began) // MINUTE) + 1
    _report(totals)
    return 0


def _report(totals: Totals) -> None:
    print(totals.line)
    for line in table(totals.strikes):
        print(line)


def main() -> int:
    """The exit status: 1 where something was found."""
    parser = argparse.ArgumentParser(description="Play histories until the time is over.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, help="the first seed; a fresh one by default")
    parser.add_argument("--plant", help="a bug of tests.planted")
    given = parser.parse_args()
    first_seed = secrets.randbelow(10**9) * 1_000 if given.seed is None else given.seed
    with own_stage() as stage, planted(given.plant, stage):
        return soak(stage, given.minutes, first_seed, given.plant)


if __name__ == "__main__":
    sys.exit(main())
