"""The rules that Pub/Sub holds requests to, and the defaults that it fills in."""

import re
from typing import Any
from urllib.parse import urlsplit

from tests.sandbox.pubsub import model
from tests.sandbox.pubsub.refusal import Code, RefusedError, invalid

MAX_REQUEST_BYTES = 10_000_000
MAX_MESSAGES = 1_000
MAX_ATTRIBUTES = 100
MAX_KEY_BYTES = 256
MAX_VALUE_BYTES = 1_024
MAX_ACK_DEADLINE_SECONDS = 600
MAX_BACKOFF_SECONDS = 600
DELIVERY_ATTEMPTS = range(5, 101)
RETENTION_SECONDS = (600, 31 * 86_400)
NAME = r"projects/[^/]+/{kind}/(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{{2,254}}"
# Settings that would change delivery and are not built: refused, so that nobody relies on them.
NOT_BUILT = (
    "bigquery_config",
    "cloud_storage_config",
    "enable_exactly_once_delivery",
    "enable_message_ordering",
    "filter",
)


def check_name(name: str, kind: str) -> None:
    """Refuse what is not a full name of a topic (`topics`) or subscription (`subscriptions`)."""
    if not re.fullmatch(NAME.format(kind=kind), name):
        raise invalid(f"Invalid [{kind}] name: (name={name})")


def check_publish(request: Any) -> None:
    """Refuse a publish request over a limit, or with an empty message."""
    if not 1 <= len(request.messages) <= MAX_MESSAGES:
        raise invalid(f"The value for message_count is not within 1 to {MAX_MESSAGES}.")
    if request.ByteSize() > MAX_REQUEST_BYTES:
        raise invalid(f"The request size is larger than {MAX_REQUEST_BYTES} bytes.")
    for message in request.messages:
        if not message.data and not message.attributes:
            raise invalid("Some messages are empty: data or an attribute is required.")
        _check_attributes(dict(message.attributes))


def _check_attributes(attributes: dict[str, str]) -> None:
    if len(attributes) > MAX_ATTRIBUTES:
        raise invalid(f"A message has more than {MAX_ATTRIBUTES} attributes.")
    for key, value in attributes.items():
        if not key or len(key.encode()) > MAX_KEY_BYTES or key.startswith("goog"):
            raise invalid(f"Invalid attribute key: {key[:MAX_KEY_BYTES]}")
        if len(value.encode()) > MAX_VALUE_BYTES:
            raise invalid(f"The value of attribute {key} is larger than {MAX_VALUE_BYTES} bytes.")


def complete(subscription: Any, shortest_ack_deadline_seconds: int) -> None:
    """Fill in the defaults of a Subscription message and refuse what breaks a rule."""
    for setting in NOT_BUILT:
        if _given(subscription, setting):
            raise RefusedError(Code.UNIMPLEMENTED, f"{setting} is not built here.")
    _complete_deadline(subscription, shortest_ack_deadline_seconds)
    check_push(subscription.push_config)
    _complete_retry(subscription)
    _complete_dead_letter(subscription.dead_letter_policy)
    _complete_lifetime(subscription)


def _given(message: Any, name: str) -> bool:
    return any(field.name == name for field, _ in message.ListFields())


def check_push(push: Any) -> None:
    """Refuse a push configuration without a usable endpoint."""
    if _given(push, "no_wrapper"):
        raise RefusedError(Code.UNIMPLEMENTED, "no_wrapper is not built here.")
    url = urlsplit(push.push_endpoint)
    if push.push_endpoint and not (url.scheme in {"http", "https"} and url.hostname):
        raise invalid(f"Invalid push endpoint: {push.push_endpoint}")
    if _given(push, "oidc_token") and not push.oidc_token.service_account_email:
        raise invalid("An OIDC token needs a service account.")


def _complete_deadline(subscription: Any, shortest_seconds: int) -> None:
    if not subscription.ack_deadline_seconds:
        subscription.ack_deadline_seconds = model.DEFAULT_ACK_DEADLINE_SECONDS
    if not shortest_seconds <= subscription.ack_deadline_seconds <= MAX_ACK_DEADLINE_SECONDS:
        span = f"{shortest_seconds} to {MAX_ACK_DEADLINE_SECONDS}"
        raise invalid(f"Invalid ack deadline: not within {span} seconds.")


def _complete_retry(subscription: Any) -> None:
    if not subscription.HasField("retry_policy"):
        return
    policy = subscription.retry_policy
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.seconds = model.DEFAULT_MIN_BACKOFF_SECONDS
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.seconds = model.DEFAULT_MAX_BACKOFF_SECONDS
    low, high = model.seconds(policy.minimum_backoff), model.seconds(policy.maximum_backoff)
    if not 0 <= low <= high <= MAX_BACKOFF_SECONDS:
        raise invalid("Invalid retry policy: 0 <= minimum <= maximum <= 600 seconds.")


def _complete_dead_letter(policy: Any) -> None:
    if not policy.dead_letter_topic:
        return
    check_name(policy.dead_letter_topic, "topics")
    if not policy.max_delivery_attempts:
        policy.max_delivery_attempts = model.DEFAULT_DELIVERY_ATTEMPTS
    if policy.max_delivery_attempts not in DELIVERY_ATTEMPTS:
        raise invalid("Invalid max_delivery_attempts: not within 5 to 100.")


def _complete_lifetime(subscription: Any) -> None:
    if not subscription.HasField("message_retention_duration"):
        subscription.message_retention_duration.seconds = model.DEFAULT_RETENTION_SECONDS
    low, high = RETENTION_SECONDS
    if not low <= model.seconds(subscription.message_retention_duration) <= high:
        raise invalid("Invalid message retention: not within 10 minutes to 31 days.")
    if not subscription.HasField("expiration_policy"):
        subscription.expiration_policy.ttl.seconds = model.DEFAULT_EXPIRATION_SECONDS
