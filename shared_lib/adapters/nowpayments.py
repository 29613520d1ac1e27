"""NOWPayments, API version 1: hosted invoices, payments and signed callbacks."""

import json
import re
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from shared_lib.adapters.http_calls import Answer, HttpCalls, http_url, required_secret
from shared_lib.adapters.nowpayments_report import read_report
from shared_lib.adapters.nowpayments_signature import is_genuine
from shared_lib.domain.money import (
    ETH,
    USDT,
    Asset,
    InvalidAmountError,
    Money,
    format_amount,
    parse_amount_down,
)
from shared_lib.domain.order import Invoice
from shared_lib.domain.payment import Report
from shared_lib.ports import (
    InvoiceRequest,
    PermanentError,
    ProviderError,
    RetryableError,
    UnknownOutcomeError,
)

# What a merchant's wallet can hold, in the provider's words.
TICKERS: Final = MappingProxyType({ETH: "eth", USDT: "usdterc20"})

_DIGITS = re.compile(r"[0-9]{1,20}")
_CODE = re.compile(r"[A-Z0-9_]{1,64}")
_CREATED = frozenset({200, 201})
_OK, _NO_LOGIN = 200, 401
# A token lives five minutes, says the API's documentation.
_TOKEN_SECONDS = 240.0
_LISTED_MOST = 500
# Tenths of a cent: as many digits as it takes to round to whole cents.
_MILLS = Asset("usd", "usd", 3)


class NowPayments:
    """The port `PaymentProvider`. Safe for threads; opens nothing before the first call.

    Args:
        base_url: the API with its version, such as `https://api.nowpayments.io/v1`.
        api_key: of the account that made the invoices; other keys do not see its payments.
        ipn_secret: with which callbacks are signed.
        call_seconds: how long one call may wait for its answer.
        login: e-mail and password of the account, without which no list can be had.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        ipn_secret: str,
        call_seconds: float,
        login: tuple[str, str] | None = None,
    ) -> None:
        self._calls = HttpCalls(
            provider="NOWPayments",
            base_url=base_url,
            key_header="x-api-key",
            api_key=api_key,
            call_seconds=call_seconds,
        )
        self._ipn_secret = required_secret(ipn_secret, "ipn_secret").encode()
        self._login = login
        self._token = ""
        self._token_ends_at = 0.0

    def create_invoice(self, request: InvoiceRequest) -> Invoice:
        # Without an answer there may be an invoice, and there is no way to look for it.
        answer = self._calls.post("/invoice", _invoice_body(request), UnknownOutcomeError)
        if answer.status not in _CREATED:
            raise self._refusal(answer, UnknownOutcomeError)
        return _read_invoice(answer, str(request.order_id))

    def payment(self, provider_payment_id: str) -> str:
        # An empty id would turn this into a request for the list of all payments.
        if not _DIGITS.fullmatch(provider_payment_id):
            raise PermanentError("a NOWPayments payment id is made of digits")
        answer = self._asked(f"/payment/{provider_payment_id}")
        return _read_payment(answer, provider_payment_id)

    def payments_of(self, invoice_id: str) -> list[str]:
        if not _DIGITS.fullmatch(invoice_id):
            raise PermanentError("a NOWPayments invoice id is made of digits")
        wanted = {"invoiceId": invoice_id, "limit": str(_LISTED_MOST), "page": "0"}
        headers = {"authorization": f"Bearer {self._valid_token()}"}
        answer = self._calls.get("/payment/", wanted, headers=headers)
        if answer.status == _NO_LOGIN:
            self._token_ends_at = 0.0
            raise RetryableError("NOWPayments does not take the token any more")
        if answer.status != _OK:
            raise self._refusal(answer, RetryableError)
        return _read_list(answer, invoice_id)

    def usd_cents(self, amount: Money) -> int:
        ticker = TICKERS.get(amount.asset)
        if ticker is None:
            raise PermanentError(f"NOWPayments is not asked for prices of {amount.asset.id}")
        wanted = {
            "amount": format_amount(amount),
            "currency_from": ticker,
            "currency_to": "usd",
        }
        return _read_cents(self._asked("/estimate", wanted), ticker)

    def is_genuine(self, body: bytes, signature: str | None) -> bool:
        return is_genuine(self._ipn_secret, body, signature)

    def read_report(self, body: str) -> Report:
        return read_report(body)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._calls.close()

    def _valid_token(self) -> str:
        """A token that is good for a call. Two threads may ask for one each; both are good."""
        if time.monotonic() < self._token_ends_at:
            return self._token
        if self._login is None:
            raise PermanentError("NOWPayments' list of payments takes a login, and there is none")
        email, password = self._login
        body = json.dumps({"email": email, "password": password}).encode()
        answer = self._calls.post("/auth", body, RetryableError)
        token = (answer.fields or {}).get("token")
        if answer.status not in _CREATED or not isinstance(token, str) or not token:
            # A refusal may repeat what was sent, so that its words are not shown.
            raise RetryableError(f"NOWPayments' login was answered {answer.status}")
        self._token, self._token_ends_at = token, time.monotonic() + _TOKEN_SECONDS
        return token

    def _asked(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        answer = self._calls.get(path, params)
        if answer.status != _OK:
            raise self._refusal(answer, RetryableError)
        return answer

    def _refusal(self, answer: Answer, silence: type[ProviderError]) -> ProviderError:
        """What an answer other than success means."""
        if answer.is_refusal:
            return self._permanent(answer.status, answer.fields or {})
        return self._calls.unanswered(answer, silence)

    def _permanent(self, status: int, fields: dict[str, Any]) -> PermanentError:
        code, message = str(fields.get("code")), str(fields.get("message", ""))
        shown = code if _CODE.fullmatch(code) else "an unknown code"
        return PermanentError(self._calls.refusal_text(status, shown, message))


def _invoice_body(request: InvoiceRequest) -> bytes:
    if request.price_cents <= 0:
        raise PermanentError("the price of an invoice must be positive")
    price = f"{request.price_cents // 100}.{request.price_cents % 100:02d}"
    fields = {
        "price_currency": "usd",
        # The customer's fee and a frozen rate both change what reaches us, and the deadline.
        "is_fixed_rate": False,
        "is_fee_paid_by_user": False,
        "order_id": str(request.order_id),
        "order_description": request.description,
        "ipn_callback_url": request.ipn_url,
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "partially_paid_url": request.partially_paid_url,
    }
    # The price is a JSON number, and Python would write one with a point only from a float.
    return f'{{"price_amount":{price},{json.dumps(fields)[1:]}'.encode()


def _read_invoice(answer: Answer, order_id: str) -> Invoice:
    """The invoice that was made, if it is surely ours. Raises UnknownOutcomeError."""
    fields = answer.fields or {}
    invoice_id, url = fields.get("id"), fields.get("invoice_url")
    if fields.get("order_id") != order_id:
        raise UnknownOutcomeError("NOWPayments' answer does not repeat order_id")
    if not isinstance(invoice_id, str) or not _DIGITS.fullmatch(invoice_id):
        raise UnknownOutcomeError("NOWPayments' answer has no id of digits")
    try:
        return Invoice(str(invoice_id), http_url(str(url), "invoice_url"))
    except ValueError:
        raise UnknownOutcomeError("NOWPayments' answer has no invoice_url") from None


def _read_payment(answer: Answer, wanted: str) -> str:
    """The answer's text, if it is an object about this payment. Raises RetryableError."""
    text, fields = answer.text, answer.fields
    if text is None or fields is None:
        raise RetryableError("NOWPayments' answer is not a JSON object")
    shown = fields.get("payment_id")
    if isinstance(shown, str) and shown != wanted:
        raise RetryableError("NOWPayments answered about another payment")
    return text


def _read_list(answer: Answer, invoice_id: str) -> list[str]:
    """The ids of the listed payments. Raises RetryableError for what is no such list."""
    rows = (answer.fields or {}).get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RetryableError("NOWPayments' list has no data")
    others = [row for row in rows if str(row.get("invoice_id")) != invoice_id]
    ids = [str(row.get("payment_id")) for row in rows]
    if others or not all(_DIGITS.fullmatch(one) for one in ids):
        raise RetryableError("NOWPayments' list is not about what was asked")
    return ids


def _read_cents(answer: Answer, ticker: str) -> int:
    """What an estimate is worth in whole cents, rounded half up. Raises RetryableError."""
    fields = answer.fields or {}
    if (fields.get("currency_from"), fields.get("currency_to")) != (ticker, "usd"):
        raise RetryableError("NOWPayments' estimate is not about what was asked")
    try:
        mills = parse_amount_down(str(fields.get("estimated_amount")), _MILLS).base_units
    except InvalidAmountError:
        raise RetryableError("NOWPayments' estimate has no estimated_amount") from None
    return (mills + 5) // 10
