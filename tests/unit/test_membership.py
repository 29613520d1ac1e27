"""Access to a channel: until when, and by which grants."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from shared_lib.domain.membership import Membership, MembershipState, Period

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")
STRANGER = Membership(
    id=UUID(int=1),
    channel_id=UUID(int=2),
    telegram_user_id=3,
    state=MembershipState.NONE,
    access_ends_at=None,
    let_in_at=None,
    created_at=NOW,
)


def member(ends_at: datetime | None, state: MembershipState = MembershipState.ACTIVE) -> Membership:
    return replace(STRANGER, state=state, access_ends_at=ends_at)


# ---- who may enter -------------------------------------------------------------------------------


def test_access_runs_up_to_its_end_and_not_at_it() -> None:
    until_now = member(NOW)
    assert until_now.may_enter(NOW - timedelta(microseconds=1))
    assert not until_now.may_enter(NOW)


def test_access_for_life_has_no_end() -> None:
    assert member(None).may_enter(datetime.max.replace(tzinfo=UTC))
    assert member(None).is_for_life()
    assert not member(NOW).is_for_life()


@pytest.mark.parametrize(
    "state", [one for one in MembershipState if one is not MembershipState.ACTIVE]
)
def test_only_an_active_membership_lets_anybody_in(state: MembershipState) -> None:
    assert not member(NOW + DAY, state).may_enter(NOW)
    assert not member(None, state).may_enter(NOW)
    assert not member(None, state).is_for_life()


# ---- granting ------------------------------------------------------------------------------------


def test_a_first_purchase_runs_from_now() -> None:
    granted, period = STRANGER.extended(30, NOW)
    assert granted == replace(STRANGER, state=MembershipState.ACTIVE, access_ends_at=NOW + 30 * DAY)
    assert period == Period(NOW, NOW + 30 * DAY)


def test_renewing_early_adds_to_what_is_left() -> None:
    granted, period = member(NOW + 10 * DAY).extended(30, NOW)
    assert granted.access_ends_at == NOW + 40 * DAY
    assert period == Period(NOW + 10 * DAY, NOW + 40 * DAY)


def test_renewing_at_the_very_end_leaves_no_gap() -> None:
    granted, period = member(NOW).extended(30, NOW)
    assert granted.access_ends_at == NOW + 30 * DAY
    assert period == Period(NOW, NOW + 30 * DAY)


@pytest.mark.parametrize(
    "state",
    [one for one in MembershipState if one not in (MembershipState.NONE, MembershipState.BLOCKED)],
)
def test_after_its_end_access_runs_from_now_again(state: MembershipState) -> None:
    """Whoever pays is let in again, in whatever state the last access ended."""
    granted, period = member(NOW - 10 * DAY, state).extended(30, NOW)
    assert granted.state is MembershipState.ACTIVE
    assert period == Period(NOW, NOW + 30 * DAY)


def test_a_grant_keeps_who_was_let_in_and_when() -> None:
    inside = replace(member(NOW), let_in_at=NOW - 30 * DAY)
    assert inside.extended(30, NOW)[0].let_in_at == NOW - 30 * DAY


def test_for_life_begins_where_the_paid_time_ends() -> None:
    granted, period = member(NOW + 10 * DAY).extended(None, NOW)
    assert granted.is_for_life()
    assert period == Period(NOW + 10 * DAY, None)


@pytest.mark.parametrize("days", [30, None])
def test_nothing_is_added_to_access_for_life(days: int | None) -> None:
    for_life = member(None)
    assert for_life.extended(days, NOW) == (for_life, None)


# ---- the calendar --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2028-02-28T12:00", 1, "2028-02-29T12:00"),
        ("2028-02-29T12:00", 365, "2029-02-28T12:00"),
        ("2028-02-29T12:00", 366, "2029-03-01T12:00"),
        ("2027-02-28T12:00", 1, "2027-03-01T12:00"),
        ("2027-12-31T23:59", 1, "2028-01-01T23:59"),
    ],
)
def test_days_are_counted_across_leap_days_and_years(start: str, days: int, end: str) -> None:
    began = datetime.fromisoformat(start).replace(tzinfo=UTC)
    granted, _ = STRANGER.extended(days, began)
    assert granted.access_ends_at == datetime.fromisoformat(end).replace(tzinfo=UTC)


SUMMER_TIME_BEGINS = datetime(2027, 3, 14, 7, tzinfo=UTC)  # in New York; this day has 23 hours
SUMMER_TIME_ENDS = datetime(2027, 11, 7, 6, tzinfo=UTC)  # and this one has 25


@pytest.mark.parametrize("change", [SUMMER_TIME_BEGINS, SUMMER_TIME_ENDS])
def test_a_day_is_24_hours_also_where_the_clock_is_changed(change: datetime) -> None:
    """Also for a time that carries a zone whose clock changes within the days."""
    start = change - timedelta(hours=3)
    granted, period = STRANGER.extended(30, start.astimezone(NEW_YORK))
    assert granted.access_ends_at is not None
    assert granted.access_ends_at.astimezone(UTC) == start + 30 * DAY
    assert period is not None
    assert period.starts_at.astimezone(UTC) == start


def test_times_of_two_zones_are_compared_as_moments() -> None:
    """Noon in New York is later than 16:00 UTC, whatever the clocks show."""
    current_end = datetime(2027, 3, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    now = datetime(2027, 3, 1, 16, tzinfo=UTC)
    granted, _ = member(current_end).extended(1, now)
    assert granted.access_ends_at == datetime(2027, 3, 2, 17, tzinfo=UTC)


GRANT_IN_LOCAL_TIME = """
import sys
from datetime import UTC, datetime
from tests.unit.test_membership import STRANGER

now = datetime.fromisoformat(sys.argv[1]).astimezone()
granted, _ = STRANGER.extended(30, now)
print(now.utcoffset(), granted.access_ends_at.astimezone(UTC).isoformat())
"""


@pytest.mark.parametrize(
    ("zone", "offset"), [("UTC", "0:00:00"), ("America/New_York", "-1 day, 19:00:00")]
)
def test_no_date_depends_on_the_zone_of_the_process(zone: str, offset: str) -> None:
    """The same grant in two processes; summer time begins between its start and its end."""
    start = SUMMER_TIME_BEGINS - timedelta(hours=3)
    shown = subprocess.run(
        [sys.executable, "-c", GRANT_IN_LOCAL_TIME, start.isoformat()],
        cwd=ROOT,
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.strip()
    assert shown == f"{offset} {(start + 30 * DAY).isoformat()}"
