"""The product does not know where it runs: no branch of it is for a sandbox or a test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "shared_lib").rglob("*.py"), *(ROOT / "functions").rglob("main.py")])
_WORDS = re.compile(r"sandbox|emulator|anvil|\bstand.?ins?\b|pytest|\btests?\.")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_branch_knows_that_it_runs_in_a_sandbox(path: Path) -> None:
    code = [line.partition("#")[0] for line in path.read_text().splitlines()]
    assert [line for line in code if _WORDS.search(line.lower())] == []


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 50
