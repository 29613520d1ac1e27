"""What buying, granting and ending access have in common: the person's row, and the way in."""

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


def invite(ports: Ports, tx: Transaction, membership: Membership, payment: Payment | None) -> None:
    """Have a link sent for a payment, or for what an owner granted."""
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
    )
    tx.invites.add(fresh)
    tx.outbox.add(InviteRequested(invite_id=invite_id), now)
