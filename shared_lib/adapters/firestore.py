"""Drafts in Firestore, which may lose all of them.

A draft is one document. Its version is the document's time of change, by which Firestore itself
refuses what somebody else has changed meanwhile. Documents have a field `expires_at`, by which a
policy of the database deletes them some time later; until then they are treated as gone.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock
from typing import Any, TypeVar

from google.api_core import exceptions
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore

from shared_lib.ports import Clock, Draft, DraftChangedError, DraftKind, RetryableError

COLLECTION = "drafts"
LIFETIME = timedelta(days=1)
_STALE = (exceptions.FailedPrecondition, exceptions.NotFound, exceptions.Aborted)

ResultT = TypeVar("ResultT")


class FirestoreDrafts:
    """The port `Drafts`. The client is made with the first call, after the fork.

    Args:
        project_id: of the database `(default)`.
        call_seconds: how long one call may take in all.
    """

    def __init__(self, project_id: str, clock: Clock, *, call_seconds: float) -> None:
        self._project_id = project_id
        self._clock = clock
        self._call_seconds = call_seconds
        self._lock = Lock()
        self._made: firestore.Client | None = None

    def get(self, kind: DraftKind, telegram_user_id: int) -> Draft | None:
        document = self._document(kind, telegram_user_id)
        found = self._asked(lambda: document.get(timeout=self._call_seconds, retry=None))
        if not found.exists or found.get("expires_at") <= self._clock.now():
            return None
        return Draft(json.loads(found.get("content")), _version(found.update_time))

    def put(
        self,
        kind: DraftKind,
        telegram_user_id: int,
        content: Mapping[str, Any],
        version: str | None,
    ) -> None:
        fields = {
            "content": json.dumps(content),
            "expires_at": self._clock.now() + LIFETIME,
        }
        document, seconds = self._document(kind, telegram_user_id), self._call_seconds
        if version is None:
            self._asked(lambda: document.set(fields, timeout=seconds, retry=None))
            return
        option = self._option(version)
        self._asked(lambda: document.update(fields, option=option, timeout=seconds, retry=None))

    def delete(self, kind: DraftKind, telegram_user_id: int, version: str) -> None:
        document, option = self._document(kind, telegram_user_id), self._option(version)
        seconds = self._call_seconds
        self._asked(lambda: document.delete(option=option, timeout=seconds, retry=None))

    def _client(self) -> firestore.Client:
        with self._lock:
            if self._made is None:
                self._made = firestore.Client(project=self._project_id)
            return self._made

    def _document(self, kind: DraftKind, telegram_user_id: int) -> Any:
        return self._client().collection(COLLECTION).document(f"{kind.value}-{telegram_user_id}")

    def _option(self, version: str) -> Any:
        return self._client().write_option(last_update_time=_moment(version))

    def _asked(self, call: Callable[[], ResultT]) -> ResultT:
        """One call. Raises DraftChangedError or RetryableError; nothing of Google's gets out."""
        try:
            return call()
        except _STALE as error:
            raise DraftChangedError("the draft was changed meanwhile") from error
        except exceptions.GoogleAPIError as error:
            raise RetryableError(f"Firestore: {type(error).__name__}") from error


def _version(changed_at: Any) -> str:
    """The time of a change to the nanosecond, as text."""
    return str(changed_at.rfc3339())


def _moment(version: str) -> Any:
    read: Any = DatetimeWithNanoseconds
    return read.from_rfc3339(version).timestamp_pb()
