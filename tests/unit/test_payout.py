"""A payout: when it is worth sending, and how it waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared_lib.domain.money import ETH, USDT, AssetMismatchError, Money
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import (
    PAYOUT_EDGES,
    ROUNDS_MOST,
    Payout,
    PayoutState,
    WaitingFor,
    is_worth_sending,
)
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.domain.watch import Watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
LATER = Watch(NOW + timedelta(hours=1), NOW + timedelta(days=30))
FORMING = Payout(
    id=UUID(int=1),
    channel_id=UUID(int=2),
    strategy=Strategy.INSTANT,
    state=PayoutState.FORMING,
    amount=Money(0, ETH),
    target=PayoutTarget(ETH, "0xab", None),
    created_at=NOW,
    watch=WATCH,
)
WITH_MONEY = replace(FORMING, amount=Money(1_000, ETH))
SWAPPING = WITH_MONEY.moved(PayoutState.SWAPPING, WATCH)
SENDING = WITH_MONEY.moved(PayoutState.SENDING, WATCH)


def eth(wei: int) -> Money:
    return Money(wei, ETH)


@pytest.mark.parametrize(
    ("amount", "cost", "most_bps", "is_worth_it"),
    [
        (1_000, 100, 1_000, True),
        (1_000, 101, 1_000, False),
        (999, 100, 1_000, False),
        (1_000, 0, 0, True),
        (1_000, 1, 0, False),
        (1, 1, 10_000, True),
        (0, 0, 1_000, True),
        (0, 1, 1_000, False),
        (10**60, 10**59, 1_000, True),
        (10**60, 10**59 + 1, 1_000, False),
    ],
)
def test_a_cost_up_to_its_share_of_the_amount_is_worth_it(
    amount: int, cost: int, most_bps: int, is_worth_it: bool
) -> None:
    assert is_worth_sending(eth(amount), eth(cost), most_bps) is is_worth_it


def test_a_cost_in_another_asset_is_not_compared() -> None:
    with pytest.raises(AssetMismatchError):
        is_worth_sending(Money(1_000, USDT), eth(1), 1_000)


def test_a_payout_waits_with_a_reason_that_the_owner_sees() -> None:
    waiting = FORMING.waiting(WaitingFor.COST_TOO_HIGH, LATER)
    assert waiting == replace(
        FORMING, state=PayoutState.WAITING, waiting_for=WaitingFor.COST_TOO_HIGH, watch=LATER
    )
    assert waiting.waiting(WaitingFor.COST_TOO_HIGH, WATCH) == replace(waiting, watch=WATCH)


def test_a_payout_that_goes_on_forgets_why_it_waited() -> None:
    again = FORMING.waiting(WaitingFor.COST_TOO_HIGH, LATER).moved(PayoutState.FORMING, WATCH)
    assert again == FORMING


@pytest.mark.parametrize("before", [WITH_MONEY, SWAPPING, SENDING], ids=lambda one: one.state)
@pytest.mark.parametrize("reason", WaitingFor)
def test_a_payout_that_waits_gives_its_money_back_and_keeps_where_to(
    before: Payout, reason: WaitingFor
) -> None:
    """Its shares are pending again and merge with what comes, in whatever coin it is counted."""
    waiting = before.waiting(reason, LATER)
    assert waiting.amount == Money(0, ETH)
    assert waiting.watch == LATER
    assert waiting == replace(FORMING, state=PayoutState.WAITING, waiting_for=reason, watch=LATER)
    in_dollars = replace(before, amount=Money(5, USDT)).waiting(reason, LATER)
    assert in_dollars.amount == Money(0, USDT)


def test_the_reason_to_wait_may_change_while_it_waits() -> None:
    waiting = SWAPPING.waiting(WaitingFor.BELOW_MINIMUM, LATER)
    changed = waiting.waiting(WaitingFor.PAIR_UNAVAILABLE, WATCH)
    assert changed == replace(waiting, waiting_for=WaitingFor.PAIR_UNAVAILABLE, watch=WATCH)


@pytest.mark.parametrize("state", [PayoutState.SETTLED, PayoutState.RETURNED])
def test_a_payout_that_is_over_does_not_wait(state: PayoutState) -> None:
    with pytest.raises(TransitionRefusedError, match=f"from {state} to waiting"):
        replace(WITH_MONEY, state=state).waiting(WaitingFor.COST_TOO_HIGH, LATER)


@pytest.mark.parametrize("end", [PayoutState.SETTLED, PayoutState.RETURNED])
def test_a_payout_is_over_when_its_money_is_with_the_owner_or_back(end: PayoutState) -> None:
    """What came back is in the next payout, so that no payout's money ever changes hands twice."""
    over = SENDING.moved(end, None)
    assert over.watch is None
    assert over.amount == SENDING.amount
    for state in PayoutState:
        with pytest.raises(TransitionRefusedError):
            over.moved(state, WATCH)


@pytest.mark.parametrize("end", [PayoutState.SETTLED, PayoutState.RETURNED])
def test_money_is_neither_with_the_owner_nor_back_before_it_was_sent(end: PayoutState) -> None:
    for state in (PayoutState.FORMING, PayoutState.WAITING, PayoutState.SWAPPING):
        with pytest.raises(TransitionRefusedError):
            replace(FORMING, state=state).moved(end, None)


def test_only_money_that_went_out_comes_back() -> None:
    """Seen by the function that checks it, or by a person who lets go of it."""
    into = {before for before, afters in PAYOUT_EDGES.items() if PayoutState.RETURNED in afters}
    assert into == {PayoutState.SENDING, PayoutState.REVIEW}


def test_a_payout_may_need_several_swaps_until_one_is_funded() -> None:
    """A swap whose promise dies before anything is signed is replaced by another."""
    assert SWAPPING.moved(PayoutState.SENDING, WATCH).moved(PayoutState.SWAPPING, WATCH) == SWAPPING


def test_money_that_comes_back_goes_out_again_a_few_times_only() -> None:
    assert ROUNDS_MOST == 3
    assert FORMING.round == 1
