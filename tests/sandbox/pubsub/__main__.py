import argparse
import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import aiohttp
import uvicorn
from starlette.applications import Starlette

from tests.sandbox.faults import FaultBoard
from tests.sandbox.pubsub.broker import Broker
from tests.sandbox.pubsub.control import Control
from tests.sandbox.pubsub.front_door import FrontDoor
from tests.sandbox.pubsub.grpc_server import grpc_server
from tests.sandbox.pubsub.leases import Leases
from tests.sandbox.pubsub.publisher import Publisher
from tests.sandbox.pubsub.push import Pusher
from tests.sandbox.pubsub.store import Store
from tests.sandbox.pubsub.subscriber import Subscriber
from tests.sandbox.pubsub.tokens import TokenIssuer
from tests.sandbox.pubsub.weather import Weather

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 0.2
SWEEP_SECONDS = 30.0
# Servers close idle connections (gunicorn after 2 s); a push must not meet one that just closes.
IDLE_CONNECTION_SECONDS = 1.0


class HttpServer(uvicorn.Server):
    """A server that leaves the signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.pubsub", description=__doc__)
    parser.add_argument("--grpc-port", type=int, required=True)
    parser.add_argument("--front-port", type=int, required=True, help="front door and control")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file, made if missing")
    parser.add_argument(
        "--route", action="append", default=[], metavar="NAME=URL", help="function behind the door"
    )
    parser.add_argument("--max-outstanding", type=int, default=50, help="pushes per subscription")
    parser.add_argument(
        "--push-min-backoff-seconds",
        type=float,
        default=os.environ.get("PUSH_MIN_BACKOFF_SECONDS") or None,
        help="replaces every minimum back-off and caps the maximum to 10x of it",
    )
    parser.add_argument(
        "--shortest-ack-deadline-seconds",
        type=int,
        default=10,
        help="shorter ack deadlines are refused; Pub/Sub's own limit is 10",
    )
    return parser.parse_args(arguments)


async def run(chosen: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(chosen.state)
    try:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        ) as session:
            await _serve(chosen, store, session, stop)
    finally:
        store.close()


async def _serve(
    chosen: argparse.Namespace, store: Store, session: aiohttp.ClientSession, stop: asyncio.Event
) -> None:
    weather, board = Weather(), FaultBoard()
    broker = Broker(store, weather, chosen.push_min_backoff_seconds)
    tokens = TokenIssuer(chosen.state.with_name(chosen.state.name + ".key.pem"))
    routes = dict(route.split("=", 1) for route in chosen.route)
    front = FrontDoor(session, tokens, chosen.front_port, routes)
    pusher = Pusher(broker, session, front, board, chosen.max_outstanding)
    subscriber = Subscriber(broker, Leases(broker), chosen.shortest_ack_deadline_seconds)
    rpc = grpc_server(Publisher(broker, board), subscriber, weather)
    rpc.add_insecure_port(f"{HOST}:{chosen.grpc_port}")
    http = _http_server(Control(broker, front, board).app(), chosen.front_port)
    await rpc.start()
    pusher.start()
    serving = asyncio.create_task(http.serve())
    serving.add_done_callback(lambda _task: stop.set())
    sweeping = asyncio.create_task(_sweep(broker))
    await stop.wait()
    sweeping.cancel()
    http.should_exit = http.force_exit = True
    await asyncio.gather(pusher.stop(), rpc.stop(SHUTDOWN_SECONDS), serving)


def _http_server(app: Starlette, port: int) -> HttpServer:
    config = uvicorn.Config(
        app, host=HOST, port=port, log_level="warning", access_log=False, lifespan="off", ws="none"
    )
    return HttpServer(config)


async def _sweep(broker: Broker) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        broker.expire()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="pubsub %(levelname)s %(message)s")
    asyncio.run(run(options()))
