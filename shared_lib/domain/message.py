"""A message to a person: text with markup, and buttons under it.

User-supplied text is escaped here and nowhere else: `text()` builds markup from a template whose
parts are escaped one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

# What Telegram shows at most, in UTF-16 code units and after the markup is read. Our own limits of
# titles and descriptions are counted in Unicode code points, each of which is one or two of these.
# Source: https://core.telegram.org/bots/api#sendmessage
TEXT_UTF16_MOST = 4_096


@dataclass(frozen=True, slots=True)
class Button:
    """A button that opens `url`, or sends `callback_data` (at most 64 bytes) back to the bot."""

    label: str
    url: str | None = None
    callback_data: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """`rows` of buttons come first, then each of `buttons` in a row of its own.

    A row of one keeps long labels readable on a phone.
    """

    html: str
    buttons: tuple[Button, ...] = ()
    rows: tuple[tuple[Button, ...], ...] = ()

    @property
    def keyboard(self) -> tuple[tuple[Button, ...], ...]:
        """All buttons as they are laid out."""
        return (*self.rows, *((button,) for button in self.buttons))


def text(template: str, facts: Mapping[str, str | int | None]) -> str:
    """Fill a template of ours; every fact is shown literally, whatever it contains."""
    shown = {name: escape(str(value), quote=True) for name, value in facts.items()}
    return template.format_map(shown)
