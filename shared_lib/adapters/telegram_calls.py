"""Single calls of Telegram's Bot API, and what their failures mean.

Each call has a fresh event loop and a fresh connection: functions are frozen between requests, and
a kept loop would belong to one thread.
"""

import asyncio
import json
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from threading import Lock
from typing import Any, Final, TypeVar

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    TelegramError,
)
from telegram.request import HTTPXRequest

from shared_lib.ports import (
    ChatMovedError,
    PermanentError,
    ProviderError,
    RetryableError,
    UnknownOutcomeError,
)

ResultT = TypeVar("ResultT")
Call = Callable[[Bot], Awaitable[ResultT]]

MAX_REASON_CHARS: Final = 200

_TOKEN = re.compile(r"([0-9]{1,20}):[A-Za-z0-9_-]+")
_LINK = re.compile(r"(https?://)?(t|telegram)\.me/\S+", re.IGNORECASE)
_TOO_MANY = 429
_SUCCESS = range(200, 300)
# Failures before the first byte of the request was sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Telegram has answered, and has not done it.
_REFUSALS = (BadRequest, Forbidden, InvalidToken, Conflict)
# What the client raises on an answer that is not what the Bot API promises.
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)


class _FloodError(TelegramError):
    """To be asked later. The client's own RetryAfter warns of a coming change when it is made."""

    def __init__(self, after_seconds: int) -> None:
        super().__init__("Too Many Requests")
        self.after_seconds = after_seconds


class _Seam(HTTPXRequest):
    """The client's transport, but it logs no answer: answers hold invite links."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Ask once; status and body."""
        status, payload = await super().do_request(*args, **kwargs)
        after_seconds = 0 if status in _SUCCESS else _retry_after(payload)
        if status == _TOO_MANY or after_seconds:
            raise _FloodError(after_seconds)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The object in an answer. Raises TelegramError."""
        try:
            parsed = json.loads(payload)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            raise TelegramError("the answer is not a JSON object")
        return parsed


class BotCalls:
    """A bot whose calls raise only ProviderError. See `TelegramMessenger` for the arguments."""

    def __init__(self, *, token: str, base_url: str, call_seconds: float) -> None:
        found = _TOKEN.fullmatch(token.strip())
        if found is None:
            raise ValueError("the bot's token is not <digits>:<secret>")
        self.bot_id = int(found[1])
        self._token = found[0]
        self._base_url = base_url.strip().rstrip("/")
        self._call_seconds = call_seconds
        self._tls: ssl.SSLContext | None = None
        self._lock = Lock()
        _hush_loggers()

    def ask(self, call: Call[ResultT], chat_id: int = 0) -> ResultT:
        """A call that may simply be made again when no answer came; about a chat, if named."""
        return self._run(call, RetryableError, chat_id)

    def change(self, call: Call[ResultT], chat_id: int = 0) -> ResultT:
        """A call that may have had its effect when no answer came; about a chat, if named."""
        return self._run(call, UnknownOutcomeError, chat_id)

    def _run(self, call: Call[ResultT], silence: type[ProviderError], chat_id: int) -> ResultT:
        # The client's errors hold the URL with the token, so they are left behind, not chained.
        failure: ProviderError
        try:
            return asyncio.run(self._called(call))
        except ChatMigrated as error:
            failure = ChatMovedError(chat_id, error.new_chat_id)
        except TelegramError as error:
            failure = self._translated(error, silence)
        except TimeoutError:
            failure = silence("no answer from Telegram in time")
        except _UNREADABLE as error:
            failure = silence(f"an unreadable answer from Telegram: {type(error).__name__}")
        raise failure

    async def _called(self, call: Call[ResultT]) -> ResultT:
        seconds = self._call_seconds
        # `Bot.initialize` would ask getMe each time, so only the transport is opened.
        async with (
            asyncio.timeout(seconds),
            _Seam(1, seconds, seconds, seconds, seconds, httpx_kwargs=self._http()) as seam,
        ):
            url = f"{self._base_url}/bot"
            return await call(Bot(self._token, url, request=seam, get_updates_request=seam))

    def _http(self) -> dict[str, Any]:
        is_tls = self._base_url.startswith("https:")
        # Reading all certificates takes longer than a call, so that is done once.
        with self._lock:
            if self._tls is None:
                self._tls = httpx.create_ssl_context() if is_tls else _no_tls()
        # A proxy of the environment must not get between us and a stand-in on loopback.
        return {"verify": self._tls, "trust_env": is_tls}

    def _translated(self, error: TelegramError, silence: type[ProviderError]) -> ProviderError:
        """The client's errors in our words, by what can be done about them."""
        if isinstance(error, _FloodError):
            return RetryableError("Telegram: too many requests", error.after_seconds)
        if isinstance(error, _REFUSALS):
            return PermanentError(f"Telegram refused: {self._shown(error.message)}")
        if isinstance(error.__cause__, _NOT_SENT):
            return RetryableError("Telegram cannot be reached")
        return silence(f"no readable answer from Telegram: {type(error).__name__}")

    def _shown(self, text: str) -> str:
        """Telegram's text without secrets of ours."""
        return _LINK.sub("…", text.replace(self._token, "…"))[:MAX_REASON_CHARS]


def _hush_loggers() -> None:
    # Both write the URL with the token, or what was sent, at levels below this one.
    for name in ("httpx", "telegram"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


def _no_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _retry_after(payload: bytes) -> int:
    """Seconds that an error asks us to wait; 0 if it does not say."""
    try:
        seconds = _Seam.parse_json_payload(payload)["parameters"]["retry_after"]
    except (TelegramError, KeyError, TypeError):
        return 0
    return seconds if type(seconds) is int and seconds > 0 else 0
