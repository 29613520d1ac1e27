"""The way of a push through an event function: admit, read, run, publish, answer.

Everything is read from Flask's request, because the framework's converted event has lost the
headers and the delivery's own facts. An answer other than 2xx is a nack: Pub/Sub delivers again
and, in the end, to the dead-letter topic.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import flask
from pydantic import ValidationError

from shared_lib.events import Event, event_from_json, type_name
from shared_lib.ports import DeadLetter, Ports
from shared_lib.runtime.claims import NotAdmittedError, check_claims
from shared_lib.runtime.logs import Kind, bind, delivery_logged, follow_trace, log
from shared_lib.runtime.outcome import RefusedError, Runtime, run
from shared_lib.runtime.push import Push, UnreadablePushError, read_dead_letter, read_push
from shared_lib.runtime.settings import PushSettings

EventT = TypeVar("EventT", bound=Event)
_UNREADABLE = 400
_FORBIDDEN = 403


def consume(
    runtime: Runtime, event_type: type[EventT], handle: Callable[[Ports, EventT], None]
) -> None:
    """Handle the event that is pushed to this function.

    Aborts the request where it is not handled: 403 not from our push account, 400 not this event,
    503 leased by another delivery or no database, 500 anything else.
    """
    with _delivery(runtime):
        _, event = _read(event_type)
        run(runtime, lambda: handle(runtime, event))


def consume_tick(
    runtime: Runtime,
    event_type: type[Event],
    period_seconds: float,
    handle: Callable[[Ports, int], None],
) -> None:
    """Handle a tick by its slot, the number of the period in which it was published.

    Aborts like `consume`.
    """
    with _delivery(runtime):
        push, _ = _read(event_type)
        slot = push.slot(period_seconds)
        bind(slot=slot)
        run(runtime, lambda: handle(runtime, slot))


def consume_dead_letter(runtime: Runtime, handle: Callable[[Ports, DeadLetter], None]) -> None:
    """Handle whatever ended as a dead letter, whether or not it can be read.

    Aborts like `consume`, but never because of the body.
    """
    with _delivery(runtime):
        letter = read_dead_letter(flask.request.get_data(), runtime.ids)
        bind(message_id=letter.message_id, subscription=letter.subscription)
        run(runtime, lambda: handle(runtime, letter))


@contextmanager
def _delivery(runtime: Runtime) -> Iterator[None]:
    """Admit the caller, and answer what goes wrong within the block."""
    request = flask.request
    with delivery_logged(request.headers):
        try:
            push = runtime.settings.of(PushSettings)
            check_claims(request.headers.get("Authorization"), push, runtime.clock.now())
            yield
        except NotAdmittedError as error:
            log(Kind.SECURITY, "a push was turned away", reason=str(error))
            flask.abort(_FORBIDDEN)
        except UnreadablePushError as error:
            log(Kind.PAYLOAD, "a push cannot be read", severity="ERROR", reason=str(error))
            flask.abort(_UNREADABLE)
        except RefusedError as refused:
            flask.abort(refused.status)
        log(Kind.DONE, "handled")


def _read(event_type: type[EventT]) -> tuple[Push, EventT]:
    """The push and the event in it. Raises UnreadablePushError."""
    push = read_push(flask.request.get_data())
    bind(message_id=push.message_id, attempt=push.attempt)
    try:
        event = event_from_json(push.data)
    except ValidationError as error:
        faults = ", ".join(sorted({fault["type"] for fault in error.errors()}))
        raise UnreadablePushError(f"not an event: {faults}") from None
    follow_trace(event.trace_id)
    bind(event_type=event.type, entity_id=str(event.entity_id) if event.entity_id else None)
    if not isinstance(event, event_type):
        raise UnreadablePushError(f"{type_name(event_type)} was expected")
    return push, event
