"""Let a channel's removals go on that were stopped because there were so many."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.domain.review import Reason, Subject
from shared_lib.ports import Ports
from shared_lib.usecases.auditing import audit

FREE_FOR = timedelta(days=1)


def release_removals(ports: Ports, channel_id: UUID, by: Operator) -> None:
    """For a day any number of the channel's members may be removed, once a person has looked.

    Each removal still looks for itself whether it is right. Raises ActionRefusedError where nothing
    of the channel is stopped.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        channel = tx.channels.lock(channel_id)
        subject = str(channel_id)
        is_stopped = tx.reviews.close(Subject.CHANNEL, subject, Reason.TOO_MANY_REMOVALS, now)
        if channel is None or not is_stopped:
            raise ActionRefusedError("no removals of this channel are stopped")
        tx.channels.save_access(replace(channel, removals_free_until=now + FREE_FOR))
        audit(ports, tx, by, "release_removals", ("channel", subject))
