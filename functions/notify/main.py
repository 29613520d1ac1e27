"""Consumes `notice.requested`: writes a message to a person."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import NoticeRequested
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings, TelegramSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.notify import notify as use_case

ports = ports_for(PushSettings, TelegramSettings)


@functions_framework.cloud_event
def notify(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, NoticeRequested, lambda ports, event: use_case(ports, event.notice_id))
