"""The page on reliability names what is there: tests, constraints, conditions, planted mistakes."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.faults.conditions import Condition
from tests.invariants import RULES
from tests.planted.bugs import BUGS
from tests.unit.test_documentation import ROOT, rows, text_of

PAGE = "docs/reliability.md"
INVARIANTS = [f"I{number}" for number in range(1, 10)]

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_NAME = re.compile(r"`([a-z_0-9]+)`")


@cache
def _sections() -> dict[str, str]:
    """What is written under each invariant."""
    parts = re.split(r"^### (I\d) · ", text_of(PAGE), flags=re.MULTILINE)[1:]
    return {
        name: re.split(r"^## ", text, flags=re.MULTILINE)[0]
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


def _named(line: str) -> Iterator[str]:
    """The names in the lines that begin with this word."""
    for text in _sections().values():
        for found in re.findall(rf"^- {line}: (.*)$", text, flags=re.MULTILINE):
            yield from _NAME.findall(found)


@cache
def _tests_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = _TEST.findall(text_of(PAGE))
    assert len(named) >= len(INVARIANTS)
    missing = [f"{path}::{name}" for path, name in named if name not in _tests_in(path)]
    assert not missing


def test_every_path_that_is_named_is_a_test_or_a_link() -> None:
    text = text_of(PAGE)
    assert text.count("`tests/") == len(_TEST.findall(text))


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_every_invariant_has_its_section_and_a_test(invariant: str) -> None:
    assert list(_sections()) == INVARIANTS
    assert _TEST.findall(_sections()[invariant])


def test_every_rule_is_of_an_invariant_or_says_what_it_is_about() -> None:
    numbered = {rule.split()[0] for rule in RULES if re.match(r"I\d ", rule)}
    assert numbered <= set(INVARIANTS)


def test_every_constraint_that_is_named_is_in_the_schema() -> None:
    schema = "\n".join(path.read_text() for path in sorted((ROOT / "sql/migrations").glob("*.sql")))
    # PostgreSQL names the key of a column by itself.
    columns = {"payments_deposit_hash_key": "deposit_hash text UNIQUE"}
    missing = [name for name in _named("The database") if columns.get(name, name) not in schema]
    assert not missing


def test_every_planted_mistake_stands_under_one_invariant() -> None:
    assert sorted(_named("Planted")) == sorted(BUGS)


def test_every_condition_of_the_matrix_is_explained() -> None:
    table = [cells[0] for cells in rows(PAGE, "What goes wrong at a point")]
    assert table == ["Condition", *(one.value for one in Condition)]


def test_the_page_is_found_from_the_first_one() -> None:
    assert f"]({PAGE})" in (Path(ROOT) / "README.md").read_text()
