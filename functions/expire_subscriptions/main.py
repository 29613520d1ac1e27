"""Consumes `tick.expire_subscriptions`: reminders before the end of access, removals after it."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import ExpireSubscriptionsTick
from shared_lib.runtime.delivery import consume_tick
from shared_lib.runtime.settings import PushSettings, TickSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.expire_subscriptions import expire_subscriptions as use_case

ports = ports_for(PushSettings, TickSettings)
period_seconds = ports.settings.of(TickSettings).expire_subscriptions_seconds


@functions_framework.cloud_event
def expire_subscriptions(_pushed: CloudEvent) -> None:
    """Handle one tick."""
    consume_tick(ports, ExpireSubscriptionsTick, period_seconds, use_case)
