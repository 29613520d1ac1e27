from dataclasses import dataclass, field
from typing import Any

# What Pub/Sub uses where a subscription is silent.
DEFAULT_ACK_DEADLINE_SECONDS = 10
DEFAULT_MIN_BACKOFF_SECONDS = 10
DEFAULT_MAX_BACKOFF_SECONDS = 600
DEFAULT_DELIVERY_ATTEMPTS = 5
DEFAULT_RETENTION_SECONDS = 7 * 86_400
DEFAULT_EXPIRATION_SECONDS = 31 * 86_400
DELETED_TOPIC = "_deleted-topic_"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a publisher says; the broker adds the id and the time."""

    data: bytes
    attributes: dict[str, str]
    ordering_key: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    topic: str
    draft: Draft
    published_us: int


@dataclass(slots=True, eq=False)
class Delivery:
    """A message on its way to one subscription.

    `attempts` counts the deliveries that failed. An echo is a duplicate made by the weather: its
    outcome changes nothing.
    """

    message: Message
    attempts: int = 0
    due: float = 0.0
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Backoff:
    minimum_seconds: float
    maximum_seconds: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    topic: str
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What delivery needs to know of a subscription's settings."""

    name: str
    topic: str
    endpoint: str
    email: str
    audience: str
    deadline_seconds: float
    retention_seconds: float
    backoff: Backoff | None
    dead_letter: DeadLetter | None

    @property
    def short_name(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def project(self) -> str:
        return self.name.split("/")[1]


@dataclass(frozen=True, slots=True)
class Record:
    """One finished push, for whoever looks at /_sandbox/deliveries."""

    message_id: str
    attempt: int
    status: int | None
    reason: str
    acked: bool
    echo: bool
    started_at: float
    latency_ms: float


@dataclass(slots=True)
class Saved:
    """All that the state file holds, as read at start."""

    topics: dict[str, bytes] = field(default_factory=dict)
    subscriptions: dict[str, tuple[bytes, int, int]] = field(default_factory=dict)
    deliveries: list[tuple[str, Delivery]] = field(default_factory=list)
    highest_id: int = 0


def plan_of(subscription: Any) -> Plan:
    """The delivery plan of a Subscription message whose defaults are filled in."""
    push = subscription.push_config
    dead = subscription.dead_letter_policy
    retry = subscription.retry_policy
    return Plan(
        name=subscription.name,
        topic=subscription.topic,
        endpoint=push.push_endpoint,
        email=push.oidc_token.service_account_email,
        audience=push.oidc_token.audience or push.push_endpoint,
        deadline_seconds=subscription.ack_deadline_seconds,
        retention_seconds=seconds(subscription.message_retention_duration),
        backoff=Backoff(seconds(retry.minimum_backoff), seconds(retry.maximum_backoff))
        if subscription.HasField("retry_policy")
        else None,
        dead_letter=DeadLetter(dead.dead_letter_topic, dead.max_delivery_attempts)
        if dead.dead_letter_topic
        else None,
    )


def seconds(duration: Any) -> float:
    """A protobuf Duration in seconds."""
    return float(duration.seconds + duration.nanos / 1e9)
