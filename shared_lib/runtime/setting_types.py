"""The shapes that settings may have. No error text repeats a value, which may be a secret."""

import re
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from shared_lib.domain.money import SETTLEMENT_ASSETS

# What people and templates leave where a value belongs. The bracketed form counts only between
# separators, so that a generated password with angle brackets in it is no placeholder.
_PLACEHOLDER = re.compile(
    r"change[-_ ]?me|placeholder|\$\{[^}]*\}|(?:^|[/:@=])<[^<>]*>(?:$|[/:@.?])"
    r"|^(?:x{3,}|your[-_ ].*|todo\b.*|\.{3})$",
    re.IGNORECASE,
)
# Order of the group of secp256k1; a private key is a number below it. Source: SEC 2, section 2.4.1.
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_PRIVATE_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_BOT_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{10,100}")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{8,256}")
_HIGHEST_PORT = 65_535


def is_placeholder(text: str) -> bool:
    """Whether a value stands for one that somebody has yet to fill in."""
    return _PLACEHOLDER.search(text) is not None


def is_loopback(host: str) -> bool:
    """Whether a host name or address never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> SplitResult:
    """The parts of a URL with a host. Raises ValueError, which never repeats the text."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if not parts.hostname or re.search(r"[\s<>{}\"\\]", text) or port == 0:
        raise ValueError("is not a URL with a host")
    return parts


def _http_url(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("does not begin with https://")
    if parts.fragment:
        raise ValueError("has a fragment")
    return text.rstrip("/")


def _public_url(text: str) -> str:
    """Plain HTTP is for this machine only: keys and callbacks travel over these URLs."""
    url = _http_url(text)
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("does not begin with https://")
    if parts.username is not None or parts.query:
        raise ValueError("carries a user or a query")
    return url


def _secret_url(value: SecretStr) -> SecretStr:
    return SecretStr(_http_url(value.get_secret_value()))


def _database_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not re.match(r"postgres(ql)?://", text):
        raise ValueError("does not begin with postgresql://")
    try:
        parts = urlsplit(text)
        port = parts.port or 1
    except ValueError:
        raise ValueError("is not a URL") from None
    if not 1 <= port <= _HIGHEST_PORT or not parts.username or len(parts.path) <= 1:
        raise ValueError("needs a user and a database: postgresql://user:password@host:port/name")
    return value


def _private_key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not _PRIVATE_KEY.fullmatch(text):
        raise ValueError("is not 64 hexadecimal digits")
    if not 0 < int(text, 16) < _CURVE_ORDER:
        raise ValueError("is not a private key of this curve")
    return value


def _address(text: str) -> str:
    # The library that knows the checksum is loaded only where a wallet is configured.
    from shared_lib.adapters.ethereum import checksum_address  # noqa: PLC0415

    return checksum_address(text)


def _bot_token(value: SecretStr) -> SecretStr:
    if not _BOT_TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("is not a bot token: digits, a colon and at least 10 characters")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not _WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("is not 8 to 256 characters of A-Z a-z 0-9 _ -")
    return value


def _plain_secret(value: SecretStr) -> SecretStr:
    if re.search(r"\s", value.get_secret_value()):
        raise ValueError("has white space inside")
    return value


def _settlement_asset(text: str) -> str:
    known = [asset.id for asset in SETTLEMENT_ASSETS]
    if text not in known:
        raise ValueError(f"is none of {', '.join(known)}")
    return text


def _shape(pattern: str, words: str) -> Any:
    """A validator for texts that match a pattern, described in words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"is not {words}")
        return text

    return AfterValidator(check)


PublicUrl = Annotated[str, AfterValidator(_public_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
Address = Annotated[str, AfterValidator(_address)]
PrivateKey = Annotated[SecretStr, AfterValidator(_private_key)]
BotToken = Annotated[SecretStr, AfterValidator(_bot_token)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_webhook_secret)]
Secret = Annotated[SecretStr, AfterValidator(_plain_secret)]
SettlementAsset = Annotated[str, AfterValidator(_settlement_asset)]
Word = Annotated[str, _shape(r"\S{1,300}", "one word")]
ProjectId = Annotated[
    str, _shape(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{2,62}", "the id of a Google Cloud project")
]
CloudSqlInstance = Annotated[
    str,
    _shape(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]+", "project:region:instance"),
]
Email = Annotated[str, _shape(r"[^@\s]+@[^@\s]+\.[^@\s]+", "the e-mail address of an account")]
Seconds = Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]
BasisPoints = Annotated[int, Field(ge=0, lt=10_000)]
Count = Annotated[int, Field(ge=1, le=10**30)]
