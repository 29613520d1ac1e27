"""The routes under /_sandbox, by which tests and demos make things happen and look on."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.faults import Fault
from tests.sandbox.nowpayments import callbacks, customer, js, money, payments
from tests.sandbox.nowpayments.errors import ApiError, canned_fault, payment_not_found
from tests.sandbox.nowpayments.orders import Canned, Force, Order, Pay, Resend, Transfer
from tests.sandbox.nowpayments.records import (
    Call,
    Callback,
    Deposit,
    Invoice,
    Payment,
    Record,
    now_ms,
)
from tests.sandbox.nowpayments.weather import Weather
from tests.sandbox.nowpayments.world import World

B = TypeVar("B", bound=Order)
Handler = Callable[[World, Request], Awaitable[Any]]
MOST_RESENT = 1000


async def _order(request: Request, shape: type[B]) -> B:
    try:
        return shape.model_validate(js.parse(await request.body()))
    except ValueError as error:  # of JSON or of the shape
        raise ApiError(400, "BAD_ORDER", str(error)) from error


def _found(world: World, payment_id: int) -> Payment:
    payment = world.store.get(Payment, payment_id)
    if payment is None:
        raise payment_not_found()
    return payment


async def _pay(world: World, request: Request) -> dict[str, Any]:
    order = await _order(request, Pay)
    with world.store.together():
        return {"payment_id": pay(world, order)}


def pay(world: World, order: Pay) -> int:
    """Let a customer pay; answers the id of the payment, which goes on in the background."""
    end = order.end or ("partially_paid" if (order.portion or 1) < 1 else "finished")
    _checked(world.weather, order.weather)
    payment = _resumed(world, order.payment_id) if order.payment_id else _started(world, order)
    if order.weather:
        payment.plan.weather = order.weather
    if order.wrong_order is not None:
        payment.order_id = order.wrong_order
    _force(payment, order.fields)
    if order.payment_id is None:
        customer.reach(world, payment, "waiting")
    portion = customer.default_portion(end) if order.portion is None else order.portion
    customer.begin(world, payment, end, portion)
    return payment.id


def _checked(weather: Weather, changes: dict[str, Any]) -> Weather:
    try:
        return weather.changed(changes)
    except ValidationError as error:
        raise ApiError(400, "BAD_ORDER", str(error)) from error


def _resumed(world: World, payment_id: int) -> Payment:
    payment = _found(world, payment_id)
    settled = any(one.settles for one in world.store.listed(Deposit, owner=payment_id))
    if payment.plan.steps or settled:
        raise ApiError(409, "BAD_ORDER", "the payment is being played or was settled")
    return payment


def _started(world: World, order: Pay) -> Payment:
    parent = None if order.parent_payment_id is None else _found(world, order.parent_payment_id)
    invoice_id = order.invoice_id or (parent and parent.invoice_id)
    invoice = world.store.get(Invoice, invoice_id) if invoice_id else None
    if invoice is None:
        raise ApiError(404, "INVOICE_NOT_FOUND", "Invoice was not found")
    return payments.create_of_invoice(world, invoice, order.pay_currency, parent=parent)


def _force(payment: Payment, fields: dict[str, Any]) -> None:
    payment.forced = js.text({**js.parse(payment.forced), **fields})


async def _status(world: World, request: Request) -> dict[str, Any]:
    """Force a status and fields, known or not; whatever was being played ends."""
    order = await _order(request, Force)
    payment = _found(world, order.payment_id)
    payment.plan.steps = []
    world.store.put(payment)
    if order.deposit:
        await customer.settle(world, payment.id)
        payment = _found(world, order.payment_id)
    _force(payment, order.fields)
    payment.payment_status = order.status or payment.payment_status
    payment.updated_at = now_ms()
    with world.store.together():
        world.store.put(payment)
        if order.callback:
            callbacks.announce(world, payment)
    return {"payment_id": payment.id, "payment_status": payment.payment_status}


async def _resend(world: World, request: Request) -> dict[str, Any]:
    """Every stored callback of a payment, or those of one status, in their order."""
    order = await _order(request, Resend)
    stored = [
        one
        for one in world.store.listed(Callback, owner=order.payment_id)
        if one.copy_of is None and order.status in (None, one.payment_status)
    ]
    if not stored or not 1 <= order.times * len(stored) <= MOST_RESENT:
        raise ApiError(409, "BAD_ORDER", f"{len(stored)} callbacks are stored")
    sent = await callbacks.resend(world, stored, times=order.times, at_once=order.at_once)
    return {"sent": len(sent), "callbacks": [one.model_dump(mode="json") for one in sent]}


async def _deposit(world: World, request: Request) -> dict[str, Any]:
    """One more transfer for a payment; `show` makes it the payout hash of the payment."""
    order = await _order(request, Transfer)
    payment = _found(world, order.payment_id)
    wei = order.wei
    if wei is None:
        wei = money.base_units(payment.outcome_amount, payment.outcome_currency)
    to = order.to or world.settings.merchant_wallet
    deposit = await customer.extra_deposit(world, payment, wei, to)
    if order.show:
        payment = _found(world, order.payment_id)
        payment.payout_hash = deposit.hash
        world.store.put(payment)
    return {"payment_id": payment.id, "hash": deposit.hash, "wei": str(wei), "to": to}


async def _weather(world: World, request: Request) -> dict[str, Any]:
    """Change settings; `reset` goes back to the defaults first."""
    if request.method == "POST":
        changes = await _changes(request)
        fresh = Weather(pace=world.settings.pace)
        base = fresh if changes.pop("reset", False) else world.weather
        world.set_weather(_checked(base, changes))
    return world.weather.model_dump(mode="json")


async def _changes(request: Request) -> dict[str, Any]:
    try:
        return dict(js.parse(await request.body()))
    except (TypeError, ValueError) as error:
        raise ApiError(400, "BAD_ORDER", str(error)) from error


async def _canned(world: World, request: Request) -> dict[str, Any]:
    order = await _order(request, Canned)
    try:
        fault = canned_fault(**order.model_dump())
    except ValueError as error:
        raise ApiError(400, "BAD_ORDER", str(error)) from error
    return {"id": world.board.add(Fault(**fault)).id}


def _listing(kind: type[Record], owned_by: str | None = None) -> Handler:
    """Records of a kind in order; `?after=` an id, and of one owner."""

    async def listing(world: World, request: Request) -> list[dict[str, Any]]:
        query = request.query_params
        owner = int(query[owned_by]) if owned_by and owned_by in query else None
        rows = world.store.listed(kind, owner=owner, after=int(query.get("after", "0")))
        return [row.model_dump(mode="json") for row in rows]

    return listing


HANDLERS: dict[str, tuple[list[str], Handler]] = {
    "pay": (["POST"], _pay),
    "status": (["POST"], _status),
    "resend": (["POST"], _resend),
    "deposit": (["POST"], _deposit),
    "weather": (["GET", "POST"], _weather),
    "canned": (["POST"], _canned),
    "invoices": (["GET"], _listing(Invoice)),
    "payments": (["GET"], _listing(Payment, "invoice_id")),
    "callbacks": (["GET"], _listing(Callback, "payment_id")),
    "deposits": (["GET"], _listing(Deposit, "payment_id")),
    "calls": (["GET"], _listing(Call)),
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
