"""JSON as JavaScript writes it, because that is the text which the provider signs.

Python differs in three ways that break signatures: `1e-07` for `1e-7`, `2e-06` for `0.000002`,
and digits against an exponent at and above 1e16.
"""

import json
import re
from decimal import Decimal
from math import isfinite
from typing import Any

# Number::toString of ECMAScript: digits are written out while the point lies in this range.
HIGHEST_POINT = 21
LOWEST_POINT = -6


def number(value: Decimal | float) -> str:
    """The text of `value` as a double, as `JSON.stringify` writes it."""
    try:
        double = float(value)
    except OverflowError:
        return "null"
    if not isfinite(double):
        return "null"
    if double == 0:
        return "0"
    sign = "-" if double < 0 else ""
    parts = Decimal(repr(abs(double))).as_tuple()
    digits = "".join(map(str, parts.digits)).rstrip("0")
    # Python's repr gives the shortest digits, just as JavaScript does; only the layout differs.
    point = len(parts.digits) + int(parts.exponent)
    return sign + _laid_out(digits.lstrip("0"), point - _leading_zeros(digits))


def _leading_zeros(digits: str) -> int:
    return len(digits) - len(digits.lstrip("0"))


def _laid_out(digits: str, point: int) -> str:
    if len(digits) <= point <= HIGHEST_POINT:
        return digits + "0" * (point - len(digits))
    if 0 < point <= HIGHEST_POINT:
        return f"{digits[:point]}.{digits[point:]}"
    if LOWEST_POINT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    exponent = f"e{point - 1:+d}"
    return digits + exponent if len(digits) == 1 else f"{digits[0]}.{digits[1:]}{exponent}"


def text(value: Any, *, ordered: bool = False) -> str:
    """Compact JSON, nothing escaped that need not be; `ordered` sorts keys at every depth."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(text(one, ordered=ordered) for one in value)}]"
    if isinstance(value, dict):
        items = sorted(value.items(), key=_as_utf16) if ordered else value.items()
        return "{" + ",".join(f"{_string(k)}:{text(v, ordered=ordered)}" for k, v in items) + "}"
    if value is None:
        return "null"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def canonical(value: Any) -> str:
    """The form that is signed."""
    return text(value, ordered=True)


def parse(source: str | bytes) -> Any:
    """JSON to plain data, with decimals instead of floats so that no digit is lost."""
    return json.loads(source, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _as_utf16(item: tuple[str, Any]) -> bytes:
    """JavaScript orders strings by UTF-16 code unit."""
    return item[0].encode("utf-16-be", "surrogatepass")


def _string(value: str) -> str:
    written = json.dumps(value, ensure_ascii=False)
    # A lone surrogate has no UTF-8 form; JSON.stringify escapes it.
    return re.sub(r"[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", written)
