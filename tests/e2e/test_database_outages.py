"""PostgreSQL crashes, or is restarted, in the middle of purchases and swaps: all are settled."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from random import Random

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from shared_lib.adapters.postgres.session import Session
from shared_lib.domain.money import ETH, Money
from shared_lib.ports import DatabaseUnavailableError
from tests.e2e.stage import Purchase, Stage
from tests.e2e.swaps import assert_books, bought, in_usdt, in_xrp, swap_shop, swapped_once
from tests.sandbox.postgres.process import NOT_DURABLE, SETTINGS, started, stop
from tests.sandbox.stack.provision import connect

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]

SEED = 11
BLOWS = 4
PAUSE_SECONDS = (0.3, 2.0)
_DOWN_SECONDS = 1.0
_OURS = "telegram-funnel"  # the tests' own connections; functions go by their names


class Server:
    """The stack's PostgreSQL, in trouble. After each blow the scene is connected again."""

    def __init__(self, scene: Stage) -> None:
        self._scene, self._pid = scene, scene.stack.server.pid
        self._process: subprocess.Popen[bytes] | None = None

    def crash(self, rng: Random) -> None:
        """SIGKILL for the process that serves some function: the server ends all and recovers."""
        os.kill(rng.choice(_backends(self._scene)), signal.SIGKILL)
        looking = Session(self._scene._database)
        self._scene.wait_for("the crash", lambda: not _answers(looking))
        _reconnect(self._scene)

    def restart(self, _rng: Random) -> None:
        """A fast shutdown, a while of nothing, and a new server in the same place."""
        self.stop()
        time.sleep(_DOWN_SECONDS)
        plan, port = self._scene.stack.plan, self._scene.stack.server.port
        self._process = started(plan.folder / "postgres", port, SETTINGS | NOT_DURABLE)
        _reconnect(self._scene)

    def stop(self) -> None:
        """End the server: the stack's own, which the stack still waits for, or the one since."""
        if self._process is not None:
            stop(self._process)
        elif self._pid is not None:
            os.kill(self._pid, signal.SIGINT)
            os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)


def _backends(scene: Stage) -> list[int]:
    """The server's processes that serve functions now."""
    sql = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name <> :ours AND backend_type = 'client backend' ORDER BY pid"
    )
    return scene.wait_for(
        "a function to connect", lambda: [row["pid"] for row in scene.rows(sql, ours=_OURS)]
    )


def _answers(session: Session) -> bool:
    try:
        session.simple("SELECT 1")
    except DatabaseUnavailableError:
        return False
    return True


def _takes_connections(scene: Stage) -> bool:
    try:
        connect(scene.stack.database_url).close()
    except (DatabaseError, InterfaceError):
        return False
    return True


def _reconnect(scene: Stage) -> None:
    """Wait for the server, and give the scene connections that live."""
    for dead in (scene._database, scene.__dict__.pop("owner", None)):
        if dead is not None:
            Session(dead).close()
    scene.wait_for("the database to be back", lambda: _takes_connections(scene))
    scene._database = connect(scene.stack.database_url)


@pytest.fixture(scope="module")
def server(scene: Stage, pytestconfig: pytest.Config) -> Server:
    """It goes on for the other tests, and ends after the stack."""
    if scene.stack.server.pid is None:
        pytest.skip("a server that is not ours is not harmed")
    server = Server(scene)
    pytestconfig.add_cleanup(lambda: server.stop() if server._process else None)
    return server


@pytest.fixture
def _commits_are_kept(scene: Stage) -> Iterator[None]:
    """In a crash too, as in production. Other tests do without, to be faster."""
    _set(scene, "SET synchronous_commit = on")
    yield
    _set(scene, "RESET synchronous_commit")


def _set(scene: Stage, what: str) -> None:
    """Change a setting of the database; functions connect anew to have it."""
    scene.owner.run(f"ALTER DATABASE {scene.database} {what}")
    for pid in _backends(scene):
        scene.owner.run("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)


@pytest.mark.usefixtures("_commits_are_kept")
@pytest.mark.parametrize("blow", [Server.crash, Server.restart], ids=["crashes", "restarts"])
def test_purchases_and_swaps_settle_once_although_the_database(
    scene: Stage, server: Server, blow: Callable[[Server, Random], None]
) -> None:
    scene.wait_until_quiet()
    rng = Random(SEED)
    purchases = [bought(scene, shop) for shop in (scene.new_shop(), scene.new_shop())]
    purchases += [bought(scene, swap_shop(scene, target())) for target in (in_usdt, in_xrp)]
    for number in range(BLOWS):
        time.sleep(rng.uniform(*PAUSE_SECONDS))
        blow(server, rng)
        assert number or not all(scene.settled(one.payment_id) for one in purchases), "too late"
    for purchase in purchases:
        scene.join(purchase)
    for purchase in purchases:
        _settled_once(scene, purchase)
    assert_books(scene)


def _settled_once(scene: Stage, purchase: Purchase) -> None:
    row = scene.settle(purchase.payment_id)
    assert len(scene.links_of(purchase.buyer)) == 1
    if purchase.shop.target.asset != ETH:
        swapped_once(scene, purchase)
        return
    assert len(scene.sent_transactions(purchase.shop.destination)) == 1
    assert scene.balance(purchase.shop.destination) == Money(int(row["share"]), ETH)
