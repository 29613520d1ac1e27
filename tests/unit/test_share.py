"""An owner's part of a payment on its way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared_lib.domain.money import ETH, Money
from shared_lib.domain.share import Share, ShareKind, ShareState, Worth, fitting, total_worth
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


def test_a_move_keeps_what_a_share_is_worth_and_where_it_is_from() -> None:
    dust = replace(EXPECTED, kind=ShareKind.DUST, payment_id=None, residue_of=UUID(int=4))
    pending = replace(dust, state=ShareState.PENDING, worth=Worth(425, 400))
    assert pending.moved(ShareState.LOCKED).worth == Worth(425, 400)
    assert pending.moved(ShareState.LOCKED).residue_of == UUID(int=4)
    assert (EXPECTED.worth, EXPECTED.residue_of) == (None, None)


# ---- how many at once ----------------------------------------------------------------------------


def shares_of(*amounts: int) -> list[Share]:
    return [
        replace(EXPECTED, id=UUID(int=number), amount=Money(amount, ETH))
        for number, amount in enumerate(amounts)
    ]


@pytest.mark.parametrize(
    ("amounts", "most", "taken"),
    [
        ((), 10, 0),
        ((10,), 10, 1),
        ((11,), 10, 1),
        ((11, 1), 10, 1),
        ((4, 6), 10, 2),
        ((4, 7), 10, 1),
        ((4, 7, 1), 10, 1),
        ((1, 2, 3, 4, 5), 10, 4),
        ((1, 1), 0, 1),
        ((10**77, 1), 10**77, 1),
    ],
)
def test_a_payout_takes_the_first_shares_that_fit_and_at_least_one(
    amounts: tuple[int, ...], most: int, taken: int
) -> None:
    """A single share that is too much goes on alone, to where it is refused and shown."""
    shares = shares_of(*amounts)
    assert fitting(shares, most) == shares[:taken]


# ---- what it is worth ----------------------------------------------------------------------------


def test_the_worth_of_shares_is_the_sum_of_what_is_known() -> None:
    assert total_worth([Worth(425, 400), None, Worth(1, 0)]) == Worth(426, 400)
    assert total_worth([None, None]) == total_worth([]) == Worth(0, 0)


@pytest.mark.parametrize(
    ("part", "of", "expected"),
    [
        (1_000, 1_000, Worth(425, 400)),
        (500, 1_000, Worth(213, 200)),
        (1, 1_000, Worth(1, 0)),
        (999, 1_000, Worth(425, 399)),
        (0, 1_000, Worth(0, 0)),
        (1, 10**30, Worth(1, 0)),
    ],
)
def test_a_part_is_worth_its_part_and_not_suspect_by_rounding(
    part: int, of: int, expected: Worth
) -> None:
    """What was asked is rounded up and what the market gives down, so that they agree."""
    assert Worth(list_cents=425, market_cents=400).part(part, of) == expected
