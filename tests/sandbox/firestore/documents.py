"""What is stored: documents by name, each with the times of its creation and last change."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.cloud.firestore_v1.types import document as types
from google.protobuf.timestamp_pb2 import Timestamp

Document = Any
DocumentPb: Any = types.Document.pb()
ValuePb: Any = types.Value.pb()
MICROSECOND = 1_000

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, document BLOB NOT NULL);
"""


class Documents:
    """All documents, in memory and in a file, so that a restart loses nothing."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.executescript(_SCHEMA)
        rows = self._file.execute("SELECT name, document FROM documents")
        self._by_name: dict[str, Document] = {
            name: DocumentPb.FromString(blob) for name, blob in rows
        }
        self._last_ns = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, name: str) -> Document | None:
        """The document as it is now."""
        return self._by_name.get(name)

    def snapshot(self) -> Mapping[str, Document]:
        """All documents as they are now; none of them is ever changed in place."""
        return dict(self._by_name)

    def within(self, parent: str) -> Iterator[Document]:
        """All documents below a parent, however deep, in the order of their names."""
        return (self._by_name[name] for name in sorted(self._by_name) if is_below(name, parent))

    def replace(self, changes: Mapping[str, Document | None]) -> None:
        """Store these documents, or delete those that are None, all at once."""
        self._file.execute("BEGIN")
        for name, document in changes.items():
            if document is None:
                self._by_name.pop(name, None)
                self._file.execute("DELETE FROM documents WHERE name = ?", (name,))
            else:
                self._by_name[name] = document
                row = (name, document.SerializeToString())
                self._file.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", row)
        self._file.execute("COMMIT")

    def clear(self) -> int:
        """Lose everything; how many documents that were."""
        lost = len(self._by_name)
        self.replace(dict.fromkeys(list(self._by_name)))
        return lost

    def tick(self) -> Timestamp:
        """The time of the next change: later than every one before, in whole microseconds."""
        now = time.time_ns() // MICROSECOND * MICROSECOND
        self._last_ns = max(now, self._last_ns + MICROSECOND)
        moment = Timestamp()
        moment.FromNanoseconds(self._last_ns)
        return moment


def is_below(name: str, parent: str) -> bool:
    """Whether a document is somewhere below a parent document or the root."""
    return name.startswith(f"{parent}/")


def version_of(document: Document | None) -> int | None:
    """When a document was last changed, in nanoseconds; None of one that is not there."""
    return None if document is None else int(document.update_time.ToNanoseconds())
