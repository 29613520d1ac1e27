"""Runs the emulator: gRPC for clients, HTTP for its switches."""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.sandbox.faults import FaultBoard, fault_routes
from tests.sandbox.firestore.documents import Documents
from tests.sandbox.firestore.grpc_server import grpc_server
from tests.sandbox.firestore.service import Service
from tests.sandbox.firestore.transactions import Transactions

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 0.2


class HttpServer(uvicorn.Server):
    """A server that leaves the signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.firestore", description=__doc__)
    parser.add_argument("--grpc-port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="SQLite file, made if missing")
    return parser.parse_args(arguments)


async def run(chosen: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    documents, board = Documents(chosen.state), FaultBoard()
    try:
        rpc = grpc_server(Service(documents, Transactions(documents)), board)
        rpc.add_insecure_port(f"{HOST}:{chosen.grpc_port}")
        http = _http_server(_control(documents, board), chosen.control_port)
        await rpc.start()
        serving = asyncio.create_task(http.serve())
        serving.add_done_callback(lambda _task: stop.set())
        await stop.wait()
        http.should_exit = http.force_exit = True
        await asyncio.gather(rpc.stop(SHUTDOWN_SECONDS), serving)
    finally:
        documents.close()


def _control(documents: Documents, board: FaultBoard) -> Starlette:
    """Health, faults, what is stored, and the loss of all of it."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def names(_request: Request) -> Response:
        return JSONResponse(sorted(documents.snapshot()))

    async def clear(_request: Request) -> Response:
        return JSONResponse({"lost": documents.clear()})

    routes = [
        Route("/healthz", healthz),
        Route("/_sandbox/documents", names),
        Route("/_sandbox/clear", clear, methods=["POST"]),
        *fault_routes(board),
    ]
    return Starlette(routes=routes)


def _http_server(app: Starlette, port: int) -> HttpServer:
    config = uvicorn.Config(
        app, host=HOST, port=port, log_level="warning", access_log=False, lifespan="off", ws="none"
    )
    return HttpServer(config)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="firestore %(levelname)s %(message)s")
    asyncio.run(run(options()))
