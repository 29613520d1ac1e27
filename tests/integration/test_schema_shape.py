"""What every table of the schema must have, whatever is added to it later."""

import pg8000.native
import pytest

from shared_lib.ports import Leased, Watched
from tests.databases import tables

COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type, c.numeric_precision, c.numeric_scale
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
ORDER BY c.table_name, c.ordinal_position
"""
WATCH = {"next_check_at", "deadline_at", "failures", "failing_since"}
LEASE = {"claim_token", "claimed_until"}
WEI = {"gas", "gas_paid", "max_fee", "max_priority_fee"}
ASSET_OF = {
    "amount": "asset",
    "received": "received_asset",
    "fee": "received_asset",
    "sold": "sold_asset",
    "deposit_fee": "sold_asset",
    "refunded": "sold_asset",
    "quoted": "bought_asset",
    "withdrawal_fee": "bought_asset",
    "market": "bought_asset",
    "promised": "bought_asset",
    "bought": "bought_asset",
}
# What a share gave and got is in the assets of its payout.
OF_A_CONVERSION = {"weight", "part"}
AMOUNTS = ASSET_OF.keys() | WEI | OF_A_CONVERSION
# Of a payer's credit the payment is watched.
STATE_WITHOUT_WATCH = {"payer_credits"}


@pytest.fixture
def columns(owner_connection: pg8000.native.Connection) -> dict[str, dict[str, str]]:
    """The type of each column, by table."""
    shape: dict[str, dict[str, str]] = {table: {} for table in tables(owner_connection)}
    for table, column, kind, precision, scale in owner_connection.run(COLUMNS):
        shape[table][column] = f"numeric({precision},{scale})" if kind == "numeric" else kind
    return shape


def every(columns: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    return [
        (table, column, kind)
        for table, kinds in columns.items()
        for column, kind in kinds.items()
        if table != "schema_migrations"
    ]


def test_a_table_with_a_state_can_be_watched(columns: dict[str, dict[str, str]]) -> None:
    """No state in which something can rest for ever without a tick that looks at it."""
    stateful = {
        table
        for table, column, _ in every(columns)
        if column == "state" or (table, column) == ("payments", "status")
    }
    assert stateful >= {"orders", "payments", "transfers"}
    unwatched = {table for table in stateful if not columns[table].keys() >= WATCH}
    assert unwatched == STATE_WITHOUT_WATCH


def test_a_table_with_a_part_of_a_watch_has_all_of_it(columns: dict[str, dict[str, str]]) -> None:
    for table, kinds in columns.items():
        assert kinds.keys() & WATCH in (set(), WATCH), table
        assert kinds.keys() & LEASE in (set(), LEASE), table


def test_every_watched_table_is_visited_by_a_tick(columns: dict[str, dict[str, str]]) -> None:
    watched = {table for table, kinds in columns.items() if kinds.keys() >= WATCH}
    assert watched == {kind.value for kind in Watched}


def test_every_table_with_a_lease_can_be_leased(columns: dict[str, dict[str, str]]) -> None:
    leased = {table for table, kinds in columns.items() if kinds.keys() >= LEASE}
    assert leased == {kind.value for kind in Leased}


def test_next_checks_are_found_by_an_index(owner_connection: pg8000.native.Connection) -> None:
    """A tick must not read a table of done rows."""
    rows = owner_connection.run(
        "SELECT tablename FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE "
        "'%(next_check_at) WHERE (next_check_at IS NOT NULL)'"
    )
    assert {table for (table,) in rows} == {kind.value for kind in Watched}


def test_every_time_knows_its_zone(columns: dict[str, dict[str, str]]) -> None:
    times = [one for one in every(columns) if one[2].startswith(("timestamp", "time", "date"))]
    assert len(times) > 30
    assert [one for one in times if one[2] != "timestamp with time zone"] == []


def test_no_number_is_rounded_in_silence(columns: dict[str, dict[str, str]]) -> None:
    inexact = {"real", "double precision", "money", "numeric(None,None)"}
    assert [one for one in every(columns) if one[2] in inexact] == []


def test_amounts_are_whole_base_units(columns: dict[str, dict[str, str]]) -> None:
    """`numeric(78, 0)` holds every 256-bit number; nothing else in the schema is numeric."""
    amounts = {one for one in every(columns) if one[1] in AMOUNTS}
    assert {column for _, column, _ in amounts} == AMOUNTS
    assert {kind for _, _, kind in amounts} == {"numeric(78,0)"}
    assert {one for one in every(columns) if one[2].startswith("numeric")} == amounts


def test_every_amount_has_its_asset(columns: dict[str, dict[str, str]]) -> None:
    """Gas and its prices are wei by definition."""
    for table, column, _ in every(columns):
        if column in ASSET_OF:
            assert ASSET_OF[column] in columns[table], f"{table}.{column}"
