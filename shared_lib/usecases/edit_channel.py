"""Change everything about a channel that its owner can change, all at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from shared_lib.domain.broadcast import BroadcastKind, Showcase
from shared_lib.domain.offer import Chat, FieldProblem, ProblemCode, Tier
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.broadcasting import want, want_soon
from shared_lib.usecases.change_grace import apply_grace
from shared_lib.usecases.change_payout import PayoutTerms, apply_terms
from shared_lib.usecases.owning import audit_owner, require_owned
from shared_lib.usecases.register_channel import (
    InvalidChannelError,
    NewChannel,
    NewTier,
    add_tier,
    channel_problems,
    refuse_taken_chats,
)


class ChannelChangedError(ActionRefusedError):
    """The channel is not what the change was made for."""


@dataclass(frozen=True, slots=True)
class ChannelEdit:
    """What a channel shall be, and by which position each of its tiers is on sale.

    `stands` says whether the channel, as it is found, is the one that the change was made for.
    """

    wanted: NewChannel
    tiers: Mapping[int, NewTier]
    stands: Callable[[Showcase], bool]


def edit_channel(ports: Ports, channel_id: UUID, edit: ChannelEdit) -> None:
    """Check everything, then write everything that differs.

    Who has ordered keeps their terms. Money follows the new wallet as after `change_payout`. The
    offer is posted anew.

    Raises InvalidChannelError, ChannelChangedError where somebody else was faster, ProviderError,
    and ActionRefusedError where the channel is not the owner's, or is being closed.
    """
    with ports.database.transaction() as tx:
        seen = tx.channels.showcase(channel_id)
    wanted = _checked(ports, seen, edit)
    with ports.database.transaction() as tx:
        account_id = tx.people.lock_account_of(wanted.owner.id)
        channel = tx.channels.lock(channel_id)
        if account_id is None:
            raise ActionRefusedError("there is no such channel")
        channel = require_owned(channel, account_id)
        before = tx.channels.showcase(channel_id)
        if channel.is_closing:
            raise ActionRefusedError("nothing is changed of a channel that is being closed")
        if not edit.stands(before):
            raise ChannelChangedError("the channel was changed meanwhile")
        _save_chats(ports, tx, before, wanted)
        _save_tiers(ports, tx, before, edit.tiers)
        terms = PayoutTerms(wanted.strategy, wanted.threshold_cents, wanted.target)
        apply_grace(ports, tx, apply_terms(ports, tx, channel, terms), wanted.grace_days)
        audit_owner(ports, tx, account_id, "edit_channel", ("channel", str(channel_id)))


def _checked(ports: Ports, seen: Showcase, edit: ChannelEdit) -> NewChannel:
    """What is wanted, if what is new in it keeps the rules.

    What stays as it is kept them when it was saved, and keeps nothing else from being saved.
    """
    checked, problems = channel_problems(ports, edit.wanted)
    found = [one for one in problems if not _stays(seen, edit, one)]
    if found:
        raise InvalidChannelError(found)
    if edit.wanted.target == seen.channel.target:
        return replace(checked, target=seen.channel.target)
    return checked


def _stays(seen: Showcase, edit: ChannelEdit, problem: FieldProblem) -> bool:
    """Whether a problem is about something that is as it was."""
    channel, wanted = seen.channel, edit.wanted
    if problem.field.startswith("target"):
        return wanted.target == channel.target
    if problem.field in {"strategy", "threshold_cents"}:
        before = (channel.strategy, channel.threshold_cents)
        return (wanted.strategy, wanted.threshold_cents) == before
    found = _TIER.match(problem.field)
    if found is None:
        return False
    position = sorted(edit.tiers)[int(found[1])]
    terms = {one.tier.position: _terms(one.tier) for one in seen.on_sale}
    return terms.get(position) == edit.tiers[position]


_TIER = re.compile(r"tiers\[(\d+)\]")


# ---- chats ---------------------------------------------------------------------------------------


def _save_chats(ports: Ports, tx: Transaction, before: Showcase, wanted: NewChannel) -> None:
    channel_id = before.channel.id
    pairs = ((before.open_chat, wanted.open_chat), (before.closed_chat, wanted.closed_chat))
    moved = [after for was, after in pairs if was.chat_id != after.chat_id]
    refuse_taken_chats(tx, *moved)
    if wanted.closed_chat in moved and tx.channels.is_sold(channel_id):
        rule = "cannot be another one: it was sold"
        raise InvalidChannelError([FieldProblem("closed_chat.chat_id", rule, ProblemCode.SOLD)])
    for was, after in pairs:
        if was != after:
            tx.channels.save_chat(channel_id, after)
    _post_anew(ports, tx, channel_id, moved)


def _post_anew(ports: Ports, tx: Transaction, channel_id: UUID, moved: list[Chat]) -> None:
    """The offer, and what belongs into another chat now, where there is nothing of ours yet."""
    roles = {chat.role.value for chat in moved}
    for broadcast in tx.broadcasts.lock_of(channel_id):
        role = "open" if broadcast.kind is BroadcastKind.OFFER else "closed"
        if role in roles:
            want(tx, broadcast.taken_down(), ports.clock.now())
        elif broadcast.kind is BroadcastKind.OFFER:
            want_soon(tx, broadcast, ports.clock.now())


# ---- tiers ---------------------------------------------------------------------------------------


def _save_tiers(
    ports: Ports, tx: Transaction, before: Showcase, wanted: Mapping[int, NewTier]
) -> None:
    """Other terms are another tier: nobody is shown a price by a link that stood for another."""
    on_sale = {one.tier.position: one.tier for one in before.on_sale}
    stay = {position for position, tier in on_sale.items() if _terms(tier) == wanted.get(position)}
    for position in on_sale.keys() - stay:
        tx.channels.remove_tier(on_sale[position].id, ports.clock.now())
    for position in wanted.keys() - stay:
        add_tier(ports, tx, before.channel.id, position, wanted[position])


def _terms(tier: Tier) -> NewTier:
    return NewTier(tier.price_cents, tier.days)
