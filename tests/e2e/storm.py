"""Many people buy at once while some process is killed every few seconds; everything settles.

    python -m tests.e2e.storm --purchases 1000
    python -m tests.e2e.storm --purchases 1000 --seed 7     the same victims again

The database and the chain's node are spared: they keep nothing unwritten here, and have tests of
their own. Everything else may die at any moment and is started again.
"""

import argparse
import os
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any, TypeVar

import httpx

from shared_lib.domain.money import ETH, Money
from tests.bench.processor_time import processes, sum_trees
from tests.e2e.stage import QUARTER, Stage
from tests.e2e.swaps import assert_books, in_bitcoin, in_usdt, in_xrp
from tests.invariants import RULES
from tests.sandbox.scene import Invoice, NotSeenError, Sold
from tests.sandbox.stack.plan import Plan, function_table
from tests.sandbox.stack.run import Stack, running_stack

SPARED = frozenset({"postgres", "ethereum", "web"})
BUYERS_AT_ONCE = 8
DIRECT_SHOPS = 6
# A buyer asks again when nothing has come for so long; nothing may take longer than that in all.
PATIENCE_SECONDS, GIVE_UP_SECONDS = 15.0, 300.0
SECONDS_BETWEEN_KILLS = 3.0
SAMPLE_SECONDS = 0.5
GAS_MONEY = 3 * 10**18

Seen = TypeVar("Seen")


@dataclass
class Report:
    """What came of it. Processor time is in seconds, by process."""

    purchases: int
    seed: int
    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    used: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def lines(self) -> Iterator[str]:
        """For people."""
        ours = sum(self.used[name] for name in function_table()["functions"])
        everything = sum(self.used.values())
        yield (
            f"{self.purchases} purchases in {self.seconds:.0f} s, "
            f"{self.purchases / self.seconds:.2f} a second; processor time of each: "
            f"{1_000 * ours / self.purchases:.0f} ms in our functions, "
            f"{1_000 * everything / self.purchases:.0f} ms in everything, starts included"
        )
        yield f"{self.kills.total()} kills, seed {self.seed}: " + ", ".join(
            f"{name} {times}" for name, times in self.kills.most_common()
        )


def storm(
    scene: Stage,
    purchases: int,
    seed: int,
    seconds_between_kills: float = SECONDS_BETWEEN_KILLS,
) -> Report:
    """Play it and check that everything came true. Raises AssertionError."""
    report = Report(purchases, seed)
    shops = _open_shops(scene)
    bought: list[tuple[int, Sold]] = [
        (scene.new_person(), shops[number % len(shops)]) for number in range(purchases)
    ]
    began = time.monotonic()
    with _sampling(scene.stack, report), _killing(scene.stack, report, seconds_between_kills):
        with ThreadPoolExecutor(BUYERS_AT_ONCE) as threads:
            buyers = [Buyer(scene, person, shop) for person, shop in bought]
            paid = list(threads.map(Buyer.buy_and_join, buyers))
        scene.wait_for("all to be settled", lambda: _are_settled(scene, paid), GIVE_UP_SECONDS)
    report.seconds = time.monotonic() - began
    _check(scene, shops, bought, paid)
    return report


def _open_shops(scene: Stage) -> list[Sold]:
    """Most owners want ETH; the others each another coin."""
    wanted = [*[None] * DIRECT_SHOPS, in_xrp(), in_xrp(), in_usdt(), in_bitcoin()]
    return [scene.new_shop(QUARTER, target=target) for target in wanted]


# ---- people --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Buyer:
    """One who gets what they want, however often they have to ask."""

    scene: Stage
    person: int
    shop: Sold

    def buy_and_join(self) -> str:
        """The payment's id, once inside."""
        payment_id = self._insist("a payment", self._pay)
        link = self._insist("an invite", lambda: self.scene.invite_link(self.person, 0))
        chat_id = self.shop.closed_chat_id
        self._insist("an answer", lambda: self.scene.ask_to_join(self.person, link))
        self._insist("a way in", lambda: self.scene.is_inside(chat_id, self.person))
        return payment_id

    def _pay(self) -> str:
        """Whoever gets no answer looks first whether the payment was taken."""
        invoice = self.scene.ask_for(self.person, self.shop.registered.offer_links[0])
        return self._payment_of(invoice) or self.scene.pay(invoice)

    def _payment_of(self, invoice: Invoice) -> str | None:
        payments = self.scene.nowpayments_shows("payments")
        mine = [one for one in payments if str(one["invoice_id"]) == invoice.invoice_id]
        return str(mine[0]["id"]) if mine else None

    def _insist(self, what: str, ask: Callable[[], Seen | None]) -> Seen:
        """Ask until there is an answer, with pauses in which the last one may still come."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            try:
                seen = ask()
            except httpx.TransportError:  # it was killed, and is started again
                seen = None
                time.sleep(PATIENCE_SECONDS if what == "a payment" else 1)
            except (NotSeenError, httpx.HTTPStatusError):
                seen = None
            if seen:
                return seen
            time.sleep(0.2)
        raise NotSeenError(f"{self.person} waited in vain for {what}")


# ---- deaths --------------------------------------------------------------------------------------


@contextmanager
def _killing(stack: Stack, report: Report, seconds: float) -> Iterator[None]:
    """Kill some process every few seconds until the end of the block."""
    dice = Random(report.seed)
    victims = sorted(stack.pids().keys() - SPARED)
    killed: set[int] = set()

    def kill_one() -> None:
        victim = dice.choice(victims)
        pid = stack.pids()[victim]
        if pid not in killed:
            killed.add(pid)
            os.killpg(pid, signal.SIGKILL)
            report.kills[victim] += 1

    with _repeating(kill_one, lambda: dice.uniform(0.5, 1.5) * seconds):
        yield


@contextmanager
def _sampling(stack: Stack, report: Report) -> Iterator[None]:
    """Add up processor time; what a process used after the last look before its death is lost."""
    last: dict[tuple[str, int], float] = {}

    def look() -> None:
        pids = stack.pids()
        for name, seconds in sum_trees(processes(), pids).items():
            key = name, pids[name]
            if key in last:
                report.used[name] += max(0.0, seconds - last[key])
            elif last and seconds:  # it was started again meanwhile
                report.used[name] += seconds
            last[key] = max(seconds, last.get(key, 0.0))

    for name, seconds in sum_trees(processes(), stack.pids()).items():
        last[name, stack.pids()[name]] = seconds
    with _repeating(look, lambda: SAMPLE_SECONDS):
        yield
    look()


@contextmanager
def _repeating(act: Callable[[], None], pause: Callable[[], float]) -> Iterator[None]:
    """Do it again and again in a thread; what it raised is raised at the end of the block."""
    ended, problems = Event(), list[BaseException]()

    def run() -> None:
        try:
            while not ended.wait(pause()):
                act()
        except BaseException as problem:  # noqa: BLE001 (raised again below)
            problems.append(problem)

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if problems:
        raise problems[0]


# ---- what must be true in the end ----------------------------------------------------------------

_PAID = """
SELECT count(*) AS number FROM payments p JOIN shares s ON s.payment_id = p.id
WHERE s.state = 'paid' AND p.provider_payment_id = ANY(CAST(:ids AS text[]))
"""
_EARNED = """
SELECT sum(p.received - p.fee) AS amount FROM payments p JOIN orders o ON o.id = p.order_id
WHERE o.channel_id = :id
"""
_BOUGHT = """
SELECT coalesce(sum(w.bought), 0) AS amount FROM swaps w JOIN payouts o ON o.id = w.payout_id
WHERE o.channel_id = :id AND w.state = 'finished'
"""


def _are_settled(scene: Stage, paid: Sequence[str]) -> bool:
    [row] = scene.rows(_PAID, ids=list(paid))
    return bool(row["number"] == len(paid))


def _check(
    scene: Stage, shops: Sequence[Sold], bought: Sequence[tuple[int, Sold]], paid: Sequence[str]
) -> None:
    """Each buyer one link and one period, each owner what was earned, and all books in order."""
    assert len(set(paid)) == len(bought)
    for person, shop in bought:
        assert scene.is_inside(shop.closed_chat_id, person)
        assert len(scene.links_of(person)) == 1, person
    assert_books(scene)
    for shop in shops:
        _check_owner(scene, shop)
    broken = {rule: found for rule, sql in RULES.items() if (found := scene.rows(sql))}
    assert not broken


def _check_owner(scene: Stage, shop: Sold) -> None:
    channel: dict[str, Any] = {"id": shop.registered.channel_id}
    if shop.target.asset == ETH:
        earned = int(scene.one(_EARNED, **channel))
        assert scene.balance(shop.destination) == Money(earned, ETH)
        return
    asset = shop.target.asset
    assert scene.arrived(shop.target) == Money(int(scene.one(_BOUGHT, **channel)), asset)


# ---- by itself -----------------------------------------------------------------------------------


def main() -> int:
    """0 where everything settled."""
    parser = argparse.ArgumentParser(description="Purchases at once, and kills all the time.")
    parser.add_argument("--purchases", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds-between-kills", type=float, default=SECONDS_BETWEEN_KILLS)
    given = parser.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    print(f"storm of {given.purchases} purchases, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(Path(folder), Path(folder) / "stack.json", block_seconds=0.5, pace_seconds=0.15)
        os.environ["PUBSUB_EMULATOR_HOST"] = plan.pubsub_host
        with running_stack(plan, durable=False) as stack:
            scene = Stage(stack)
            try:
                scene.top_up(GAS_MONEY)
                report = storm(scene, given.purchases, seed, given.seconds_between_kills)
            finally:
                scene.close()
    for line in report.lines():
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
