"""Publishes what a delivery committed, before its answer is given."""

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from shared_lib.events import Event
from shared_lib.ports import Database, DatabaseUnavailableError, OutboxRow, Publication, Publisher
from shared_lib.runtime.logs import Kind, current_trace, log

# Nothing runs after the answer, as an instance gets no CPU then; and nobody should wait longer.
FLUSH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Pending:
    row_id: int
    publication: Publication


class CommittedEvents:
    """Told of each committed transaction's events, it starts to publish them at once.

    Whatever goes wrong here is only a delay: a row that stays is published by `reconcile`, and one
    that is published twice is handled twice to the same effect. Deliveries run in threads, each of
    which sees its own events only.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._pending: ContextVar[tuple[_Pending, ...]] = ContextVar("pending", default=())

    def __call__(self, rows: Sequence[OutboxRow]) -> None:
        """Start to publish; never raises, because the transaction has committed already."""
        started = [one for row in rows if (one := self._start(row)) is not None]
        self._pending.set((*self._pending.get(), *started))

    def flush(self, database: Callable[[], Database]) -> None:
        """Wait for all that was started, 2 s at most, and delete the rows that are stored."""
        pending = self._pending.get()
        self._pending.set(())
        until = time.monotonic() + FLUSH_SECONDS
        stored = [one.row_id for one in pending if one.publication.wait(until - time.monotonic())]
        if len(stored) < len(pending):
            log(Kind.RETRY, "events are left to reconcile", count=len(pending) - len(stored))
        if stored:
            _delete(database, stored)

    def _start(self, row: OutboxRow) -> _Pending | None:
        try:
            return _Pending(row.id, self._publisher.publish(_traced(row.event)))
        except Exception as error:  # noqa: BLE001 (raising would undo nothing; see the class)
            log(Kind.RETRY, "an event is left to reconcile", error=error, type=row.event.type)
            return None


def _traced(event: Event) -> Event:
    """The event with the trace of the delivery that published it, so that one can follow it."""
    trace = current_trace()
    if event.trace_id or not trace:
        return event
    return event.model_copy(update={"trace_id": trace})


def _delete(database: Callable[[], Database], row_ids: Sequence[int]) -> None:
    try:
        with database().transaction() as transaction:
            transaction.outbox.delete(row_ids)
    except DatabaseUnavailableError as error:
        log(Kind.DATABASE, "published events stay in the outbox", reason=str(error))
    except Exception as error:  # noqa: BLE001 (the delivery's own work is committed and stands)
        log(Kind.FAILED, "published events stay in the outbox", error=error)
