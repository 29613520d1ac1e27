"""Every five minutes: ask for the payouts of all channels whose held balance is due."""

from shared_lib.events import PayoutRequested
from shared_lib.ports import Ports

CHANNELS_MOST = 500
_TICK = "batch_payouts"


def batch_payouts(ports: Ports, slot: int) -> None:
    """One run per tick slot. It only asks: each payout forms under its own channel's lock.

    A channel whose last payout has not left yet is not asked again; that payout has its own clock.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        if not tx.delivery.start_tick(_TICK, slot, now):
            return
        for channel_id in tx.channels.due_for_payout(now, CHANNELS_MOST):
            tx.outbox.add(PayoutRequested(channel_id=channel_id), now)
