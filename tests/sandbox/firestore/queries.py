"""Simple queries: one collection, filters, an order, an offset and a limit."""

from collections.abc import Callable, Iterable
from typing import Any

from google.cloud.firestore_v1.types import query as types

from tests.sandbox.firestore import values
from tests.sandbox.firestore.documents import Document, ValuePb, is_below
from tests.sandbox.firestore.refusal import Code, RefusedError, invalid

_NAME = "__name__"
Operator = types.StructuredQuery.FieldFilter.Operator
Unary = types.StructuredQuery.UnaryFilter.Operator
_COMPARE: dict[int, Callable[[Any, Any], bool]] = {
    Operator.LESS_THAN: lambda one, other: one < other,
    Operator.LESS_THAN_OR_EQUAL: lambda one, other: one <= other,
    Operator.GREATER_THAN: lambda one, other: one > other,
    Operator.GREATER_THAN_OR_EQUAL: lambda one, other: one >= other,
}


def run(documents: Iterable[Document], parent: str, query: Any) -> list[Document]:
    """The documents that a structured query finds. Raises RefusedError for what is not known."""
    if query.HasField("start_at") or query.HasField("end_at") or query.HasField("find_nearest"):
        raise RefusedError(Code.UNIMPLEMENTED, "Cursors and vectors are not emulated.")
    found = [one for one in documents if _is_in(one, parent, query) and _fits(one, query.where)]
    for order in reversed(query.order_by):
        path = order.field.field_path
        found = [one for one in found if _value(one, path) is not None]
        descending = order.direction == types.StructuredQuery.Direction.DESCENDING
        found.sort(key=lambda one: values.sort_key(_value(one, path)), reverse=descending)
    last = query.offset + query.limit.value if query.HasField("limit") else None
    return found[query.offset : last]


def _is_in(document: Document, parent: str, query: Any) -> bool:
    selectors = query.from_
    if len(selectors) != 1:
        raise invalid("A query is about one collection.")
    (selector,) = selectors
    if not is_below(document.name, parent):
        return False
    path = document.name[len(parent) + 1 :].split("/")
    is_deep = bool(selector.all_descendants)
    return path[-2] == selector.collection_id and (is_deep or len(path) == 2)


def _value(document: Document, path: str) -> Any | None:
    if path == _NAME:
        return ValuePb(reference_value=document.name)
    return values.read(document.fields, path)


def _fits(document: Document, where: Any) -> bool:
    kind = where.WhichOneof("filter_type")
    if kind is None:
        return True
    if kind == "composite_filter":
        fits = [_fits(document, one) for one in where.composite_filter.filters]
        is_and = where.composite_filter.op == types.StructuredQuery.CompositeFilter.Operator.AND
        return all(fits) if is_and else any(fits)
    if kind == "unary_filter":
        return _fits_unary(document, where.unary_filter)
    return _fits_field(document, where.field_filter)


def _fits_unary(document: Document, one: Any) -> bool:
    value = _value(document, one.field.field_path)
    is_null = value is not None and value.WhichOneof("value_type") == "null_value"
    if one.op == Unary.IS_NULL:
        return is_null
    if one.op == Unary.IS_NOT_NULL:
        return value is not None and not is_null
    raise RefusedError(Code.UNIMPLEMENTED, "This filter is not emulated.")


def _fits_field(document: Document, one: Any) -> bool:
    value = _value(document, one.field.field_path)
    if value is None:
        return False
    mine, wanted = values.sort_key(value), values.sort_key(one.value)
    if one.op == Operator.EQUAL:
        return mine == wanted
    if one.op == Operator.NOT_EQUAL:
        return mine != wanted
    if one.op == Operator.IN:
        return mine in [values.sort_key(item) for item in one.value.array_value.values]
    if one.op == Operator.ARRAY_CONTAINS:
        return wanted in [values.sort_key(item) for item in value.array_value.values]
    if one.op not in _COMPARE:
        raise RefusedError(Code.UNIMPLEMENTED, "This filter is not emulated.")
    return mine[0] == wanted[0] and _COMPARE[one.op](mine, wanted)
