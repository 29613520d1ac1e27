"""JSON from outside, read strictly, its numbers kept as the characters that stood in the text.

A float would lose digits of amounts.
"""

import json
from typing import Any, Never

MAX_CHARS = 256 * 1024
MAX_DEPTH = 32


class BadJsonError(ValueError):
    """The text is no JSON that is read here; what the error says never quotes it."""


class Lexeme(str):
    """A JSON number as it was written."""

    __slots__ = ()


def parsed(text: str, most_chars: int = MAX_CHARS) -> Any:
    """The value that a JSON text holds, its numbers as `Lexeme`. Raises BadJsonError."""
    if len(text) > most_chars:
        raise BadJsonError("too long")
    try:
        value = json.loads(
            text,
            parse_int=Lexeme,
            parse_float=Lexeme,
            parse_constant=_no_constant,
            object_pairs_hook=_without_duplicates,
        )
    except RecursionError:
        raise BadJsonError("nested too deeply") from None
    except json.JSONDecodeError as error:
        # Its text would quote the body.
        raise BadJsonError(f"no JSON at character {error.pos}") from None
    _require_shallow(value)
    return value


def _no_constant(name: str) -> Never:
    raise BadJsonError(f"{name} is no JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Readers differ in which of two they take, so a signature would not say which was meant.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJsonError("a key is there twice")
    return found


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for one in level for child in _children(one)]
    if level:
        raise BadJsonError("nested too deeply")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
