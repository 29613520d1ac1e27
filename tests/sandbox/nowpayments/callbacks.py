"""Signed callbacks: written with each change of status, sent until the merchant says 200."""

import asyncio
import hmac
import time
from typing import Any

import httpx

from tests.sandbox.nowpayments import js, views
from tests.sandbox.nowpayments.records import UNDERWAY, Attempt, Callback, Payment, now_ms
from tests.sandbox.nowpayments.weather import Weather
from tests.sandbox.nowpayments.world import World

SIGNATURE_HEADER = "x-nowpayments-sig"
ACKNOWLEDGED = 200


def signature(secret: str, body: dict[str, Any]) -> str:
    """HMAC-SHA512 over the canonical form, however the body is laid out on the wire."""
    return hmac.new(secret.encode(), js.canonical(body).encode(), "sha512").hexdigest()


def announce(world: World, payment: Payment) -> None:
    """Write and send the callbacks of the status that `payment` has now."""
    weather = world.weather_of(payment)
    if payment.ipn_callback_url and not weather.silent:
        for callback in _written(world, payment, weather):
            _start(world, callback)
    if payment.payment_status not in UNDERWAY:
        _release(world, payment, weather)


def _written(world: World, payment: Payment, weather: Weather) -> list[Callback]:
    about = f"{payment.id}:{payment.payment_status}"
    body = views.callback(payment, weather)
    ordered = not weather.chance("unsorted", about)
    first = Callback(
        payment_id=payment.id,
        payment_status=payment.payment_status,
        url=payment.ipn_callback_url or "",
        body=js.text(body, ordered=ordered),
        signature=signature(world.settings.ipn_secret, body),
    )
    if payment.payment_status == "confirming" and weather.chance("reorder", payment.id):
        first.state = "held"  # comes after the end, see _release
    written = [world.store.put(first)]
    if weather.chance("duplicate", about):
        late_ms = int(weather.dice("late", about).choice((0, 1000 * weather.pace)))
        changes = {"id": 0, "copy_of": first.id, "due_at": now_ms() + late_ms}
        written.append(world.store.put(first.model_copy(update=changes)))
    return written


def _release(world: World, payment: Payment, weather: Weather) -> None:
    """Send what was held back, once the callback of the end is on its way."""
    for callback in world.store.listed(Callback, owner=payment.id):
        if callback.state == "held":
            callback.state = "pending"
            callback.due_at = now_ms() + int(1000 * max(weather.pace, 0.2))
            _start(world, world.store.put(callback))


def _start(world: World, callback: Callback) -> None:
    if callback.open:
        world.spawn(_deliver(world, callback))


def resume(world: World) -> None:
    """Take up the deliveries that a restart interrupted."""
    for callback in world.store.listed(Callback, only_open=True):
        _start(world, callback)


async def _deliver(world: World, callback: Callback) -> None:
    """The recurrent notifications: a finite number of attempts at fixed intervals."""
    while callback.open:
        await asyncio.sleep(max(0, callback.due_at - now_ms()) / 1000)
        weather = world.weather
        attempt = await _attempted(world, callback)
        callback.attempts.append(attempt)
        callback.due_at = now_ms() + int(1000 * weather.retry_seconds)
        if attempt.status == ACKNOWLEDGED:
            callback.state = "delivered"
        elif len(callback.attempts) > weather.retry_count:
            callback.state = "gave_up"
        world.store.put(callback)


async def _attempted(world: World, callback: Callback) -> Attempt:
    headers = {"content-type": "application/json", SIGNATURE_HEADER: callback.signature}
    at, started = now_ms(), time.monotonic()
    limits = httpx.Timeout(world.weather.answer_seconds, pool=None)
    status, error = None, None
    try:
        body = callback.body.encode()
        answer = await world.http.post(callback.url, content=body, headers=headers, timeout=limits)
        status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        error = repr(failure)
    seconds = round(time.monotonic() - started, 6)
    return Attempt(at=at, seconds=seconds, status=status, error=error)


async def resend(
    world: World, stored: list[Callback], *, times: int, at_once: bool
) -> list[Callback]:
    """Send stored callbacks again byte for byte, by hand: one attempt each, no retries."""
    copies = [_copied(world, one) for one in stored for _ in range(times)]
    if at_once:
        await asyncio.gather(*(_resent(world, copy) for copy in copies))
    else:
        for copy in copies:
            await _resent(world, copy)
    return copies


def _copied(world: World, callback: Callback) -> Callback:
    changes = {"id": 0, "copy_of": callback.id, "state": "resent", "attempts": []}
    return world.store.put(callback.model_copy(update={**changes, "created_at": now_ms()}))


async def _resent(world: World, copy: Callback) -> None:
    copy.attempts = [await _attempted(world, copy)]
    world.store.put(copy)
