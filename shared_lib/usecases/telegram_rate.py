"""The one rate at which the whole bot may write, and the pauses that Telegram asks for."""

from datetime import datetime, timedelta

from shared_lib.ports import Ports, ProviderError, RetryableError, Transaction

_BUCKET = "telegram"


def telegram_slot(ports: Ports) -> float | None:
    """Take the right to send one message; None if it was given, else seconds to wait."""
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        free_at = tx.delivery.take_token(_BUCKET, ports.policy.telegram_messages_per_second, now)
    return None if free_at is None else (free_at - now).total_seconds()


def pause_telegram(tx: Transaction, error: ProviderError, now: datetime) -> None:
    """Hold the whole bot back for as long as Telegram asked."""
    if isinstance(error, RetryableError) and error.after_seconds > 0:
        tx.delivery.pause(_BUCKET, now + timedelta(seconds=error.after_seconds))
