"""How long a function takes to start in a fresh interpreter.

Starting is the work of one thread, so processor time is what a machine without other work would
need by the clock. It is what the budget is held against; the clock's time is shown besides.
"""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure, below
from tests.bench.rounds import repeated
from tests.sandbox.stack.plan import PROJECT, Plan, function_table, python

REPEATS = 5
_READY = """
import json, sys, time
import functions_framework
functions_framework.create_app(sys.argv[1], sys.argv[2])
for name in sys.argv[3:]:
    __import__(name)
print(json.dumps([time.process_time(), time.time()]))
"""
# What some functions load besides with their first delivery.
_HEAVY = {
    "check_transfer": ("web3", "shared_lib.adapters.ethereum_node"),
    "send_transfer": ("web3", "shared_lib.adapters.ethereum_node", "eth_account"),
    "nowpayments_ipn": ("Pub/Sub's client", "google.cloud.pubsub_v1"),
}
_BUDGETS = {f"{name} with web3": below(1.2) for name in ("check_transfer", "send_transfer")}
_ROUNDS_SECONDS = 40.0
_START_SECONDS = 30.0


@dataclass(frozen=True)
class _Start:
    """Seconds until ready: of the processor, and by the clock."""

    processor: float
    clock: float


def measure(folder: Path) -> list[Figure]:
    """Every function, and those that use the chain again with its client."""
    plan = Plan(folder, folder / "stack.json")
    names = list(function_table()["functions"])
    wanted = {name: (name,) for name in names} | {
        f"{name} with {what}": (name, *modules) for name, (what, *modules) in _HEAVY.items()
    }
    starts = _starts(plan, wanted)
    slowest = max(names, key=lambda name: starts[name].processor)
    typical = median(starts[name].processor for name in names)
    return [
        Figure(f"import, slowest ({slowest})", starts[slowest].processor, "s", below(0.7)),
        Figure("import, median of all functions", typical, "s"),
        Figure("import, slowest by the clock", max(starts[one].clock for one in names), "s"),
        *(
            Figure(f"import, {name}", starts[name].processor, "s", _BUDGETS.get(name))
            for name in wanted
            if name not in names
        ),
    ]


def _starts(plan: Plan, wanted: Mapping[str, Sequence[str]]) -> dict[str, _Start]:
    """Medians, taken in rounds; on a machine that is busy there are fewer rounds than wanted."""

    def once(_number: int) -> dict[str, _Start]:
        return {key: _start(plan, *arguments) for key, arguments in wanted.items()}

    rounds = repeated(once, REPEATS, _ROUNDS_SECONDS)
    return {
        key: _Start(
            median(one[key].processor for one in rounds), median(one[key].clock for one in rounds)
        )
        for key in wanted
    }


def _start(plan: Plan, name: str, *modules: str) -> _Start:
    source = str(PROJECT / "functions" / name / "main.py")
    environment = plan.function_environment(name, "postgresql://nobody@127.0.0.1/nothing")
    began = time.time()
    done = subprocess.run(
        python("-c", _READY, name, source, *modules),
        env=environment,
        capture_output=True,
        check=True,
        timeout=_START_SECONDS,
    )
    processor, ready = json.loads(done.stdout.splitlines()[-1])
    return _Start(processor, ready - began)
