"""Check a statement of Telegram Funnel, offline, with nothing but Python 3.9 or newer.

    python verify_statement.py statement.json
    python verify_statement.py statement.csv --key 1f3a…    the key that the platform publishes

Says "valid" and exits with 0, or says what is wrong and exits with 1. It checks that no line was
changed, moved, added or left out, that the end is signed by the key, and that the sums are right.
Ed25519 is written out after RFC 8032, section 5.1; it is slow, and reads public data only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
from decimal import Decimal
from pathlib import Path

FORMAT = "telegram-funnel-statement/1"
SIGNED = ("format", "channel", "as_of", "lines", "hash")
HEAD = (*SIGNED, "key", "signature")
# Payouts in these states carry the money that their lines name.
CARRYING = ("swapping", "sending", "settled", "review")

Line = dict[str, str]
Head = dict[str, str]


class InvalidStatementError(Exception):
    """What is wrong with the statement."""


# ---- reading -------------------------------------------------------------------------------------


def read(text: str) -> tuple[list[str], list[Line], Head]:
    """Columns, lines and head of a JSON or CSV statement. Raises InvalidStatementError."""
    try:
        return _read_json(text) if text.startswith("{") else _read_csv(text)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, csv.Error) as error:
        raise InvalidStatementError(f"this is no statement: {error!r}") from None


def _read_json(text: str) -> tuple[list[str], list[Line], Head]:
    document = json.loads(text)
    _require_one_form(text, json.dumps(document, indent=1) + "\n")
    if list(document) != ["lines", "head"] or tuple(document["head"]) != HEAD:
        raise InvalidStatementError("the head is missing: something was cut off at the end")
    lines = [dict(line) for line in document["lines"]]
    columns = [name for name in (lines[0] if lines else {}) if name != "hash"]
    if any(list(line) != [*columns, "hash"] for line in lines):
        raise InvalidStatementError("the lines do not all have the same fields")
    return columns, lines, document["head"]


def _read_csv(text: str) -> tuple[list[str], list[Line], Head]:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    again = io.StringIO()
    csv.writer(again, lineterminator="\n").writerows(rows)
    _require_one_form(text, again.getvalue())
    header, body, last = rows[0], rows[1:-1], rows[-1]
    if last[0] != "head" or len(last) != len(HEAD) + 1:
        raise InvalidStatementError("the head is missing: something was cut off at the end")
    if header[-1] != "hash" or any(len(row) != len(header) for row in body):
        raise InvalidStatementError("a line has too many or too few fields")
    lines = [dict(zip(header, row)) for row in body]
    return header[:-1], lines, dict(zip(HEAD, last[1:]))


def _require_one_form(text: str, written: str) -> None:
    """Nothing can be changed beside what the hashes cover: not even a space."""
    if text != written:
        raise InvalidStatementError("it is not written as statements are")


# ---- the chain -----------------------------------------------------------------------------------


def check_chain(columns: list[str], lines: list[Line], head: Head) -> None:
    """Each line's hash follows from it and from the one before. Raises InvalidStatementError."""
    if head["format"] != FORMAT:
        raise InvalidStatementError(f"unknown format {head['format']!r}")
    named = columns if lines else []
    last = _hash([head["format"], head["channel"], head["as_of"], *named])
    for number, line in enumerate(lines, 1):
        last = _hash([last, *(line[name] for name in columns)])
        if last != line["hash"]:
            fact = f"line {number} was changed, moved, or follows one that is missing"
            raise InvalidStatementError(fact)
    if (head["lines"], head["hash"]) != (str(len(lines)), last):
        raise InvalidStatementError(f"{head['lines']} lines were signed, and here are {len(lines)}")


def _bytes(texts: list[str]) -> bytes:
    return json.dumps(texts, separators=(",", ":")).encode()


def _hash(texts: list[str]) -> str:
    return hashlib.sha256(_bytes(texts)).hexdigest()


def check_signature(head: Head, key: str | None) -> None:
    """The end is signed, by `key` if it is given. Raises InvalidStatementError."""
    if key is not None and key.lower() != head["key"]:
        raise InvalidStatementError(f"it is signed by another key: {head['key']}")
    try:
        public, signature = bytes.fromhex(head["key"]), bytes.fromhex(head["signature"])
    except ValueError:
        raise InvalidStatementError("key and signature are not hexadecimal digits") from None
    if (public.hex(), signature.hex()) != (head["key"], head["signature"]):
        raise InvalidStatementError("key and signature are not written in small letters")
    if not is_signed(public, _bytes([head[name] for name in SIGNED]), signature):
        raise InvalidStatementError("the signature is not of this statement")


# ---- the sums ------------------------------------------------------------------------------------


def check_sums(lines: list[Line]) -> None:
    """A payment is fee and owner's part; a payout is its lines. Raises InvalidStatementError."""
    for line in lines:
        if line["kind"] == "payment":
            parts = Decimal(line["our_fee"]) + Decimal(line["amount"])
            if Decimal(line["received"]) != parts:
                raise InvalidStatementError(f"payment {line['id']} is not the sum of its parts")
        elif line["kind"] == "conversion":
            of_it = [one for one in lines if one["converted_by"] == line["id"]]
            _require_sum(line, "amount", [one["converted_from"] for one in of_it])
            _require_sum(line, "arrived", [one["converted_amount"] for one in of_it])
        elif line["kind"] == "payout" and line["state"] in CARRYING:
            of_it = [one for one in lines if one["carried_by"] == line["id"]]
            carried = [one["converted_amount"] or one["amount"] for one in of_it]
            _require_sum(line, "amount", carried)


def _require_sum(whole: Line, name: str, parts: list[str]) -> None:
    if sum(map(Decimal, parts), Decimal(0)) != Decimal(whole[name]):
        fact = f"{whole['kind']} {whole['id']} is not the sum of its lines"
        raise InvalidStatementError(fact)


# ---- Ed25519 -------------------------------------------------------------------------------------

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64

# A point (X, Y, Z, T) of the curve is x = X / Z and y = Y / Z, with T = X * Y / Z.
Point = tuple[int, int, int, int]


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of Ed25519 is of this message, by this key."""
    if (len(public), len(signature)) != (_KEY_BYTES, _SIGNATURE_BYTES):
        return False
    key, commitment = _point(public), _point(signature[:_KEY_BYTES])
    scalar = int.from_bytes(signature[_KEY_BYTES:], "little")
    base = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(_KEY_BYTES, "little"))
    if key is None or commitment is None or base is None or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:_KEY_BYTES] + public + message).digest()
    factor = int.from_bytes(digest, "little") % _ORDER
    return _equal(_times(scalar, base), _plus(commitment, _times(factor, key)))


def _point(text: bytes) -> Point | None:
    """The point that 32 bytes stand for, or None."""
    number = int.from_bytes(text, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _plus(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _plus(result, point)
        point = _plus(point, point)
        factor >>= 1
    return result


def _equal(one: Point, other: Point) -> bool:
    same_x = (one[0] * other[2] - other[0] * one[2]) % _P == 0
    return same_x and (one[1] * other[2] - other[1] * one[2]) % _P == 0


# ---- the command ---------------------------------------------------------------------------------


def verify(text: str, key: str | None = None) -> tuple[int, str]:
    """How many lines there are, and by which key they are signed. Raises InvalidStatementError."""
    columns, lines, head = read(text)
    check_chain(columns, lines, head)
    check_signature(head, key)
    check_sums(lines)
    return len(lines), head["key"]


def main() -> int:
    """0 where the statement is valid."""
    parser = argparse.ArgumentParser(description="Check a statement of Telegram Funnel offline.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", help="the public key that has to have signed it")
    given = parser.parse_args()
    try:
        number, key = verify(given.file.read_bytes().decode(), given.key)
    except (InvalidStatementError, UnicodeDecodeError) as problem:
        print(f"INVALID: {problem}")
        return 1
    print(f"valid: {number} lines, signed by {key}")
    if given.key is None:
        print("compare this key with the one that the platform publishes, or give it with --key")
    return 0


if __name__ == "__main__":
    sys.exit(main())
