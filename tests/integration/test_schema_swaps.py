"""Every rule that came with swaps: a row that breaks it alone is refused by it, by its name."""

import re
from typing import Any, NamedTuple

import pytest
from pg8000.native import Connection

from tests.databases import SQL, error_of
from tests.integration.valid_rows import (
    ADDRESS,
    ADOPTED,
    BOUGHT,
    EXCHANGED,
    HASH,
    NOW,
    QUOTED,
    REFUNDED,
    UNWATCHED,
    WATCHED,
    add,
    fresh_address,
)

CHECK, UNIQUE, FOREIGN = "23514", "23505", "23503"
FINISHED = EXCHANGED | BOUGHT | {"state": "finished"} | UNWATCHED
BACK = EXCHANGED | REFUNDED | {"state": "refunded"} | UNWATCHED
ABANDONED = {"state": "abandoned", "abandoned_because": "quote_dead"} | UNWATCHED
ON_CHAIN = {
    "mined_hash": HASH,
    "mined_block": 1,
    "mined_block_hash": HASH,
    "mined_succeeded": True,
    "gas_paid": 1,
}
MINED = {"state": "mined", "nonce": 0} | ON_CHAIN


class Broken(NamedTuple):
    """A row that is valid but for one rule."""

    rule: str
    table: str
    row: dict[str, Any]


def broken(rule: str, **row: Any) -> Broken:
    """A row of the table that the rule's name begins with."""
    tables = ("currencies", "swap_events", "swaps", "payouts", "shares", "transfers")
    return Broken(rule, next(table for table in tables if rule.startswith(table)), row)


CURRENCIES = [
    broken("currencies_swap_decimals", swap_decimals=-1),
    broken("currencies_swap_decimals", decimals=6, swap_decimals=7),
    broken("currencies_memo", memo="sometimes"),
    broken("currencies_asked", is_offered=True),
    broken("currencies_asked", refreshed_at=NOW),
]
AMOUNTS_OF_SWAPS = [
    broken("swaps_sold_check", sold=0),
    broken("swaps_quoted_check", **(QUOTED | {"quoted": 0})),
    broken("swaps_deposit_fee_check", **(QUOTED | {"deposit_fee": -1})),
    broken("swaps_withdrawal_fee_check", **(QUOTED | {"withdrawal_fee": -1})),
    broken("swaps_market_check", **(QUOTED | {"market": 0})),
    broken("swaps_promised_check", **(EXCHANGED | {"promised": 0})),
    broken("swaps_bought_check", **(FINISHED | {"bought": -1})),
    broken("swaps_refunded_check", **(BACK | {"refunded": 0})),
]
WORDS_OF_SWAPS = [
    broken("swaps_state_check", state="unheard_of"),
    broken("swaps_abandoned_because_check", **(ABANDONED | {"abandoned_because": "unheard_of"})),
    broken("swaps_payin_address_check", **(EXCHANGED | {"payin_address": "bc1qsomewhere"})),
    broken("swaps_payin_address_check", **(EXCHANGED | {"payin_address": ADDRESS + "0"})),
    broken("swaps_refund_hash_check", **(BACK | {"refund_hash": HASH.upper()})),
    broken("swaps_refund_hash_check", **(BACK | {"refund_hash": HASH[:-1]})),
    broken("swap_events_kind_check", kind="unheard_of"),
]
# A quote is whole or not there, and so is an exchange.
PARTS_OF_SWAPS = [
    *(broken("swaps_quote_whole", **(QUOTED | {part: None})) for part in QUOTED),
    *(broken("swaps_quote_whole", **{part: QUOTED[part]}) for part in QUOTED),
    *(broken("swaps_exchange_whole", **(EXCHANGED | {part: None})) for part in ADOPTED),
    *(broken("swaps_exchange_whole", **(QUOTED | {part: ADOPTED[part]})) for part in ADOPTED),
]
STATES_OF_SWAPS = [
    *(
        broken("swaps_quoted", **(ADOPTED | {"state": state}))
        for state in ("quoted", "creating", "created", "funded")
    ),
    broken("swaps_quoted", **(ADOPTED | BOUGHT | {"state": "finished"} | UNWATCHED)),
    broken("swaps_quoted", **(ADOPTED | REFUNDED | {"state": "refunded"} | UNWATCHED)),
    *(broken("swaps_created", **(QUOTED | {"state": state})) for state in ("created", "funded")),
    broken("swaps_created", **(QUOTED | BOUGHT | {"state": "finished"} | UNWATCHED)),
    broken("swaps_created", **(QUOTED | REFUNDED | {"state": "refunded"} | UNWATCHED)),
    broken("swaps_finished", **(FINISHED | {"bought": None})),
    broken("swaps_finished", **(EXCHANGED | BOUGHT | {"state": "funded"})),
    broken("swaps_paid_whole", **(FINISHED | {"payout_hash": None})),
    broken("swaps_refunded", **(BACK | {"refunded": None, "refund_hash": None})),
    broken("swaps_refunded", **(EXCHANGED | REFUNDED | {"state": "funded"})),
    broken("swaps_refund_whole", refunded=9),
    broken("swaps_refund_whole", refund_hash=HASH),
    broken("swaps_abandoned", **(ABANDONED | {"abandoned_because": None})),
    broken("swaps_abandoned", abandoned_because="quote_dead"),
]
ERRANDS_OF_SWAPS = [
    broken("swaps_watched", **UNWATCHED),
    broken("swaps_watched", **(ABANDONED | WATCHED)),
    broken("swaps_watch_whole", deadline_at=None),
    broken("swaps_claim_whole", claimed_until=NOW),
    broken("swaps_failures_check", failures=-1),
]
PAYOUTS = [
    broken("payouts_state_check", state="unheard_of"),
    broken("payouts_waiting_for_check", state="waiting", waiting_for="unheard_of"),
    broken("payouts_watched", state="returned", funded_at=NOW),
    broken("payouts_watched", state="swapping", **UNWATCHED),
    broken("payouts_returned", state="returned", **UNWATCHED),
    broken("payouts_round", round=0),
]
SHARES = [
    broken("shares_worth", list_cents=None),
    broken("shares_worth", list_cents=-1),
    broken("shares_worth", market_cents=-1),
    broken("shares_worth", state="expected", list_cents=None, **UNWATCHED),
    broken("shares_worth", state="expected", market_cents=None, **UNWATCHED),
    broken("shares_worth_known", list_cents=None, market_cents=None),
    *(
        broken("shares_worth_known", state=state, list_cents=None, market_cents=None, **UNWATCHED)
        for state in ("converting", "held", "locked", "paid")
    ),
]
TRANSFERS = [
    *(broken("transfers_nonce", state=state) for state in ("signing", "sent")),
    broken("transfers_nonce", **(MINED | {"nonce": None})),
    *(
        broken("transfers_nonce", **(MINED | {"state": state, "nonce": None} | UNWATCHED))
        for state in ("confirmed", "reverted")
    ),
    *(broken("transfers_mined", **(MINED | {part: None})) for part in ON_CHAIN),
    *(
        broken("transfers_mined", state=state, nonce=0, **UNWATCHED)
        for state in ("confirmed", "reverted", "cancelled")
    ),
    *(
        broken("transfers_replacement", state=state, replacement="bump")
        for state in ("requested", "authorized")
    ),
    *(
        broken(
            "transfers_replacement",
            **(MINED | {"state": state, "replacement": "cancel"}) | UNWATCHED,
        )
        for state in ("confirmed", "reverted", "cancelled")
    ),
    broken("transfers_replacement", state="review", replacement="cancel", **UNWATCHED),
    broken("transfers_replacement_check", state="signing", nonce=0, replacement="send"),
]
OTHERS = [
    Broken("ledger_transactions_kind_check", "ledger_transactions", {"kind": "unheard_of"}),
    Broken("review_items_subject_kind_check", "review_items", {"subject_kind": "unheard_of"}),
]
BROKEN = [
    *CURRENCIES,
    *AMOUNTS_OF_SWAPS,
    *WORDS_OF_SWAPS,
    *PARTS_OF_SWAPS,
    *STATES_OF_SWAPS,
    *ERRANDS_OF_SWAPS,
    *PAYOUTS,
    *SHARES,
    *TRANSFERS,
    *OTHERS,
]
RULES_OF_NEW_TABLES = """
SELECT conname FROM pg_constraint
WHERE contype = 'c' AND conrelid IN ('swaps'::regclass, 'swap_events'::regclass)
"""


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.rule)
def test_a_row_that_breaks_a_rule_is_refused_by_it(
    application_connection: Connection, case: Broken
) -> None:
    error = error_of(lambda: add(application_connection, case.table, **case.row))
    assert (error["C"], error["n"]) == (CHECK, case.rule)


def test_every_rule_is_broken_once(owner_connection: Connection) -> None:
    """Those of the new tables, and those that the migrations add to the old ones."""
    added = {
        rule
        for name in ("0008_currencies.sql", "0010_money_of_swaps.sql")
        for rule in re.findall(
            r"ADD CONSTRAINT (\w+) CHECK", (SQL / "migrations" / name).read_text()
        )
    }
    assert len(added) > 10
    rules = {rule for (rule,) in owner_connection.run(RULES_OF_NEW_TABLES)} | added
    of_a_new_column = {"transfers_replacement_check"}
    assert {case.rule for case in BROKEN} == rules | of_a_new_column


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("swaps", FINISHED),
        ("swaps", FINISHED | {"bought": 0}),
        ("swaps", BACK),
        ("swaps", ABANDONED),
        ("swaps", ABANDONED | QUOTED),
        ("swaps", ABANDONED | EXCHANGED),
        ("swaps", {"state": "review"} | UNWATCHED),
        ("swaps", {"state": "review"} | EXCHANGED | UNWATCHED),
        ("payouts", {"state": "returned", "funded_at": NOW, "round": 3} | UNWATCHED),
        ("shares", {"list_cents": 0, "market_cents": 0}),
        ("transfers", MINED),
        ("transfers", MINED | {"replacement": "bump"}),
        ("transfers", {"state": "signing", "nonce": 0, "replacement": "cancel"}),
        ("transfers", {"state": "sent", "nonce": 0, "replacement": "bump"}),
        ("transfers", MINED | {"state": "cancelled"} | UNWATCHED),
    ],
)
def test_a_row_that_breaks_none_is_taken(
    application_connection: Connection, table: str, row: dict[str, Any]
) -> None:
    add(application_connection, table, **row)


@pytest.mark.parametrize("state", ["expected", "reversed"])
def test_what_a_share_is_worth_may_be_unknown_while_nothing_is_to_be_paid(
    application_connection: Connection, state: str
) -> None:
    unknown = {"list_cents": None, "market_cents": None}
    add(application_connection, "shares", state=state, **unknown, **UNWATCHED)


def test_a_transfer_that_never_got_a_nonce_can_be_cancelled(
    application_connection: Connection,
) -> None:
    """It moved nothing, and there is nothing of it on the chain."""
    add(application_connection, "transfers", state="cancelled", **UNWATCHED)


# ---- once ----------------------------------------------------------------------------------------


def refused_by(connection: Connection, table: str, **row: Any) -> str:
    """The unique rule that refuses the row."""
    error = error_of(lambda: add(connection, table, **row))
    assert error["C"] == UNIQUE
    return error["n"]


@pytest.mark.parametrize(
    ("row", "is_free"),
    [
        pytest.param({}, False, id="quoting"),
        pytest.param(EXCHANGED | {"state": "funded"}, False, id="funded"),
        pytest.param(FINISHED, False, id="finished"),
        pytest.param({"state": "review"} | UNWATCHED, False, id="review"),
        pytest.param(ABANDONED, True, id="abandoned"),
        pytest.param(BACK, True, id="refunded"),
    ],
)
def test_a_payout_has_one_swap_unless_it_moved_nothing_or_its_money_is_back(
    application_connection: Connection, row: dict[str, Any], is_free: bool
) -> None:
    first = add(application_connection, "swaps", **row)
    again = {"payout_id": first["payout_id"]}
    if is_free:
        add(application_connection, "swaps", **again)
    assert refused_by(application_connection, "swaps", **again) == "swaps_once"


def test_an_exchange_belongs_to_one_swap(application_connection: Connection) -> None:
    add(application_connection, "swaps", **EXCHANGED)
    elsewhere = EXCHANGED | {"payin_address": fresh_address()}
    refused = refused_by(application_connection, "swaps", **elsewhere)
    assert refused == "swaps_exchange_id_key"


def test_two_exchanges_are_never_paid_at_one_address(application_connection: Connection) -> None:
    add(application_connection, "swaps", **EXCHANGED)
    other = EXCHANGED | {"exchange_id": "another"}
    assert refused_by(application_connection, "swaps", **other) == "swaps_payin_address_key"


def test_a_refund_counts_for_one_swap(application_connection: Connection) -> None:
    add(application_connection, "swaps", **BACK)
    other = BACK | {"exchange_id": "another", "payin_address": fresh_address()}
    assert refused_by(application_connection, "swaps", **other) == "swaps_refund_hash_key"


def test_an_exchange_is_funded_by_one_transfer_for_good(application_connection: Connection) -> None:
    """Not even one that was cancelled leaves room for another."""
    first = add(application_connection, "swaps", **(EXCHANGED | ABANDONED))
    funds = {"payout_id": first["payout_id"], "swap_id": first["id"]}
    add(application_connection, "transfers", **funds, state="cancelled", **UNWATCHED)
    assert refused_by(application_connection, "transfers", **funds) == "transfers_per_swap"
    later = add(application_connection, "swaps", payout_id=first["payout_id"])
    add(application_connection, "transfers", payout_id=first["payout_id"], swap_id=later["id"])


def test_a_transfer_and_its_swap_are_of_the_same_payout(application_connection: Connection) -> None:
    swap, other = (add(application_connection, "swaps") for _ in range(2))
    wrong = {"payout_id": other["payout_id"], "swap_id": swap["id"]}
    error = error_of(lambda: add(application_connection, "transfers", **wrong))
    assert (error["C"], error["n"]) == (FOREIGN, "transfers_of_swap")


@pytest.mark.parametrize(
    "state", [{"state": "signing", "nonce": 0}, {"state": "sent", "nonce": 0}, MINED]
)
def test_a_transfer_that_only_fills_its_nonce_leaves_its_payout_free(
    application_connection: Connection, state: dict[str, Any]
) -> None:
    filler = add(application_connection, "transfers", **state, fills_nonce=True)
    again = {"payout_id": filler["payout_id"]}
    add(application_connection, "transfers", **again)
    assert refused_by(application_connection, "transfers", **again) == "transfers_once"


def test_a_transfer_stands_for_its_payout_unless_it_says_otherwise(
    application_connection: Connection,
) -> None:
    first = add(application_connection, "transfers", state="signing", nonce=0)
    again = {"payout_id": first["payout_id"]}
    assert refused_by(application_connection, "transfers", **again) == "transfers_once"
