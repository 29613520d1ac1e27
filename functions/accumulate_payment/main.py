"""Consumes `pool.requested`: converts what threshold channels have collected, once it is enough."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import PoolRequested
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import ChainSettings, PushSettings, SwapSettings, WalletSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.accumulate_payment import accumulate_payment as use_case

ports = ports_for(ChainSettings, PushSettings, SwapSettings, WalletSettings)


@functions_framework.cloud_event
def accumulate_payment(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, PoolRequested, lambda ports, event: use_case(ports, event.asset))
