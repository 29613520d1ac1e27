"""Does a Firestore behave as drafts need it, and as its emulator says.

    python -m tests.conformance.firestore

asks the database `(default)` of the project GOOGLE_CLOUD_PROJECT with the credentials that Google's
client finds, or the emulator that FIRESTORE_EMULATOR_HOST names. It writes and deletes documents of
one collection of its own, `conformance-<random>`.
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

SECONDS = 20.0
Promise = Callable[["Place"], None]
PROMISES: list[Promise] = []


class Place:
    """A collection of its own in a Firestore."""

    def __init__(self, client: firestore.Client) -> None:
        self.client = client
        self.collection = client.collection(f"conformance-{uuid4().hex}")

    def document(self) -> Any:
        """A document that is not there yet."""
        return self.collection.document(uuid4().hex)

    def clear(self) -> None:
        """Leave nothing behind."""
        for one in self.collection.list_documents():
            one.delete()


def promise(check: Promise) -> Promise:
    """Take a check into the list."""
    PROMISES.append(check)
    return check


def refused(call: Callable[[], object]) -> type[Exception] | None:
    """The kind of refusal, or None."""
    try:
        call()
    except exceptions.GoogleAPICallError as error:
        return type(error)
    return None


@promise
def what_is_written_is_read(place: Place) -> None:
    document = place.document()
    fields = {
        "text": "A & B <3 🎉",
        "number": 2**53 + 1,
        "list": [1, "two", None],
        "deep": {"a": {}},
    }
    document.set(fields)
    assert document.get().to_dict() == fields


@promise
def what_is_missing_is_not_there(place: Place) -> None:
    assert not place.document().get().exists


@promise
def it_is_made_once(place: Place) -> None:
    document = place.document()
    document.create({"by": "one"})
    assert refused(lambda: document.create({"by": "another"})) is exceptions.AlreadyExists
    assert document.get().get("by") == "one"


@promise
def a_stale_version_is_refused(place: Place) -> None:
    document = place.document()
    first = document.set({"n": 1}).update_time
    option = place.client.write_option(last_update_time=first)
    document.update({"n": 2}, option=option)
    assert refused(lambda: document.update({"n": 3}, option=option)) is (
        exceptions.FailedPrecondition
    )
    assert refused(lambda: document.delete(option=option)) is exceptions.FailedPrecondition
    assert document.get().get("n") == 2


@promise
def what_is_not_there_is_not_updated(place: Place) -> None:
    assert refused(lambda: place.document().update({"n": 1})) is exceptions.NotFound


@promise
def an_update_leaves_other_fields(place: Place) -> None:
    document = place.document()
    document.set({"kept": 1, "changed": 1, "deep": {"kept": 1, "changed": 1}})
    document.update({"changed": 2, "deep.changed": 2})
    assert document.get().to_dict() == {
        "kept": 1,
        "changed": 2,
        "deep": {"kept": 1, "changed": 2},
    }


@promise
def versions_differ_even_in_the_same_moment(place: Place) -> None:
    document = place.document()
    versions = [document.set({"n": number}).update_time for number in range(5)]
    assert len({str(one) for one in versions}) == len(versions)


@promise
def a_batch_is_all_or_nothing(place: Place) -> None:
    there, fresh = place.document(), place.document()
    there.set({"n": 1})
    batch = place.client.batch()
    batch.set(fresh, {"n": 1})
    batch.create(there, {"n": 2})
    assert refused(batch.commit) is exceptions.AlreadyExists
    assert not fresh.get().exists


@promise
def transforms_happen_where_the_data_is(place: Place) -> None:
    document = place.document()
    document.set({"n": 1, "list": ["a", "b"]})
    document.update(
        {
            "n": firestore.Increment(5),
            "at": firestore.SERVER_TIMESTAMP,
            "list": firestore.ArrayUnion(["b", "c"]),
        }
    )
    document.update({"list": firestore.ArrayRemove(["a"])})
    found = document.get().to_dict()
    assert (found["n"], found["list"]) == (6, ["b", "c"])
    assert abs((found["at"] - datetime.now(UTC)).total_seconds()) < 300


@promise
def transactions_lose_no_update(place: Place) -> None:
    document = place.document()
    document.set({"n": 0})

    def add(_number: int) -> None:
        transaction = place.client.transaction(max_attempts=30)

        @firestore.transactional
        def once_more(tx: firestore.Transaction) -> None:
            found = document.get(transaction=tx)
            tx.update(document, {"n": found.get("n") + 1})

        once_more(transaction)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(8)))
    assert document.get().get("n") == 8


@promise
def queries_find_by_value_and_order(place: Place) -> None:
    for number in (3, 1, 2):
        place.document().set({"n": number, "is_odd": bool(number % 2)})
    odd = place.collection.where(filter=FieldFilter("is_odd", "==", True)).stream()
    assert sorted(one.get("n") for one in odd) == [1, 3]
    ordered = place.collection.order_by("n", direction="DESCENDING").limit(2).stream()
    assert [one.get("n") for one in ordered] == [3, 2]
    above = place.collection.where(filter=FieldFilter("n", ">", 1)).stream()
    assert sorted(one.get("n") for one in above) == [2, 3]


def main() -> int:
    """Check every promise; the number of those that are broken."""
    client = firestore.Client(project=os.environ.get("GOOGLE_CLOUD_PROJECT"))
    broken = 0
    for check in PROMISES:
        place = Place(client)
        try:
            check(place)
        except (AssertionError, exceptions.GoogleAPIError) as error:
            broken += 1
            print(f"❌ {check.__name__.replace('_', ' ')}: {error!r}")
        else:
            print(f"✅ {check.__name__.replace('_', ' ')}")
        finally:
            place.clear()
    return broken


if __name__ == "__main__":
    sys.exit(main())
