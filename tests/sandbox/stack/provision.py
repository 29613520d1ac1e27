"""What an infra engineer does once: schema and role, topics and subscriptions, the webhook."""

import json
import os
import secrets
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pg8000.native
from google.cloud import pubsub_v1
from google.protobuf import duration_pb2
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, RetryPolicy, Subscription

from shared_lib.adapters.postgres.connect import connector
from shared_lib.adapters.postgres.migrations import migrate
from tests.sandbox.postgres import PostgresServer, create_database, drop_database
from tests.sandbox.stack.plan import PROJECT, PROJECT_ID, PUSH_ACCOUNT, Plan, function_table

_UPDATES = ["message", "callback_query", "chat_join_request", "chat_member", "my_chat_member"]
_PUBLISH_SECONDS = 10.0
_MINUTE = duration_pb2.Duration(seconds=60)


def connect(url: str) -> pg8000.native.Connection:
    """A connection to this database."""
    return connector(url)()


def prepare_database(server: PostgresServer, name: str) -> str:
    """A fresh database with today's schema; the URL for the application's own role."""
    drop_database(server, name)
    owner_url = create_database(server, name)
    connection = connect(owner_url)
    try:
        migrate(connection, PROJECT / "sql")
        password = secrets.token_hex(16)
        user = f"{name}_service"
        connection.run(f"DROP ROLE IF EXISTS {user}")
        connection.run(f"CREATE ROLE {user} LOGIN PASSWORD '{password}' IN ROLE funnel_app")
    finally:
        connection.close()
    parts = urlsplit(owner_url)
    return f"postgresql://{user}:{quote(password)}@{parts.hostname}:{parts.port}{parts.path}"


def prepare_pubsub(plan: Plan) -> None:
    """Topics and push subscriptions by the table that Terraform uses."""
    os.environ["PUBSUB_EMULATOR_HOST"] = plan.pubsub_host
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    consumers: dict[str, str] = {}
    table: dict[str, Any] = function_table()["functions"]
    for name, entry in table.items():
        if entry["trigger"] == "event":
            consumers |= dict.fromkeys(entry["consumes"], name)
    for event_type in consumers:
        publisher.create_topic(name=_topic(event_type))
        publisher.create_topic(name=_topic(f"{event_type}.dead"))
    for event_type, function in consumers.items():
        dead = f"{event_type}.dead"
        subscriber.create_subscription(_subscription(plan, function, event_type, function, dead))
        subscriber.create_subscription(_subscription(plan, dead, dead, "record_dead_letter", None))
    publisher.transport.close()  # type: ignore[no-untyped-call]
    subscriber.transport.close()  # type: ignore[no-untyped-call]


def run_tick(name: str) -> None:
    """Publish a tick before its time, as an engineer does by hand with a scheduler's job."""
    publisher = pubsub_v1.PublisherClient()
    data = json.dumps({"type": f"tick.{name}", "version": 1}).encode()
    publisher.publish(_topic(f"tick.{name}"), data).result(timeout=_PUBLISH_SECONDS)
    publisher.transport.close()  # type: ignore[no-untyped-call]


def _topic(name: str) -> str:
    return f"projects/{PROJECT_ID}/topics/{name}"


def _subscription(
    plan: Plan, name: str, topic: str, function: str, dead: str | None
) -> Subscription:
    address = plan.audience(function)
    token = PushConfig.OidcToken(service_account_email=PUSH_ACCOUNT, audience=address)
    policy = DeadLetterPolicy(dead_letter_topic=_topic(dead or ""), max_delivery_attempts=100)
    return Subscription(
        name=f"projects/{PROJECT_ID}/subscriptions/{name}",
        topic=_topic(topic),
        push_config=PushConfig(push_endpoint=address, oidc_token=token),
        ack_deadline_seconds=120,
        retry_policy=RetryPolicy(minimum_backoff=_MINUTE, maximum_backoff=_MINUTE),
        dead_letter_policy=policy if dead else None,
    )


def set_webhook(plan: Plan) -> None:
    """Tell Telegram where updates go, once, with every kind that the bot needs."""
    answer = httpx.post(
        f"{plan.telegram_url}/bot{plan.bot_token}/setWebhook",
        json={
            "url": plan.url("telegram_bot"),
            "secret_token": plan.webhook_secret,
            "allowed_updates": _UPDATES,
        },
        trust_env=False,
    )
    answer.raise_for_status()
