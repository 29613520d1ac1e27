"""A payout: when it is worth sending, and how it waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared_lib.domain.money import ETH, USDT, AssetMismatchError, Money
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import Payout, PayoutState, WaitingFor, is_worth_sending
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


def test_a_payout_whose_money_is_under_way_does_not_wait() -> None:
    sending = FORMING.moved(PayoutState.SENDING, WATCH)
    with pytest.raises(TransitionRefusedError, match="from sending to waiting"):
        sending.waiting(WaitingFor.COST_TOO_HIGH, LATER)


def test_a_settled_payout_is_over() -> None:
    settled = FORMING.moved(PayoutState.SENDING, WATCH).moved(PayoutState.SETTLED, None)
    assert settled.watch is None
    for state in PayoutState:
        with pytest.raises(TransitionRefusedError):
            settled.moved(state, WATCH)


def test_a_payout_is_not_settled_before_it_was_sent() -> None:
    for state in (PayoutState.FORMING, PayoutState.WAITING, PayoutState.SWAPPING):
        with pytest.raises(TransitionRefusedError):
            replace(FORMING, state=state).moved(PayoutState.SETTLED, None)
