"""The part of the API that says what is on offer: coins, pairs, limits, estimates."""

from decimal import Decimal
from typing import Any

from starlette.requests import Request

from tests.sandbox.changenow import addresses, catalogue, checks, numbers, quotes, views
from tests.sandbox.changenow.catalogue import COINS
from tests.sandbox.changenow.errors import ApiError, not_valid_params, refused
from tests.sandbox.changenow.quotes import Estimate, Pair
from tests.sandbox.changenow.records import Direction, Quote, now_ms
from tests.sandbox.changenow.world import World

ESTIMATE = "GET /v2/exchange/estimated-amount"


def _flag(request: Request, name: str) -> bool | None:
    value = request.query_params.get(name)
    return None if value in (None, "") else value == "true"


async def currencies(_world: World, request: Request) -> Any:
    given = {
        "active": _flag(request, "active"),
        "isFiat": _flag(request, "isFiat"),
        "buy": _flag(request, "buy"),
        "sell": _flag(request, "sell"),
    }
    fixed_only = checks.flow(request.query_params) == "fixed-rate"
    rows = []
    for coin in COINS.values():
        row = views.currency(coin)
        known = {"active": coin.active, **row}
        as_asked = all(value in (None, known[name]) for name, value in given.items())
        if as_asked and (coin.fixed_rate or not fixed_only):
            rows.append(row)
    return rows


async def available_pairs(world: World, request: Request) -> Any:
    query = request.query_params
    flow = checks.text(query, "flow")
    rows = []
    for source in catalogue.EXCHANGED.values():
        for target in catalogue.EXCHANGED.values():
            row = views.currencies(source, target)
            asked = all(query.get(name) in (None, "", value) for name, value in row.items())
            if asked and checks.is_active(world, source, target):
                fixed = checks.has_fixed_rate(world, source, target)
                rows.append({**row, "flow": {"standard": True, "fixed-rate": fixed}})
    return [row for row in rows if flow is None or row["flow"].get(flow, False)]


async def min_amount(world: World, request: Request) -> Any:
    pair = checks.pair(world, request.query_params)
    return views.limits(pair, quotes.limits(world, pair), most=False)


async def limit_range(world: World, request: Request) -> Any:
    pair = checks.pair(world, request.query_params)
    return views.limits(pair, quotes.limits(world, pair), most=True)


async def estimated_amount(world: World, request: Request) -> Any:
    query = request.query_params
    pair, kind = checks.pair(world, query), checks.direction(query)
    told = _estimate(world, pair, kind, query)
    quotes.check_estimate(world, pair, kind, told.from_amount)
    if told.to_amount <= 0:
        payload = quotes.limits(world, pair).payload
        raise refused("deposit_too_small", "Out of min amount", payload=payload)
    told = _worse(world, pair, kind, told)
    wants_rate = pair.flow == "fixed-rate" and query.get("useRateId") == "true"
    quote = _promise(world, pair, kind, told) if wants_rate else None
    return views.estimate(pair, kind, told, quote, world.weather, world.turn("estimate"))


def _estimate(world: World, pair: Pair, kind: Direction, query: checks.Given) -> Estimate:
    if kind == "direct":
        amount = checks.amount(query, "fromAmount", pair.source.asked_places)
        return quotes.direct(world, pair, amount)
    amount = checks.amount(query, "toAmount", pair.target.asked_places)
    return quotes.reverse(world, pair, amount)


def _worse(world: World, pair: Pair, kind: Direction, told: Estimate) -> Estimate:
    """The custom fault `quote`: another rate than the market's, and it is meant."""
    fault = world.board.strike(ESTIMATE, custom="quote")
    if fault is None:
        return told
    factor = Decimal(str(fault.values["factor"]))
    fees = (told.deposit_fee, told.withdrawal_fee)
    if kind == "reverse":
        more = numbers.up(told.from_amount / factor, pair.source.asked_places)
        return Estimate(more, told.to_amount, told.exact_to, *fees)
    exact = told.exact_to * factor
    return Estimate(told.from_amount, quotes.promised(exact, pair.target), exact, *fees)


def _promise(world: World, pair: Pair, kind: Direction, told: Estimate) -> Quote:
    fault = world.board.strike(ESTIMATE, custom="short")
    seconds = world.weather.quote_seconds if fault is None else float(fault.values["seconds"])
    return world.store.put(
        Quote(
            source=pair.source.id,
            target=pair.target.id,
            type=kind,
            from_amount=told.from_amount,
            to_amount=told.to_amount,
            valid_until=now_ms() + int(1000 * seconds),
        )
    )


async def network_fee(world: World, request: Request) -> Any:
    """The fields of this one are not recorded; these say what the estimate takes off."""
    pair = checks.pair(world, request.query_params)
    fees = {
        "deposit": (pair.source, quotes.deposit_fee(world, pair.source)),
        "withdrawal": (pair.target, quotes.withdrawal_fee(world, pair.target)),
    }
    shown = {
        name: {"currency": coin.ticker, "network": coin.network, "amount": fee}
        for name, (coin, fee) in fees.items()
    }
    return {"estimatedFee": shown}


async def market_estimate(world: World, request: Request) -> Any:
    """What the market says, without fees; it calls what is wrong by another name."""
    query = request.query_params
    try:
        pair, kind = checks.pair(world, query), checks.direction(query)
        name, coin = ("fromAmount", pair.source) if kind == "direct" else ("toAmount", pair.target)
        amount = checks.amount(query, name, coin.asked_places)
    except ApiError as error:
        raise refused("bad_params", str(error)) from error
    rate = quotes.market_rate(world, pair)
    other = amount * rate if kind == "direct" else amount / rate
    names = ("fromAmount", "toAmount") if kind == "direct" else ("toAmount", "fromAmount")
    amounts = dict(zip(names, (amount, other), strict=True))
    return {**views.currencies(pair.source, pair.target), **amounts, "type": kind}


async def validate(_world: World, request: Request) -> Any:
    query = request.query_params
    network, address = checks.required(query, "currency"), checks.required(query, "address")
    if network not in addresses.NETWORKS:
        raise not_valid_params(f"Currency {network} is not supported")
    return views.validated(address, network)
