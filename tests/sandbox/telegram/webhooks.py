"""Methods by which the bot asks for its updates."""

import re
from typing import Any
from urllib.parse import urlsplit

from tests.sandbox.telegram.errors import ApiError, bad_request
from tests.sandbox.telegram.params import Params
from tests.sandbox.telegram.records import Update, Webhook
from tests.sandbox.telegram.world import World

PORTS = frozenset({80, 88, 443, 8443})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_SECRET = 256
MOST_CONNECTIONS = 100
KINDS = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
    }
)


def _parts(url: str) -> tuple[str, str, int]:
    """Scheme, host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise bad_request("bad webhook: invalid webhook URL specified") from None
    return parts.scheme, parts.hostname or "", port


def _check_url(url: str) -> None:
    scheme, host, port = _parts(url)
    if host in LOOPBACK:
        # The sandbox has neither certificates nor privileged ports.
        return
    if scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if port not in PORTS:
        text = "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
        raise bad_request(text)


def _check_secret(secret: str) -> None:
    if len(secret) > LONGEST_SECRET:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")


def _keep_allowed_updates(world: World, params: Params) -> None:
    """Left out keeps the previous choice; an empty list is the default choice."""
    wanted = params.json("allowed_updates")
    if isinstance(wanted, list):
        world.settings.allowed_updates = [str(kind) for kind in wanted if kind in KINDS]


def drop_pending(world: World) -> None:
    """Forget what has not been delivered."""
    for update in world.pending():
        update.state = "dropped"
        world.updates.touch(update)


def set_webhook(world: World, params: Params) -> Any:
    """Choose where updates go; an empty URL is nowhere (setWebhook)."""
    url, secret = params.text("url"), params.text("secret_token")
    if not url:
        return delete_webhook(world, params)
    _check_url(url)
    _check_secret(secret)
    wanted = params.integer("max_connections") or 40
    connections = min(max(1, wanted), MOST_CONNECTIONS)
    _keep_allowed_updates(world, params)
    world.settings.webhook = Webhook(url, secret, connections)
    if params.flag("drop_pending_updates"):
        drop_pending(world)
    world.webhook_changed.set()
    return True


def delete_webhook(world: World, params: Params) -> Any:
    """Stop pushing updates (deleteWebhook)."""
    world.settings.webhook = Webhook()
    if params.flag("drop_pending_updates"):
        drop_pending(world)
    world.webhook_changed.set()
    return True


def webhook_info(world: World, _params: Params) -> Any:
    """Where updates go and how that fares (getWebhookInfo)."""
    webhook = world.settings.webhook
    info: dict[str, Any] = {
        "url": webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(world.pending()),
        "last_error_date": webhook.last_error_date,
        "last_error_message": webhook.last_error_message,
        "max_connections": webhook.max_connections if webhook.url else None,
        "allowed_updates": world.settings.allowed_updates or None,
    }
    return {name: value for name, value in info.items() if value is not None}


def update_body(update: Update) -> dict[str, Any]:
    """An update as the bot gets it."""
    return {"update_id": update.update_id, update.kind: update.content}


def get_updates(world: World, params: Params) -> Any:
    """Pull updates; an offset confirms everything before it (getUpdates)."""
    if world.settings.webhook.url:
        text = "can't use getUpdates method while webhook is active; use deleteWebhook to delete"
        raise ApiError(409, f"Conflict: {text} the webhook first")
    _keep_allowed_updates(world, params)
    offset = params.integer("offset")
    for update in world.pending():
        if update.update_id < offset:
            update.state = "delivered"
            world.updates.touch(update)
    limit = params.integer("limit") or 100
    return [update_body(update) for update in world.pending()[: min(max(1, limit), 100)]]
