"""Checks of what a request gives; each returns the value or raises the API's error."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from tests.sandbox.changenow import addresses, catalogue
from tests.sandbox.changenow.catalogue import ASKED_PLACES, Coin
from tests.sandbox.changenow.errors import not_valid_params, refused
from tests.sandbox.changenow.quotes import Pair
from tests.sandbox.changenow.records import Direction, Flow
from tests.sandbox.changenow.world import World

# No exponent, no sign, and no more digits than the service counts.
AMOUNT = re.compile(rf"[0-9]{{1,18}}(\.[0-9]{{1,{ASKED_PLACES}}})?")
FLOWS = ("standard", "fixed-rate")
DIRECTIONS = ("direct", "reverse")
MOST_PAYLOAD_FIELDS = 5
LONGEST_PAYLOAD_FIELD = 64
Given = Mapping[str, Any]


def body_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise not_valid_params("Body is not valid JSON") from error
    if not isinstance(body, dict):
        raise not_valid_params("Body must be an object")
    return body


def text(given: Given, name: str) -> str | None:
    """A string; one that is empty is as good as none."""
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise not_valid_params(f"{name} must be a string")
    return value or None


def required(given: Given, name: str) -> str:
    value = text(given, name)
    if value is None:
        raise not_valid_params(f"{name} is required")
    return value


def _coin(given: Given, side: str, *, network_required: bool) -> Coin:
    ticker = required(given, f"{side}Currency")
    name = f"{side}Network"
    network = required(given, name) if network_required else text(given, name)
    found = catalogue.find(ticker, network)
    if found is None:
        raise not_valid_params(f"Currency {ticker} is not supported")
    return found


def flow(given: Given) -> Flow:
    value = text(given, "flow") or "standard"
    if value not in FLOWS:
        raise not_valid_params("flow must be one of: standard, fixed-rate")
    return cast("Flow", value)


def direction(given: Given) -> Direction:
    value = text(given, "type") or "direct"
    if value not in DIRECTIONS:
        raise not_valid_params("type must be one of: direct, reverse")
    return cast("Direction", value)


def pair(world: World, given: Given, *, network_required: bool = False) -> Pair:
    """Two coins that can be exchanged now, in this flow."""
    source = _coin(given, "from", network_required=network_required)
    target = _coin(given, "to", network_required=network_required)
    found = Pair(source, target, flow(given))
    if not is_active(world, source, target):
        raise refused("pair_is_inactive", "This pair is currently unavailable")
    if found.flow == "fixed-rate" and not has_fixed_rate(world, source, target):
        raise refused("fixed_rate_not_enabled", "Fixed rate is not enabled for this pair")
    return found


def is_active(world: World, source: Coin, target: Coin) -> bool:
    off = f"{source.id}>{target.id}" in world.inactive
    return source.active and target.active and source != target and not off


def has_fixed_rate(world: World, source: Coin, target: Coin) -> bool:
    return source.fixed_rate and target.fixed_rate and world.entitlements.get("fixed_rate", True)


def amount(given: Given, name: str, places: int) -> Decimal:
    """A positive decimal text; `places` is what the coin can carry of it."""
    value = required(given, name)
    if not AMOUNT.fullmatch(value) or Decimal(value) <= 0:
        raise not_valid_params(f"{name} must be a positive number")
    if len(value.partition(".")[2].rstrip("0")) > places:
        raise not_valid_params(f"{name} has too many decimals")
    return Decimal(value)


def address(given: Given, name: str, coin: Coin, code: str) -> str:
    """An address of the coin's network, or the error called `code`."""
    value = required(given, name)
    if not addresses.is_plausible(value, coin.network):
        raise refused(code, f"Invalid address {value} for {coin.ticker}")
    return value


def extra_id(given: Given, name: str, coin: Coin, *, must: bool) -> str | None:
    """A memo or destination tag; coins that have none refuse one."""
    value = text(given, name)
    pattern = addresses.EXTRA_IDS.get(coin.network)
    if value is None:
        if must and coin.memo:
            raise not_valid_params(f"{name} is required for {coin.ticker}")
        return None
    if not coin.memo or pattern is None or not re.fullmatch(pattern, value):
        raise not_valid_params(f"{name} is not valid for {coin.ticker}")
    return value


def payload(given: Given) -> None:
    """A few short fields, for special partners."""
    value = given.get("payload") or {}
    if not isinstance(value, dict) or len(value) > MOST_PAYLOAD_FIELDS:
        raise not_valid_params("payload must be an object of at most 5 fields")
    if any(len(str(one)) > LONGEST_PAYLOAD_FIELD for one in value.values()):
        raise not_valid_params("payload fields must be at most 64 characters")


def whole(given: Given, name: str, default: int, most: int) -> int:
    value = text(given, name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) > most:
        raise not_valid_params(f"{name} must be between 0 and {most}")
    return int(value)
