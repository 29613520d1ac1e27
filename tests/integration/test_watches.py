"""Every row on its way is looked at again, by one tick at a time, oldest first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pg8000.native
import pytest

from shared_lib.adapters.postgres.database import Connect
from shared_lib.domain.order import OrderState
from shared_lib.domain.share import ShareState
from shared_lib.domain.watch import GIVE_UP_AFTER, Watch
from shared_lib.ports import DeadLetter, Due, Transaction, Watched
from tests.databases import (
    WAIT_SECONDS,
    Databases,
    RecordingDatabase,
    role_setting,
    together,
)
from tests.integration import domain_rows as make
from tests.integration.domain_rows import DAY, NOW
from tests.integration.valid_rows import fresh_number

SECOND = timedelta(seconds=1)
NEXT = NOW + timedelta(minutes=3)


@dataclass(frozen=True)
class Kind:
    """How a row of a watched table is made, and how it is described when its time has come."""

    watched: Watched
    make: Callable[..., Any]
    state: str
    has_group: bool = False


def dead_letter(tx: Transaction, watch: Watch) -> DeadLetter:
    """The repository knows one watch for letters only, so it is stored a day before that."""
    letter = DeadLetter(uuid4(), str(fresh_number()), "notify", None, None, "", {})
    tx.delivery.add_dead_letter(letter, watch.next_check_at - GIVE_UP_AFTER)
    return letter


KINDS = [
    Kind(Watched.PAYMENT, make.payment, "waiting"),
    Kind(Watched.INVITE, make.invite, "creating"),
    Kind(Watched.JOIN_REQUEST, make.join_request, "pending"),
    Kind(Watched.SHARE, make.share, "pending", has_group=True),
    Kind(Watched.PAYOUT, make.payout, "forming", has_group=True),
    Kind(Watched.SWAP, make.swap, "quoting"),
    Kind(Watched.TRANSFER, make.transfer, "requested"),
    Kind(Watched.NOTICE, make.notice, "pending"),
    Kind(Watched.ORDER, make.order, "open"),
    Kind(Watched.MEMBERSHIP, make.running_membership, "active"),
    Kind(Watched.DEAD_LETTER, dead_letter, "open"),
]


@pytest.fixture(params=KINDS, ids=lambda kind: str(kind.watched))
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


def due(kind: Kind, row: Any) -> Due:
    """How a row is described when its time has come."""
    if not kind.has_group:
        return Due(kind.watched, row.id, kind.state, None)
    return Due(kind.watched, row.id, kind.state, row.channel_id, row.amount.asset.id)


def due_since(seconds: float) -> Watch:
    return Watch(NOW - seconds * SECOND, NOW + DAY)


def watch_of(connection: pg8000.native.Connection, kind: Watched, row_id: UUID) -> list[Any]:
    """Next check, deadline, failures and since when."""
    [row] = connection.run(
        f"SELECT next_check_at, deadline_at, failures, failing_since FROM {kind.value} "
        "WHERE id = :id",
        id=row_id,
    )
    return list(row)


def test_every_watched_kind_is_tested() -> None:
    assert {kind.watched for kind in KINDS} == set(Watched)


# ---- take_due ------------------------------------------------------------------------------------


def test_what_is_due_is_taken_once_and_then_rests(database: RecordingDatabase, kind: Kind) -> None:
    """Now counts as due; a moment later does not."""
    with database.transaction() as tx:
        row = kind.make(tx, watch=due_since(0))
        kind.make(tx, watch=due_since(-0.000_001))
        taken = tx.watches.take_due(kind.watched, NOW, NEXT, 10)
        assert taken == [due(kind, row)]
        later = tx.watches.take_due(kind.watched, NEXT - SECOND, NEXT + DAY, 10)
        assert row.id not in {one.id for one in later}
        again = tx.watches.take_due(kind.watched, NEXT, NEXT + DAY, 10)
        assert [one.id for one in again] == [row.id]


def test_taking_changes_the_next_check_alone(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    failing = Watch(NOW, NOW + DAY, 3, NOW - DAY)
    with database.transaction() as tx:
        notice = make.notice(tx, watch=failing)
        tx.watches.take_due(Watched.NOTICE, NOW, NEXT, 10)
    assert watch_of(owner_connection, Watched.NOTICE, notice.id) == [NEXT, NOW + DAY, 3, NOW - DAY]


def test_the_longest_due_are_taken_first_up_to_the_limit(
    database: RecordingDatabase, kind: Kind
) -> None:
    ages = [3, 1, 4, 6, 5, 9, 2, 8, 7]
    with database.transaction() as tx:
        rows = {age: kind.make(tx, watch=due_since(age)).id for age in ages}
        taken = tx.watches.take_due(kind.watched, NOW, NEXT, 4)
        assert {one.id for one in taken} == {rows[age] for age in (9, 8, 7, 6)}
        rest = tx.watches.take_due(kind.watched, NOW, NEXT, 100)
        assert {one.id for one in rest} == {rows[age] for age in (5, 4, 3, 2, 1)}


@pytest.mark.parametrize("avoided", ["hashjoin", "nestloop", "indexscan"])
def test_what_is_due_is_handed_over_oldest_first(
    connect: Connect,
    owner_connection: pg8000.native.Connection,
    databases: Databases,
    avoided: str,
) -> None:
    """Whatever plan the server chooses: it changes with what it knows about the table."""
    ages = [(number * 37) % 101 for number in range(1, 101)]
    with role_setting(owner_connection, databases.role, f"enable_{avoided}", "off"):
        database = RecordingDatabase(connect)
        with database.transaction() as tx:
            person = make.person(tx).id
            rows = {
                age: make.notice(tx, telegram_user_id=person, watch=due_since(age)).id
                for age in ages
            }
            taken = tx.watches.take_due(Watched.NOTICE, NOW, NEXT, 500)
        database.close()
    assert [one.id for one in taken] == [rows[age] for age in sorted(ages, reverse=True)]


def test_what_is_done_is_never_due(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        done = make.order(tx, state=OrderState.PAID, watch=None)
        make.share(tx, state=ShareState.EXPECTED, watch=None)
        for watched in (Watched.ORDER, Watched.SHARE):
            assert tx.watches.take_due(watched, NOW + 999 * DAY, NEXT, 10) == []
            assert tx.watches.take_overdue(watched, NOW + 999 * DAY, NEXT, 10) == []
        assert not tx.watches.is_open(Watched.ORDER, done.id)


@pytest.mark.parametrize("act", ["take_due", "take_overdue"])
def test_two_ticks_at_once_share_the_rows_and_never_wait(
    database: RecordingDatabase, act: str
) -> None:
    """Both hold what they took when both have their answer."""
    with database.transaction() as tx:
        watch = Watch(NOW, NOW)
        rows = {make.notice(tx, watch=watch).id for _ in range(10)}
    both_have_taken = Barrier(2)

    def tick() -> set[UUID]:
        with database.transaction() as tx:
            taken = getattr(tx.watches, act)(Watched.NOTICE, NOW, NEXT, 6)
            both_have_taken.wait(WAIT_SECONDS)
            return {one.id for one in taken}

    first, second = together(tick, tick)
    assert first.isdisjoint(second)
    assert first | second <= rows
    assert max(len(first), len(second)) == 6


# ---- take_overdue --------------------------------------------------------------------------------


def test_what_is_overdue_is_taken_once_and_its_deadline_moves(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, kind: Kind
) -> None:
    watch = Watch(NOW, NOW)
    with database.transaction() as tx:
        row = kind.make(tx, watch=watch)
        kind.make(tx, watch=Watch(NOW + SECOND, NOW + SECOND))
        taken = tx.watches.take_overdue(kind.watched, NOW, NEXT, 10)
        assert taken == [due(kind, row)]
    assert watch_of(owner_connection, kind.watched, row.id) == [NOW, NEXT, 0, None]


def test_the_longest_overdue_are_taken_first_up_to_the_limit(database: RecordingDatabase) -> None:
    """And handed over in that order."""
    with database.transaction() as tx:
        ages = [2, 4, 1, 3]
        watches = {age: Watch(NOW + DAY, NOW - age * SECOND) for age in ages}
        rows = {age: make.notice(tx, watch=watch).id for age, watch in watches.items()}
        taken = tx.watches.take_overdue(Watched.NOTICE, NOW, NEXT, 3)
        assert [one.id for one in taken] == [rows[4], rows[3], rows[2]]


# ---- failures ------------------------------------------------------------------------------------


def test_failures_are_counted_since_the_first_of_the_run(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, kind: Kind
) -> None:
    with database.transaction() as tx:
        row = kind.make(tx, watch=due_since(0))
        watches = tx.watches
        assert watches.failing_since(kind.watched, row.id) is None
        watches.failed(kind.watched, row.id, NOW, NEXT)
        watches.failed(kind.watched, row.id, NOW + SECOND, NEXT + DAY)
        assert watches.failing_since(kind.watched, row.id) == NOW
    next_check, _, failures, since = watch_of(owner_connection, kind.watched, row.id)
    assert (next_check, failures, since) == (NEXT + DAY, 2, NOW)


def test_waiting_ends_a_run_of_failures(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, kind: Kind
) -> None:
    with database.transaction() as tx:
        row = kind.make(tx, watch=due_since(0))
        tx.watches.failed(kind.watched, row.id, NOW, NEXT)
        tx.watches.wait(kind.watched, row.id, NEXT + SECOND)
        assert tx.watches.failing_since(kind.watched, row.id) is None
    next_check, _, failures, since = watch_of(owner_connection, kind.watched, row.id)
    assert (next_check, failures, since) == (NEXT + SECOND, 0, None)


def test_what_is_done_neither_fails_nor_waits(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """A late answer must not put a finished row under watch again."""
    with database.transaction() as tx:
        order = make.order(tx)
        tx.orders.save(replace(order, state=OrderState.PAID, watch=None))
        tx.watches.failed(Watched.ORDER, order.id, NOW, NEXT)
        tx.watches.wait(Watched.ORDER, order.id, NEXT)
    assert watch_of(owner_connection, Watched.ORDER, order.id) == [None, None, 0, None]


def test_a_row_is_open_while_it_is_watched(database: RecordingDatabase, kind: Kind) -> None:
    with database.transaction() as tx:
        row = kind.make(tx, watch=due_since(0))
        assert tx.watches.is_open(kind.watched, row.id)
        assert not tx.watches.is_open(kind.watched, uuid4())
        assert tx.watches.failing_since(kind.watched, uuid4()) is None
