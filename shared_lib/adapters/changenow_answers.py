"""ChangeNOW's JSON, read strictly where money depends on it, and nothing of the rest.

Source of the fields: the API's documentation, version 2. Amounts are told in whole coins, as
numbers or as texts, with more digits than a coin may have. A null, an empty text and a missing
field all mean that there is no value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from shared_lib.adapters.json_text import Lexeme
from shared_lib.domain.currency import Listing
from shared_lib.domain.money import (
    Asset,
    InvalidAmountError,
    Money,
    TooManyDecimalsError,
    parse_amount,
    parse_amount_down,
    zero,
)
from shared_lib.domain.swap import ExchangeEcho, ExchangeReport, FixedQuote, Limits, Quote

MAX_TEXT_CHARS = 256

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# A JSON number that was a double is right to about 15 digits.
_PRECISION = 10**14

Fields = Mapping[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


class BadAnswerError(ValueError):
    """An answer cannot be read or is about something else; the text names the field only."""


def is_exchange_id(text: str) -> bool:
    """Whether this could be the id of an exchange: letters, digits, `_` and `-`."""
    return _ID.fullmatch(text) is not None


def pair_fields(sold: Asset, bought: Asset) -> dict[str, str]:
    """How a pair is written, always with networks: the same ticker lives on several."""
    return {
        "fromCurrency": sold.ticker,
        "fromNetwork": sold.network,
        "toCurrency": bought.ticker,
        "toNetwork": bought.network,
    }


def read_listings(rows: Any) -> list[Listing]:
    """The rows that can be read. Raises BadAnswerError where there is none."""
    if not isinstance(rows, list):
        raise BadAnswerError("currencies: not a list")
    found = [one for one in map(_listing, rows) if one is not None]
    if not found:
        raise BadAnswerError("currencies: none that can be read")
    return found


def read_limits(fields: Fields, sold: Asset, bought: Asset, flow: str) -> Limits:
    """Limits, each rounded to the inside. Raises BadAnswerError."""
    _require_pair(fields, sold, bought)
    _require_told(fields, {"flow": flow})
    least = _amount_up(fields, "minAmount", sold)
    if least is None:
        raise BadAnswerError("minAmount: missing")
    return Limits(least, _amount_down(fields, "maxAmount", sold))


def read_quote(fields: Fields, sold: Money, bought: Asset, flow: str) -> Quote:
    """An estimate of what `sold` brings, rounded to our disadvantage. Raises BadAnswerError."""
    _require_pair(fields, sold.asset, bought)
    _require_told(fields, {"flow": flow, "type": "direct"})
    _require_amount(fields, "fromAmount", sold)
    quote = Quote(
        sold=sold,
        bought=_amount_down(fields, "toAmount", bought) or zero(bought),
        deposit_fee=_amount_up(fields, "depositFee", sold.asset) or zero(sold.asset),
        withdrawal_fee=_amount_down(fields, "withdrawalFee", bought) or zero(bought),
    )
    if quote.bought <= zero(bought):
        raise BadAnswerError("toAmount: missing or nothing")
    if sold <= quote.deposit_fee:
        raise BadAnswerError("depositFee: all of the amount")
    return quote


def read_fixed_quote(fields: Fields, sold: Money, bought: Asset, flow: str) -> FixedQuote:
    """An estimate that is a promise. Raises BadAnswerError."""
    valid_until = _moment(fields, "validUntil")
    if valid_until is None:
        raise BadAnswerError("validUntil: missing")
    return FixedQuote(
        quote=read_quote(fields, sold, bought, flow),
        rate_id=_required_text(fields, "rateId"),
        valid_until=valid_until,
    )


def read_echo(fields: Fields, sold: Asset, bought: Asset) -> ExchangeEcho:
    """All that is told of a new exchange, right or wrong. Raises BadAnswerError."""
    return ExchangeEcho(
        id=_exchange_id(fields),
        flow=_text(fields, "flow"),
        kind=_text(fields, "type"),
        sold_id=_asset_id(fields, "from"),
        bought_id=_asset_id(fields, "to"),
        sold=_amount_down(fields, "fromAmount", sold),
        bought=_amount_down(fields, "toAmount", bought),
        rate_id=_text(fields, "rateId"),
        payin_address=_required_text(fields, "payinAddress"),
        payin_extra_id=_extra_id(fields, "payinExtraId"),
        payout_address=_required_text(fields, "payoutAddress"),
        payout_extra_id=_extra_id(fields, "payoutExtraId"),
        refund_address=_text(fields, "refundAddress"),
        valid_until=_moment(fields, "validUntil"),
    )


def read_exchange(
    fields: Fields, body: str, exchange_id: str, sold: Asset, bought: Asset
) -> ExchangeReport:
    """What has become of our exchange. Raises BadAnswerError.

    What it does not always tell counts as not told where it cannot be read.
    """
    if _exchange_id(fields) != exchange_id:
        raise BadAnswerError("id: another exchange's")
    _require_told(fields, pair_fields(sold, bought))
    return ExchangeReport(
        id=exchange_id,
        status=_required_text(fields, "status"),
        payin_address=_required_text(fields, "payinAddress"),
        sold=_if_readable(_amount_down, fields, "amountFrom", sold),
        bought=_if_readable(_amount_down, fields, "amountTo", bought),
        payout_hash=_if_readable(_text, fields, "payoutHash"),
        refund_hash=_if_readable(_text, fields, "refundHash"),
        was_paid_again=_has_any(fields, "repeatedExchangesInfo", "relatedExchangesInfo"),
        body=body,
    )


def is_too_small(fields: Fields, amount: Money) -> bool | None:
    """Whether it is the lower limit of a refusal's range that the amount breaks, or the upper one.

    None if the refusal tells no range, or one that holds the amount.
    """
    told = _told_range(fields)
    least = _if_readable(_amount_up, told, "minAmount", amount.asset)
    most = _if_readable(_amount_down, told, "maxAmount", amount.asset)
    if least is not None and amount < least:
        return True
    return False if most is not None and most < amount else None


def _told_range(fields: Fields) -> Fields:
    """`payload.range`, or the older form beside the code, whose limits have shorter names."""
    payload, older = fields.get("payload"), fields.get("range")
    newer = payload.get("range") if isinstance(payload, dict) else None
    if isinstance(newer, dict):
        return newer
    if isinstance(older, dict):
        return {"minAmount": older.get("min"), "maxAmount": older.get("max")}
    return {}


def _listing(row: Any) -> Listing | None:
    """A coin, or None: what a flag means that is not there is not guessed."""
    if not isinstance(row, dict):
        return None
    try:
        return Listing(
            ticker=_required_text(row, "ticker"),
            network=_required_text(row, "network"),
            can_be_bought=_flag(row, "buy"),
            supports_fixed_rate=_flag(row, "supportsFixedRate"),
            needs_memo=_flag(row, "hasExternalId"),
            token_contract=_if_readable(_text, row, "tokenContract"),
            legacy_ticker=_if_readable(_text, row, "legacyTicker"),
        )
    except BadAnswerError:
        return None


def _require_pair(fields: Fields, sold: Asset, bought: Asset) -> None:
    for name, value in pair_fields(sold, bought).items():
        if fields.get(name) != value:
            raise BadAnswerError(f"{name}: not what was asked for")


def _require_told(fields: Fields, wanted: Mapping[str, str]) -> None:
    """Require that each of these fields has this value, if it has any."""
    for name, value in wanted.items():
        if _given(fields, name) not in (None, value):
            raise BadAnswerError(f"{name}: not what was asked for")


def _require_amount(fields: Fields, name: str, asked: Money) -> None:
    told = _amount_down(fields, name, asked.asset)
    if told is None or abs((told - asked).base_units) * _PRECISION > asked.base_units:
        raise BadAnswerError(f"{name}: not what was asked for")


def _given(fields: Fields, name: str) -> Any:
    value = fields.get(name)
    return None if value == "" else value


def _text(fields: Fields, name: str) -> str | None:
    value = _given(fields, name)
    if value is None:
        return None
    if not isinstance(value, str) or isinstance(value, Lexeme):
        raise BadAnswerError(f"{name}: not a text")
    return _plain(value, name)


def _plain(value: str, name: str) -> str:
    # What cannot be printed, a lone surrogate among it, cannot be stored or logged either.
    if len(value) > MAX_TEXT_CHARS or not value.isprintable():
        raise BadAnswerError(f"{name}: not a plain text of at most {MAX_TEXT_CHARS} characters")
    return value


def _required_text(fields: Fields, name: str) -> str:
    value = _text(fields, name)
    if value is None:
        raise BadAnswerError(f"{name}: missing")
    return value


def _exchange_id(fields: Fields) -> str:
    value = _required_text(fields, "id")
    if not is_exchange_id(value):
        raise BadAnswerError("id: not an exchange's")
    return value


def _asset_id(fields: Fields, side: str) -> str:
    ticker = _required_text(fields, f"{side}Currency")
    return f"{ticker}:{_required_text(fields, f'{side}Network')}"


def _extra_id(fields: Fields, name: str) -> str | None:
    """A memo or tag; one of digits may come as a number, and blanks are none."""
    value = _given(fields, name)
    shown = _plain(str(value), name) if isinstance(value, Lexeme) else _text(fields, name)
    return (shown or "").strip() or None


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if not isinstance(value, bool):
        raise BadAnswerError(f"{name}: neither true nor false")
    return value


def _has_any(fields: Fields, *names: str) -> bool:
    """Whether one of these lists is there and has something in it."""
    return any(isinstance(fields.get(name), list) and fields[name] for name in names)


def _moment(fields: Fields, name: str) -> datetime | None:
    """A time with its offset, as UTC."""
    value = _text(fields, name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        # Without an offset it would be read as this machine's own time.
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadAnswerError(f"{name}: not a time with its offset")


def _amount_down(fields: Fields, name: str, asset: Asset) -> Money | None:
    """An amount in whole coins, rounded down to whole base units."""
    return _amount(fields, name, asset, parse_amount_down)


def _amount_up(fields: Fields, name: str, asset: Asset) -> Money | None:
    """An amount in whole coins, rounded up to whole base units."""
    return _amount(fields, name, asset, _parse_amount_up)


def _amount(
    fields: Fields, name: str, asset: Asset, parse: Callable[[str, Asset], Money]
) -> Money | None:
    value = _given(fields, name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadAnswerError(f"{name}: not an amount")
    try:
        return parse(value, asset)
    except InvalidAmountError:
        raise BadAnswerError(f"{name}: not an amount") from None


def _parse_amount_up(text: str, asset: Asset) -> Money:
    try:
        return parse_amount(text, asset)
    except TooManyDecimalsError:
        return parse_amount_down(text, asset) + Money(1, asset)


def _if_readable(read: Callable[P, T | None], /, *arguments: P.args, **named: P.kwargs) -> T | None:
    """What is read, or None where that cannot be read."""
    try:
        return read(*arguments, **named)
    except BadAnswerError:
        return None
