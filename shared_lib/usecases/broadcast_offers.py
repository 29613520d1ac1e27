"""Every five minutes: ask for the posts of all offers whose time has come."""

from datetime import timedelta

from shared_lib.events import OfferDue
from shared_lib.ports import Ports

BROADCASTS_MOST = 500
_TICK = "broadcast_offers"


def broadcast_offers(ports: Ports, slot: int) -> None:
    """One run per tick slot. It only asks, and again later for what did not happen by then."""
    now = ports.clock.now()
    rest_until = now + timedelta(seconds=ports.policy.republish_seconds)
    with ports.database.transaction() as tx:
        if not tx.delivery.start_tick(_TICK, slot, now):
            return
        for broadcast_id in tx.broadcasts.take_due(now, rest_until, BROADCASTS_MOST):
            tx.outbox.add(OfferDue(broadcast_id=broadcast_id), now)
