"""One delivery at a time works on a row, and only as long as its lease lasts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from uuid import UUID, uuid4

import pg8000.native
import pytest

from shared_lib.ports import Lease, Leased, Transaction
from tests.databases import (
    WAIT_SECONDS,
    RecordingDatabase,
    together,
    wait_until_blocked,
)
from tests.integration import domain_rows as make
from tests.integration.domain_rows import NOW

LASTS = timedelta(seconds=150)
MAKERS: dict[Leased, Callable[[Transaction], UUID]] = {
    Leased.ORDER: lambda tx: make.order(tx).id,
    Leased.INVITE: lambda tx: make.invite(tx).id,
    Leased.JOIN_REQUEST: lambda tx: make.join_request(tx).id,
    Leased.SWAP: lambda tx: make.swap(tx).id,
    Leased.TRANSFER: lambda tx: make.transfer(tx).id,
    Leased.NOTICE: lambda tx: make.notice(tx).id,
    Leased.MEMBERSHIP: lambda tx: make.membership(tx).id,
    Leased.BROADCAST: lambda tx: make.broadcast(tx).id,
}


@pytest.fixture(params=Leased)
def lease(request: pytest.FixtureRequest, database: RecordingDatabase) -> Lease:
    """A lease on a stored row of each kind, not claimed yet."""
    kind = Leased(request.param)
    with database.transaction() as tx:
        row_id = MAKERS[kind](tx)
        MAKERS[kind](tx)  # a neighbour, which must not be touched
    return Lease(kind, row_id, uuid4(), NOW + LASTS)


def another(lease: Lease) -> Lease:
    """The lease that another delivery would take."""
    return replace(lease, token=uuid4())


def claim(database: RecordingDatabase, lease: Lease, now: datetime = NOW) -> bool:
    with database.transaction() as tx:
        return tx.leases.claim(lease, now)


def holds(database: RecordingDatabase, lease: Lease) -> bool:
    with database.transaction() as tx:
        return tx.leases.holds(lease)


def release(database: RecordingDatabase, lease: Lease) -> None:
    with database.transaction() as tx:
        tx.leases.release(lease)


def claimed_rows(connection: pg8000.native.Connection, kind: Leased) -> list[list[object]]:
    return list(
        connection.run(
            f"SELECT id, claim_token, claimed_until FROM {kind.value} "
            "WHERE claim_token IS NOT NULL OR claimed_until IS NOT NULL"
        )
    )


def test_a_claim_marks_its_row_alone(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, lease: Lease
) -> None:
    assert not holds(database, lease)
    assert claim(database, lease)
    assert holds(database, lease)
    row = [lease.id, lease.token, lease.until]
    assert claimed_rows(owner_connection, lease.kind) == [row]


def test_a_live_lease_is_not_taken(database: RecordingDatabase, lease: Lease) -> None:
    """Not even by its own delivery: a redelivery has the same right as any other."""
    assert claim(database, lease)
    last_moment = lease.until - timedelta(microseconds=1)
    assert not claim(database, another(lease), last_moment)
    assert not claim(database, lease, last_moment)
    assert holds(database, lease)


def test_an_expired_lease_is_taken_over_and_its_old_holder_has_lost_it(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, lease: Lease
) -> None:
    assert claim(database, lease)
    heir = replace(another(lease), until=lease.until + LASTS)
    assert claim(database, heir, lease.until)
    assert not holds(database, lease)
    assert holds(database, heir)
    release(database, lease)
    row = [heir.id, heir.token, heir.until]
    assert claimed_rows(owner_connection, lease.kind) == [row]


def test_a_released_lease_is_free(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, lease: Lease
) -> None:
    claim(database, lease)
    release(database, lease)
    assert claimed_rows(owner_connection, lease.kind) == []
    assert not holds(database, lease)
    assert claim(database, another(lease))


def test_a_row_that_is_not_there_cannot_be_claimed(
    database: RecordingDatabase, lease: Lease
) -> None:
    assert not claim(database, replace(lease, id=uuid4()))


def test_of_two_claims_at_once_one_wins(database: RecordingDatabase, lease: Lease) -> None:
    rivals = [lease, another(lease)]
    answers = together(*(lambda one=one: claim(database, one) for one in rivals))
    assert sorted(answers) == [False, True]
    assert [holds(database, one) for one in rivals] == answers


@pytest.mark.parametrize("first_commits", [True, False])
def test_a_claim_waits_for_the_one_that_came_before(
    database: RecordingDatabase,
    owner_connection: pg8000.native.Connection,
    lease: Lease,
    first_commits: bool,
) -> None:
    """What it is answered depends on whether the first one's transaction was kept."""
    with ThreadPoolExecutor(1) as threads:
        with suppress(ZeroDivisionError), database.transaction() as tx:
            assert tx.leases.claim(lease, NOW)
            second = threads.submit(claim, database, another(lease))
            wait_until_blocked(owner_connection)
            assert 1 // first_commits  # anything that goes wrong
        assert second.result(WAIT_SECONDS) is not first_commits


def test_a_lease_that_is_being_looked_at_cannot_be_taken_over(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, lease: Lease
) -> None:
    """`holds` locks the row, so that what is recorded after it is recorded by the holder."""
    assert claim(database, lease)
    is_looking, may_end = Event(), Event()

    def look_and_release() -> bool:
        with database.transaction() as tx:
            found = tx.leases.holds(lease)
            is_looking.set()
            assert may_end.wait(WAIT_SECONDS)
            tx.leases.release(lease)
            return found

    with ThreadPoolExecutor(2) as threads:
        holder = threads.submit(look_and_release)
        assert is_looking.wait(WAIT_SECONDS)
        heir = threads.submit(claim, database, another(lease), lease.until)
        wait_until_blocked(owner_connection)
        assert not heir.done()
        may_end.set()
        assert holder.result(WAIT_SECONDS)
        assert heir.result(WAIT_SECONDS)
