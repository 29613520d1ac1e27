"""Repeats a measurement, as often as wanted where the machine has time for it."""

import time
from collections.abc import Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")
Clock = Callable[[], float]


def repeated(
    once: Callable[[int], ResultT], most: int, seconds: float, clock: Clock = time.monotonic
) -> list[ResultT]:
    """Results of `once(0)`, `once(1)` and so on: one at least, `most` at most.

    No round begins that would not end within these seconds if it took as long as the longest.
    """
    until, longest = clock() + seconds, 0.0
    results: list[ResultT] = []
    while len(results) < most and (not results or clock() + longest <= until):
        began = clock()
        results.append(once(len(results)))
        longest = max(longest, clock() - began)
    return results
