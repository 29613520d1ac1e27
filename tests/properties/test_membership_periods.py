"""However a person pays and whenever, no granted moment is lost and none is granted twice."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain.membership import Membership, MembershipState, Period
from shared_lib.domain.offer import DAYS_MOST
from tests.properties.examples import LAW

EPOCH = datetime(2027, 1, 1, tzinfo=UTC)
FAR = datetime(9000, 1, 1, tzinfo=UTC)

days = st.integers(1, DAYS_MOST)
moments = st.builds(
    lambda seconds: EPOCH + timedelta(seconds=seconds), st.integers(0, 5 * 365 * 86_400)
)
grants = st.lists(st.tuples(days, moments), min_size=1, max_size=25)
grants_with_life = st.lists(st.tuples(days | st.none(), moments), min_size=1, max_size=25)


def fresh() -> Membership:
    return Membership(
        id=UUID(int=1),
        channel_id=UUID(int=2),
        telegram_user_id=3,
        state=MembershipState.NONE,
        access_ends_at=None,
        let_in_at=None,
        created_at=EPOCH,
    )


def grant_all(
    history: list[tuple[int, datetime]] | list[tuple[int | None, datetime]],
) -> tuple[list[Membership], list[Period]]:
    """The membership after each grant, and the periods that the grants added."""
    steps, periods = [fresh()], []
    for granted, now in history:
        membership, period = steps[-1].extended(granted, now)
        steps.append(membership)
        if period is not None:
            periods.append(period)
    return steps, periods


def length(period: Period) -> timedelta:
    return (period.ends_at or FAR) - period.starts_at


@LAW
@given(grants_with_life)
def test_periods_never_overlap_and_never_run_backwards(
    history: list[tuple[int | None, datetime]],
) -> None:
    _, periods = grant_all(history)
    assert all(length(period) > timedelta() for period in periods)
    for earlier, later in pairwise(periods):
        assert earlier.ends_at is not None
        assert earlier.ends_at <= later.starts_at


@LAW
@given(grants)
def test_the_granted_time_is_the_sum_of_the_bought_days(
    history: list[tuple[int, datetime]],
) -> None:
    _, periods = grant_all(history)
    assert len(periods) == len(history)
    assert sum(map(length, periods), timedelta()) == timedelta(days=sum(day for day, _ in history))


@LAW
@given(grants_with_life)
def test_the_end_of_access_never_moves_back(history: list[tuple[int | None, datetime]]) -> None:
    steps, _ = grant_all(history)
    ends = [step.access_ends_at or FAR for step in steps[1:]]
    assert ends == sorted(ends)


@LAW
@given(grants_with_life)
def test_every_grant_opens_access_at_its_own_moment(
    history: list[tuple[int | None, datetime]],
) -> None:
    steps, _ = grant_all(history)
    for membership, (_, now) in zip(steps[1:], history, strict=True):
        assert membership.may_enter(now)


@LAW
@given(grants)
def test_access_ends_where_the_last_period_ends(history: list[tuple[int, datetime]]) -> None:
    steps, periods = grant_all(history)
    for membership, period in zip(steps[1:], periods, strict=True):
        assert membership.access_ends_at == period.ends_at


@LAW
@given(st.lists(days, min_size=2, max_size=10), st.data())
def test_renewing_early_ends_where_renewing_at_the_last_moment_would(
    bought: list[int], data: st.DataObject
) -> None:
    """Every renewal comes at some moment while access still runs; none of them loses a second."""
    membership, _ = fresh().extended(bought[0], EPOCH)
    now = EPOCH
    for more in bought[1:]:
        assert membership.access_ends_at is not None
        left = (membership.access_ends_at - now).total_seconds()
        now += timedelta(seconds=data.draw(st.integers(0, int(left))))
        membership, _ = membership.extended(more, now)
    assert membership.access_ends_at == EPOCH + timedelta(days=sum(bought))


@LAW
@given(grants_with_life, days | st.none(), moments)
def test_nothing_is_added_to_access_for_life(
    history: list[tuple[int | None, datetime]], more: int | None, now: datetime
) -> None:
    steps, _ = grant_all([*history, (None, EPOCH)])
    assert steps[-1].extended(more, now) == (steps[-1], None)
