"""A stage for histories, and the total over all workers at the end of a run."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from shared_lib.adapters.postgres.connect import connector
from tests.databases import Cleaner, Databases
from tests.histories.history import Stage
from tests.histories.machine import RULES, Connections
from tests.histories.totals import Totals, table


@pytest.fixture
def stage(clean_database: Databases, database_cleaner: Cleaner) -> Iterator[Stage]:
    """The shared database, for histories one after the other."""
    with closing(Connections(connector(clean_database.application_url))) as connections:
        yield Stage(database_cleaner, connections)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many histories of how many steps were played, with which seeds and faults."""
    totals, seeds = _totals(terminalreporter)
    if not totals.histories:
        return
    terminalreporter.write_line(f"{totals.line}; seeds {min(seeds)} to {max(seeds)}")
    for line in table(totals.strikes):
        terminalreporter.write_line(line)
    idle = sorted(RULES.keys() - totals.rules.keys())
    if idle:
        terminalreporter.write_line(f"rules that never did anything: {', '.join(idle)}")


def _totals(terminalreporter: Any) -> tuple[Totals, list[int]]:
    found, seeds = Totals(), list[int]()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for part in _parts(report):
                    found.histories += part["histories"]
                    found.steps += part["steps"]
                    found.strikes += Counter(part["strikes"])
                    found.rules += Counter(part["rules"])
                    seeds += part["seeds"]
    return found, seeds


def _parts(report: Any) -> list[dict[str, Any]]:
    return [json.loads(value) for name, value in report.user_properties if name == "histories"]
