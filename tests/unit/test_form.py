"""The owner's form: every key of every screen, what may be typed, and what is shown."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest

from shared_lib.domain.currency import KNOWN_ASSETS
from shared_lib.domain.form import (
    DAYS,
    DESCRIPTIONS,
    PRICES,
    TITLES,
    Act,
    Field,
    Form,
    RefusedInputError,
    Screen,
    UnknownPressError,
    pressed,
    typed,
)
from shared_lib.domain.language import Language
from shared_lib.domain.message import TEXT_UTF16_MOST, Message
from shared_lib.domain.offer import DESCRIPTION_MOST, TITLE_MOST, Strategy
from shared_lib.usecases.form_messages import (
    CANCEL,
    SAVE,
    form_message,
    form_over_message,
    form_saved_message,
    form_which_message,
)
from shared_lib.usecases.forms import content_of, fingerprint, form_from
from shared_lib.usecases.words.phrases import Phrase
from shared_lib.usecases.words.speech import Speech
from tests.unit.test_messages import WILD_TITLES, read

NOW = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
EMPTY = Form("abcdef12", UUID(int=7))
ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER = "0xde709f2102306220921060314715629080e2fb77"
FULL = replace(
    EMPTY,
    base="0" * 32,
    values={
        Field.OPEN_ID: "-1001234567890",
        Field.OPEN_TITLE: "Open",
        Field.OPEN_DESCRIPTION: "Ideas",
        Field.CLOSED_ID: "-1001234567891",
        Field.CLOSED_TITLE: "Signals",
        Field.CLOSED_DESCRIPTION: "All of them",
        Field.PRICE_1: "9.99",
        Field.DAYS_1: "30",
        Field.PRICE_2: "99.00",
        Field.DAYS_2: "",
        Field.ADDRESS: ADDRESS,
        Field.MEMO: "12345",
        Field.THRESHOLD: "50.00",
        Field.GRACE: "3",
    },
    on=frozenset({1, 2}),
    coin="eth:eth",
    network="eth",
    strategy=Strategy.THRESHOLD,
)
WILDEST = replace(
    FULL,
    values={
        **FULL.values,
        **dict.fromkeys((Field.OPEN_TITLE, Field.CLOSED_TITLE), "🎉" * TITLE_MOST),
        **dict.fromkeys((Field.OPEN_DESCRIPTION, Field.CLOSED_DESCRIPTION), "&" * DESCRIPTION_MOST),
    },
)


def speech(language: Language = Language.ENGLISH) -> Speech:
    return Speech(language, None, NOW)


def keys_of(message: Message) -> list[list[str]]:
    """What each button of the form carries, in parts."""
    data = [button.callback_data or "" for row in message.keyboard for button in row]
    return [one.split(":", 3) for one in data]


def states() -> Iterator[Form]:
    """Every screen, of an empty form, a full one and the widest, awaiting each field or none."""
    for form, screen, awaits in product((EMPTY, FULL, WILDEST), Screen, (None, *Field)):
        yield replace(form, screen=screen, awaits=awaits, network=form.network or "eth")


# ---- every key -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", Language)
def test_every_key_of_every_state_leads_to_a_state_that_can_be_shown(language: Language) -> None:
    """Generated from the keyboards themselves: nothing that is shown does nothing, or fails."""
    tried = 0
    for form in states():
        for _, session, act, *word in keys_of(form_message(form, speech(language))):
            assert session == form.session
            if act in {SAVE, CANCEL}:
                continue
            after = pressed(form, act, word[0])
            assert after.awaits is (Field(word[0]) if act == Act.TYPE else None)
            assert form_message(after, speech(language)).keyboard
            tried += 1
    assert tried > 1_000


@pytest.mark.parametrize("language", Language)
def test_whatever_is_shown_fits_telegram(language: Language) -> None:
    for form in states():
        message = form_message(form, speech(language), [speech(language).say(Phrase.FORM_SECRET)])
        assert len(read(message).text.encode("utf-16-le")) // 2 <= TEXT_UTF16_MOST
        for button in (one for row in message.keyboard for one in row):
            assert len((button.callback_data or "").encode()) <= 64
            assert button.label.strip()


def test_every_screen_can_be_reached_and_left() -> None:
    seen, ways = {Screen.MENU}, [EMPTY]
    while ways:
        form = ways.pop()
        for _, _, act, *word in keys_of(form_message(form, speech())):
            after = form if act in {SAVE, CANCEL} else pressed(form, act, word[0])
            if after.screen not in seen:
                seen.add(after.screen)
                ways.append(after)
    assert seen == set(Screen)
    for screen in set(Screen) - {Screen.MENU}:
        assert [Act.SHOW] in [
            [act]
            for _, _, act, *_ in keys_of(form_message(replace(FULL, screen=screen), speech()))
            if act == Act.SHOW
        ]


def test_every_coin_that_can_be_paid_out_can_be_chosen() -> None:
    chosen = set()
    for network in {asset.network for asset in KNOWN_ASSETS}:
        shown = pressed(EMPTY, Act.NETWORK, network)
        keys = keys_of(form_message(shown, speech()))
        coins = [word[0] for _, _, act, *word in keys if act == Act.COIN]
        chosen |= {pressed(shown, Act.COIN, coin).coin for coin in coins}
    assert chosen == {asset.id for asset in KNOWN_ASSETS}


@pytest.mark.parametrize(
    ("act", "word"),
    [
        ("", ""),
        ("q", "1"),
        ("s", "?"),
        ("s", ""),
        ("e", "xx"),
        ("z", "p1"),
        ("t", "0"),
        ("t", "4"),
        ("t", "x"),
        ("l", "-1"),
        ("n", "mars"),
        ("c", "eth:mars"),
        ("c", ""),
        ("y", "never"),
    ],
)
def test_a_key_that_no_screen_has_is_told_from_the_others(act: str, word: str) -> None:
    with pytest.raises(UnknownPressError):
        pressed(FULL, act, word)


@pytest.mark.parametrize("title", WILD_TITLES)
def test_what_owners_wrote_is_shown_literally(title: str) -> None:
    names = (Field.OPEN_TITLE, Field.OPEN_DESCRIPTION, Field.CLOSED_TITLE, Field.CLOSED_DESCRIPTION)
    form = replace(FULL, values={**FULL.values, **dict.fromkeys(names, title), Field.MEMO: title})
    assert read(form_message(form, speech())).text.count(title) >= 2
    for screen in (Screen.OPEN, Screen.CLOSED):
        shown = read(form_message(replace(form, screen=screen), speech())).text
        assert shown.count(title) == 2
    assert title in read(form_message(replace(form, screen=Screen.WALLET), speech())).text
    assert title in read(form_saved_message(title, speech())).text
    assert form_which_message([(UUID(int=1), title)], None, speech()).keyboard[0][0].label == title


def test_what_is_left_of_a_form_says_how_to_begin_anew() -> None:
    assert "/database" in form_over_message(speech()).html


# ---- typing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        (Field.PRICE_1, "9.99", "9.99"),
        (Field.PRICE_1, " $9,9 ", "9.90"),
        (Field.PRICE_1, "10", "10.00"),
        (Field.PRICE_1, "10 $", "10.00"),
        (Field.PRICE_3, "9999.99", "9999.99"),
        (Field.PRICE_3, "1", "1.00"),
        (Field.DAYS_1, "030", "30"),
        (Field.DAYS_2, "999", "999"),
        (Field.GRACE, "0", "0"),
        (Field.THRESHOLD, "20", "20.00"),
        (Field.OPEN_ID, "-1001234567890", "-1001234567890"),
        (Field.OPEN_TITLE, "  A & B <3 ", "A & B <3"),
        (Field.OPEN_TITLE, "🎉" * TITLE_MOST, "🎉" * TITLE_MOST),
        (Field.CLOSED_DESCRIPTION, "x" * DESCRIPTION_MOST, "x" * DESCRIPTION_MOST),
        (Field.MEMO, "12345", "12345"),
        (Field.ADDRESS, ADDRESS, ADDRESS),
    ],
)
def test_what_fits_is_kept_as_it_will_be_shown(name: Field, text: str, kept: str) -> None:
    after = typed(replace(EMPTY, awaits=name), text)
    assert after.value(name) == kept
    assert after.awaits is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((Field.PRICE_1, one) for one in ("0.99", "10000", "9.999", "-5", "free", "", "٩", "1e3")),
        *((Field.DAYS_1, one) for one in ("0", "1000", "1.5", "-1", "", "month", "٣")),
        *((Field.GRACE, one) for one in ("31", "-1", "")),
        *((Field.THRESHOLD, one) for one in ("19.99", "1000000", "")),
        *(
            (Field.OPEN_ID, one)
            for one in ("1234", "-1234567890", "@name", "", "-100", "-" + "9" * 25)
        ),
        *((Field.CLOSED_TITLE, one) for one in ("", "   ", "x" * (TITLE_MOST + 1))),
        (Field.OPEN_DESCRIPTION, "x" * (DESCRIPTION_MOST + 1)),
        *((Field.ADDRESS, one) for one in ("", "two words", "адрес", "x" * 129)),
        *((Field.MEMO, one) for one in ("", "x" * 121)),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(name: Field, text: str) -> None:
    with pytest.raises(RefusedInputError) as refused:
        typed(replace(EMPTY, awaits=name), text)
    assert not refused.value.is_secret


SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"
KEY = "0x" + "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


PROSE = "All of my ideas, each day: what I buy, what I sell, and why I do it."


@pytest.mark.parametrize("name", Field)
def test_prose_of_a_dozen_words_is_no_seed_phrase(name: Field) -> None:
    form = replace(EMPTY, awaits=name)
    if name in {*TITLES, *DESCRIPTIONS}:
        assert typed(form, PROSE).value(name) == PROSE
        return
    with pytest.raises(RefusedInputError) as refused:
        typed(form, PROSE)
    assert refused.value.is_secret


def test_another_address_drops_the_memo_of_the_last() -> None:
    after = typed(replace(FULL, awaits=Field.ADDRESS), OTHER)
    assert (after.value(Field.ADDRESS), after.value(Field.MEMO)) == (OTHER, "")
    again = typed(replace(FULL, awaits=Field.ADDRESS), ADDRESS)
    assert again.value(Field.MEMO) == "12345"


@pytest.mark.parametrize("secret", [SEED, KEY])
@pytest.mark.parametrize("name", Field)
def test_a_secret_is_refused_in_every_field(name: Field, secret: str) -> None:
    form = replace(EMPTY, awaits=name)
    with pytest.raises(RefusedInputError) as refused:
        typed(form, secret)
    assert refused.value.is_secret
    assert secret not in str(refused.value)


def test_what_nobody_asked_for_changes_nothing() -> None:
    assert typed(FULL, "9.99") == FULL


def test_an_address_is_checked_against_the_coin_that_was_chosen() -> None:
    in_btc = pressed(EMPTY, Act.COIN, "btc:btc")
    with pytest.raises(RefusedInputError):
        typed(replace(in_btc, awaits=Field.ADDRESS), ADDRESS)
    assert typed(replace(EMPTY, awaits=Field.ADDRESS), ADDRESS.lower()).value(Field.ADDRESS)


def test_an_address_is_written_as_its_network_does_once_the_coin_is_chosen() -> None:
    upper = "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ"
    form = typed(replace(EMPTY, awaits=Field.ADDRESS), upper)
    assert pressed(form, Act.COIN, "btc:btc").value(Field.ADDRESS) == upper.lower()
    assert pressed(form, Act.COIN, "eth:eth").value(Field.ADDRESS) == upper


def test_a_key_ends_the_waiting_for_a_text() -> None:
    waiting = pressed(FULL, Act.TYPE, Field.MEMO)
    assert waiting.awaits is Field.MEMO
    assert pressed(waiting, Act.SHOW, Screen.MENU).awaits is None
    assert pressed(waiting, Act.CLEAR, Field.MEMO).value(Field.MEMO) == ""


# ---- as a draft ----------------------------------------------------------------------------------


def test_a_form_survives_being_kept() -> None:
    for form in (*states(), FULL.counted("press")):
        assert form_from(json.loads(json.dumps(content_of(form)))) == form


def test_presses_are_remembered_but_not_for_ever() -> None:
    form = EMPTY
    for number in range(100):
        form = form.counted(str(number))
    assert form.presses[-1] == "99"
    assert len(form.presses) == 16


def test_two_forms_that_say_the_same_are_known_by_it() -> None:
    shown = replace(FULL, screen=Screen.TIERS, awaits=Field.MEMO, presses=("1",), session="other")
    assert fingerprint(shown) == fingerprint(FULL)
    off = FULL.with_value(PRICES[2], "5.00").with_value(DAYS[2], "5")
    assert fingerprint(off) == fingerprint(FULL)  # the third tier is not on sale
    for changed in (
        FULL.with_value(Field.PRICE_1, "9.98"),
        FULL.with_value(Field.DAYS_2, "1"),
        FULL.with_value(Field.THRESHOLD, "51.00"),
        replace(FULL, on=frozenset({1})),
        replace(FULL, coin="usdc:eth"),
        replace(FULL, strategy=Strategy.INSTANT),
        FULL.with_value(Field.MEMO, ""),
    ):
        assert fingerprint(changed) != fingerprint(FULL)
