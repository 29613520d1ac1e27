"""The JSON-RPC client by which the proxy talks to anvil."""

from itertools import count
from types import TracebackType
from typing import Any, Self

import aiohttp

REQUEST_SECONDS = 30.0


class RpcError(Exception):
    """A JSON-RPC error, anvil's or the proxy's own."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> dict[str, Any]:
        """The `error` member of an answer."""
        known = {"code": self.code, "message": self.message}
        return known if self.data is None else known | {"data": self.data}


class Node:
    """Calls one JSON-RPC endpoint."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ids = count(1)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, *params: Any) -> Any:
        """The result of one request."""
        if self._session is None:
            raise RuntimeError("the node's client is not open")
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        async with self._session.post(self._url, json=request) as response:
            answer = await response.json()
        if "error" in answer:
            error = answer["error"]
            raise RpcError(error["code"], error["message"], error.get("data"))
        return answer.get("result")

    async def number(self, method: str, *params: Any) -> int:
        """The result of one request, where it is a quantity."""
        return int(await self.call(method, *params), 16)
