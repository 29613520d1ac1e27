"""Log lines: facts with fields, of a fixed vocabulary of kinds.

JSON as Cloud Logging reads it, or with LOG_FORMAT=console lines for people. What concerns a whole
delivery is bound once and stands on each of its lines.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, Literal, Protocol

import structlog
from structlog.typing import EventDict

from shared_lib.runtime.redaction import Redactor

Processor = Callable[[Any, str, MutableMapping[str, Any]], Any]
_TRACE_KEY = "logging.googleapis.com/trace"
# W3C's header first, then the one that Google's front end has always set.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_CLOUD_TRACE = re.compile(r"([0-9a-fA-F]{32})(/.*)?")

_trace: ContextVar[str] = ContextVar("trace", default="")


class Headers(Protocol):
    """A request's headers; their names may be given in any case."""

    def get(self, key: str, default: str, /) -> str:
        """A header, or the default."""
        ...


class Kind(StrEnum):
    """What a line is about."""

    START = "start"
    DONE = "done"
    FAILED = "failed"
    DATABASE = "database"
    USER = "user"
    MONEY = "money"
    WALLET = "wallet"
    NETWORK = "network"
    ENDPOINT = "endpoint"
    PAYLOAD = "payload"
    ID = "id"
    MESSAGE = "message"
    SECURITY = "security"
    TIME = "time"
    SEARCH = "search"
    WRITE = "write"
    WARNING = "warning"
    COMPLETE = "complete"
    RETRY = "retry"
    STATISTICS = "statistics"
    CHAIN = "chain"
    GAS = "gas"
    CALCULATION = "calculation"
    DATE = "date"

    @property
    def emoji(self) -> str:
        """How the kind looks in a terminal."""
        return _EMOJI[self]

    @property
    def severity(self) -> str:
        """How Cloud Logging ranks the kind."""
        return _SEVERITY.get(self, "INFO")


_EMOJI = {
    Kind.START: "🚀",
    Kind.DONE: "✅",
    Kind.FAILED: "❌",
    Kind.DATABASE: "💾",
    Kind.USER: "👤",
    Kind.MONEY: "💰",
    Kind.WALLET: "🏦",
    Kind.NETWORK: "🌐",
    Kind.ENDPOINT: "🎯",
    Kind.PAYLOAD: "📦",
    Kind.ID: "🆔",
    Kind.MESSAGE: "📨",
    Kind.SECURITY: "🔐",
    Kind.TIME: "🕐",
    Kind.SEARCH: "🔍",
    Kind.WRITE: "📝",
    Kind.WARNING: "⚠️",
    Kind.COMPLETE: "🎉",
    Kind.RETRY: "🔄",
    Kind.STATISTICS: "📊",
    Kind.CHAIN: "🔗",
    Kind.GAS: "⛽",
    Kind.CALCULATION: "🧮",
    Kind.DATE: "📅",
}
_SEVERITY = {
    Kind.FAILED: "ERROR",
    Kind.WARNING: "WARNING",
    Kind.SECURITY: "WARNING",
    Kind.RETRY: "WARNING",
}


def set_up_logs(
    service: str,
    *,
    form: Literal["json", "console"] = "json",
    project_id: str | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """Write all log lines of this process, those of libraries too, to standard output."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _named(service),
        _traced(project_id),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        Redactor(secrets),
    ]
    last: list[Processor] = [_line] if form == "console" else [structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _set_up_libraries([*shared, *last])


def log(kind: Kind, text: str, *, error: BaseException | None = None, **fields: Any) -> None:
    """Write one fact. `error` adds its stack trace."""
    facts: dict[str, Any] = {"severity": kind.severity, "kind": kind, **fields}
    if error is not None:
        facts["exc_info"] = error
    structlog.get_logger().msg(text, **facts)


@contextmanager
def delivery_logged(headers: Headers) -> Iterator[None]:
    """Start a delivery with nothing bound but its caller's trace."""
    with structlog.contextvars.bound_contextvars():
        structlog.contextvars.clear_contextvars()
        token = _trace.set(_trace_of(headers))
        try:
            yield
        finally:
            structlog.contextvars.clear_contextvars()
            _trace.reset(token)


def bind(**ids: str | int | None) -> None:
    """Put these on every further line of the delivery."""
    structlog.contextvars.bind_contextvars(
        **{name: value for name, value in ids.items() if value is not None}
    )


def follow_trace(trace_id: str) -> None:
    """Go on with the trace of the event that is being handled, if it has one."""
    if trace_id:
        _trace.set(trace_id)


def current_trace() -> str:
    """The trace of the delivery under way; empty if there is none."""
    return _trace.get()


def _trace_of(headers: Headers) -> str:
    found = _TRACEPARENT.fullmatch(headers.get("traceparent", "")) or _CLOUD_TRACE.fullmatch(
        headers.get("X-Cloud-Trace-Context", "")
    )
    return found.group(1).lower() if found else ""


def _named(service: str) -> Processor:
    def add(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add


def _traced(project_id: str | None) -> Processor:
    def add(_logger: Any, _method: str, event: EventDict) -> EventDict:
        trace = _trace.get()
        if trace:
            event[_TRACE_KEY] = f"projects/{project_id}/traces/{trace}" if project_id else trace
        return event

    return add


def _line(_logger: Any, _method: str, event: EventDict) -> str:
    """A line for people: time of day, emoji, text, fields, and below it a stack trace."""
    kind = Kind(event.pop("kind", Kind.PAYLOAD))
    moment = str(event.pop("time", ""))[11:19]
    text, trace = event.pop("message", ""), event.pop("exception", None)
    for name in ("severity", _TRACE_KEY):
        event.pop(name, None)
    fields = " ".join(f"{name}={value}" for name, value in event.items())
    return f"{moment} {kind.emoji} {text}  {fields}" + (f"\n{trace}" if trace else "")


class _LibraryHandler(logging.Handler):
    """Writes what libraries log through our own processors, redaction included."""

    def __init__(self, processors: list[Processor]) -> None:
        super().__init__()
        self._processors = processors

    def emit(self, record: logging.LogRecord) -> None:
        severe = record.levelno >= logging.ERROR
        event: Any = {
            "event": record.getMessage(),
            "severity": "ERROR" if severe else "WARNING",
            "kind": Kind.FAILED if severe else Kind.WARNING,
            "logger": record.name,
        }
        if record.exc_info:
            event["exc_info"] = record.exc_info
        for processor in self._processors:
            event = processor(None, record.levelname.lower(), event)
        sys.stdout.write(f"{event}\n")


def _set_up_libraries(processors: list[Processor]) -> None:
    """Warnings and errors only: at INFO, HTTP clients log URLs that hold tokens."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryHandler(processors))
    root.setLevel(logging.WARNING)
