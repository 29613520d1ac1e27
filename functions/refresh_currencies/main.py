"""Consumes `tick.refresh_currencies`: takes over which coins the swap provider sells."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import RefreshCurrenciesTick
from shared_lib.ports import Ports
from shared_lib.runtime.delivery import consume_tick
from shared_lib.runtime.logs import Kind, log
from shared_lib.runtime.settings import PushSettings, SwapSettings, TickSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.refresh_currencies import refresh_currencies as use_case

ports = ports_for(PushSettings, SwapSettings, TickSettings)
period_seconds = ports.settings.of(TickSettings).refresh_currencies_seconds


@functions_framework.cloud_event
def refresh_currencies(_pushed: CloudEvent) -> None:
    """Handle one tick."""
    consume_tick(ports, RefreshCurrenciesTick, period_seconds, _refresh)


def _refresh(ports: Ports, slot: int) -> None:
    if not use_case(ports, slot):
        log(Kind.WARNING, "the swap provider did not say what it sells", severity="WARNING")
