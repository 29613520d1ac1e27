"""A channel's statement: every payment followed to the payout that carried it, provable offline.

Each line's hash covers the line and the hash before it, the first one the columns' names; the head
covers the last hash and the number of lines, and is signed. So a changed byte, another order and a
missing line all show. Whoever holds a statement checks it with `docs/verify_statement.py`, which
knows nothing but this form.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

FORMAT = "telegram-funnel-statement/1"
# What each line says, in this order; a text that does not apply is empty. Amounts are whole coins.
COLUMNS = (
    "kind",
    "id",
    "at",
    "state",
    "price_usd",
    "paid",
    "paid_coin",
    "provider_fee",
    "provider_fee_coin",
    "received",
    "our_fee",
    "amount",
    "coin",
    "left_by",
    "converted_by",
    "converted_from",
    "converted_amount",
    "carried_by",
    "rate",
    "market_value",
    "spread",
    "network_fee",
    "arrived",
    "arrived_coin",
    "exchange",
    "sent_hash",
    "arrived_hash",
)
_HEAD = "head"


@dataclass(frozen=True, slots=True)
class Statement:
    """What is known of a channel's money at a moment. Each line has a text for each column."""

    channel_id: UUID
    as_of: datetime
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A statement with the hash of each line, and its signed head; key and signature in hex."""

    statement: Statement
    hashes: tuple[str, ...]
    key: str
    signature: str

    @property
    def head(self) -> dict[str, str]:
        """What is signed, by whom, and the signature."""
        return _head(self.statement, self.hashes) | {"key": self.key, "signature": self.signature}


def line_of(row: Mapping[str, str | None]) -> tuple[str, ...]:
    """The texts of a row in the order of the columns. Raises KeyError if one is missing."""
    return tuple(row[name] or "" for name in COLUMNS)


def seal(statement: Statement, key: str, sign: Callable[[bytes], bytes]) -> Sealed:
    """Hash every line after the one before, and sign the end. `key` is the public one, in hex."""
    hashes = tuple(_chain(statement))
    signature = sign(_bytes(list(_head(statement, hashes).values()))).hex()
    return Sealed(statement, hashes, key, signature)


def as_json(sealed: Sealed) -> str:
    """For programs: the lines as objects, each with its hash, then the head."""
    lines = [
        dict(zip((*COLUMNS, "hash"), (*line, line_hash), strict=True))
        for line, line_hash in zip(sealed.statement.lines, sealed.hashes, strict=True)
    ]
    return json.dumps({"lines": lines, "head": sealed.head}, indent=1) + "\n"


def as_csv(sealed: Sealed) -> str:
    """For spreadsheets: the same lines, and the head as the last row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, "hash"))
    for line, line_hash in zip(sealed.statement.lines, sealed.hashes, strict=True):
        writer.writerow((*line, line_hash))
    writer.writerow((_HEAD, *sealed.head.values()))
    return text.getvalue()


def _chain(statement: Statement) -> list[str]:
    hashes = [_first(statement)]
    for line in statement.lines:
        hashes.append(hashlib.sha256(_bytes([hashes[-1], *line])).hexdigest())
    return hashes[1:]


def _first(statement: Statement) -> str:
    """What the first line's hash goes on from; without lines there are no columns to name."""
    columns = COLUMNS if statement.lines else ()
    return hashlib.sha256(_bytes([*_beginning(statement), *columns])).hexdigest()


def _beginning(statement: Statement) -> list[str]:
    as_of = statement.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [FORMAT, str(statement.channel_id), as_of]


def _head(statement: Statement, hashes: Sequence[str]) -> dict[str, str]:
    form, channel, as_of = _beginning(statement)
    return {
        "format": form,
        "channel": channel,
        "as_of": as_of,
        "lines": str(len(statement.lines)),
        "hash": hashes[-1] if hashes else _first(statement),
    }


def _bytes(texts: list[str]) -> bytes:
    """One way to write a list of texts down, so that its hash is the same everywhere."""
    return json.dumps(texts, separators=(",", ":")).encode()
