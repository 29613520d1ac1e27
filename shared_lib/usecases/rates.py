"""The rates at which we may ask each provider, and the pauses that they ask for."""

from datetime import datetime, timedelta
from enum import StrEnum

from shared_lib.domain.message import Message
from shared_lib.ports import ChatMovedError, Ports, ProviderError, RetryableError, Transaction


class Bucket(StrEnum):
    """One bucket of tokens per provider, shared by all functions."""

    TELEGRAM = "telegram"
    CHANGENOW = "changenow"


def telegram_slot(ports: Ports) -> float | None:
    """Take the right to send one message; None if it was given, else seconds to wait."""
    with ports.database.transaction() as tx:
        return _wait(ports, tx, Bucket.TELEGRAM, ports.policy.telegram_messages_per_second)


def take_swap_calls(ports: Ports, calls: int) -> None:
    """Take the right to ask the swap provider. Raises RetryableError while there is none."""
    with ports.database.transaction() as tx:
        for _ in range(calls):
            wait = _wait(ports, tx, Bucket.CHANGENOW, ports.policy.changenow_calls_per_second)
            if wait is not None:
                raise RetryableError("the swap provider was asked too often", wait)


def pause_after(tx: Transaction, bucket: Bucket, error: ProviderError, now: datetime) -> None:
    """Hold everybody back for as long as the provider asked; follow a chat to its new id."""
    if isinstance(error, ChatMovedError):
        tx.channels.move_chat(error.old_id, error.new_id)
    if isinstance(error, RetryableError) and error.after_seconds > 0:
        tx.delivery.pause(bucket, now + timedelta(seconds=error.after_seconds))


def show_again(ports: Ports, telegram_user_id: int, message_id: int, message: Message) -> None:
    """Show something else in a message, as far as Telegram lets us; the next press tries again."""
    if telegram_slot(ports) is not None:
        return
    try:
        ports.messenger.edit(telegram_user_id, message_id, message)
    except ProviderError as error:
        with ports.database.transaction() as tx:
            pause_after(tx, Bucket.TELEGRAM, error, ports.clock.now())


def _wait(ports: Ports, tx: Transaction, bucket: Bucket, per_second: int) -> float | None:
    now = ports.clock.now()
    free_at = tx.delivery.take_token(bucket, per_second, now)
    return None if free_at is None else (free_at - now).total_seconds()
