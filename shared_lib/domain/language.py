"""The languages that the bot speaks: which one a person gets, and how each counts things."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# No zone has so long a name; what is longer is unknown, and shown back no longer than this.
ZONE_MOST = 64
_TEENS = range(11, 15)
_FEW = range(2, 5)


class Language(StrEnum):
    """The value is the first part of what Telegram calls it (IETF language tag)."""

    ENGLISH = "en"
    RUSSIAN = "ru"
    SPANISH = "es"


class Plural(StrEnum):
    """The forms that a noun takes after a number, as CLDR names them.

    Source: https://cldr.unicode.org/index/cldr-spec/plural-rules
    """

    ONE = "one"
    FEW = "few"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Manners:
    """How a person wants to be spoken to: as their app says, unless they have chosen."""

    language_code: str | None = None
    language: Language | None = None
    time_zone: str | None = None

    @property
    def spoken(self) -> Language:
        """The language of everything that this person reads."""
        return self.language or language_of(self.language_code)


def language_of(code: str | None) -> Language:
    """The language of a tag such as `es-MX`; English for all that we don't speak."""
    primary = (code or "").lower().replace("_", "-").partition("-")[0]
    return next((one for one in Language if one.value == primary), Language.ENGLISH)


def plural(language: Language, count: int) -> Plural:
    """The form for so many things; `count` is not negative."""
    return _RULES[language](count)


def forms_of(language: Language) -> frozenset[Plural]:
    """The forms that a language tells apart."""
    return frozenset(Plural) if language is Language.RUSSIAN else _ONE_OR_MANY


def _one_or_many(count: int) -> Plural:
    return Plural.ONE if count == 1 else Plural.MANY


def _russian(count: int) -> Plural:
    if count % 100 in _TEENS:
        return Plural.MANY
    if count % 10 == 1:
        return Plural.ONE
    return Plural.FEW if count % 10 in _FEW else Plural.MANY


_ONE_OR_MANY = frozenset({Plural.ONE, Plural.MANY})
_RULES: Mapping[Language, Callable[[int], Plural]] = {
    Language.ENGLISH: _one_or_many,
    Language.RUSSIAN: _russian,
    Language.SPANISH: _one_or_many,
}


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of this name in the IANA database, such as `Europe/Madrid`; None if none."""
    if not 0 < len(name) <= ZONE_MOST:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
