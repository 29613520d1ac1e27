"""Whether NOWPayments wrote a callback: HMAC-SHA512 keyed with the IPN secret.

The provider signs the text that JavaScript's `JSON.stringify` gives for the body with its keys
sorted at every depth. Nearly always that text is what is on the wire; where it is not, it is made
again here from the same number lexemes, because Python writes some numbers differently.
"""

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from shared_lib.adapters.json_text import Lexeme
from shared_lib.adapters.nowpayments_report import parsed_object
from shared_lib.ports import BadReportError

MAX_BODY_BYTES = 256 * 1024

_HEX_SHA512 = re.compile(r"[0-9a-fA-F]{128}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONSTANTS = {None: "null", True: "true", False: "false"}


def is_genuine(secret: bytes, body: bytes, signature: str | None) -> bool:
    """Whether `signature`, 128 hex digits, proves that a holder of `secret` wrote `body`."""
    if not signature or not _HEX_SHA512.fullmatch(signature) or len(body) > MAX_BODY_BYTES:
        return False
    claimed = bytes.fromhex(signature)
    if hmac.compare_digest(_mac(secret, body), claimed):
        return True
    canonical = _canonical_bytes(body)
    return canonical is not None and hmac.compare_digest(_mac(secret, canonical), claimed)


def canonical_text(value: Any) -> str:
    """A parsed JSON value as the provider signs it: compact, sorted, hardly anything escaped."""
    if isinstance(value, Lexeme):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        names = sorted(value, key=_utf16)
        return "{" + ",".join(f"{_quoted(k)}:{canonical_text(value[k])}" for k in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical_text, value)) + "]"
    return _CONSTANTS[value]


def _mac(secret: bytes, text: bytes) -> bytes:
    return hmac.digest(secret, text, "sha512")


def _canonical_bytes(body: bytes) -> bytes | None:
    try:
        return canonical_text(parsed_object(body.decode())).encode()
    except (BadReportError, UnicodeDecodeError):
        return None


def _utf16(name: str) -> bytes:
    # JavaScript compares strings by their UTF-16 units.
    return name.encode("utf-16-be", "surrogatepass")


def _quoted(text: str) -> str:
    # Python escapes the same characters as JavaScript, except for halves of surrogate pairs.
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", _json_string(text))


def _json_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
