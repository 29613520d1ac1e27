"""Fresh stages, a database whose keys can be taken away, and the table at the end."""

from collections.abc import Callable
from typing import Any

import pg8000.native
import pytest

from shared_lib.adapters.postgres.database import Connect
from tests.databases import Cleaner
from tests.planted.patching import OwnersKeys
from tests.planted.stage import Stage

CAUGHT = "planted_bug"


@pytest.fixture
def fresh(database_cleaner: Cleaner, connect: Connect) -> Callable[[], Stage]:
    """Makes stages on an empty database."""

    def make() -> Stage:
        database_cleaner.empty()
        return Stage(connect)

    return make


@pytest.fixture
def keys(owner_connection: pg8000.native.Connection, database_cleaner: Cleaner) -> OwnersKeys:
    return OwnersKeys(owner_connection, database_cleaner.empty)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show by what each planted mistake was noticed."""
    rows = sorted(
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == CAUGHT
    )
    if rows:
        terminalreporter.section(f"{len(rows)} planted bugs, caught by [in]")
    for row in rows:
        terminalreporter.write_line(row)
