"""The part of the API that is about exchanges: making, watching and deciding about them."""

from typing import Any

from starlette.requests import Request

from tests.sandbox.changenow import checks, exchanges, lifecycle, views
from tests.sandbox.changenow.catalogue import COINS
from tests.sandbox.changenow.errors import ApiError, not_found, refused
from tests.sandbox.changenow.records import Exchange
from tests.sandbox.changenow.world import World

CREATE = "POST /v2/exchange"
MOST_LISTED = 99


async def create(world: World, request: Request) -> Any:
    body = checks.body_object(await request.body())
    shown = views.created(exchanges.create(world, body), world.weather)
    fault = world.board.strike(CREATE, custom="echo")
    return shown if fault is None else {**shown, **fault.values}


def _exchange(world: World, given: checks.Given) -> Exchange:
    """The exchange that a request is about; the id is no path segment here."""
    public_id = checks.required(given, "id")
    try:
        found = world.store.get(Exchange, int(public_id, 16))
    except (ValueError, OverflowError):
        found = None
    if found is None or found.public_id != public_id:
        raise not_found()
    return found


async def by_id(world: World, request: Request) -> Any:
    found = _exchange(world, request.query_params)
    luck = world.turn(f"by_id:{found.id}")
    return views.exchange(found, _family(world, found), world.weather, luck)


def _family(world: World, exchange: Exchange) -> list[Exchange]:
    beside = world.store.listed(Exchange, owner=exchange.id)
    original = world.store.get(Exchange, exchange.original_id) if exchange.original_id else None
    # One whose deposit was taken back by a reorganisation is not there any more.
    there = [one for one in beside if one.amount_from is not None]
    return [*there, original] if original else there


async def actions(world: World, request: Request) -> Any:
    found = _exchange(world, request.query_params)
    return views.actions(found, lifecycle.owed(world, found), None)


async def go_on(world: World, request: Request) -> Any:
    found = _exchange(world, checks.body_object(await request.body()))
    estimate = lifecycle.owed(world, found)
    if not found.actions_available or found.status != "verifying" or estimate <= 0:
        raise _not_available("Continue", found)
    lifecycle.go_on(world, found)
    target = COINS[found.target]
    told = {"amount": estimate, "currency": target.ticker, "network": target.network}
    return {"result": {"result": True, "data": {"estimate": told}}}


async def refund(world: World, request: Request) -> Any:
    body = checks.body_object(await request.body())
    found = _exchange(world, body)
    if not found.actions_available:
        raise _not_available("Refund", found)
    address = checks.address(body, "address", COINS[found.source], "not_valid_refund_address")
    lifecycle.begin_refund(world, found, address)
    return {"result": True}


def _not_available(what: str, exchange: Exchange) -> ApiError:
    return refused("not_available", f"{what} not available for exchange {exchange.public_id}")


async def listing(world: World, request: Request) -> Any:
    query = request.query_params
    limit = checks.whole(query, "limit", 10, MOST_LISTED)
    offset = checks.whole(query, "offset", 0, 10**6)
    rows = [one for one in world.store.listed(Exchange) if _is_wanted(one, query)]
    last_first = query.get("sortDirection", "DESC").upper() == "DESC"
    by = "updated_at" if query.get("sortField") == "updatedAt" else "created_at"
    rows.sort(key=lambda one: (getattr(one, by), one.id), reverse=last_first)
    shown = [views.listed(one) for one in rows[offset : offset + limit]]
    return {"count": len(rows), "exchanges": shown}


def _is_wanted(exchange: Exchange, query: checks.Given) -> bool:
    row = views.listed(exchange)
    statuses = (query.get("statuses") or row["status"]).split(",")
    field = "updatedAt" if query.get("dateField") == "updatedAt" else "createdAt"
    since, until = query.get("dateFrom") or row[field], query.get("dateTo") or row[field]
    address = query.get("payoutAddress") or exchange.payout_address
    return (
        row["status"] in statuses
        and since <= row[field] <= until
        and address.lower() == exchange.payout_address.lower()
        and (query.get("userId") or exchange.user_id) == exchange.user_id
        and (query.get("requestId") or row["requestId"]) == row["requestId"]
    )
