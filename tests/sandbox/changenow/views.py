"""The shapes in which the API shows its records, types as recorded."""

from decimal import Decimal
from random import Random
from typing import Any

from tests.sandbox.changenow import addresses
from tests.sandbox.changenow.catalogue import COINS, Coin
from tests.sandbox.changenow.numbers import as_double, down, plain
from tests.sandbox.changenow.quotes import Estimate, Limits, Pair
from tests.sandbox.changenow.records import Direction, Exchange, Quote, iso
from tests.sandbox.changenow.weather import Weather

EXTRA_ID_NAMES = {"xrp": "Destination Tag", "xlm": "Memo"}
# So many digits more than a coin has, where only an estimate is told.
TOLD_DIGITS = 4
STALE_MS = 30_000
# Nulls that are sometimes left out altogether.
OPTIONAL = ("refundHash", "refundAmount", "userId", "payoutHash", "depositReceivedAt", "validUntil")


def currency(coin: Coin) -> dict[str, Any]:
    """A row of GET /v2/exchange/currencies."""
    usable = coin.active and not coin.fiat
    return {
        "ticker": coin.ticker,
        "name": coin.name if coin.network == coin.ticker else f"{coin.name} ({coin.network})",
        "image": f"https://content-api.changenow.io/uploads/{coin.ticker}_{coin.network}.svg",
        "hasExternalId": coin.memo,
        "isExtraIdSupported": coin.memo,
        "isFiat": coin.fiat,
        "featured": coin.ticker in ("btc", "eth"),
        "isStable": coin.stable,
        "supportsFixedRate": coin.fixed_rate,
        "network": coin.network,
        "tokenContract": coin.contract,
        "buy": usable,
        "sell": usable,
        "legacyTicker": coin.legacy_ticker,
    }


def currencies(source: Coin, target: Coin) -> dict[str, Any]:
    """The four fields that name a pair."""
    return {
        "fromCurrency": source.ticker,
        "fromNetwork": source.network,
        "toCurrency": target.ticker,
        "toNetwork": target.network,
    }


def pair(found: Pair) -> dict[str, Any]:
    return {**currencies(found.source, found.target), "flow": found.flow}


def limits(found: Pair, limit: Limits, *, most: bool) -> dict[str, Any]:
    """The answer to GET /v2/exchange/range, or without `most` to /min-amount."""
    shown = {**pair(found), "minAmount": limit.least}
    return {**shown, "maxAmount": limit.most} if most else shown


def estimate(
    found: Pair, kind: Direction, told: Estimate, quote: Quote | None, weather: Weather, luck: str
) -> dict[str, Any]:
    """The answer to GET /v2/exchange/estimated-amount."""
    to_amount = told.to_amount
    if kind == "direct" and weather.chance("extra_digits", luck):
        to_amount = _with_more_digits(told, found.target)
    return {
        **pair(found),
        "type": kind,
        "rateId": quote and quote.rate_id,
        "validUntil": quote and iso(quote.valid_until),
        "transactionSpeedForecast": weather.dice("speed", luck).choice(("10-60", None)),
        "warningMessage": None,
        "depositFee": told.deposit_fee,
        "withdrawalFee": told.withdrawal_fee,
        "userId": None,
        "fromAmount": told.from_amount,
        "toAmount": to_amount,
    }


def _with_more_digits(told: Estimate, coin: Coin) -> Decimal:
    """Digits that the coin does not have; cut to those it has, this is what was promised."""
    if coin.promised_places < coin.decimals:
        return told.to_amount
    return max(told.to_amount, as_double(down(told.exact_to, coin.decimals + TOLD_DIGITS)))


def created(record: Exchange, weather: Weather) -> dict[str, Any]:
    """The answer to POST /v2/exchange."""
    source, target = COINS[record.source], COINS[record.target]
    shown: dict[str, Any] = {
        "id": record.public_id,
        "fromAmount": record.from_amount,
        "toAmount": record.to_amount,
        "flow": record.flow,
        "type": record.type,
        "payinAddress": record.payin_address,
        "payoutAddress": record.payout_address,
        **currencies(source, target),
        "refundAddress": record.refund_address,
        **_extra_id("payinExtraId", record.payin_extra_id, weather.dice("created", record.id)),
    }
    if record.payout_extra_id is not None:
        shown["payoutExtraId"] = record.payout_extra_id
        shown["payoutExtraIdName"] = EXTRA_ID_NAMES.get(target.network)
    if record.refund_extra_id is not None:
        shown["refundExtraId"] = record.refund_extra_id
    if record.rate_id is not None:
        shown["rateId"] = record.rate_id
    if record.valid_until is not None:
        shown["validUntil"] = iso(record.valid_until)
    return shown


def _extra_id(name: str, value: str | None, dice: Random) -> dict[str, str | None]:
    """None is written in three ways, by turns."""
    if value is not None:
        return {name: value}
    ways: tuple[dict[str, str | None], ...] = ({}, {name: None}, {name: ""})
    return dice.choice(ways)


def exchange(
    record: Exchange, family: list[Exchange], weather: Weather, luck: str
) -> dict[str, Any]:
    """The answer to GET /v2/exchange/by-id; `family` are its original and what came beside it."""
    source, target = COINS[record.source], COINS[record.target]
    stale = weather.chance("stale_updated_at", luck)
    shown = {
        "id": record.public_id,
        "status": shown_status(record),
        "actionsAvailable": record.actions_available,
        **currencies(source, target),
        "expectedAmountFrom": record.from_amount,
        "expectedAmountTo": record.to_amount,
        **_amounts(record),
        "payinAddress": record.payin_address,
        "payoutAddress": record.payout_address,
        **_extra_id("payinExtraId", record.payin_extra_id, weather.dice("extra_id", luck)),
        "payoutExtraId": record.payout_extra_id,
        "refundAddress": record.refund_address,
        "refundExtraId": record.refund_extra_id,
        "createdAt": iso(record.created_at),
        "updatedAt": iso(record.updated_at - STALE_MS if stale else record.updated_at),
        "depositReceivedAt": _moment(record.deposit_received_at),
        **_hashes(record),
        "fromLegacyTicker": source.legacy_ticker,
        "toLegacyTicker": target.legacy_ticker,
        "userId": record.user_id,
        "validUntil": _moment(record.valid_until),
        **_family(record, family),
    }
    if weather.chance("missing_nulls", luck):
        return {name: one for name, one in shown.items() if one is not None or name not in OPTIONAL}
    return shown


def shown_status(record: Exchange) -> str:
    return record.directives.status or record.status


def _amounts(record: Exchange) -> dict[str, Decimal | None]:
    hide = record.directives.hide_amount_to
    return {"amountFrom": record.amount_from, "amountTo": None if hide else record.amount_to}


def _hashes(record: Exchange) -> dict[str, Any]:
    orders = record.directives
    return {
        "payinHash": record.payin_hash,
        "payoutHash": None if orders.hide_payout_hash else record.payout_hash,
        "refundHash": None if orders.hide_refund_hash else record.refund_hash,
        "refundAmount": None if orders.hide_refund_amount else record.refund_amount,
    }


def _family(record: Exchange, family: list[Exchange]) -> dict[str, Any]:
    related = [_relative(one) for one in family if one.relation == "related"]
    repeated = [_relative(one) for one in family if one.relation == "repeated"]
    original = [_relative(one) for one in family if one.id == record.original_id]
    return {
        "relatedExchangesInfo": related or None,
        "repeatedExchangesInfo": repeated or None,
        "originalExchangeInfo": original[0] if original else None,
    }


def _relative(record: Exchange) -> dict[str, Any]:
    """An exchange inside another one; here the moment has no zone."""
    source = COINS[record.source]
    return {
        "id": record.public_id,
        "status": shown_status(record),
        "createdAt": iso(record.created_at, zone=""),
        "fromCurrency": source.ticker,
        "fromNetwork": source.network,
        **_amounts(record),
    }


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def actions(record: Exchange, estimate_now: Decimal, networks_say: str | None) -> dict[str, Any]:
    """The answer to GET /v2/exchange/actions; amounts are text here."""
    available = record.actions_available
    can_continue = available and record.status == "verifying" and estimate_now > 0
    refund_to = record.refund_address or record.sender
    return {
        "continue": {"available": can_continue, "currentEstimate": plain(estimate_now)},
        "refund": {
            "available": available,
            "amount": plain(record.amount_from or Decimal(0)),
            "address": {"address": refund_to, "extraId": record.refund_extra_id},
            "additionalAddressList": [record.sender] if record.sender else [],
        },
        "error": networks_say,
    }


def listed(record: Exchange) -> dict[str, Any]:
    """A row of GET /v2/exchanges, which only a private key may read."""
    return {
        "createdAt": iso(record.created_at),
        "updatedAt": iso(record.updated_at),
        "exchangeId": record.public_id,
        "requestId": record.public_id,
        "status": shown_status(record),
        "validUntil": _moment(record.valid_until),
        "flow": record.flow,
        "payin": _leg(record, "payin"),
        "payout": _leg(record, "payout"),
        "refund": _leg(record, "refund"),
        "partnerInfo": {"userId": record.user_id, "payload": None},
    }


def _leg(record: Exchange, side: str) -> dict[str, Any]:
    shown, hashes = _amounts(record), _hashes(record)
    amounts = {
        "payin": (shown["amountFrom"], record.from_amount),
        "payout": (shown["amountTo"], record.to_amount),
        "refund": (hashes["refundAmount"], None),
    }
    coin = COINS[record.target if side == "payout" else record.source]
    return {
        "currency": coin.legacy_ticker,
        "address": getattr(record, f"{side}_address"),
        "extraId": getattr(record, f"{side}_extra_id"),
        "amount": amounts[side][0],
        "expectedAmount": amounts[side][1],
        "hash": hashes[f"{side}Hash"],
    }


def validated(address: str, network: str) -> dict[str, Any]:
    """The answer to GET /v2/validate/address."""
    good = addresses.is_plausible(address, network)
    return {
        "result": good,
        "message": None if good else f"Invalid {network} address",
        "isActivated": True if good and network in addresses.EXTRA_IDS else None,
    }
