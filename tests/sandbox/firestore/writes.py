"""What one commit does: preconditions, updates, deletions and transforms, all or nothing."""

from collections.abc import Iterable
from typing import Any

from google.cloud.firestore_v1.types import write as types
from google.protobuf.timestamp_pb2 import Timestamp

from tests.sandbox.firestore import values
from tests.sandbox.firestore.documents import Document, DocumentPb, Documents, ValuePb
from tests.sandbox.firestore.refusal import already_exists, invalid, not_found, stale

WRITES_MOST = 500
WriteResultPb: Any = types.WriteResult.pb()
_LARGEST = 2**63 - 1


def apply(documents: Documents, writes: Iterable[Any], now: Timestamp) -> list[Any]:
    """Carry out all writes of a commit; a result for each. Raises RefusedError, changing nothing.

    A later write of the same commit sees what an earlier one did.
    """
    changes: dict[str, Document | None] = {}
    results = []
    for one in writes:
        name = _name_of(one)
        before = changes[name] if name in changes else documents.get(name)
        _check(one, name, before)
        after, transformed = _written(one, before, now)
        changes[name] = after
        results.append(WriteResultPb(update_time=now, transform_results=transformed))
    documents.replace(changes)
    return results


def _name_of(one: Any) -> str:
    kind = one.WhichOneof("operation")
    if kind == "update":
        return str(one.update.name)
    if kind == "delete":
        return str(one.delete)
    if kind == "transform":
        return str(one.transform.document)
    raise invalid("A write must have an operation.")


def _check(one: Any, name: str, before: Document | None) -> None:
    condition = one.current_document
    kind = condition.WhichOneof("condition_type")
    if kind == "exists" and condition.exists and before is None:
        raise not_found(name)
    if kind == "exists" and not condition.exists and before is not None:
        raise already_exists(name)
    if kind == "update_time":
        if before is None:
            raise not_found(name)
        if before.update_time != condition.update_time:
            raise stale(name)


def _written(
    one: Any, before: Document | None, now: Timestamp
) -> tuple[Document | None, list[Any]]:
    kind = one.WhichOneof("operation")
    if kind == "delete":
        return None, []
    after = DocumentPb(name=_name_of(one), create_time=now)
    if before is not None:
        after.CopyFrom(before)
    if kind == "update":
        _update(one, after)
    after.update_time.CopyFrom(now)
    transforms = one.transform.field_transforms if kind == "transform" else one.update_transforms
    results = [_transform(after, one, now) for one in transforms]
    return after, results


def _update(one: Any, after: Document) -> None:
    """Without a mask the document is replaced; with one only the fields that it names."""
    if not one.HasField("update_mask"):
        after.ClearField("fields")
        for name, value in one.update.fields.items():
            after.fields[name].CopyFrom(value)
        return
    for path in one.update_mask.field_paths:
        values.write(after.fields, path, values.read(one.update.fields, path))


# ---- transforms ----------------------------------------------------------------------------------


def _transform(after: Document, one: Any, now: Timestamp) -> Any:
    kind = one.WhichOneof("transform_type")
    before = values.read(after.fields, one.field_path)
    if kind == "set_to_server_value":
        value = ValuePb(timestamp_value=now)
    elif kind in ("increment", "maximum", "minimum"):
        value = _number(kind, before, getattr(one, kind))
    elif kind in ("append_missing_elements", "remove_all_from_array"):
        values.write(after.fields, one.field_path, _array(kind, before, getattr(one, kind)))
        return ValuePb(null_value=0)
    else:
        raise invalid(f"Unknown transform {kind}.")
    values.write(after.fields, one.field_path, value)
    return value


def _number(kind: str, before: Any | None, operand: Any) -> Any:
    is_number = before is not None and before.WhichOneof("value_type") in (
        "integer_value",
        "double_value",
    )
    if before is None or not is_number:
        return operand
    first, second = values.sort_key(before)[1], values.sort_key(operand)[1]
    if kind == "maximum":
        return before if first >= second else operand
    if kind == "minimum":
        return before if first <= second else operand
    if isinstance(first, int) and isinstance(second, int):
        return ValuePb(integer_value=max(-_LARGEST - 1, min(_LARGEST, first + second)))
    return ValuePb(double_value=first + second)


def _array(kind: str, before: Any | None, operand: Any) -> Any:
    result = ValuePb()
    result.array_value.SetInParent()
    is_array = before is not None and before.WhichOneof("value_type") == "array_value"
    held = list(before.array_value.values) if before is not None and is_array else []
    keys = [values.sort_key(one) for one in operand.values]
    if kind == "remove_all_from_array":
        kept = [one for one in held if values.sort_key(one) not in keys]
    else:
        there = [values.sort_key(one) for one in held]
        missing = (one for one in operand.values if values.sort_key(one) not in there)
        kept = [*held, *missing]
    result.array_value.values.extend(kept)
    return result
