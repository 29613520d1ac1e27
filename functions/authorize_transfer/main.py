"""Consumes `transfer.requested`: checks a transfer against all rules and reserves its money."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import TransferRequested
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import ChainSettings, PushSettings, SwapSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.authorize_transfer import authorize_transfer as use_case

ports = ports_for(ChainSettings, PushSettings, SwapSettings)


@functions_framework.cloud_event
def authorize_transfer(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, TransferRequested, lambda ports, event: use_case(ports, event.transfer_id))
