"""Every state machine of the domain: its table, where it may rest, and how a row of it moves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared_lib.domain.credit import CREDIT_EDGES, Credit, CreditState
from shared_lib.domain.invite import (
    INVITE_EDGES,
    JOIN_EDGES,
    Invite,
    InviteState,
    JoinRequest,
    JoinState,
)
from shared_lib.domain.membership import MEMBERSHIP_EDGES, MembershipState
from shared_lib.domain.money import ETH, Money
from shared_lib.domain.notice import NOTICE_EDGES, NoticeState
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.order import ORDER_EDGES, Order, OrderKind, OrderState
from shared_lib.domain.payment import PAYMENT_EDGES, PaymentStatus
from shared_lib.domain.payout import PAYOUT_EDGES, Payout, PayoutState
from shared_lib.domain.share import SHARE_EDGES, Share, ShareKind, ShareState
from shared_lib.domain.states import require_edge
from shared_lib.domain.swap import SWAP_EDGES, Swap, SwapState
from shared_lib.domain.transfer import TRANSFER_EDGES, Transfer, TransferState
from shared_lib.domain.watch import Watch

State = TypeVar("State", bound=StrEnum)
Row = TypeVar("Row")

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
_ID = UUID(int=7)


@dataclass(frozen=True, slots=True)
class Machine(Generic[State, Row]):
    """`rests` are the states where nothing more is awaited, with the documented ways out of each.

    `moved` is the product's own way from one state to the next, on a `row` in a given state.
    """

    name: str
    states: tuple[State, ...]
    edges: Mapping[State, frozenset[State]]
    born: State
    rests: Mapping[State, set[State]]
    row: Callable[[State], Row]
    moved: Callable[[Row, State], Row]
    state_of: Callable[[Row], State]

    def reachable(self, start: State) -> set[State]:
        """All states that one or more edges lead to."""
        found: set[State] = set()
        fresh = set(self.edges[start])
        while fresh:
            found |= fresh
            fresh = {after for before in fresh for after in self.edges[before]} - found
        return found


def _bare(
    name: str,
    edges: Mapping[State, frozenset[State]],
    born: State,
    rests: Mapping[State, set[State]],
) -> Machine[State, State]:
    """A machine whose rows move by `require_edge` itself; the state stands for the row."""

    def moved(before: State, after: State) -> State:
        require_edge(edges, name, before, after)
        return after

    return Machine(
        name, tuple(type(born)), edges, born, rests, lambda state: state, moved, lambda row: row
    )


def _order(state: OrderState) -> Order:
    return Order(_ID, OrderKind.SUBSCRIPTION, _ID, _ID, 5, 499, 30, state, NOW, WATCH)


def _invite(state: InviteState) -> Invite:
    return Invite(_ID, _ID, _ID, _ID, "funnel-7", state, NOW, WATCH)


def _join_request(state: JoinState) -> JoinRequest:
    return JoinRequest(_ID, -1_001_234_567_890, 5, None, NOW, state, WATCH)


def _credit(state: CreditState) -> Credit:
    return Credit(_ID, _ID, _ID, Money(1, ETH), 99, state, NOW, NOW)


def _share(state: ShareState) -> Share:
    return Share(_ID, _ID, ShareKind.PAYMENT, _ID, Money(1, ETH), state, NOW, WATCH)


def _payout(state: PayoutState) -> Payout:
    target = PayoutTarget(ETH, "0xab", None)
    return Payout(_ID, _ID, Strategy.INSTANT, state, Money(1, ETH), target, NOW, WATCH)


def _swap(state: SwapState) -> Swap:
    return Swap(_ID, _ID, state, Money(1, ETH), PayoutTarget(ETH, "0xab", None), NOW, WATCH)


def _transfer(state: TransferState) -> Transfer:
    return Transfer(_ID, _ID, "0xcd", Money(1, ETH), "0xab", state, NOW, WATCH)


P, M = PaymentStatus, MembershipState
MACHINES: list[Machine[Any, Any]] = [
    Machine(
        "order",
        tuple(OrderState),
        ORDER_EDGES,
        OrderState.OPEN,
        {
            OrderState.PAID: set(),
            OrderState.EXPIRED: {OrderState.PAID},
            OrderState.CLOSED: {OrderState.PAID},
        },
        _order,
        Order.ended,
        lambda row: row.state,
    ),
    _bare(
        "payment",
        PAYMENT_EDGES,
        P.WAITING,
        {
            P.EXPIRED: {P.FAILED, P.PARTIALLY_PAID, P.FINISHED, P.REFUNDED, P.REVIEW},
            P.FAILED: {P.PARTIALLY_PAID, P.FINISHED, P.REFUNDED, P.REVIEW},
            P.PARTIALLY_PAID: {P.FINISHED, P.REFUNDED, P.REVIEW},
            P.FINISHED: {P.REFUNDED, P.REVIEW},
            P.REFUNDED: {P.REVIEW},
            P.REVIEW: set(),
        },
    ),
    Machine(
        "payer credit",
        tuple(CreditState),
        CREDIT_EDGES,
        CreditState.OPEN,
        {
            CreditState.USED: set(),
            CreditState.REFUNDED: set(),
            CreditState.WITHDRAWN: set(),
        },
        _credit,
        Credit.moved,
        lambda row: row.state,
    ),
    _bare(
        "membership",
        MEMBERSHIP_EDGES,
        M.NONE,
        {M.REMOVED: {M.ACTIVE, M.BLOCKED}, M.BLOCKED: {M.ENDED}},
    ),
    Machine(
        "invite",
        tuple(InviteState),
        INVITE_EDGES,
        InviteState.CREATING,
        {InviteState.USED: set(), InviteState.REVOKED: set(), InviteState.EXPIRED: set()},
        _invite,
        lambda row, state: row.moved(state, WATCH),
        lambda row: row.state,
    ),
    Machine(
        "join request",
        tuple(JoinState),
        JOIN_EDGES,
        JoinState.PENDING,
        {JoinState.APPROVED: set(), JoinState.DECLINED: set(), JoinState.IGNORED: set()},
        _join_request,
        JoinRequest.answered,
        lambda row: row.state,
    ),
    Machine(
        "share",
        tuple(ShareState),
        SHARE_EDGES,
        ShareState.EXPECTED,
        {ShareState.PAID: set(), ShareState.REVERSED: set()},
        _share,
        lambda row, state: row.moved(state, WATCH),
        lambda row: row.state,
    ),
    Machine(
        "payout",
        tuple(PayoutState),
        PAYOUT_EDGES,
        PayoutState.FORMING,
        {PayoutState.SETTLED: set(), PayoutState.RETURNED: set()},
        _payout,
        lambda row, state: row.moved(state, WATCH),
        lambda row: row.state,
    ),
    Machine(
        "swap",
        tuple(SwapState),
        SWAP_EDGES,
        SwapState.QUOTING,
        {SwapState.FINISHED: set(), SwapState.REFUNDED: set(), SwapState.ABANDONED: set()},
        _swap,
        lambda row, state: row.moved(state, WATCH),
        lambda row: row.state,
    ),
    Machine(
        "transfer",
        tuple(TransferState),
        TRANSFER_EDGES,
        TransferState.REQUESTED,
        {
            TransferState.CONFIRMED: set(),
            TransferState.CANCELLED: set(),
            TransferState.REVERTED: set(),
        },
        _transfer,
        lambda row, state: row.moved(state, WATCH),
        lambda row: row.state,
    ),
    _bare(
        "notice",
        NOTICE_EDGES,
        NoticeState.PENDING,
        {NoticeState.SENT: set(), NoticeState.UNDELIVERABLE: set()},
    ),
]
