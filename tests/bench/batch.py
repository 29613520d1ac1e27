"""What finding the channels to pay costs among a million shares, and whether more cost more.

Of all shares 95 % are paid. Of 10,000 channels that hold money 100 have reached their threshold.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pg8000.native

from shared_lib.adapters.postgres import channels
from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.database import PostgresDatabase
from shared_lib.adapters.postgres.migrations import migrate
from shared_lib.ports import Transaction
from tests.bench.due import seconds_in_turns
from tests.bench.figures import Figure, below, median_ratio
from tests.sandbox.postgres import create_database, drop_database, running_postgres
from tests.sandbox.stack.plan import PROJECT

ROWS = 500_000  # and twice as many
CHANNELS, DUE = 10_000, 100
CHANNELS_MOST = 500
_HALF, _WHOLE = "bench_batch_half", "bench_batch_whole"
_THRESHOLD_CENTS = 5_000_000

_CHANNELS = f"""
INSERT INTO channels (id, account_id, strategy, threshold_cents, payout_asset, payout_address,
    created_at)
SELECT md5('channel' || n)::uuid, md5('account' || n)::uuid, 'threshold',
    CASE WHEN n < {DUE} THEN 2000 ELSE {_THRESHOLD_CENTS} END, 'usdt:eth',
    '0x' || lpad(to_hex(n), 40, '0'), now()
FROM generate_series(0, {CHANNELS} - 1) AS n"""
# Each channel has some twenty paid shares to one that is held, of 45 USDT.
_SHARES = f"""
INSERT INTO shares (id, channel_id, kind, payment_id, asset, amount, state, list_cents,
    market_cents, created_at)
SELECT md5('share' || n)::uuid, md5('channel' || (n / 20) % {CHANNELS})::uuid, 'payment',
    md5('payment' || n)::uuid, 'usdt:eth', 45000000,
    CASE WHEN n % 20 = 0 THEN 'held' ELSE 'paid' END, 4500, 4500, now()
FROM generate_series({{first}}, {{last}}) AS n"""
_BALANCES = """
TRUNCATE held_balances;
INSERT INTO held_balances (channel_id, asset, amount, since)
SELECT channel_id, 'usdt:eth', sum(amount), min(created_at) FROM shares
WHERE state = 'held' GROUP BY channel_id"""


def measure(folder: Path) -> list[Figure]:
    """One look at two databases in turns, of which one has twice the shares."""
    with databases(folder) as (half, whole):
        few, many = seconds_in_turns(_look, half, whole)
    return [
        Figure(
            f"{DUE} due channels of {2 * ROWS:,} shares", 1_000 * median(many), "ms", below(1_000)
        ),
        Figure("due channels, twice the shares", median_ratio(many, few), "x", below(1.1)),
    ]


def _look(tx: Transaction) -> object:
    found = tx.channels.due_for_payout(datetime.now(UTC), CHANNELS_MOST)
    if len(found) != DUE:
        raise LookupError(f"{len(found)} channels are due")
    return found


@contextmanager
def databases(folder: Path) -> Iterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """The one with half of the shares, and the one with all."""
    with running_postgres(folder.parent / "postgres", durable=False) as server:
        for name in (_HALF, _WHOLE):
            drop_database(server, name)
        half = create_database(server, _HALF)
        with closing(connector(half)()) as owner:
            migrate(owner, PROJECT / "sql")
            _as_replica(owner)
            owner.run(_CHANNELS)
            _fill(owner, 1)
        whole = create_database(server, _WHOLE, template=_HALF)
        with closing(connector(whole)()) as owner:
            _as_replica(owner)
            _fill(owner, ROWS + 1)
        opened = [PostgresDatabase(connector(url), lambda _rows: None) for url in (half, whole)]
        try:
            yield opened[0], opened[1]
        finally:
            for one in opened:
                one.close()
            for name in (_HALF, _WHOLE):
                drop_database(server, name)


def _as_replica(owner: pg8000.native.Connection) -> None:
    """Rows without their parents, and without the trigger that would add them up one by one."""
    owner.run("SET session_replication_role = replica")
    owner.run("SET statement_timeout = 0")


def _fill(owner: pg8000.native.Connection, first: int) -> None:
    owner.run(_SHARES.format(first=first, last=first + ROWS - 1))
    for statement in _BALANCES.split(";"):
        owner.run(statement)
    owner.run("VACUUM ANALYZE")


def plan(database: PostgresDatabase) -> str:
    """How the server finds the due channels; for docs/query-plans.md."""
    with database.transaction() as tx:
        session: Any = vars(tx.channels)["_session"]
        query = channels._DUE.replace(":most", str(CHANNELS_MOST)).replace(":now", "now()")
        rows = session.rows(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) {query}")
        return "\n".join(str(row["QUERY PLAN"]) for row in rows)


if __name__ == "__main__":
    with databases(PROJECT / "build" / "bench") as (_, all_of_them):
        print(plan(all_of_them))
