"""Take over the members that a channel had before, with the end of what they have paid for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.membership import MembershipState
from shared_lib.domain.offer import USER_ID_MOST, FieldProblem, InvalidFieldsError
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.access import keep, lock_membership
from shared_lib.usecases.owning import audit_owner, require_owned

MEMBERS_MOST = 1_000
AHEAD_MOST = timedelta(days=3_660)


@dataclass(frozen=True, slots=True)
class FormerMember:
    """Somebody who is inside, and until when they have paid."""

    telegram_user_id: int
    access_ends_at: datetime


class Imported(StrEnum):
    """What became of one of them."""

    ADDED = "added"
    KEPT = "kept"  # access runs as long already
    BLOCKED = "blocked"
    BEING_REMOVED = "being_removed"


class InvalidMembersError(InvalidFieldsError):
    """The list breaks rules."""


def import_members(
    ports: Ports, account_id: UUID, channel_id: UUID, members: Sequence[FormerMember]
) -> dict[int, Imported]:
    """All of them or nobody; what became of each, by Telegram id. Doing it again changes nothing.

    Nobody's access gets shorter, nobody is invited or told: they are inside. From now on they count
    as let in by us, so that their access ends when it ends.

    Raises InvalidMembersError, and ActionRefusedError where the channel is not the account's.
    """
    now = ports.clock.now()
    problems = _problems(members, now)
    if problems:
        raise InvalidMembersError(problems)
    with ports.database.transaction() as tx:
        require_owned(tx.channels.get(channel_id), account_id)
        # In one order, so that two imports at once do not wait for each other.
        in_order = sorted(members, key=lambda one: one.telegram_user_id)
        return {
            one.telegram_user_id: _import(ports, tx, account_id, channel_id, one)
            for one in in_order
        }


def _problems(members: Sequence[FormerMember], now: datetime) -> list[FieldProblem]:
    if not 1 <= len(members) <= MEMBERS_MOST:
        return [FieldProblem("members", f"must be 1 to {MEMBERS_MOST}")]
    problems, seen = [], set[int]()
    for index, one in enumerate(members):
        field = f"members[{index}]"
        if not 1 <= one.telegram_user_id <= USER_ID_MOST:
            problems.append(FieldProblem(f"{field}.telegram_user_id", "must be a user's id"))
        elif one.telegram_user_id in seen:
            problems.append(FieldProblem(f"{field}.telegram_user_id", "must not come twice"))
        seen.add(one.telegram_user_id)
        if one.access_ends_at.tzinfo is None:
            problems.append(FieldProblem(f"{field}.access_ends_at", "must have a time zone"))
        elif not now < one.access_ends_at <= now + AHEAD_MOST:
            rule = f"must be in the future, by at most {AHEAD_MOST.days} days"
            problems.append(FieldProblem(f"{field}.access_ends_at", rule))
    return problems


def _import(
    ports: Ports, tx: Transaction, account_id: UUID, channel_id: UUID, member: FormerMember
) -> Imported:
    now = ports.clock.now()
    tx.people.add_unseen(member.telegram_user_id, now)
    before = lock_membership(ports, tx, channel_id, member.telegram_user_id)
    if before.state is MembershipState.BLOCKED:
        return Imported.BLOCKED
    if before.state is MembershipState.REMOVING:
        return Imported.BEING_REMOVED
    after, period = before.imported(member.access_ends_at, now)
    if after != before:
        keep(ports, tx, after)
        ends_at = "for life" if after.access_ends_at is None else after.access_ends_at.isoformat()
        subject = ("membership", str(after.id))
        audit_owner(ports, tx, account_id, "import_members", subject, ends_at=ends_at)
    if period is None:
        return Imported.KEPT
    tx.memberships.add_period(ports.ids.new(), after.id, None, period, now)
    return Imported.ADDED
