"""Consumes every dead-letter topic: stores what could not be handled, for a person to see.

It takes pushes as plain HTTP: a dead letter may have no data, and the framework's conversion to a
CloudEvent would refuse such a push for ever.
"""

import flask
import functions_framework

from shared_lib.runtime.delivery import consume_dead_letter
from shared_lib.runtime.settings import PushSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.record_dead_letter import record_dead_letter as use_case

ports = ports_for(PushSettings)


@functions_framework.http
def record_dead_letter(_request: flask.Request) -> tuple[str, int]:
    """Handle one push."""
    consume_dead_letter(ports, use_case)
    return "", 204
