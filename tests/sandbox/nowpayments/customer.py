"""The customer, and the provider's work on what the customer pays."""

import asyncio
import random
from decimal import Decimal
from hashlib import sha256
from typing import Literal

from tests.sandbox.nowpayments import callbacks, chain, money, payments
from tests.sandbox.nowpayments.chain import ChainError
from tests.sandbox.nowpayments.records import Deposit, Payment, now_ms
from tests.sandbox.nowpayments.world import World

End = Literal["finished", "partially_paid", "failed", "expired", "refunded"]

DEPOSIT = "deposit"  # a step that is no status: the money moves
_ARRIVING = ["confirming", "confirmed", "sending", DEPOSIT]
STEPS: dict[End, list[str]] = {
    "finished": [*_ARRIVING, "finished"],
    "partially_paid": [*_ARRIVING, "partially_paid"],
    "failed": ["confirming", "failed"],
    "expired": ["expired"],
    "refunded": ["confirming", "confirmed", "refunded"],
}


def default_portion(end: End) -> Decimal:
    """How much of the price a customer sends when nothing else is said."""
    return Decimal("0.6") if end == "partially_paid" else Decimal(1)


def begin(world: World, payment: Payment, end: End, portion: Decimal) -> None:
    """Start to play `payment` towards its `end`; it may have come to another end before."""
    plan = payment.plan
    plan.portion = portion
    plan.steps = list(STEPS[end])
    plan.hide_payout_hash = world.take("no_payout_hash", plan.weather)
    plan.internal_payout = world.take("internal_payout", plan.weather)
    world.store.put(payment)
    _spawn(world, payment.id)


def resume(world: World) -> None:
    """Go on with the payments that a restart interrupted."""
    for payment in world.store.listed(Payment, only_open=True):
        _spawn(world, payment.id)


def _spawn(world: World, payment_id: int) -> None:
    if payment_id not in world.playing:
        world.playing.add(payment_id)
        world.spawn(_play(world, payment_id))


async def _play(world: World, payment_id: int) -> None:
    try:
        while (payment := world.store.get(Payment, payment_id)) and payment.plan.steps:
            await _step(world, payment, payment.plan.steps[0])
    finally:
        world.playing.discard(payment_id)


async def _step(world: World, payment: Payment, step: str) -> None:
    """Wait, do what the step says, and write it, unless a test forced the payment meanwhile."""
    if step == DEPOSIT:
        await settle(world, payment.id)
    else:
        pace = world.weather_of(payment).pace
        await asyncio.sleep(pace * random.uniform(0.5, 1.5))
    now = world.store.get(Payment, payment.id)
    if now is None or now.plan.steps[:1] != [step]:
        return
    now.plan.steps.pop(0)
    if step == DEPOSIT:
        world.store.put(now)
    else:
        reach(world, now, step)


def reach(world: World, payment: Payment, status: str) -> None:
    """Give `payment` a status with the amounts that belong to it, and tell the merchant."""
    payment.payment_status = status
    payment.updated_at = now_ms()
    if status == "confirming":
        _arrive(world, payment)
    with world.store.together():
        callbacks.announce(world, world.store.put(payment))


def _arrive(world: World, payment: Payment) -> None:
    """The customer's coins were seen: from here on the amounts are the real ones."""
    weather = world.weather_of(payment)
    agreed = payments.terms(world, payment, payment.pay_currency, weather)
    portion = payment.plan.portion
    payment.payin_hash = sha256(f"payin:{payment.id}".encode()).hexdigest()
    if not weather.chance("actually_paid_zero", payment.id):
        payment.actually_paid = money.received(agreed, payment.pay_amount, portion, payment.id)
    payment.outcome_amount, payment.fee = money.outcome(agreed, portion)


async def settle(world: World, payment_id: int) -> None:
    """Move the outcome of a payment to the merchant, once."""
    payment = world.store.get(Payment, payment_id)
    if payment is None or payment.outcome_amount <= 0:
        return
    if payment.plan.internal_payout:
        # Paid out inside the provider's own books: no transaction, and an id that is no hash.
        _show_hash(world, payment_id, f"internal-{payment_id}")
        return
    deposit = await _settlement(world, payment)
    await chain.settle(world, deposit, lambda one: _show_hash(world, payment_id, one.hash))
    _show_hash(world, payment_id, deposit.hash)  # a crash may have come between hash and view


async def _settlement(world: World, payment: Payment) -> Deposit:
    """The one transfer that settles `payment`, whoever asks for it first."""
    owed = money.base_units(payment.outcome_amount, payment.outcome_currency)
    value = max(0, owed + world.weather_of(payment).deposit_difference_wei)
    wallet = world.settings.merchant_wallet
    from_block = await _height(world)
    for one in world.store.listed(Deposit, owner=payment.id):
        if one.settles:
            return one
    return world.store.put(
        Deposit(payment_id=payment.id, to=wallet, value=value, from_block=from_block)
    )


async def extra_deposit(world: World, payment: Payment, value: int, to: str) -> Deposit:
    """A transfer beside the one that settles a payment, mined when this returns."""
    from_block = await _height(world)
    extra = Deposit(payment_id=payment.id, settles=False, to=to, value=value, from_block=from_block)
    await chain.settle(world, world.store.put(extra), lambda _sent: None)
    return extra


async def _height(world: World) -> int:
    while True:
        try:
            return await chain.height(world)
        except ChainError:
            await asyncio.sleep(chain.RETRY_SECONDS)


def _show_hash(world: World, payment_id: int, payout_hash: str | None) -> None:
    payment = world.store.get(Payment, payment_id)
    if payment is not None and payment.payout_hash != payout_hash:
        payment.payout_hash = payout_hash
        world.store.put(payment)
