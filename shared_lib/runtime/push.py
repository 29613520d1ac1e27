"""Reads a push as Pub/Sub sends it, wrapped; a CloudEvent of Eventarc has the same body."""

import base64
import binascii
import hashlib
import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared_lib.events import event_from_json
from shared_lib.ports import DeadLetter, Ids

_BODY_MOST_CHARACTERS = 100_000
_SOURCE_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"


class UnreadablePushError(ValueError):
    """The body is no push; the text says what is wrong."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    data: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)
    message_id: str = Field(alias="messageId", min_length=1, max_length=100)
    published_at: datetime | None = Field(None, alias="publishTime")


class _Wrapped(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    message: _Message
    subscription: str = ""
    attempt: int | None = Field(None, alias="deliveryAttempt")


@dataclass(frozen=True, slots=True)
class Push:
    """One delivery of a message; `attempt` counts from 1 where there is a dead-letter policy."""

    data: bytes
    message_id: str
    subscription: str
    published_at: datetime | None
    attempt: int | None
    attributes: dict[str, str] = field(default_factory=dict)

    def slot(self, period_seconds: float) -> int:
        """The number of the period in which a tick was published. Raises UnreadablePushError."""
        if self.published_at is None or self.published_at.tzinfo is None:
            raise UnreadablePushError("publishTime is missing")
        return math.floor(self.published_at.timestamp() / period_seconds)


def read_push(body: bytes) -> Push:
    """Read a push's body. Raises UnreadablePushError."""
    try:
        wrapped = _Wrapped.model_validate_json(body)
        data = base64.b64decode(wrapped.message.data, validate=True)
    except ValidationError as error:
        places = (".".join(map(str, fault["loc"])) for fault in error.errors())
        raise UnreadablePushError(f"not a push: {', '.join(places) or 'no JSON'}") from None
    except (binascii.Error, ValueError):
        raise UnreadablePushError("the data is not base64") from None
    message = wrapped.message
    return Push(
        data=data,
        message_id=message.message_id,
        subscription=wrapped.subscription,
        published_at=message.published_at,
        attempt=wrapped.attempt,
        attributes=message.attributes,
    )


def read_dead_letter(body: bytes, ids: Ids) -> DeadLetter:
    """A dead letter of whatever came; nothing is refused, or it would come for ever."""
    try:
        push = read_push(body)
    except UnreadablePushError:
        name = hashlib.sha256(body).hexdigest()
        push = Push(body, f"sha256-{name}", "unknown", None, None, _loose_attributes(body))
    event_type, entity_id = _event_facts(push)
    return DeadLetter(
        id=ids.new(),
        message_id=push.message_id,
        subscription=_text(push.attributes.get(_SOURCE_SUBSCRIPTION) or push.subscription),
        event_type=event_type,
        entity_id=entity_id,
        body=_text(push.data.decode("utf-8", "replace")),
        attributes={_text(name): _text(value) for name, value in push.attributes.items()},
    )


def _loose_attributes(body: bytes) -> dict[str, str]:
    """The attributes of a push that is broken elsewhere."""
    try:
        found = json.loads(body)["message"]["attributes"]
        return {str(name): str(value) for name, value in found.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _event_facts(push: Push) -> tuple[str | None, Any]:
    """Type and entity of the event in it, or the type that its attribute names."""
    try:
        event = event_from_json(push.data)
    except ValidationError:
        named = push.attributes.get("type")
        return (_text(named) if named else None), None
    return event.type, event.entity_id


def _text(text: str) -> str:
    """Text that PostgreSQL can store: no NUL, no lone surrogates, not endless."""
    storable = text.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return storable[:_BODY_MOST_CHARACTERS]
