"""Whether what an owner wants to act on is theirs, and the record of what they did."""

from uuid import UUID

from shared_lib.domain.offer import Channel
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.ports import Ports, Transaction


def require_owned(channel: Channel | None, account_id: UUID) -> Channel:
    """The account's channel. Raises ActionRefusedError, which tells nobody of others' channels."""
    if channel is None or channel.account_id != account_id:
        raise ActionRefusedError("there is no such channel")
    return channel


def audit_owner(
    ports: Ports,
    tx: Transaction,
    account_id: UUID,
    action: str,
    subject: tuple[str, str],
    **facts: str,
) -> None:
    """Write down what an owner did to which subject (kind and id)."""
    tx.delivery.audit(f"account:{account_id}", action, subject, facts, ports.clock.now())
