"""A person's access to one channel: until when, and by which grants."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.states import require_edge


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


@dataclass(frozen=True, slots=True)
class Period:
    """A grant from `starts_at` up to, not including, `ends_at`; None is for life."""

    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Membership:
    """`let_in_at` is set once we approved this person's entry."""

    id: UUID
    channel_id: UUID
    telegram_user_id: int
    state: MembershipState
    access_ends_at: datetime | None
    let_in_at: datetime | None
    created_at: datetime

    def may_enter(self, now: datetime) -> bool:
        """Whether access runs at this moment."""
        if self.state is not MembershipState.ACTIVE:
            return False
        return self.access_ends_at is None or now < self.access_ends_at

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
        return replace(self, state=state, access_ends_at=_earlier(self.access_ends_at, now))

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
