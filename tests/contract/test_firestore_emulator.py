"""The Firestore emulator, through Google's own client."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from google.api_core import exceptions
from google.cloud import firestore

from tests.conformance.firestore import PROMISES, Place, Promise, refused
from tests.sandbox.firestore.launcher import Emulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    one = Emulator(tmp_path_factory.mktemp("firestore") / "state.sqlite").start()
    yield one
    one.stop()


def connected(emulator: Emulator) -> firestore.Client:
    """Google's client reads the emulator's address when it is made."""
    with patch.dict(os.environ, FIRESTORE_EMULATOR_HOST=emulator.grpc_host):
        return firestore.Client(project="sandbox")


@pytest.fixture
def place(emulator: Emulator) -> Iterator[Place]:
    one = Place(connected(emulator))
    yield one
    emulator.clear_faults()
    one.clear()
    client: Any = one.client
    client.close()


@pytest.mark.parametrize("check", PROMISES, ids=lambda one: one.__name__)
def test_it_behaves_as_firestore_does(place: Place, check: Promise) -> None:
    """The same checks can be pointed at a real database."""
    check(place)


def test_a_transaction_that_read_what_has_changed_is_aborted(place: Place) -> None:
    document, other = place.document(), place.document()
    document.set({"n": 1})
    transaction = place.client.transaction(max_attempts=1)
    transaction._begin()
    document.get(transaction=transaction)
    document.set({"n": 2})
    transaction.set(other, {"n": 1})
    assert refused(transaction._commit) is exceptions.Aborted
    assert not other.get().exists


def test_a_transaction_sees_the_moment_of_its_beginning(place: Place) -> None:
    document = place.document()
    document.set({"n": 1})
    transaction = place.client.transaction(read_only=True)
    transaction._begin()
    document.set({"n": 2})
    assert document.get(transaction=transaction).get("n") == 1
    transaction._rollback()


def test_a_query_whose_answer_has_changed_aborts_too(place: Place) -> None:
    transaction = place.client.transaction(max_attempts=1)
    transaction._begin()
    assert list(place.collection.stream(transaction=transaction)) == []
    place.document().set({"n": 1})
    transaction.set(place.document(), {"n": 2})
    assert refused(transaction._commit) is exceptions.Aborted


def test_a_restart_loses_nothing_and_a_clearing_everything(tmp_path: Path) -> None:
    one = Emulator(tmp_path / "state.sqlite").start()
    try:
        document = connected(one).document("drafts/one")
        changed_at = document.set({"n": 1}).update_time
        one.kill()
        one.start()
        found = connected(one).document("drafts/one").get()
        assert (found.get("n"), found.update_time) == (1, changed_at)
        assert one.post("clear") == {"lost": 1}
        assert not connected(one).document("drafts/one").get().exists
    finally:
        one.stop()


@pytest.mark.parametrize(("kind", "is_there"), [("drop", False), ("lose_answer", True)])
def test_a_fault_happens_before_or_after_the_effect(
    emulator: Emulator, place: Place, kind: str, is_there: bool
) -> None:
    document = place.document()
    emulator.post("faults", {"operation": "Commit", "kind": kind})
    with pytest.raises(exceptions.ServiceUnavailable):
        document.set({"n": 1}, retry=None)
    assert document.get().exists is is_there


def test_what_is_not_emulated_says_so(place: Place) -> None:
    query = place.collection.order_by("n").start_at({"n": 1})
    with pytest.raises(exceptions.MethodNotImplemented):
        list(query.stream(retry=None))
    with pytest.raises(exceptions.MethodNotImplemented):
        list(place.client._firestore_api.partition_query(request={"parent": "x"}, retry=None))
