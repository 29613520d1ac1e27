"""Making exchanges out of requests. Each request makes a new one: there is no idempotency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from eth_account import Account

from tests.sandbox.changenow import addresses, checks, orders, quotes
from tests.sandbox.changenow.catalogue import Coin
from tests.sandbox.changenow.errors import ApiError, refused
from tests.sandbox.changenow.quotes import Pair
from tests.sandbox.changenow.records import Direction, Exchange, Plan, Quote, now_ms
from tests.sandbox.changenow.world import World


@dataclass(frozen=True)
class Terms:
    """What is paid in and out, and by which promise."""

    from_amount: Decimal
    to_amount: Decimal
    quote: Quote | None


def create(world: World, body: dict[str, Any]) -> Exchange:
    """An exchange as POST /v2/exchange asks for it."""
    pair = checks.pair(world, body, network_required=True)
    kind = checks.direction(body)
    terms = _terms(world, pair, kind, body)
    quotes.check_create(world, pair, terms.from_amount)
    checks.payload(body)
    wanted = _recipients(pair, body)
    exchange = Exchange(
        source=pair.source.id,
        target=pair.target.id,
        flow=pair.flow,
        type=kind,
        from_amount=terms.from_amount,
        to_amount=terms.to_amount,
        user_id=checks.text(body, "userId"),
        **wanted,
        **payin(pair.source),
    )
    if terms.quote is not None:
        exchange.rate_id = terms.quote.rate_id
        exchange.valid_until = now_ms() + int(1000 * world.weather.deposit_seconds)
    return _kept(world, exchange)


def _recipients(pair: Pair, body: dict[str, Any]) -> dict[str, Any]:
    has_refund = checks.text(body, "refundAddress")
    return {
        "payout_address": checks.address(body, "address", pair.target, "not_valid_address"),
        "payout_extra_id": checks.extra_id(body, "extraId", pair.target, must=True),
        "refund_address": has_refund
        and checks.address(body, "refundAddress", pair.source, "not_valid_refund_address"),
        "refund_extra_id": checks.extra_id(body, "refundExtraId", pair.source, must=False),
    }


def payin(coin: Coin) -> dict[str, Any]:
    """A fresh address; where it can be paid on the local chain, with a key of its own."""
    account = Account.create()
    if coin.network in addresses.EVM:
        return {"payin_address": account.address, "payin_key": account.key.to_0x_hex()}
    number = int.from_bytes(account.key[:4])
    memo = str(number) if coin.memo else None
    return {"payin_address": addresses.made_up(coin.network, number), "payin_extra_id": memo}


def _terms(world: World, pair: Pair, kind: Direction, body: dict[str, Any]) -> Terms:
    name = "fromAmount" if kind == "direct" else "toAmount"
    places = (pair.source if kind == "direct" else pair.target).asked_places
    amount = checks.amount(body, name, places)
    if pair.flow == "fixed-rate":
        quote = _alive(world, checks.text(body, "rateId"))
        if (quote.source, quote.target, quote.type, _given(quote)) != (
            *(pair.source.id, pair.target.id, kind, amount),
        ):
            raise _no_such_rate()
        return Terms(quote.from_amount, quote.to_amount, quote)
    estimated = quotes.direct if kind == "direct" else quotes.reverse
    found = estimated(world, pair, amount)
    return Terms(found.from_amount, found.to_amount, None)


def _given(quote: Quote) -> Decimal:
    return quote.from_amount if quote.type == "direct" else quote.to_amount


def _alive(world: World, rate_id: str | None) -> Quote:
    try:
        quote = world.store.get(Quote, int(rate_id or "", 16))
    except (ValueError, OverflowError):
        quote = None
    if quote is None or quote.rate_id != rate_id or quote.valid_until <= now_ms():
        raise _no_such_rate()
    return quote


def _no_such_rate() -> ApiError:
    return refused("rate_id_not_found_or_expired", "Rate id not found or expired")


def _kept(world: World, exchange: Exchange) -> Exchange:
    """Write it, under the orders that were waiting for it."""
    exchange.due_at = now_ms() + int(500 * world.weather.pace)
    with world.store.together():
        for plan in world.store.listed(Plan, only_open=True):
            if plan.pair in (None, exchange.pair):
                orders.apply(exchange, orders.Direct.model_validate(plan.directives))
                plan.times = None if plan.times is None else plan.times - 1
                world.store.put(plan)
                break
        world.store.put(exchange)
    world.payins[exchange.payin_address.lower()] = exchange.id
    return exchange
