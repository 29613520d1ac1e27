"""Consumes `member.removal_due`: takes somebody out of a chat whose access is over."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import MemberRemovalDue
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings, TelegramSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.remove_member import remove_member as use_case

ports = ports_for(PushSettings, TelegramSettings)


@functions_framework.cloud_event
def remove_member(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, MemberRemovalDue, lambda ports, event: use_case(ports, event.membership_id))
