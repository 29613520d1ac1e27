"""Consumes `payout.requested`: forms a payout of what a channel's owner is owed."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import PayoutRequested
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import ChainSettings, PushSettings, SwapSettings, WalletSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.start_payout import start_payout as use_case

ports = ports_for(ChainSettings, PushSettings, SwapSettings, WalletSettings)


@functions_framework.cloud_event
def start_payout(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, PayoutRequested, lambda ports, event: use_case(ports, event.channel_id))
