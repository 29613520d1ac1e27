"""Links, and the answers to those who come by them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared_lib.domain.invite import (
    Invite,
    InviteState,
    JoinRequest,
    JoinState,
    join_answer,
    link_name,
)
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.domain.watch import Watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
INVITE = Invite(
    id=UUID(int=1),
    payment_id=UUID(int=2),
    order_id=UUID(int=3),
    membership_id=UUID(int=4),
    name=link_name(UUID(int=1)),
    state=InviteState.CREATING,
    created_at=NOW,
    watch=WATCH,
)
REQUEST = JoinRequest(
    id=UUID(int=1),
    chat_id=-1_001_234_567_890,
    telegram_user_id=5,
    link_name=None,
    requested_at=NOW,
    state=JoinState.PENDING,
    watch=WATCH,
)


def test_a_links_name_fits_what_telegram_shows() -> None:
    name = link_name(UUID("0194f3a2-7b6c-7d8e-9fa0-b1c2d3e4f506"))
    assert name == "funnel-0194f3a27b6c7d8e9fa0b1"
    assert len(name) <= 32


def test_ids_of_one_millisecond_give_different_names() -> None:
    """What time-ordered ids differ in by chance must be within the part that the name keeps."""
    one, other = (
        UUID("0194f3a27b6c7000800000" + "0" * 10),
        UUID("0194f3a27b6c7000800001" + "0" * 10),
    )
    assert link_name(one) != link_name(other)


def test_an_invite_moves_with_its_new_watch_and_nothing_else() -> None:
    later = Watch(NOW + timedelta(hours=1), NOW + timedelta(days=2))
    live = INVITE.moved(InviteState.LIVE, later)
    assert live == replace(INVITE, state=InviteState.LIVE, watch=later)
    assert live.moved(InviteState.USED, None).watch is None


@pytest.mark.parametrize("over", [InviteState.USED, InviteState.REVOKED, InviteState.EXPIRED])
def test_an_invite_that_is_over_is_never_live_again(over: InviteState) -> None:
    ended = INVITE.moved(InviteState.LIVE, WATCH).moved(over, None)
    for state in InviteState:
        with pytest.raises(TransitionRefusedError):
            ended.moved(state, WATCH)


def test_a_link_that_was_never_made_cannot_be_used() -> None:
    with pytest.raises(TransitionRefusedError, match="from creating to used"):
        INVITE.moved(InviteState.USED, None)


@pytest.mark.parametrize(
    ("may_enter", "by_our_link", "answer"),
    [
        (True, True, JoinState.APPROVED),
        (True, False, JoinState.APPROVED),
        (False, True, JoinState.DECLINED),
        (False, False, JoinState.IGNORED),
    ],
)
def test_who_has_access_comes_in_by_any_link_and_strangers_only_bounce_off_ours(
    may_enter: bool, by_our_link: bool, answer: JoinState
) -> None:
    assert join_answer(may_enter=may_enter, by_our_link=by_our_link) is answer


@pytest.mark.parametrize("answer", [JoinState.APPROVED, JoinState.DECLINED, JoinState.IGNORED])
def test_a_request_is_answered_once(answer: JoinState) -> None:
    answered = REQUEST.answered(answer)
    assert answered == replace(REQUEST, state=answer, watch=None)
    for state in JoinState:
        with pytest.raises(TransitionRefusedError):
            answered.answered(state)
