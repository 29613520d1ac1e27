"""Consumes `swap.quoted`: makes the exchange and compares its answer field by field."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import SwapQuoted
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings, SwapSettings, WalletSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.create_swap import create_swap as use_case

ports = ports_for(PushSettings, SwapSettings, WalletSettings)


@functions_framework.cloud_event
def create_swap(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, SwapQuoted, lambda ports, event: use_case(ports, event.swap_id))
