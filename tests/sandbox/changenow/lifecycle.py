"""What becomes of an exchange: its statuses, and what happens on the way from one to the next."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Literal

from tests.sandbox.changenow import book, quotes
from tests.sandbox.changenow.catalogue import COINS
from tests.sandbox.changenow.numbers import down
from tests.sandbox.changenow.quotes import Pair
from tests.sandbox.changenow.records import Deposit, Exchange, Transfer, now_ms
from tests.sandbox.changenow.world import World

Purpose = Literal["payout", "refund", "repeat"]


def reach(world: World, exchange: Exchange, status: str) -> None:
    """Give `exchange` a status; the next step is not before the pace allows it."""
    exchange.status = status
    exchange.updated_at = now_ms()
    luck = world.weather.dice("pace", f"{exchange.id}:{status}").uniform(0.5, 1.5)
    exchange.due_at = now_ms() + int(1000 * world.weather.pace * luck)
    world.store.put(exchange)


def step(world: World, exchange: Exchange) -> None:
    orders = exchange.directives
    if orders.repeat_deposit and exchange.amount_from is not None:
        _repeat_deposit(world, exchange)
    if exchange.refunding_to is not None:
        _refund(world, exchange)
    elif orders.refund and exchange.can_be_stopped:
        begin_refund(world, exchange, None)
    elif orders.fail and exchange.can_be_stopped:
        orders.fail = False
        reach(world, exchange, "failed")
    elif exchange.status != orders.hold and exchange.status in STEPS:
        STEPS[exchange.status](world, exchange)


def forget_deposit(world: World, exchange_id: int) -> None:
    """A reorganisation took the deposit back: wait for it again."""
    exchange = world.store.get(Exchange, exchange_id)
    if exchange is None:
        return
    with world.store.together():
        owner = exchange.original_id or exchange.id
        for one in world.store.listed(Deposit, owner=owner):
            if one.hash == exchange.payin_hash:
                one.gone = True
                world.store.put(one)
        exchange.amount_from = exchange.payin_hash = exchange.sender = None
        exchange.deposit_received_at = exchange.trouble = None
        reach(world, exchange, "waiting")


def _wait(world: World, exchange: Exchange) -> None:
    reach(world, exchange, "waiting")


def _confirm(world: World, exchange: Exchange) -> None:
    stops = exchange.trouble is not None or exchange.directives.hold == "verifying"
    reach(world, exchange, "verifying" if stops else "exchanging")


def _swap(world: World, exchange: Exchange) -> None:
    exchange.owed = owed(world, exchange)
    reach(world, exchange, "sending" if exchange.owed > 0 else "failed")


def owed(world: World, exchange: Exchange) -> Decimal:
    """What is paid out for the deposit that came: what was promised, if it came as agreed."""
    target = COINS[exchange.target]
    ordered = exchange.directives.finish_with
    if ordered is not None:
        return down(ordered, target.decimals)
    if exchange.flow == "fixed-rate" and exchange.trouble is None:
        return exchange.to_amount
    pair = Pair(COINS[exchange.source], target, "standard")
    return quotes.direct(world, pair, exchange.amount_from or Decimal(0)).to_amount


def _send(world: World, exchange: Exchange) -> None:
    target, amount = COINS[exchange.target], exchange.owed or Decimal(0)
    if not target.on_chain:
        address, extra_id = exchange.payout_address, exchange.payout_extra_id
        book.move(world.store, target, address, extra_id, target.units(amount))
        exchange.payout_hash = sha256(f"payout:{exchange.id}".encode()).hexdigest()
        _finish(world, exchange, amount)
        return
    transfer = _transfer(world, exchange, "payout")
    if transfer is None:
        _order(world, exchange, "payout", exchange.payout_address, amount)
    elif transfer.mined:
        exchange.payout_hash = transfer.hash
        _finish(world, exchange, amount)
    elif exchange.payout_hash != transfer.hash:
        exchange.payout_hash = transfer.hash
        world.store.put(exchange)


def _finish(world: World, exchange: Exchange, amount: Decimal) -> None:
    exchange.amount_to = amount
    reach(world, exchange, "finished")


STEPS: dict[str, Callable[[World, Exchange], None]] = {
    "new": _wait,
    "confirming": _confirm,
    "exchanging": _swap,
    "sending": _send,
}


def go_on(world: World, exchange: Exchange) -> None:
    """From `verifying` to the payout, of what the deposit is worth."""
    reach(world, exchange, "exchanging")


def begin_refund(world: World, exchange: Exchange, address: str | None) -> None:
    """Send the deposit back, less the ordered loss; until it is mined the status stays."""
    to = address or exchange.refund_address or exchange.sender
    exchange.refunding_to = to
    exchange.directives.refund = False
    if exchange.status in ("confirming", "exchanging"):
        reach(world, exchange, "verifying")
    world.store.put(exchange)


def _refund(world: World, exchange: Exchange) -> None:
    transfer = _transfer(world, exchange, "refund")
    if transfer is None:
        amount = (exchange.amount_from or Decimal(0)) - exchange.directives.loss
        _order(world, exchange, "refund", exchange.refunding_to or "", amount)
    elif transfer.mined:
        exchange.refund_hash = transfer.hash
        exchange.refund_amount = COINS[transfer.coin].amount(transfer.units)
        reach(world, exchange, "refunded")


def _repeat_deposit(world: World, exchange: Exchange) -> None:
    exchange.directives.repeat_deposit = False
    _order(world, exchange, "repeat", exchange.payin_address, exchange.from_amount)
    world.store.put(exchange)


def _transfer(world: World, exchange: Exchange, purpose: Purpose) -> Transfer | None:
    sent = world.store.listed(Transfer, owner=exchange.id)
    return next((one for one in sent if one.purpose == purpose), None)


def _order(world: World, exchange: Exchange, purpose: Purpose, to: str, amount: Decimal) -> None:
    """Let the hot account send coins of the side that the purpose is about."""
    coin = COINS[exchange.target if purpose == "payout" else exchange.source]
    units = coin.units(down(max(amount, Decimal(0)), coin.decimals))
    order = Transfer(exchange_id=exchange.id, purpose=purpose, coin=coin.id, to=to, units=units)
    world.store.put(order)
