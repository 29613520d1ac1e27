"""Accounts of owners, and the secrets that are good for one use."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

LINK_CODE_LIFETIME = timedelta(minutes=15)


class TokenPurpose(StrEnum):
    """What a token is good for, and for nothing else."""

    TELEGRAM_LINK = "telegram_link"


@dataclass(frozen=True, slots=True)
class OwnerAccount:
    """`email` is None for an account that began in Telegram and has no login of its own."""

    id: UUID
    telegram_user_id: int | None
    email: str | None


def token_digest(token: str) -> bytes:
    """What is kept of a token: enough to know it again, too little to use it."""
    return sha256(token.encode()).digest()
