"""Checks of what a request gives; each returns the value or raises the API's error."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.sandbox.nowpayments import catalogue, js
from tests.sandbox.nowpayments.errors import ApiError, currency_unavailable, invalid_params
from tests.sandbox.nowpayments.money import Terms
from tests.sandbox.nowpayments.weather import Weather

HIGHEST_PRICE = Decimal("1e12")

# RFC 3986, http and https only. Anything else, such as a space, a bar or a letter outside ASCII,
# must have been percent-encoded.
_PLAIN = r"[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2}"
URL = re.compile(
    r"https?://"
    r"(?:[A-Za-z0-9\-._~]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    rf"(?:/(?:{_PLAIN}|/)*)?"
    rf"(?:\?(?:{_PLAIN}|[/?])*)?"
    rf"(?:\#(?:{_PLAIN}|[/?])*)?",
    re.IGNORECASE,
)


def body_object(raw: bytes) -> dict[str, Any]:
    try:
        body = js.parse(raw)
    except (ValueError, RecursionError) as error:
        raise invalid_params("request body is not valid JSON") from error
    if not isinstance(body, dict):
        raise invalid_params("request body must be an object")
    return body


def amount(value: Any, name: str) -> Decimal:
    """A positive JSON number; the service refuses numbers in quotes."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise invalid_params(f'"{name}" must be a number')
    if not 0 < value < HIGHEST_PRICE:
        raise invalid_params(f'"{name}" must be a positive number')
    return Decimal(value)


def queried_amount(value: str | None, name: str) -> Decimal:
    if not value or not re.fullmatch(r"\d{1,15}(\.\d{1,30})?", value) or Decimal(value) <= 0:
        raise invalid_params(f'"{name}" must be a positive number')
    return Decimal(value)


def text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid_params(f'"{name}" must be a string')
    return value


def required_text(body: dict[str, Any], name: str) -> str:
    value = text(body, name)
    if not value:
        raise invalid_params(f'"{name}" is required')
    return value


def flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid_params(f'"{name}" must be a boolean')
    return bool(value)


def url(body: dict[str, Any], name: str) -> str | None:
    value = text(body, name)
    if value is not None and not URL.fullmatch(value):
        raise invalid_params(f'"{name}" must be a valid uri with a scheme matching http|https')
    return value


def fiat(body: dict[str, Any], name: str) -> str:
    """A fiat ticker in the caller's own case, which is echoed."""
    value = required_text(body, name)
    if value.lower() not in catalogue.FIATS:
        raise currency_unavailable(value)
    return value


def digits(value: Any, name: str) -> int:
    """An id: a number, or a string of digits."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", str(value)):
        raise invalid_params(f'"{name}" must be a number')
    return int(value)


def whole(value: str | None, name: str, default: int, least: int, most: int) -> int:
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
        raise invalid_params(f'"{name}" must be between {least} and {most}')
    return int(value)


def moment(value: str | None, name: str) -> int | None:
    """A date or a time as epoch milliseconds."""
    if value is None:
        return None
    try:
        given = datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid_params(f'"{name}" must be a valid date') from error
    aware = given if given.tzinfo else given.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)


def affordable(terms: Terms, *, fixed: bool) -> None:
    """The price must lie between the coin's minimum and its ceiling."""
    weather: Weather = terms.weather
    coin = catalogue.coin(terms.pay_currency)
    if terms.price_usd < catalogue.minimum_usd(coin.ticker, weather, fixed=fixed):
        raise ApiError(400, "AMOUNT_MINIMAL_ERROR", "amountTo is too small")
    if coin.ceiling and terms.price_usd > weather.ceiling_usd:
        # The code for this is not known; the status is.
        raise ApiError(400, "BAD_CREATE_PAYMENT_REQUEST", "amountTo is too big")
