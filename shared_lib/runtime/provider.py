"""The payment provider as far as a function's settings reach.

Reading a stored report needs no secret, recognising a callback needs one, asking needs another; a
function is given only what it needs, and using more is a LookupError.
"""

import secrets
from functools import cached_property

from shared_lib.adapters.nowpayments_report import read_report
from shared_lib.adapters.nowpayments_signature import is_genuine
from shared_lib.domain.money import Money
from shared_lib.domain.order import Invoice
from shared_lib.domain.payment import Report
from shared_lib.ports import InvoiceRequest, PaymentProvider
from shared_lib.runtime.settings import (
    CallbackSettings,
    ProviderLoginSettings,
    ProviderSettings,
    Settings,
)


class DeclaredProvider:
    """Implements the port `PaymentProvider`."""

    def __init__(self, settings: Settings, call_seconds: float) -> None:
        self._settings = settings
        self._call_seconds = call_seconds

    def create_invoice(self, request: InvoiceRequest) -> Invoice:
        """Make a hosted invoice; as the port says."""
        return self._client.create_invoice(request)

    def payment(self, provider_payment_id: str) -> str:
        """The provider's present view of a payment; as the port says."""
        return self._client.payment(provider_payment_id)

    def payments_of(self, invoice_id: str) -> list[str]:
        """The payments of an invoice; as the port says."""
        return self._client.payments_of(invoice_id)

    def usd_cents(self, amount: Money) -> int:
        """What an amount is worth in US cents now; as the port says."""
        return self._client.usd_cents(amount)

    def is_genuine(self, body: bytes, signature: str | None) -> bool:
        """Whether the provider wrote `body`."""
        secret = self._settings.of(CallbackSettings).ipn_secret.get_secret_value()
        return is_genuine(secret.encode(), body, signature)

    def read_report(self, body: str) -> Report:
        """Read a callback's or an answer's JSON text. Raises BadReportError."""
        return read_report(body)

    @cached_property
    def _client(self) -> PaymentProvider:
        # An HTTP client, which functions that only read or recognise reports need not load.
        from shared_lib.adapters.nowpayments import NowPayments  # noqa: PLC0415

        chosen = self._settings.of(ProviderSettings)
        return NowPayments(
            base_url=chosen.base_url,
            api_key=chosen.api_key.get_secret_value(),
            ipn_secret=secrets.token_hex(),  # never asked: callbacks are recognised above
            call_seconds=self._call_seconds,
            login=self._login(),
        )

    def _login(self) -> tuple[str, str] | None:
        if not self._settings.has(ProviderLoginSettings):
            return None
        login = self._settings.of(ProviderLoginSettings)
        return login.email.get_secret_value(), login.password.get_secret_value()
