"""Two deliveries at once, in an order that is decided beforehand and therefore can be repeated.

Each runs in a thread of its own, and only one of them runs at a time: they take turns at the points
that `tests.points` counts, but never within a transaction, where one would wait for the other's
locks for ever.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.points import Points

WAIT_SECONDS = 60.0
_WITHIN_TRANSACTION = "before commit"


class TurnPoints(Points):
    """Points that each thread counts for itself, and at which a thread can lose its turn."""

    def __init__(self) -> None:
        self._own = threading.local()
        super().__init__()

    @property
    def passed(self) -> list[str]:
        """The points that this thread's delivery has passed."""
        found: list[str] = self._own.__dict__.setdefault("passed", [])
        return found

    @passed.setter
    def passed(self, points: list[str]) -> None:
        self._own.passed = points

    @property
    def die_at(self) -> int | None:
        """The fatal point of this thread's delivery."""
        found: int | None = self._own.__dict__.get("die_at")
        return found

    @die_at.setter
    def die_at(self, point: int | None) -> None:
        self._own.die_at = point

    @contextmanager
    def calling(self, at_point: Callable[[], None]) -> Iterator[None]:
        """Call this at each point of the present thread where no transaction is open."""
        self._own.at_point = at_point
        try:
            yield
        finally:
            self._own.at_point = None

    def pass_by(self, name: str) -> None:
        super().pass_by(name)
        at_point: Callable[[], None] | None = self._own.__dict__.get("at_point")
        if at_point is not None and name != _WITHIN_TRANSACTION:
            at_point()


class Turns:
    """Runs two acts, which take turns: `switches` says after how many points each time.

    Where the switches are used up, or one act has ended, the other runs to its end. `between` is
    called at each switch.
    """

    def __init__(
        self, points: TurnPoints, switches: Sequence[int], between: Callable[[], None]
    ) -> None:
        self._points = points
        self._left = list(switches)
        self._between = between
        self._whose = 0
        self._ended: set[int] = set()
        self._changed = threading.Condition()
        self._failures: list[BaseException] = []

    def run(self, *acts: Callable[[], object]) -> None:
        """Run both to their ends. Raises what the first failing one raised."""
        threads = [
            threading.Thread(target=self._thread, args=(number, act), daemon=True)
            for number, act in enumerate(acts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _thread(self, me: int, act: Callable[[], object]) -> None:
        try:
            self._wait_for_turn(me)
            with self._points.calling(lambda: self._at_point(me)):
                act()
        except BaseException as failure:  # noqa: BLE001 (raised again by the thread that waits)
            self._failures.append(failure)
        finally:
            with self._changed:
                self._ended.add(me)
                self._hand_over(me)

    def _at_point(self, me: int) -> None:
        with self._changed:
            if not self._left or 1 - me in self._ended:
                return
            self._left[0] -= 1
            if self._left[0] > 0:
                return
            self._left.pop(0)
            self._between()
            self._hand_over(me)
        self._wait_for_turn(me)

    def _hand_over(self, me: int) -> None:
        self._whose = 1 - me
        self._changed.notify_all()

    def _wait_for_turn(self, me: int) -> None:
        with self._changed:
            in_time = self._changed.wait_for(
                lambda: self._whose == me or 1 - me in self._ended, WAIT_SECONDS
            )
        if not in_time:
            raise TimeoutError("the other delivery neither went on nor ended")
