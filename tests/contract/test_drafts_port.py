"""The fake drafts and Firestore keep the same promises."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest.mock import patch

import pytest

from shared_lib.adapters.firestore import LIFETIME, FirestoreDrafts
from shared_lib.ports import DraftChangedError, DraftKind, Drafts, RetryableError
from tests.databases import together
from tests.fakes.drafts import FakeDrafts
from tests.sandbox.firestore.launcher import Emulator
from tests.world import StillClock

_PEOPLE = count(5_000_000_001)


@dataclass
class World:
    drafts: Drafts
    lose_all: Callable[[], object]
    person: int


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    one = Emulator(tmp_path_factory.mktemp("firestore") / "state.sqlite").start()
    yield one
    one.stop()


def real(emulator: Emulator, clock: StillClock | None = None) -> FirestoreDrafts:
    drafts = FirestoreDrafts("sandbox", clock or _now(), call_seconds=5)
    with patch.dict(os.environ, FIRESTORE_EMULATOR_HOST=emulator.grpc_host):
        drafts.get(DraftKind.KEYPAD, 1)  # the client is made with the first call
    return drafts


def _now() -> StillClock:
    clock = StillClock()
    clock.moment = datetime.now(UTC)
    return clock


@pytest.fixture(params=["fake", "firestore"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        fake = FakeDrafts()
        return World(fake, fake.lose_all, next(_PEOPLE))
    emulator: Emulator = request.getfixturevalue("emulator")
    return World(real(emulator), lambda: emulator.post("clear"), next(_PEOPLE))


def put(world: World, amount: str, version: str | None = None) -> str:
    """Keep a draft; its version."""
    world.drafts.put(DraftKind.KEYPAD, world.person, {"typed": amount, "n": [1]}, version)
    draft = world.drafts.get(DraftKind.KEYPAD, world.person)
    assert draft is not None
    assert draft.content == {"typed": amount, "n": [1]}
    return draft.version


def test_what_was_kept_is_found_by_its_person_alone(world: World) -> None:
    assert world.drafts.get(DraftKind.KEYPAD, world.person) is None
    put(world, "12.50 <3 🎉")
    assert world.drafts.get(DraftKind.KEYPAD, next(_PEOPLE)) is None


def test_a_version_is_replaced_once(world: World) -> None:
    first = put(world, "1")
    second = put(world, "2", first)
    assert second != first
    with pytest.raises(DraftChangedError):
        put(world, "3", first)
    assert put(world, "4", second) not in (first, second)


def test_without_a_version_whatever_is_there_is_replaced(world: World) -> None:
    first = put(world, "1")
    assert put(world, "2") != first


def test_only_the_version_that_was_read_is_deleted(world: World) -> None:
    first = put(world, "1")
    second = put(world, "2", first)
    with pytest.raises(DraftChangedError):
        world.drafts.delete(DraftKind.KEYPAD, world.person, first)
    world.drafts.delete(DraftKind.KEYPAD, world.person, second)
    assert world.drafts.get(DraftKind.KEYPAD, world.person) is None
    with pytest.raises(DraftChangedError):
        world.drafts.delete(DraftKind.KEYPAD, world.person, second)


def test_what_vanished_cannot_be_replaced(world: World) -> None:
    first = put(world, "1")
    world.lose_all()
    assert world.drafts.get(DraftKind.KEYPAD, world.person) is None
    with pytest.raises(DraftChangedError):
        put(world, "2", first)


def test_of_two_at_once_one_wins(world: World) -> None:
    first = put(world, "1")

    def press(amount: str) -> bool:
        try:
            world.drafts.put(DraftKind.KEYPAD, world.person, {"typed": amount}, first)
        except DraftChangedError:
            return False
        return True

    assert sorted(together(lambda: press("2"), lambda: press("3"))) == [False, True]


def test_a_draft_is_gone_after_a_day(emulator: Emulator) -> None:
    clock = _now()
    world = World(real(emulator, clock), lambda: None, next(_PEOPLE))
    put(world, "1")
    clock.moment += LIFETIME - timedelta(seconds=1)
    assert world.drafts.get(DraftKind.KEYPAD, world.person) is not None
    clock.moment += timedelta(seconds=2)
    assert world.drafts.get(DraftKind.KEYPAD, world.person) is None


@pytest.mark.parametrize("operation", ["BatchGetDocuments", "Commit"])
def test_a_firestore_that_is_down_may_be_asked_again(emulator: Emulator, operation: str) -> None:
    drafts, person = real(emulator), next(_PEOPLE)
    emulator.post("faults", {"operation": operation, "kind": "drop"})

    def use() -> None:
        drafts.get(DraftKind.KEYPAD, person)
        drafts.put(DraftKind.KEYPAD, person, {}, None)

    with pytest.raises(RetryableError):
        use()
    use()
