"""No provider is asked more often than it allows, whatever process asks."""

from datetime import datetime, timedelta

import pytest

from tests.databases import RecordingDatabase, together
from tests.integration.valid_rows import NOW

SECOND = timedelta(seconds=1)
BUCKET = "telegram"


def take(
    database: RecordingDatabase, now: datetime, *, rate: int, tries: int = 1
) -> list[datetime | None]:
    """The answers to so many tries at one moment."""
    with database.transaction() as tx:
        return [tx.delivery.take_token(BUCKET, rate, now) for _ in range(tries)]


def taken(database: RecordingDatabase, now: datetime, *, rate: int, tries: int = 100) -> int:
    """How many of so many tries at one moment got a token."""
    return take(database, now, rate=rate, tries=tries).count(None)


def pause(database: RecordingDatabase, until: datetime) -> None:
    with database.transaction() as tx:
        tx.delivery.pause(BUCKET, until)


@pytest.mark.parametrize("rate", [1, 30])
def test_a_bucket_holds_one_seconds_worth(database: RecordingDatabase, rate: int) -> None:
    assert taken(database, NOW, rate=rate) == rate
    assert taken(database, NOW + 3600 * SECOND, rate=rate) == rate


def test_who_gets_no_token_is_told_when_to_ask_again(database: RecordingDatabase) -> None:
    assert take(database, NOW, rate=1, tries=2) == [None, NOW + SECOND]
    assert take(database, NOW + SECOND, rate=1) == [None]


def test_tokens_come_back_as_time_goes_by(database: RecordingDatabase) -> None:
    taken(database, NOW, rate=30)
    assert taken(database, NOW + SECOND / 100, rate=30) == 0
    assert taken(database, NOW + SECOND / 30 + SECOND / 1000, rate=30) == 1
    assert taken(database, NOW + SECOND / 2, rate=30) == 13


def test_over_many_seconds_the_rate_is_kept(database: RecordingDatabase) -> None:
    """Ten seconds, tried every 50 ms: what was there at first, and ten seconds' worth."""
    with database.transaction() as tx:
        moments = [NOW + step * SECOND / 20 for step in range(201)]
        got = sum(
            tx.delivery.take_token(BUCKET, 4, moment) is None
            for moment in moments
            for _ in range(2)
        )
    assert got == 4 + 40


def test_a_clock_that_is_behind_gains_nothing(database: RecordingDatabase) -> None:
    """Two machines' clocks differ a little; time must not be counted twice."""
    taken(database, NOW, rate=5)
    assert taken(database, NOW - SECOND, rate=5) == 0
    assert taken(database, NOW + SECOND, rate=5) == 5
    assert taken(database, NOW, rate=5) == 0
    assert taken(database, NOW + SECOND, rate=5) == 0


def test_buckets_are_separate(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        assert tx.delivery.take_token("telegram", 1, NOW) is None
        assert tx.delivery.take_token("changenow", 1, NOW) is None
        assert tx.delivery.take_token("telegram", 1, NOW) is not None


@pytest.mark.parametrize("was_used_before", [True, False])
def test_a_pause_is_honoured_to_its_end(database: RecordingDatabase, was_used_before: bool) -> None:
    until = NOW + 30 * SECOND
    if was_used_before:
        take(database, NOW, rate=10)
    pause(database, until)
    assert take(database, NOW + SECOND, rate=10) == [until]
    assert take(database, until - SECOND / 1000, rate=10) == [until + SECOND * 999 / 1000]
    assert take(database, until + SECOND, rate=10) == [None]


def test_the_longest_pause_counts(database: RecordingDatabase) -> None:
    pause(database, NOW + 30 * SECOND)
    pause(database, NOW + 10 * SECOND)
    assert take(database, NOW + 20 * SECOND, rate=10) == [NOW + 30 * SECOND]
    pause(database, NOW + 60 * SECOND)
    assert take(database, NOW + 40 * SECOND, rate=10) == [NOW + 60 * SECOND]


def test_a_pause_saves_up_no_more_than_one_seconds_worth(database: RecordingDatabase) -> None:
    take(database, NOW, rate=5)
    pause(database, NOW + 60 * SECOND)
    assert taken(database, NOW + 90 * SECOND, rate=5) == 5


def test_threads_never_get_more_than_there_is(database: RecordingDatabase) -> None:
    """The bucket is new: its making is the race, too."""

    def grab() -> int:
        got = 0
        for _ in range(8):
            with database.transaction() as tx:
                got += tx.delivery.take_token(BUCKET, 10, NOW) is None
        return got

    assert sum(together(grab, grab, grab)) == 10
