"""The bot's languages: nothing is missing, nothing is glued, and all is counted as it should be."""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from shared_lib.domain.language import (
    Language,
    Manners,
    Plural,
    forms_of,
    language_of,
    plural,
    zone_named,
)
from shared_lib.domain.why import sentences
from shared_lib.usecases.words.phrases import Phrase
from shared_lib.usecases.words.speech import LANGUAGE_NAMES, MONTHS, WHY, WORDS, Speech, speech_of

USECASES = Path(__file__).parents[2] / "shared_lib" / "usecases"
NOW = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
# What is written the same in every language, or is a mere layout of facts.
SAME = {
    *(Phrase.OFFER_TIER, Phrase.MOMENT_UTC, Phrase.MOMENT_ZONED, Phrase.USD, Phrase.DATE),
    *(Phrase.FORM_OF, Phrase.FORM_TIER, Phrase.FORM_BOLD),
}
# What is called the same in Russian.
NAMES = r"\b(UTC|USDT|Telegram|[Mm]emo|tag|seed|id|Id)\b"
PRESS_UTF16_MOST = 200
DEAREST = 999_999


def forms(words: str | Mapping[Plural, str]) -> list[str]:
    return [words] if isinstance(words, str) else list(words.values())


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def every_form(language: Language) -> Iterator[tuple[Phrase, str]]:
    for phrase, words in WORDS[language].items():
        yield from ((phrase, one) for one in forms(words))


# ---- nothing is missing --------------------------------------------------------------------------


@pytest.mark.parametrize("language", Language)
def test_every_phrase_has_words_in_every_language(language: Language) -> None:
    assert set(WORDS[language]) == set(Phrase)
    assert all(one.strip() for _, one in every_form(language))
    assert len(set(MONTHS[language])) == 12
    assert LANGUAGE_NAMES[language]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("phrase", Phrase)
def test_a_phrase_says_the_same_facts_in_every_language(phrase: Phrase, language: Language) -> None:
    said, in_english = WORDS[language][phrase], WORDS[Language.ENGLISH][phrase]
    assert isinstance(said, str) == isinstance(in_english, str)
    wanted = fields(forms(in_english)[0])
    assert {frozenset(fields(one)) for one in forms(said)} == {frozenset(wanted)}
    if not isinstance(said, str):
        assert set(said) == forms_of(language)
        assert "count" in wanted


@pytest.mark.parametrize("language", [Language.RUSSIAN, Language.SPANISH])
def test_nothing_is_left_in_english(language: Language) -> None:
    english = {one for _, one in every_form(Language.ENGLISH)}
    assert {phrase for phrase, one in every_form(language) if one in english} <= SAME


def test_russian_is_written_in_cyrillic() -> None:
    for phrase, one in every_form(Language.RUSSIAN):
        words = re.sub(rf"<[^>]*>|\{{\w+\}}|/\w+(/\w+)?|[A-Z]\w+/\w+|{NAMES}", "", one)
        assert not re.search(r"[A-Za-z]{2,}", words), (phrase, words)


@pytest.mark.parametrize("language", Language)
def test_an_answer_to_a_press_fits_and_has_no_markup(language: Language) -> None:
    """Telegram shows at most 200 characters of one, and shows markup as it is written."""
    speech = Speech(language, None, NOW)
    facts = {"least": speech.usd(DEAREST), "most": speech.usd(DEAREST)}
    for phrase in Phrase:
        if phrase.name.startswith("PRESS_"):
            shown = speech.plain(phrase, **facts)
            assert len(shown.encode("utf-16-le")) // 2 <= PRESS_UTF16_MOST
            assert "<" not in shown


@pytest.mark.parametrize("language", [Language.RUSSIAN, Language.SPANISH])
def test_every_reason_is_said_in_every_language(language: Language) -> None:
    said = WHY[language]
    assert set(said) == sentences()
    assert all(words.strip() and words != sentence for sentence, words in said.items())
    speech = Speech(language, None, NOW)
    assert {speech.why(one) for one in sentences()} == {escape(one) for one in said.values()}
    for one in sentences():
        assert Speech(Language.ENGLISH, None, NOW).why(one) == escape(one)


# ---- nothing is glued ----------------------------------------------------------------------------


def _is_sentence(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", text))


def _said_in(tree: ast.AST) -> Iterator[str]:
    """Every text that becomes part of a message or of a button."""
    for call in ast.walk(tree):
        is_call = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if is_call and call.func.id in {"Message", "Button", "text"}:  # type: ignore[attr-defined]
            for part in ast.walk(call):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_no_message_has_words_of_its_own() -> None:
    """Sentences come from `words/` alone, whole."""
    found = [
        (path.name, said)
        for path in USECASES.glob("*.py")
        for said in _said_in(ast.parse(path.read_text()))
        if _is_sentence(said)
    ]
    assert found == []


def test_the_module_of_messages_has_no_sentences_at_all() -> None:
    tree = ast.parse((USECASES / "messages.py").read_text())
    docs = {
        ast.get_docstring(one, clean=False)
        for one in ast.walk(tree)
        if isinstance(one, ast.Module | ast.FunctionDef | ast.ClassDef)
    }
    texts = [one.value for one in ast.walk(tree) if isinstance(one, ast.Constant)]
    sentences = [one for one in texts if isinstance(one, str) and _is_sentence(one)]
    assert [one for one in sentences if one not in docs] == []


# ---- which language ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("en", Language.ENGLISH),
        ("ru", Language.RUSSIAN),
        ("ru-RU", Language.RUSSIAN),
        ("RU_ru", Language.RUSSIAN),
        ("es-419", Language.SPANISH),
        ("de", Language.ENGLISH),
        ("rus", Language.ENGLISH),
        ("", Language.ENGLISH),
        (None, Language.ENGLISH),
    ],
)
def test_the_language_of_an_app(code: str | None, language: Language) -> None:
    assert language_of(code) is language
    assert Manners(code).spoken is language


def test_what_is_chosen_counts_more_than_the_app() -> None:
    assert Manners("ru", Language.SPANISH).spoken is Language.SPANISH


# ---- numbers, money and times --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "russian", "english", "spanish"),
    [
        (0, "0 дней", "0 days", "0 días"),
        (1, "1 день", "1 day", "1 día"),
        (2, "2 дня", "2 days", "2 días"),
        (5, "5 дней", "5 days", "5 días"),
        (11, "11 дней", "11 days", "11 días"),
        (12, "12 дней", "12 days", "12 días"),
        (21, "21 день", "21 days", "21 días"),
        (22, "22 дня", "22 days", "22 días"),
        (25, "25 дней", "25 days", "25 días"),
        (101, "101 день", "101 days", "101 días"),
        (111, "111 дней", "111 days", "111 días"),
        (114, "114 дней", "114 days", "114 días"),
        (999, "999 дней", "999 days", "999 días"),
    ],
)
def test_days_are_counted_as_each_language_does(
    count: int, russian: str, english: str, spanish: str
) -> None:
    said = {one: Speech(one, None, NOW).days(count) for one in Language}
    assert said == {
        Language.RUSSIAN: russian,
        Language.ENGLISH: english,
        Language.SPANISH: spanish,
    }


@pytest.mark.parametrize("language", Language)
def test_every_number_has_a_form(language: Language) -> None:
    assert {plural(language, count) for count in range(200)} == forms_of(language)


@pytest.mark.parametrize(
    ("cents", "english", "others"),
    [
        (499, "$4.99", "4,99\N{NO-BREAK SPACE}$"),
        (100, "$1.00", "1,00\N{NO-BREAK SPACE}$"),
        (5, "$0.05", "0,05\N{NO-BREAK SPACE}$"),
        (DEAREST, "$9999.99", "9999,99\N{NO-BREAK SPACE}$"),
    ],
)
def test_money_is_written_as_each_language_does(cents: int, english: str, others: str) -> None:
    said = {one: Speech(one, None, NOW).usd(cents) for one in Language}
    assert said.pop(Language.ENGLISH) == english
    assert set(said.values()) == {others}


@pytest.mark.parametrize(
    ("ahead", "english", "russian", "spanish"),
    [
        (timedelta(days=-1), "2 March 2027, 14:05 UTC", "2 марта 2027 г., 14:05 UTC", "marzo"),
        (timedelta(hours=3), "(in less than a day)", "(меньше чем через день)", "de un día)"),
        (timedelta(days=1), "(in 1 day)", "(через 1 день)", "(en 1 día)"),
        (timedelta(days=22), "(in 22 days)", "(через 22 дня)", "(en 22 días)"),
    ],
)
def test_a_time_is_said_in_utc_and_in_so_many_days(
    ahead: timedelta, english: str, russian: str, spanish: str
) -> None:
    said = {one: Speech(one, None, NOW).moment(NOW + ahead) for one in Language}
    assert english in said[Language.ENGLISH]
    assert russian in said[Language.RUSSIAN]
    assert spanish in said[Language.SPANISH]


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), "28 March 2027, 01:30 (Europe/Madrid)"),
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "28 March 2027, 03:30 (Europe/Madrid)"),
        (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "31 October 2027, 02:30 (Europe/Madrid)"),
        (datetime(2027, 12, 31, 23, 30, tzinfo=UTC), "1 January 2028, 00:30 (Europe/Madrid)"),
    ],
)
def test_a_time_is_said_in_the_zone_that_was_chosen(moment: datetime, shown: str) -> None:
    """Across both changes of the clocks, and a change of the year."""
    assert Speech(Language.ENGLISH, ZoneInfo("Europe/Madrid"), NOW).moment(moment) == shown


@pytest.mark.parametrize(
    "name", ["", "Nowhere/At_all", "../../etc/passwd", "/etc/localtime", "x" * 65, "\x00", "Europe"]
)
def test_what_names_no_zone(name: str) -> None:
    assert zone_named(name) is None


def test_a_zone_that_is_not_known_any_more_is_utc() -> None:
    assert speech_of(Manners(time_zone="Nowhere/At_all"), NOW).zone is None
