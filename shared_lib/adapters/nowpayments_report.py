"""NOWPayments' JSON, read strictly: what it says about a payment, and nothing of the rest.

Numbers are kept as the characters that stood in the text. A float would lose digits of amounts,
and the signature covers those characters.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Never

from shared_lib.domain.payment import Report
from shared_lib.ports import BadReportError

MAX_BODY_CHARS = 256 * 1024
MAX_DEPTH = 32
MAX_TEXT_CHARS = 256

_ID = re.compile(r"[0-9]{1,20}")
# Two digits of exponent are far beyond any currency, and cannot be used to fill the memory.
_AMOUNT = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,2})?")


class Lexeme(str):
    """A JSON number as it was written."""

    __slots__ = ()


def parsed_object(body: str) -> dict[str, Any]:
    """The object that a JSON text holds, its numbers as `Lexeme`. Raises BadReportError."""
    if len(body) > MAX_BODY_CHARS:
        raise BadReportError("body: too long")
    try:
        parsed = json.loads(
            body,
            parse_int=Lexeme,
            parse_float=Lexeme,
            parse_constant=_no_constant,
            object_pairs_hook=_without_duplicates,
        )
    except RecursionError:
        raise BadReportError("body: nested too deeply") from None
    except json.JSONDecodeError as error:
        # Its text would quote the body.
        raise BadReportError(f"body: no JSON at character {error.pos}") from None
    if not isinstance(parsed, dict):
        raise BadReportError("body: not an object")
    _require_shallow(parsed)
    return parsed


def read_report(body: str) -> Report:
    """Read a callback's or an answer's JSON text. Raises BadReportError naming the field."""
    fields = parsed_object(body)
    return Report(
        provider_payment_id=_required(_id(fields, "payment_id"), "payment_id"),
        status=_required(_text(fields, "payment_status"), "payment_status"),
        order_id=_text(fields, "order_id"),
        invoice_id=_id(fields, "invoice_id"),
        parent_payment_id=_id(fields, "parent_payment_id"),
        outcome_amount=_amount(fields, "outcome_amount"),
        outcome_currency=_text(fields, "outcome_currency"),
        payout_hash=_text(fields, "payout_hash"),
    )


def _no_constant(name: str) -> Never:
    raise BadReportError(f"body: {name} is no JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Readers differ in which of two they take, so a signature would not say which was meant.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadReportError("body: a key is there twice")
    return found


def _require_shallow(parsed: Any) -> None:
    level = [parsed]
    for _ in range(MAX_DEPTH):
        level = [child for value in level for child in _children(value)]
    if level:
        raise BadReportError("body: nested too deeply")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise BadReportError(f"{name}: missing")
    return value


def _given(fields: Mapping[str, Any], name: str) -> Any:
    # The provider was seen to write the word "null" in quotes where it had no value.
    value = fields.get(name)
    return None if value is None or value in ("", "null") else value


def _id(fields: Mapping[str, Any], name: str) -> str | None:
    """An id is a number in one place and a string in another."""
    value = _given(fields, name)
    if value is None:
        return None
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise BadReportError(f"{name}: not an id of digits")
    return str(value)


def _amount(fields: Mapping[str, Any], name: str) -> str | None:
    value = _given(fields, name)
    if value is None:
        return None
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise BadReportError(f"{name}: not an amount")
    return str(value)


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = _given(fields, name)
    if value is None:
        return None
    if not isinstance(value, str) or isinstance(value, Lexeme):
        raise BadReportError(f"{name}: not a text")
    # What cannot be printed, a lone surrogate among it, cannot be stored or logged either.
    if len(value) > MAX_TEXT_CHARS or not value.isprintable():
        raise BadReportError(f"{name}: not a plain text of at most {MAX_TEXT_CHARS} characters")
    return value
