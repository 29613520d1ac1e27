"""Consumes `swap.requested`: gets a fixed quote, and the market's for the books."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import SwapRequested
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings, SwapSettings, WalletSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.quote_swap import quote_swap as use_case

ports = ports_for(PushSettings, SwapSettings, WalletSettings)


@functions_framework.cloud_event
def quote_swap(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, SwapRequested, lambda ports, event: use_case(ports, event.swap_id))
