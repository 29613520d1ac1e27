"""The worlds in which the promises of a payment provider are tested: the fake's and the real one's.

The real adapter speaks to `tests.sandbox.nowpayments`, run as its own process.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

from shared_lib.adapters.nowpayments import NowPayments
from shared_lib.domain.order import Invoice
from shared_lib.ports import (
    PaymentProvider,
    ProviderError,
    RetryableError,
    UnknownOutcomeError,
)
from tests.fakes.provider import FakePaymentProvider

API_KEY, IPN_SECRET = "contract-api-key", "contract-ipn-secret"
ENVIRONMENT = {
    "NOWPAYMENTS_API_KEY": API_KEY,
    "NOWPAYMENTS_IPN_SECRET": IPN_SECRET,
    "NOWPAYMENTS_EMAIL": "owner@example.org",
    "NOWPAYMENTS_PASSWORD": "contract-password",
}
# Nothing is paid here, so no chain is needed, and no receiver of callbacks either.
NOWHERE = "http://127.0.0.1:9"
WALLET = "0x" + "ab" * 20
PATIENCE_SECONDS = 8.0
# The stand-in's words for the methods of the port.
OPERATIONS = {
    "create_invoice": "POST /v1/invoice",
    "payment": "GET /v1/payment/.id.",
    "usd_cents": "GET /v1/estimate",
    "payments_of": "GET /v1/payment/",
}


class World(Protocol):
    """A provider, and what makes things happen around it."""

    @property
    def provider(self) -> PaymentProvider: ...
    def flood(self, method: str) -> None: ...
    def lose_answer(self, method: str) -> None: ...
    def drop(self, method: str) -> None: ...
    def pay(self, invoice: Invoice) -> str: ...
    def callback(self, payment_id: str) -> tuple[bytes, str]: ...
    def invoice_orders(self) -> list[str]: ...


class FakeWorld:
    """The fake, whose lost answers are ordered as the errors that the port promises."""

    def __init__(self) -> None:
        self.fake = FakePaymentProvider()

    @property
    def provider(self) -> PaymentProvider:
        return self.fake

    def flood(self, method: str) -> None:
        self.fake.fail_next(method, RetryableError("too many requests", 7))

    def lose_answer(self, method: str) -> None:
        self.fake.fail_next(method, _silence(method), after_effect=True)

    def drop(self, method: str) -> None:
        self.fake.fail_next(method, _silence(method))

    def pay(self, invoice: Invoice) -> str:
        return self.fake.pay(invoice.id, "expired")

    def callback(self, payment_id: str) -> tuple[bytes, str]:
        return self.fake.callback(payment_id)

    def invoice_orders(self) -> list[str]:
        return [str(one.order_id) for one in self.fake.invoices.values()]


def _silence(method: str) -> ProviderError:
    kind = UnknownOutcomeError if method == "create_invoice" else RetryableError
    return kind("no answer")


class StandInWorld:
    """The real adapter against the stand-in for the service."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False)
        self.adapter = adapter(url)

    @property
    def provider(self) -> PaymentProvider:
        return self.adapter

    def close(self) -> None:
        self.http.delete("/_sandbox/faults")
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

    def pay(self, invoice: Invoice) -> str:
        payment_id = self.order("pay", invoice_id=int(invoice.id), end="expired")["payment_id"]
        _until(lambda: any(b"expired" in body for body, _ in self._callbacks(payment_id)))
        return str(payment_id)

    def callback(self, payment_id: str) -> tuple[bytes, str]:
        return self._callbacks(payment_id)[-1]

    def _callbacks(self, payment_id: object) -> list[tuple[bytes, str]]:
        query = {"payment_id": str(payment_id)}
        rows = self.http.get("/_sandbox/callbacks", params=query).json()
        return [(row["body"].encode(), row["signature"]) for row in rows]

    def invoice_orders(self) -> list[str]:
        return [one["order_id"] for one in self.http.get("/_sandbox/invoices").json()]


def adapter(url: str, api_key: str = API_KEY) -> NowPayments:
    return NowPayments(
        base_url=f"{url}/v1",
        api_key=api_key,
        ipn_secret=f" {IPN_SECRET}\n",
        call_seconds=3,
        login=(ENVIRONMENT["NOWPAYMENTS_EMAIL"], ENVIRONMENT["NOWPAYMENTS_PASSWORD"]),
    )


def _until(holds: Any) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def running_stand_in(state: Path) -> Iterator[str]:
    module = [sys.executable, "-m", "tests.sandbox.nowpayments"]
    port = free_port()
    place = ["--port", str(port), "--state", str(state), "--pace", "0.01"]
    chain = ["--rpc", NOWHERE, "--merchant-wallet", WALLET]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*module, *place, *chain], env={**os.environ, **ENVIRONMENT}) as process:
        try:
            _until(lambda: _is_up(url))
            yield url
        finally:
            process.kill()
