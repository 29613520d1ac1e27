"""Text with HTML tags → plain text and entities, as strict as the Bot API is."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.telegram.errors import ApiError, bad_request

KINDS = {
    "b": "bold",
    "i": "italic",
    "u": "underline",
    "s": "strikethrough",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TOKEN = re.compile(r"<([^<>]*)>|&(?:(lt|gt|amp|quot)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));|<")
ATTRIBUTE = re.compile(r"""\s+([a-zA-Z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
URL = re.compile(
    r"(?:https?|tg|ton|mailto|tel):\S+|[^\s/:]+\.[^\s/:]+(?:[/:?#]\S*)?", re.IGNORECASE
)


def utf16_length(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class _Open:
    tag: str
    offset: int
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class _Reader:
    source: str
    text: str = ""
    open: list[_Open] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)

    def error(self, text: str, position: int) -> ApiError:
        offset = len(self.source[:position].encode())
        return bad_request(f"can't parse entities: {text} at byte offset {offset}")

    def read(self) -> None:
        position = 0
        for token in TOKEN.finditer(self.source):
            self.text += self.source[position : token.start()]
            position = token.end()
            self._token(token)
        self.text += self.source[position:]
        if self.open:
            tag = self.open[-1].tag
            text = f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\""
            raise bad_request(text)

    def _token(self, token: re.Match[str]) -> None:
        inside, named, decimal, hexadecimal = token.groups()
        if named:
            self.text += NAMED[named]
        elif decimal or hexadecimal:
            self.text += _character(int(decimal) if decimal else int(hexadecimal, 16))
        elif inside is None:
            raise self.error("Unclosed start tag", token.start())
        elif inside.startswith("/"):
            self._close(inside[1:].strip().lower(), token.start())
        else:
            self._begin(inside, token.start())

    def _begin(self, inside: str, position: int) -> None:
        tag = re.split(r"\s", inside, maxsplit=1)[0].lower()
        if tag not in KINDS:
            raise self.error(f'Unsupported start tag "{tag}"', position)
        attributes = {
            name.lower(): _character_references(value.strip("\"'"))
            for name, value in ATTRIBUTE.findall(inside[len(tag) :])
        }
        self.open.append(_Open(tag, utf16_length(self.text), attributes))

    def _close(self, tag: str, position: int) -> None:
        if not self.open:
            raise self.error("Unexpected end tag", position)
        opened = self.open.pop()
        if tag not in {"", opened.tag}:
            raise self.error(
                f'Unmatched end tag, expected "</{opened.tag}>", found "</{tag}>"', position
            )
        self._add(opened)

    def _add(self, opened: _Open) -> None:
        length = utf16_length(self.text) - opened.offset
        entity = {"type": KINDS[opened.tag], "offset": opened.offset, "length": length}
        language = opened.attributes.get("class", "").removeprefix("language-")
        if opened.tag == "code" and self.open and self.open[-1].tag == "pre":
            # `<pre><code class="language-x">` is one entity, the outer.
            self.open[-1].attributes["class"] = opened.attributes.get("class", "")
            return
        if opened.tag == "a":
            entity["url"] = opened.attributes.get("href") or _utf16_from(self.text, opened.offset)
            # A text link to nowhere is shown as plain text.
            length = length if URL.fullmatch(str(entity["url"])) else 0
        if opened.tag == "pre" and language:
            entity["language"] = language
        if opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        if length:
            self.entities.append(entity)


def _utf16_from(text: str, offset: int) -> str:
    return text.encode("utf-16-le")[2 * offset :].decode("utf-16-le")


def _character(code: int) -> str:
    surrogates = range(0xD800, 0xE000)
    return chr(code) if 0 < code < 0x110000 and code not in surrogates else ""


def _character_references(text: str) -> str:
    return re.sub("&(lt|gt|amp|quot);", lambda found: NAMED[found.group(1)], text)


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The visible text and its entities; raises what Telegram says of a bad one."""
    reader = _Reader(source)
    reader.read()
    text = reader.text.rstrip()
    end = utf16_length(text)
    kept = [
        entity | {"length": min(entity["length"], end - entity["offset"])}
        for entity in reader.entities
        if entity["offset"] < end
    ]
    return text, sorted(kept, key=lambda one: (one["offset"], -one["length"]))
