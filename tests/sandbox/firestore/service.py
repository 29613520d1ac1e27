"""The calls of google.firestore.v1.Firestore that are emulated."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.cloud.firestore_v1.types import firestore as types
from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status

from tests.sandbox.firestore import queries, writes
from tests.sandbox.firestore.documents import Document, Documents
from tests.sandbox.firestore.refusal import RefusedError, invalid
from tests.sandbox.firestore.transactions import Transaction, Transactions

PAGE_MOST = 300
BatchGetResponse: Any = types.BatchGetDocumentsResponse.pb()
BeginResponse: Any = types.BeginTransactionResponse.pb()
CommitResponse: Any = types.CommitResponse.pb()
QueryResponse: Any = types.RunQueryResponse.pb()
ListResponse: Any = types.ListDocumentsResponse.pb()
CollectionsResponse: Any = types.ListCollectionIdsResponse.pb()
BatchWriteResponse: Any = types.BatchWriteResponse.pb()


@dataclass
class Service:
    documents: Documents
    transactions: Transactions

    def begin_transaction(self, request: Any) -> Any:
        """BeginTransaction."""
        return BeginResponse(transaction=self.transactions.begin(request.options))

    def rollback(self, request: Any) -> Any:
        """Rollback."""
        self.transactions.end(request.transaction)
        return Empty()

    def commit(self, request: Any) -> Any:
        """Commit: all writes or none."""
        if len(request.writes) > writes.WRITES_MOST:
            raise invalid(f"At most {writes.WRITES_MOST} writes are allowed in one commit.")
        if request.transaction:
            self.transactions.commit(request.transaction, writes=bool(request.writes))
        now = self.documents.tick()
        results = writes.apply(self.documents, request.writes, now)
        return CommitResponse(write_results=results, commit_time=now)

    def batch_write(self, request: Any) -> Any:
        """BatchWrite: each write by itself, with a status of its own."""
        results, statuses = [], []
        for one in request.writes:
            try:
                results += writes.apply(self.documents, [one], self.documents.tick())
                statuses.append(Status())
            except RefusedError as refused:
                results.append(writes.WriteResultPb())
                statuses.append(Status(code=refused.code.value[0], message=refused.text))
        return BatchWriteResponse(write_results=results, status=statuses)

    def batch_get(self, request: Any) -> Iterator[Any]:
        """BatchGetDocuments: each document, or that it is missing."""
        transaction, begun = self._transaction(request)
        now = self._now()
        if begun:
            yield BatchGetResponse(transaction=begun)
        for name in dict.fromkeys(request.documents):
            found = transaction.get(name) if transaction else self.documents.get(name)
            if found is None:
                yield BatchGetResponse(missing=name, read_time=now)
            else:
                yield BatchGetResponse(found=_masked(found, request), read_time=now)

    def run_query(self, request: Any) -> Iterator[Any]:
        """RunQuery."""
        transaction, begun = self._transaction(request)
        now = self._now()
        query, parent = request.structured_query, request.parent
        if transaction:
            found = transaction.run(parent, query)
        else:
            found = queries.run(self.documents.within(_root(parent)), parent, query)
        if begun or not found:
            yield QueryResponse(transaction=begun or b"", read_time=now)
        for one in found:
            yield QueryResponse(document=one, read_time=now)

    def list_documents(self, request: Any) -> Any:
        """ListDocuments: those of a collection, by their names, a page at a time."""
        prefix = f"{request.parent}/{request.collection_id}"
        found = [one for one in self.documents.within(prefix) if _depth(one.name, prefix) == 1]
        start = int(request.page_token or 0)
        size = min(request.page_size or PAGE_MOST, PAGE_MOST)
        more = str(start + size) if len(found) > start + size else ""
        return ListResponse(documents=found[start : start + size], next_page_token=more)

    def list_collections(self, request: Any) -> Any:
        """ListCollectionIds: the collections right below a document or the root."""
        names = (one.name for one in self.documents.within(request.parent))
        ids = {name[len(request.parent) + 1 :].split("/")[0] for name in names}
        return CollectionsResponse(collection_ids=sorted(ids))

    def _transaction(self, request: Any) -> tuple[Transaction | None, bytes | None]:
        """The one that the request is part of, and its id if it begins with the request."""
        kind = request.WhichOneof("consistency_selector")
        if kind == "transaction":
            return self.transactions.get(request.transaction), None
        if kind == "new_transaction":
            begun = self.transactions.begin(request.new_transaction)
            return self.transactions.get(begun), begun
        return None, None

    def _now(self) -> Timestamp:
        return self.documents.tick()


def _masked(document: Document, request: Any) -> Document:
    if not request.HasField("mask"):
        return document
    shown = type(document)()
    shown.CopyFrom(document)
    for name in set(shown.fields) - {path.split(".")[0] for path in request.mask.field_paths}:
        del shown.fields[name]
    return shown


def _root(parent: str) -> str:
    """The database's own prefix of a parent."""
    return "/".join(parent.split("/")[:5])


def _depth(name: str, prefix: str) -> int:
    return name[len(prefix) + 1 :].count("/") + 1
