"""What buying, granting and ending access have in common: the person's row, and the way in."""

from collections.abc import Mapping
from uuid import UUID

from shared_lib.domain.invite import DELIVERY_DEADLINE, Invite, InviteState, link_name
from shared_lib.domain.membership import Membership, MembershipState
from shared_lib.domain.payment import Payment
from shared_lib.domain.watch import watch
from shared_lib.events import InviteRequested
from shared_lib.ports import Ports, Transaction


def is_blocked(tx: Transaction, channel_id: UUID, telegram_user_id: int) -> bool:
    """Whether this person can neither buy access there nor get any by what was paid before."""
    membership = tx.memberships.get(channel_id, telegram_user_id)
    return membership is not None and membership.state is MembershipState.BLOCKED


def lock_membership(
    ports: Ports, tx: Transaction, channel_id: UUID, telegram_user_id: int
) -> Membership:
    """The locked row of a channel and a person, whoever they are."""
    fresh = Membership(
        id=ports.ids.new(),
        channel_id=channel_id,
        telegram_user_id=telegram_user_id,
        state=MembershipState.NONE,
        access_ends_at=None,
        let_in_at=None,
        created_at=ports.clock.now(),
    )
    return tx.memberships.lock(fresh)


def keep(ports: Ports, tx: Transaction, membership: Membership) -> None:
    """Save a membership with the time at which it has to be looked at next."""
    channel = tx.channels.get(membership.channel_id)
    if channel is None:
        raise LookupError(f"membership {membership.id} has no channel")
    tx.memberships.save(membership.watched(ports.clock.now(), channel.grace))


def way_back(tx: Transaction, membership: Membership) -> Mapping[str, str | None]:
    """The offer by which this person goes on, as a fact for a message; None where none is sold."""
    link_id = tx.channels.renewal_link(membership.channel_id, membership.telegram_user_id)
    return {"renewal": link_id}


def invite_again(ports: Ports, tx: Transaction, membership: Membership) -> None:
    """Have a way in sent to somebody who has access: the link that is there, or another one."""
    if tx.invites.is_any_creating(membership.id):
        return
    now = ports.clock.now()
    for live in tx.invites.lock_live(membership.id):
        if live.link is not None and live.link.expires_at > now:
            seconds = ports.policy.republish_seconds
            again = watch(now, wait_seconds=seconds, deadline=DELIVERY_DEADLINE)
            tx.invites.save(live.moved(InviteState.CREATING, again))
            tx.outbox.add(InviteRequested(invite_id=live.id), now)
            return
    invite(ports, tx, membership, None, is_again=True)


def invite(
    ports: Ports,
    tx: Transaction,
    membership: Membership,
    payment: Payment | None,
    *,
    is_again: bool = False,
) -> None:
    """Have a link sent for a payment, for what an owner granted, or once more for either."""
    invite_id, now = ports.ids.new(), ports.clock.now()
    fresh = Invite(
        id=invite_id,
        payment_id=None if payment is None else payment.id,
        order_id=None if payment is None else payment.order_id,
        membership_id=membership.id,
        name=link_name(invite_id),
        state=InviteState.CREATING,
        created_at=now,
        watch=watch(now, wait_seconds=ports.policy.republish_seconds, deadline=DELIVERY_DEADLINE),
        is_again=is_again,
    )
    tx.invites.add(fresh)
    tx.outbox.add(InviteRequested(invite_id=invite_id), now)
