"""A running stand-in for tests: how to quote, create, pay in and look on in one line each."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from tests.sandbox.changenow import catalogue
from tests.sandbox.ethereum.launcher import EthereumServer

PATIENCE_SECONDS = 10.0
# Plain HTTP needs none; without it each client would load all certificates anew, which is slow.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ETHER = 10**18
WALLET = "0x" + "22" * 20
BTC_ADDRESS = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
XRP_ADDRESS = "rN7n7otQDd6FczFgLdSqtcsAUxDkw6fzRH"
CALM: dict[str, Any] = {
    "reset": True,
    "pace": 0.02,
    "latency": 0,
    "extra_fields": 0,
    "exponents": 0,
    "extra_digits": 0,
    "stale_updated_at": 0,
    "missing_nulls": 0,
}
ETH_BTC = {
    "fromCurrency": "eth",
    "fromNetwork": "eth",
    "toCurrency": "btc",
    "toNetwork": "btc",
    "flow": "fixed-rate",
}
BY_ID = "GET /v2/exchange/by-id"
ESTIMATE = "GET /v2/exchange/estimated-amount"
CREATE = "POST /v2/exchange"


def eventually(ask: Callable[[], Any]) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := ask()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return answer


@dataclass
class StandIn:
    """The stand-in as a process of its own, started as a stack starts it."""

    state: Path
    rpc_url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        """Speaks to it with the key."""
        headers = {"x-changenow-api-key": "key"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, verify=NO_TLS)

    def start(self) -> None:
        options = ["--port", str(self.port), "--state", str(self.state), "--rpc", self.rpc_url]
        options += ["--pace", "0.02"]
        secrets = {"CHANGENOW_API_KEY": " key\n", "CHANGENOW_PRIVATE_KEY": "private"}
        command = [sys.executable, "-m", "tests.sandbox.changenow", *options]
        self.process = subprocess.Popen(command, env={**os.environ, **secrets})
        eventually(self.healthy)

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False, verify=NO_TLS).is_success
        except httpx.HTTPError:
            return False

    def stop(self, *, hard: bool = False) -> None:
        if self.process is not None:
            (self.process.kill if hard else self.process.terminate)()
            self.process.wait(5)


def parsed(response: httpx.Response) -> Any:
    return json.loads(response.content, parse_float=Decimal)


def order(api: httpx.Client, name: str, body: Any) -> Any:
    response = api.post(f"/_sandbox/{name}", json=body)
    assert response.is_success, response.text
    return response.json()


def got(api: httpx.Client, path: str, **params: str) -> Any:
    response = api.get(path, params=params)
    assert response.status_code == 200, response.text
    return parsed(response)


def estimate(api: httpx.Client, **changes: str) -> dict[str, Any]:
    query = {**ETH_BTC, "fromAmount": "0.1", "useRateId": "true", **changes}
    return dict(got(api, "/v2/exchange/estimated-amount", **query))


def order_body(api: httpx.Client, **changes: Any) -> dict[str, Any]:
    """A body for POST /v2/exchange that is in order but for `changes`."""
    pair = {name: changes.get(name, value) for name, value in ETH_BTC.items()}
    body = {**pair, "fromAmount": "0.1", "toAmount": "", "type": "direct", "address": BTC_ADDRESS}
    body |= {"extraId": "", "refundAddress": WALLET, "refundExtraId": "", "payload": {}}
    if pair["flow"] == "fixed-rate" and "rateId" not in changes:
        amount = str(changes.get("fromAmount", "0.1"))
        body["rateId"] = estimate(api, **pair, fromAmount=amount)["rateId"]
    return {**body, **changes}


def created(api: httpx.Client, **changes: Any) -> dict[str, Any]:
    response = api.post("/v2/exchange", json=order_body(api, **changes))
    assert response.status_code == 200, response.text
    return dict(parsed(response))


def into(coin: str, address: str = WALLET, **more: str) -> dict[str, str]:
    """The fields of an exchange into this coin."""
    ticker, network = coin.split(":")
    return {"toCurrency": ticker, "toNetwork": network, "address": address, **more}


def from_usdt(amount: str, **more: str) -> dict[str, str]:
    return {"fromCurrency": "usdt", "fromNetwork": "eth", "fromAmount": amount, **more}


def shown(api: httpx.Client, exchange: dict[str, Any]) -> dict[str, Any]:
    return dict(got(api, "/v2/exchange/by-id", id=exchange["id"]))


def reach(api: httpx.Client, exchange: dict[str, Any], status: str) -> dict[str, Any]:
    """Wait for a status; answers what is shown then."""
    return dict(eventually(lambda: (one := shown(api, exchange))["status"] == status and one))


def direct(api: httpx.Client, exchange: dict[str, Any], **directives: Any) -> Any:
    return order(api, f"exchanges/{exchange['id']}", directives)


def record(api: httpx.Client, exchange: dict[str, Any]) -> dict[str, Any]:
    rows = api.get("/_sandbox/exchanges").json()
    return next(row for row in rows if row["id"] == exchange["id"])


def deposit(chain: EthereumServer, exchange: dict[str, Any], wei: int = ETHER // 10) -> str:
    return str(chain.order("fund", address=exchange["payinAddress"], wei=str(wei))["hash"])


def deposit_tokens(chain: EthereumServer, exchange: dict[str, Any], units: int) -> None:
    address = exchange["payinAddress"]
    chain.order("mint", token="usdt:eth", address=address, base_units=str(units))


def rpc(chain: EthereumServer, method: str, *params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(chain.url, json=body, trust_env=False, verify=NO_TLS).json()["result"]


def balance(chain: EthereumServer, address: str) -> int:
    return int(rpc(chain, "eth_getBalance", address, "latest"), 16)


def tokens_of(chain: EthereumServer, coin: str, address: str) -> int:
    data = f"0x70a08231{address[2:]:0>64}"
    call = {"to": catalogue.COINS[coin].contract, "data": data}
    return int(rpc(chain, "eth_call", call, "latest"), 16)


def fresh_address() -> str:
    return "0x" + os.urandom(20).hex()


def fault(api: httpx.Client, operation: str, kind: str, **more: Any) -> None:
    order(api, "faults", {"operation": operation, "kind": kind, **more})


def error_of(response: httpx.Response, status: int = 400) -> str:
    assert response.status_code == status, response.text
    return str(response.json()["error"])


def known_ids(api: httpx.Client) -> set[str]:
    return {one["id"] for one in api.get("/_sandbox/exchanges").json()}
