"""What a person has to look at."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason with the facts that show it; values are texts fit for a page."""

    subject: Subject
    subject_id: str
    reason: Reason
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A finding as it stands on the list."""

    id: UUID
    finding: Finding
    opened_at: datetime
    closed_at: datetime | None
