"""Consumes `tick.broadcast_offers`: asks for the post of every offer that is due."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import BroadcastOffersTick
from shared_lib.runtime.delivery import consume_tick
from shared_lib.runtime.settings import PushSettings, TickSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.broadcast_offers import broadcast_offers as use_case

ports = ports_for(PushSettings, TickSettings)
period_seconds = ports.settings.of(TickSettings).broadcast_offers_seconds


@functions_framework.cloud_event
def broadcast_offers(_pushed: CloudEvent) -> None:
    """Handle one tick."""
    consume_tick(ports, BroadcastOffersTick, period_seconds, use_case)
