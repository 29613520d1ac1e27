"""The worlds in which the promises of a swap provider are tested: the fake's and the real one's.

The real adapter speaks to `tests.sandbox.changenow`, run as its own process beside a local chain.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from shared_lib.adapters.changenow import ChangeNow
from shared_lib.domain.money import Asset, Money, format_amount
from shared_lib.domain.swap import ExchangeEcho, ExchangeReport, Limits, pair_id
from shared_lib.ports import ProviderError, RetryableError, SwapProvider, UnknownOutcomeError
from tests.contract.provider_worlds import free_port
from tests.fakes.chain import FakeChain
from tests.fakes.swaps import FakeSwapProvider
from tests.sandbox.ethereum.launcher import EthereumServer

API_KEY = "contract-api-key"
PATIENCE_SECONDS = 15.0
# The stand-in's words for the methods of the port.
OPERATIONS = {
    "currencies": "GET /v2/exchange/currencies",
    "limits": "GET /v2/exchange/range",
    "market_quote": "GET /v2/exchange/estimated-amount",
    "fixed_quote": "GET /v2/exchange/estimated-amount",
    "create_exchange": "POST /v2/exchange",
    "exchange": "GET /v2/exchange/by-id",
}


class World(Protocol):
    """A provider, and what makes things happen around it.

    `finish`, `hold`, `fail` and `refund` pay in what was agreed, and wait for that end.
    """

    @property
    def provider(self) -> SwapProvider: ...
    def flood(self, method: str) -> None: ...
    def lose_answer(self, method: str) -> None: ...
    def drop(self, method: str) -> None: ...
    def withdraw(self, sold: Asset, bought: Asset) -> None: ...
    def set_limits(self, bought: Asset, limits: Limits) -> None: ...
    def let_rates_die(self) -> None: ...
    def refuse(self, address: str) -> None: ...
    def made(self) -> int: ...
    def pay_in(self, echo: ExchangeEcho, amount: Money) -> None: ...
    def finish(self, echo: ExchangeEcho, sold: Money) -> None: ...
    def hold(self, echo: ExchangeEcho, sold: Money) -> None: ...
    def fail(self, echo: ExchangeEcho, sold: Money) -> None: ...
    def refund(self, echo: ExchangeEcho, sold: Money, loss: Money) -> None: ...
    def hide_amount(self, echo: ExchangeEcho) -> None: ...
    def held(self, address: str, asset: Asset) -> Money: ...


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FakeWorld:
    """The fake, whose lost answers are ordered as the errors that the port promises."""

    def __init__(self) -> None:
        self.chain = FakeChain()
        self.fake = FakeSwapProvider(WallClock(), self.chain)

    @property
    def provider(self) -> SwapProvider:
        return self.fake

    def flood(self, method: str) -> None:
        self.fake.fail_next(method, RetryableError("too many requests", 7))

    def lose_answer(self, method: str) -> None:
        self.fake.fail_next(method, _silence(method), after_effect=True)

    def drop(self, method: str) -> None:
        self.fake.fail_next(method, _silence(method))

    def withdraw(self, sold: Asset, bought: Asset) -> None:
        self.fake.market.withdraw(sold, bought)

    def set_limits(self, bought: Asset, limits: Limits) -> None:
        self.fake.market.set_limits(limits.least, bought, limits.most)

    def let_rates_die(self) -> None:
        self.fake.quote_seconds = -1

    def refuse(self, address: str) -> None:
        self.fake.refused_addresses.add(address)

    def made(self) -> int:
        return len(self.fake.exchanges)

    def pay_in(self, echo: ExchangeEcho, amount: Money) -> None:
        self.chain.pay(echo.payin_address, amount.base_units, amount.asset)
        self.chain.mine()
        self.fake.settle_all()

    def finish(self, echo: ExchangeEcho, sold: Money) -> None:
        self.pay_in(echo, sold)

    def hold(self, echo: ExchangeEcho, sold: Money) -> None:
        self.fake.hold(echo.id)
        self.pay_in(echo, sold)

    def fail(self, echo: ExchangeEcho, sold: Money) -> None:
        self.fake.fail(echo.id)
        self.pay_in(echo, sold)

    def refund(self, echo: ExchangeEcho, sold: Money, loss: Money) -> None:
        self.hold(echo, sold)
        self.fake.refund(echo.id, loss.base_units)
        self.chain.mine()

    def hide_amount(self, echo: ExchangeEcho) -> None:
        self.fake.hide_amount(echo.id)

    def held(self, address: str, asset: Asset) -> Money:
        return self.chain.balance(address, asset)


def _silence(method: str) -> ProviderError:
    kind = UnknownOutcomeError if method == "create_exchange" else RetryableError
    return kind("no answer")


class StandInWorld:
    """The real adapter against the stand-in for the service."""

    def __init__(self, url: str, server: EthereumServer) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False)
        self.adapter = adapter(url)
        self._server = server

    @property
    def provider(self) -> SwapProvider:
        return self.adapter

    def close(self) -> None:
        self.http.delete("/_sandbox/faults")
        for pair in self.http.get("/_sandbox/inactive").json():
            self.order("inactive", pair=pair, inactive=False)
        for pair in self.http.get("/_sandbox/limits").json():
            self.order("limits", pair=pair, fixed=None, standard=None)
        rights = self.http.get("/_sandbox/entitlements").json()
        self.order("entitlements", **dict.fromkeys(rights, True))
        self.order("weather", reset=True)
        self.http.close()
        self.adapter.close()

    def order(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"/_sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def canned(self, method: str, name: str) -> None:
        self.order("canned", operation=OPERATIONS[method], name=name, retry_after=7)

    def flood(self, method: str) -> None:
        self.canned(method, "RATE_LIMITED")

    def lose_answer(self, method: str) -> None:
        self.order("faults", operation=OPERATIONS[method], kind="lose_answer")

    def drop(self, method: str) -> None:
        self.order("faults", operation=OPERATIONS[method], kind="drop")

    def withdraw(self, sold: Asset, bought: Asset) -> None:
        self.order("inactive", pair=pair_id(sold, bought))

    def set_limits(self, bought: Asset, limits: Limits) -> None:
        most = limits.most and format_amount(limits.most)
        both = {"min": format_amount(limits.least), "max": most}
        pair = pair_id(limits.least.asset, bought)
        self.order("limits", pair=pair, fixed=both, standard=both)

    def let_rates_die(self) -> None:
        fault = {"kind": "custom", "name": "short", "times": None, "values": {"seconds": 0}}
        self.order("faults", operation=OPERATIONS["fixed_quote"], **fault)

    def refuse(self, address: str) -> None:
        """It knows by itself which addresses cannot be right."""

    def made(self) -> int:
        return len(self.http.get("/_sandbox/exchanges").json())

    def pay_in(self, echo: ExchangeEcho, amount: Money) -> None:
        base_units, asset = str(amount.base_units), amount.asset
        if asset.ticker == "eth":
            self._server.order("fund", address=echo.payin_address, wei=base_units)
        else:
            order = {"address": echo.payin_address, "base_units": base_units}
            self._server.order("mint", token=asset.id, **order)
        self._server.order("mine", blocks=1)

    def finish(self, echo: ExchangeEcho, sold: Money) -> None:
        self._paid_in_until(echo, sold, "finished")

    def hold(self, echo: ExchangeEcho, sold: Money) -> None:
        self._paid_in_until(echo, sold, "verifying", hold="verifying")

    def fail(self, echo: ExchangeEcho, sold: Money) -> None:
        self._paid_in_until(echo, sold, "failed", fail=True)

    def refund(self, echo: ExchangeEcho, sold: Money, loss: Money) -> None:
        self._paid_in_until(echo, sold, "refunded", refund=True, loss=format_amount(loss))

    def hide_amount(self, echo: ExchangeEcho) -> None:
        self.order(f"exchanges/{echo.id}", hide_amount_to=True)

    def held(self, address: str, asset: Asset) -> Money:
        assert asset.ticker == "eth"
        order = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance"}
        answer = self.http.post(self._server.url, json=order | {"params": [address, "latest"]})
        return Money(int(answer.json()["result"], 16), asset)

    def _paid_in_until(
        self, echo: ExchangeEcho, sold: Money, status: str, **directives: Any
    ) -> None:
        if directives:
            self.order(f"exchanges/{echo.id}", **directives)
        self.pay_in(echo, sold)
        until(lambda: self._status_after_a_block(echo.id) == status)

    def _status_after_a_block(self, exchange_id: str) -> str:
        self._server.order("mine", blocks=1)
        shown = self.http.get("/_sandbox/exchanges").json()
        return next(str(one["status"]) for one in shown if one["id"] == exchange_id)


def adapter(url: str, api_key: str = API_KEY, call_seconds: float = 3.0) -> ChangeNow:
    return ChangeNow(base_url=f"{url}/v2", api_key=f" {api_key}\n", call_seconds=call_seconds)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def told_until(
    world: World, echo: ExchangeEcho, pair: tuple[Asset, Asset], holds: Callable[[Any], bool]
) -> ExchangeReport:
    """What the provider says of an exchange once it says what is waited for."""
    reports: list[ExchangeReport] = []

    def is_told() -> bool:
        reports.append(world.provider.exchange(echo.id, *pair))
        return holds(reports[-1])

    until(is_told)
    return reports[-1]


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def running_stand_in(state: Path, server: EthereumServer) -> Iterator[str]:
    module = [sys.executable, "-m", "tests.sandbox.changenow"]
    port = free_port()
    place = ["--port", str(port), "--state", str(state), "--pace", "0.02"]
    node = ["--rpc", f"http://127.0.0.1:{server.anvil_port}"]
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "CHANGENOW_API_KEY": API_KEY}
    with subprocess.Popen([*module, *place, *node], env=environment) as process:
        try:
            until(lambda: _is_up(url))
            yield url
        finally:
            process.kill()
