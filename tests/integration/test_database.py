"""Transactions are kept whole or not at all, on connections that come and go."""

from collections.abc import Callable, Iterator, Sequence
from threading import Barrier
from uuid import UUID, uuid4

import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError

from shared_lib.adapters.postgres.database import Connect, PostgresDatabase
from shared_lib.adapters.postgres.session import UniqueViolationError
from shared_lib.domain.ledger import Account, Entry, Posting, PostingKind
from shared_lib.domain.money import ETH, Money
from shared_lib.events import NoticeRequested
from shared_lib.ports import DatabaseUnavailableError, OutboxRow, Transaction
from tests.databases import WAIT_SECONDS, RecordingDatabase, together
from tests.integration import domain_rows as make
from tests.integration.domain_rows import NOW

MOST_ERRORS = 50


class CountingConnect:
    """Counts the connections that were made."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.made = 0

    def __call__(self) -> pg8000.native.Connection:
        self.made += 1
        return self._connect()


@pytest.fixture
def counting(connect: Connect) -> CountingConnect:
    return CountingConnect(connect)


@pytest.fixture
def database(counting: CountingConnect) -> Iterator[RecordingDatabase]:
    """The adapter on counted connections."""
    made = RecordingDatabase(counting)
    yield made
    made.close()


def accounts(connection: pg8000.native.Connection) -> set[UUID]:
    return {account for (account,) in connection.run("SELECT id FROM accounts")}


def request_notice(tx: Transaction) -> NoticeRequested:
    event = NoticeRequested(notice_id=uuid4())
    tx.outbox.add(event, NOW)
    return event


# ---- all or nothing ------------------------------------------------------------------------------


def test_what_a_transaction_wrote_is_seen_by_others_after_it(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    with database.transaction() as tx:
        account = make.account(tx)
        assert accounts(owner_connection) == set()
    assert accounts(owner_connection) == {account}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_any_exception_takes_everything_back(
    database: RecordingDatabase,
    owner_connection: pg8000.native.Connection,
    error: type[BaseException],
) -> None:
    def fail() -> None:
        with database.transaction() as tx:
            make.account(tx)
            request_notice(tx)
            raise error

    with pytest.raises(error):
        fail()
    assert accounts(owner_connection) == set()
    assert database.committed == []
    assert database.idle() == 1


def test_a_swallowed_error_of_the_database_still_ends_the_transaction(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """PostgreSQL answers COMMIT with a rollback then; nobody may take that for success."""

    def swallow() -> None:
        with database.transaction() as tx:
            account = make.account(tx)
            request_notice(tx)
            with pytest.raises(UniqueViolationError):
                tx.people.add_account(account, 1, NOW)

    with pytest.raises(DatabaseUnavailableError):
        swallow()
    assert accounts(owner_connection) == set()
    assert database.committed == []


# ---- what is published ---------------------------------------------------------------------------


def test_events_are_handed_over_after_the_commit_in_their_order(
    connect: Connect, owner_connection: pg8000.native.Connection
) -> None:
    """At that moment others see the rows already."""
    seen: list[tuple[list[OutboxRow], list[int]]] = []

    def committed(rows: Sequence[OutboxRow]) -> None:
        stored = owner_connection.run("SELECT id FROM outbox ORDER BY id")
        seen.append((list(rows), [row_id for (row_id,) in stored]))

    database = PostgresDatabase(connect, committed)
    with database.transaction() as tx:
        events = [request_notice(tx) for _ in range(3)]
        assert seen == []
    database.close()
    [(rows, stored)] = seen
    assert [row.event for row in rows] == events
    assert [row.id for row in rows] == stored


def test_a_transaction_without_events_hands_over_nothing(connect: Connect) -> None:
    calls: list[Sequence[OutboxRow]] = []
    database = PostgresDatabase(connect, calls.append)
    with database.transaction() as tx:
        make.account(tx)
    database.close()
    assert calls == []


def test_a_refused_commit_hands_over_nothing(database: RecordingDatabase) -> None:
    """The ledger's balance is checked at the commit itself."""
    entry = Entry(Account.GAS_COST, Money(1, ETH))

    def post_a_single_entry() -> None:
        with database.transaction() as tx:
            request_notice(tx)
            tx.ledger.post(Posting(PostingKind.GAS, "x", (entry,)), uuid4(), NOW)

    with pytest.raises(DatabaseError, match="fewer than two"):
        post_a_single_entry()
    assert database.committed == []
    assert database.idle() == 1


# ---- connections ---------------------------------------------------------------------------------


def test_one_connection_serves_transactions_one_after_another(
    database: RecordingDatabase, counting: CountingConnect
) -> None:
    assert counting.made == 0
    for _ in range(3):
        with database.transaction() as tx:
            make.account(tx)
    assert counting.made == 1


def test_transactions_at_once_have_connections_of_their_own_which_are_kept(
    database: RecordingDatabase, counting: CountingConnect
) -> None:
    all_are_open = Barrier(3)

    def run() -> None:
        with database.transaction() as tx:
            make.account(tx)
            all_are_open.wait(WAIT_SECONDS)

    together(run, run, run)
    together(run, run, run)
    assert (counting.made, database.idle()) == (3, 3)


def test_connections_come_back_after_errors(
    database: RecordingDatabase, sessions: Callable[[], list[int]]
) -> None:
    """Errors of the database and of our own, in turn."""

    def fail(number: int) -> None:
        with database.transaction() as tx:
            account = make.account(tx)
            if number % 2:
                raise LookupError
            tx.people.add_account(account, number + 1, NOW)

    for number in range(MOST_ERRORS):
        with pytest.raises((LookupError, UniqueViolationError)):
            fail(number)
    assert (database.idle(), len(sessions())) == (1, 1)


def test_closing_ends_the_kept_connections(
    database: RecordingDatabase,
    sessions: Callable[[], list[int]],
    owner_connection: pg8000.native.Connection,
) -> None:
    with database.transaction() as tx:
        make.account(tx)
    [pid] = sessions()
    database.close()
    assert database.idle() == 0
    owner_connection.run("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)  # waits for its end
    assert sessions() == []
