"""When a row that is not done is looked at next, and when a person should look at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Watch:
    """The clock of one row. `failures` counts expected failures in a row since `failing_since`."""

    next_check_at: datetime
    deadline_at: datetime
    failures: int = 0
    failing_since: datetime | None = None

    def wait(self, now: datetime, seconds: float) -> "Watch":
        """Look again in `seconds`; waiting is not a failure."""
        return Watch(now + timedelta(seconds=seconds), self.deadline_at)


def watch(now: datetime, *, wait_seconds: float, deadline: timedelta) -> Watch:
    """A fresh watch: first look in `wait_seconds`, a person after `deadline`."""
    return Watch(now + timedelta(seconds=wait_seconds), now + deadline)


def growing_pause(age: timedelta, least_seconds: float, most_seconds: float) -> timedelta:
    """A pause as long as something has lasted, which doubles it each time, within its limits."""
    return timedelta(seconds=min(max(least_seconds, age.total_seconds()), most_seconds))
