"""The safety net: whatever was left behind is published again from what the database says.

Reads and writes the database only. A lost message is therefore a delay, and never a loss.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.swap import SwapState
from shared_lib.domain.transfer import TransferState
from shared_lib.domain.watch import GIVE_UP_AFTER
from shared_lib.events import (
    Event,
    InviteRequested,
    JoinRequested,
    NoticeRequested,
    OrderCheckDue,
    PaymentCheckDue,
    PaymentUpdated,
    PayoutRequested,
    PoolRequested,
    SwapCheckDue,
    SwapQuoted,
    SwapRequested,
    TransferAuthorized,
    TransferCheckDue,
    TransferRequested,
    type_name,
)
from shared_lib.ports import DeadLetter, Due, Ports, Transaction, Watched
from shared_lib.usecases.setback import review, subject_of
from shared_lib.usecases.telling import tell

ITEMS_MOST = 500
LOOK_AGAIN_AFTER = timedelta(hours=1)
_TICK = "reconcile"


def reconcile(ports: Ports, slot: int) -> None:
    """One run per tick slot: lost events, due items, overdue items, open orders that ended."""
    with ports.database.transaction() as tx:
        if not tx.delivery.start_tick(_TICK, slot, ports.clock.now()):
            return
    failures = [failure for step in _steps() if (failure := _tried(ports, step)) is not None]
    if failures:
        raise failures[0]


Step = Callable[[Ports], None]


def _steps() -> list[Step]:
    """Everything that one run does; each step stands for itself."""
    return [
        _publish_left_behind,
        _publish_unapplied,
        _publish_credits,
        *(partial(_publish_due, kinds=kinds) for kinds in _woken_together()),
        *(partial(_report_overdue, kind=kind) for kind in _REPORTED),
        _look_at_dead_letters,
        _close_what_moved_on,
        _expire_orders,
        _close_channels,
    ]


def _tried(ports: Ports, step: Step) -> Exception | None:
    """One row that cannot be handled must not keep all others from being looked at."""
    try:
        step(ports)
    except Exception as failure:  # noqa: BLE001 (raised again once every step had its turn)
        return failure
    return None


def _publish_unapplied(ports: Ports) -> None:
    """Reports that were stored, and whose event was lost: also on payments that had ended."""
    now = ports.clock.now()
    before = now - timedelta(seconds=ports.policy.republish_seconds)
    with ports.database.transaction() as tx:
        for payment_id in tx.payments.take_unapplied(before, now, ITEMS_MOST):
            tx.outbox.add(PaymentUpdated(payment_id=payment_id), now)


def _publish_credits(ports: Ports) -> None:
    """Credits that are to be booked, until each is booked with its own payment."""
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        for payment_id in tx.credits.due(now, ITEMS_MOST):
            tx.outbox.add(PaymentUpdated(payment_id=payment_id), now)


def _expire_orders(ports: Ports) -> None:
    """An order that nobody paid in time is over; whether nobody did is asked once more."""
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        for order_id in tx.orders.expire(now, ITEMS_MOST):
            tx.outbox.add(OrderCheckDue(order_id=order_id), now)


def _close_channels(ports: Ports) -> None:
    """Channels that their owners want closed, once nobody and nothing is left in them."""
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        for channel_id in tx.channels.take_wound_down(now, ITEMS_MOST):
            owner = tx.channels.owner_of(channel_id)
            if owner is not None:
                facts = {"channel": tx.channels.closed_chat(channel_id).title}
                key = f"{channel_id}:{now.isoformat()}"
                tell(ports, tx, owner, NoticeKind.CHANNEL_CLOSED, key, facts)


def _publish_left_behind(ports: Ports) -> None:
    """Outbox rows whose publication was not confirmed in time go out as new rows."""
    now = ports.clock.now()
    before = now - timedelta(seconds=ports.policy.outbox_grace_seconds)
    with ports.database.transaction() as tx:
        rows = tx.outbox.left_behind(before, ITEMS_MOST)
        for row in rows:
            tx.outbox.add(row.event, now)
        if rows:
            tx.outbox.delete([row.id for row in rows])


def _publish_due(ports: Ports, kinds: tuple[Watched, ...]) -> None:
    now = ports.clock.now()
    rest_until = now + timedelta(seconds=ports.policy.republish_seconds)
    with ports.database.transaction() as tx:
        taken = [tx.watches.take_due(kind, now, rest_until, ITEMS_MOST) for kind in kinds]
        for event in _distinct(_EVENTS[item.kind](item) for due in taken for item in due):
            tx.outbox.add(event, now)


def _woken_together() -> list[tuple[Watched, ...]]:
    """A payout that waits and the shares it waits for mean the same event, which is wanted once."""
    payable = (Watched.PAYOUT, Watched.SHARE)
    return [payable, *((kind,) for kind in _EVENTS if kind not in payable)]


def _distinct(events: Iterable[Event]) -> list[Event]:
    """Each event once: a channel with many waiting shares is asked to pay out once."""
    return list({event.model_dump_json(): event for event in events}.values())


def _report_overdue(ports: Ports, kind: Watched) -> None:
    """Past its deadline: a person is told, and we keep trying."""
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        for item in tx.watches.take_overdue(kind, now, now + GIVE_UP_AFTER, ITEMS_MOST):
            evidence = (("state", item.state),)
            review(
                ports,
                tx,
                Finding(subject_of(kind), str(item.id), Reason.OVERDUE, evidence),
            )


def _close_what_moved_on(ports: Ports) -> None:
    with ports.database.transaction() as tx:
        for kind in _REPORTED:
            tx.reviews.close_moved_on(kind, subject_of(kind), ports.clock.now())


# ---- which event wakes which row -----------------------------------------------------------------


def event_of_transfer(item: Due) -> Event:
    """The event that brings a transfer forward from the state it is in."""
    state = TransferState(item.state)
    if state is TransferState.REQUESTED:
        return TransferRequested(transfer_id=item.id)
    if state.is_broadcast:
        return TransferCheckDue(transfer_id=item.id)
    return TransferAuthorized(transfer_id=item.id)


def event_of_swap(item: Due) -> Event:
    """The event that brings a swap forward from the state it is in."""
    state = SwapState(item.state)
    if state is SwapState.QUOTING:
        return SwapRequested(swap_id=item.id)
    if state in (SwapState.QUOTED, SwapState.CREATING):
        return SwapQuoted(swap_id=item.id)
    return SwapCheckDue(swap_id=item.id)


def event_of_money(item: Due) -> Event:
    """The event that asks again for a channel's payout, or for the pool where there is none."""
    if item.group_id is None:
        return PoolRequested(asset=item.asset_id or "")
    return PayoutRequested(channel_id=item.group_id)


_EVENTS: dict[Watched, Callable[[Due], Event]] = {
    Watched.PAYMENT: lambda item: PaymentCheckDue(payment_id=item.id),
    Watched.ORDER: lambda item: OrderCheckDue(order_id=item.id),
    Watched.INVITE: lambda item: InviteRequested(invite_id=item.id),
    Watched.JOIN_REQUEST: lambda item: JoinRequested(join_request_id=item.id),
    Watched.SHARE: event_of_money,
    Watched.PAYOUT: event_of_money,
    Watched.SWAP: event_of_swap,
    Watched.TRANSFER: event_of_transfer,
    Watched.NOTICE: lambda item: NoticeRequested(notice_id=item.id),
}

# An order that ends unpaid is nobody's business; members are woken by a tick of their own.
_REPORTED = (*(kind for kind in _EVENTS if kind is not Watched.ORDER), Watched.MEMBERSHIP)


# ---- dead letters --------------------------------------------------------------------------------

_KIND_OF_EVENT = {
    "payment.updated": Watched.PAYMENT,
    "payment.check_due": Watched.PAYMENT,
    "order.check_due": Watched.ORDER,
    "invite.requested": Watched.INVITE,
    "join.requested": Watched.JOIN_REQUEST,
    "swap.requested": Watched.SWAP,
    "swap.quoted": Watched.SWAP,
    "swap.check_due": Watched.SWAP,
    "transfer.requested": Watched.TRANSFER,
    "transfer.authorized": Watched.TRANSFER,
    "transfer.check_due": Watched.TRANSFER,
    "notice.requested": Watched.NOTICE,
    "member.removal_due": Watched.MEMBERSHIP,
}


def _look_at_dead_letters(ports: Ports) -> None:
    """A day later: closed if its item moved on meanwhile, else something for a person.

    What is shown to a person is looked at every hour, so that nobody works on what is over.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        due = tx.watches.take_due(Watched.DEAD_LETTER, now, now + LOOK_AGAIN_AFTER, ITEMS_MOST)
        for item in due:
            letter = tx.delivery.dead_letter(item.id)
            if letter is not None:
                _judge(ports, tx, letter, now)


def _judge(ports: Ports, tx: Transaction, letter: DeadLetter, now: datetime) -> None:
    if _is_known(letter) and not _still_stands(tx, letter):
        tx.delivery.close_dead_letter(letter.id, now)
        tx.reviews.close(Subject.DEAD_LETTER, str(letter.id), Reason.OVERDUE, now)
        return
    evidence = (("subscription", letter.subscription), ("message_id", letter.message_id))
    finding = Finding(Subject.DEAD_LETTER, str(letter.id), Reason.OVERDUE, evidence)
    review(ports, tx, finding)


def _is_known(letter: DeadLetter) -> bool:
    """Whether it is about something of ours, so that it can be seen to have moved on."""
    return letter.entity_id is not None or letter.event_type == type_name(PoolRequested)


def _still_stands(tx: Transaction, letter: DeadLetter) -> bool:
    """Whether what the letter was about is still on its way.

    Payouts are asked for by channel and by pool; shares and payouts are watched by themselves.
    """
    kind = _KIND_OF_EVENT.get(letter.event_type or "")
    return (
        kind is not None
        and letter.entity_id is not None
        and tx.watches.is_open(kind, letter.entity_id)
    )
