"""For whatever can be, there are words."""

from datetime import UTC, datetime

import pytest

from shared_lib.domain.membership import MembershipState
from shared_lib.domain.payment import PaymentStatus
from shared_lib.domain.payout import PayoutState, WaitingFor
from shared_lib.domain.review import Reason
from shared_lib.domain.share import ShareState
from shared_lib.domain.swap import SwapState
from shared_lib.domain.transfer import TransferState
from shared_lib.domain.why import STEP_WORDS, Explained, Standing, why

LATER = datetime(2027, 3, 3, tzinfo=UTC)
STATES = [
    *((Explained.PAYMENT, one.value) for one in (*PaymentStatus, *ShareState)),
    *((Explained.PAYOUT, one.value) for one in PayoutState),
    *((Explained.MEMBERSHIP, one.value) for one in MembershipState),
]


@pytest.mark.parametrize(("kind", "state"), STATES)
def test_every_standing_has_its_words(kind: Explained, state: str) -> None:
    for reasons in ((), *((one,) for one in Reason)):
        for waiting_for in (None, *WaitingFor):
            answer = why(Standing(kind, state, reasons, waiting_for, deadline_at=LATER))
            assert answer.state == state
            assert answer.because.endswith(".")
            assert answer.next.endswith(".")
            assert answer.reasons == reasons


@pytest.mark.parametrize("step", [*SwapState, *TransferState])
@pytest.mark.parametrize("state", PayoutState)
def test_every_step_of_a_payout_has_its_words(
    state: PayoutState, step: SwapState | TransferState
) -> None:
    answer = why(Standing(Explained.PAYOUT, state, step=step.value))
    assert answer.because.endswith(".")
    if state in (PayoutState.SWAPPING, PayoutState.SENDING) and step.value in STEP_WORDS:
        assert (answer.because, answer.next) == STEP_WORDS[step.value]


def test_states_of_payments_and_shares_have_different_names() -> None:
    """One column shows either."""
    assert not {one.value for one in PaymentStatus} & {one.value for one in ShareState}


@pytest.mark.parametrize("state", ["paid", "reversed"])
def test_what_is_over_needs_nobody_and_has_no_time(state: str) -> None:
    standing = Standing(
        Explained.PAYMENT, state, (Reason.REFUNDED_AFTER_FINISH,), deadline_at=LATER
    )
    answer = why(standing)
    assert "operator" not in answer.next
    assert answer.by is None
    assert answer.reasons == (Reason.REFUNDED_AFTER_FINISH,)
