"""Drafts in memory, which vanish when a test says so."""

from collections.abc import Mapping
from itertools import count
from threading import RLock
from typing import Any

from shared_lib.ports import Draft, DraftChangedError, DraftKind, ProviderError
from tests.fakes.failures import Failures


class FakeDrafts:
    """The port `Drafts`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[DraftKind, int], Draft] = {}
        self._versions = count(1)
        self._lock = RLock()
        self._failures = Failures()

    def get(self, kind: DraftKind, telegram_user_id: int) -> Draft | None:
        with self._lock, self._failures.around("get"):
            return self.kept.get((kind, telegram_user_id))

    def put(
        self,
        kind: DraftKind,
        telegram_user_id: int,
        content: Mapping[str, Any],
        version: str | None,
    ) -> None:
        with self._lock, self._failures.around("put"):
            self._require(kind, telegram_user_id, version)
            kept = Draft(dict(content), str(next(self._versions)))
            self.kept[kind, telegram_user_id] = kept

    def delete(self, kind: DraftKind, telegram_user_id: int, version: str) -> None:
        with self._lock, self._failures.around("delete"):
            self._require(kind, telegram_user_id, version)
            self.kept.pop((kind, telegram_user_id), None)

    def fail_next(self, method: str, error: ProviderError, *, after_effect: bool = False) -> None:
        """Let the next call of `method` raise `error`; `after_effect`: its answer is lost."""
        with self._lock:
            self._failures.order(method, error, after_effect=after_effect)

    def lose_all(self) -> None:
        """What may happen to drafts at any time."""
        with self._lock:
            self.kept.clear()

    def _require(self, kind: DraftKind, telegram_user_id: int, version: str | None) -> None:
        kept = self.kept.get((kind, telegram_user_id))
        if version is not None and (kept is None or kept.version != version):
            raise DraftChangedError("the draft was changed meanwhile")
