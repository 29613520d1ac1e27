"""Consumes `tick.reconcile`: publishes again whatever was left behind or whose time has come."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import ReconcileTick
from shared_lib.runtime.delivery import consume_tick
from shared_lib.runtime.settings import PushSettings, TickSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.reconcile import reconcile as use_case

ports = ports_for(PushSettings, TickSettings)
period_seconds = ports.settings.of(TickSettings).reconcile_seconds


@functions_framework.cloud_event
def reconcile(_pushed: CloudEvent) -> None:
    """Handle one tick."""
    consume_tick(ports, ReconcileTick, period_seconds, use_case)
