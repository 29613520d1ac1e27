"""The proxy as an ASGI application, with anvil as its companion process."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from tests.sandbox.ethereum.anvil import HOST, AnvilOptions, running_anvil
from tests.sandbox.ethereum.chain import Chain
from tests.sandbox.ethereum.control import Control
from tests.sandbox.ethereum.lag import Lag
from tests.sandbox.ethereum.mempool import Mempool
from tests.sandbox.ethereum.node import Node
from tests.sandbox.ethereum.rpc import Rpc, operation
from tests.sandbox.faults import FaultBoard, FaultMiddleware, fault_routes


def ethereum_app(anvil: AnvilOptions, block_seconds: float) -> Starlette:
    """The proxy; anvil starts and ends with it."""
    node = Node(f"http://{HOST}:{anvil.port}")
    chain = Chain(node, block_seconds)
    board = FaultBoard()
    mempool, lag = Mempool(chain, anvil.chain_id), Lag(chain)
    rpc = Rpc(lag, mempool, chain.waiting, board, anvil.chain_id)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with node, running_anvil(anvil, node) as process:
            await chain.tokens.install()
            works = [process.wait(), chain.mine_forever()]
            tasks = [asyncio.create_task(_essential(work, app)) for work in works]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    app = Starlette(
        routes=[
            Route("/", rpc.endpoint, methods=["POST"]),
            *Control(chain, mempool, lag, rpc).routes(),
            *fault_routes(board),
        ],
        middleware=[Middleware(FaultMiddleware, board=board, name=operation)],
        lifespan=lifespan,
    )
    app.state.failed = False
    return app


async def _essential(work: Coroutine[Any, Any, Any], app: Starlette) -> None:
    """Where this ends, the proxy is of no use: it ends too, so that whoever runs it notices."""
    try:
        await work
    except Exception:
        logging.getLogger(__name__).exception("the chain stands still")
    app.state.failed = True
    os.kill(os.getpid(), signal.SIGTERM)
