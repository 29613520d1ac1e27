"""ChangeNOW, API version 2: what an amount brings, exchanges at a fixed rate, what became of them.

A refusal is told apart by its HTTP status and its code, never by its text, which has typing errors
and amounts in it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from shared_lib.adapters.changenow_answers import (
    BadAnswerError,
    is_exchange_id,
    is_too_small,
    pair_fields,
    read_echo,
    read_exchange,
    read_fixed_quote,
    read_limits,
    read_listings,
    read_quote,
)
from shared_lib.adapters.http_calls import Answer, HttpCalls
from shared_lib.domain.currency import Listing
from shared_lib.domain.money import Asset, Money, format_amount
from shared_lib.domain.swap import (
    ExchangeEcho,
    ExchangeOrder,
    ExchangeReport,
    FixedQuote,
    Limits,
    Quote,
)
from shared_lib.ports import (
    AddressRefusedError,
    OutOfRangeError,
    PairUnavailableError,
    PermanentError,
    ProviderError,
    RateExpiredError,
    RetryableError,
    UnknownOutcomeError,
)

# The list of all coins has some thousand rows of half a kilobyte.
MAX_CURRENCIES_BYTES: Final = 4 * 1024 * 1024

_CODE = re.compile(r"[a-z0-9_]{1,64}")
_CREATED = frozenset({200, 201})
_OK = 200
_FORBIDDEN = 403
_FIXED, _STANDARD = "fixed-rate", "standard"
# Codes about the amount; None where only the range that comes with it can tell.
_OUT_OF_RANGE: Mapping[str, bool | None] = MappingProxyType(
    {
        "out_of_range": None,
        "deposit_too_small": True,
        "deposit_too_large": False,
        "max_amount_exceeded": False,
    }
)
_MEANINGS: Mapping[str, type[PermanentError]] = MappingProxyType(
    {
        "pair_is_inactive": PairUnavailableError,
        "fixed_rate_not_enabled": PairUnavailableError,
        "rate_id_not_found_or_expired": RateExpiredError,
        "not_valid_address": AddressRefusedError,
    }
)


class ChangeNow:
    """The port `SwapProvider`. Safe for threads; opens nothing before the first call.

    Args:
        base_url: the API with its version, such as `https://api.changenow.io/v2`.
        api_key: of the account whose exchanges these are; other keys do not see them.
        call_seconds: how long one call may wait for its answer.
    """

    def __init__(self, *, base_url: str, api_key: str, call_seconds: float) -> None:
        self._calls = HttpCalls(
            provider="ChangeNOW",
            base_url=base_url,
            key_header="x-changenow-api-key",
            api_key=api_key,
            call_seconds=call_seconds,
        )

    def currencies(self) -> list[Listing]:
        wanted = {"active": "true", "flow": _FIXED, "buy": "true"}
        answer = self._calls.get("/exchange/currencies", wanted, MAX_CURRENCIES_BYTES)
        self._require_ok(answer, None)
        with _reading(RetryableError):
            rows = read_listings(answer.json)
        return [one for one in rows if one.can_be_bought and one.supports_fixed_rate]

    def limits(self, sold: Asset, bought: Asset) -> Limits:
        wanted = pair_fields(sold, bought) | {"flow": _FIXED}
        answer = self._calls.get("/exchange/range", wanted)
        if _is_forbidden(answer):
            # Not every key may ask for both limits; the lower one is open to all.
            answer = self._calls.get("/exchange/min-amount", wanted)
        self._require_ok(answer, None)
        with _reading(RetryableError):
            return read_limits(_fields(answer), sold, bought, _FIXED)

    def market_quote(self, sold: Money, bought: Asset) -> Quote:
        answer = self._estimate(sold, bought, {"flow": _STANDARD})
        with _reading(RetryableError):
            return read_quote(_fields(answer), sold, bought, _STANDARD)

    def fixed_quote(self, sold: Money, bought: Asset) -> FixedQuote:
        answer = self._estimate(sold, bought, {"flow": _FIXED, "useRateId": "true"})
        with _reading(RetryableError):
            return read_fixed_quote(_fields(answer), sold, bought, _FIXED)

    def create_exchange(self, order: ExchangeOrder) -> ExchangeEcho:
        sold, bought = order.fixed.quote.sold, order.target.asset
        # Without an answer there may be an exchange, and there is no way to look for it.
        answer = self._calls.post("/exchange", _exchange_body(order), UnknownOutcomeError)
        if answer.status not in _CREATED:
            raise self._refusal(answer, UnknownOutcomeError, sold)
        with _reading(UnknownOutcomeError):
            return read_echo(_fields(answer), sold.asset, bought)

    def exchange(self, exchange_id: str, sold: Asset, bought: Asset) -> ExchangeReport:
        if not is_exchange_id(exchange_id):
            raise PermanentError("not the id of a ChangeNOW exchange")
        answer = self._calls.get("/exchange/by-id", {"id": exchange_id})
        self._require_ok(answer, None)
        with _reading(RetryableError):
            return read_exchange(_fields(answer), answer.text or "", exchange_id, sold, bought)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._calls.close()

    def _estimate(self, sold: Money, bought: Asset, how: Mapping[str, str]) -> Answer:
        amount = {"fromAmount": format_amount(sold), "type": "direct"}
        wanted = {**pair_fields(sold.asset, bought), **amount, **how}
        answer = self._calls.get("/exchange/estimated-amount", wanted)
        self._require_ok(answer, sold)
        return answer

    def _require_ok(self, answer: Answer, sold: Money | None) -> None:
        if answer.status != _OK:
            raise self._refusal(answer, RetryableError, sold)

    def _refusal(
        self, answer: Answer, silence: type[ProviderError], sold: Money | None
    ) -> ProviderError:
        """What an answer other than success means; `sold` is the amount that it may be about."""
        if not answer.is_refusal:
            return self._calls.unanswered(answer, silence)
        fields = answer.fields or {}
        code = _code(answer)
        reason = self._calls.refusal_text(answer.status, code, str(fields.get("message", "")))
        told = is_too_small(fields, sold) if sold is not None else None
        return _verdict(code, told, reason)


def _verdict(code: str, told_too_small: bool | None, reason: str) -> PermanentError:
    """The error that a code stands for; the refusal's own range may tell what it does not."""
    if code in _OUT_OF_RANGE:
        known = _OUT_OF_RANGE[code]
        if known is None:
            # Amounts here are small; a refusal that tells no range is about the lower limit.
            known = told_too_small is not False
        return OutOfRangeError(reason, is_too_small=known)
    if code == "not_valid_params" and told_too_small is not None:
        return OutOfRangeError(reason, is_too_small=told_too_small)
    return _MEANINGS.get(code, PermanentError)(reason)


def _code(answer: Answer) -> str:
    """The refusal's code; a bad key's answer has none."""
    code = str((answer.fields or {}).get("error"))
    return code if _CODE.fullmatch(code) else "an unknown code"


def _is_forbidden(answer: Answer) -> bool:
    """Whether the key may not ask this, though it may be good for other questions."""
    return answer.is_refusal and (answer.status == _FORBIDDEN or _code(answer) == "forbidden")


def _fields(answer: Answer) -> dict[str, Any]:
    """The answer's object. Raises BadAnswerError."""
    fields = answer.fields
    if fields is None:
        raise BadAnswerError("not a JSON object")
    return fields


@contextmanager
def _reading(silence: type[ProviderError]) -> Iterator[None]:
    """Raise `silence` for an answer that cannot be read."""
    try:
        yield
    except BadAnswerError as error:
        raise silence(f"ChangeNOW's answer: {error}") from None


def _exchange_body(order: ExchangeOrder) -> bytes:
    sold, target = order.fixed.quote.sold, order.target
    fields = {
        **pair_fields(sold.asset, target.asset),
        "flow": _FIXED,
        "type": "direct",
        "rateId": order.fixed.rate_id,
        "fromAmount": format_amount(sold),
        "address": target.address,
        "extraId": target.memo or "",
        "refundAddress": order.refund_address,
        "refundExtraId": "",
    }
    return json.dumps(fields).encode()
