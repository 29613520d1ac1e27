"""An owner's form in the bot: opened by /database, filled in by keys and texts, saved at once.

What was filled in is a draft of the person, which may vanish; nothing else knows of it before
everything is saved.
"""

import json
from collections.abc import Mapping
from uuid import UUID

from shared_lib.domain.form import (
    CHAT_IDS,
    Field,
    Form,
    RefusedInputError,
    UnknownPressError,
    pressed,
    typed,
)
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.update import Press, Say
from shared_lib.ports import DraftChangedError, Ports, ProviderError, Transaction
from shared_lib.usecases.form_messages import (
    CANCEL,
    NEW,
    OPEN,
    SAVE,
    form_message,
    form_over_message,
    form_saved_message,
)
from shared_lib.usecases.forms import (
    DraftedForm,
    content_of,
    drop_form,
    form_of,
    read_form,
    write_form,
)
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.pressed import Pressed
from shared_lib.usecases.saving_form import save_form
from shared_lib.usecases.speaking import speech_for
from shared_lib.usecases.telling import tell
from shared_lib.usecases.words.phrases import Phrase

_SESSION_CHARACTERS = 8


# ---- opening -------------------------------------------------------------------------------------


def choose_form(ports: Ports, visit: Visit) -> None:
    """Show a person the channels that are theirs, how to create one, and what they have begun."""
    begun = _begun(ports, visit.person.id)
    with ports.database.transaction() as tx:
        if tx.delivery.first_time(visit.key, visit.now):
            tx.people.seen(visit.person, visit.now)
            _offer_forms(ports, tx, visit, begun)


def _offer_forms(ports: Ports, tx: Transaction, visit: Visit, begun: str | None) -> None:
    facts: dict[str, str | int | None] = {"begun": begun}
    for number, (channel_id, title) in enumerate(tx.channels.owned_by(visit.person.id), start=1):
        facts |= {f"channel_{number}": channel_id.hex, f"title_{number}": title}
    tell(ports, tx, visit.person.id, NoticeKind.FORM_WHICH, visit.key, facts)


def _begun(ports: Ports, telegram_user_id: int) -> str | None:
    """The session of a form that is open still, as far as that can be told now."""
    try:
        drafted = read_form(ports, telegram_user_id)
    except ProviderError:
        return None
    return None if drafted is None else drafted.form.session


def press_form(ports: Ports, visit: Visit, press: Press) -> str | None:
    """Do what a key of the form stands for; the word that answers the press, if there is one."""
    with ports.database.transaction() as tx:
        tx.people.seen(visit.person, visit.now)
        at = Pressed(visit, press, speech_for(ports, tx, visit.person.id))
    _, session, act, word = (*press.data.split(":", 3), "", "", "")[:4]
    try:
        answer = _press(ports, at, session, (act, word))
    except UnknownPressError:
        answer = Phrase.PRESS_OLD
    except (DraftChangedError, ProviderError):
        answer = Phrase.PRESS_FORM_AGAIN
    return None if answer is None else at.speech.plain(answer)


def _press(ports: Ports, at: Pressed, session: str, key: tuple[str, str]) -> Phrase | None:
    if session == NEW:
        _begin(ports, at, Form(_session(ports), ports.ids.new()))
        return None
    if session == OPEN:
        return _open(ports, at, key[0])
    drafted = read_form(ports, at.visit.person.id)
    if drafted is None or drafted.form.session != session:
        at.show(ports, form_over_message(at.speech))
        return Phrase.PRESS_FORM_OVER
    return _pressed(ports, at, drafted, key)


def _session(ports: Ports) -> str:
    return ports.ids.new().hex[-_SESSION_CHARACTERS:]


def _open(ports: Ports, at: Pressed, channel_id: str) -> Phrase | None:
    """The form of a channel that is the person's; of others' nobody sees anything."""
    with ports.database.transaction() as tx:
        theirs = {known.hex for known, _ in tx.channels.owned_by(at.visit.person.id)}
        if channel_id not in theirs:
            return Phrase.PRESS_OLD
        showcase = tx.channels.showcase(UUID(hex=channel_id))
    _begin(ports, at, form_of(showcase, _session(ports)))
    return None


def _begin(ports: Ports, at: Pressed, form: Form) -> None:
    """An earlier form of this person is over."""
    write_form(ports, at.visit.person.id, form, None)
    at.show(ports, form_message(form, at.speech))


# ---- keys ----------------------------------------------------------------------------------------


def _pressed(
    ports: Ports, at: Pressed, drafted: DraftedForm, key: tuple[str, str]
) -> Phrase | None:
    act, word = key
    if act == CANCEL:
        drop_form(ports, at.visit.person.id, drafted)
        at.show(ports, form_over_message(at.speech))
        return None
    if act == SAVE:
        _save(ports, at, drafted)
        return None
    form = drafted.form
    if at.press.press_id not in form.presses:
        form = pressed(form, act, word).counted(at.press.press_id)
        write_form(ports, at.visit.person.id, form, drafted)
    at.show(ports, form_message(form, at.speech))
    return None


def _save(ports: Ports, at: Pressed, drafted: DraftedForm) -> None:
    """Whoever dies after it was written finds it written, and saves nothing a second time."""
    form = drafted.form
    problems = save_form(ports, at.visit.person, form, at.speech)
    if problems:
        notes = [at.speech.say(Phrase.FORM_NOT_SAVED), *problems]
        at.show(ports, form_message(form, at.speech, notes))
        return
    at.show(ports, form_saved_message(form.value(Field.CLOSED_TITLE), at.speech))
    drop_form(ports, at.visit.person.id, drafted)


# ---- texts ---------------------------------------------------------------------------------------


def type_into_form(ports: Ports, visit: Visit, said: Say) -> bool:
    """Put what somebody said into the field that their form awaits; False where none does.

    The form comes again as a message below. A secret is kept nowhere.
    """
    try:
        drafted = read_form(ports, visit.person.id)
        if drafted is None:
            return False
        if visit.key in drafted.form.presses:
            _show_below(ports, visit, drafted.form, None)
            return True
        if drafted.form.awaits is None:
            return False
        form, note = _typed(drafted.form, said)
        counted = form.counted(visit.key)
        _keep(ports, visit, counted, drafted)
    except (DraftChangedError, ProviderError):
        return False
    _show_below(ports, visit, counted, note)
    return True


def _keep(ports: Ports, visit: Visit, counted: Form, drafted: DraftedForm) -> None:
    """Write the draft; that it was written shows in it, also where the answer was lost."""
    try:
        write_form(ports, visit.person.id, counted, drafted)
    except ProviderError:
        found = read_form(ports, visit.person.id)
        if found is None or visit.key not in found.form.presses:
            raise


def _typed(form: Form, said: Say) -> tuple[Form, Phrase | None]:
    """The form after a text, and what is to be said about the text, if it was refused."""
    is_forwarded = said.forwarded_from is not None and form.awaits in CHAT_IDS
    text = str(said.forwarded_from) if is_forwarded else said.text
    try:
        return typed(form, text), None
    except RefusedInputError as refused:
        return form, Phrase.FORM_SECRET if refused.is_secret else Phrase.FORM_REFUSED


def _show_below(ports: Ports, visit: Visit, form: Form, note: Phrase | None) -> None:
    facts: Mapping[str, str | None] = {
        "form": json.dumps(content_of(form)),
        "note": None if note is None else note.value,
    }
    with ports.database.transaction() as tx:
        tx.people.seen(visit.person, visit.now)
        if tx.delivery.first_time(visit.key, visit.now):
            tell(ports, tx, visit.person.id, NoticeKind.FORM, visit.key, facts)
