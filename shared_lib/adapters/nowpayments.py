"""NOWPayments, API version 1: hosted invoices, payments and signed callbacks."""

import json
import re
import ssl
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from shared_lib.adapters.nowpayments_report import parsed_object, read_report
from shared_lib.adapters.nowpayments_signature import is_genuine
from shared_lib.domain.order import Invoice
from shared_lib.domain.payment import Report
from shared_lib.ports import (
    BadReportError,
    InvoiceRequest,
    PermanentError,
    ProviderError,
    RetryableError,
    UnknownOutcomeError,
)

MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_RETRY_AFTER_SECONDS: Final = 24 * 3600
MAX_REASON_CHARS: Final = 200

_DIGITS = re.compile(r"[0-9]{1,20}")
_CODE = re.compile(r"[A-Z0-9_]{1,64}")
_CREATED = frozenset({200, 201})
_OK = 200
_TOO_MANY = 429
_REFUSALS = range(400, 500)
# Failures before the first byte of the request was sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer that came in whole. `retry_after` is its header, in seconds if it is a number."""

    status: int
    body: bytes
    retry_after: str

    @property
    def text(self) -> str | None:
        """The body if it is text."""
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            return None

    @property
    def fields(self) -> dict[str, Any] | None:
        """The body if it is a JSON object."""
        try:
            return parsed_object(self.text or "")
        except BadReportError:
            return None


class NowPayments:
    """The port `PaymentProvider`. Safe for threads; opens nothing before the first call.

    Args:
        base_url: the API with its version, such as `https://api.nowpayments.io/v1`.
        api_key: of the account that made the invoices; other keys do not see its payments.
        ipn_secret: with which callbacks are signed.
        call_seconds: how long one call may wait for its answer.
    """

    def __init__(
        self, *, base_url: str, api_key: str, ipn_secret: str, call_seconds: float
    ) -> None:
        self._base_url = _http_url(base_url.strip(), "base_url").rstrip("/")
        self._api_key = _required(api_key, "api_key")
        self._ipn_secret = _required(ipn_secret, "ipn_secret").encode()
        self._call_seconds = call_seconds
        self._client: httpx.Client | None = None
        self._lock = Lock()

    def create_invoice(self, request: InvoiceRequest) -> Invoice:
        content = _invoice_body(request)
        # Without an answer there may be an invoice, and there is no way to look for it.
        answer = self._call("POST", "/invoice", UnknownOutcomeError, content)
        if answer.status not in _CREATED:
            raise self._refusal(answer, UnknownOutcomeError)
        return _read_invoice(answer, str(request.order_id))

    def payment(self, provider_payment_id: str) -> str:
        # An empty id would turn this into a request for the list of all payments.
        if not _DIGITS.fullmatch(provider_payment_id):
            raise PermanentError("a NOWPayments payment id is made of digits")
        answer = self._call("GET", f"/payment/{provider_payment_id}", RetryableError)
        if answer.status != _OK:
            raise self._refusal(answer, RetryableError)
        return _read_payment(answer, provider_payment_id)

    def is_genuine(self, body: bytes, signature: str | None) -> bool:
        return is_genuine(self._ipn_secret, body, signature)

    def read_report(self, body: str) -> Report:
        return read_report(body)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _http(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> httpx.Client:
        is_tls = self._base_url.startswith("https:")
        return httpx.Client(
            headers={"x-api-key": self._api_key},
            timeout=self._call_seconds,
            # A stand-in on loopback needs neither certificates nor a proxy.
            verify=httpx.create_ssl_context() if is_tls else _no_tls(),
            trust_env=is_tls,
        )

    def _call(
        self, method: str, path: str, silence: type[ProviderError], content: bytes | None = None
    ) -> _Answer:
        """Ask and read the whole answer; raises `silence` where the request may have arrived."""
        # httpx's errors hold the request with our key, so they are left behind, not chained.
        failure: ProviderError
        try:
            return self._exchange(method, path, content)
        except _NOT_SENT as error:
            failure = RetryableError(f"NOWPayments cannot be reached: {type(error).__name__}")
        except httpx.RequestError as error:
            failure = silence(f"no answer from NOWPayments: {type(error).__name__}")
        raise failure

    def _exchange(self, method: str, path: str, content: bytes | None) -> _Answer:
        headers = {"content-type": "application/json"} if content else {}
        ends_at = time.monotonic() + self._call_seconds
        url = self._base_url + path
        with self._http().stream(method, url, content=content, headers=headers) as response:
            body = _limited_body(response, ends_at)
            return _Answer(response.status_code, body, response.headers.get("retry-after", ""))

    def _refusal(self, answer: _Answer, silence: type[ProviderError]) -> ProviderError:
        """What an answer other than success means."""
        if answer.status == _TOO_MANY:
            return RetryableError("NOWPayments: too many requests", _retry_after(answer))
        if answer.status in _REFUSALS and answer.fields is not None:
            return self._permanent(answer.status, answer.fields)
        if silence is RetryableError:
            return RetryableError(f"NOWPayments answered {answer.status}", _retry_after(answer))
        return silence(f"NOWPayments answered {answer.status}")

    def _permanent(self, status: int, fields: dict[str, Any]) -> PermanentError:
        code, message = str(fields.get("code")), str(fields.get("message", ""))
        shown = code if _CODE.fullmatch(code) else "an unknown code"
        told = message.replace(self._api_key, "…")[:MAX_REASON_CHARS]
        return PermanentError(f"NOWPayments refused with {status} {shown}: {told}")


def _required(value: str, name: str) -> str:
    """A setting without the spaces around it; an empty secret would make any signature right."""
    trimmed = value.strip()
    if not trimmed or not trimmed.isascii() or not trimmed.isprintable():
        raise ValueError(f"{name} is empty or not plain ASCII")
    return trimmed


def _http_url(url: str, name: str) -> str:
    """An absolute http or https URL. Raises ValueError naming what is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable():
        raise ValueError(f"{name} is not an http URL")
    return url


def _no_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _limited_body(response: httpx.Response, ends_at: float) -> bytes:
    """The body, unless it is too long or comes too slowly. Raises httpx.RequestError."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise httpx.ReadError("the answer is too long")
        if time.monotonic() > ends_at:
            raise httpx.ReadTimeout("the answer comes too slowly")
    return bytes(body)


def _retry_after(answer: _Answer) -> int:
    # The header may also be a date, which only says that there is no hurry.
    given = answer.retry_after.strip()
    return min(int(given), MAX_RETRY_AFTER_SECONDS) if _DIGITS.fullmatch(given) else 0


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


def _read_invoice(answer: _Answer, order_id: str) -> Invoice:
    """The invoice that was made, if it is surely ours. Raises UnknownOutcomeError."""
    fields = answer.fields or {}
    invoice_id, url = fields.get("id"), fields.get("invoice_url")
    if fields.get("order_id") != order_id:
        raise UnknownOutcomeError("NOWPayments' answer does not repeat order_id")
    if not isinstance(invoice_id, str) or not _DIGITS.fullmatch(invoice_id):
        raise UnknownOutcomeError("NOWPayments' answer has no id of digits")
    try:
        return Invoice(str(invoice_id), _http_url(str(url), "invoice_url"))
    except ValueError:
        raise UnknownOutcomeError("NOWPayments' answer has no invoice_url") from None


def _read_payment(answer: _Answer, wanted: str) -> str:
    """The answer's text, if it is an object about this payment. Raises RetryableError."""
    text, fields = answer.text, answer.fields
    if text is None or fields is None:
        raise RetryableError("NOWPayments' answer is not a JSON object")
    shown = fields.get("payment_id")
    if isinstance(shown, str) and shown != wanted:
        raise RetryableError("NOWPayments answered about another payment")
    return text
