"""An owner closes a channel: what is owed is paid out, and access runs until its end."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.offer import LeftToDo
from shared_lib.events import PayoutRequested
from shared_lib.ports import Ports
from shared_lib.usecases.broadcasting import want_all
from shared_lib.usecases.owning import audit_owner, require_owned


def close_channel(
    ports: Ports, account_id: UUID, channel_id: UUID, *, closes: bool = True
) -> LeftToDo:
    """Sell nothing any more, and pay out all there is; what is left until the channel is closed.

    A tick closes it once nothing is left, and its owner is told. What was ordered before still
    counts. Without `closes` the channel sells again. Done again, nothing changes. Raises
    ActionRefusedError where the channel is not the account's.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        channel = require_owned(tx.channels.lock(channel_id), account_id)
        left = tx.channels.left_to_do(channel_id, now)
        if channel.is_closing is not closes:
            changed = replace(channel, closing_at=now if closes else None, closed_at=None)
            tx.channels.save_closing(changed)
            action = "close_channel" if closes else "reopen_channel"
            facts = {"members": str(left.members), "shares": str(left.shares)}
            audit_owner(ports, tx, account_id, action, ("channel", str(channel_id)), **facts)
            want_all(tx, channel_id, now)
            if closes:
                tx.outbox.add(PayoutRequested(channel_id=channel_id), now)
    return left
