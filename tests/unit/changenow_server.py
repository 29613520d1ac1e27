"""A server with one answer for everything, and answers as ChangeNOW's documentation has them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared_lib.adapters.changenow import ChangeNow
from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, Money, parse_amount
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.swap import ExchangeOrder, FixedQuote, Quote
from shared_lib.ports import ProviderError

API_KEY = "unit-and-private-key"
BTC, XRP = asset_of("btc:btc"), asset_of("xrp:xrp")
SOLD = parse_amount("0.0025", ETH)
WALLET = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
OWNER = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
PAYIN = "0xF1e7f57628268b15E01526E53e8896F7BE0D0E35"
EXCHANGE_ID, RATE_ID = "0a1b2c3d4e5f60", "rate-1"
VALID_UNTIL = datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


@dataclass
class Asked:
    """A request as it came. `target` is the path with its query."""

    method: str
    target: str
    headers: dict[str, str]
    body: str


@dataclass
class Server:
    """`cuts`: the connection ends where the answer was to come. `answers` go before `body`."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    cuts: bool = False
    seconds: float = 0.0
    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    def tells(self, answer: Any, status: int = 200) -> None:
        """Answer everything with this text, or with this value as JSON."""
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.status, self.body = status, text.encode()

    def refuses(self, status: int, code: str, message: str = "No.", **more: Any) -> None:
        self.tells({"error": code, "message": message, **more}, status)

    def provider(self, call_seconds: float = 3.0) -> ChangeNow:
        url = f"http://127.0.0.1:{self.port}/v2"
        return ChangeNow(base_url=url, api_key=API_KEY, call_seconds=call_seconds)


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append(Asked(self.command, self.path, headers, content))
            time.sleep(server.seconds)
            usual = (server.status, server.body)
            # A client that has lost patience is gone.
            with suppress(ConnectionError):
                if not server.cuts:
                    self._answer(*(server.answers.pop(0) if server.answers else usual))

        def do_POST(self) -> None:
            self.do_GET()

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Stay quiet."""

    return Handler


@contextmanager
def listening() -> Iterator[Server]:
    """The server, running."""
    one = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(one)) as http:
        one.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield one
        http.shutdown()
        thread.join()


# ---- the answers ---------------------------------------------------------------------------------

PAIR = {"fromCurrency": "eth", "fromNetwork": "eth", "toCurrency": "btc", "toNetwork": "btc"}


def currency(**more: Any) -> dict[str, Any]:
    return {
        "ticker": "btc",
        "name": "Bitcoin",
        "image": "https://content-api.changenow.io/uploads/btc.svg",
        "hasExternalId": False,
        "isExtraIdSupported": False,
        "isFiat": False,
        "featured": True,
        "isStable": False,
        "supportsFixedRate": True,
        "network": "btc",
        "tokenContract": None,
        "buy": True,
        "sell": True,
        "legacyTicker": "btc",
        **more,
    }


def limits(**more: Any) -> dict[str, Any]:
    return {**PAIR, "flow": "fixed-rate", "minAmount": 0.0007, "maxAmount": None, **more}


def estimate(flow: str = "fixed-rate", **more: Any) -> dict[str, Any]:
    is_fixed = flow == "fixed-rate"
    return {
        **PAIR,
        "flow": flow,
        "type": "direct",
        "rateId": RATE_ID if is_fixed else None,
        "validUntil": "2030-01-02T03:04:05.678Z" if is_fixed else None,
        "transactionSpeedForecast": "10-60",
        "warningMessage": None,
        "depositFee": 0,
        "withdrawalFee": 0.0000005,
        "userId": None,
        "fromAmount": 0.0025,
        "toAmount": 0.0000995,
        **more,
    }


def exchange_echo(**more: Any) -> dict[str, Any]:
    return {
        **PAIR,
        "id": EXCHANGE_ID,
        "fromAmount": 0.0025,
        "toAmount": 0.0000995,
        "flow": "fixed-rate",
        "type": "direct",
        "payinAddress": PAYIN,
        "payoutAddress": OWNER,
        "payoutExtraId": "",
        "refundAddress": WALLET,
        "refundExtraId": "",
        "rateId": RATE_ID,
        "validUntil": "2030-01-02T03:04:05.678Z",
        **more,
    }


def exchange_shown(**more: Any) -> dict[str, Any]:
    return {
        **PAIR,
        "id": EXCHANGE_ID,
        "status": "waiting",
        "actionsAvailable": False,
        "expectedAmountFrom": 0.0025,
        "expectedAmountTo": 0.0000995,
        "amountFrom": None,
        "amountTo": None,
        "payinAddress": PAYIN,
        "payoutAddress": OWNER,
        "payinExtraId": None,
        "payoutExtraId": None,
        "refundAddress": WALLET,
        "refundExtraId": None,
        "createdAt": "2030-01-02T02:44:05.678Z",
        "updatedAt": "2030-01-02T02:44:05.678Z",
        "depositReceivedAt": None,
        "payinHash": None,
        "payoutHash": None,
        "fromLegacyTicker": "eth",
        "toLegacyTicker": "btc",
        "refundHash": None,
        "refundAmount": None,
        "userId": None,
        "validUntil": "2030-01-02T03:04:05.678Z",
        "relatedExchangesInfo": None,
        "repeatedExchangesInfo": None,
        "originalExchangeInfo": None,
        **more,
    }


# ---- the questions -------------------------------------------------------------------------------


def order(target: PayoutTarget | None = None, sold: Money = SOLD) -> ExchangeOrder:
    chosen = target or PayoutTarget(BTC, OWNER, None)
    nothing, bought = Money(0, chosen.asset), Money(9_950, chosen.asset)
    quote = Quote(sold, bought, Money(0, sold.asset), nothing)
    return ExchangeOrder(FixedQuote(quote, RATE_ID, VALID_UNTIL), chosen, WALLET)


Act = Callable[[ChangeNow], object]
QUESTIONS: dict[str, Act] = {
    "currencies": lambda one: one.currencies(),
    "limits": lambda one: one.limits(ETH, BTC),
    "market_quote": lambda one: one.market_quote(SOLD, BTC),
    "fixed_quote": lambda one: one.fixed_quote(SOLD, BTC),
    "exchange": lambda one: one.exchange(EXCHANGE_ID, ETH, BTC),
}
ACTS: dict[str, Act] = {**QUESTIONS, "create_exchange": lambda one: one.create_exchange(order())}


def failure(server: Server, name: str) -> ProviderError:
    """What an act raises."""
    provider = server.provider()
    with pytest.raises(ProviderError) as caught:
        ACTS[name](provider)
    provider.close()
    return caught.value
