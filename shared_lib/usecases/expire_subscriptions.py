"""Every minute: remind whoever's access ends soon, and have removed whose access is over."""

from datetime import timedelta
from uuid import UUID

from shared_lib.domain.membership import Membership, Period
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import Channel
from shared_lib.domain.review import Subject
from shared_lib.events import MemberRemovalDue
from shared_lib.ports import Ports, Transaction, Watched
from shared_lib.usecases.access import keep, way_back
from shared_lib.usecases.setback import close_delays
from shared_lib.usecases.telling import tell

MEMBERS_MOST = 500
_TICK = "expire_subscriptions"


def expire_subscriptions(ports: Ports, slot: int) -> None:
    """One run per tick slot, longest due first. It only asks: each removal looks for itself.

    Whoever is not removed by that is asked for again, as long as it is due.
    """
    now = ports.clock.now()
    rest_until = now + timedelta(seconds=ports.policy.republish_seconds)
    with ports.database.transaction() as tx:
        if not tx.delivery.start_tick(_TICK, slot, now):
            return
        for due in tx.watches.take_due(Watched.MEMBERSHIP, now, rest_until, MEMBERS_MOST):
            _look(ports, tx, due.id)


def _look(ports: Ports, tx: Transaction, membership_id: UUID) -> None:
    """The row is locked, as it was taken in this transaction."""
    membership = tx.memberships.find(membership_id)
    channel = tx.channels.get(membership.channel_id) if membership else None
    if membership is None or channel is None:
        return
    now = ports.clock.now()
    is_over = membership.is_over(now, channel.grace)
    if is_over or membership.is_to_leave(now, channel.grace):
        tx.outbox.add(MemberRemovalDue(membership_id=membership_id), now)
        return
    close_delays(ports, tx, Subject.MEMBERSHIP, membership_id)
    _remind(ports, tx, channel, membership)
    keep(ports, tx, membership)


def _remind(ports: Ports, tx: Transaction, channel: Channel, membership: Membership) -> None:
    """Once before each end of access, and never longer before it than was bought."""
    before, ends_at = membership.reminder_due(ports.clock.now()), membership.access_ends_at
    period = tx.memberships.last_period(membership.id)
    if before is None or ends_at is None or period is None or not _is_longer(period, before):
        return
    facts = {
        "channel": tx.channels.closed_chat(channel.id).title,
        "until": ends_at.isoformat(),
        **way_back(tx, membership),
    }
    key = f"{membership.id}:{ends_at.isoformat()}:{before.days}"
    tell(ports, tx, membership.telegram_user_id, NoticeKind.ACCESS_ENDS_SOON, key, facts)


def _is_longer(period: Period, before: timedelta) -> bool:
    return period.ends_at is not None and period.ends_at - period.starts_at > before
