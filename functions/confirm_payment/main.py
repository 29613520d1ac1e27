"""Consumes `payment.updated`: advances a payment; once finished, grants access."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import PaymentUpdated
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.confirm_payment import confirm_payment as use_case

ports = ports_for(PushSettings)


@functions_framework.cloud_event
def confirm_payment(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, PaymentUpdated, lambda ports, event: use_case(ports, event.payment_id))
