"""What a benchmark found: a number, the budget for it, and whether it is met."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any

_HEADINGS = ("figure", "value", "budget", "verdict")


class Bound(StrEnum):
    """How a budget is meant."""

    AT_LEAST = "≥"
    BELOW = "<"


@dataclass(frozen=True)
class Budget:
    """What a figure should come to, in the figure's unit."""

    bound: Bound
    limit: float

    def is_met(self, value: float) -> bool:
        """Whether a value keeps to it."""
        return value >= self.limit if self.bound is Bound.AT_LEAST else value < self.limit


@dataclass(frozen=True)
class Figure:
    """One number that was measured. Without a budget it only explains others."""

    name: str
    value: float
    unit: str
    budget: Budget | None = None

    @property
    def verdict(self) -> str:
        """`ok`, `MISSED`, or nothing where there is no budget."""
        if self.budget is None:
            return ""
        return "ok" if self.budget.is_met(self.value) else "MISSED"

    def as_json(self) -> dict[str, Any]:
        """As `build/bench.json` holds it."""
        budget = f"{self.budget.bound} {self.budget.limit:g}" if self.budget else None
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "budget": budget,
            "verdict": self.verdict or None,
        }

    def cells(self) -> tuple[str, str, str, str]:
        """As the table shows it."""
        budget = f"{self.budget.bound} {self.budget.limit:g}" if self.budget else ""
        return (self.name, f"{self.value:.4g} {self.unit}".rstrip(), budget, self.verdict)


def at_least(limit: float) -> Budget:
    """A budget that more is better for."""
    return Budget(Bound.AT_LEAST, limit)


def below(limit: float) -> Budget:
    """A budget that less is better for."""
    return Budget(Bound.BELOW, limit)


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest of the values that so many percent of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median_ratio(ours: Sequence[float], baseline: Sequence[float]) -> float:
    """The median of ours over the baseline, round by round.

    What was measured side by side met the same disturbances, which so cancel out.
    """
    return median(one / other for one, other in zip(ours, baseline, strict=True))


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    rows = [_HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """Those that do not keep to their budgets."""
    return [one for one in figures if one.budget and not one.budget.is_met(one.value)]
