"""A person's access to one channel: until when, and by which grants."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.states import require_edge
from shared_lib.domain.watch import GIVE_UP_AFTER, Watch

# So long before its end a person is reminded, the earlier one first.
REMINDERS = (timedelta(days=3), timedelta(days=1))
# Removals of one channel within a day that go on without being asked about, whatever its size; of
# a large channel it is this part of the people whom we let in.
REMOVALS_ALWAYS = 10
REMOVALS_MOST_PERCENT = 20
GRACE_DAYS_MOST = 30


class MembershipState(StrEnum):
    NONE = "none"
    ACTIVE = "active"
    ENDED = "ended"
    REMOVING = "removing"
    REMOVED = "removed"
    BLOCKED = "blocked"


MEMBERSHIP_EDGES = {
    MembershipState.NONE: frozenset({MembershipState.ACTIVE, MembershipState.BLOCKED}),
    MembershipState.ACTIVE: frozenset(
        {MembershipState.ACTIVE, MembershipState.ENDED, MembershipState.BLOCKED}
    ),
    MembershipState.ENDED: frozenset(
        {MembershipState.ACTIVE, MembershipState.REMOVING, MembershipState.BLOCKED}
    ),
    # Someone who pays while a removal runs is active again; the removal reads that afterwards.
    MembershipState.REMOVING: frozenset(
        {MembershipState.ACTIVE, MembershipState.ENDED, MembershipState.REMOVED}
    ),
    MembershipState.REMOVED: frozenset({MembershipState.ACTIVE, MembershipState.BLOCKED}),
    # Only the owner lifts it: whoever pays while blocked is not let in by that.
    MembershipState.BLOCKED: frozenset({MembershipState.ENDED}),
}


# Without access; whoever of them is inside by us goes.
_LEAVING = frozenset({MembershipState.ENDED, MembershipState.REMOVING, MembershipState.BLOCKED})


def removals_most(let_in: int) -> int:
    """How many of so many people may be removed from a channel within a day unasked."""
    return max(REMOVALS_ALWAYS, let_in * REMOVALS_MOST_PERCENT // 100)


@dataclass(frozen=True, slots=True)
class Period:
    """A grant from `starts_at` up to, not including, `ends_at`; None is for life."""

    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Membership:
    """`let_in_at` is set while this person is inside by our approval, or by an import.

    Nobody else is ever removed. `removed_at` is when we last took them out. A removal may be under
    way until `claimed_until`.
    """

    id: UUID
    channel_id: UUID
    telegram_user_id: int
    state: MembershipState
    access_ends_at: datetime | None
    let_in_at: datetime | None
    created_at: datetime
    watch: Watch | None = None
    removed_at: datetime | None = None
    claimed_until: datetime | None = None

    def may_enter(self, now: datetime) -> bool:
        """Whether access runs at this moment."""
        if self.state is not MembershipState.ACTIVE:
            return False
        return self.access_ends_at is None or now < self.access_ends_at

    def is_to_leave(self, now: datetime, grace: timedelta) -> bool:
        """Whether somebody whom we let in has no access any more, the time of grace over."""
        if self.let_in_at is None:
            return False
        if self.state is MembershipState.ACTIVE:
            return self.access_ends_at is not None and self.access_ends_at + grace <= now
        return self.state in _LEAVING

    def is_over(self, now: datetime, grace: timedelta) -> bool:
        """Whether active access has run out, the time of grace too."""
        is_active = self.state is MembershipState.ACTIVE
        ends_at = self.access_ends_at
        return is_active and ends_at is not None and ends_at + grace <= now

    def reminder_due(self, now: datetime) -> timedelta | None:
        """Which of the reminders it is time for, or None; the last that has come counts."""
        if self.state is not MembershipState.ACTIVE or self.access_ends_at is None:
            return None
        left = self.access_ends_at - now
        if left <= timedelta(0):
            return None
        return min((before for before in REMINDERS if left <= before), default=None)

    def watched(self, now: datetime, grace: timedelta) -> "Membership":
        """The membership with the time at which it has to be looked at next, if any."""
        return replace(self, watch=self._watch(now, grace))

    def _watch(self, now: datetime, grace: timedelta) -> Watch | None:
        if self.state is MembershipState.ACTIVE:
            if self.access_ends_at is None:
                return None
            ends_at = self.access_ends_at
            looks = [*(ends_at - before for before in REMINDERS), ends_at + grace]
            next_at = next((look for look in looks if look > now), now)
            return Watch(next_at, max(now, ends_at + grace) + GIVE_UP_AFTER)
        if self.state not in _LEAVING or self.let_in_at is None:
            return None
        # What is under way already keeps its clock, so that it is overdue in time.
        return self.watch or Watch(now, now + GIVE_UP_AFTER)

    def out(self, removed_at: datetime | None) -> "Membership":
        """Outside for sure, by us where a time is given; nothing is left to do until they buy."""
        removed = self.state is MembershipState.REMOVING
        state = MembershipState.REMOVED if removed else self.state
        removed_at = removed_at or self.removed_at
        return replace(self, state=state, let_in_at=None, removed_at=removed_at, watch=None)

    def stays(self) -> "Membership":
        """Inside by somebody else's wish, such as an administrator: never ours to remove."""
        removing = self.state is MembershipState.REMOVING
        state = MembershipState.ENDED if removing else self.state
        return replace(self, state=state, let_in_at=None, watch=None)

    def moved(self, state: MembershipState) -> "Membership":
        """The membership in another state, looked at anew. Raises TransitionRefusedError."""
        require_edge(MEMBERSHIP_EDGES, f"membership {self.id}", self.state, state)
        return replace(self, state=state, watch=None)

    def is_being_removed(self, now: datetime) -> bool:
        """Whether a removal may be at work at this moment."""
        return self.claimed_until is not None and now < self.claimed_until

    def is_for_life(self) -> bool:
        """Active without an end."""
        return self.state is MembershipState.ACTIVE and self.access_ends_at is None

    def extended(self, days: int | None, now: datetime) -> "tuple[Membership, Period | None]":
        """Grant `days` more (None: for life) from the later of now and the current end.

        Renewing early loses nothing. A day is 24 hours: access never depends on a time zone or on
        a change to summer time. Someone who already has access for life gets no further period.
        """
        if self.is_for_life():
            return self, None
        require_edge(MEMBERSHIP_EDGES, f"membership {self.id}", self.state, MembershipState.ACTIVE)
        # In UTC, where every day has 24 hours; other zones' clocks jump.
        starts_at = max(now, self.access_ends_at or now).astimezone(UTC)
        ends_at = None if days is None else starts_at + timedelta(days=days)
        granted = replace(self, state=MembershipState.ACTIVE, access_ends_at=ends_at)
        return granted, Period(starts_at, ends_at)

    def ended_early(self, state: MembershipState, now: datetime) -> "Membership":
        """Access is over now, as its owner wishes; `state` is *ended* or *blocked*.

        Raises TransitionRefusedError.
        """
        require_edge(MEMBERSHIP_EDGES, f"membership {self.id}", self.state, state)
        ends_at = _earlier(self.access_ends_at, now)
        return replace(self, state=state, access_ends_at=ends_at, watch=None)

    def imported(self, ends_at: datetime, now: datetime) -> "tuple[Membership, Period | None]":
        """Access at least until `ends_at`, for someone who came in before us; never less.

        Such a person counts as let in by us. Raises TransitionRefusedError.
        """
        if self.is_for_life() or (self.may_enter(now) and ends_at <= (self.access_ends_at or now)):
            return replace(self, let_in_at=self.let_in_at or now), None
        require_edge(MEMBERSHIP_EDGES, f"membership {self.id}", self.state, MembershipState.ACTIVE)
        starts_at = max(now, self.access_ends_at or now)
        running = replace(
            self,
            state=MembershipState.ACTIVE,
            access_ends_at=ends_at,
            let_in_at=self.let_in_at or now,
        )
        return running, Period(starts_at, ends_at)


def _earlier(ends_at: datetime | None, now: datetime) -> datetime:
    return now if ends_at is None else min(ends_at, now)
