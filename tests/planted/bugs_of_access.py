"""Mistakes in how deliveries are handled and how people are let in."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared_lib.adapters.nowpayments_signature import is_genuine
from shared_lib.adapters.postgres import leases
from shared_lib.adapters.postgres.delivery import PostgresOutbox
from shared_lib.adapters.postgres.memberships import PostgresMemberships
from shared_lib.adapters.postgres.operations import PostgresControls
from shared_lib.domain.invite import LINK_LIFETIME, Invite, JoinState, Link, join_answer
from shared_lib.domain.keypad import Keypad
from shared_lib.domain.membership import (
    MEMBERSHIP_EDGES,
    Membership,
    MembershipState,
    Period,
)
from shared_lib.domain.offer import Chat
from shared_lib.domain.payment import Payment, Report
from shared_lib.events import Event
from shared_lib.ports import (
    Lease,
    LeaseHeldError,
    OutboxRow,
    Ports,
    Presence,
    RetryableError,
    Transaction,
)
from shared_lib.usecases import (
    confirm_payment,
    handle_update,
    reconcile,
    remove_member,
    send_invite,
)
from shared_lib.usecases.access import is_blocked
from shared_lib.usecases.buying import grant, purchase_of
from shared_lib.usecases.keypads import Drafted, read_keypad, write_keypad
from shared_lib.usecases.lease import require_time
from shared_lib.usecases.setback import put_off
from tests.planted.patching import Change, Entry, Everywhere, PlantedBug, only

# ---- deliveries ----------------------------------------------------------------------------------


def _granting_always() -> tuple[Change, ...]:
    """The statements that take a lease, without their condition."""
    return tuple(
        Entry(
            leases._CLAIM,
            kind,
            f"UPDATE {kind.value} SET claim_token = :token, claimed_until = :until "
            "WHERE id = :id AND CAST(:now AS timestamptz) IS NOT NULL RETURNING id",
        )
        for kind in leases._CLAIM
    )


_open_offer = handle_update._open_offer


def _open_offer_swallowing(ports: Ports, visit: Any, link_id: str) -> None:
    try:
        _open_offer(ports, visit, link_id)
    except LeaseHeldError:
        return


def _open_offer_after_inbox(ports: Ports, visit: Any, link_id: str) -> None:
    with ports.database.transaction() as tx:
        if not tx.delivery.first_time(visit.key, visit.now):
            return
    _open_offer(ports, replace(visit, key=f"{visit.key}:effect"), link_id)


def _add_without_row(outbox: PostgresOutbox, event: Event, _now: datetime) -> None:
    outbox.added.append(OutboxRow(0, event))


def _delete_left_behind(ports: Ports) -> None:
    with ports.database.transaction() as tx:
        rows = tx.outbox.left_behind(ports.clock.now(), reconcile.ITEMS_MOST)
        tx.outbox.delete([row.id for row in rows])


def _raise_instead(*arguments: Any) -> bool:
    error = arguments[-1]
    raise error if isinstance(error, Exception) else RetryableError(str(error))


def _believe(_secret: bytes, _body: bytes, _signature: str | None) -> bool:
    return True


# ---- people --------------------------------------------------------------------------------------

_extended = Membership.extended


def _extended_twice(
    membership: Membership, days: int | None, now: datetime
) -> tuple[Membership, Period | None]:
    once, period = _extended(membership, days, now)
    twice, _ = _extended(once, days, now)
    return twice, period


def _granted_for_twice_as_long(
    membership: Membership, days: int | None, now: datetime
) -> tuple[Membership, Period | None]:
    return _extended(membership, days and 2 * days, now)


def _create_link_without_storing(ports: Ports, lease: Lease, invite: Invite, chat: Chat) -> Link:
    expires_at = ports.clock.now() + LINK_LIFETIME
    require_time(ports, lease)
    url = ports.messenger.create_join_link(chat.chat_id, invite.name, expires_at)
    return Link(url, expires_at)


def _answer_by_link(*, may_enter: bool, by_our_link: bool) -> JoinState:
    return JoinState.APPROVED if may_enter or by_our_link else JoinState.IGNORED


def _cut_nothing(_memberships: PostgresMemberships, _id: UUID, _now: datetime) -> None:
    return


def _blocked_nowhere(_tx: Transaction, _channel_id: UUID, _telegram_user_id: int) -> bool:
    return False


def _always_whole(_payment: Payment, _report: Report) -> bool:
    return True


def _remove_blindly(ports: Ports, case: Any) -> Presence:
    ports.messenger.remove(case.chat_id, case.membership.telegram_user_id)
    return Presence.INSIDE


_lock_membership = PostgresMemberships.lock


def _remember_as_claimed(self: PostgresMemberships, known: Membership) -> Membership:
    """What was read at the claim, where a removal was under way then."""
    fresh = _lock_membership(self, known)
    return known if known.state is MembershipState.REMOVING else fresh


def _count_as_removed(ports: Ports, case: Any, _error: Any) -> None:
    with ports.database.transaction() as tx:
        remove_member._record(ports, tx, case, Presence.INSIDE)


# ---- donations -----------------------------------------------------------------------------------


def _thank_with_access(ports: Ports, tx: Transaction, paid: Any) -> None:
    bought = purchase_of(ports, tx, paid.payment, paid.order, paid.received, 0)
    grant(ports, tx, bought)


_read_keypad, _write_keypad = read_keypad, write_keypad
_EVERYBODY = 1


def _read_everybodys(ports: Ports, _telegram_user_id: int) -> Drafted | None:
    return _read_keypad(ports, _EVERYBODY)


def _write_everybodys(
    ports: Ports, _telegram_user_id: int, keypad: Keypad, before: Drafted | None
) -> None:
    _write_keypad(ports, _EVERYBODY, keypad, before)


ACCESS_BUGS = {
    "donation_grants_access": PlantedBug(
        "A donation lets its donor in, as a purchase does.",
        "a_donation",
        only(confirm_payment, "_thank", _thank_with_access),
    ),
    "keypad_shared": PlantedBug(
        "All donors type on one keypad.",
        "a_keypad_that_somebody_else_presses",
        (
            Everywhere(read_keypad, _read_everybodys),
            Everywhere(write_keypad, _write_everybodys),
        ),
    ),
    "claim_skipped": PlantedBug(
        "The lease is granted, whoever holds it.",
        "a_request_delivered_to_two",
        _granting_always(),
    ),
    "live_lease_acknowledged": PlantedBug(
        "An update whose row is being worked on is answered with 200.",
        "an_offer_opened_among_deaths",
        only(handle_update, "_open_offer", _open_offer_swallowing),
    ),
    "inbox_before_effect": PlantedBug(
        "An update is remembered as handled before it is.",
        "an_offer_opened_among_deaths",
        only(handle_update, "_open_offer", _open_offer_after_inbox),
    ),
    "event_without_row": PlantedBug(
        "An event is published after the commit and never was a row of the outbox.",
        "a_death_before_publishing",
        only(PostgresOutbox, "add", _add_without_row),
    ),
    "left_behind_deleted": PlantedBug(
        "Rows left behind in the outbox are deleted and not published.",
        "a_death_before_publishing",
        only(reconcile, "_publish_left_behind", _delete_left_behind),
    ),
    "expected_failure_nacked": PlantedBug(
        "An expected failure is raised, so that its delivery comes again every minute.",
        "a_provider_that_is_down",
        (Everywhere(put_off, _raise_instead),),
    ),
    "signature_unchecked": PlantedBug(
        "A callback's signature is not compared.",
        "a_forged_callback",
        (Everywhere(is_genuine, _believe),),
    ),
    "part_of_price_counts": PlantedBug(
        "What was paid in part counts as finished.",
        "a_payment_in_part",
        only(confirm_payment, "_is_whole", _always_whole),
    ),
    "membership_extended_twice": PlantedBug(
        "A payment moves the end of access by two periods and writes one down.",
        "one_purchase",
        only(Membership, "extended", _extended_twice),
    ),
    "period_twice_as_long": PlantedBug(
        "A payment grants twice the days of its order.",
        "one_purchase",
        only(Membership, "extended", _granted_for_twice_as_long),
    ),
    "invite_sent_with_two_links": PlantedBug(
        "A link is not stored before it is sent, and a retry makes another.",
        "a_lost_answer_to_an_invite",
        only(send_invite, "_create_link", _create_link_without_storing),
    ),
    "grant_runs_on": PlantedBug(
        "Access that the owner ends stays in its history as if it ran on.",
        "a_payer_who_is_blocked",
        only(PostgresMemberships, "cut_periods", _cut_nothing),
    ),
    "blocked_payer_credited": PlantedBug(
        "Whoever pays is let in, though the owner has blocked them.",
        "a_payer_who_is_blocked",
        (
            Everywhere(is_blocked, _blocked_nowhere),
            Entry(MEMBERSHIP_EDGES, MembershipState.BLOCKED, frozenset({MembershipState.ACTIVE})),
        ),
    ),
    "removed_without_looking": PlantedBug(
        "Nobody asks Telegram first where the person stands.",
        "a_member_whom_the_owner_banned",
        only(remove_member, "_take_out", _remove_blindly),
    ),
    "membership_not_read_again": PlantedBug(
        "After the call the person counts as removed, whatever was paid meanwhile.",
        "a_renewal_while_the_removal_runs",
        only(PostgresMemberships, "lock", _remember_as_claimed),
    ),
    "removed_by_a_failure": PlantedBug(
        "Who could not be removed counts as removed.",
        "a_bot_that_may_remove_nobody",
        only(remove_member, "_remember_failure", _count_as_removed),
    ),
    "removals_not_stopped": PlantedBug(
        "The kill switch for removals stops nothing.",
        "an_operator_stops_all_removals",
        only(PostgresControls, "removals_stopped", lambda _self: False),
    ),
    "removals_not_counted": PlantedBug(
        "Any number of people may be removed at once.",
        "a_crowd_whose_access_ends_at_once",
        only(remove_member, "_may_go", lambda *_anything: True),
    ),
    "stranger_approved": PlantedBug(
        "Whoever comes by a link of ours is let in.",
        "a_link_passed_on",
        (Everywhere(join_answer, _answer_by_link),),
    ),
}
