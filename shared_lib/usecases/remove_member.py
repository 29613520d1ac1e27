"""Take somebody out of a closed chat whose access is over, and nobody else.

Telegram is asked first where the person stands. Whoever left, or was banned by the owner, is out
already, and whoever runs the chat is nobody for us to remove. What was paid while the removal ran
is seen after it: then the person is invited again.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain.membership import Membership, MembershipState, removals_most
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import Channel
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.ports import (
    Lease,
    Leased,
    PermanentError,
    Ports,
    Presence,
    ProviderError,
    Transaction,
    Watched,
)
from shared_lib.usecases.access import invite_again, keep, way_back
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.messages import Facts
from shared_lib.usecases.rates import Bucket, pause_after, telegram_slot
from shared_lib.usecases.setback import close_findings, put_off, review
from shared_lib.usecases.telling import tell

_DAY = timedelta(days=1)
# How long a removal rests that an operator's word is waited for.
_STOPPED_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Case:
    """Somebody who is to leave, under our lease."""

    lease: Lease
    membership: Membership
    chat_id: int
    title: str


def remove_member(ports: Ports, membership_id: UUID) -> None:
    """Bring one removal to its end, or as far as it may go now. Raises LeaseHeldError.

    Repeating it, or two at once, removes once; who has access again meanwhile stays, or is invited.
    """
    with ports.database.transaction() as tx:
        case = _begin(ports, tx, membership_id)
    if case is None:
        return
    wait = telegram_slot(ports)
    if wait is not None:
        _wait(ports, case.lease, wait)
        return
    try:
        presence = _take_out(ports, case)
    except ProviderError as error:
        _remember_failure(ports, case, error)
        return
    with ports.database.transaction() as tx:
        _record(ports, tx, case, presence)


# ---- whether -------------------------------------------------------------------------------------


def _begin(ports: Ports, tx: Transaction, membership_id: UUID) -> _Case | None:
    """Claim what is to be done; None if nothing is, or not now. The channel's lock keeps count."""
    known = tx.memberships.find(membership_id)
    channel = tx.channels.lock(known.channel_id) if known else None
    if known is None or channel is None:
        return None
    lease = claim(ports, tx, Leased.MEMBERSHIP, membership_id)
    now = ports.clock.now()
    membership = tx.memberships.lock(known)
    if membership.is_over(now, channel.grace):
        membership = membership.moved(MembershipState.ENDED)
    keep(ports, tx, membership)
    is_due = membership.is_to_leave(now, channel.grace)
    if not is_due or _is_stopped(ports, tx, channel, membership):
        tx.leases.release(lease)
        return None
    if membership.state is MembershipState.ENDED:
        membership = membership.moved(MembershipState.REMOVING)
        keep(ports, tx, membership)
    chat = tx.channels.closed_chat(channel.id)
    return _Case(lease, membership, chat.chat_id, chat.title)


def _is_stopped(ports: Ports, tx: Transaction, channel: Channel, membership: Membership) -> bool:
    """By the kill switch, or because so many are to go that a person should look first."""
    if tx.controls.removals_stopped():
        _rest(ports, tx, membership)
        return True
    if membership.state is MembershipState.REMOVING or _may_go(ports, tx, channel, membership):
        tx.reviews.close(
            Subject.CHANNEL, str(channel.id), Reason.TOO_MANY_REMOVALS, ports.clock.now()
        )
        return False
    _rest(ports, tx, membership)
    return True


def _may_go(ports: Ports, tx: Transaction, channel: Channel, membership: Membership) -> bool:
    now = ports.clock.now()
    if channel.removals_free_until is not None and now < channel.removals_free_until:
        return True
    found = tx.memberships.removals(channel.id, now - _DAY, membership.id)
    most = removals_most(found.let_in + found.removed)
    if found.removed < most:
        return True
    evidence = (("removed_within_a_day", str(found.removed)), ("most", str(most)))
    subject = str(channel.id)
    review(ports, tx, Finding(Subject.CHANNEL, subject, Reason.TOO_MANY_REMOVALS, evidence))
    owner = tx.channels.owner_of(channel.id)
    if owner is not None:
        title = tx.channels.closed_chat(channel.id).title
        facts: Facts = {"channel": title, "removed": found.removed}
        key = f"{channel.id}:{now.date().isoformat()}"
        tell(ports, tx, owner, NoticeKind.REMOVALS_STOPPED, key, facts)
    return False


def _rest(ports: Ports, tx: Transaction, membership: Membership) -> None:
    tx.watches.wait(Watched.MEMBERSHIP, membership.id, ports.clock.now() + _STOPPED_PAUSE)


# ---- outside -------------------------------------------------------------------------------------


def _take_out(ports: Ports, case: _Case) -> Presence:
    """Where the person stood; who was inside is out after this."""
    user_id = case.membership.telegram_user_id
    presence = ports.messenger.presence(case.chat_id, user_id)
    if presence is Presence.INSIDE:
        require_time(ports, case.lease)
        ports.messenger.remove(case.chat_id, user_id)
    return presence


def _wait(ports: Ports, lease: Lease, seconds: float) -> None:
    with ports.database.transaction() as tx:
        next_at = ports.clock.now() + timedelta(seconds=seconds)
        tx.watches.wait(Watched.MEMBERSHIP, lease.id, next_at)
        tx.leases.release(lease)


def _remember_failure(ports: Ports, case: _Case, error: ProviderError) -> None:
    """Tried again; the owner hears at once of what will not pass by itself."""
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        require(tx, case.lease)
        put_off(ports, tx, Watched.MEMBERSHIP, case.membership.id, error)
        owner = tx.channels.owner_of(case.membership.channel_id)
        if isinstance(error, PermanentError) and owner is not None:
            ends_at = case.membership.access_ends_at
            key = f"{case.membership.id}:{ends_at.isoformat() if ends_at else ''}"
            facts: Facts = {"channel": case.title, "member": case.membership.telegram_user_id}
            tell(ports, tx, owner, NoticeKind.REMOVAL_FAILED, key, facts)
        pause_after(tx, Bucket.TELEGRAM, error, now)
        tx.leases.release(case.lease)


# ---- recording -----------------------------------------------------------------------------------


def _record(ports: Ports, tx: Transaction, case: _Case, presence: Presence) -> None:
    require(tx, case.lease)
    now = ports.clock.now()
    fresh = tx.memberships.lock(case.membership)
    if presence is Presence.PROTECTED:
        keep(ports, tx, fresh.stays())
    elif fresh.state is MembershipState.ACTIVE:
        _back_again(ports, tx, fresh)
    else:
        after = fresh.out(now if presence is Presence.INSIDE else None)
        keep(ports, tx, after)
        if after.state is MembershipState.REMOVED:
            _tell_removed(ports, tx, case, after)
    close_findings(ports, tx, Subject.MEMBERSHIP, str(fresh.id))
    tx.leases.release(case.lease)


def _back_again(ports: Ports, tx: Transaction, membership: Membership) -> None:
    """Paid for while we removed: outside now, and with every right to be inside."""
    outside = replace(membership, let_in_at=None)
    keep(ports, tx, outside)
    if outside.may_enter(ports.clock.now()):
        invite_again(ports, tx, outside)


def _tell_removed(ports: Ports, tx: Transaction, case: _Case, membership: Membership) -> None:
    facts = {"channel": case.title, **way_back(tx, membership)}
    key = f"{membership.id}:{ports.clock.now().isoformat()}"
    tell(ports, tx, membership.telegram_user_id, NoticeKind.ACCESS_ENDED, key, facts)
