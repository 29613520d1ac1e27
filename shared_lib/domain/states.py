"""One way to write a state machine: an enumeration and a table of its edges."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)


class TransitionRefusedError(Exception):
    """The table has no such edge."""


def require_edge(
    edges: Mapping[State, frozenset[State]], subject: str, before: State, after: State
) -> None:
    """Raise TransitionRefusedError unless `before → after` is an edge of the table."""
    if after not in edges[before]:
        raise TransitionRefusedError(f"{subject} cannot go from {before} to {after}")
