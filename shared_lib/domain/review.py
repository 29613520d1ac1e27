"""What a person has to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class Subject(StrEnum):
    PAYMENT = "payment"
    ORDER = "order"
    INVITE = "invite"
    JOIN_REQUEST = "join_request"
    SHARE = "share"
    PAYOUT = "payout"
    SWAP = "swap"
    TRANSFER = "transfer"
    WALLET = "wallet"
    NOTICE = "notice"
    DEAD_LETTER = "dead_letter"
    MEMBERSHIP = "membership"
    CHANNEL = "channel"


class Reason(StrEnum):
    """Why money or access waits for a person."""

    UNKNOWN_ORDER = "unknown_order"
    PAID_IN_PART = "paid_in_part"
    REPEATED_DEPOSIT = "repeated_deposit"
    PAYER_BLOCKED = "payer_blocked"
    WRONG_ASSET = "wrong_asset"
    BAD_AMOUNT = "bad_amount"
    PROVIDER_DISAGREES = "provider_disagrees"
    REFUNDED_AFTER_FINISH = "refunded_after_finish"
    DEPOSIT_DIFFERS = "deposit_differs"
    DEPOSIT_COUNTED_TWICE = "deposit_counted_twice"
    FAILING_FOR_A_DAY = "failing_for_a_day"
    REFUSED_BY_PROVIDER = "refused_by_provider"
    OVERDUE = "overdue"
    TRANSFER_REFUSED = "transfer_refused"
    TRANSFER_REVERTED = "transfer_reverted"
    TRANSFER_MOVED_NOTHING = "transfer_moved_nothing"
    FOREIGN_NONCE = "foreign_nonce"
    NOTIONAL_TOO_HIGH = "notional_too_high"
    ECHO_DIFFERS = "echo_differs"
    SWAP_PAID_LESS = "swap_paid_less"
    SWAP_PAID_AGAIN = "swap_paid_again"
    REFUND_COUNTED_TWICE = "refund_counted_twice"
    DAY_CAP_REACHED = "day_cap_reached"
    BOOKS_DIFFER = "books_differ"
    CONVERSION_COUNTED_TWICE = "conversion_counted_twice"
    RETURNED_TOO_OFTEN = "returned_too_often"
    TOO_MANY_REMOVALS = "too_many_removals"


class Action(StrEnum):
    """What an operator can do about a finding: the use case of this name.

    Each looks again when it is done, and refuses what would do harm by then.
    """

    RELEASE_PAYMENT = "release_payment"
    REVERSE_PAYMENT = "reverse_payment"
    REFUND_PAYMENT = "refund_payment"
    RELEASE_CREDIT = "release_credit"
    MARK_PAYMENT = "mark_payment"
    RELEASE_PAYOUT = "release_payout"
    CANCEL_TRANSFER = "cancel_transfer"
    RELEASE_WALLET = "release_wallet"
    RECORD_TOP_UP = "record_top_up"
    FLIP_SWITCH = "flip_switch"
    RELEASE_REMOVALS = "release_removals"
    REPLAY_DEAD_LETTER = "replay_dead_letter"
    CLOSE_REVIEW_ITEM = "close_review_item"


_BOOKED = (Action.RELEASE_PAYMENT, Action.REVERSE_PAYMENT)
_UNBOOKED = (Action.RELEASE_PAYMENT, Action.MARK_PAYMENT)
_OF_A_PAYER = (Action.REFUND_PAYMENT, Action.RELEASE_CREDIT, Action.MARK_PAYMENT)
# What only stands still, or fails, is safe to touch by what it is.
_BY_SUBJECT: Mapping[Subject, tuple[Action, ...]] = MappingProxyType(
    {
        Subject.PAYMENT: (Action.RELEASE_PAYMENT,),
        Subject.PAYOUT: (Action.RELEASE_PAYOUT,),
        Subject.SWAP: (Action.RELEASE_PAYOUT,),
        Subject.TRANSFER: (Action.CANCEL_TRANSFER, Action.RELEASE_PAYOUT),
        Subject.DEAD_LETTER: (Action.REPLAY_DEAD_LETTER, Action.CLOSE_REVIEW_ITEM),
    }
)
# None: by what it is about. Nothing at all: it ends by itself once its cause is gone.
_BY_REASON: Mapping[Reason, tuple[Action, ...] | None] = MappingProxyType(
    {
        Reason.UNKNOWN_ORDER: _UNBOOKED,
        Reason.PAID_IN_PART: _OF_A_PAYER,
        Reason.REPEATED_DEPOSIT: _UNBOOKED,
        Reason.PAYER_BLOCKED: _OF_A_PAYER,
        Reason.WRONG_ASSET: _UNBOOKED,
        Reason.BAD_AMOUNT: _UNBOOKED,
        Reason.PROVIDER_DISAGREES: _BOOKED,
        Reason.REFUNDED_AFTER_FINISH: (Action.CLOSE_REVIEW_ITEM,),
        Reason.DEPOSIT_DIFFERS: _BOOKED,
        Reason.DEPOSIT_COUNTED_TWICE: _BOOKED,
        Reason.FAILING_FOR_A_DAY: None,
        Reason.REFUSED_BY_PROVIDER: None,
        Reason.OVERDUE: None,
        Reason.TRANSFER_REFUSED: (Action.RELEASE_PAYOUT, Action.RECORD_TOP_UP),
        Reason.TRANSFER_REVERTED: (Action.RELEASE_PAYOUT,),
        Reason.TRANSFER_MOVED_NOTHING: (Action.RELEASE_PAYOUT,),
        Reason.FOREIGN_NONCE: (Action.RELEASE_WALLET, Action.FLIP_SWITCH),
        Reason.NOTIONAL_TOO_HIGH: _BOOKED,
        Reason.ECHO_DIFFERS: (Action.RELEASE_PAYOUT,),
        Reason.SWAP_PAID_LESS: (Action.CLOSE_REVIEW_ITEM,),
        Reason.SWAP_PAID_AGAIN: (Action.CLOSE_REVIEW_ITEM,),
        Reason.REFUND_COUNTED_TWICE: (),
        Reason.DAY_CAP_REACHED: (Action.FLIP_SWITCH,),
        Reason.BOOKS_DIFFER: (Action.FLIP_SWITCH, Action.RECORD_TOP_UP),
        Reason.CONVERSION_COUNTED_TWICE: (),
        Reason.RETURNED_TOO_OFTEN: (Action.RELEASE_PAYOUT,),
        Reason.TOO_MANY_REMOVALS: (Action.RELEASE_REMOVALS, Action.FLIP_SWITCH),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason with the facts that show it; values are texts fit for a page."""

    subject: Subject
    subject_id: str
    reason: Reason
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """What an operator may try about it."""
        return safe_actions(self.subject, self.reason)


def safe_actions(subject: Subject, reason: Reason) -> tuple[Action, ...]:
    """What is safe to try about a subject for this reason; empty where it ends by itself."""
    of_reason = _BY_REASON[reason]
    return _BY_SUBJECT.get(subject, ()) if of_reason is None else of_reason


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A finding as it stands on the list."""

    id: UUID
    finding: Finding
    opened_at: datetime
    closed_at: datetime | None
