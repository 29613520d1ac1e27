"""Save everything that an owner's form says at once, or say what keeps it from being saved."""

import re
from collections.abc import Callable, Mapping

from shared_lib.domain.broadcast import Showcase
from shared_lib.domain.currency import asset_of
from shared_lib.domain.form import DAYS, PRICES, Field, Form, cents_of
from shared_lib.domain.offer import (
    CHANNELS_PER_ACCOUNT_MOST,
    Chat,
    ChatRole,
    FieldProblem,
    PayoutTarget,
    ProblemCode,
    Strategy,
)
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.ports import PermanentError, Person, Ports, Presence
from shared_lib.usecases.edit_channel import ChannelChangedError, ChannelEdit, edit_channel
from shared_lib.usecases.form_messages import ask, label
from shared_lib.usecases.forms import fingerprint, form_of
from shared_lib.usecases.messages import rights_in_words
from shared_lib.usecases.register_channel import (
    InvalidChannelError,
    NewChannel,
    NewTier,
    channel_problems,
    register_channel,
)
from shared_lib.usecases.words.phrases import Phrase
from shared_lib.usecases.words.speech import Speech

_TIER = re.compile(r"tiers\[(\d+)\]\.(price_cents|days)")


def save_form(ports: Ports, owner: Person, form: Form, speech: Speech) -> list[str]:
    """Write what the form says; what keeps it from being written, as paragraphs of markup.

    Saving again what was saved changes nothing. Raises ProviderError.
    """
    missing = _missing(form, speech)
    if missing:
        return missing
    try:
        _write(ports, owner, form)
    except InvalidChannelError as error:
        return _in_words(ports, form, error.problems, speech)
    except ChannelChangedError:
        return [speech.say(Phrase.PROBLEM_CHANGED)]
    except ActionRefusedError:
        return [speech.say(Phrase.PROBLEM_CLOSING)]
    return []


def _write(ports: Ports, owner: Person, form: Form) -> None:
    wanted = _wanted(owner, form)
    with ports.database.transaction() as tx:
        is_there = tx.channels.get(form.channel_id) is not None
        seen = tx.channels.showcase(form.channel_id) if is_there else None
        is_theirs = form.channel_id in {one for one, _ in tx.channels.owned_by(owner.id)}
    if seen is not None and is_theirs and _says(form, seen):
        return
    _require_theirs(ports, wanted, seen)
    if form.is_new and seen is None:
        register_channel(ports, wanted, form.channel_id)
        return
    edit = ChannelEdit(wanted, _tiers(form), _stands(form))
    edit_channel(ports, form.channel_id, edit)


def _require_theirs(ports: Ports, wanted: NewChannel, seen: Showcase | None) -> None:
    """Nobody sells a chat that somebody else has made the bot an administrator of.

    Raises InvalidChannelError for chats that are new here and that the owner does not run.
    """
    known = set() if seen is None else {seen.open_chat.chat_id, seen.closed_chat.chat_id}
    fresh = [one for one in (wanted.open_chat, wanted.closed_chat) if one.chat_id not in known]
    problems = [
        FieldProblem(f"{chat.role}_chat.chat_id", "is run by others", ProblemCode.NOT_THEIRS)
        for chat in fresh
        if not _runs(ports, wanted.owner, chat)
    ]
    if problems:
        raise InvalidChannelError([*problems, *channel_problems(ports, wanted)[1]])


def _runs(ports: Ports, owner: Person, chat: Chat) -> bool:
    """Whether somebody is the creator or an administrator of a chat.

    Where the bot is not, nobody can tell; what it lacks is then found by itself.
    """
    try:
        return ports.messenger.presence(chat.chat_id, owner.id) is Presence.PROTECTED
    except PermanentError:
        return True


def _says(form: Form, showcase: Showcase) -> bool:
    return fingerprint(form) == form_of(showcase, form.session).base


def _stands(form: Form) -> Callable[[Showcase], bool]:
    return lambda found: form_of(found, form.session).base == form.base


# ---- what the form says --------------------------------------------------------------------------


def _wanted(owner: Person, form: Form) -> NewChannel:
    is_collecting = form.strategy is Strategy.THRESHOLD
    return NewChannel(
        owner=owner,
        open_chat=_chat(
            form, ChatRole.OPEN, Field.OPEN_ID, Field.OPEN_TITLE, Field.OPEN_DESCRIPTION
        ),
        closed_chat=_chat(
            form, ChatRole.CLOSED, Field.CLOSED_ID, Field.CLOSED_TITLE, Field.CLOSED_DESCRIPTION
        ),
        tiers=tuple(_tiers(form).values()),
        strategy=form.strategy,
        threshold_cents=cents_of(form.value(Field.THRESHOLD)) if is_collecting else None,
        target=PayoutTarget(
            asset_of(form.coin or ""), form.value(Field.ADDRESS), form.value(Field.MEMO) or None
        ),
        grace_days=int(form.value(Field.GRACE) or 0),
    )


def _chat(form: Form, role: ChatRole, chat_id: Field, title: Field, description: Field) -> Chat:
    return Chat(int(form.value(chat_id)), role, form.value(title), form.value(description))


def _tiers(form: Form) -> Mapping[int, NewTier]:
    found = {}
    for position in sorted(form.on):
        days = form.value(DAYS[position - 1])
        price = cents_of(form.value(PRICES[position - 1])) or 0
        found[position] = NewTier(price, int(days) if days else None)
    return found


# ---- what is wrong with it -----------------------------------------------------------------------


def _missing(form: Form, speech: Speech) -> list[str]:
    """Everything that has to be filled in and is not."""
    needed = [Field.OPEN_ID, Field.OPEN_TITLE, Field.CLOSED_ID, Field.CLOSED_TITLE]
    needed += [PRICES[position - 1] for position in sorted(form.on)]
    needed += [Field.THRESHOLD] if form.strategy is Strategy.THRESHOLD else []
    found = [] if form.on else [speech.say(Phrase.PROBLEM_TIERS)]
    found += [] if form.coin else [speech.say(Phrase.PROBLEM_COIN)]
    empty = [one for one in (*needed, Field.ADDRESS) if not form.value(one)]
    return [*found, *(_asked(one, speech) for one in empty)]


def _asked(name: Field, speech: Speech) -> str:
    return speech.say(Phrase.FORM_BOLD, words=label(name, speech)) + "\n" + ask(name, speech)


def _in_words(
    ports: Ports, form: Form, problems: tuple[FieldProblem, ...], speech: Speech
) -> list[str]:
    """Each problem once: the rights that a chat lacks are one of them."""
    rights: dict[str, list[str]] = {}
    for one in problems:
        if one.right is not None:
            rights.setdefault(one.field, []).append(one.right)
    said = [
        _problem(ports, form, one, speech)
        if one.right is None
        else _lacking(form, one.field, rights[one.field], speech)
        for one in problems
    ]
    return list(dict.fromkeys(said))


def _is_open(field: str) -> bool:
    return field.startswith("open_chat")


def _problem(ports: Ports, form: Form, problem: FieldProblem, speech: Speech) -> str:
    if problem.code is ProblemCode.INVALID:
        return _invalid(form, problem.field, speech)
    phrase = _SAID[problem.code]
    if problem.code is ProblemCode.UNAVAILABLE and problem.field == "strategy":
        phrase = Phrase.PROBLEM_USDT
    return speech.say(
        phrase,
        chat_id=form.value(Field.OPEN_ID if _is_open(problem.field) else Field.CLOSED_ID),
        least=speech.usd(ports.policy.price_cents_least),
        most=CHANNELS_PER_ACCOUNT_MOST,
    )


_SAID = {
    ProblemCode.TAKEN: Phrase.PROBLEM_TAKEN,
    ProblemCode.NOT_THEIRS: Phrase.PROBLEM_NOT_THEIRS,
    ProblemCode.UNKNOWN_CHAT: Phrase.PROBLEM_CHAT_UNKNOWN,
    ProblemCode.SAME_CHAT: Phrase.PROBLEM_SAME_CHAT,
    ProblemCode.SOLD: Phrase.PROBLEM_SOLD,
    ProblemCode.TOO_MANY: Phrase.PROBLEM_TOO_MANY,
    ProblemCode.BELOW_LEAST: Phrase.PROBLEM_PRICE_LEAST,
    ProblemCode.UNAVAILABLE: Phrase.PROBLEM_COIN,
}


def _lacking(form: Form, field: str, rights: list[str], speech: Speech) -> str:
    """What the bot lacks in a chat, and how to grant it."""
    title = form.value(Field.OPEN_TITLE if _is_open(field) else Field.CLOSED_TITLE)
    missing = rights_in_words(rights, speech)
    return speech.say(Phrase.RIGHTS_LOST, channel=title, missing=missing)


_FIELDS = {
    "open_chat.chat_id": Field.OPEN_ID,
    "open_chat.title": Field.OPEN_TITLE,
    "open_chat.description": Field.OPEN_DESCRIPTION,
    "closed_chat.chat_id": Field.CLOSED_ID,
    "closed_chat.title": Field.CLOSED_TITLE,
    "closed_chat.description": Field.CLOSED_DESCRIPTION,
    "threshold_cents": Field.THRESHOLD,
    "grace_days": Field.GRACE,
}


def _invalid(form: Form, field: str, speech: Speech) -> str:
    asset = asset_of(form.coin or "")
    of_wallet = {"target.address": Phrase.PROBLEM_ADDRESS, "target.memo": Phrase.PROBLEM_MEMO}
    if field in of_wallet:
        coin = {"coin": asset.ticker.upper(), "network": asset.network.upper()}
        return speech.say(of_wallet[field], **coin)
    found = _TIER.fullmatch(field)
    if found is not None:
        position = sorted(form.on)[int(found[1])]
        return _asked((PRICES if found[2] == "price_cents" else DAYS)[position - 1], speech)
    return _asked(_FIELDS[field], speech)
