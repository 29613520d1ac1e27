"""No state in which something is still to do is forgotten by the tick."""

from enum import StrEnum
from typing import Any
from uuid import uuid4

import pytest

from shared_lib.domain.invite import INVITE_EDGES, JOIN_EDGES, InviteState, JoinState
from shared_lib.domain.membership import MEMBERSHIP_EDGES, MembershipState
from shared_lib.domain.notice import NOTICE_EDGES, NoticeState
from shared_lib.domain.order import ORDER_EDGES, OrderState
from shared_lib.domain.payment import PAYMENT_EDGES, PaymentStatus
from shared_lib.domain.payout import PAYOUT_EDGES, PayoutState
from shared_lib.domain.share import SHARE_EDGES, ShareState
from shared_lib.domain.swap import SWAP_EDGES, SwapState
from shared_lib.domain.transfer import TRANSFER_EDGES, TransferState
from shared_lib.events import ExpireSubscriptionsTick
from shared_lib.ports import Due, Watched
from shared_lib.usecases.reconcile import _EVENTS
from tests.integration.usecases.support import buy, change, column
from tests.world import HANDLERS, World

# Which event brings a row forward from each state in which something is left to do.
WOKEN_BY: dict[Watched, dict[str, str]] = {
    Watched.PAYMENT: dict.fromkeys(
        ["waiting", "confirming", "confirmed", "sending", "partially_paid", "finished"],
        "payment.check_due",
    ),
    Watched.INVITE: dict.fromkeys(["creating", "live"], "invite.requested"),
    Watched.JOIN_REQUEST: {"pending": "join.requested"},
    Watched.SHARE: {"pending": "payout.requested"},
    Watched.PAYOUT: dict.fromkeys(
        ["forming", "waiting", "swapping", "sending"], "payout.requested"
    ),
    Watched.SWAP: {
        "quoting": "swap.requested",
        "quoted": "swap.quoted",
        "creating": "swap.quoted",
        "created": "swap.check_due",
        "funded": "swap.check_due",
    },
    Watched.TRANSFER: {
        "requested": "transfer.requested",
        "authorized": "transfer.authorized",
        "signing": "transfer.authorized",
        "sent": "transfer.check_due",
        "mined": "transfer.check_due",
    },
    Watched.NOTICE: {"pending": "notice.requested"},
    Watched.ORDER: {"open": "order.check_due"},  # the tick itself ends it
}
# States with a way out that no tick takes: something from outside does, or another row.
RESTING: dict[Watched, set[str]] = {
    Watched.PAYMENT: {"expired", "failed", "refunded"},
    Watched.INVITE: {"review"},
    Watched.JOIN_REQUEST: {"review"},
    Watched.SHARE: {"expected", "locked", "converting", "held"},
    Watched.PAYOUT: {"review"},
    Watched.SWAP: {"review"},
    Watched.TRANSFER: {"review"},
    Watched.NOTICE: set(),
    Watched.ORDER: {"expired", "closed"},
}
MACHINES: dict[Watched, tuple[type[StrEnum], dict[Any, Any]]] = {
    Watched.PAYMENT: (PaymentStatus, PAYMENT_EDGES),
    Watched.INVITE: (InviteState, INVITE_EDGES),
    Watched.JOIN_REQUEST: (JoinState, JOIN_EDGES),
    Watched.SHARE: (ShareState, SHARE_EDGES),
    Watched.PAYOUT: (PayoutState, PAYOUT_EDGES),
    Watched.SWAP: (SwapState, SWAP_EDGES),
    Watched.TRANSFER: (TransferState, TRANSFER_EDGES),
    Watched.NOTICE: (NoticeState, NOTICE_EDGES),
    Watched.ORDER: (OrderState, ORDER_EDGES),
}
PAIRS = [(kind, state) for kind, woken in WOKEN_BY.items() for state in woken]


@pytest.mark.parametrize("kind", MACHINES)
def test_each_state_with_a_way_out_is_woken_or_rests_for_a_reason(kind: Watched) -> None:
    states, edges = MACHINES[kind]
    unfinished = {state.value for state in states if edges[state]}
    assert unfinished == set(WOKEN_BY[kind]) | RESTING[kind]
    assert set(WOKEN_BY[kind]).isdisjoint(RESTING[kind])


def test_every_watched_table_has_its_machine_here() -> None:
    """But for members, who have a tick of their own."""
    assert set(MACHINES) == set(Watched) - {Watched.DEAD_LETTER, Watched.MEMBERSHIP}


WATCHED_MEMBERS = ("active", "ended", "removing", "blocked")


@pytest.mark.parametrize("state", WATCHED_MEMBERS)
def test_whoever_is_to_leave_is_woken_by_the_tick_of_members(world: World, state: str) -> None:
    world.top_up()
    buy(world, world.open_shop())
    world.run()
    world.clock.pass_time(31 * 86_400)
    now = f"'{world.clock.now()}'::timestamptz"
    change(
        world,
        f"UPDATE memberships SET state = '{state}', let_in_at = created_at, next_check_at = {now}",
    )
    world.queue.clear()
    world.deliver(ExpireSubscriptionsTick())
    assert [one.event.type for one in world.queue] == ["member.removal_due"]
    world.run()
    kept = "blocked" if state == "blocked" else "removed"
    assert column(world, "SELECT state FROM memberships") == [kept]


def test_members_rest_in_no_other_state_with_a_way_out() -> None:
    unfinished = {state.value for state in MembershipState if MEMBERSHIP_EDGES[state]}
    # Nobody is inside, or nothing was bought: only people lead out of these.
    assert unfinished - set(WATCHED_MEMBERS) == {"none", "removed"}


@pytest.mark.parametrize(("kind", "state"), [pair for pair in PAIRS if WOKEN_BY[pair[0]][pair[1]]])
def test_a_due_row_is_woken_by_the_event_that_brings_it_forward(kind: Watched, state: str) -> None:
    row_id, channel_id = uuid4(), uuid4()
    group = channel_id if kind in (Watched.SHARE, Watched.PAYOUT) else None
    event = _EVENTS[kind](Due(kind, row_id, state, group))
    assert event.type == WOKEN_BY[kind][state]
    assert event.type in HANDLERS
    assert event.entity_id == (channel_id if group else row_id)
