"""How much may leave for owners within a day, so that no mistake and no thief takes everything."""

from datetime import timedelta
from uuid import UUID

from shared_lib.ports import Ports, Transaction

_DAY = timedelta(days=1)


def day_room(ports: Ports, tx: Transaction, channel_id: UUID) -> int:
    """US cents that may still be paid out to a channel's owner now.

    What was signed within the last 24 hours counts, unless it came back.
    """
    since = ports.clock.now() - _DAY
    return ports.policy.day_room_cents(tx.payouts.sent_since(since, channel_id))
