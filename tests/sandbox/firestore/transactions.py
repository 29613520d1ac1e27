"""Transactions: what each has read, and whether that still stands when it commits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.sandbox.firestore import queries
from tests.sandbox.firestore.documents import Document, Documents, version_of
from tests.sandbox.firestore.refusal import aborted, invalid

_OPEN_MOST = 1_000


@dataclass
class Transaction:
    """What a transaction sees, and what it has seen: everything as of its beginning."""

    snapshot: Mapping[str, Document]
    is_read_only: bool
    documents: dict[str, int | None] = field(default_factory=dict)
    queries: list[tuple[str, Any, list[tuple[str, int | None]]]] = field(default_factory=list)

    def get(self, name: str) -> Document | None:
        """A document, which is remembered as read."""
        document = self.snapshot.get(name)
        self.documents[name] = version_of(document)
        return document

    def run(self, parent: str, query: Any) -> list[Document]:
        """A query, whose answer is remembered as read."""
        found = queries.run(_sorted(self.snapshot), parent, query)
        self.queries.append((parent, query, _versions(found)))
        return found

    def still_stands(self, documents: Documents) -> bool:
        """Whether all that was read is as it was."""
        same = all(
            version_of(documents.get(name)) == version for name, version in self.documents.items()
        )
        now = documents.snapshot()
        return same and all(
            _versions(queries.run(_sorted(now), parent, query)) == versions
            for parent, query, versions in self.queries
        )


class Transactions:
    """Those that are open, by their ids."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._open: dict[bytes, Transaction] = {}

    def begin(self, options: Any) -> bytes:
        """Open one; its id."""
        if len(self._open) >= _OPEN_MOST:
            self._open.pop(next(iter(self._open)))
        transaction_id = uuid4().bytes
        is_read_only = options.WhichOneof("mode") == "read_only"
        self._open[transaction_id] = Transaction(self._documents.snapshot(), is_read_only)
        return transaction_id

    def get(self, transaction_id: bytes) -> Transaction:
        """An open one. Raises RefusedError."""
        found = self._open.get(transaction_id)
        if found is None:
            raise invalid("The referenced transaction has expired or is no longer valid.")
        return found

    def end(self, transaction_id: bytes) -> None:
        """Forget one, whatever became of it."""
        self._open.pop(transaction_id, None)

    def commit(self, transaction_id: bytes, *, writes: bool) -> None:
        """End one that is about to write, if what it read still stands. Raises RefusedError."""
        transaction = self.get(transaction_id)
        self.end(transaction_id)
        if transaction.is_read_only and writes:
            raise invalid("Cannot modify entities in a read-only transaction.")
        if not transaction.is_read_only and not transaction.still_stands(self._documents):
            raise aborted()


def _sorted(snapshot: Mapping[str, Document]) -> list[Document]:
    return [snapshot[name] for name in sorted(snapshot)]


def _versions(found: list[Document]) -> list[tuple[str, int | None]]:
    return [(one.name, version_of(one)) for one in found]
