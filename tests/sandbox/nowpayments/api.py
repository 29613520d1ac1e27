"""The API under /v1, as the contract records it."""

import asyncio
import hmac
import math
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.sandbox.nowpayments import catalogue, checks, customer, js, payments, tokens, views
from tests.sandbox.nowpayments.errors import (
    JSON_TYPE,
    ApiError,
    auth_required,
    invalid_api_key,
    payment_not_found,
)
from tests.sandbox.nowpayments.money import as_double, asked
from tests.sandbox.nowpayments.records import Invoice, Payment, iso, now_ms
from tests.sandbox.nowpayments.world import World

Answer = Callable[[World, Request], Awaitable[tuple[int, Any]]]

# The sandbox of the service plays a payment by itself when it is given a `case`.
CASES: dict[str, customer.End] = {
    "success": "finished",
    "partially_paid": "partially_paid",
    "failed": "failed",
    "expired": "expired",
}
ORDERS = ("asc", "desc")
SORTABLE = ("created_at", "updated_at", "payment_id", "payment_status", "price_amount")


def answered(status: int, body: Any) -> Response:
    """JSON as the service writes it."""
    headers = {"content-type": JSON_TYPE, "cf-ray": f"{now_ms():016x}-FRA"}
    return Response(js.text(body).encode(), status, headers)


async def _status(_world: World, _request: Request) -> tuple[int, Any]:
    return 200, {"message": "OK"}


async def _auth(world: World, request: Request) -> tuple[int, Any]:
    body = checks.body_object(await request.body())
    given = (checks.required_text(body, "email"), checks.required_text(body, "password"))
    settings = world.settings
    if given != (settings.email, settings.password):
        raise ApiError(401, "AUTH_REQUIRED", "Invalid email or password")
    seconds = world.weather.token_seconds
    return 200, {"token": tokens.issued(settings.email, seconds, settings.ipn_secret)}


async def _create_invoice(world: World, request: Request) -> tuple[int, Any]:
    body = checks.body_object(await request.body())
    invoice = payments.create_invoice(world, body)
    return 201, views.invoice(invoice, world.settings.public_url)


async def _create_payment(world: World, request: Request) -> tuple[int, Any]:
    body = checks.body_object(await request.body())
    payment = payments.create_direct(world, body)
    shown = views.created_payment(payment)
    customer.reach(world, payment, "waiting")
    end = CASES.get(str(body.get("case")))
    if end:
        customer.begin(world, payment, end, customer.default_portion(end))
    return 201, shown


async def _pay_invoice(world: World, request: Request) -> tuple[int, Any]:
    body = checks.body_object(await request.body())
    invoice = world.store.get(Invoice, checks.digits(body.get("iid"), "iid"))
    if invoice is None:
        raise ApiError(404, "INVOICE_NOT_FOUND", "Invoice was not found")
    ticker = checks.required_text(body, "pay_currency")
    payment = payments.create_of_invoice(world, invoice, ticker)
    customer.reach(world, payment, "waiting")
    return 201, views.created_payment(payment)


def _payment_of(world: World, request: Request) -> Payment:
    given = checks.digits(request.path_params["payment_id"], "payment_id")
    payment = world.store.get(Payment, given)
    if payment is None:
        raise payment_not_found()
    return payment


async def _payment(world: World, request: Request) -> tuple[int, Any]:
    payment = _payment_of(world, request)
    return 200, views.payment(payment, payments.children(world, payment), world.weather)


async def _update_estimate(world: World, request: Request) -> tuple[int, Any]:
    payment = _payment_of(world, request)
    if views.expiry_ms(payment) < now_ms():
        payment.pay_amount = asked(payments.terms(world, payment, payment.pay_currency))
        world.store.put(payment)
    return 200, {
        "id": str(payment.id),
        "token_id": str(payment.id + 1_000_003),
        "pay_amount": payment.pay_amount,
        "expiration_estimate_date": iso(views.expiry_ms(payment)),
    }


async def _payment_list(world: World, request: Request) -> tuple[int, Any]:
    _need_token(world, request)
    query = request.query_params
    limit = checks.whole(query.get("limit"), "limit", 10, 1, 500)
    page = checks.whole(query.get("page"), "page", 0, 0, 10**6)
    rows = _ordered(_selected(world, request), request)
    chosen = rows[page * limit : (page + 1) * limit]
    return 200, {
        "data": [views.listed_payment(row, world.weather) for row in chosen],
        "limit": limit,
        "page": page,
        "pagesCount": math.ceil(len(rows) / limit),
        "total": len(rows),
    }


def _need_token(world: World, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise auth_required()
    if not tokens.is_valid(token.strip(), world.settings.ipn_secret):
        raise auth_required("Bearer JWTtoken is invalid or expired")


def _selected(world: World, request: Request) -> list[Payment]:
    query = request.query_params
    given = query.get("invoiceId")
    owner = checks.digits(given, "invoiceId") if given else None
    since = checks.moment(query.get("dateFrom"), "dateFrom") or 0
    until = checks.moment(query.get("dateTo"), "dateTo") or math.inf
    rows = world.store.listed(Payment, owner=owner)
    return [row for row in rows if since <= row.created_at <= until]


def _ordered(rows: list[Payment], request: Request) -> list[Payment]:
    query = request.query_params
    order, field = query.get("orderBy", "asc").lower(), query.get("sortBy", "created_at")
    if order not in ORDERS:
        raise ApiError(500, "INTERNAL_ERROR", "Internal server error")  # as the service does
    if field not in SORTABLE:
        raise ApiError(400, "INVALID_REQUEST_PARAMS", '"sortBy" is not allowed')
    name = "id" if field == "payment_id" else field
    return sorted(rows, key=lambda row: (getattr(row, name), row.id), reverse=order == "desc")


async def _min_amount(world: World, request: Request) -> tuple[int, Any]:
    query, weather = request.query_params, world.weather
    source = catalogue.coin(query.get("currency_from", ""))
    target = query.get("currency_to") or world.settings.settlement_currency
    catalogue.price_usd(target, weather)  # must exist
    fixed = "true" in (query.get("is_fixed_rate"), query.get("is_fee_paid_by_user"))
    usd = catalogue.minimum_usd(source.ticker, weather, fixed=fixed)
    least = usd / catalogue.price_usd(source.ticker, weather)
    shown: dict[str, Any] = {
        "currency_from": source.ticker,
        "currency_to": target.lower(),
        "min_amount": as_double(least, source.places, "ROUND_CEILING"),
    }
    fiat = query.get("fiat_equivalent")
    if fiat:
        shown["fiat_equivalent"] = as_double(usd / catalogue.price_usd(fiat, weather), 8)
    return 200, shown


async def _estimate(world: World, request: Request) -> tuple[int, Any]:
    query, weather = request.query_params, world.weather
    amount = checks.queried_amount(query.get("amount"), "amount")
    source, target = query.get("currency_from", ""), query.get("currency_to", "")
    rate = catalogue.price_usd(source, weather) / catalogue.price_usd(target, weather)
    return 200, {
        "currency_from": source.lower(),
        "amount_from": amount,
        "currency_to": target.lower(),
        "estimated_amount": as_double(amount * rate, 12),
    }


async def _currencies(_world: World, _request: Request) -> tuple[int, Any]:
    return 200, {"currencies": list(catalogue.COINS)}


async def _full_currencies(_world: World, _request: Request) -> tuple[int, Any]:
    coins = catalogue.COINS.values()
    return 200, {"currencies": [views.full_currency(n, one) for n, one in enumerate(coins)]}


async def _merchant_coins(world: World, _request: Request) -> tuple[int, Any]:
    return 200, {world.weather.coins_key: list(catalogue.COINS)}


OPEN = {"/v1/status", "/v1/auth"}
ANSWERS: dict[tuple[str, str], Answer] = {
    ("GET", "/v1/status"): _status,
    ("POST", "/v1/auth"): _auth,
    ("POST", "/v1/invoice"): _create_invoice,
    ("POST", "/v1/invoice-payment"): _pay_invoice,
    ("POST", "/v1/payment"): _create_payment,
    ("GET", "/v1/payment/"): _payment_list,
    ("GET", "/v1/payment"): _payment_list,
    ("GET", "/v1/payment/{payment_id}"): _payment,
    ("POST", "/v1/payment/{payment_id}/update-merchant-estimate"): _update_estimate,
    ("GET", "/v1/min-amount"): _min_amount,
    ("GET", "/v1/estimate"): _estimate,
    ("GET", "/v1/currencies"): _currencies,
    ("GET", "/v1/full-currencies"): _full_currencies,
    ("GET", "/v1/merchant/coins"): _merchant_coins,
}


def _endpoint(world: World, path: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        latency = world.weather.latency
        await asyncio.sleep(latency)
        key = request.headers.get("x-api-key", "").encode()
        if path not in OPEN and not hmac.compare_digest(key, world.settings.api_key.encode()):
            raise invalid_api_key()
        return answered(*await answer(world, request))

    return endpoint


def routes(world: World) -> list[Route]:
    """One route for each operation of the API."""
    return [
        Route(path, _endpoint(world, path, answer), methods=[method])
        for (method, path), answer in ANSWERS.items()
    ]
