"""How Firestore orders values, and how a field's path leads to one.

Source of the order: Firestore's documentation, "Data types", "Value type ordering".
"""

import re
from collections.abc import MutableMapping
from typing import Any

from tests.sandbox.firestore.refusal import invalid

_ORDER = (
    ("null_value",),
    ("boolean_value",),
    ("integer_value", "double_value"),
    ("timestamp_value",),
    ("string_value",),
    ("bytes_value",),
    ("reference_value",),
    ("geo_point_value",),
    ("array_value",),
    ("map_value",),
)
_RANKS = {kind: rank for rank, kinds in enumerate(_ORDER) for kind in kinds}
_SEGMENT = re.compile(r"`((?:[^`\\]|\\.)+)`|([A-Za-z_][A-Za-z_0-9]*)")


def sort_key(value: Any) -> tuple[int, Any]:
    """Comparable with the key of every other value."""
    kind = value.WhichOneof("value_type") or "null_value"
    plain = getattr(value, kind)
    if kind == "null_value":
        plain = 0
    elif kind == "timestamp_value":
        plain = plain.ToNanoseconds()
    elif kind == "geo_point_value":
        plain = (plain.latitude, plain.longitude)
    elif kind == "array_value":
        plain = [sort_key(one) for one in plain.values]
    elif kind == "map_value":
        plain = [(name, sort_key(plain.fields[name])) for name in sorted(plain.fields)]
    return _RANKS[kind], plain


def rank_of(value: Any) -> int:
    """Values of different ranks are never equal, and a range holds values of one rank only."""
    return sort_key(value)[0]


def segments(path: str) -> list[str]:
    """The names that a field's path is made of. Raises RefusedError."""
    found, position = [], 0
    while True:
        match = _SEGMENT.match(path, position)
        if match is None:
            raise invalid(f"Invalid property path {path!r}")
        found.append(re.sub(r"\\(.)", r"\1", match[1]) if match[1] else match[2])
        if match.end() == len(path):
            return found
        if path[match.end()] != ".":
            raise invalid(f"Invalid property path {path!r}")
        position = match.end() + 1


def read(fields: Any, path: str) -> Any | None:
    """The value at a path; None where there is none."""
    *parents, last = segments(path)
    for name in parents:
        if name not in fields or fields[name].WhichOneof("value_type") != "map_value":
            return None
        fields = fields[name].map_value.fields
    return fields.get(last)


def write(fields: MutableMapping[str, Any], path: str, value: Any | None) -> None:
    """Put a value at a path, or delete what is there for None; parents are made as needed."""
    *parents, last = segments(path)
    for name in parents:
        if name not in fields or fields[name].WhichOneof("value_type") != "map_value":
            if value is None:
                return
            fields[name].map_value.SetInParent()
        fields = fields[name].map_value.fields
    if value is None:
        if last in fields:
            del fields[last]
    else:
        fields[last].CopyFrom(value)
