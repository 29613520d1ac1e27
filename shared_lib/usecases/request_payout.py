"""Pay out what is held for an owner now, whatever the threshold says."""

from uuid import UUID

from shared_lib.domain.money import Money
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.events import PayoutRequested
from shared_lib.ports import Ports
from shared_lib.usecases.owning import audit_owner, require_owned


def request_payout(ports: Ports, account_id: UUID, channel_id: UUID) -> Money:
    """Ask for a payout of all that is held for one of the account's channels; how much that is.

    It forms as every payout does, and waits where it is not worth what it costs. Asking again
    changes nothing. Raises ActionRefusedError where nothing is held, or the channel is not theirs.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        channel = require_owned(tx.channels.lock(channel_id), account_id)
        held = tx.shares.held(channel_id)
        if held.base_units == 0:
            raise ActionRefusedError("nothing is held for this channel")
        if not channel.wants_payout:
            tx.channels.want_payout(channel_id, wanted=True)
            subject = ("channel", str(channel_id))
            audit_owner(ports, tx, account_id, "request_payout", subject, held=str(held))
            tx.outbox.add(PayoutRequested(channel_id=channel_id), now)
    return held
