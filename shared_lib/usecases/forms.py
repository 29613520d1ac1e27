"""An owner's form as a draft: what a channel looks like in it, and how it is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared_lib.domain.broadcast import Showcase
from shared_lib.domain.form import DAYS, PRICES, Field, Form, Screen
from shared_lib.domain.money import format_cents
from shared_lib.domain.offer import Strategy
from shared_lib.ports import DraftKind, Ports


@dataclass(frozen=True, slots=True)
class DraftedForm:
    """A form, and the version of the draft that it was read from."""

    form: Form
    version: str


def read_form(ports: Ports, telegram_user_id: int) -> DraftedForm | None:
    """The form of a person, who has one at most; None where it has vanished or is over."""
    draft = ports.drafts.get(DraftKind.FORM, telegram_user_id)
    return None if draft is None else DraftedForm(form_from(draft.content), draft.version)


def write_form(ports: Ports, telegram_user_id: int, form: Form, before: DraftedForm | None) -> None:
    """Keep a form in place of the one that was read, or of whatever there is.

    Raises DraftChangedError where it was changed since.
    """
    version = None if before is None else before.version
    ports.drafts.put(DraftKind.FORM, telegram_user_id, content_of(form), version)


def drop_form(ports: Ports, telegram_user_id: int, before: DraftedForm) -> None:
    """The form is over. Raises DraftChangedError where it was changed since."""
    ports.drafts.delete(DraftKind.FORM, telegram_user_id, before.version)


def form_of(showcase: Showcase, session: str) -> Form:
    """The form of a channel as it is."""
    opened = _filled(showcase, session)
    return replace(opened, base=fingerprint(opened))


def _filled(showcase: Showcase, session: str) -> Form:
    channel, tiers = showcase.channel, [one.tier for one in showcase.on_sale]
    values = {
        Field.OPEN_ID: str(showcase.open_chat.chat_id),
        Field.OPEN_TITLE: showcase.open_chat.title,
        Field.OPEN_DESCRIPTION: showcase.open_chat.description,
        Field.CLOSED_ID: str(showcase.closed_chat.chat_id),
        Field.CLOSED_TITLE: showcase.closed_chat.title,
        Field.CLOSED_DESCRIPTION: showcase.closed_chat.description,
        Field.ADDRESS: channel.target.address,
        Field.MEMO: channel.target.memo or "",
        Field.GRACE: str(channel.grace_days),
        **{PRICES[one.position - 1]: format_cents(one.price_cents) for one in tiers},
        **{DAYS[one.position - 1]: str(one.days) if one.days else "" for one in tiers},
    }
    if channel.threshold_cents is not None:
        values[Field.THRESHOLD] = format_cents(channel.threshold_cents)
    return Form(
        session=session,
        channel_id=channel.id,
        values=values,
        on=frozenset(one.position for one in tiers),
        coin=channel.target.asset.id,
        network=channel.target.asset.network,
        strategy=channel.strategy,
    )


def fingerprint(form: Form) -> str:
    """What tells whether two forms say the same of a channel, whatever is shown of them."""
    counted = {one: value for one, value in form.values.items() if value and _counts(form, one)}
    facts = [sorted(counted.items()), sorted(form.on), form.coin, form.strategy.value]
    return sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _counts(form: Form, name: Field) -> bool:
    """What is typed for a tier that is off, or for a threshold where there is none, is nothing.

    No days of grace are nothing too.
    """
    if name is Field.GRACE:
        return form.value(name) != "0"
    if name is Field.THRESHOLD:
        return form.strategy is Strategy.THRESHOLD
    for names in (PRICES, DAYS):
        if name in names:
            return names.index(name) + 1 in form.on
    return True


# ---- as a document -------------------------------------------------------------------------------


def content_of(form: Form) -> Mapping[str, Any]:
    """The form as plain data."""
    return {
        "session": form.session,
        "channel_id": str(form.channel_id),
        "base": form.base,
        "values": {name.value: value for name, value in form.values.items()},
        "on": sorted(form.on),
        "coin": form.coin,
        "network": form.network,
        "strategy": form.strategy.value,
        "screen": form.screen.value,
        "awaits": None if form.awaits is None else form.awaits.value,
        "presses": list(form.presses),
    }


def form_from(content: Mapping[str, Any]) -> Form:
    """The form that was kept as plain data."""
    return Form(
        session=content["session"],
        channel_id=UUID(content["channel_id"]),
        base=content["base"],
        values={Field(name): value for name, value in content["values"].items()},
        on=frozenset(content["on"]),
        coin=content["coin"],
        network=content["network"],
        strategy=Strategy(content["strategy"]),
        screen=Screen(content["screen"]),
        awaits=None if content["awaits"] is None else Field(content["awaits"]),
        presses=tuple(content["presses"]),
    )
