"""Runs one delivery's work and turns what it raised into an HTTP status."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from shared_lib.ports import DatabaseUnavailableError, LeaseHeldError, LeaseLostError, Ports
from shared_lib.runtime.logs import Kind, log
from shared_lib.runtime.outbox import CommittedEvents
from shared_lib.runtime.settings import Settings

T = TypeVar("T")
UNAVAILABLE = 503
BROKEN = 500


class Runtime(Ports, Protocol):
    """What handles deliveries: all ports, the settings, and the events that were committed."""

    @property
    def settings(self) -> Settings:
        """The concerns that the function declared."""
        ...

    @property
    def events(self) -> CommittedEvents:
        """What is told of each committed transaction."""
        ...


class RefusedError(Exception):
    """The delivery did not succeed and is to come again; `status` is for whoever sent it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


def run(runtime: Runtime, work: Callable[[], T]) -> T:
    """Do the work, then publish what it committed, also if it failed halfway.

    Raises RefusedError, with 503 where trying again will help and 500 for everything unforeseen.
    """
    try:
        return work()
    except LeaseHeldError as error:
        log(Kind.RETRY, "another delivery is at work", reason=str(error))
        raise RefusedError(UNAVAILABLE) from None
    except LeaseLostError as error:
        log(Kind.RETRY, "the lease ran out", reason=str(error))
        raise RefusedError(UNAVAILABLE) from None
    except DatabaseUnavailableError as error:
        log(Kind.DATABASE, "the database does not answer", severity="ERROR", reason=str(error))
        raise RefusedError(UNAVAILABLE) from None
    except Exception as error:  # noqa: BLE001 (the last line before the framework's own answer)
        log(Kind.FAILED, "the delivery broke off", error=error)
        raise RefusedError(BROKEN) from None
    finally:
        runtime.events.flush(lambda: runtime.database)
