"""Many purchases at once: from the first callback until the last owner is paid."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from shared_lib.domain.currency import asset_of
from shared_lib.domain.offer import PayoutTarget
from tests.bench.figures import Figure, at_least
from tests.bench.load import post_all
from tests.bench.market import Market, Purchase, invited_at
from tests.bench.processor_time import Meter, Usage
from tests.sandbox.scene import Scene, eth_wallet
from tests.sandbox.stack.plan import function_table

DIRECT, SWAPPED = 48, 24
CONNECTIONS = 8
PAYMENTS_PER_SECOND = 8.0
_SETTLE_SECONDS = 35.0
_TAGS = count(50_000)

_PROGRESS = """
SELECT extract(epoch FROM o.settled_at) AS settled_at FROM payments p
JOIN shares s ON s.payment_id = p.id
JOIN payout_shares link ON link.share_id = s.id AND link.released_at IS NULL
JOIN payouts o ON o.id = link.payout_id AND o.state = 'settled'
JOIN invites i ON i.payment_id = p.id AND i.state = 'live'
WHERE p.provider_payment_id = ANY(CAST(:ids AS text[]))
"""


@dataclass(frozen=True)
class Run:
    """How many payments came in and how many were done; what that took.

    Seconds count from the first callback: until all callbacks were stored, until the last invite,
    and until the last payout that was waited for.
    """

    payments: int
    done: int
    stored: float
    invited: float
    settled: float
    usage: Usage

    @property
    def per_second(self) -> float:
        """Payments whose owner is paid and whose buyer is invited."""
        return self.done / max(self.invited, self.settled)

    def milliseconds(self, *names: str) -> float:
        """Processor time per payment of these processes."""
        return 1_000 * sum(self.usage.seconds[name] for name in names) / self.payments


def measure(scene: Scene, market: Market) -> list[Figure]:
    """First owners who are paid directly, then owners who want another coin."""
    direct = _figures("direct", _run(scene, market, DIRECT, eth_wallet))
    return [*direct, *_figures("swapped", _run(scene, market, SWAPPED, _ripple))]


def _ripple() -> PayoutTarget:
    """An owner of a well-known wallet, told apart by a tag."""
    wallet = "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh"
    return PayoutTarget(asset_of("xrp:xrp"), wallet, str(next(_TAGS)))


def _run(scene: Scene, market: Market, number: int, target: Callable[[], PayoutTarget]) -> Run:
    purchases = market.purchases([target() for _ in range(number)])
    url = scene.stack.plan.url("nowpayments_ipn")
    meter = Meter(scene.stack.pids())
    began = time.time()
    load = post_all(url, [one.callbacks for one in purchases], CONNECTIONS)
    settled = _await(scene, purchases)
    usage = meter.read()
    # On a machine that is busy not all may be done in time; then what is done counts.
    last = max(settled) if len(settled) == number else time.time()
    seen = invited_at(scene)
    invited = max(seen.get(one.buyer, last) for one in purchases)
    return Run(number, len(settled), load.seconds, invited - began, last - began, usage)


def _await(scene: Scene, purchases: Sequence[Purchase]) -> list[float]:
    """Wait until all is done, but not for ever; when each owner was paid."""
    ids = [one.payment_id for one in purchases]
    until = time.monotonic() + _SETTLE_SECONDS
    rows: list[dict[str, Any]] = []
    while len(rows) < len(ids) and time.monotonic() < until:
        time.sleep(0.1)
        rows = scene.rows(_PROGRESS, ids=ids)
    return [float(one["settled_at"]) for one in rows]


def _figures(kind: str, run: Run) -> list[Figure]:
    functions = list(function_table()["functions"])
    others = [name for name in run.usage.seconds if name not in functions]
    all_of_it = run.milliseconds(*functions, *others)
    cores = os.cpu_count() or 1
    return [
        Figure(f"{kind}", run.per_second, "payments/s", at_least(PAYMENTS_PER_SECOND)),
        Figure(f"{kind}, done of {run.payments}", run.done, "payments"),
        Figure(f"{kind}, all callbacks stored after", run.stored, "s"),
        Figure(f"{kind}, last buyer invited after", run.invited, "s"),
        Figure(f"{kind}, last owner paid after", run.settled, "s"),
        Figure(f"{kind}, processor time of our functions", run.milliseconds(*functions), "ms"),
        Figure(f"{kind}, processor time of everything", all_of_it, "ms"),
        Figure(f"{kind}, that would fill this machine at", 1_000 * cores / all_of_it, "payments/s"),
        Figure(f"{kind}, machine used by others", 100 * run.usage.foreign_share, "%"),
        *_most_used(kind, run),
    ]


def _most_used(kind: str, run: Run) -> list[Figure]:
    """The processes that took most of it."""
    ordered = sorted(run.usage.seconds, key=lambda name: -run.usage.seconds[name])
    return [Figure(f"{kind}, … {name}", run.milliseconds(name), "ms") for name in ordered[:8]]
