"""Give somebody the way in: a link per purchase or grant, or a word that they are inside."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain.invite import LINK_LIFETIME, Invite, InviteState, Link
from shared_lib.domain.membership import Membership
from shared_lib.domain.message import Message
from shared_lib.domain.offer import Chat
from shared_lib.domain.review import Subject
from shared_lib.domain.watch import watch
from shared_lib.ports import (
    Lease,
    Leased,
    Ports,
    ProviderError,
    RecipientUnreachableError,
    Transaction,
    Watched,
)
from shared_lib.usecases.buying import tell_extended
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.messages import invite_message
from shared_lib.usecases.rates import Bucket, pause_after, telegram_slot
from shared_lib.usecases.setback import close_delays, put_off
from shared_lib.usecases.speaking import speech_for
from shared_lib.usecases.words.speech import Speech

# A link that is delivered late must still leave its reader time to use it.
_LINK_TIME_LEFT_LEAST = timedelta(hours=1)
_OVERDUE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Guest:
    """Who is invited where, and how they are spoken to."""

    membership: Membership
    chat: Chat
    speech: Speech

    def message(self, invite: Invite, link: Link) -> Message:
        ends_at = self.membership.access_ends_at
        return invite_message(self.chat.title, link.url, ends_at, invite.because, self.speech)


def send_invite(ports: Ports, invite_id: UUID) -> None:
    """Deliver an invite once. A failing delivery uses the same link again."""
    with ports.database.transaction() as tx:
        lease = claim(ports, tx, Leased.INVITE, invite_id)
        invite = tx.invites.get(invite_id)
        if invite is None or _is_over(ports, tx, invite):
            tx.leases.release(lease)
            return
        channel_id, user_id = tx.invites.recipient(invite_id)
        membership = tx.memberships.get(channel_id, user_id)
        chat = tx.channels.closed_chat(channel_id)
        speech = speech_for(ports, tx, user_id)
        if membership is not None and membership.is_being_removed(ports.clock.now()):
            _rest(ports, tx, lease, membership)
            return
    if membership is None:
        raise LookupError(f"invite {invite_id} has no membership")
    try:
        _deliver(ports, lease, invite, _Guest(membership, chat, speech))
    except ProviderError as error:
        _remember_failure(ports, lease, membership, error)


def _rest(ports: Ports, tx: Transaction, lease: Lease, membership: Membership) -> None:
    """Whether the person is inside is not known before the removal has ended."""
    next_at = membership.claimed_until or ports.clock.now()
    tx.watches.wait(Watched.INVITE, lease.id, next_at)
    tx.leases.release(lease)


def _is_over(ports: Ports, tx: Transaction, invite: Invite) -> bool:
    """Whether nothing is left to deliver; a live link whose time is over expires here."""
    now = ports.clock.now()
    if invite.state is InviteState.LIVE and invite.link and invite.link.expires_at <= now:
        tx.invites.save(invite.moved(InviteState.EXPIRED, None))
    return invite.state is not InviteState.CREATING


def _deliver(ports: Ports, lease: Lease, invite: Invite, guest: _Guest) -> None:
    now, membership, chat = ports.clock.now(), guest.membership, guest.chat
    if not membership.may_enter(now):
        _close(ports, lease, invite, membership, already_inside=False)
        return
    if ports.messenger.is_inside(chat.chat_id, membership.telegram_user_id):
        if invite.link is not None:  # delivered, used, and never recorded: nobody else needs it
            require_time(ports, lease)
            ports.messenger.revoke_link(chat.chat_id, invite.link.url)
        _close(ports, lease, invite, membership, already_inside=True)
        return
    link = invite.link
    if link is None or link.expires_at - now < _LINK_TIME_LEFT_LEAST:
        link = _create_link(ports, lease, invite, chat)
    wait = telegram_slot(ports)
    if wait is not None:
        _wait(ports, lease, wait)
        return
    require_time(ports, lease)
    ports.messenger.send(membership.telegram_user_id, guest.message(invite, link))
    _record_delivery(ports, lease, link)


def _wait(ports: Ports, lease: Lease, seconds: float) -> None:
    with ports.database.transaction() as tx:
        tx.watches.wait(Watched.INVITE, lease.id, ports.clock.now() + timedelta(seconds=seconds))
        tx.leases.release(lease)


def _create_link(ports: Ports, lease: Lease, invite: Invite, chat: Chat) -> Link:
    """Make the link and store it before anybody hears of it.

    A link whose answer was lost was told to nobody, admits nobody without access, and expires.
    """
    expires_at = ports.clock.now() + LINK_LIFETIME
    require_time(ports, lease)
    url = ports.messenger.create_join_link(chat.chat_id, invite.name, expires_at)
    link = Link(url, expires_at)
    with ports.database.transaction() as tx:
        require(tx, lease)
        fresh = tx.invites.lock(invite.id) or invite
        tx.invites.save(replace(fresh, link=link))
    return link


def _record_delivery(ports: Ports, lease: Lease, link: Link) -> None:
    with ports.database.transaction() as tx:
        require(tx, lease)
        invite = tx.invites.lock(lease.id)
        if invite is not None and invite.state is InviteState.CREATING:
            again = watch(
                ports.clock.now(),
                wait_seconds=(link.expires_at - ports.clock.now()).total_seconds(),
                deadline=LINK_LIFETIME + _OVERDUE_AFTER,
            )
            tx.invites.save(replace(invite.moved(InviteState.LIVE, again), link=link))
            close_delays(ports, tx, Subject.INVITE, lease.id)
        tx.leases.release(lease)


def _close(
    ports: Ports, lease: Lease, invite: Invite, membership: Membership, *, already_inside: bool
) -> None:
    """No link is needed: the person is inside already, or has no access any more."""
    with ports.database.transaction() as tx:
        require(tx, lease)
        fresh = tx.invites.lock(invite.id) or invite
        closed = fresh.moved(InviteState.REVOKED, None)
        tx.invites.save(replace(closed, already_inside=already_inside))
        close_delays(ports, tx, Subject.INVITE, invite.id)
        if already_inside:
            tell_extended(ports, tx, membership, str(invite.cause), invite.because)
        tx.leases.release(lease)


def _remember_failure(
    ports: Ports, lease: Lease, membership: Membership, error: ProviderError
) -> None:
    now: datetime = ports.clock.now()
    with ports.database.transaction() as tx:
        require(tx, lease)
        if put_off(ports, tx, Watched.INVITE, lease.id, error):
            invite = tx.invites.lock(lease.id)
            if invite is not None:
                tx.invites.save(invite.moved(InviteState.REVIEW, None))
        pause_after(tx, Bucket.TELEGRAM, error, now)
        tx.leases.release(lease)
    if isinstance(error, RecipientUnreachableError):
        with ports.database.transaction() as tx:
            tx.people.mark_blocked(membership.telegram_user_id, now)
