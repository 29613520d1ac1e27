"""The API under /v2, as the contract records it: its routes, and how it writes answers."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.sandbox.changenow import api_exchanges, api_offers, numbers
from tests.sandbox.changenow.errors import JSON_TYPE
from tests.sandbox.changenow.gate import Gate
from tests.sandbox.changenow.records import now_ms
from tests.sandbox.changenow.world import World

Answer = Callable[[World, Request], Awaitable[Any]]
OK = 200

# What is granted on request only, by the word that the control route `entitlements` uses.
ANSWERS: dict[tuple[str, str], tuple[Answer, str | None]] = {
    ("GET", "/v2/exchange/currencies"): (api_offers.currencies, None),
    ("GET", "/v2/exchange/available-pairs"): (api_offers.available_pairs, "available-pairs"),
    ("GET", "/v2/exchange/min-amount"): (api_offers.min_amount, None),
    ("GET", "/v2/exchange/range"): (api_offers.limit_range, "range"),
    ("GET", "/v2/exchange/estimated-amount"): (api_offers.estimated_amount, "estimated-amount"),
    ("POST", "/v2/exchange"): (api_exchanges.create, None),
    ("GET", "/v2/exchange/by-id"): (api_exchanges.by_id, None),
    ("GET", "/v2/validate/address"): (api_offers.validate, None),
    ("GET", "/v2/exchange/actions"): (api_exchanges.actions, "actions"),
    ("POST", "/v2/exchange/continue"): (api_exchanges.go_on, "actions"),
    ("POST", "/v2/exchange/refund"): (api_exchanges.refund, "actions"),
    ("GET", "/v2/exchange/network-fee"): (api_offers.network_fee, "network-fee"),
    ("GET", "/v2/markets/estimate"): (api_offers.market_estimate, "markets-estimate"),
    ("GET", "/v2/exchanges"): (api_exchanges.listing, None),
}
ENTITLEMENTS = {word for _, word in ANSWERS.values() if word} | {"fixed_rate"}


def answered(world: World, status: int, body: Any) -> Response:
    """JSON as the service writes it: with fields that nobody announced, and odd numbers."""
    luck, weather = world.turn("answer"), world.weather
    if status == OK and isinstance(body, dict) and weather.chance("extra_fields", luck):
        body = {**body, "partnerInfo": {"tier": 1}, "fromAmountUsd": Decimal("24.87")}
    odd = weather.chance("exponents", luck)
    written = numbers.text(body, numbers.with_exponent if odd else numbers.number)
    headers = {"content-type": JSON_TYPE, "cf-ray": f"{now_ms():016x}-FRA"}
    return Response(written.encode(), status, headers)


def _endpoint(world: World, gate: Gate, path: str, answer: Answer, word: str | None) -> Any:
    async def endpoint(request: Request) -> Response:
        await asyncio.sleep(world.weather.latency)
        gate.check(request, path, word)
        return answered(world, OK, await answer(world, request))

    return endpoint


def routes(world: World) -> list[Route]:
    """One route for each operation of the API."""
    gate = Gate(world)
    return [
        Route(path, _endpoint(world, gate, path, answer, word), methods=[method])
        for (method, path), (answer, word) in ANSWERS.items()
    ]
