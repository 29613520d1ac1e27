"""The table of functions and events that drives Terraform, checked against its own rules."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Literal, TypedDict

import pytest

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"
HTTP_FUNCTIONS = {"nowpayments_ipn", "telegram_bot"}
SIGNING_FUNCTIONS = {"send_transfer"}


class Function(TypedDict):
    trigger: Literal["http", "event", "dead_letter"]
    consumes: list[str]
    publishes: list[str]
    database: bool
    secrets: list[str]
    settings: list[str]


class Tick(TypedDict):
    schedule: str


class Table(TypedDict):
    functions: dict[str, Function]
    ticks: dict[str, Tick]


@pytest.fixture(scope="module")
def table() -> Table:
    loaded: Table = json.loads((TERRAFORM / "functions.json").read_text())
    return loaded


def consumed(table: Table) -> list[str]:
    return [event for function in table["functions"].values() for event in function["consumes"]]


def published(table: Table) -> set[str]:
    return {event for function in table["functions"].values() for event in function["publishes"]}


def source(*names: str) -> str:
    return "\n".join((TERRAFORM / name).read_text() for name in names)


def test_every_event_has_exactly_one_consumer(table: Table) -> None:
    assert [event for event, count in Counter(consumed(table)).items() if count != 1] == []


def test_every_event_but_a_tick_has_a_publisher_and_a_tick_has_a_schedule(table: Table) -> None:
    ticks = set(table["ticks"])
    assert published(table) == set(consumed(table)) - ticks
    assert {event for event in consumed(table) if event.startswith("tick.")} == ticks
    assert all(len(tick["schedule"].split()) == 5 for tick in table["ticks"].values())


def test_reconcile_may_publish_every_event_that_can_be_left_behind(table: Table) -> None:
    assert set(table["functions"]["reconcile"]["publishes"]) == published(table)


def test_only_the_http_functions_are_public(table: Table) -> None:
    public = {name for name, one in table["functions"].items() if one["trigger"] == "http"}
    assert public == HTTP_FUNCTIONS
    everything = "\n".join(path.read_text() for path in TERRAFORM.rglob("*.tf"))
    assert everything.count('"allUsers" : "serviceAccount:') == 1
    assert 'public         = each.value.trigger == "http"' in source("functions.tf")
    assert "allAuthenticatedUsers" not in everything


def test_each_event_function_consumes_one_event_and_no_other_function_any(table: Table) -> None:
    """A subscription is named like its function, so a second event would be a second name."""
    for name, function in table["functions"].items():
        assert len(function["consumes"]) == (function["trigger"] == "event"), name


def test_dead_letters_have_one_consumer_and_one_way_to_be_named(table: Table) -> None:
    consumers = [
        name for name, one in table["functions"].items() if one["trigger"] == "dead_letter"
    ]
    assert consumers == ["record_dead_letter"]
    assert not any(event.endswith(".dead") for event in consumed(table))
    assert '"${each.key}.dead"' in source("topics.tf")
    assert "google_pubsub_topic.dead_letter[each.key]" in source("subscriptions.tf")


def test_names_fit_the_platform(table: Table) -> None:
    """A service account id has at most 30 characters, an event type two lower-case words."""
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in table["functions"])
    assert all(len(f"fn-{name}") <= 30 for name in table["functions"])
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", event) for event in consumed(table))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_environment_gives_exactly_what_the_functions_use(
    table: Table, environment: str
) -> None:
    functions = table["functions"].values()
    used = {name for one in functions for name in (*one["settings"], *one["secrets"])}
    text = source(f"environments/{environment}.tfvars")
    assert set(re.findall(r"^  ([A-Z_]+) += ", text, re.MULTILINE)) == used


def test_no_name_is_both_a_secret_and_a_setting(table: Table) -> None:
    functions = table["functions"].values()
    secrets = {name for one in functions for name in one["secrets"]}
    assert secrets.isdisjoint(name for one in functions for name in one["settings"])


def test_only_signing_functions_read_the_key_of_the_wallet(table: Table) -> None:
    readers = {
        name
        for name, one in table["functions"].items()
        if "HOST_WALLET_PRIVATE_KEY" in one["secrets"]
    }
    assert readers == SIGNING_FUNCTIONS


def test_values_of_secrets_stay_out_of_the_state() -> None:
    everything = "\n".join(path.read_text() for path in TERRAFORM.rglob("*.tf"))
    assert "google_secret_manager_secret_version" not in everything
    assert "secret_data" not in everything


def test_every_deployed_folder_is_in_the_table(table: Table) -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert folders <= set(table["functions"])
