"""Requests per second of the real intake, over those of a function that does the least."""

import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx

from tests.bench.callbacks import STATUSES, reports, unknown_payment
from tests.bench.figures import Figure, at_least, median_ratio
from tests.bench.load import post_all
from tests.bench.processor_time import Meter, Usage
from tests.bench.rounds import repeated
from tests.sandbox.postgres import PostgresServer, database_url, running_postgres
from tests.sandbox.stack import programs
from tests.sandbox.stack.plan import HOST, Plan
from tests.sandbox.stack.processes import Program, Supervisor
from tests.sandbox.stack.provision import connect, prepare_database, prepare_pubsub

ROUNDS, _ROUNDS_SECONDS = 7, 20.0
PAYMENTS_A_ROUND = 60  # with all their callbacks
CONNECTIONS = 16
_OURS = "nowpayments_ipn"
_BASELINE = "baseline"
_TABLE = """
CREATE TABLE bench_callbacks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
GRANT INSERT ON bench_callbacks TO funnel_app;
"""


@dataclass(frozen=True)
class _Place:
    """Both functions on one database, and the processes behind them."""

    plan: Plan
    baseline_url: str
    pids: dict[str, int]


def measure(folder: Path) -> list[Figure]:
    """Both in turns, so that what disturbs one disturbs the other."""
    with _running(folder) as place:
        _round(place, 0, 10)  # connections, clients and caches
        meter = Meter(place.pids)
        rates = repeated(
            lambda number: _round(place, 1_000 * (number + 1), PAYMENTS_A_ROUND),
            ROUNDS,
            _ROUNDS_SECONDS,
        )
        usage = meter.read()
    ours, least = [one for one, _ in rates], [other for _, other in rates]
    return [
        Figure("intake / baseline", median_ratio(ours, least), "", at_least(0.35)),
        Figure("intake", median(ours), "requests/s"),
        Figure("intake, baseline", median(least), "requests/s"),
        *_processor_time(usage, len(rates) * PAYMENTS_A_ROUND * len(STATUSES)),
    ]


def _processor_time(usage: Usage, requests: int) -> list[Figure]:
    """Per request, which hardly depends on what else the machine does."""
    names = {_OURS: "function", _BASELINE: "baseline's function", "pubsub": "Pub/Sub stand-in"}
    return [
        Figure(f"intake, processor time of {said}", 1_000 * usage.seconds[name] / requests, "ms")
        for name, said in names.items()
    ]


def _round(place: _Place, first: int, payments: int) -> tuple[float, float]:
    """Requests per second of ours and of the baseline, with the same bytes."""
    numbers = range(first, first + payments)
    talks = [reports(unknown_payment(number), place.plan.ipn_secret) for number in numbers]
    baseline = post_all(place.baseline_url, talks, CONNECTIONS)
    ours = post_all(place.plan.url(_OURS), talks, CONNECTIONS)
    return ours.per_second, baseline.per_second


@contextmanager
def _running(folder: Path) -> Iterator[_Place]:
    plan = Plan(folder, folder / "stack.json")
    with running_postgres(folder.parent / "postgres") as server:
        url = prepare_database(server, "bench_intake")
        _make_table(server, url)
        supervisor = Supervisor(folder / "logs")
        try:
            supervisor.start([one for one in programs.world(plan, "") if one.name == "pubsub"])
            prepare_pubsub(plan)
            _keep_messages(plan)
            port = _free_port()
            real = [one for one in programs.functions(plan, url) if one.name == _OURS]
            supervisor.start([*real, _baseline(plan, url, port)])
            yield _Place(plan, f"http://{HOST}:{port}", supervisor.pids())
        finally:
            supervisor.stop()


def _make_table(server: PostgresServer, url: str) -> None:
    name = urlsplit(url).path.lstrip("/")
    with closing(connect(database_url(server, name))) as owner:
        owner.run(_TABLE)


def _keep_messages(plan: Plan) -> None:
    """Nobody consumes here: messages are taken and kept, as by a subscription that is behind."""
    body = {"subscription": "confirm_payment"}
    order = f"{plan.url('front')}/_sandbox/pause"
    httpx.post(order, json=body, trust_env=False).raise_for_status()


def _baseline(plan: Plan, url: str, port: int) -> Program:
    """The baseline under the same server, with the same environment but for its folder."""
    own = plan.folder / "run" / _BASELINE
    own.mkdir(parents=True, exist_ok=True)
    environment = plan.function_environment(_OURS, url)
    environment |= {"HOME": str(own), "XDG_RUNTIME_DIR": str(own)}
    command = [str(Path(sys.executable).with_name("functions-framework")), "--target", _BASELINE]
    command += ["--source", str(Path(__file__).parent / "baseline" / "main.py")]
    command += ["--host", HOST, "--port", str(port)]
    return Program(_BASELINE, command, environment, lambda: _listens(port))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
