"""A numeric keypad: what each key makes of an amount of dollars that somebody types."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.offer import DONATION_CENTS_LEAST, DONATION_CENTS_MOST

_DIGITS_MOST = len(str(DONATION_CENTS_MOST // 100))
_DECIMALS = 2
_COMPLETE = re.compile(r"(\d+)(?:\.(\d{0,2}))?")
_PRESSES_KEPT = 16


class Key(StrEnum):
    """The keys; the value is what a button carries, and no amount."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    FIVE = "5"
    SIX = "6"
    SEVEN = "7"
    EIGHT = "8"
    NINE = "9"
    POINT = "p"
    ZERO = "0"
    BACK = "b"
    CLEAR = "c"
    CANCEL = "x"
    CONFIRM = "ok"


# From top to bottom, as they are shown.
LAYOUT: Sequence[Sequence[Key]] = (
    (Key.ONE, Key.TWO, Key.THREE),
    (Key.FOUR, Key.FIVE, Key.SIX),
    (Key.SEVEN, Key.EIGHT, Key.NINE),
    (Key.POINT, Key.ZERO, Key.BACK),
    (Key.CLEAR, Key.CANCEL, Key.CONFIRM),
)


@dataclass(frozen=True, slots=True)
class Keypad:
    """What one person has typed for one channel. `order_id` is that of the order it becomes.

    `presses` are the last ones that counted, so that one which comes twice counts once. Once it
    `is_confirmed` the amount is fixed.
    """

    order_id: UUID
    channel_id: UUID
    typed: str = ""
    is_confirmed: bool = False
    presses: tuple[str, ...] = ()

    @property
    def cents(self) -> int | None:
        """The amount in US cents, or None where it is none that can be donated."""
        found = _COMPLETE.fullmatch(self.typed)
        if found is None:
            return None
        cents = int(found[1]) * 100 + int((found[2] or "").ljust(_DECIMALS, "0"))
        return cents if DONATION_CENTS_LEAST <= cents <= DONATION_CENTS_MOST else None

    def pressed(self, key: Key, press_id: str) -> "Keypad":
        """The keypad after a key that types. What would be no amount any more changes nothing."""
        if self.is_confirmed or press_id in self.presses:
            return self
        kept = (*self.presses, press_id)[-_PRESSES_KEPT:]
        return replace(self, typed=_typed(self.typed, key), presses=kept)

    def confirmed(self) -> "Keypad":
        """The keypad whose amount is fixed."""
        return replace(self, is_confirmed=True)


def _typed(before: str, key: Key) -> str:
    if key is Key.CLEAR:
        return ""
    if key is Key.BACK:
        return before[:-1]
    if key is Key.POINT:
        return before if "." in before else f"{before or '0'}."
    return _with_digit(before, key.value) if key.value.isdigit() else before


def _with_digit(before: str, digit: str) -> str:
    """One more digit, where the amount has room for it; a leading zero gives way."""
    whole, point, decimals = before.partition(".")
    if point:
        return before + digit if len(decimals) < _DECIMALS else before
    if whole == "0":
        return digit
    return before + digit if len(whole) < _DIGITS_MOST else before
