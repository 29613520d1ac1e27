"""A database that does not answer, or refuses, is told apart from one that has nothing to say."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from uuid import UUID, uuid4

import pg8000.native
import pytest

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.database import PostgresDatabase
from shared_lib.adapters.postgres.session import UniqueViolationError
from shared_lib.events import ReconcileTick
from shared_lib.ports import DatabaseUnavailableError
from tests.databases import WAIT_SECONDS, Databases, RecordingDatabase, role_setting
from tests.integration import domain_rows as make
from tests.integration.domain_rows import NOW


def accounts(connection: pg8000.native.Connection) -> set[UUID]:
    return {account for (account,) in connection.run("SELECT id FROM accounts")}


def test_connections_that_died_while_idle_are_replaced_in_silence(
    database: RecordingDatabase,
    owner_connection: pg8000.native.Connection,
    kill_sessions: Callable[[], int],
) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(database.transaction())
    assert database.idle() == 3
    assert kill_sessions() == 3
    with database.transaction() as tx:
        account = make.account(tx)
    assert accounts(owner_connection) == {account}
    assert database.idle() == 1


def test_a_connection_that_dies_inside_a_transaction_is_no_answer(
    database: RecordingDatabase,
    owner_connection: pg8000.native.Connection,
    kill_sessions: Callable[[], int],
) -> None:
    """Nothing was kept, nothing is published, and the next transaction has a new connection."""

    def die_before_the_second_statement() -> None:
        with database.transaction() as tx:
            make.account(tx)
            tx.outbox.add(ReconcileTick(), NOW)
            assert kill_sessions() == 1
            make.account(tx)

    def die_before_the_commit() -> None:
        with database.transaction() as tx:
            make.account(tx)
            tx.outbox.add(ReconcileTick(), NOW)
            assert kill_sessions() == 1

    for die in (die_before_the_second_statement, die_before_the_commit):
        with pytest.raises(DatabaseUnavailableError):
            die()
        assert accounts(owner_connection) == set()
        assert (database.committed, database.idle()) == ([], 0)
    with database.transaction() as tx:
        make.account(tx)


def test_a_server_that_is_down_is_unavailable() -> None:
    """Port 1 of this machine: nobody listens there."""
    database = PostgresDatabase(connector("postgresql://me:secret@127.0.0.1:1/funnel"), print)
    with pytest.raises(DatabaseUnavailableError), database.transaction():
        pytest.fail("a transaction began")


def test_a_server_that_takes_no_more_connections_is_unavailable(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, databases: Databases
) -> None:
    owner_connection.run(f"ALTER ROLE {databases.role} CONNECTION LIMIT 0")
    try:
        with pytest.raises(DatabaseUnavailableError, match="too many"), database.transaction():
            pytest.fail("a transaction began")
    finally:
        owner_connection.run(f"ALTER ROLE {databases.role} CONNECTION LIMIT -1")
    with database.transaction() as tx:
        make.account(tx)


def test_an_answer_that_comes_too_late_is_never_taken_for_the_next_one(
    clean_database: Databases, owner_connection: pg8000.native.Connection
) -> None:
    """The connection on which we gave up waiting is not used again."""
    database = RecordingDatabase(connector(clean_database.application_url, timeout_seconds=0.3))
    with database.transaction() as tx:
        channel = make.channel(tx)
    owner_connection.run("BEGIN")
    owner_connection.run("SELECT FROM channels FOR UPDATE")
    with pytest.raises(DatabaseUnavailableError), database.transaction() as tx:
        tx.channels.lock(channel.id)
    owner_connection.run("ROLLBACK")
    assert database.idle() == 0
    with database.transaction() as tx:
        assert tx.channels.lock(uuid4()) is None
        assert tx.channels.lock(channel.id) == channel
    database.close()


def test_a_unique_key_that_exists_is_named(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        tx.people.add_account(uuid4(), 7, NOW)
    with (
        pytest.raises(UniqueViolationError, match=r"^accounts_telegram_user_id_key$"),
        database.transaction() as tx,
    ):
        tx.people.add_account(uuid4(), 7, NOW)


def test_of_two_transactions_in_a_deadlock_one_is_told_to_try_again(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, databases: Databases
) -> None:
    with database.transaction() as tx:
        ids = [make.channel(tx).id for _ in range(2)]
    both_hold_one = Barrier(2)

    def lock(first: UUID, second: UUID) -> str:
        try:
            with database.transaction() as tx:
                tx.channels.lock(first)
                both_hold_one.wait(WAIT_SECONDS)
                tx.channels.lock(second)
        except DatabaseUnavailableError as error:
            return str(error)
        return "done"

    database.close()  # a setting is for new connections
    with (
        role_setting(owner_connection, databases.role, "deadlock_timeout", "20ms"),
        ThreadPoolExecutor(2) as threads,
    ):
        answers = sorted(threads.map(lock, ids, reversed(ids)))
    assert answers == ["deadlock detected", "done"]
    assert database.idle() == 2


def test_a_lock_that_is_held_too_long_is_trouble_that_passes(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """The delivery comes again later; nothing is concluded from it."""
    owner_connection.run("BEGIN")
    owner_connection.run("LOCK TABLE channels IN ACCESS EXCLUSIVE MODE")
    session = database._begin()
    session.simple("SET LOCAL lock_timeout = '50ms'")
    with pytest.raises(DatabaseUnavailableError):
        session.simple("SELECT FROM channels")
    database._roll_back(session)
    owner_connection.run("ROLLBACK")
