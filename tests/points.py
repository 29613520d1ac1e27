"""Points at which a process can die, found by watching what a use case does through its ports.

Every call of a provider has a point before and one after its effect; so has every commit. A
`Points` counts them as they pass; told to, it dies at one of them, as a killed process would: no
handler of ours runs, an open transaction is rolled back by the server, and events that were not
published yet are lost. Anything else can happen at a point, too: see `strikes`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

from shared_lib.ports import Database, Transaction


class KilledError(BaseException):
    """The process is gone. No `except Exception` may catch this."""


Strike = Callable[[str], None]


class Points:
    """The points passed in the present delivery; `die_at` is the number of the fatal one.

    `strikes` are called at the points with their numbers, and get the point's name.
    """

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.die_at: int | None = None
        self.strikes: Mapping[int, Strike] = {}

    def start(self, die_at: int | None = None) -> None:
        """Begin to count anew."""
        self.passed = []
        self.die_at = die_at

    def pass_by(self, name: str) -> None:
        """A point. Raises KilledError if it is the fatal one."""
        self.passed.append(name)
        number = len(self.passed) - 1
        if self.die_at == number:
            raise KilledError(name)
        if number in self.strikes:
            self.strikes[number](name)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Points that are passed in the block are another delivery's: they do not count here."""
        passed, die_at, strikes = self.passed, self.die_at, self.strikes
        self.passed, self.die_at, self.strikes = [], None, {}
        try:
            yield
        finally:
            self.passed, self.die_at, self.strikes = passed, die_at, strikes


class WatchedDatabase:
    """The port `Database`, with a point before and after each commit."""

    def __init__(self, inner: Database, points: Points) -> None:
        self._inner = inner
        self._points = points

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction of the real database."""
        return self._watched()

    def forget_published(self, row_ids: Sequence[int]) -> None:
        """As the real database."""
        self._inner.forget_published(row_ids)

    @contextmanager
    def _watched(self) -> Iterator[Transaction]:
        with self._inner.transaction() as tx:
            yield tx
            self._points.pass_by("before commit")
        self._points.pass_by("after commit")


class WatchedPort:
    """Any provider's port, with a point before and after each of its calls that leave us."""

    def __init__(self, inner: object, points: Points, remote: frozenset[str]) -> None:
        self._inner = inner
        self._points = points
        self._remote = remote

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._watched(name, found) if name in self._remote else found

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(*arguments: Any, **named: Any) -> Any:
            self._points.pass_by(f"before {name}")
            answer = call(*arguments, **named)
            self._points.pass_by(f"after {name}")
            return answer

        return watched
