"""Register what an owner sells: two chats, tiers, and where the money goes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from shared_lib.domain.membership import GRACE_DAYS_MOST
from shared_lib.domain.money import format_usd
from shared_lib.domain.offer import (
    CHANNELS_PER_ACCOUNT_MOST,
    DESCRIPTION_MOST,
    TIERS_MOST,
    TITLE_MOST,
    Channel,
    Chat,
    FieldProblem,
    InvalidFieldsError,
    PayoutTarget,
    ProblemCode,
    Strategy,
    Tier,
    chat_id_problem,
    length_problem,
    tier_problems,
)
from shared_lib.ports import ChatMovedError, PermanentError, Person, Ports, Transaction
from shared_lib.usecases.broadcasting import begin_broadcasts
from shared_lib.usecases.checking_payout import checked_target, strategy_problem

# What the bot must be allowed to do, in the Bot API's own names.
RIGHTS_IN_OPEN_CHAT = ("can_post_messages",)
RIGHTS_IN_CLOSED_CHAT = ("can_invite_users", "can_restrict_members")


@dataclass(frozen=True, slots=True)
class NewTier:
    price_cents: int
    days: int | None


@dataclass(frozen=True, slots=True)
class NewChannel:
    """What an owner asks for; prices in US cents, `days` None for life."""

    owner: Person
    open_chat: Chat
    closed_chat: Chat
    tiers: Sequence[NewTier]
    strategy: Strategy
    threshold_cents: int | None
    target: PayoutTarget
    grace_days: int = 0


@dataclass(frozen=True, slots=True)
class RegisteredChannel:
    """`offer_links` are the ids for deep links, in the order of the tiers."""

    channel_id: UUID
    offer_links: tuple[str, ...]


class InvalidChannelError(InvalidFieldsError):
    """What is said of a channel breaks rules."""


def register_channel(
    ports: Ports, new: NewChannel, channel_id: UUID | None = None
) -> RegisteredChannel:
    """Check everything, then write everything. Raises InvalidChannelError, ProviderError.

    `channel_id` is the id that the channel shall have, where it was promised one.
    """
    new, problems = channel_problems(ports, new)
    if problems:
        raise InvalidChannelError(problems)
    with ports.database.transaction() as tx:
        return _write(ports, tx, new, channel_id or ports.ids.new())


def channel_problems(ports: Ports, new: NewChannel) -> tuple[NewChannel, list[FieldProblem]]:
    """What is asked for, with its address in the form that is stored, and what is wrong with it.

    Also asks Telegram what the bot may do in both chats. Raises ProviderError.
    """
    target, target_problems = checked_target(ports, new.target)
    problems = [*_form_problems(ports, new), *target_problems, *_right_problems(ports, new)]
    return replace(new, target=target), problems


def _form_problems(ports: Ports, new: NewChannel) -> list[FieldProblem]:
    found = [
        chat_id_problem("open_chat.chat_id", new.open_chat.chat_id),
        chat_id_problem("closed_chat.chat_id", new.closed_chat.chat_id),
        *_text_problems("open_chat", new.open_chat),
        *_text_problems("closed_chat", new.closed_chat),
        strategy_problem(ports, new.strategy, new.threshold_cents),
    ]
    if new.open_chat.chat_id == new.closed_chat.chat_id:
        rule = "must differ from the open chat"
        found.append(FieldProblem("closed_chat.chat_id", rule, ProblemCode.SAME_CHAT))
    if not 0 <= new.grace_days <= GRACE_DAYS_MOST:
        found.append(FieldProblem("grace_days", f"must be 0 to {GRACE_DAYS_MOST}"))
    return [*(one for one in found if one is not None), *_tiers_problems(ports, new)]


def _text_problems(field: str, chat: Chat) -> list[FieldProblem | None]:
    return [
        length_problem(f"{field}.title", chat.title, 1, TITLE_MOST),
        length_problem(f"{field}.description", chat.description, 0, DESCRIPTION_MOST),
    ]


def _tiers_problems(ports: Ports, new: NewChannel) -> list[FieldProblem]:
    if not 1 <= len(new.tiers) <= TIERS_MOST:
        return [FieldProblem("tiers", f"must be 1 to {TIERS_MOST}")]
    least = ports.policy.price_cents_least
    problems = []
    for index, tier in enumerate(new.tiers):
        problems += tier_problems(f"tiers[{index}]", tier.price_cents, tier.days)
        if tier.price_cents < least:
            rule = f"must be at least {format_usd(least)} here"
            field = f"tiers[{index}].price_cents"
            problems.append(FieldProblem(field, rule, ProblemCode.BELOW_LEAST))
    return problems


def _right_problems(ports: Ports, new: NewChannel) -> list[FieldProblem]:
    return [
        *_lacking(ports, new.open_chat, RIGHTS_IN_OPEN_CHAT),
        *_lacking(ports, new.closed_chat, RIGHTS_IN_CLOSED_CHAT),
    ]


def _lacking(ports: Ports, chat: Chat, needed: Sequence[str]) -> list[FieldProblem]:
    """What the bot lacks in a chat; a chat whose id breaks the rules is not asked about."""
    field = f"{chat.role}_chat.chat_id"
    if chat_id_problem(field, chat.chat_id) is not None:
        return []
    try:
        missing = ports.messenger.missing_rights(chat.chat_id, needed)
    except (PermanentError, ChatMovedError):
        rule = "is not a chat that Telegram shows to the bot"
        return [FieldProblem(field, rule, ProblemCode.UNKNOWN_CHAT)]
    return [
        FieldProblem(field, f"the bot lacks the right {right} there", ProblemCode.RIGHTS, right)
        for right in missing
    ]


# ---- writing -------------------------------------------------------------------------------------


def _write(ports: Ports, tx: Transaction, new: NewChannel, channel_id: UUID) -> RegisteredChannel:
    now = ports.clock.now()
    account_id = _account(ports, tx, new.owner)
    _refuse_taken(tx, new, account_id)
    channel = Channel(
        id=channel_id,
        account_id=account_id,
        strategy=new.strategy,
        threshold_cents=new.threshold_cents,
        target=new.target,
        fee_bps=None,
        grace_days=new.grace_days,
    )
    tx.channels.add(channel, (new.open_chat, new.closed_chat), now)
    links = tuple(
        add_tier(ports, tx, channel.id, position, tier)
        for position, tier in enumerate(new.tiers, start=1)
    )
    begin_broadcasts(ports, tx, channel.id)
    actor = f"telegram:{new.owner.id}"
    tx.delivery.audit(actor, "register_channel", ("channel", str(channel.id)), {}, now)
    return RegisteredChannel(channel.id, links)


def _account(ports: Ports, tx: Transaction, owner: Person) -> UUID:
    """The owner's account, which may begin in Telegram alone."""
    now = ports.clock.now()
    tx.people.seen(owner, now)
    known = tx.people.lock_account_of(owner.id)
    if known is not None:
        return known
    account_id = ports.ids.new()
    tx.people.add_account(account_id, owner.id, now)
    return account_id


def _refuse_taken(tx: Transaction, new: NewChannel, account_id: UUID) -> None:
    if tx.channels.count(account_id) >= CHANNELS_PER_ACCOUNT_MOST:
        rule = f"an account has at most {CHANNELS_PER_ACCOUNT_MOST} channels"
        raise InvalidChannelError([FieldProblem("owner", rule, ProblemCode.TOO_MANY)])
    refuse_taken_chats(tx, new.open_chat, new.closed_chat)


def refuse_taken_chats(tx: Transaction, *chats: Chat) -> None:
    """Raise InvalidChannelError for those that belong to a channel already."""
    taken = tx.channels.taken_chats([chat.chat_id for chat in chats])
    problems = [
        FieldProblem(f"{chat.role}_chat.chat_id", "is registered already", ProblemCode.TAKEN)
        for chat in chats
        if chat.chat_id in taken
    ]
    if problems:
        raise InvalidChannelError(problems)


def add_tier(ports: Ports, tx: Transaction, channel_id: UUID, position: int, new: NewTier) -> str:
    """Put another tier on sale; the id of its offer link."""
    now = ports.clock.now()
    tier = Tier(ports.ids.new(), channel_id, position, new.price_cents, new.days)
    tx.channels.add_tier(tier, now)
    link_id = ports.ids.offer_link()
    tx.channels.add_offer_link(link_id, tier.id, now)
    return link_id
