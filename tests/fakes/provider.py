"""A payment provider in memory.

Its bodies have the provider's shapes and are read by the real reader; customers pay when a test
says so. What goes wrong is ordered with `fail_next`.
"""

import hmac
import json
from itertools import count
from threading import RLock
from typing import Any

from shared_lib.adapters.nowpayments_report import read_report
from shared_lib.adapters.nowpayments_signature import is_genuine
from shared_lib.domain.money import Money
from shared_lib.domain.order import Invoice
from shared_lib.domain.payment import Report
from shared_lib.ports import InvoiceRequest, PermanentError, ProviderError
from tests.fakes.failures import Failures

FIRST_INVOICE_ID = 4_400_000_001
FIRST_PAYMENT_ID = 5_500_000_001
# US cents for a whole coin.
CENTS_PER_COIN = {"eth:eth": 400_000, "usdt:eth": 100}


class FakePaymentProvider:
    """The port `PaymentProvider`, and the customers. `calls` is all that was asked of it.

    `invoices` holds what was asked for by invoice id, `payments` the fields of each payment by
    payment id, `cents_per_coin` the price of a coin by asset id; a test may change all of them.
    """

    def __init__(self, ipn_secret: str = "fake-ipn-secret") -> None:
        self.invoices: dict[str, InvoiceRequest] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.cents_per_coin = dict(CENTS_PER_COIN)
        self.calls: list[tuple[str, str]] = []
        self._secret = ipn_secret.encode()
        self._invoice_ids = count(FIRST_INVOICE_ID)
        self._payment_ids = count(FIRST_PAYMENT_ID)
        self._failures = Failures()
        self._lock = RLock()

    # ---- the port --------------------------------------------------------------------------------

    def create_invoice(self, request: InvoiceRequest) -> Invoice:
        with self._lock:
            self.calls.append(("create_invoice", str(request.order_id)))
            with self._failures.around("create_invoice"):
                if request.price_cents <= 0:
                    raise PermanentError("the price of an invoice must be positive")
                invoice_id = str(next(self._invoice_ids))
                self.invoices[invoice_id] = request
                return Invoice(invoice_id, f"https://pay.example/payment/?iid={invoice_id}")

    def payment(self, provider_payment_id: str) -> str:
        with self._lock:
            self.calls.append(("payment", provider_payment_id))
            with self._failures.around("payment"):
                fields = self.payments.get(provider_payment_id)
                if fields is None:
                    raise PermanentError("the provider knows no such payment")
                return json.dumps(fields)

    def payments_of(self, invoice_id: str) -> list[str]:
        with self._lock:
            self.calls.append(("payments_of", invoice_id))
            with self._failures.around("payments_of"):
                if not invoice_id.isdigit():
                    raise PermanentError("an invoice id is made of digits")
                listed = self.payments.items()
                return [one for one, row in listed if str(row["invoice_id"]) == invoice_id]

    def usd_cents(self, amount: Money) -> int:
        with self._lock:
            self.calls.append(("usd_cents", str(amount)))
            with self._failures.around("usd_cents"):
                cents = self.cents_per_coin.get(amount.asset.id)
                if cents is None:
                    raise PermanentError(f"the provider has no price of {amount.asset.id}")
                return _half_up(amount.base_units * cents, 10**amount.asset.decimals)

    def is_genuine(self, body: bytes, signature: str | None) -> bool:
        return is_genuine(self._secret, body, signature)

    def read_report(self, body: str) -> Report:
        return read_report(body)

    # ---- what a test orders ----------------------------------------------------------------------

    def fail_next(self, method: str, error: ProviderError, *, after_effect: bool = False) -> None:
        """Let the next call of `method` raise `error`; `after_effect`: its answer is lost."""
        with self._lock:
            self._failures.order(method, error, after_effect=after_effect)

    def pay(self, invoice_id: str, status: str = "waiting", **fields: Any) -> str:
        """Let a customer start a payment on an invoice; its id. `fields` replace its own."""
        with self._lock:
            request = self.invoices[invoice_id]
            payment_id = next(self._payment_ids)
            self.payments[str(payment_id)] = {
                "payment_id": payment_id,
                "parent_payment_id": None,
                "invoice_id": int(invoice_id),
                "payment_status": status,
                "order_id": str(request.order_id),
                "order_description": request.description,
                "purchase_id": str(payment_id + 1),
                "outcome_amount": "0.0015",
                "outcome_currency": "eth",
                "burning_percent": "null",
                **fields,
            }
            return str(payment_id)

    def set_status(self, payment_id: str, status: str, **fields: Any) -> None:
        """Let a payment go on."""
        with self._lock:
            self.payments[payment_id].update({"payment_status": status, **fields})

    def callback(self, payment_id: str) -> tuple[bytes, str]:
        """Body and signature of the callback about a payment as it is now."""
        with self._lock:
            body = json.dumps(self.payments[payment_id]).encode()
            return body, self.sign(body)

    def sign(self, body: bytes) -> str:
        """The provider's signature of any body, sound or not."""
        return hmac.new(self._secret, body, "sha512").hexdigest()


def _half_up(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)
