"""Consumes `tick.batch_payouts`: asks for the payout of every held balance that is due."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import BatchPayoutsTick
from shared_lib.runtime.delivery import consume_tick
from shared_lib.runtime.settings import PushSettings, TickSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.batch_payouts import batch_payouts as use_case

ports = ports_for(PushSettings, TickSettings)
period_seconds = ports.settings.of(TickSettings).batch_payouts_seconds


@functions_framework.cloud_event
def batch_payouts(_pushed: CloudEvent) -> None:
    """Handle one tick."""
    consume_tick(ports, BatchPayoutsTick, period_seconds, use_case)
