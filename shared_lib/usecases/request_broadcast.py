"""An owner wants the offer, or the donations' button, posted anew now."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shared_lib.domain.broadcast import ASK_EVERY, BroadcastKind
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.ports import Ports
from shared_lib.usecases.broadcasting import want
from shared_lib.usecases.owning import audit_owner, require_owned


class AskedTooSoonError(ActionRefusedError):
    """It was posted, or asked for, a moment ago; from `free_at` on it may be asked for again."""

    def __init__(self, free_at: datetime) -> None:
        super().__init__(f"this can be asked for again from {free_at:%H:%M:%S} UTC on")
        self.free_at = free_at


def request_broadcast(
    ports: Ports, account_id: UUID, channel_id: UUID, kind: BroadcastKind = BroadcastKind.OFFER
) -> datetime:
    """Have it posted for one of the account's channels; when it may be asked for again.

    What was paused goes on. Raises AskedTooSoonError, and ActionRefusedError where the channel is
    being closed or is not theirs.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        channel = require_owned(tx.channels.lock(channel_id), account_id)
        if channel.is_closing:
            raise ActionRefusedError("nothing is posted for a channel that is being closed")
        [broadcast] = [one for one in tx.broadcasts.lock_of(channel_id) if one.kind is kind]
        free_at = broadcast.free_at()
        if free_at is not None and now < free_at:
            raise AskedTooSoonError(free_at)
        want(tx, replace(broadcast, asked_at=now), now)
        subject = ("channel", str(channel_id))
        audit_owner(ports, tx, account_id, "request_broadcast", subject, kind=kind.value)
    return now + ASK_EVERY
