"""Every use case, at every point where something can go wrong, in every way that it can."""

import ast
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.faults.acts import OCCURRENCES_MOST, SUBJECTS
from tests.faults.conditions import Case, Condition
from tests.faults.conftest import Worlds
from tests.summary import FAULT_CASES, FAULT_POINTS
from tests.world import HANDLERS

POINTS_MOST = 100
ROOT = Path(__file__).resolve().parents[2]
# Parts of `send_transfer` and of `handle_update`, though they are named as their files.
PARTS = {"replace_bytes", "link_account", "order_status"}

Record = Callable[[str, object], None]


@pytest.mark.parametrize("condition", Condition, ids=lambda one: one.value.replace(" ", "_"))
@pytest.mark.parametrize("subject", SUBJECTS)
def test_it_ends_the_same(
    subject: str, condition: Condition, worlds: Worlds, record_property: Record
) -> None:
    """Whatever happens at whichever point, the story ends as if nothing had happened."""
    tried = 0
    for point in filter(condition.is_at, count()):
        assert point < POINTS_MOST, "there is no end of points"
        with worlds.fresh() as world:
            act = SUBJECTS[subject](world)
            if act is None:
                break
            case = Case(act, condition, point)
            if not case.play():
                break
            tried += 1
            try:
                act.finish()
            except BaseException as problem:
                problem.add_note(f"{subject}: {condition.value}, point {point}")
                raise
    if condition in (Condition.DIES_BEFORE, Condition.DIES_AFTER):
        record_property(FAULT_POINTS, tried)
    record_property(FAULT_CASES, json.dumps({condition.value: tried}))
    is_later_one = subject[-1].isdigit() and int(subject[-1]) in range(2, OCCURRENCES_MOST + 1)
    assert tried > 0 or is_later_one, f"{subject} has no point"


def test_the_matrix_has_every_use_case() -> None:
    """A use case is a function that is named as its file; other files are parts of several."""
    handlers = {one.__name__ for one in HANDLERS.values()}
    named = {name.split()[0] for name in SUBJECTS} - HANDLERS.keys()
    files = (ROOT / "shared_lib/usecases").glob("*.py")
    assert handlers | named == {path.stem for path in files if _is_use_case(path)} - PARTS


def _is_use_case(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return any(isinstance(node, ast.FunctionDef) and node.name == path.stem for node in body)
