"""Publishes what a delivery committed, before its answer is given."""

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace

from shared_lib.events import Event
from shared_lib.ports import Database, DatabaseUnavailableError, OutboxRow, Publisher
from shared_lib.runtime.logs import Kind, current_trace, log

# Nothing runs after the answer, as an instance gets no CPU then; and nobody should wait longer.
PUBLISH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Delivery:
    """What one delivery has committed: rows that the broker has, and how many it has not."""

    stored: tuple[int, ...] = ()
    left: int = 0
    seconds: float = PUBLISH_SECONDS


_NOTHING = _Delivery()


class CommittedEvents:
    """Told of each committed transaction's events, it publishes them at once.

    All of a delivery's events together are given 2 seconds. Whatever goes wrong here is only a
    delay: a row that stays is published by `reconcile`, and one that is published twice is handled
    twice to the same effect. Deliveries run in threads, each of which sees its own events only.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._delivery: ContextVar[_Delivery] = ContextVar("delivery", default=_NOTHING)

    def __call__(self, rows: Sequence[OutboxRow]) -> None:
        """Publish; never raises, because the transaction has committed already."""
        for row in rows:
            known = self._delivery.get()
            began = time.monotonic()
            is_stored = known.seconds > 0 and self._publish(row, known.seconds)
            used = time.monotonic() - began
            self._delivery.set(
                replace(
                    known,
                    stored=(*known.stored, row.id) if is_stored else known.stored,
                    left=known.left + (not is_stored),
                    seconds=known.seconds - used,
                )
            )

    def flush(self, database: Callable[[], Database]) -> None:
        """Delete the rows that the broker has; the delivery is over."""
        done = self._delivery.get()
        self._delivery.set(_NOTHING)
        if done.left:
            log(Kind.RETRY, "events are left to reconcile", count=done.left)
        if done.stored:
            _forget(database, done.stored)

    def _publish(self, row: OutboxRow, seconds: float) -> bool:
        try:
            return self._publisher.publish(_traced(row.event), seconds)
        except Exception as error:  # noqa: BLE001 (raising would undo nothing; see the class)
            log(Kind.RETRY, "an event is left to reconcile", error=error, type=row.event.type)
            return False


def _traced(event: Event) -> Event:
    """The event with the trace of the delivery that published it, so that one can follow it."""
    trace = current_trace()
    if event.trace_id or not trace:
        return event
    return event.model_copy(update={"trace_id": trace})


def _forget(database: Callable[[], Database], row_ids: Sequence[int]) -> None:
    try:
        database().forget_published(row_ids)
    except DatabaseUnavailableError as error:
        log(Kind.DATABASE, "published events stay in the outbox", reason=str(error))
    except Exception as error:  # noqa: BLE001 (the delivery's own work is committed and stands)
        log(Kind.FAILED, "published events stay in the outbox", error=error)
