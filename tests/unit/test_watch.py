"""The clock of a row that is not done."""

from datetime import UTC, datetime, timedelta

from shared_lib.domain.watch import Watch, watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def test_a_fresh_watch_has_its_first_look_its_deadline_and_no_failure() -> None:
    fresh = watch(NOW, wait_seconds=90, deadline=timedelta(hours=24))
    assert fresh == Watch(NOW + timedelta(seconds=90), NOW + timedelta(days=1), 0, None)


def test_waiting_moves_the_next_look_and_never_the_deadline() -> None:
    """Waiting is no failure: it ends a run of failures."""
    deadline = NOW + timedelta(days=1)
    failing = Watch(NOW, deadline, failures=3, failing_since=NOW - timedelta(hours=2))
    later = NOW + timedelta(minutes=5)
    assert failing.wait(later, 15.5) == Watch(later + timedelta(seconds=15.5), deadline)
