"""In which language, and at whose time, somebody is spoken to; and what they choose of both."""

from dataclasses import replace

from shared_lib.domain.language import Language, Manners, zone_named
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.update import Press
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.messages import LANGUAGE_OF_APP, language_set_message
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.rates import show_again
from shared_lib.usecases.telling import tell
from shared_lib.usecases.words.phrases import Phrase
from shared_lib.usecases.words.speech import Speech, speech_of

_UTC = "UTC"


def speech_for(ports: Ports, tx: Transaction, telegram_user_id: int | None) -> Speech:
    """How this person is spoken to now; whoever is nobody to us, in English and UTC."""
    manners = Manners() if telegram_user_id is None else tx.people.manners(telegram_user_id)
    return speech_of(manners, ports.clock.now())


def speech_with(ports: Ports, telegram_user_id: int) -> Speech:
    """The same, for somebody who is answered outside of a transaction."""
    with ports.database.transaction() as tx:
        return speech_for(ports, tx, telegram_user_id)


def press_language(ports: Ports, visit: Visit, press: Press) -> str | None:
    """Speak the language of a button from now on; the word that answers the press, if any."""
    _, _, word = press.data.partition(":")
    if word != LANGUAGE_OF_APP and word not in set(Language):
        return speech_with(ports, visit.person.id).plain(Phrase.PRESS_OLD)
    chosen = None if word == LANGUAGE_OF_APP else Language(word)
    with ports.database.transaction() as tx:
        tx.people.seen(visit.person, visit.now)
        manners = tx.people.manners(visit.person.id)
        tx.people.save_manners(visit.person.id, replace(manners, language=chosen), visit.now)
        speech = speech_for(ports, tx, visit.person.id)
    show_again(ports, visit.person.id, press.message_id, language_set_message(speech))
    return None


def set_time_zone(ports: Ports, tx: Transaction, visit: Visit, name: str) -> None:
    """Show times in this zone from now on, or say how a zone is named."""
    facts: dict[str, str | int | None] = {"zone": name or None}
    if name and name.upper() != _UTC and zone_named(name) is None:
        facts["is_unknown"] = 1
    elif name:
        chosen = None if name.upper() == _UTC else name
        manners = replace(tx.people.manners(visit.person.id), time_zone=chosen)
        tx.people.save_manners(visit.person.id, manners, visit.now)
    tell(ports, tx, visit.person.id, NoticeKind.ZONE, visit.key, facts)
