"""NOWPayments' JSON, read strictly: what it says about a payment, and nothing of the rest.

Numbers are kept as the characters that stood in the text, which is what the signature covers.
"""

import re
from collections.abc import Mapping
from typing import Any

from shared_lib.adapters.json_text import BadJsonError, Lexeme, parsed
from shared_lib.domain.payment import Report
from shared_lib.ports import BadReportError

MAX_TEXT_CHARS = 256

_ID = re.compile(r"[0-9]{1,20}")
# Two digits of exponent are far beyond any currency, and cannot be used to fill the memory.
_AMOUNT = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,2})?")


def parsed_object(body: str) -> dict[str, Any]:
    """The object that a JSON text holds, its numbers as `Lexeme`. Raises BadReportError."""
    try:
        found = parsed(body)
    except BadJsonError as error:
        raise BadReportError(f"body: {error}") from None
    if not isinstance(found, dict):
        raise BadReportError("body: not an object")
    return found


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
        pay_amount=_hint(fields, "pay_amount"),
        actually_paid=_hint(fields, "actually_paid"),
    )


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


def _hint(fields: Mapping[str, Any], name: str) -> str | None:
    """An amount that nothing is credited by: one that cannot be read counts as not told."""
    try:
        return _amount(fields, name)
    except BadReportError:
        return None


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
