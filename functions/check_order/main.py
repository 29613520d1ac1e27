"""Consumes `order.check_due`: asks the provider for payments of which no callback reached us."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import OrderCheckDue
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import ProviderLoginSettings, ProviderSettings, PushSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.check_order import check_order as use_case

ports = ports_for(ProviderLoginSettings, ProviderSettings, PushSettings)


@functions_framework.cloud_event
def check_order(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, OrderCheckDue, lambda ports, event: use_case(ports, event.order_id))
