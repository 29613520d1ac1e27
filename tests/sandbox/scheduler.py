"""Cloud Scheduler on one laptop: publishes ticks to Pub/Sub at round times of the wall clock.

A tick of name N goes to the topic `tick.N`. TICK_SCALE divides all periods: with 60, what happens
each minute happens each second. A tick that cannot be published is lost, as one of a job without
retries is; the next one comes in time.
"""

import argparse
import json
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from types import FrameType
from typing import Any

import grpc
from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

PUBLISH_TIMEOUT_SECONDS = 5.0
# By default gRPC waits up to two minutes before it looks again for a server that was down.
CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)

log = logging.getLogger(__name__)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.scheduler", description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument(
        "--tick", action="append", type=tick, required=True, metavar="NAME=SECONDS", dest="ticks"
    )
    parser.add_argument("--tick-scale", type=float, default=os.environ.get("TICK_SCALE") or "1")
    return parser.parse_args(arguments)


def tick(text: str) -> tuple[str, float]:
    """A name and its period from NAME=SECONDS."""
    name, _, period = text.partition("=")
    if not name or not float(period) > 0:
        raise ValueError(text)
    return name, float(period)


def next_slot(now: float, period_seconds: float) -> int:
    """The number of the first slot that begins after `now`; slot n begins at n periods."""
    return math.floor(now / period_seconds) + 1


def run(client: Any, project: str, periods: Mapping[str, float]) -> None:
    """Publish every tick at the beginning of each of its slots, for ever."""
    slots = {name: next_slot(time.time(), period) for name, period in periods.items()}
    while True:
        begins = {name: slots[name] * period for name, period in periods.items()}
        time.sleep(max(0.0, min(begins.values()) - time.time()))
        now = time.time()
        for name in [name for name, moment in begins.items() if moment <= now]:
            _publish(client, project, name)
            # Slots that passed meanwhile are skipped; none is ever published twice.
            slots[name] = max(slots[name] + 1, next_slot(now, periods[name]))


def _publish(client: Any, project: str, name: str) -> None:
    data = json.dumps({"type": f"tick.{name}", "version": 1}).encode()
    topic = client.topic_path(project, f"tick.{name}")
    # Without retries: late ticks would only pile up behind an emulator that is down.
    future = client.publish(topic, data, retry=None, timeout=PUBLISH_TIMEOUT_SECONDS)
    future.add_done_callback(lambda done: _report(name, done))


def _report(name: str, done: "Future[str]") -> None:
    error = done.exception()
    if error is not None:
        log.warning("tick %s was not published: %s", name, str(error).splitlines()[:1])


def _client(host: str) -> Any:
    channel = grpc.insecure_channel(host, CHANNEL_OPTIONS)
    # One message a batch: ticks are few, and a batch would wait for more.
    batch = BatchSettings(max_messages=1)
    return PublisherClient(batch, transport=PublisherGrpcTransport(channel=channel))


def _leave(_number: int, _frame: FrameType | None) -> None:
    # Nothing is worth waiting for, and the client's threads may be waiting for an answer.
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """Publish ticks until SIGTERM."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    logging.basicConfig(level=logging.WARNING, format="scheduler %(levelname)s %(message)s")
    chosen = options()
    client = _client(os.environ["PUBSUB_EMULATOR_HOST"])
    periods = {name: period / chosen.tick_scale for name, period in chosen.ticks}
    run(client, chosen.project, periods)


if __name__ == "__main__":
    main()
