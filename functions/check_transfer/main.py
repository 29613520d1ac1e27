"""Consumes `transfer.check_due`: follows a transfer until it is confirmed."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import TransferCheckDue
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import ChainSettings, PushSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.check_transfer import check_transfer as use_case

ports = ports_for(ChainSettings, PushSettings)


@functions_framework.cloud_event
def check_transfer(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, TransferCheckDue, lambda ports, event: use_case(ports, event.transfer_id))
