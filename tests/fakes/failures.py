"""Failures that a test orders of a fake."""

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared_lib.ports import ProviderError


@dataclass(frozen=True)
class _Failure:
    error: ProviderError
    after_effect: bool


@dataclass
class Failures:
    """Ordered failures of each method, struck first come, first served."""

    _ordered: dict[str, deque[_Failure]] = field(default_factory=lambda: defaultdict(deque))

    def order(self, method: str, error: ProviderError, *, after_effect: bool = False) -> None:
        """Let the next call of `method` raise `error`, before or after it took effect."""
        self._ordered[method].append(_Failure(error, after_effect))

    @contextmanager
    def around(self, method: str) -> Iterator[None]:
        """Wraps the effect of a method; what was ordered is raised around it."""
        waiting = self._ordered[method]
        failure = waiting.popleft() if waiting else None
        if failure is not None and not failure.after_effect:
            raise failure.error
        yield
        if failure is not None:
            raise failure.error
