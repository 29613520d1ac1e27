"""The JSON-RPC endpoint: single requests and batches."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.sandbox.ethereum.lag import Lag
from tests.sandbox.ethereum.mempool import Mempool
from tests.sandbox.ethereum.node import RpcError
from tests.sandbox.ethereum.waiting import WaitingRoom
from tests.sandbox.faults import FaultBoard, Scope

MAX_BATCH = 1000
# Powers that no real node gives its clients.
ANVIL_ONLY = ("anvil_", "evm_", "hardhat_")
# What anvil calls otherwise than geth does, with geth's code and words for it.
GETHS_WORDS = {"EVM error InvalidFEOpcode": (-32000, "invalid opcode: INVALID")}


class Rpc:
    """Answers requests as geth would. `said_chain_id` is what it claims the chain to be."""

    def __init__(
        self, lag: Lag, mempool: Mempool, waiting: WaitingRoom, board: FaultBoard, chain_id: int
    ) -> None:
        self._lag = lag
        self._waiting = waiting
        self._mempool = mempool
        self._board = board
        self.said_chain_id = chain_id

    async def endpoint(self, request: Request) -> Response:
        """One HTTP request."""
        try:
            asked = json.loads(await request.body())
        except ValueError:
            return JSONResponse(_failed(None, RpcError(-32700, "parse error")))
        if not isinstance(asked, list):
            return JSONResponse(await self._answer(asked))
        if len(asked) > MAX_BATCH:
            return JSONResponse(_failed(None, RpcError(-32600, "batch too large")))
        return JSONResponse([await self._answer(one) for one in asked])

    async def _answer(self, asked: Any) -> dict[str, Any]:
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            return _failed(None, RpcError(-32600, "invalid request"))
        number = asked.get("id")
        try:
            result = await self._result(asked["method"], list(asked.get("params") or []))
        except RpcError as error:
            return _failed(number, error)
        return {"jsonrpc": "2.0", "id": number, "result": result}

    async def _result(self, method: str, params: list[Any]) -> Any:
        self._raise_ordered_error(method)
        if method.startswith(ANVIL_ONLY):
            raise RpcError(-32601, f"the method {method} does not exist/is not available")
        if method == "eth_sendRawTransaction":
            return await self._mempool.send(params[0] if params else None)
        if method == "eth_chainId":
            return hex(self.said_chain_id)
        if method == "net_version":
            return str(self.said_chain_id)
        return await self._pool_aware(method, params)

    async def _pool_aware(self, method: str, params: list[Any]) -> Any:
        """Anvil's answer, but for what waits outside of it; who lags knows no pool."""
        counts_pool = params[1:] == ["pending"] and self._lag.blocks == 0
        if method == "eth_getTransactionCount" and counts_pool:
            return hex(await self._waiting.pending_count(params[0]))
        try:
            result = await self._lag.call(method, params)
        except RpcError as error:
            if error.message not in GETHS_WORDS:
                raise
            raise RpcError(*GETHS_WORDS[error.message]) from error
        if method == "eth_getTransactionByHash" and result is None and params:
            return self._waiting.find(params[0])
        return result

    def _raise_ordered_error(self, method: str) -> None:
        """The custom fault `rpc_error` answers an error in JSON-RPC's own form."""
        fault = self._board.strike(method, custom="rpc_error")
        if fault is not None:
            code = fault.values.get("code", -32000)
            raise RpcError(code, fault.values.get("message", "internal error"))


def operation(_scope: Scope, body: bytes) -> str | None:
    """The name of a request for faults: its method, or a batch's methods joined by `+`."""
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    requests = asked if isinstance(asked, list) else [asked]
    names = [str(one.get("method")) for one in requests if isinstance(one, dict)]
    return "+".join(names) or None


def _failed(number: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": error.as_json()}
