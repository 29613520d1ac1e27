"""Consumes `payment.check_due`: asks the provider, then looks for the deposit on the chain."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import PaymentCheckDue
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import (
    ChainSettings,
    InvoiceSettings,
    ProviderSettings,
    PushSettings,
    WalletSettings,
)
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.check_payment import check_payment as use_case

ports = ports_for(ChainSettings, InvoiceSettings, ProviderSettings, PushSettings, WalletSettings)


@functions_framework.cloud_event
def check_payment(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, PaymentCheckDue, lambda ports, event: use_case(ports, event.payment_id))
