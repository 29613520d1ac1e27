"""Hundreds of requests on a database that fails in every way: no connection is ever lost."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any, cast

import pg8000.native
import pytest
from pg8000.core import DATA_ROW
from pg8000.exceptions import DatabaseError, InterfaceError

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.session import Session
from shared_lib.ports import DatabaseUnavailableError, Person, Transaction
from tests.databases import RecordingDatabase, migrated_databases, together
from tests.integration.domain_rows import NOW
from tests.sandbox.postgres import DATABASE, _free_port, server_at
from tests.sandbox.postgres.cluster import USER, prepare
from tests.sandbox.postgres.process import HOST, SETTINGS, started, stop
from tests.sandbox.pubsub.testing import eventually

REQUESTS = 500
THREADS = 8  # as many as a function's instance has
ALLOWED_CONNECTIONS = THREADS  # so that some who need one more find the server full
SEED = 20261101
PATIENCE_SECONDS = 60.0  # on a machine that has much else to do
RESTART_AFTER, CRASH_AFTER = 150, 300
# What was committed outlives a crash of the server; it need not outlive one of the machine.
_SETTINGS = SETTINGS | {"fsync": "off"}


class Trouble(Enum):
    """What befalls a request's own transaction."""

    NONE = auto()
    DIES_IN_A_STATEMENT = auto()
    DIES_BEFORE_COMMIT = auto()
    STATEMENT_TIMEOUT = auto()
    SERIALIZATION_FAILURE = auto()


_EXPECTED = {
    "done",
    "network error",
    "canceling statement due to statement timeout",
    "could not serialize access",
    "too many connections for role",
}


class Server:
    """A PostgreSQL of its own, which the thread that made it can restart."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, _free_port()
        prepare(folder)
        self._process = started(folder, self.port, _SETTINGS)
        password = (folder / "password").read_text()
        url = f"postgresql://{USER}:{password}@{HOST}:{self.port}/{DATABASE}"
        self.databases = migrated_databases(server_at(url, pid=self._process.pid), "pool")
        self.is_up = threading.Event()
        self.is_up.set()

    def stop(self) -> None:
        self.is_up.clear()
        stop(self._process)

    def restart(self) -> None:
        """As for maintenance: all connections end at once."""
        self.stop()
        self._process = started(self._folder, self.port, _SETTINGS)
        self.is_up.set()

    def crash(self) -> None:
        """SIGKILL for one of its processes: it ends all others and recovers."""
        self.is_up.clear()
        victim = Session(self.owner())
        row = victim.row("SELECT pg_backend_pid() AS pid") or {}
        os.kill(row["pid"], signal.SIGKILL)
        eventually(lambda: not _answers(victim), PATIENCE_SECONDS)
        victim.close()
        eventually(self._takes_connections, PATIENCE_SECONDS)
        self.is_up.set()

    def owner(self) -> pg8000.native.Connection:
        """A connection that may do anything."""
        return connector(self.databases.owner_url)()

    def _takes_connections(self) -> bool:
        try:
            self.owner().close()
        except (DatabaseError, InterfaceError):
            return False
        return True


def _answers(session: Session) -> bool:
    try:
        session.simple("SELECT 1")
    except DatabaseUnavailableError:
        return False
    return True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("a server that is not ours is not restarted")
    server = Server(tmp_path_factory.mktemp("pool"))
    yield server
    server.stop()


@pytest.fixture
def database(server: Server) -> Iterator[RecordingDatabase]:
    made = RecordingDatabase(connector(server.databases.application_url))
    yield made
    made.close()


@dataclass(frozen=True)
class Answer:
    """What became of a request; its row is there where there is no error."""

    user: int
    trouble: Trouble
    error: str | None


class Requests:
    """What several threads ask for, each in trouble of its own."""

    def __init__(self, server: Server, database: RecordingDatabase) -> None:
        self._server, self._database = server, database
        self._planned = Random(SEED).choices(list(Trouble), [6, 1, 1, 1, 1], k=REQUESTS)
        self._users = count(1)
        self.answered = 0

    def all(self) -> list[Answer]:
        """Make all of them; the server is restarted and crashes meanwhile."""
        with ThreadPoolExecutor(THREADS) as threads, _given_up(threads):
            answers = [threads.submit(self.make, trouble) for trouble in self._planned]
            eventually(lambda: self.answered >= RESTART_AFTER, PATIENCE_SECONDS)
            self._server.restart()
            eventually(lambda: self.answered >= CRASH_AFTER, PATIENCE_SECONDS)
            self._server.crash()
            return [one.result() for one in answers]

    def make(self, trouble: Trouble) -> Answer:
        """One request. Whoever hears that the server is down waits until it is up."""
        assert self._server.is_up.wait(PATIENCE_SECONDS)
        user, error = next(self._users), None
        try:
            with self._database.transaction() as tx:
                self._suffer(tx, trouble, user)
        except DatabaseUnavailableError as caught:
            error = str(caught)
        self.answered += 1
        return Answer(user, trouble, error)

    def _suffer(self, tx: Transaction, trouble: Trouble, user: int) -> None:
        """Write a row, and meet with trouble on the way."""
        session: Session = cast("Any", tx).people._session
        if trouble is Trouble.SERIALIZATION_FAILURE:
            session.simple("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            session.row("SELECT 1 AS snapshot")
            self._beside(lambda other: other.people.seen(_person(user), NOW))
        tx.people.seen(_person(user), NOW)
        if trouble is Trouble.DIES_IN_A_STATEMENT:
            session.run("SELECT pg_terminate_backend(pg_backend_pid())")
        if trouble is Trouble.DIES_BEFORE_COMMIT:
            row = session.row("SELECT pg_backend_pid() AS pid") or {}
            self._beside(lambda other: _terminate(other, row["pid"]))
        if trouble is Trouble.STATEMENT_TIMEOUT:
            session.simple("SET LOCAL statement_timeout = '5ms'")
            session.run("SELECT pg_sleep(5)")

    def _beside(self, act: Callable[[Transaction], None]) -> None:
        """In a transaction of its own, within that of a request."""
        with self._database.transaction() as tx:
            act(tx)


def _person(user: int) -> Person:
    return Person(user, "Ada", None, "en")


def _terminate(tx: Transaction, pid: int) -> None:
    cast("Any", tx).people._session.run("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)


@contextmanager
def _given_up(threads: ThreadPoolExecutor) -> Iterator[None]:
    """Where the block fails, what has not begun is not waited for."""
    try:
        yield
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        raise


@contextmanager
def _limited(server: Server) -> Iterator[None]:
    """The server lets the application make so many connections and no more."""
    role = server.databases.role
    for limit in (ALLOWED_CONNECTIONS, -1):
        with closing(server.owner()) as owner:
            owner.run(f"ALTER ROLE {role} CONNECTION LIMIT {limit}")
        if limit > 0:
            yield


def _connections(server: Server) -> list[str]:
    """The states of all connections of the application, as the server knows them."""
    sql = "SELECT state FROM pg_stat_activity WHERE usename = :role"
    with closing(server.owner()) as owner:
        return [state for (state,) in owner.run(sql, role=server.databases.role)]


def _written(server: Server) -> set[int]:
    with closing(server.owner()) as owner:
        return {user for (user,) in owner.run("SELECT id FROM telegram_users")}


def _sockets(server: Server) -> set[str]:
    """Those that this process has open to the server, or to nobody: other tests have theirs."""
    targets = map(_target, Path("/proc/self/fd").iterdir())
    own = {one[len("socket:[") : -1] for one in targets if one.startswith("socket:[")}
    peers = {
        inode: int(peer.split(":")[1], base=16)
        for table in ("tcp", "tcp6")
        for _, _, peer, *_, inode in _rows(Path("/proc/self/net") / table)
    }
    return {one for one in own if peers.get(one, server.port) == server.port}


def _rows(table: Path) -> list[list[str]]:
    return [line.split()[:10] for line in table.read_text().splitlines()[1:]]


def _target(descriptor: Path) -> str:
    with suppress(FileNotFoundError):  # closed since it was listed
        return str(descriptor.readlink())
    return ""


def test_connections_come_back_whatever_befalls_hundreds_of_requests(
    server: Server, database: RecordingDatabase, record_property: Callable[[str, object], None]
) -> None:
    """Broken connections, timeouts, conflicts, a full server, a restart and a crash of it."""
    before = _sockets(server)
    requests = Requests(server, database)
    with _limited(server):
        answers = requests.all()
        eventually(lambda: len(_connections(server)) == database.idle(), PATIENCE_SECONDS)
        assert set(_connections(server)) == {"idle"}
        assert 0 < database.idle() <= ALLOWED_CONNECTIONS
    errors = Counter(_kind(one.error) for one in answers)
    print(errors)
    record_property("pool_errors", dict(errors))
    assert _written(server) >= {one.user for one in answers if one.error is None}
    assert errors.keys() >= _EXPECTED
    _works_again(server, database)
    database.close()
    eventually(lambda: _connections(server) == [], PATIENCE_SECONDS)
    eventually(lambda: _sockets(server) <= before, PATIENCE_SECONDS)


def _kind(error: str | None) -> str:
    """An error's words without what differs from one to the next."""
    return next((words for words in _EXPECTED if error and words in error), error or "done")


def _works_again(server: Server, database: RecordingDatabase) -> None:
    """As many transactions as there are threads, at once and twice, on one connection each."""
    all_are_open = Barrier(THREADS)

    def run() -> None:
        with database.transaction() as tx:
            tx.people.seen(_person(REQUESTS + 1 + all_are_open.wait(PATIENCE_SECONDS)), NOW)

    for _ in range(2):
        together(*[run] * THREADS)
    assert _written(server) >= set(range(REQUESTS + 1, REQUESTS + 1 + THREADS))
    assert database.idle() == len(_connections(server)) == THREADS


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_connection_whose_answer_was_not_read_to_its_end_is_not_used_again(
    server: Server, database: RecordingDatabase, error: type[BaseException]
) -> None:
    """Else each later statement would be answered with what the one before it had asked."""

    def interrupt(*_: object) -> None:
        raise error

    def read() -> None:
        with database.transaction() as tx:
            session = cast("Any", tx).people._session
            session._connection.message_types[DATA_ROW] = interrupt
            session.row("SELECT 1 AS number")

    with pytest.raises(error):
        read()
    assert database.idle() == 0
    eventually(lambda: _connections(server) == [], PATIENCE_SECONDS)
    for number in range(3):
        with database.transaction() as tx:
            found = cast("Any", tx).people._session.row("SELECT :number AS number", number=number)
        assert int(found["number"]) == number
