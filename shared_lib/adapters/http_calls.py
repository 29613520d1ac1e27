"""Calls of a provider's HTTP API with a key, and what the ways in which they fail mean."""

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from shared_lib.adapters.json_text import BadJsonError, parsed
from shared_lib.ports import ProviderError, RetryableError

MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_RETRY_AFTER_SECONDS: Final = 24 * 3600
MAX_REASON_CHARS: Final = 200

_DIGITS = re.compile(r"[0-9]{1,20}")
_TOO_MANY = 429
_REFUSALS = range(400, 500)
# Failures before the first byte of the request was sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came in whole. `retry_after` is its header, in seconds if it is a number."""

    status: int
    body: bytes
    retry_after: str = ""

    @property
    def text(self) -> str | None:
        """The body if it is text."""
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            return None

    @property
    def json(self) -> Any:
        """The value of the body if it is JSON, else None."""
        try:
            return parsed(self.text or "", most_chars=len(self.body))
        except BadJsonError:
            return None

    @property
    def fields(self) -> dict[str, Any] | None:
        """The body if it is a JSON object."""
        value = self.json
        return value if isinstance(value, dict) else None

    @property
    def is_refusal(self) -> bool:
        """The API itself says no; what stands in front of it does not speak JSON."""
        return self.status in _REFUSALS and self.status != _TOO_MANY and self.fields is not None


class HttpCalls:
    """Safe for threads; opens nothing before the first call.

    Args:
        provider: its name in the texts of errors.
        base_url: the API with its version, such as `https://api.example/v1`.
        key_header: which header carries the key.
        api_key: never shown in the text of an error.
        call_seconds: how long one call may wait for its answer.
    """

    def __init__(
        self, *, provider: str, base_url: str, key_header: str, api_key: str, call_seconds: float
    ) -> None:
        self._provider = provider
        self._base_url = http_url(base_url.strip(), "base_url").rstrip("/")
        self._key_header = key_header
        self._api_key = required_secret(api_key, "api_key")
        self._call_seconds = call_seconds
        self._client: httpx.Client | None = None
        self._lock = Lock()

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        most_bytes: int = MAX_ANSWER_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask something that changes nothing. Raises RetryableError where no answer comes."""
        return self._call(
            "GET", path, RetryableError, params=params, most_bytes=most_bytes, more=headers
        )

    def post(self, path: str, content: bytes, silence: type[ProviderError]) -> Answer:
        """Send JSON. Raises `silence` where it may have arrived, else RetryableError."""
        return self._call("POST", path, silence, content=content)

    def unanswered(self, answer: Answer, silence: type[ProviderError]) -> ProviderError:
        """What an answer means that is neither a success nor a refusal by the API itself."""
        wish = retry_after_seconds(answer)
        if answer.status == _TOO_MANY:
            return RetryableError(f"{self._provider}: too many requests", wish)
        reason = f"{self._provider} answered {answer.status}"
        return RetryableError(reason, wish) if silence is RetryableError else silence(reason)

    def refusal_text(self, status: int, code: str, message: str) -> str:
        """What a refusal says, bounded and without the key."""
        told = message.replace(self._api_key, "…")[:MAX_REASON_CHARS]
        return f"{self._provider} refused with {status} {code}: {told}"

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
            headers={self._key_header: self._api_key},
            timeout=self._call_seconds,
            # A stand-in on loopback needs neither certificates nor a proxy.
            verify=httpx.create_ssl_context() if is_tls else _no_tls(),
            trust_env=is_tls,
        )

    def _call(
        self,
        method: str,
        path: str,
        silence: type[ProviderError],
        *,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        most_bytes: int = MAX_ANSWER_BYTES,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask and read the whole answer; raises `silence` where the request may have arrived."""
        ends_at = time.monotonic() + self._call_seconds
        headers = {"content-type": "application/json"} if content else {}
        headers |= more or {}
        url = self._base_url + path
        # httpx's errors hold the request with our key, so they are left behind, not chained.
        failure: ProviderError
        try:
            with self._http().stream(
                method, url, content=content, params=params, headers=headers
            ) as response:
                body = _limited_body(response, ends_at, most_bytes)
                return Answer(response.status_code, body, response.headers.get("retry-after", ""))
        except _NOT_SENT as error:
            failure = RetryableError(f"{self._provider} cannot be reached: {type(error).__name__}")
        except httpx.RequestError as error:
            failure = silence(f"no answer from {self._provider}: {type(error).__name__}")
        raise failure


def required_secret(value: str, name: str) -> str:
    """A setting without the spaces around it; an empty secret would make any signature right."""
    trimmed = value.strip()
    if not trimmed or not trimmed.isascii() or not trimmed.isprintable():
        raise ValueError(f"{name} is empty or not plain ASCII")
    return trimmed


def http_url(url: str, name: str) -> str:
    """An absolute http or https URL. Raises ValueError naming what is none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable():
        raise ValueError(f"{name} is not an http URL")
    return url


def retry_after_seconds(answer: Answer) -> int:
    """What the answer wishes, at most a day; 0 where it wishes nothing."""
    # The header may also be a date, which only says that there is no hurry.
    given = answer.retry_after.strip()
    return min(int(given), MAX_RETRY_AFTER_SECONDS) if _DIGITS.fullmatch(given) else 0


def _no_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _limited_body(response: httpx.Response, ends_at: float, most_bytes: int) -> bytes:
    """The body, unless it is too long or comes too slowly. Raises httpx.RequestError."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > most_bytes:
            raise httpx.ReadError("the answer is too long")
        if time.monotonic() > ends_at:
            raise httpx.ReadTimeout("the answer comes too slowly")
    return bytes(body)
