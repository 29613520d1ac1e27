"""What the documentation says is what the code does: names, defaults, diagrams and links."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from shared_lib.domain.credit import CREDIT_EDGES
from shared_lib.domain.invite import INVITE_EDGES
from shared_lib.domain.ledger import Account, PostingKind
from shared_lib.domain.payment import PAYMENT_EDGES
from shared_lib.domain.payout import PAYOUT_EDGES, WaitingFor
from shared_lib.domain.review import Reason
from shared_lib.domain.share import SHARE_EDGES
from shared_lib.domain.swap import SWAP_EDGES
from shared_lib.domain.transfer import TRANSFER_EDGES, Refusal
from shared_lib.events import EVENT_TYPES, Event, type_name
from shared_lib.runtime.settings import Concern

ROOT = Path(__file__).parents[2]
NOT_OURS = {"node_modules", "build", "dist"}
ROLES_OF_THE_PRODUCT = 19

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_DIAGRAM = re.compile(r"```mermaid\nstateDiagram-v2\n(.*?)```", re.DOTALL)
_EDGE = re.compile(r"^\s*(\S+) --> (\S+)\s*$", re.MULTILINE)
_MAKE = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)
_TARGET = re.compile(r"^([a-z-]+):(?!=)", re.MULTILINE)
_PUSHED = "all but `nowpayments_ipn`, `telegram_bot`"

MACHINES: dict[str, Mapping[Any, frozenset[Any]]] = {
    "payer credit": CREDIT_EDGES,
    "share": SHARE_EDGES,
    "payout": PAYOUT_EDGES,
    "swap": SWAP_EDGES,
    "transfer": TRANSFER_EDGES,
    "invite": INVITE_EDGES,
}


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def rows(name: str, heading: str = "") -> Iterator[list[str]]:
    """The cells of every table row in a page, or in the part of it under one heading."""
    text = text_of(name)
    if heading:
        text = re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def named(cell: str) -> list[str]:
    """The names that a cell shows as code."""
    return re.findall(r"`([^`\n]+)`", cell)


def function_table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(text_of("terraform/functions.json"))
    functions: dict[str, Any] = table["functions"]
    return functions


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    found = []
    for folder, below, files in os.walk(ROOT):
        below[:] = [one for one in below if one not in NOT_OURS and not one.startswith(".")]
        found += [Path(folder, file) for file in files if file.endswith(".md")]
    return sorted(found)


# ---- settings ------------------------------------------------------------------------------------


def settings_in_code() -> dict[str, FieldInfo]:
    return {
        str(field.alias): field
        for concern in Concern.__subclasses__()
        for field in concern.model_fields.values()
    }


def settings_in_docs() -> dict[str, list[str]]:
    found = [cells for cells in rows("docs/configuration.md") if len(cells) == 5]
    return {named(cells[0])[0]: cells for cells in found if named(cells[0])}


def shown_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return "none"
    default = field.default
    return f"`{int(default) if isinstance(default, float) else default}`"


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    assert set(settings_in_docs()) == set(settings_in_code())


def test_no_setting_is_documented_twice() -> None:
    names = [cells[0] for cells in rows("docs/configuration.md") if len(cells) == 5]
    of_settings = [name for name in names if named(name)]
    assert len(of_settings) == len(set(of_settings))


def test_documented_defaults_are_those_of_the_code() -> None:
    documented = {name: cells[3] for name, cells in settings_in_docs().items()}
    assert documented == {name: shown_default(one) for name, one in settings_in_code().items()}


def test_documented_users_of_a_setting_are_those_that_are_granted_it() -> None:
    functions = function_table()
    for name, cells in settings_in_docs().items():
        granted = {
            function
            for function, one in functions.items()
            if name in (*one["settings"], *one["secrets"])
        }
        if granted and cells[4] != "all":
            assert set(named(cells[4])) == granted, name
        elif granted:
            assert granted == set(functions), name


def test_the_functions_that_take_no_pushes_are_those_called_over_http() -> None:
    called = {name for name, one in function_table().items() if one["trigger"] == "http"}
    assert set(named(_PUSHED)) == called
    for name in ("PUSH_AUDIENCE", "PUSH_SERVICE_ACCOUNT"):
        assert settings_in_docs()[name][4] == _PUSHED


# ---- events --------------------------------------------------------------------------------------


def consumers() -> dict[str, str]:
    return {event: name for name, one in function_table().items() for event in one["consumes"]}


def publishers(event: str) -> set[str]:
    return {name for name, one in function_table().items() if event in one["publishes"]}


def test_the_architecture_names_every_event_with_its_publishers_and_its_consumer() -> None:
    shown = [cells for cells in rows("ARCHITECTURE.md", "Events") if named(cells[0])]
    assert {named(event)[0]: (set(named(by)), named(to)) for event, by, to in shown} == {
        type_name(one): (publishers(type_name(one)), [consumers()[type_name(one)]])
        for one in EVENT_TYPES
    }
    assert len(shown) == len(EVENT_TYPES)


def own_field(event: type[Event]) -> list[str]:
    return sorted(set(event.model_fields) - set(Event.model_fields))


def test_the_page_of_events_names_every_event_with_its_field_and_its_consumer() -> None:
    shown = [cells for cells in rows("docs/events.md", "The events") if named(cells[0])]
    assert {named(event)[0]: (named(field), named(to)) for event, field, _, to in shown} == {
        type_name(one): (own_field(one), [consumers()[type_name(one)]]) for one in EVENT_TYPES
    }


def test_the_page_of_events_names_the_fields_that_all_share() -> None:
    shown = [cells for cells in rows("docs/events.md", "Fields of every event") if named(cells[0])]
    assert {named(cells[0])[0] for cells in shown} == set(Event.model_fields)


# ---- reasons, refusals, ledger -------------------------------------------------------------------


def first_cells(name: str, heading: str) -> list[str]:
    return [names[0] for cells in rows(name, heading) if (names := named(cells[0]))]


@pytest.mark.parametrize(
    ("name", "heading", "words"),
    [
        ("docs/errors.md", "Review reasons", Reason),
        ("docs/errors.md", "Refusals", Refusal),
        ("ARCHITECTURE.md", "The ledger", PostingKind),
        ("docs/errors.md", "What a payout waits for", WaitingFor),
    ],
)
def test_every_word_is_explained_once(name: str, heading: str, words: type[StrEnum]) -> None:
    assert sorted(first_cells(name, heading)) == sorted(word.value for word in words)


def test_the_ledger_section_names_every_account() -> None:
    section = text_of("ARCHITECTURE.md").split("## The ledger\n")[1].split("\n## ")[0]
    assert {one.value for one in Account} <= set(named(section))


# ---- state diagrams ------------------------------------------------------------------------------


def diagrams() -> dict[str, list[tuple[str, str]]]:
    """The arrows of each state diagram by the name of its machine."""
    found = {}
    for body in _DIAGRAM.findall(text_of("ARCHITECTURE.md")):
        machine = re.search(r"%% machine: (.+)", body)
        assert machine is not None, "a state diagram does not say whose it is"
        found[machine.group(1)] = _EDGE.findall(body)
    return found


def inner(edges: list[tuple[str, str]]) -> set[tuple[str, str]]:
    return {edge for edge in edges if "[*]" not in edge}


def pairs(table: Mapping[Any, frozenset[Any]]) -> set[tuple[str, str]]:
    return {(before.value, after.value) for before, afters in table.items() for after in afters}


def closed(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges, and all ways that follow several of them."""
    found = set(edges)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


def test_there_is_one_diagram_per_machine() -> None:
    assert set(diagrams()) == {*MACHINES, "payment"}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_diagrams_arrows_are_the_tables_edges(machine: str) -> None:
    drawn = diagrams()[machine]
    assert len(drawn) == len(set(drawn))
    assert inner(drawn) == pairs(MACHINES[machine])


def test_the_payment_diagrams_ways_are_the_tables_edges() -> None:
    """The page says that arrows may be skipped, so every way along them is an edge."""
    assert closed(inner(diagrams()["payment"])) == pairs(PAYMENT_EDGES)


@pytest.mark.parametrize("machine", [*MACHINES, "payment"])
def test_a_diagram_begins_and_ends_where_the_machine_does(machine: str) -> None:
    table = {**MACHINES, "payment": PAYMENT_EDGES}[machine]
    drawn = diagrams()[machine]
    ends = {before for before, after in drawn if after == "[*]"}
    assert ends == {state.value for state, afters in table.items() if not afters}
    assert [after for before, after in drawn if before == "[*]"] == [next(iter(table)).value]


# ---- functions, files, links, targets ------------------------------------------------------------


def test_the_architecture_names_every_function() -> None:
    folders = {path.parent.name for path in ROOT.glob("functions/*/main.py")}
    assert folders == set(function_table())
    assert folders <= set(named(_FENCED.sub("", text_of("ARCHITECTURE.md"))))


def test_each_step_of_a_payments_way_links_the_one_file_that_does_it() -> None:
    way = text_of("ARCHITECTURE.md").split("## The way of one payment\n")[1].split("\n## ")[0]
    steps = re.findall(r"^(\d+)\. \*\*[^*]+\*\* \[[^\]]+\]\(([^)]+)\)", way, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert len({path for _, path in steps}) == len(steps) == len(re.findall(r"(?m)^\d+\. ", way))


def test_every_role_of_the_product_is_listed_with_its_state() -> None:
    listed = [cells for cells in rows("ARCHITECTURE.md", "Roles and functions") if len(cells) == 4]
    numbered = [cells for cells in listed if cells[0].isdigit()]
    assert [int(cells[0]) for cells in numbered] == list(range(1, ROLES_OF_THE_PRODUCT + 1))
    assert all(re.search(r"built|comes? with part", cells[3]) for cells in numbered)


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = _FENCED.sub("", page.read_text())
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(_FENCED.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_decision_is_in_the_index_with_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = text_of("docs/decisions/README.md")
    assert re.findall(r"\((\d{4}-[^)]+)\)", index) == files
    for name in files:
        number, title = (folder / name).read_text().splitlines()[0].removeprefix("# ").split(" ", 1)
        assert name.startswith(f"{number}-")
        assert f"[{number}]({name}) | {title} |" in index


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(_TARGET.findall(text_of("Makefile")))
    used = {target for page in pages() for target in _MAKE.findall(page.read_text())}
    assert used <= targets
    assert {"demo", "test", "help", "setup", "stack", "check", "format"} <= used
