"""Consumes `invite.requested`: makes the link of a purchase and sends it to the subscriber."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import InviteRequested
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings, TelegramSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.send_invite import send_invite as use_case

ports = ports_for(PushSettings, TelegramSettings)


@functions_framework.cloud_event
def send_invite(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, InviteRequested, lambda ports, event: use_case(ports, event.invite_id))
