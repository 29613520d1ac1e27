"""A message to a person: text with markup, and buttons under it.

User-supplied text is escaped here and nowhere else: `text()` builds markup from a template whose
parts are escaped one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Button:
    """A button that opens `url`, or sends `callback_data` (at most 64 bytes) back to the bot."""

    label: str
    url: str | None = None
    callback_data: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    html: str
    buttons: tuple[Button, ...] = ()


def text(template: str, facts: Mapping[str, str | int | None]) -> str:
    """Fill a template of ours; every fact is shown literally, whatever it contains."""
    shown = {name: escape(str(value), quote=True) for name, value in facts.items()}
    return template.format_map(shown)
