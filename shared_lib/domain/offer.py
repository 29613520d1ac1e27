"""What an owner sells: channels, their chats, tiers and the links that lead to them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.money import Asset, Money, format_usd

TITLE_MOST = 100
DESCRIPTION_MOST = 500
PRICE_CENTS_LEAST = 100
PRICE_CENTS_MOST = 999_999
DONATION_CENTS_LEAST = 499
DONATION_CENTS_MOST = PRICE_CENTS_MOST
DAYS_MOST = 999
TIERS_MOST = 3
THRESHOLD_CENTS_LEAST = 2_000
CHANNELS_PER_ACCOUNT_MOST = 10
# At most 52 significant bits: https://core.telegram.org/bots/api#user
USER_ID_MOST = 2**52 - 1
# A deep link's payload of this beginning opens the keypad for donations; the rest is a link's id.
DONATE = "donate_"
_OFFER_LINK = re.compile(r"[A-Za-z0-9_-]{22}")
_CHAT_IDS_FROM = -1_000_000_000_000
_CHAT_IDS_TO = -(2**63)


class Strategy(StrEnum):
    """How an owner is paid: each payment at once, or what was collected up to a threshold."""

    INSTANT = "instant"
    THRESHOLD = "threshold"


class ChatRole(StrEnum):
    """The open chat is for marketing; the closed one is what is sold."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Chat:
    chat_id: int
    role: ChatRole
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Tier:
    """`days` is None for access for life."""

    id: UUID
    channel_id: UUID
    position: int
    price_cents: int
    days: int | None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PayoutTarget:
    """Where an owner wants to be paid."""

    asset: Asset
    address: str
    memo: str | None


@dataclass(frozen=True, slots=True)
class Channel:
    """`fee_bps` is None where the deployment's own fee applies.

    `wants_payout`: all that is held goes out next, whatever the threshold says. Until `held_until`
    nothing goes out, because the wallet was changed and may not have been by its owner. Since
    `closing_at` nothing is sold; `closed_at` is when nothing was left to do. Until
    `removals_free_until` any number of people may be removed within a day.
    """

    id: UUID
    account_id: UUID
    strategy: Strategy
    threshold_cents: int | None
    target: PayoutTarget
    fee_bps: int | None
    wants_payout: bool = False
    held_until: datetime | None = None
    closing_at: datetime | None = None
    closed_at: datetime | None = None
    grace_days: int = 0
    removals_free_until: datetime | None = None

    @property
    def grace(self) -> timedelta:
        """How long people may stay inside after their access has ended."""
        return timedelta(days=self.grace_days)

    @property
    def is_closing(self) -> bool:
        """Whether its owner wants it closed, and nothing is sold any more."""
        return self.closing_at is not None

    def is_on_hold(self, now: datetime) -> bool:
        """Whether no payout may form yet."""
        return self.held_until is not None and now < self.held_until

    def pays(self, held: Money) -> bool:
        """Whether so many dollars held are paid out now; a USDT counts as a dollar."""
        if self.wants_payout or self.is_closing or self.threshold_cents is None:
            return held.base_units > 0
        cents: int = 10**held.asset.decimals // 100
        return held.base_units >= self.threshold_cents * cents


@dataclass(frozen=True, slots=True)
class LeftToDo:
    """How much keeps a channel from being closed: each is a number of people or rows.

    `members` have access now; `shares` are the owner's and have not left; `payments` may still
    come, or are kept for their payer.
    """

    members: int
    shares: int
    payments: int

    @property
    def is_nothing(self) -> bool:
        """Whether the channel can be closed now."""
        return not (self.members or self.shares or self.payments)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a deep link leads to, read from the database when it is opened."""

    link_id: str
    tier: Tier
    channel: Channel
    closed_chat: Chat


class ProblemCode(StrEnum):
    """Why a field is refused, for whoever says it in words of their own."""

    INVALID = "invalid"
    BELOW_LEAST = "below_least"
    RIGHTS = "rights"
    UNKNOWN_CHAT = "unknown_chat"
    NOT_THEIRS = "not_theirs"
    TAKEN = "taken"
    SAME_CHAT = "same_chat"
    SOLD = "sold"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Which field of a request breaks which rule; `right` is the one that the bot lacks."""

    field: str
    rule: str
    code: ProblemCode = ProblemCode.INVALID
    right: str | None = None


class InvalidFieldsError(ValueError):
    """A request breaks rules; each problem names its field."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__("; ".join(f"{one.field}: {one.rule}" for one in problems))
        self.problems = tuple(problems)


def is_offer_link(text: str) -> bool:
    """Whether a text has the form of an offer link's id."""
    return bool(_OFFER_LINK.fullmatch(text))


def chat_id_problem(field: str, chat_id: int) -> FieldProblem | None:
    """Channels and supergroups have ids of the form -100…; basic groups cannot be sold."""
    if _CHAT_IDS_TO <= chat_id < _CHAT_IDS_FROM and str(chat_id).startswith("-100"):
        return None
    return FieldProblem(field, "must be the id of a channel or supergroup, starting with -100")


def length_problem(field: str, text: str, least: int, most: int) -> FieldProblem | None:
    """Lengths are counted in Unicode code points, as PostgreSQL counts them."""
    if least <= len(text) <= most:
        return None
    return FieldProblem(field, f"must have {least} to {most} characters")


def threshold_problem(field: str, strategy: Strategy, cents: int | None) -> FieldProblem | None:
    """A threshold belongs to one of the strategies, and to no other."""
    if strategy is Strategy.INSTANT:
        rule = "must be empty for instant payouts"
        return None if cents is None else FieldProblem(field, rule)
    if cents is None or cents < THRESHOLD_CENTS_LEAST:
        return FieldProblem(field, f"must be at least {format_usd(THRESHOLD_CENTS_LEAST)}")
    return None


def tier_problems(field: str, price_cents: int, days: int | None) -> list[FieldProblem]:
    """Problems of one tier's price and days."""
    problems = []
    if not PRICE_CENTS_LEAST <= price_cents <= PRICE_CENTS_MOST:
        problems.append(FieldProblem(f"{field}.price_cents", "must be 1.00 to 9999.99 USD"))
    if days is not None and not 1 <= days <= DAYS_MOST:
        problems.append(FieldProblem(f"{field}.days", f"must be 1 to {DAYS_MOST}, or for life"))
    return problems
