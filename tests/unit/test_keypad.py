"""What each key makes of an amount, whatever was typed before it."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain.keypad import LAYOUT, Key, Keypad
from shared_lib.domain.offer import DONATION_CENTS_LEAST, DONATION_CENTS_MOST

EMPTY = Keypad(UUID(int=1), UUID(int=2))
TYPING = [key for key in Key if key not in (Key.CANCEL, Key.CONFIRM)]
keys = st.sampled_from(TYPING)


def typed(text: str) -> Keypad:
    """The keypad after these keys, each written as its value."""
    keypad = EMPTY
    for number, letter in enumerate(text):
        keypad = keypad.pressed(Key(letter), f"press {number} of {text}")
    return keypad


def test_every_key_is_shown_once() -> None:
    assert sorted(key for row in LAYOUT for key in row) == sorted(Key)


@pytest.mark.parametrize(
    ("pressed", "shown", "cents"),
    [
        ("", "", None),
        ("5", "5", 500),
        ("4p98", "4.98", None),
        ("4p99", "4.99", 499),
        ("4p9", "4.9", None),
        ("12p5", "12.5", 1_250),
        ("12p", "12.", 1_200),
        ("p5", "0.5", None),
        ("007", "7", 700),
        ("0p05", "0.05", None),
        ("9999p99", "9999.99", 999_999),
        ("99999", "9999", 999_900),
        ("5p123", "5.12", 512),
        ("5pp1p2", "5.12", 512),
        ("12bb", "", None),
        ("12bbb7", "7", 700),
        ("12p5c8", "8", 800),
        ("1pb0", "10", 1_000),
    ],
)
def test_what_is_typed(pressed: str, shown: str, cents: int | None) -> None:
    keypad = typed(pressed)
    assert (keypad.typed, keypad.cents) == (shown, cents)


@given(st.lists(keys, max_size=30))
def test_whatever_is_pressed_what_is_shown_is_an_amount_or_nothing(pressed: list[Key]) -> None:
    """And what can be confirmed is within the limits, to the cent as it is shown."""
    keypad = EMPTY
    for number, key in enumerate(pressed):
        keypad = keypad.pressed(key, str(number))
        assert len(keypad.typed) <= len("9999.99")
        shown = Decimal(keypad.typed or "0") * 100
        assert shown == int(shown) >= 0
        within = DONATION_CENTS_LEAST <= shown <= DONATION_CENTS_MOST
        assert keypad.cents == (int(shown) if within else None)


@given(st.lists(keys, max_size=8), st.sampled_from(list(Key)))
def test_a_press_that_comes_twice_counts_once(pressed: list[Key], key: Key) -> None:
    keypad = EMPTY
    for number, one in enumerate(pressed):
        keypad = keypad.pressed(one, str(number))
    once = keypad.pressed(key, "again")
    assert once.pressed(key, "again").typed == once.typed


@given(st.lists(keys, max_size=8), st.sampled_from(list(Key)))
def test_nothing_changes_an_amount_that_is_confirmed(pressed: list[Key], key: Key) -> None:
    keypad = typed("".join(pressed)).confirmed()
    assert keypad.pressed(key, "late") == keypad
