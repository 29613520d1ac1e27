"""Failures that are counted when they strike, and outages that last."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared_lib.ports import ProviderError
from tests.fakes.failures import Failures


class CountedFailures(Failures):
    """As `Failures`; `outage` fails every call until it is None again."""

    def __init__(self, whose: str, strikes: Counter[str]) -> None:
        super().__init__()
        self.outage: ProviderError | None = None
        self.whose = whose
        self._strikes = strikes

    def clear(self) -> None:
        """Nothing fails any more."""
        self._ordered.clear()
        self.outage = None

    @contextmanager
    def around(self, method: str) -> Iterator[None]:
        """Wraps the effect of a method; what was ordered is raised around it."""
        if self.outage is not None:
            self._strikes[f"{self.whose} outage"] += 1
            raise self.outage
        waiting = self._ordered[method]
        if waiting:
            when = "after" if waiting[0].after_effect else "before"
            kind = type(waiting[0].error).__name__.removesuffix("Error")
            self._strikes[f"{self.whose} {kind} {when} effect"] += 1
        with super().around(method):
            yield
