"""Amounts: exact decimals inside, and only such values outside as a double can carry."""

import json
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, Context, Decimal
from typing import Any

from tests.sandbox.nowpayments.js import number

__all__ = ["as_double", "down", "number", "plain", "text", "up", "with_exponent"]

# Enough digits for any amount in base units of any coin.
EXACT = Context(prec=80)


def down(amount: Decimal, places: int) -> Decimal:
    """`amount` cut to `places`."""
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_DOWN, context=EXACT)


def up(amount: Decimal, places: int) -> Decimal:
    """`amount` rounded up to `places`."""
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_CEILING, context=EXACT)


def as_double(amount: Decimal) -> Decimal:
    """`amount` as it survives the double of a JSON number."""
    return Decimal(number(amount))


def plain(amount: Decimal) -> str:
    """All digits, without an exponent and without trailing zeros."""
    written = f"{amount:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def with_exponent(amount: Decimal | float) -> str:
    """The same number as `number` writes, in a form that is as good JSON and seldom expected."""
    double = Decimal(number(amount))
    return f"{double.normalize():e}" if double else "0e+0"


def text(value: Any, spelled: Callable[[Decimal | float], str] = number) -> str:
    """JSON whose numbers with a fraction are written by `spelled`."""
    if isinstance(value, Decimal | float):
        return spelled(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{text(one, spelled)}" for key, one in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text(one, spelled) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
