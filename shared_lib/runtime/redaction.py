"""Keeps secrets, invite links and full addresses out of logs.

Two nets: the values of all configured secrets, wherever they turn up, and the shapes and field
names of secrets that no setting holds (invite links, tokens in a library's error text).
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

MASK = "***"
_MASKED_KEY = re.compile(
    r"secret|token|key|signature|link|password|authorization|cookie|\braw\b", re.IGNORECASE
)
_HASH_KEY = re.compile(r"(^|_)hash$")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_PATTERNS = (
    (re.compile(r"(https?://)?t(elegram)?\.me/(\+|joinchat/)[\w-]+", re.IGNORECASE), MASK),
    (
        re.compile(r"(?<![0-9])[0-9]{3,20}:[A-Za-z0-9_-]{20,}"),
        MASK,
    ),  # a bot token, as in Telegram's URLs
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?"), MASK),  # a JSON web token
    (re.compile(r"(?<=://)[^/@\s]+@"), f"{MASK}@"),  # user and password in a URL
    # Addresses, and what may be a private key: nothing tells it from a hash. Fields named *hash
    # keep theirs whole.
    (
        re.compile(r"(?<![0-9a-fA-F])(?:0x)?([0-9a-fA-F]{4})[0-9a-fA-F]{32,}([0-9a-fA-F]{4})"),
        r"0x\1…\2",
    ),
)
# Shorter values would mask ordinary words, and no real secret is that short.
_SHORTEST_SECRET = 8
_DEPTH_MOST = 6


class Redactor:
    """A structlog processor; `secrets` are the values that must never be written."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        values = {part for secret in secrets for part in _parts(secret)}
        # Longest first, so that a secret which contains another one goes as a whole.
        self._values = sorted(values, key=len, reverse=True)

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """The event without anything secret."""
        for key, value in event.items():
            event[key] = self._value(key, value, 0)
        return event

    def text(self, text: str) -> str:
        """A text without anything secret."""
        for value in self._values:
            text = text.replace(value, MASK)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def _value(self, key: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if _MASKED_KEY.search(key) or depth > _DEPTH_MOST:
            return MASK
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): self._value(str(name), one, depth + 1)
                for name, one in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(key, one, depth + 1) for one in value]
        if _HASH_KEY.search(key) and _HASH.fullmatch(str(value)):
            return self._whole_hash(str(value))
        return self.text(str(value))

    def _whole_hash(self, text: str) -> str:
        digits = text.removeprefix("0x").lower()
        secret = any(value.lower().removeprefix("0x") == digits for value in self._values)
        return MASK if secret else text


def _parts(secret: str) -> set[str]:
    """A secret as it may turn up: itself, and what of a URL is secret."""
    found = {secret, secret.removeprefix("0x")}
    if "://" in secret:
        parts = urlsplit(secret)
        password = parts.password or ""
        found |= {password, unquote(password), parts.path.strip("/"), parts.query}
        # A database's name is no secret, and would mask that word everywhere.
        if not parts.scheme.startswith("http"):
            found -= {parts.path.strip("/"), parts.query}
    return {part for part in found if len(part) >= _SHORTEST_SECRET}
