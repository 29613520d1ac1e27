"""What a test may order, under `/_sandbox`. Amounts are text in both directions."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.ethereum.chain import Chain
from tests.sandbox.ethereum.lag import Lag
from tests.sandbox.ethereum.mempool import Mempool
from tests.sandbox.ethereum.node import RpcError
from tests.sandbox.ethereum.rpc import Rpc
from tests.sandbox.ethereum.tokens.contracts import ADDRESSES

Order = Callable[[dict[str, Any]], Awaitable[Any]]


class Control:
    """One method for each order; the body's members are its arguments."""

    def __init__(self, chain: Chain, mempool: Mempool, lag: Lag, rpc: Rpc) -> None:
        self._chain = chain
        self._mempool = mempool
        self._lag = lag
        self._rpc = rpc

    async def _hide(self, body: dict[str, Any]) -> dict[str, Any]:
        self._mempool.hide(int(body["times"]))
        return {"times": int(body["times"])}

    async def _release(self, _body: dict[str, Any]) -> dict[str, Any]:
        return dict(await self._mempool.release())

    async def _hidden(self, _body: dict[str, Any]) -> list[str]:
        return self._mempool.hidden()

    async def _sent(self, _body: dict[str, Any]) -> list[dict[str, Any]]:
        return self._mempool.sent()

    async def _set_lag(self, body: dict[str, Any]) -> dict[str, Any]:
        self._lag.blocks = int(body["blocks"])
        return {"blocks": self._lag.blocks}

    async def _reorg(self, body: dict[str, Any]) -> dict[str, Any]:
        drop = bool(body.get("drop", False))
        removed = await self._chain.reorganise(int(body["depth"]), drop=drop)
        return {"removed": removed, "block": await self._chain.head()}

    async def _mine(self, body: dict[str, Any]) -> dict[str, Any]:
        await self._chain.mine(int(body.get("blocks", 1)))
        return {"block": await self._chain.head()}

    async def _mining(self, body: dict[str, Any]) -> dict[str, Any]:
        await self._chain.switch_mining(on=bool(body["on"]))
        return {"on": self._chain.mining}

    async def _fund(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"hash": await self._chain.transfer(0, body["address"], int(body["wei"]))}

    async def _transfer(self, body: dict[str, Any]) -> dict[str, Any]:
        index = int(body["from_index"])
        return {"hash": await self._chain.transfer(index, body["to"], int(body["wei"]))}

    async def _mint(self, body: dict[str, Any]) -> dict[str, Any]:
        base_units = int(body["base_units"])
        return {"hash": await self._chain.mint(body["token"], body["address"], base_units)}

    async def _token(self, body: dict[str, Any]) -> dict[str, Any]:
        order = {name: value for name, value in body.items() if name != "token"}
        switches = await self._chain.turn(body["token"], order)
        return {"token": body["token"], **asdict(switches)}

    async def _tokens(self, _body: dict[str, Any]) -> dict[str, Any]:
        return dict(ADDRESSES)

    async def _prefer(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"hash": await self._mempool.prefer(body["hash"])}

    async def _base_fee(self, body: dict[str, Any]) -> dict[str, Any]:
        await self._chain.order_base_fee(int(body["wei"]))
        return {"wei": str(body["wei"])}

    async def _chain_id(self, body: dict[str, Any]) -> dict[str, Any]:
        self._rpc.said_chain_id = int(body["value"])
        return {"value": self._rpc.said_chain_id}

    async def _send_as(self, body: dict[str, Any]) -> dict[str, Any]:
        nonce = body.get("nonce")
        key, to, wei = body["private_key"], body["to"], int(body["wei"])
        sent = await self._mempool.send_as(key, to, wei, None if nonce is None else int(nonce))
        return {"hash": sent}

    async def _health(self, _body: dict[str, Any]) -> dict[str, Any]:
        return {"block": await self._chain.head()}

    def routes(self) -> list[Route]:
        """The routes of all orders."""
        orders = {
            "hide": self._hide,
            "release": self._release,
            "lag": self._set_lag,
            "reorg": self._reorg,
            "mine": self._mine,
            "mining": self._mining,
            "fund": self._fund,
            "transfer": self._transfer,
            "mint": self._mint,
            "token": self._token,
            "prefer": self._prefer,
            "base_fee": self._base_fee,
            "chain_id": self._chain_id,
            "send_as": self._send_as,
        }
        shown = {"/_sandbox/hidden": self._hidden, "/_sandbox/sent": self._sent}
        shown |= {"/_sandbox/tokens": self._tokens, "/healthz": self._health}
        posts = [_route(f"/_sandbox/{name}", "POST", order) for name, order in orders.items()]
        return [*posts, *(_route(path, "GET", order) for path, order in shown.items())]


def _route(path: str, method: str, order: Order) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            body = await request.json() if method == "POST" else {}
            return JSONResponse(await order(body))
        except RpcError as error:
            return JSONResponse({"error": error.as_json()}, 409)
        except (KeyError, ValueError, IndexError) as error:
            return JSONResponse({"error": repr(error)}, 400)

    return Route(path, endpoint, methods=[method])
