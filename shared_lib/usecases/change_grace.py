"""An owner decides how long people may stay inside after their access has ended."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.membership import GRACE_DAYS_MOST
from shared_lib.domain.offer import Channel
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.owning import audit_owner, require_owned


def change_grace(ports: Ports, account_id: UUID, channel_id: UUID, grace_days: int) -> None:
    """From now on so many days; nobody who is out comes in by it. Done again, nothing changes.

    Raises ActionRefusedError naming the field, or where the channel is not the account's.
    """
    if not 0 <= grace_days <= GRACE_DAYS_MOST:
        raise ActionRefusedError(f"grace_days: must be 0 to {GRACE_DAYS_MOST}")
    with ports.database.transaction() as tx:
        apply_grace(ports, tx, require_owned(tx.channels.lock(channel_id), account_id), grace_days)


def apply_grace(ports: Ports, tx: Transaction, channel: Channel, grace_days: int) -> None:
    """Take over days that were checked, for a channel that is locked by us."""
    if channel.grace_days == grace_days:
        return
    tx.channels.save_access(replace(channel, grace_days=grace_days))
    tx.memberships.look_soon(channel.id, ports.clock.now())
    subject, days = ("channel", str(channel.id)), str(grace_days)
    audit_owner(ports, tx, channel.account_id, "change_grace", subject, grace_days=days)
