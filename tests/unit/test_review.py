"""Every finding says what can be done about it."""

from importlib import import_module
from itertools import product

import pytest

from shared_lib.domain.review import Action, Finding, Reason, Subject, safe_actions
from shared_lib.domain.why import Explained, Standing, why


@pytest.mark.parametrize("action", Action)
def test_an_action_is_a_use_case(action: Action) -> None:
    module = import_module(f"shared_lib.usecases.{action.value}")
    assert callable(getattr(module, action.value))


@pytest.mark.parametrize("action", Action)
def test_an_action_is_safe_for_something(action: Action) -> None:
    assert any(action in safe_actions(*pair) for pair in product(Subject, Reason))


def test_what_no_action_helps_is_known() -> None:
    """The provider is asked until it names another transaction, or its cause is gone."""
    helpless = {
        (subject, reason)
        for subject, reason in product((Subject.PAYMENT, Subject.PAYOUT, Subject.SWAP), Reason)
        if not safe_actions(subject, reason)
    }
    assert {reason for _, reason in helpless} == {
        Reason.REFUND_COUNTED_TWICE,
        Reason.CONVERSION_COUNTED_TWICE,
    }


def test_money_in_the_books_is_never_marked() -> None:
    for reason in (
        Reason.PROVIDER_DISAGREES,
        Reason.DEPOSIT_DIFFERS,
        Reason.DEPOSIT_COUNTED_TWICE,
        Reason.NOTIONAL_TOO_HIGH,
    ):
        assert Finding(Subject.PAYMENT, "1", reason).actions == (
            Action.RELEASE_PAYMENT,
            Action.REVERSE_PAYMENT,
        )


def test_an_answer_names_each_action_once() -> None:
    reasons = (Reason.DEPOSIT_DIFFERS, Reason.OVERDUE, Reason.PROVIDER_DISAGREES)
    answer = why(Standing(Explained.PAYMENT, "review", reasons))
    assert answer.actions == (Action.RELEASE_PAYMENT, Action.REVERSE_PAYMENT)
    assert why(Standing(Explained.MEMBERSHIP, "active", reasons)).actions == ()
