"""Columns that many tables share, read and written in one way."""

from typing import Any

from shared_lib.adapters.postgres.session import Row
from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import Money
from shared_lib.domain.watch import Watch

WATCH_COLUMNS = "next_check_at, deadline_at, failures, failing_since"
WATCH_VALUES = ":next_check_at, :deadline_at, :failures, :failing_since"
WATCH_ASSIGNMENTS = (
    "next_check_at = :next_check_at, deadline_at = :deadline_at, "
    "failures = :failures, failing_since = :failing_since"
)


def watch_from(row: Row) -> Watch | None:
    """The row's watch; None when the row is done or in review."""
    if row["next_check_at"] is None:
        return None
    return Watch(
        row["next_check_at"], row["deadline_at"], int(row["failures"]), row["failing_since"]
    )


def watch_values(watch: Watch | None) -> dict[str, Any]:
    """Parameters for WATCH_VALUES and WATCH_ASSIGNMENTS."""
    return {
        "next_check_at": watch.next_check_at if watch else None,
        "deadline_at": watch.deadline_at if watch else None,
        "failures": watch.failures if watch else 0,
        "failing_since": watch.failing_since if watch else None,
    }


def money_from(row: Row, column: str = "amount", asset_column: str = "asset") -> Money:
    """An amount with the asset of its row; numeric(78,0) holds whole numbers only."""
    return Money(int(row[column]), asset_of(row[asset_column]))
