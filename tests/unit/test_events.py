"""Events survive the way through the broker, and only those we know are taken."""

import json
from uuid import uuid4

import pytest
from pydantic import ValidationError

from shared_lib.events import (
    EVENT_TYPES,
    AuditBooksTick,
    BatchPayoutsTick,
    BroadcastOffersTick,
    Event,
    ExpireSubscriptionsTick,
    PoolRequested,
    ReconcileTick,
    RefreshCurrenciesTick,
    event_from_json,
    type_name,
)

TICKS = [
    ReconcileTick,
    RefreshCurrenciesTick,
    BatchPayoutsTick,
    ExpireSubscriptionsTick,
    BroadcastOffersTick,
    AuditBooksTick,
]


def example(event_type: type[Event]) -> Event:
    about = "eth:eth" if event_type is PoolRequested else uuid4()
    values = {event_type.entity: about} if event_type.entity else {}
    return event_type.model_validate(values | {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"})


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_makes_the_round_trip(event_type: type[Event]) -> None:
    event = example(event_type)
    assert event_from_json(event.model_dump_json()) == event


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_an_unknown_version_is_refused(event_type: type[Event]) -> None:
    document = example(event_type).model_dump(mode="json") | {"version": 2}
    with pytest.raises(ValidationError):
        event_from_json(json.dumps(document))


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_field_of_a_later_version_is_ignored(event_type: type[Event]) -> None:
    event = example(event_type)
    document = event.model_dump(mode="json") | {"priority": "high"}
    assert event_from_json(json.dumps(document)) == event


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type":"payment.updated"}',
        '{"type":"money.sent"}',
        '{"type":"swap.quoted"}',
        "\udcff",
    ],
)
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        event_from_json(text.encode("utf-8", "surrogateescape"))


def test_types_are_distinct_and_only_ticks_are_about_nothing() -> None:
    """The pool is about an asset, which is a word and no row."""
    assert len({type_name(event_type) for event_type in EVENT_TYPES}) == len(EVENT_TYPES)
    without_id = [one for one in EVENT_TYPES if example(one).entity_id is None]
    assert without_id == [PoolRequested, *TICKS]
    assert [one for one in EVENT_TYPES if not one.entity] == TICKS
    assert [one for one in EVENT_TYPES if type_name(one).startswith("tick.")] == TICKS


def test_the_ways_of_a_payout_are_events_of_their_own() -> None:
    """Each step of a swap is asked for by its own event, so that each can be repeated alone."""
    names = {type_name(event_type): event_type.entity for event_type in EVENT_TYPES}
    assert {name: entity for name, entity in names.items() if entity == "swap_id"} == {
        "swap.requested": "swap_id",
        "swap.quoted": "swap_id",
        "swap.check_due": "swap_id",
    }
    assert {name for name, entity in names.items() if entity == "transfer_id"} == {
        "transfer.requested",
        "transfer.authorized",
        "transfer.check_due",
    }


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_an_event_carries_no_more_than_its_type_an_id_and_its_trace(
    event_type: type[Event],
) -> None:
    """Amounts and addresses are read from the database, never from a message."""
    fields = {"type", "version", "trace_id", event_type.entity} - {""}
    assert set(event_type.model_fields) == fields
