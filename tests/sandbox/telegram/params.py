"""The parameters of a call, however they were encoded."""

import json
from email.message import Message as Part
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from tests.sandbox.telegram.errors import bad_request


def decode(content_type: str, query: str, body: bytes) -> dict[str, Any]:
    """Parameters of the URL and of a JSON, form-encoded or multipart body."""
    values: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        values |= _json_object(body)
    elif kind == "multipart/form-data":
        values |= _multipart(content_type, body)
    else:
        values |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return values


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + body)
    parts = message.get_payload()
    found = [part for part in parts if isinstance(part, Part)] if isinstance(parts, list) else []
    return {
        str(part.get_param("name", header="content-disposition")): _part(part) for part in found
    }


def _part(part: Part) -> str:
    # No method here takes a file, so its name is all that is kept of one.
    name = part.get_filename()
    content = part.get_payload(decode=True)
    return name or (content.decode(errors="replace") if isinstance(content, bytes) else "")


class Params:
    """Typed access to the parameters of one call."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str) -> int:
        """The integer, or 0 where there is none, as the server reads it."""
        try:
            return int(self.text(name) or 0)
        except ValueError:
            return 0

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1", "yes"}

    def json(self, name: str) -> Any:
        """A nested value, which forms carry as JSON text."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name}: can't parse JSON object") from None
