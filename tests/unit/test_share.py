"""An owner's part of a payment on its way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared_lib.domain.money import ETH, Money
from shared_lib.domain.share import Share, ShareKind, ShareState
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.domain.watch import Watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
EXPECTED = Share(
    id=UUID(int=1),
    channel_id=UUID(int=2),
    kind=ShareKind.PAYMENT,
    payment_id=UUID(int=3),
    amount=Money(1_269_067_000_000_000, ETH),
    state=ShareState.EXPECTED,
    created_at=NOW,
    watch=None,
)


def went(*path: ShareState) -> Share:
    share = EXPECTED
    for state in path:
        share = share.moved(state)
    return share


@pytest.mark.parametrize(
    "path",
    [
        (ShareState.PENDING, ShareState.LOCKED, ShareState.PAID),
        (
            ShareState.PENDING,
            ShareState.CONVERTING,
            ShareState.HELD,
            ShareState.LOCKED,
            ShareState.PAID,
        ),
    ],
)
def test_both_strategies_lead_to_paid(path: tuple[ShareState, ...]) -> None:
    assert went(*path) == replace(EXPECTED, state=ShareState.PAID)


def test_only_a_pending_share_is_watched_by_itself() -> None:
    """The others are watched by their payment or their payout: a move drops the watch."""
    pending = EXPECTED.moved(ShareState.PENDING, WATCH)
    assert pending.watch == WATCH
    assert pending.moved(ShareState.LOCKED).watch is None


@pytest.mark.parametrize("back", [ShareState.PENDING, ShareState.HELD])
def test_an_abandoned_payout_gives_its_shares_back(back: ShareState) -> None:
    locked = went(ShareState.PENDING, ShareState.LOCKED)
    assert locked.moved(back, WATCH).state is back


@pytest.mark.parametrize(
    "path",
    [
        (),
        (ShareState.PENDING,),
        (ShareState.PENDING, ShareState.CONVERTING, ShareState.HELD),
    ],
)
def test_an_unspent_share_can_be_reversed(path: tuple[ShareState, ...]) -> None:
    assert went(*path, ShareState.REVERSED).state is ShareState.REVERSED


@pytest.mark.parametrize(
    "path",
    [
        (ShareState.PENDING, ShareState.LOCKED),
        (ShareState.PENDING, ShareState.LOCKED, ShareState.PAID),
        (ShareState.PENDING, ShareState.CONVERTING),
    ],
)
def test_a_share_whose_money_moves_cannot_be_reversed(path: tuple[ShareState, ...]) -> None:
    with pytest.raises(TransitionRefusedError):
        went(*path, ShareState.REVERSED)


@pytest.mark.parametrize("state", [ShareState.LOCKED, ShareState.PAID, ShareState.CONVERTING])
def test_a_share_moves_no_money_before_its_deposit_was_seen(state: ShareState) -> None:
    with pytest.raises(TransitionRefusedError, match="from expected"):
        EXPECTED.moved(state)


def test_what_is_neither_paid_nor_reversed_is_owed() -> None:
    owed = {state for state in ShareState if state.is_owed}
    assert set(ShareState) - owed == {ShareState.PAID, ShareState.REVERSED}
