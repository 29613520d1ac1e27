"""The routes under /_sandbox, by which tests and demos make things happen and look on."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.changenow import api, book, lifecycle, orders
from tests.sandbox.changenow.catalogue import COINS
from tests.sandbox.changenow.errors import ApiError, canned_fault, not_found, refused
from tests.sandbox.changenow.orders import (
    Canned,
    Direct,
    Inactive,
    LimitOrder,
    Order,
    Planned,
)
from tests.sandbox.changenow.records import Call, Deposit, Exchange, Plan, Transfer
from tests.sandbox.changenow.weather import Weather
from tests.sandbox.changenow.world import World
from tests.sandbox.faults import Fault

B = TypeVar("B", bound=Order)
Handler = Callable[[World, Request], Awaitable[Any]]


def _bad_order(error: object) -> ApiError:
    return refused("bad_order", str(error))


async def _json(request: Request) -> dict[str, Any]:
    try:
        return dict(json.loads(await request.body(), parse_float=Decimal))
    except (TypeError, ValueError) as error:
        raise _bad_order(error) from error


async def _order(request: Request, shape: type[B]) -> B:
    try:
        return shape.model_validate(await _json(request))
    except ValueError as error:
        raise _bad_order(error) from error


async def _exchanges(world: World, _request: Request) -> list[dict[str, Any]]:
    """All, in the order of their creation, with what came in and what was sent."""
    rows = sorted(world.store.listed(Exchange), key=lambda one: (one.created_at, one.id))
    return [_shown(world, one) for one in rows]


def _shown(world: World, exchange: Exchange) -> dict[str, Any]:
    deposits = world.store.listed(Deposit, owner=exchange.id)
    sent = world.store.listed(Transfer, owner=exchange.id)
    original = f"{exchange.original_id:014x}" if exchange.original_id else None
    return {
        **exchange.model_dump(mode="json", exclude={"payin_key"}),
        "id": exchange.public_id,
        "original_id": original,
        "deposits": [_received(one) for one in deposits],
        "transfers": [_sent(one) for one in sent],
    }


def _received(deposit: Deposit) -> dict[str, Any]:
    shown = deposit.model_dump(mode="json", exclude={"id", "exchange_id"})
    return {**shown, "units": str(deposit.units)}


def _sent(transfer: Transfer) -> dict[str, Any]:
    shown = transfer.model_dump(mode="json", include={"purpose", "coin", "to", "mined"})
    return {**shown, "units": str(transfer.units), "hash": transfer.hash}


def _found(world: World, request: Request) -> Exchange:
    try:
        found = world.store.get(Exchange, int(request.path_params["id"], 16))
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise not_found()
    return found


async def _direct(world: World, request: Request) -> dict[str, Any]:
    order = await _order(request, Direct)
    exchange = _found(world, request)
    with world.store.together():
        orders.apply(exchange, order)
        world.store.put(exchange)
        if order.release and exchange.status == "verifying":
            lifecycle.go_on(world, exchange)
    return _shown(world, exchange)


async def _plans(world: World, request: Request) -> list[dict[str, Any]]:
    if request.method == "POST":
        order = await _order(request, Planned)
        given = order.directives.model_dump(mode="json", include=order.directives.model_fields_set)
        world.store.put(Plan(pair=order.pair, times=order.times, directives=given))
    if request.method == "DELETE":
        for plan in world.store.listed(Plan, only_open=True):
            plan.times = 0
            world.store.put(plan)
    return [one.model_dump(mode="json") for one in world.store.listed(Plan, only_open=True)]


async def _rates(world: World, request: Request) -> dict[str, str]:
    """Prices in USD; null is the usual one again."""
    if request.method == "POST":
        kept = {coin: str(price) for coin, price in world.rates.items()}
        for coin, price in (await _json(request)).items():
            kept.pop(coin, None)
            if price is not None:
                kept[_known_coin(coin)] = str(_price(price))
        world.store.set("rates", kept)
    return {name: str(world.rates.get(name, coin.price_usd)) for name, coin in COINS.items()}


def _known_coin(coin: str) -> str:
    if coin not in COINS:
        raise _bad_order(f"no coin {coin}")
    return coin


def _price(given: Any) -> Decimal:
    try:
        price = Decimal(str(given))
    except InvalidOperation as error:
        raise _bad_order(error) from error
    if not 0 < price < Decimal(10) ** 12:
        raise _bad_order(f"no price: {given}")
    return price


async def _limits(world: World, request: Request) -> dict[str, Any]:
    if request.method == "POST":
        order = await _order(request, LimitOrder)
        given = order.model_dump(mode="json", include=order.model_fields_set - {"pair"})
        kept = world.limits
        kept[order.pair] = {**kept.get(order.pair, {}), **given}
        world.store.set("limits", kept)
    return world.limits


async def _inactive(world: World, request: Request) -> list[str]:
    if request.method == "POST":
        order = await _order(request, Inactive)
        others = world.inactive - {order.pair}
        world.store.set("inactive", sorted(others | ({order.pair} if order.inactive else set())))
    return sorted(world.inactive)


async def _entitlements(world: World, request: Request) -> dict[str, bool]:
    if request.method == "POST":
        given = await _json(request)
        if not given.keys() <= api.ENTITLEMENTS:
            raise _bad_order(f"there are {sorted(api.ENTITLEMENTS)}")
        kept = {**world.entitlements, **{name: bool(value) for name, value in given.items()}}
        world.store.set("entitlements", kept)
    return {name: world.entitlements.get(name, True) for name in sorted(api.ENTITLEMENTS)}


async def _requests(world: World, request: Request) -> list[dict[str, Any]]:
    """What came in, in order; `?after=` an id."""
    after = int(request.query_params.get("after", "0"))
    return [one.model_dump(mode="json") for one in world.store.listed(Call, after=after)]


async def _book(world: World, _request: Request) -> dict[str, Any]:
    return book.shown(world.store)


async def _weather(world: World, request: Request) -> dict[str, Any]:
    """Change settings; `reset` goes back to those of the command line first."""
    if request.method == "POST":
        changes = await _json(request)
        base = world.fresh_weather() if changes.pop("reset", False) else world.weather
        world.set_weather(_changed(base, changes))
    return world.weather.model_dump(mode="json")


def _changed(weather: Weather, changes: dict[str, Any]) -> Weather:
    try:
        return weather.changed(changes)
    except ValueError as error:
        raise _bad_order(error) from error


async def _canned(world: World, request: Request) -> dict[str, Any]:
    order = await _order(request, Canned)
    try:
        fault = canned_fault(**order.model_dump())
    except ValueError as error:
        raise _bad_order(error) from error
    return {"id": world.board.add(Fault(**fault)).id}


HANDLERS: dict[str, tuple[list[str], Handler]] = {
    "exchanges": (["GET"], _exchanges),
    "exchanges/{id}": (["POST"], _direct),
    "plans": (["GET", "POST", "DELETE"], _plans),
    "rates": (["GET", "POST"], _rates),
    "limits": (["GET", "POST"], _limits),
    "inactive": (["GET", "POST"], _inactive),
    "entitlements": (["GET", "POST"], _entitlements),
    "requests": (["GET"], _requests),
    "book": (["GET"], _book),
    "weather": (["GET", "POST"], _weather),
    "canned": (["POST"], _canned),
}


def _endpoint(world: World, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return JSONResponse(await handler(world, request))

    return endpoint


def routes(world: World) -> list[Route]:
    """The control routes, without those of the fault board."""
    return [
        Route(f"/_sandbox/{name}", _endpoint(world, handler), methods=methods)
        for name, (methods, handler) in HANDLERS.items()
    ]
