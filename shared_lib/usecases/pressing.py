"""Which part of the bot answers a press of a button: each has a prefix of its own."""

from collections.abc import Callable, Mapping

from shared_lib.domain.update import Press
from shared_lib.ports import Ports, ProviderError
from shared_lib.usecases.donating import press_key
from shared_lib.usecases.edit_form import press_form
from shared_lib.usecases.form_messages import FORM_PRESS
from shared_lib.usecases.messages import (
    DONATION_PRESS,
    LANGUAGE_PRESS,
    NEWS_PRESS,
    OFFER_PRESS,
)
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.owner_news import press_news
from shared_lib.usecases.speaking import press_language, speech_with
from shared_lib.usecases.words.phrases import Phrase


def _press_offer(_ports: Ports, _visit: Visit, _press: Press) -> None:
    """The invoice comes as a message; the press itself needs no word."""


def _press_old(ports: Ports, visit: Visit, _press: Press) -> str:
    return speech_with(ports, visit.person.id).plain(Phrase.PRESS_OLD)


_PARTS: Mapping[str, Callable[[Ports, Visit, Press], str | None]] = {
    DONATION_PRESS: press_key,
    LANGUAGE_PRESS: press_language,
    NEWS_PRESS: press_news,
    FORM_PRESS: press_form,
    OFFER_PRESS.rstrip(":"): _press_offer,
}


def answer(ports: Ports, visit: Visit, press: Press) -> None:
    """Do what a button stands for, and end the waiting of whoever pressed it.

    Nobody knows buttons without a part: they are old, or forged.
    """
    word = _PARTS.get(press.data.partition(":")[0], _press_old)(ports, visit, press)
    try:
        ports.messenger.answer_press(press.press_id, word)
    except ProviderError:
        return
