"""The form by which an owner sets up a channel in the bot: what was filled in, and what a key does.

All values are texts, as the owner sees them again; nothing of it is written anywhere but in a draft
until everything is saved at once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from uuid import UUID

from shared_lib.domain.address import (
    ADDRESS_CHARACTERS_MOST,
    MEMO_CHARACTERS_MOST,
    AddressProblemError,
    normal_address,
    secret_kind,
)
from shared_lib.domain.currency import ASSETS, asset_of
from shared_lib.domain.membership import GRACE_DAYS_MOST
from shared_lib.domain.money import Asset, format_cents
from shared_lib.domain.offer import (
    DAYS_MOST,
    DESCRIPTION_MOST,
    PRICE_CENTS_LEAST,
    PRICE_CENTS_MOST,
    THRESHOLD_CENTS_LEAST,
    TIERS_MOST,
    TITLE_MOST,
    Strategy,
    chat_id_problem,
)

POSITIONS = range(1, TIERS_MOST + 1)
THRESHOLD_CENTS_MOST = 99_999_999
_AMOUNT = re.compile(r"\$?\s*(\d{1,6})(?:[.,](\d{1,2}))?\s*\$?", re.ASCII)
_WHOLE = re.compile(r"\d{1,3}", re.ASCII)
_CHAT_ID = re.compile(r"-\d{1,19}", re.ASCII)
_PRESSES_KEPT = 16


class Field(StrEnum):
    """What is typed; the value is what a button carries."""

    OPEN_ID = "oi"
    OPEN_TITLE = "ot"
    OPEN_DESCRIPTION = "od"
    CLOSED_ID = "ci"
    CLOSED_TITLE = "ct"
    CLOSED_DESCRIPTION = "cd"
    PRICE_1 = "p1"
    PRICE_2 = "p2"
    PRICE_3 = "p3"
    DAYS_1 = "d1"
    DAYS_2 = "d2"
    DAYS_3 = "d3"
    ADDRESS = "ad"
    MEMO = "me"
    THRESHOLD = "th"
    GRACE = "gr"


PRICES = (Field.PRICE_1, Field.PRICE_2, Field.PRICE_3)
DAYS = (Field.DAYS_1, Field.DAYS_2, Field.DAYS_3)
CHAT_IDS = (Field.OPEN_ID, Field.CLOSED_ID)
TITLES = (Field.OPEN_TITLE, Field.CLOSED_TITLE)
DESCRIPTIONS = (Field.OPEN_DESCRIPTION, Field.CLOSED_DESCRIPTION)
_PROSE = frozenset({*TITLES, *DESCRIPTIONS})
# Source: https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
_PHRASE_LENGTHS = frozenset({12, 15, 18, 21, 24})
CLEARABLE = frozenset({*DESCRIPTIONS, Field.MEMO})


class Screen(StrEnum):
    """What is shown of the form; the value is what a button carries."""

    MENU = "m"
    OPEN = "o"
    CLOSED = "c"
    TIERS = "t"
    WALLET = "w"
    NETWORKS = "n"
    COINS = "k"
    PAYOUTS = "p"


class Act(StrEnum):
    """What a button of the form does; most say with what."""

    SHOW = "s"
    TYPE = "e"
    CLEAR = "z"
    TOGGLE = "t"
    LIFE = "l"
    NETWORK = "n"
    COIN = "c"
    STRATEGY = "y"


class RefusedInputError(ValueError):
    """What was typed does not fit; `is_secret` where it must never be kept or shown again."""

    def __init__(self, *, is_secret: bool = False) -> None:
        super().__init__("a secret" if is_secret else "does not fit")
        self.is_secret = is_secret


class UnknownPressError(ValueError):
    """No button of the form carries this: it is old, or forged."""


@dataclass(frozen=True, slots=True)
class Form:
    """`channel_id` is that of the channel, or which a new one will have.

    `base` is the fingerprint of the channel when the form was opened; None for a new one.
    `session` tells the buttons of one opening from those of another. `presses` are the last ones
    that counted.
    """

    session: str
    channel_id: UUID
    base: str | None = None
    values: Mapping[Field, str] = field(default_factory=dict)
    on: frozenset[int] = frozenset({1})
    coin: str | None = None
    network: str | None = None
    strategy: Strategy = Strategy.INSTANT
    screen: Screen = Screen.MENU
    awaits: Field | None = None
    presses: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether it creates a channel."""
        return self.base is None

    def value(self, name: Field) -> str:
        """What stands in a field; empty where nothing does."""
        return self.values.get(name, "")

    def counted(self, press_id: str) -> "Form":
        """The form that remembers a press, so that it counts once."""
        return replace(self, presses=(*self.presses, press_id)[-_PRESSES_KEPT:])

    def with_value(self, name: Field, value: str) -> "Form":
        """The form with this in a field, and nothing awaited any more."""
        return replace(self, values={**self.values, name: value}, awaits=None)


# ---- keys ----------------------------------------------------------------------------------------


def pressed(form: Form, act: str, word: str) -> Form:
    """The form after one of its buttons. Raises UnknownPressError."""
    try:
        return _pressed(replace(form, awaits=None), Act(act), word)
    except (ValueError, KeyError) as error:
        raise UnknownPressError(act) from error


def _pressed(form: Form, act: Act, word: str) -> Form:  # noqa: PLR0911 (one line for each act)
    match act:
        case Act.SHOW:
            return replace(form, screen=Screen(word))
        case Act.TYPE:
            return replace(form, awaits=Field(word))
        case Act.CLEAR:
            return form.with_value(_clearable(word), "")
        case Act.TOGGLE:
            return replace(form, on=form.on ^ {_position(word)})
        case Act.LIFE:
            return form.with_value(DAYS[_position(word) - 1], "")
        case Act.NETWORK:
            return replace(form, network=_network(word), screen=Screen.COINS)
        case Act.COIN:
            return _in_coin(form, asset_of(word))
        case Act.STRATEGY:
            return replace(form, strategy=Strategy(word))


def _in_coin(form: Form, asset: Asset) -> Form:
    """The form with another coin; an address that fits it is written as its network does."""
    form = replace(form, coin=asset.id, network=asset.network, screen=Screen.WALLET)
    try:
        return form.with_value(Field.ADDRESS, _address(form, form.value(Field.ADDRESS)))
    except RefusedInputError:
        return form  # saving says what is wrong with it


def _clearable(word: str) -> Field:
    name = Field(word)
    if name not in CLEARABLE:
        raise UnknownPressError(word)
    return name


def _position(word: str) -> int:
    position = int(word)
    if position not in POSITIONS:
        raise UnknownPressError(word)
    return position


def _network(word: str) -> str:
    if word not in {asset.network for asset in ASSETS.values()}:
        raise UnknownPressError(word)
    return word


# ---- typing --------------------------------------------------------------------------------------


def typed(form: Form, text: str) -> Form:
    """The form with a text in the field that it awaits. Raises RefusedInputError.

    A private key or a seed phrase is refused wherever it is typed.
    """
    if form.awaits is None:
        return form
    value = text.strip()
    if _is_secret(form.awaits, value):
        raise RefusedInputError(is_secret=True)
    after = form.with_value(form.awaits, _normal(form, form.awaits, value))
    has_moved = after.value(Field.ADDRESS) != form.value(Field.ADDRESS)
    # A memo belongs to its address: with another one, money would go to somebody else.
    return after.with_value(Field.MEMO, "") if has_moved else after


def _is_secret(name: Field, value: str) -> bool:
    """Prose of a dozen words is no seed phrase, unless there is nothing but a phrase's words."""
    kind = secret_kind(value)
    if kind != "seed phrase" or name not in _PROSE:
        return kind is not None
    words = value.split()
    return len(words) in _PHRASE_LENGTHS and all(one.isalpha() and one.islower() for one in words)


def _normal(form: Form, name: Field, value: str) -> str:
    return _address(form, value) if name is Field.ADDRESS else _NORMAL[name](value)


def _amount(value: str, least: int, most: int) -> str:
    cents = cents_of(value)
    if cents is None or not least <= cents <= most:
        raise RefusedInputError
    return format_cents(cents)


def cents_of(value: str) -> int | None:
    """US cents of what stands in a field; None where nothing does."""
    found = _AMOUNT.fullmatch(value)
    return None if found is None else int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _whole(value: str, least: int, most: int) -> str:
    if not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
        raise RefusedInputError
    return str(int(value))


def _chat_id(value: str) -> str:
    if not _CHAT_ID.fullmatch(value) or chat_id_problem("", int(value)) is not None:
        raise RefusedInputError
    return str(int(value))


def _address(form: Form, value: str) -> str:
    """What can be an address of the coin that was chosen, or of any, before one is."""
    is_plain = value.isascii() and value.isprintable() and " " not in value
    if not is_plain or not 1 <= len(value) <= ADDRESS_CHARACTERS_MOST:
        raise RefusedInputError
    if form.coin is None or asset_of(form.coin).network == "xrp":
        return value  # an X-address has its tag inside, which saving takes apart
    try:
        return normal_address(asset_of(form.coin).network, value)
    except AddressProblemError as error:
        raise RefusedInputError from error


def _within(value: str, least: int, most: int) -> str:
    if not least <= len(value) <= most:
        raise RefusedInputError
    return value


_NORMAL: Mapping[Field, Callable[[str], str]] = {
    **dict.fromkeys(CHAT_IDS, _chat_id),
    **dict.fromkeys(TITLES, partial(_within, least=1, most=TITLE_MOST)),
    **dict.fromkeys(DESCRIPTIONS, partial(_within, least=0, most=DESCRIPTION_MOST)),
    **dict.fromkeys(PRICES, partial(_amount, least=PRICE_CENTS_LEAST, most=PRICE_CENTS_MOST)),
    **dict.fromkeys(DAYS, partial(_whole, least=1, most=DAYS_MOST)),
    Field.MEMO: partial(_within, least=1, most=MEMO_CHARACTERS_MOST),
    Field.THRESHOLD: partial(_amount, least=THRESHOLD_CENTS_LEAST, most=THRESHOLD_CENTS_MOST),
    Field.GRACE: partial(_whole, least=0, most=GRACE_DAYS_MOST),
}
