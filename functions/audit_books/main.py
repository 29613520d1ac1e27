"""Consumes `tick.audit_books`: compares the books with the chain, and with themselves."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import AuditBooksTick
from shared_lib.ports import Ports
from shared_lib.runtime.delivery import consume_tick
from shared_lib.runtime.logs import Kind, log
from shared_lib.runtime.settings import ChainSettings, PushSettings, TickSettings, WalletSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.audit_books import audit_books as use_case

ports = ports_for(ChainSettings, PushSettings, TickSettings, WalletSettings)
period_seconds = ports.settings.of(TickSettings).audit_books_seconds


@functions_framework.cloud_event
def audit_books(_pushed: CloudEvent) -> None:
    """Handle one tick."""
    consume_tick(ports, AuditBooksTick, period_seconds, _audit)


def _audit(ports: Ports, slot: int) -> None:
    for problem in use_case(ports, slot):
        log(Kind.WARNING, "the books differ", severity="ERROR", reason=problem)
