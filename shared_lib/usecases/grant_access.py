"""An owner lets somebody in without a payment, or for longer than was paid for."""

from dataclasses import dataclass
from uuid import UUID

from shared_lib.domain.membership import Membership, MembershipState
from shared_lib.domain.offer import DAYS_MOST
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.access import invite, keep, lock_membership
from shared_lib.usecases.owning import audit_owner, require_owned


@dataclass(frozen=True, slots=True)
class Grant:
    """`days` of access for a person; None for life.

    `id` is the caller's own name for this wish: the same one never grants twice.
    """

    id: UUID
    telegram_user_id: int
    days: int | None


def grant_access(ports: Ports, account_id: UUID, channel_id: UUID, grant: Grant) -> Membership:
    """Add days after those that run, or from now; the person gets a link unless they are inside.

    Raises ActionRefusedError naming the field, or where the channel is not the account's, the
    person has never started the bot, is blocked, or has access for life already.
    """
    if grant.days is not None and not 1 <= grant.days <= DAYS_MOST:
        raise ActionRefusedError(f"days: must be 1 to {DAYS_MOST}, or for life")
    with ports.database.transaction() as tx:
        require_owned(tx.channels.get(channel_id), account_id)
        if not tx.people.is_known(grant.telegram_user_id):
            raise ActionRefusedError("telegram_user_id: this person has not started the bot yet")
        membership = lock_membership(ports, tx, channel_id, grant.telegram_user_id)
        granted_to = tx.memberships.owner_of_period(grant.id)
        if granted_to is None:
            return _grant(ports, tx, account_id, membership, grant)
        if granted_to != membership.id:
            raise ActionRefusedError("id: another person was granted access by it")
        return membership


def _grant(
    ports: Ports, tx: Transaction, account_id: UUID, membership: Membership, grant: Grant
) -> Membership:
    now = ports.clock.now()
    if membership.state is MembershipState.BLOCKED:
        raise ActionRefusedError("telegram_user_id: this person is blocked; lift that first")
    extended, period = membership.extended(grant.days, now)
    if period is None:
        raise ActionRefusedError("telegram_user_id: this person has access for life already")
    keep(ports, tx, extended)
    tx.memberships.add_period(grant.id, membership.id, None, period, now)
    invite(ports, tx, extended, None)
    subject = ("membership", str(membership.id))
    days = "for life" if grant.days is None else str(grant.days)
    audit_owner(ports, tx, account_id, "grant_access", subject, grant=str(grant.id), days=days)
    return extended
