"""A runtime without the outside world: settings, a clock that stands still, a broker in memory."""

import base64
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from shared_lib.domain.policy import Policy
from shared_lib.events import Event
from shared_lib.ports import DatabaseUnavailableError
from shared_lib.runtime.logs import set_up_logs
from shared_lib.runtime.outbox import CommittedEvents
from shared_lib.runtime.settings import (
    CallbackSettings,
    Concern,
    PushSettings,
    Settings,
    WebhookSettings,
    read_settings,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
AUDIENCE = "https://confirm-payment-1.europe-west1.run.app"
ACCOUNT = "push@project.iam.gserviceaccount.com"
WEBHOOK_SECRET = "webhook-secret-1"
ENVIRONMENT = {
    "PUSH_AUDIENCE": AUDIENCE,
    "PUSH_SERVICE_ACCOUNT": ACCOUNT,
    "NOWPAYMENTS_IPN_SECRET": "ipn-secret-1",
    "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
}
CONCERNS: tuple[type[Concern], ...] = (PushSettings, CallbackSettings, WebhookSettings)


@contextmanager
def own_logs(**how: Any) -> Iterator[None]:
    """Log as in production until the end of the block."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    set_up_logs("notify", project_id="funnel-dev", **how)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


class FixedClock:
    def now(self) -> datetime:
        return NOW


class FreshIds:
    def new(self) -> UUID:
        return uuid4()

    def offer_link(self) -> str:
        return "a" * 22


@dataclass
class FakePublisher:
    """`stored` is what the broker says; with `error` it cannot even be asked.

    `waited` are the seconds that each call was given.
    """

    stored: bool = True
    error: Exception | None = None
    published: list[Event] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def publish(self, event: Event, seconds: float) -> bool:
        if self.error is not None:
            raise self.error
        self.waited.append(seconds)
        if self.stored:
            self.published.append(event)
        return self.stored


@dataclass
class FakeOutbox:
    """The only table here: what was deleted."""

    down: bool = False
    deleted: list[int] = field(default_factory=list)

    def forget_published(self, row_ids: Sequence[int]) -> None:
        if self.down:
            raise DatabaseUnavailableError("down")
        self.deleted.extend(row_ids)


class FakeRuntime:
    """Implements `Runtime`; a port that no test of the runtime uses raises AttributeError."""

    provider: Any
    swaps: Any
    chain: Any
    signer: Any
    messenger: Any
    drafts: Any

    def __init__(self) -> None:
        self.settings: Settings = read_settings(ENVIRONMENT, *CONCERNS)
        self.policy = Policy()
        self.clock = FixedClock()
        self.ids = FreshIds()
        self.publisher = FakePublisher()
        self.events = CommittedEvents(self.publisher)
        self.outbox = FakeOutbox()
        self.database: Any = self.outbox


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token; a changed one that is None is left out."""
    good = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "email": ACCOUNT,
        "email_verified": True,
        "exp": NOW.timestamp() + 3_600,
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def bearer(document: Any) -> str:
    """An Authorization header as Cloud Run hands it on, its signature removed."""
    parts = [_base64url({"alg": "RS256"}), _base64url(document), "SIGNATURE_REMOVED_BY_GOOGLE"]
    return "Bearer " + ".".join(parts)


def push_body(content: bytes, **message: Any) -> dict[str, Any]:
    """The wrapped body of a push."""
    wrapped = {
        "data": base64.b64encode(content).decode(),
        "messageId": "77",
        "publishTime": "2026-01-02T03:04:05.678Z",
    }
    return {
        "message": {
            name: value for name, value in (wrapped | message).items() if value is not None
        },
        "subscription": "projects/p/subscriptions/confirm_payment",
        "deliveryAttempt": 2,
    }


def handler(calls: list[Any], error: Exception | None = None) -> Callable[..., None]:
    """A use case that remembers what it was called with."""

    def handle(_ports: Any, *arguments: Any) -> None:
        calls.append(arguments)
        if error is not None:
            raise error

    return handle


def _base64url(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
