"""The ledger balances, and what happened stays as it was written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pg8000.native import Connection

from tests.databases import error_of
from tests.integration.valid_rows import add

CHECK, NOT_ALLOWED = "23514", "42501"
APPEND_ONLY = [
    "ledger_transactions",
    "ledger_entries",
    "incoming_transactions",
    "payment_events",
    "swap_events",
    "audit_log",
]
CHANGES = {
    "ledger_transactions": "UPDATE ledger_transactions SET subject_id = 'another'",
    "ledger_entries": "UPDATE ledger_entries SET amount = amount * 2",
    "incoming_transactions": "UPDATE incoming_transactions SET subject_id = 'another'",
    "payment_events": "UPDATE payment_events SET body = 'another'",
    "swap_events": "UPDATE swap_events SET body = 'another'",
    "audit_log": "UPDATE audit_log SET actor = 'another'",
}


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Commit at the end, or roll back; the deferred checks run at the commit."""
    connection.run("BEGIN")
    try:
        yield
        connection.run("COMMIT")
    except BaseException:
        connection.run("ROLLBACK")
        raise


def post(connection: Connection, *amounts: tuple[str, int]) -> Any:
    """Write a transaction with these entries of an asset each; its id."""
    with transaction(connection):
        transaction_id = add(connection, "ledger_transactions")["id"]
        for asset, amount in amounts:
            entry = {"transaction_id": transaction_id, "asset": asset, "amount": amount}
            add(connection, "ledger_entries", **entry)
    return transaction_id


def test_a_transaction_that_balances_is_written(application_connection: Connection) -> None:
    post(application_connection, ("eth:eth", 10**77), ("eth:eth", -(10**77) + 1), ("eth:eth", -1))
    rows = application_connection.run("SELECT sum(amount), count(*) FROM ledger_entries")
    assert rows == [[0, 3]]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([], id="no entry"),
        pytest.param([("eth:eth", 1)], id="a single entry"),
        pytest.param([("eth:eth", 2), ("eth:eth", -1)], id="one unit too many"),
        pytest.param([("eth:eth", 1), ("usdt:eth", -1)], id="balanced over two assets only"),
        pytest.param(
            [("eth:eth", 1), ("eth:eth", -1), ("usdt:eth", 1)], id="one of two assets balances"
        ),
    ],
)
def test_a_transaction_that_does_not_balance_is_refused(
    application_connection: Connection, entries: list[tuple[str, int]]
) -> None:
    error = error_of(lambda: post(application_connection, *entries))
    assert error["C"] == CHECK
    assert application_connection.run("SELECT FROM ledger_transactions") == []


def test_an_entry_added_later_may_not_unbalance(application_connection: Connection) -> None:
    known = post(application_connection, ("eth:eth", 5), ("eth:eth", -5))
    error = error_of(
        lambda: add(application_connection, "ledger_entries", transaction_id=known, amount=1)
    )
    assert error["C"] == CHECK


def test_an_entry_of_nothing_is_refused(application_connection: Connection) -> None:
    entries = [("eth:eth", 1), ("eth:eth", -1), ("eth:eth", 0)]
    assert error_of(lambda: post(application_connection, *entries))["C"] == CHECK


def test_an_event_is_posted_once(application_connection: Connection) -> None:
    subject = {"kind": "signed", "subject_id": "one"}
    with transaction(application_connection):
        row = add(application_connection, "ledger_transactions", **subject)
        for amount in (1, -1):
            entry = {"transaction_id": row["id"], "amount": amount}
            add(application_connection, "ledger_entries", **entry)
    error = error_of(lambda: add(application_connection, "ledger_transactions", **subject))
    assert error["n"] == "ledger_transactions_kind_subject_id_key"


@pytest.mark.parametrize(("account", "has_channel"), [("owner_payable", False), ("gas_cost", True)])
def test_only_an_owners_accounts_belong_to_a_channel(
    application_connection: Connection, account: str, has_channel: bool
) -> None:
    channel = add(application_connection, "channels")["id"] if has_channel else None
    entry = {"account": account, "channel_id": channel}
    application_connection.run("BEGIN")  # the deferred checks are for another test
    error = error_of(lambda: add(application_connection, "ledger_entries", **entry))
    assert (error["C"], error["t"]) == (CHECK, "ledger_entries")


@pytest.fixture
def history(application_connection: Connection) -> None:
    """A row in each table that may only grow."""
    post(application_connection, ("eth:eth", 5), ("eth:eth", -5))
    add(application_connection, "payment_events")
    add(application_connection, "swap_events")
    add(application_connection, "incoming_transactions")
    add(application_connection, "audit_log")


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("role", ["application", "owner"])
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["update", "delete", "truncate"])
def test_history_is_never_rewritten(
    request: pytest.FixtureRequest, role: str, table: str, change: str
) -> None:
    """The application lacks the right; the tables' owner meets the trigger."""
    connection: Connection = request.getfixturevalue(f"{role}_connection")
    statements = {
        "update": CHANGES[table],
        "delete": f"DELETE FROM {table}",
        "truncate": f"TRUNCATE {table} CASCADE",
    }
    before = connection.run(f"SELECT * FROM {table}")
    error = error_of(lambda: connection.run(statements[change]))
    assert error["C"] == NOT_ALLOWED
    expected = "permission denied" if role == "application" else "is append only"
    assert expected in error["M"]
    assert connection.run(f"SELECT * FROM {table}") == before != []


def test_every_table_that_may_only_grow_is_tested(owner_connection: Connection) -> None:
    """Those are the tables that have the trigger."""
    rows = owner_connection.run(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'"
    )
    assert sorted(table for (table,) in rows) == sorted(APPEND_ONLY)


KEPT_FOR_GOOD = [
    "accounts",
    "channels",
    "invites",
    "memberships",
    "membership_periods",
    "orders",
    "payments",
    "payouts",
    "payout_shares",
    "shares",
    "swaps",
    "transfer_attempts",
    "transfers",
    "wallets",
]


@pytest.mark.parametrize("table", KEPT_FOR_GOOD)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_never_deletes_money_or_access(
    application_connection: Connection, table: str, statement: str
) -> None:
    add(application_connection, table)
    error = error_of(lambda: application_connection.run(statement.format(table)))
    assert error["C"] == NOT_ALLOWED


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (n integer)",
        "ALTER TABLE payments ADD COLUMN mine integer",
        "DROP TRIGGER append_only ON ledger_entries",
        "ALTER TABLE ledger_entries DISABLE TRIGGER append_only",
        "SET session_replication_role = replica",
        "DELETE FROM schema_migrations",
        "UPDATE schema_migrations SET sha256 = ''",
    ],
)
def test_the_application_cannot_change_the_schema(
    application_connection: Connection, statement: str
) -> None:
    assert error_of(lambda: application_connection.run(statement))["C"] == NOT_ALLOWED


def test_the_application_may_read_which_migrations_ran(application_connection: Connection) -> None:
    assert application_connection.run("SELECT count(*) > 0 FROM schema_migrations") == [[True]]
