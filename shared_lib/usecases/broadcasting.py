"""What several use cases do with the messages that are kept in a channel's chats."""

from datetime import datetime
from uuid import UUID

from shared_lib.domain.broadcast import Broadcast, BroadcastKind, fresh_broadcast
from shared_lib.events import OfferDue
from shared_lib.ports import Ports, Transaction


def begin_broadcasts(ports: Ports, tx: Transaction, channel_id: UUID) -> None:
    """Make a new channel's broadcasts, and have each posted at once."""
    now = ports.clock.now()
    for kind in BroadcastKind:
        link_id = ports.ids.offer_link() if kind is BroadcastKind.DONATION else None
        made = fresh_broadcast(ports.ids.new(), channel_id, kind, link_id, now)
        tx.broadcasts.add(made)
        tx.outbox.add(OfferDue(broadcast_id=made.id), now)


def want(tx: Transaction, broadcast: Broadcast, now: datetime) -> None:
    """Have a broadcast, which is locked by us, posted or taken down at once."""
    tx.broadcasts.save(broadcast.wanted(now))
    tx.outbox.add(OfferDue(broadcast_id=broadcast.id), now)


def want_soon(tx: Transaction, broadcast: Broadcast, now: datetime) -> None:
    """The same at once, but not more often than an owner may ask for it."""
    free_at = broadcast.free_at()
    if free_at is None or free_at <= now:
        want(tx, broadcast, now)
    else:
        tx.broadcasts.save(broadcast.wanted(free_at))


def want_all(tx: Transaction, channel_id: UUID, now: datetime) -> None:
    """Bring what stands in a channel's chats, which is locked by us, in line with the channel."""
    for broadcast in tx.broadcasts.lock_of(channel_id):
        want(tx, broadcast, now)
