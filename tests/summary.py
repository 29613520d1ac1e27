"""What was tried, as a total over all workers, at the end of a run.

Tests say what they tried with `record_property(<name>, <value>)`; the names are below.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.histories.machine import RULES
from tests.histories.totals import Totals, table

FAULT_POINTS = "fault_points"  # how many points were found
FAULT_CASES = "fault_cases"  # JSON: what went wrong, and in how many cases
CAUGHT = "planted_bug"  # a line
HISTORIES_PLAYED = "histories"  # JSON: the fields of `Totals`, and the seeds
STORM = "storm"  # lines


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print it."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
    ]
    for title, lines in (
        ("fault matrix", _matrix(reports)),
        ("random histories", _histories(reports)),
        ("planted bugs, by what they were caught [and in which scenario]", _caught(reports)),
        ("storm", _values(reports, STORM)),
    ):
        if found := list(lines):
            terminalreporter.section(title)
            for line in found:
                terminalreporter.write_line(line)


def _values(reports: Iterable[Any], wanted: str) -> Iterator[Any]:
    for report in reports:
        for name, value in report.user_properties:
            if name == wanted:
                yield value


def _matrix(reports: list[Any]) -> Iterator[str]:
    points = sum(int(value) for value in _values(reports, FAULT_POINTS))
    cases = Counter[str]()
    for value in _values(reports, FAULT_CASES):
        cases.update(json.loads(value))
    if cases:
        yield f"{points} points, {cases.total()} cases"
        yield from table(cases)


def _histories(reports: list[Any]) -> Iterator[str]:
    totals, seeds = Totals(), list[int]()
    for value in _values(reports, HISTORIES_PLAYED):
        part = json.loads(value)
        totals.histories += part["histories"]
        totals.steps += part["steps"]
        totals.strikes += Counter(part["strikes"])
        totals.rules += Counter(part["rules"])
        seeds += part["seeds"]
    if not seeds:
        return
    yield f"{totals.line}; seeds {min(seeds)} to {max(seeds)}"
    yield from table(totals.strikes)
    idle = sorted(RULES.keys() - totals.rules.keys())
    if idle:
        yield f"rules that never did anything: {', '.join(idle)}"


def _caught(reports: list[Any]) -> Iterator[str]:
    yield from sorted(_values(reports, CAUGHT))
