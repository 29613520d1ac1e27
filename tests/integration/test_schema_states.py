"""The names that the database takes are the domain's, and only rows on their way are watched."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import pg8000.native
import pytest

from shared_lib.domain.account import TokenPurpose
from shared_lib.domain.address import MemoNeed
from shared_lib.domain.broadcast import BroadcastKind
from shared_lib.domain.credit import CreditState
from shared_lib.domain.invite import InviteState, JoinState
from shared_lib.domain.language import Language
from shared_lib.domain.ledger import Account, PostingKind
from shared_lib.domain.membership import MembershipState
from shared_lib.domain.notice import NoticeState
from shared_lib.domain.offer import ChatRole, Strategy
from shared_lib.domain.order import OrderKind, OrderState
from shared_lib.domain.payment import EventSource, PaymentStatus
from shared_lib.domain.payout import PayoutState, WaitingFor
from shared_lib.domain.review import Subject
from shared_lib.domain.share import ShareKind, ShareState
from shared_lib.domain.swap import Abandoned, SwapState
from shared_lib.domain.transfer import AttemptKind, TransferState
from shared_lib.ports import SwapEventKind
from tests.databases import error_of
from tests.integration.valid_rows import (
    BOUGHT,
    EXCHANGED,
    HASH,
    NOW,
    QUOTED,
    REFUNDED,
    UNWATCHED,
    WATCHED,
    add,
)

CHECK_VIOLATION = "23514"

ENUMERATIONS: dict[tuple[str, str], Iterable[StrEnum]] = {
    ("currencies", "memo"): MemoNeed,
    ("channels", "strategy"): Strategy,
    ("telegram_users", "chosen_language"): Language,
    ("one_time_tokens", "purpose"): TokenPurpose,
    ("channel_chats", "role"): ChatRole,
    ("broadcasts", "kind"): BroadcastKind,
    ("orders", "kind"): OrderKind,
    ("orders", "state"): OrderState,
    ("payments", "status"): PaymentStatus,
    ("payments", "review_of"): set(PaymentStatus) - {PaymentStatus.REFUNDED, PaymentStatus.REVIEW},
    ("payer_credits", "state"): CreditState,
    ("payment_events", "source"): EventSource,
    ("memberships", "state"): MembershipState,
    ("invites", "state"): InviteState,
    ("join_requests", "state"): JoinState,
    ("payouts", "strategy"): Strategy,
    ("payouts", "state"): PayoutState,
    ("payouts", "waiting_for"): WaitingFor,
    ("shares", "kind"): ShareKind,
    ("shares", "state"): ShareState,
    ("swaps", "state"): SwapState,
    ("swaps", "abandoned_because"): Abandoned,
    ("swap_events", "kind"): SwapEventKind,
    ("transfers", "state"): TransferState,
    ("transfers", "replacement"): {AttemptKind.BUMP, AttemptKind.CANCEL},  # nothing is sent anew
    ("transfer_attempts", "kind"): AttemptKind,
    ("ledger_transactions", "kind"): PostingKind,
    ("incoming_transactions", "kind"): {
        PostingKind.DEPOSIT_SEEN,
        PostingKind.REFUND_SEEN,
        PostingKind.TOP_UP,
        PostingKind.CONVERTED,
    },
    ("ledger_entries", "account"): Account,
    ("notices", "state"): NoticeState,
    ("review_items", "subject_kind"): Subject,
}
# The kill switches are named in SQL alone.
NOT_IN_THE_DOMAIN = {("controls", "name")}

SINGLE_COLUMN_CHECKS = """
SELECT t.relname, a.attname, pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
WHERE c.contype = 'c' AND cardinality(c.conkey) = 1
AND c.connamespace = 'public'::regnamespace
"""
IS_ENUMERATION = re.compile(r"CHECK \(\(\w+ = (ANY \(ARRAY\[.*\]\)|'\w+'::text)\)\)")


def enumerated(connection: pg8000.native.Connection) -> dict[tuple[str, str], set[str]]:
    """The words that the database allows, by table and column."""
    return {
        (table, column): set(re.findall(r"'([^']*)'::text", check))
        for table, column, check in connection.run(SINGLE_COLUMN_CHECKS)
        if IS_ENUMERATION.fullmatch(check)
    }


def test_every_enumeration_of_the_schema_is_compared(
    owner_connection: pg8000.native.Connection,
) -> None:
    assert enumerated(owner_connection).keys() == ENUMERATIONS.keys() | NOT_IN_THE_DOMAIN


@pytest.mark.parametrize("column", ENUMERATIONS, ids=".".join)
def test_the_schema_and_the_domain_name_the_same_words(
    owner_connection: pg8000.native.Connection, column: tuple[str, str]
) -> None:
    assert enumerated(owner_connection)[column] == {word.value for word in ENUMERATIONS[column]}


@pytest.mark.parametrize("column", ENUMERATIONS, ids=".".join)
def test_a_word_outside_the_enumeration_is_refused(
    application_connection: pg8000.native.Connection, column: tuple[str, str]
) -> None:
    table, name = column
    unheard_of = {name: "unheard_of"}
    application_connection.run("BEGIN")  # nothing deferred may be refused first
    error = error_of(lambda: add(application_connection, table, **unheard_of))
    assert (error["C"], error["t"]) == (CHECK_VIOLATION, table)


# ---- watches -------------------------------------------------------------------------------------

ON_NONCE = {"nonce": 0}
MINED = ON_NONCE | {
    "mined_hash": HASH,
    "mined_block": 1,
    "mined_block_hash": HASH,
    "mined_succeeded": True,
    "gas_paid": 1,
}
RECEIVED = {"received": 10, "received_asset": "eth:eth", "fee": 1, "finished_at": NOW}
DEPOSITED = RECEIVED | {"deposit_hash": HASH, "deposit_seen_at": NOW}
LINK = {"link": "https://t.me/+abc", "link_expires_at": NOW}

# What else a row in this state must have. Words of two enumerations may be the same.
NEEDS: dict[tuple[type[StrEnum], StrEnum], dict[str, Any]] = {
    (InviteState, InviteState.LIVE): LINK,
    (PaymentStatus, PaymentStatus.FINISHED): RECEIVED,
    (PayoutState, PayoutState.WAITING): {"waiting_for": "cost_too_high"},
    (PaymentStatus, PaymentStatus.REVIEW): {"review_of": "finished"},
    (MembershipState, MembershipState.ACTIVE): {"access_ends_at": NOW},
    (MembershipState, MembershipState.ENDED): {"let_in_at": NOW},
    (MembershipState, MembershipState.REMOVING): {"let_in_at": NOW},
    (MembershipState, MembershipState.BLOCKED): {"let_in_at": NOW},
    (PayoutState, PayoutState.SETTLED): {"funded_at": NOW, "settled_at": NOW},
    (PayoutState, PayoutState.RETURNED): {"funded_at": NOW},
    (ShareState, ShareState.HELD): {"asset": "usdt:eth"},
    (SwapState, SwapState.QUOTED): QUOTED,
    (SwapState, SwapState.CREATING): QUOTED,
    (SwapState, SwapState.CREATED): EXCHANGED,
    (SwapState, SwapState.FUNDED): EXCHANGED,
    (SwapState, SwapState.FINISHED): EXCHANGED | BOUGHT,
    (SwapState, SwapState.REFUNDED): EXCHANGED | REFUNDED,
    (SwapState, SwapState.ABANDONED): {"abandoned_because": "quote_dead"},
    (TransferState, TransferState.SIGNING): ON_NONCE,
    (TransferState, TransferState.SENT): ON_NONCE,
    (TransferState, TransferState.CANCELLED): MINED,
    (TransferState, TransferState.MINED): MINED,
    (TransferState, TransferState.CONFIRMED): MINED,
    (TransferState, TransferState.REVERTED): MINED,
}
WATCHED_STATES: dict[tuple[str, type[StrEnum]], set[StrEnum]] = {
    ("orders", OrderState): {OrderState.OPEN},
    ("payments", PaymentStatus): {
        PaymentStatus.WAITING,
        PaymentStatus.CONFIRMING,
        PaymentStatus.CONFIRMED,
        PaymentStatus.SENDING,
        PaymentStatus.FINISHED,  # until its deposit is seen
    },
    ("memberships", MembershipState): {  # for life, or whom we did not let in: never
        MembershipState.ACTIVE,
        MembershipState.ENDED,
        MembershipState.REMOVING,
        MembershipState.BLOCKED,
    },
    ("invites", InviteState): {InviteState.CREATING, InviteState.LIVE},
    ("join_requests", JoinState): {JoinState.PENDING},
    ("shares", ShareState): {ShareState.PENDING},
    ("payouts", PayoutState): {
        PayoutState.FORMING,
        PayoutState.WAITING,
        PayoutState.SWAPPING,
        PayoutState.SENDING,
    },
    ("swaps", SwapState): {
        SwapState.QUOTING,
        SwapState.QUOTED,
        SwapState.CREATING,
        SwapState.CREATED,
        SwapState.FUNDED,
    },
    ("transfers", TransferState): {
        TransferState.REQUESTED,
        TransferState.AUTHORIZED,
        TransferState.SIGNING,
        TransferState.SENT,
        TransferState.MINED,
    },
    ("notices", NoticeState): {NoticeState.PENDING},
}
STATES = [
    pytest.param(table, state, state in watched, id=f"{table}-{state}")
    for (table, states), watched in WATCHED_STATES.items()
    for state in states
    if state is not PaymentStatus.PARTIALLY_PAID  # as long as its credit is unspent
]


def in_state(table: str, state: StrEnum) -> dict[str, Any]:
    """The columns that say so."""
    return {"status" if table == "payments" else "state": state.value} | NEEDS.get(
        (type(state), state), {}
    )


@pytest.mark.parametrize(("table", "state", "is_watched"), STATES)
def test_a_row_is_watched_exactly_while_it_is_on_its_way(
    application_connection: pg8000.native.Connection,
    table: str,
    state: StrEnum,
    is_watched: bool,
) -> None:
    """Else a tick would look at it for ever, or never."""
    right, wrong = (WATCHED, UNWATCHED) if is_watched else (UNWATCHED, WATCHED)
    row = in_state(table, state)
    add(application_connection, table, **(row | right))
    error = error_of(lambda: add(application_connection, table, **(row | wrong)))
    assert (error["C"], error["t"]) == (CHECK_VIOLATION, table)


@pytest.mark.parametrize("status", ["finished", "partially_paid"])
def test_what_bought_something_is_watched_until_its_deposit_is_seen(
    application_connection: pg8000.native.Connection, status: str
) -> None:
    """Afterwards it can be: a credit that becomes a share is looked at once more."""
    row = {"status": status} | DEPOSITED
    add(application_connection, "payments", **(row | UNWATCHED))
    add(application_connection, "payments", **(row | {"deposit_hash": "0x" + "ef" * 32} | WATCHED))
    unseen = {"status": status} | RECEIVED | UNWATCHED
    error = error_of(lambda: add(application_connection, "payments", **unseen))
    assert error["C"] == CHECK_VIOLATION


@pytest.mark.parametrize("watch", [WATCHED, UNWATCHED])
def test_a_part_of_a_price_is_watched_while_its_credit_is_unspent(
    application_connection: pg8000.native.Connection, watch: dict[str, Any]
) -> None:
    add(application_connection, "payments", status="partially_paid", **watch)


def test_a_closed_dead_letter_is_not_watched_and_an_open_one_is(
    application_connection: pg8000.native.Connection,
) -> None:
    add(application_connection, "dead_letters", closed_at=NOW, **UNWATCHED)
    closed_and_watched = {"closed_at": NOW} | WATCHED
    open_and_unwatched = {"closed_at": None} | UNWATCHED
    first = error_of(lambda: add(application_connection, "dead_letters", **closed_and_watched))
    second = error_of(lambda: add(application_connection, "dead_letters", **open_and_unwatched))
    assert first["C"] == second["C"] == CHECK_VIOLATION


@pytest.mark.parametrize("table", [table for table, _ in WATCHED_STATES] + ["dead_letters"])
@pytest.mark.parametrize("missing", ["next_check_at", "deadline_at"])
def test_a_next_check_has_a_deadline_and_a_deadline_a_next_check(
    application_connection: pg8000.native.Connection, table: str, missing: str
) -> None:
    half = {missing: None}
    error = error_of(lambda: add(application_connection, table, **half))
    assert (error["C"], error["t"]) == (CHECK_VIOLATION, table)
