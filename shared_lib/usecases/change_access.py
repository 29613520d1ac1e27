"""An owner ends somebody's access, keeps somebody out, or lets them buy again."""

from dataclasses import replace
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.membership import Membership, MembershipState
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import USER_ID_MOST
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.access import keep, lock_membership
from shared_lib.usecases.owning import audit_owner, require_owned
from shared_lib.usecases.telling import tell


class AccessChange(StrEnum):
    """What an owner wants."""

    REVOKE = "revoke"
    BLOCK = "block"
    UNBLOCK = "unblock"


def change_access(
    ports: Ports, account_id: UUID, channel_id: UUID, telegram_user_id: int, change: AccessChange
) -> Membership:
    """Make it so; what is so already stays, and nobody is told of it twice.

    Revoked or blocked, access is over at once and no link lets the person in; nothing is paid back
    by this. Someone blocked can neither buy nor be granted access until they are unblocked.

    Raises ActionRefusedError where the channel is not the account's, a removal runs just now, or
    there is nobody of whom anything is known.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        require_owned(tx.channels.get(channel_id), account_id)
        if change is AccessChange.BLOCK and 1 <= telegram_user_id <= USER_ID_MOST:
            tx.people.add_unseen(telegram_user_id, now)
        elif tx.memberships.get(channel_id, telegram_user_id) is None:
            raise ActionRefusedError("telegram_user_id: there is no such member")
        before = lock_membership(ports, tx, channel_id, telegram_user_id)
        after = _changed(ports, before, change)
        if after != before:
            _keep(ports, tx, account_id, before, after)
    return after


def _changed(ports: Ports, before: Membership, change: AccessChange) -> Membership:
    now = ports.clock.now()
    if before.state is MembershipState.REMOVING:
        raise ActionRefusedError("this person is being removed just now; try again in a minute")
    is_blocked = before.state is MembershipState.BLOCKED
    if change is AccessChange.UNBLOCK:
        return replace(before, state=MembershipState.ENDED) if is_blocked else before
    if change is AccessChange.BLOCK:
        return before if is_blocked else before.ended_early(MembershipState.BLOCKED, now)
    is_running = before.may_enter(now)
    return before.ended_early(MembershipState.ENDED, now) if is_running else before


def _keep(
    ports: Ports, tx: Transaction, account_id: UUID, before: Membership, after: Membership
) -> None:
    now = ports.clock.now()
    keep(ports, tx, after)
    tx.memberships.cut_periods(after.id, now)
    subject = ("membership", str(after.id))
    states = {"before": before.state.value, "after": after.state.value}
    audit_owner(ports, tx, account_id, "change_access", subject, **states)
    if before.may_enter(now):
        facts = {"channel": tx.channels.closed_chat(after.channel_id).title}
        key = f"{after.id}:{now.isoformat()}"
        tell(ports, tx, after.telegram_user_id, NoticeKind.ACCESS_TAKEN, key, facts)
