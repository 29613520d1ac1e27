"""The form's screens: what each shows of what was filled in, and its keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from shared_lib.domain.currency import KNOWN_ASSETS, asset_of
from shared_lib.domain.form import (
    CHAT_IDS,
    CLEARABLE,
    DAYS,
    DESCRIPTIONS,
    POSITIONS,
    PRICES,
    TITLES,
    Act,
    Field,
    Form,
    Screen,
    cents_of,
)
from shared_lib.domain.membership import GRACE_DAYS_MOST
from shared_lib.domain.message import Button, Message
from shared_lib.domain.money import Asset
from shared_lib.domain.offer import (
    DAYS_MOST,
    DESCRIPTION_MOST,
    PRICE_CENTS_LEAST,
    PRICE_CENTS_MOST,
    THRESHOLD_CENTS_LEAST,
    TITLE_MOST,
    Strategy,
)
from shared_lib.usecases.words.phrases import Phrase
from shared_lib.usecases.words.speech import Speech

FORM_PRESS = "f"
NEW, OPEN, SAVE, CANCEL = "new", "open", "save", "x"
_SIGNS = {True: "✅", False: "❌"}
_ROW = 3

Row = tuple[Button, ...]


def form_message(form: Form, speech: Speech, notes: Sequence[str] = ()) -> Message:
    """The form as it stands; `notes` are paragraphs of markup above it."""
    body, rows = _SCREENS[form.screen](form, speech)
    asked = [] if form.awaits is None else [ask(form.awaits, speech)]
    if form.awaits in CLEARABLE:
        clear = _button(form, speech.plain(Phrase.BUTTON_FORM_CLEAR), Act.CLEAR, form.awaits)
        rows = [(clear,), *rows]
    return Message("\n\n".join([*notes, *body, *asked]), rows=tuple(rows))


def form_over_message(speech: Speech) -> Message:
    """What is left of a form that is over."""
    return Message(speech.say(Phrase.FORM_OVER))


def form_saved_message(title: str, speech: Speech) -> Message:
    """What takes the place of a form that is saved."""
    return Message(speech.say(Phrase.FORM_SAVED, title=title))


def form_which_message(
    channels: Iterable[tuple[UUID, str]], begun: str | None, speech: Speech
) -> Message:
    """A button for each channel of a person, one to create another, and one to what was begun.

    `begun` is the session of a form that is open still.
    """
    rows = [
        (Button(title, callback_data=f"{FORM_PRESS}:{OPEN}:{channel_id.hex}"),)
        for channel_id, title in channels
    ]
    said = speech.say(Phrase.FORM_WHICH if rows else Phrase.FORM_FIRST)
    new = Button(speech.plain(Phrase.BUTTON_FORM_NEW), callback_data=f"{FORM_PRESS}:{NEW}")
    rows.append((new,))
    if begun is not None:
        data = f"{FORM_PRESS}:{begun}:{Act.SHOW}:{Screen.MENU}"
        rows.append((Button(speech.plain(Phrase.BUTTON_FORM_RESUME), callback_data=data),))
    return Message(said, rows=tuple(rows))


# ---- what a field wants --------------------------------------------------------------------------


def ask(name: Field, speech: Speech) -> str:
    """What is to be typed for a field, with its limits; markup."""
    if name in PRICES:
        least, most = speech.usd(PRICE_CENTS_LEAST), speech.usd(PRICE_CENTS_MOST)
        return speech.say(Phrase.ASK_PRICE, least=least, most=most)
    if name is Field.THRESHOLD:
        return speech.say(Phrase.ASK_THRESHOLD, least=speech.usd(THRESHOLD_CENTS_LEAST))
    phrase, most_of = _ASKED[name]
    return speech.say(phrase) if most_of is None else speech.say(phrase, most=most_of)


_ASKED: Mapping[Field, tuple[Phrase, int | None]] = {
    **dict.fromkeys(CHAT_IDS, (Phrase.ASK_CHAT_ID, None)),
    **dict.fromkeys(TITLES, (Phrase.ASK_TITLE, TITLE_MOST)),
    **dict.fromkeys(DESCRIPTIONS, (Phrase.ASK_DESCRIPTION, DESCRIPTION_MOST)),
    **dict.fromkeys(DAYS, (Phrase.ASK_DAYS, DAYS_MOST)),
    Field.ADDRESS: (Phrase.ASK_ADDRESS, None),
    Field.MEMO: (Phrase.ASK_MEMO, None),
    Field.GRACE: (Phrase.ASK_GRACE, GRACE_DAYS_MOST),
}


def label(name: Field, speech: Speech) -> str:
    """What a field is called."""
    for phrase, names in ((Phrase.FIELD_PRICE, PRICES), (Phrase.FIELD_DAYS, DAYS)):
        if name in names:
            return speech.plain(phrase, position=names.index(name) + 1)
    return speech.plain(_LABELS[name])


_LABELS: Mapping[Field, Phrase] = {
    **dict.fromkeys(CHAT_IDS, Phrase.FIELD_CHAT_ID),
    **dict.fromkeys(TITLES, Phrase.FIELD_TITLE),
    **dict.fromkeys(DESCRIPTIONS, Phrase.FIELD_DESCRIPTION),
    Field.ADDRESS: Phrase.FIELD_ADDRESS,
    Field.MEMO: Phrase.FIELD_MEMO,
    Field.THRESHOLD: Phrase.FIELD_THRESHOLD,
    Field.GRACE: Phrase.FIELD_GRACE,
}


# ---- screens -------------------------------------------------------------------------------------

_Body = tuple[list[str], list[Row]]


def _button(form: Form, text: str, act: str, word: str = "") -> Button:
    parts = [FORM_PRESS, form.session, act, *([word] if word else [])]
    return Button(text, callback_data=":".join(parts))


def _typing(form: Form, speech: Speech, *names: Field) -> Row:
    return tuple(_button(form, label(name, speech), Act.TYPE, name) for name in names)


def _back(form: Form, speech: Speech, to: Screen = Screen.MENU) -> Row:
    return (_button(form, speech.plain(Phrase.BUTTON_FORM_BACK), Act.SHOW, to),)


def _menu(form: Form, speech: Speech) -> _Body:
    title = form.value(Field.CLOSED_TITLE)
    head = speech.say(Phrase.FORM_NEW) if form.is_new else speech.say(Phrase.FORM_OF, title=title)
    summary = speech.say(
        Phrase.FORM_SUMMARY,
        open=_or_empty(form.value(Field.OPEN_TITLE), speech),
        closed=_or_empty(title, speech),
        tiers=_or_empty(", ".join(_terms(form, speech)), speech),
        wallet=_or_empty(_wallet_text(form), speech),
        payouts=_payouts_text(form, speech),
        grace=speech.days(int(form.value(Field.GRACE) or 0)),
    )
    screens = (
        (Phrase.BUTTON_FORM_OPEN, Screen.OPEN),
        (Phrase.BUTTON_FORM_CLOSED, Screen.CLOSED),
        (Phrase.BUTTON_FORM_TIERS, Screen.TIERS),
        (Phrase.BUTTON_FORM_WALLET, Screen.WALLET),
        (Phrase.BUTTON_FORM_PAYOUTS, Screen.PAYOUTS),
    )
    rows: list[Row] = [
        (_button(form, speech.plain(phrase), Act.SHOW, screen),) for phrase, screen in screens
    ]
    rows.append((_button(form, speech.plain(Phrase.BUTTON_FORM_SAVE), SAVE),))
    rows.append((_button(form, speech.plain(Phrase.BUTTON_FORM_CANCEL), CANCEL),))
    return [head, summary, speech.say(Phrase.FORM_HINT)], rows


def _or_empty(value: str, speech: Speech) -> str:
    return value or speech.plain(Phrase.FORM_EMPTY)


def _terms(form: Form, speech: Speech) -> list[str]:
    """Price and days of each tier that is on sale and has a price."""
    found = []
    for position in sorted(form.on):
        cents = cents_of(form.value(PRICES[position - 1]))
        if cents is not None:
            days = _days_text(form, position, speech)
            found.append(speech.plain(Phrase.FORM_TIER, price=speech.usd(cents), days=days))
    return found


def _days_text(form: Form, position: int, speech: Speech) -> str:
    days = form.value(DAYS[position - 1])
    return speech.days(int(days) if days else None, Phrase.FOR_LIFE)


def _coin_text(asset: Asset) -> str:
    return f"{asset.ticker.upper()} ({asset.network.upper()})"


def _wallet_text(form: Form) -> str:
    """Coin and address, without what is missing of them."""
    coin = "" if form.coin is None else _coin_text(asset_of(form.coin))
    return " ".join(one for one in (coin, form.value(Field.ADDRESS)) if one)


def _payouts_text(form: Form, speech: Speech) -> str:
    if form.strategy is Strategy.INSTANT:
        return speech.plain(Phrase.FORM_INSTANT)
    cents = cents_of(form.value(Field.THRESHOLD))
    shown = speech.plain(Phrase.FORM_EMPTY) if cents is None else speech.usd(cents)
    return speech.plain(Phrase.FORM_THRESHOLD, threshold=shown)


def _chat(form: Form, speech: Speech, about: Phrase, names: tuple[Field, Field, Field]) -> _Body:
    chat_id, title, description = names
    shown = speech.say(
        Phrase.FORM_CHAT,
        title=_or_empty(form.value(title), speech),
        description=form.value(description),
        chat_id=_or_empty(form.value(chat_id), speech),
    )
    rows = [_typing(form, speech, one) for one in names]
    return [speech.say(about), shown], [*rows, _back(form, speech)]


def _open(form: Form, speech: Speech) -> _Body:
    names = (Field.OPEN_ID, Field.OPEN_TITLE, Field.OPEN_DESCRIPTION)
    return _chat(form, speech, Phrase.FORM_OPEN_CHAT, names)


def _closed(form: Form, speech: Speech) -> _Body:
    names = (Field.CLOSED_ID, Field.CLOSED_TITLE, Field.CLOSED_DESCRIPTION)
    return _chat(form, speech, Phrase.FORM_CLOSED_CHAT, names)


def _tiers(form: Form, speech: Speech) -> _Body:
    rows: list[Row] = []
    for position in POSITIONS:
        sign = _SIGNS[position in form.on]
        toggle = speech.plain(Phrase.BUTTON_FORM_TIER, sign=sign, position=position)
        life = speech.plain(Phrase.BUTTON_FORM_LIFE)
        rows.append((_button(form, toggle, Act.TOGGLE, str(position)),))
        rows.append(
            (
                *_typing(form, speech, PRICES[position - 1], DAYS[position - 1]),
                _button(form, life, Act.LIFE, str(position)),
            )
        )
    shown = [speech.say(Phrase.FORM_BOLD, words=one) for one in _terms(form, speech)]
    body = [speech.say(Phrase.FORM_TIERS_ABOUT), *(["\n".join(shown)] if shown else [])]
    return body, [*rows, _back(form, speech)]


def _wallet(form: Form, speech: Speech) -> _Body:
    coin = "" if form.coin is None else _coin_text(asset_of(form.coin))
    shown = speech.say(
        Phrase.FORM_WALLET_ABOUT,
        coin=_or_empty(coin, speech),
        address=_or_empty(form.value(Field.ADDRESS), speech),
        memo=_or_empty(form.value(Field.MEMO), speech),
    )
    choose = _button(form, speech.plain(Phrase.BUTTON_FORM_COIN), Act.SHOW, Screen.NETWORKS)
    rows = [(choose,), *(_typing(form, speech, one) for one in (Field.ADDRESS, Field.MEMO))]
    body = [shown] if form.is_new else [shown, speech.say(Phrase.FORM_WALLET_HOLD)]
    return body, [*rows, _back(form, speech)]


def _in_rows(buttons: Sequence[Button]) -> list[Row]:
    return [tuple(buttons[at : at + _ROW]) for at in range(0, len(buttons), _ROW)]


def _networks(form: Form, speech: Speech) -> _Body:
    networks = dict.fromkeys(asset.network for asset in KNOWN_ASSETS)
    buttons = [_button(form, one.upper(), Act.NETWORK, one) for one in networks]
    rows = [*_in_rows(buttons), _back(form, speech, Screen.WALLET)]
    return [speech.say(Phrase.FORM_NETWORKS_ABOUT)], rows


def _coins(form: Form, speech: Speech) -> _Body:
    assets = [asset for asset in KNOWN_ASSETS if asset.network == form.network]
    buttons = [_button(form, one.ticker.upper(), Act.COIN, one.id) for one in assets]
    network = (form.network or "").upper()
    rows = [*_in_rows(buttons), _back(form, speech, Screen.NETWORKS)]
    return [speech.say(Phrase.FORM_COINS_ABOUT, network=network)], rows


def _payouts(form: Form, speech: Speech) -> _Body:
    choices = tuple(
        _button(
            form,
            speech.plain(phrase, sign=_SIGNS[form.strategy is one]),
            Act.STRATEGY,
            one.value,
        )
        for phrase, one in (
            (Phrase.BUTTON_FORM_INSTANT, Strategy.INSTANT),
            (Phrase.BUTTON_FORM_THRESHOLD, Strategy.THRESHOLD),
        )
    )
    typed = _typing(form, speech, Field.GRACE)
    if form.strategy is Strategy.THRESHOLD:
        typed = (*_typing(form, speech, Field.THRESHOLD), *typed)
    shown = speech.say(Phrase.FORM_BOLD, words=_payouts_text(form, speech))
    return [speech.say(Phrase.FORM_PAYOUTS_ABOUT), shown], [choices, typed, _back(form, speech)]


_SCREENS: Mapping[Screen, Callable[[Form, Speech], _Body]] = {
    Screen.MENU: _menu,
    Screen.OPEN: _open,
    Screen.CLOSED: _closed,
    Screen.TIERS: _tiers,
    Screen.WALLET: _wallet,
    Screen.NETWORKS: _networks,
    Screen.COINS: _coins,
    Screen.PAYOUTS: _payouts,
}
