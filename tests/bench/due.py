"""What looking for due rows costs among many that are done, and whether more of them cost more."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pg8000.native

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.database import PostgresDatabase
from shared_lib.adapters.postgres.migrations import migrate
from shared_lib.domain.ledger import Account
from shared_lib.domain.money import ETH
from shared_lib.ports import Transaction, Watched
from tests.bench.figures import Figure, below, median_ratio
from tests.sandbox.postgres import (
    PostgresServer,
    create_database,
    drop_database,
    running_postgres,
)
from tests.sandbox.stack.plan import PROJECT

ROWS = 100_000  # and twice as many
DUE = 100
REPEATS = 41
_HALF, _WHOLE = "bench_half", "bench_whole"
Look = Callable[[Transaction], object]

# Rows that are done, or access that runs, and as the last of each table the due ones. The numbers
# go on from :first.
_DONE = {
    "payouts": """
INSERT INTO payouts (id, channel_id, strategy, state, asset, amount, destination_asset,
    destination_address, funded_at, settled_at, created_at)
SELECT md5('payout' || n)::uuid, md5('channel' || n % 10000)::uuid, 'instant', 'settled',
    'eth:eth', n, 'eth:eth', '0x' || lpad(to_hex(n), 40, '0'), now(), now(), now()
FROM generate_series({first}, {last}) AS n""",
    "swaps": """
INSERT INTO swaps (id, payout_id, state, sold_asset, sold, bought_asset, destination_address,
    rate_id, quoted, deposit_fee, withdrawal_fee, market, quoted_at, quote_ends_at, exchange_id,
    payin_address, promised, promise_ends_at, bought, payout_hash, created_at)
SELECT md5('swap' || n)::uuid, md5('payout' || n)::uuid, 'finished', 'eth:eth', n, 'btc:btc', 'x',
    'rate' || n, n, 0, 0, n, now(), now(), 'exchange' || n, '0x' || lpad(to_hex(n), 40, '0'),
    n, now(), n, 'hash' || n, now()
FROM generate_series({first}, {last}) AS n""",
    "transfers": """
INSERT INTO transfers (id, payout_id, wallet_address, asset, amount, destination, state, nonce,
    mined_hash, mined_block, mined_block_hash, mined_succeeded, gas_paid, created_at)
SELECT md5('transfer' || n)::uuid, md5('payout' || n)::uuid, '0x' || repeat('ab', 20), 'eth:eth',
    n, '0x' || lpad(to_hex(n), 40, '0'), 'confirmed', n, 'hash' || n, n, 'block' || n, true, 1,
    now()
FROM generate_series({first}, {last}) AS n""",
    "memberships": """
INSERT INTO memberships (id, channel_id, telegram_user_id, state, access_ends_at, let_in_at,
    next_check_at, deadline_at, created_at)
SELECT md5('member' || n)::uuid, md5('channel' || n % 10000)::uuid, n, 'active',
    now() + interval '20 days', now(), now() + interval '17 days', now() + interval '21 days', now()
FROM generate_series({first}, {last}) AS n""",
    # Offers wait for their next day; the first ones are due.
    "broadcasts": """
INSERT INTO broadcasts (id, channel_id, kind, due_at, look_at, message_id, posted_at)
SELECT md5('broadcast' || n)::uuid, md5('channel' || n)::uuid, 'offer', at, at, n, now()
FROM generate_series({first}, {last}) AS n,
    LATERAL (SELECT now() + make_interval(hours => CASE WHEN n <= {due} THEN -1 ELSE 24 END) AS at)
        AS moment""",
    "ledger_entries": """
INSERT INTO ledger_entries (transaction_id, account, asset, amount)
SELECT md5('entry' || n)::uuid, 'host_wallet', 'eth:eth', n
FROM generate_series({first}, {last}) AS n""",
}
_MAKE_DUE = {
    "payouts": "state = 'sending', settled_at = NULL",
    "swaps": "state = 'funded', bought = NULL, payout_hash = NULL",
    "transfers": "state = 'sent'",
    "memberships": "access_ends_at = now() - interval '1 hour'",
}
_DUE = """
UPDATE {table} SET {changes}, next_check_at = now() - interval '1 hour',
    deadline_at = now() + interval '1 day'
WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT {due})"""


class _UndoError(Exception):
    """Rolls a look back, so that the next one finds the same rows."""


def measure(folder: Path) -> list[Figure]:
    """Every look in turns on two databases, of which one has twice the rows."""
    with _databases(folder) as (half, whole):
        seconds = {name: seconds_in_turns(look, half, whole) for name, look in _looks().items()}
    return [figure for name, found in seconds.items() for figure in _figures(name, *found)]


def _figures(name: str, half: list[float], whole: list[float]) -> list[Figure]:
    # The design's limit is 1 s over a million rows; a look takes none of its time per row.
    return [
        Figure(f"{name} of {2 * ROWS:,}", 1_000 * median(whole), "ms", below(1_000)),
        Figure(f"{name}, twice the rows", median_ratio(whole, half), "x", below(1.1)),
    ]


def _looks() -> dict[str, Look]:
    looks = {f"{DUE} due {kind.value}": _take(kind) for kind in _KINDS}
    return looks | {f"{DUE} due broadcasts": _broadcasts, "the wallet's balance": _balance}


_KINDS = (Watched.PAYOUT, Watched.SWAP, Watched.TRANSFER, Watched.MEMBERSHIP)


def _take(kind: Watched) -> Look:
    def look(tx: Transaction) -> object:
        now = datetime.now(UTC)
        found = tx.watches.take_due(kind, now, now + timedelta(minutes=3), 500)
        if len(found) != DUE:
            raise LookupError(f"{len(found)} {kind.value} are due")
        return found

    return look


def _broadcasts(tx: Transaction) -> object:
    """What the tick of the offers asks for."""
    now = datetime.now(UTC)
    found = tx.broadcasts.take_due(now, now + timedelta(minutes=3), 500)
    if len(found) != DUE:
        raise LookupError(f"{len(found)} broadcasts are due")
    return found


def _balance(tx: Transaction) -> object:
    """What every check of a transfer asks for, under the wallet's lock."""
    return tx.ledger.balance(Account.HOST_WALLET, ETH)


def seconds_in_turns(
    look: Look, half: PostgresDatabase, whole: PostgresDatabase
) -> tuple[list[float], list[float]]:
    """How long a look takes on each of two databases, many times and one after the other."""
    pairs = [(_time(look, half), _time(look, whole)) for _ in range(REPEATS + 1)]
    del pairs[0]  # it prepared the statements
    return [one for one, _ in pairs], [other for _, other in pairs]


def _time(look: Look, database: PostgresDatabase) -> float:
    began = time.perf_counter()
    with suppress(_UndoError), database.transaction() as tx:
        look(tx)
        raise _UndoError
    return time.perf_counter() - began


# ---- the rows ------------------------------------------------------------------------------------


@contextmanager
def _databases(folder: Path) -> Iterator[tuple[PostgresDatabase, PostgresDatabase]]:
    with running_postgres(folder.parent / "postgres", durable=False) as server:
        urls = _filled(server)
        half, whole = (_database(urls[name]) for name in (_HALF, _WHOLE))
        try:
            yield half, whole
        finally:
            half.close()
            whole.close()
            for name in urls:
                drop_database(server, name)


def _database(url: str) -> PostgresDatabase:
    """The real adapter, whose events nobody hears."""
    return PostgresDatabase(connector(url), lambda _rows: None)


def _filled(server: PostgresServer) -> Mapping[str, str]:
    """Two databases; the one is a copy of the other with as many rows again."""
    for name in (_HALF, _WHOLE):
        drop_database(server, name)
    half = create_database(server, _HALF)
    with closing(connector(half)()) as owner:
        migrate(owner, PROJECT / "sql")
        _fill(owner, 1)
        for table, changes in _MAKE_DUE.items():
            owner.run(_DUE.format(table=table, changes=changes, due=DUE))
    whole = create_database(server, _WHOLE, template=_HALF)
    with closing(connector(whole)()) as owner:
        _fill(owner, ROWS + 1)
    for url in (half, whole):
        with closing(connector(url)()) as owner:
            owner.run("VACUUM ANALYZE")
    return {_HALF: half, _WHOLE: whole}


def _fill(owner: pg8000.native.Connection, first: int) -> None:
    """As a replica the session writes rows without their parents; all checks still hold."""
    owner.run("SET session_replication_role = replica")
    owner.run("SET statement_timeout = 0")
    for insert in _DONE.values():
        owner.run(insert.format(first=first, last=first + ROWS - 1, due=DUE))
