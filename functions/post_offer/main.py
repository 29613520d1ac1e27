"""Consumes `offer.due`: posts an offer, or the button for donations, into its chat."""

import functions_framework
from cloudevents.http import CloudEvent

from shared_lib.events import OfferDue
from shared_lib.runtime.delivery import consume
from shared_lib.runtime.settings import PushSettings, TelegramSettings
from shared_lib.runtime.wiring import ports_for
from shared_lib.usecases.post_offer import post_offer as use_case

ports = ports_for(PushSettings, TelegramSettings)


@functions_framework.cloud_event
def post_offer(_pushed: CloudEvent) -> None:
    """Handle one push."""
    consume(ports, OfferDue, lambda ports, event: use_case(ports, event.broadcast_id))
