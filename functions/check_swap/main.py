"""Consumes `swap.check_due`: follows a funded swap until its money is somewhere for sure."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import SwapCheckDue
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import ChainSettings, PushSettings, SwapSettings, WalletSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.check_swap import check_swap as use_case

ports = ports_for(ChainSettings, PushSettings, SwapSettings, WalletSettings)


@functions_framework.cloud_event
def check_swap(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, SwapCheckDue, lambda ports, event: use_case(ports, event.swap_id))
