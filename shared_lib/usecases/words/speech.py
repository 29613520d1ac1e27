"""How one person is spoken to: in which language, and at what time of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from shared_lib.domain.language import Language, Manners, plural, zone_named
from shared_lib.domain.message import text
from shared_lib.usecases.words import english, russian, spanish
from shared_lib.usecases.words.phrases import Phrase, Words
from shared_lib.usecases.words.why_russian import WHY_IN_RUSSIAN
from shared_lib.usecases.words.why_spanish import WHY_IN_SPANISH

Fact = str | int | None
WORDS: Mapping[Language, Words] = {
    Language.ENGLISH: english.ENGLISH,
    Language.RUSSIAN: russian.RUSSIAN,
    Language.SPANISH: spanish.SPANISH,
}
MONTHS: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: english.MONTHS,
    Language.RUSSIAN: russian.MONTHS,
    Language.SPANISH: spanish.MONTHS,
}
WHY: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {},
    Language.RUSSIAN: WHY_IN_RUSSIAN,
    Language.SPANISH: WHY_IN_SPANISH,
}
# As each is called by those who speak it.
LANGUAGE_NAMES: Mapping[Language, str] = {
    Language.ENGLISH: "English",
    Language.RUSSIAN: "Русский",
    Language.SPANISH: "Español",
}


@dataclass(frozen=True, slots=True)
class Speech:
    """`zone` is None where nobody chose one: then times are in UTC, and in so many days."""

    language: Language
    zone: ZoneInfo | None
    now: datetime

    def say(self, phrase: Phrase, **facts: Fact) -> str:
        """A phrase as markup; every fact is shown literally."""
        return text(self._template(phrase, facts), facts)

    def plain(self, phrase: Phrase, **facts: Fact) -> str:
        """A phrase without markup, as labels of buttons and answers to presses are."""
        return self._template(phrase, facts).format_map(facts)

    def _template(self, phrase: Phrase, facts: Mapping[str, Fact]) -> str:
        words = WORDS[self.language][phrase]
        if isinstance(words, str):
            return words
        return words[plural(self.language, int(facts["count"] or 0))]

    def why(self, sentence: str) -> str:
        """A sentence of `domain/why.py`, which says them in English; markup."""
        return text("{said}", {"said": WHY[self.language].get(sentence, sentence)})

    def usd(self, cents: Fact) -> str:
        """An amount of US cents."""
        dollars, rest = divmod(int(cents or 0), 100)
        return self.plain(Phrase.USD, dollars=dollars, cents=f"{rest:02d}")

    def days(self, days: Fact, without: Phrase = Phrase.ACCESS_FOR_LIFE) -> str:
        """So many days; what has no days is for life."""
        return self.plain(without) if days is None else self.plain(Phrase.DAYS, count=days)

    def moment(self, moment: datetime) -> str:
        """A time in the person's zone, or in UTC with the days until then."""
        local = moment.astimezone(self.zone or UTC)
        facts: dict[str, Fact] = {"date": self._date(local), "time": f"{local:%H:%M}"}
        if self.zone is not None:
            return self.plain(Phrase.MOMENT_ZONED, zone=self.zone.key, **facts)
        if moment <= self.now:
            return self.plain(Phrase.MOMENT_UTC, **facts)
        count = (moment - self.now).days
        if count == 0:
            return self.plain(Phrase.MOMENT_TODAY, **facts)
        return self.plain(Phrase.MOMENT_IN_DAYS, count=count, **facts)

    def _date(self, local: datetime) -> str:
        month = MONTHS[self.language][local.month - 1]
        return self.plain(Phrase.DATE, day=local.day, month=month, year=local.year)


def speech_of(manners: Manners, now: datetime) -> Speech:
    """How somebody with these manners is spoken to now."""
    zone = zone_named(manners.time_zone) if manners.time_zone else None
    return Speech(manners.spoken, zone, now)
