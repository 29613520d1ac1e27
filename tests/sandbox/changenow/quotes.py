"""Prices, limits and estimates."""

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.sandbox.changenow import errors
from tests.sandbox.changenow.catalogue import Coin
from tests.sandbox.changenow.errors import ApiError
from tests.sandbox.changenow.numbers import as_double, down, number, up
from tests.sandbox.changenow.records import Direction, Flow
from tests.sandbox.changenow.world import World

FEE_PLACES = 12
MINIMUM_USD: dict[Flow, Decimal] = {"fixed-rate": Decimal("2.0"), "standard": Decimal("1.2")}
MAXIMUM_USD: dict[Flow, Decimal] = {"fixed-rate": Decimal(20_000), "standard": Decimal(50_000)}
# Too little of these is to be had for the amount to be left open.
SCARCE = ("xmr:xmr", "zec:zec", "bch:bch")


@dataclass(frozen=True)
class Pair:
    """What is sold for what, and whether the rate is promised."""

    source: Coin
    target: Coin
    flow: Flow

    @property
    def id(self) -> str:
        return f"{self.source.id}>{self.target.id}"


@dataclass(frozen=True)
class Limits:
    """The least and the most of the source coin; None is no limit."""

    least: Decimal
    most: Decimal | None

    @property
    def payload(self) -> dict[str, Any]:
        return errors.in_range(self.least, self.most)


@dataclass(frozen=True)
class Estimate:
    """An amount for an amount, fees included. `exact_to` has more digits than can be paid."""

    from_amount: Decimal
    to_amount: Decimal
    exact_to: Decimal
    deposit_fee: Decimal
    withdrawal_fee: Decimal


def price_usd(world: World, coin: Coin) -> Decimal:
    """What a whole coin costs."""
    return world.rates.get(coin.id, coin.price_usd)


def market_rate(world: World, pair: Pair) -> Decimal:
    """Target coins for a source coin, before fees and spread; it moves a little all the time."""
    ratio = price_usd(world, pair.source) / price_usd(world, pair.target)
    return ratio * (1 + world.weather.drift * world.weather.wave(pair.id, time.time()))


def _offered_rate(world: World, pair: Pair) -> Decimal:
    weather = world.weather
    spread = weather.spread_fixed if pair.flow == "fixed-rate" else weather.spread_standard
    return market_rate(world, pair) * (1 - spread)


def deposit_fee(world: World, coin: Coin) -> Decimal:
    """In the coin that is paid in."""
    return as_double(down(coin.deposit_fee_usd / price_usd(world, coin), FEE_PLACES))


def withdrawal_fee(world: World, coin: Coin) -> Decimal:
    """In the coin that is paid out."""
    return as_double(down(coin.withdrawal_fee_usd / price_usd(world, coin), FEE_PLACES))


def direct(world: World, pair: Pair, from_amount: Decimal) -> Estimate:
    """What is paid out for an amount."""
    fees = deposit_fee(world, pair.source), withdrawal_fee(world, pair.target)
    exact = max((from_amount - fees[0]) * _offered_rate(world, pair) - fees[1], Decimal(0))
    return Estimate(from_amount, promised(exact, pair.target), exact, *fees)


def reverse(world: World, pair: Pair, to_amount: Decimal) -> Estimate:
    """What has to be paid in for an amount."""
    fees = deposit_fee(world, pair.source), withdrawal_fee(world, pair.target)
    exact = (to_amount + fees[1]) / _offered_rate(world, pair) + fees[0]
    return Estimate(up(exact, pair.source.asked_places), to_amount, to_amount, *fees)


def promised(exact: Decimal, coin: Coin) -> Decimal:
    """As much of `exact` as a JSON number can say and the coin can carry."""
    return down(as_double(down(exact, coin.promised_places)), coin.promised_places)


def limits(world: World, pair: Pair) -> Limits:
    """By default worth about the same for every pair, whatever the market does meanwhile."""
    name = "fixed" if pair.flow == "fixed-rate" else "standard"
    given = world.limits.get(pair.id, {}).get(name)
    if given is not None:
        most = given.get("max")
        return Limits(Decimal(given["min"]), None if most is None else Decimal(most))
    price = price_usd(world, pair.source)
    luck = Decimal(world.weather.dice("minimum", pair.id).uniform(0.95, 1.05))
    least = as_double(up(MINIMUM_USD[pair.flow] * luck / price, FEE_PLACES))
    most = down(MAXIMUM_USD[pair.flow] / price, 4) if pair.target.id in SCARCE else None
    return Limits(least, most)


def check_estimate(world: World, pair: Pair, kind: Direction, amount: Decimal) -> None:
    """The estimate's own words for an amount out of range; they differ by flow and direction."""
    found = limits(world, pair)
    too_little = amount < found.least
    if not too_little and (found.most is None or amount <= found.most):
        return
    if kind == "reverse" and pair.flow == "fixed-rate":
        raise errors.not_valid_params("Amount is out of range", payload=found.payload)
    if too_little:
        words = f"Out of min amount {number(found.least)}"
        raise errors.refused("deposit_too_small", words, payload=found.payload)
    code = "deposit_too_large" if pair.flow == "fixed-rate" else "max_amount_exceeded"
    raise errors.refused(code, f"Out of max amount {found.most}", payload=found.payload)


def check_create(world: World, pair: Pair, amount: Decimal) -> None:
    """The creation has one code for both ends, and a typing error in its words."""
    found, ticker = limits(world, pair), pair.source.ticker.upper()
    if amount < found.least:
        raise _out_of_range(f"Amount is less then minimal: {number(found.least)} {ticker}", found)
    if found.most is not None and amount > found.most:
        raise _out_of_range(f"Amount is more then maximal: {number(found.most)} {ticker}", found)


def _out_of_range(message: str, found: Limits) -> ApiError:
    return errors.refused("out_of_range", message, payload=found.payload)
