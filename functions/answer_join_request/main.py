"""Consumes `join.requested`: lets in whoever has paid and turns away everybody else."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import JoinRequested
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings, TelegramSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.answer_join_request import answer_join_request as use_case

ports = ports_for(PushSettings, TelegramSettings)


@functions_framework.cloud_event
def answer_join_request(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, JoinRequested, lambda ports, event: use_case(ports, event.join_request_id))
