"""Consumes `transfer.authorized`: gives a transfer its nonce, signs, stores and broadcasts it."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import TransferAuthorized
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import ChainSettings, PushSettings, SignerSettings, WalletSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.send_transfer import send_transfer as use_case

ports = ports_for(ChainSettings, PushSettings, SignerSettings, WalletSettings)


@functions_framework.cloud_event
def send_transfer(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, TransferAuthorized, lambda ports, event: use_case(ports, event.transfer_id))
