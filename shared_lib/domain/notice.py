"""Something that one person is told, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.watch import Watch


class NoticeKind(StrEnum):
    """What is said; the words are in the messenger's texts."""

    WELCOME = "welcome"
    HELP = "help"
    OFFER_REFUSED = "offer_refused"
    INVOICE_READY = "invoice_ready"
    INVOICE_FAILED = "invoice_failed"
    PAYMENT_REVIEWED = "payment_reviewed"
    PAYMENT_ENDED = "payment_ended"
    ACCESS_EXTENDED = "access_extended"
    ACCESS_TAKEN = "access_taken"
    ACCESS_ENDS_SOON = "access_ends_soon"
    ACCESS_ENDED = "access_ended"
    ACCESS_STANDING = "access_standing"
    NO_ACCESS = "no_access"
    NOTHING_TO_RENEW = "nothing_to_renew"
    REMOVAL_FAILED = "removal_failed"
    REMOVALS_STOPPED = "removals_stopped"
    RIGHTS_LOST = "rights_lost"
    PAID_MORE = "paid_more"
    PAID_IN_PART = "paid_in_part"
    DAYS_FOR_PART = "days_for_part"
    REFUND_ASKED = "refund_asked"
    REFUNDED = "refunded"
    CHANNEL_CLOSED = "channel_closed"
    WALLET_CHANGED = "wallet_changed"
    DONATE_WHERE = "donate_where"
    KEYPAD = "keypad"
    DONATION_RECEIVED = "donation_received"
    POST_PAUSED = "post_paused"
    POST_UNSURE = "post_unsure"
    ORDER_STATUS = "order_status"
    WHY = "why"
    LANGUAGE_WHICH = "language_which"
    ZONE = "zone"
    CANCELLED = "cancelled"
    NOTHING_TO_CANCEL = "nothing_to_cancel"
    FORM_WHICH = "form_which"
    FORM = "form"
    LINK = "link"
    NEWS = "news"
    NEWS_OF_SALE = "news_of_sale"
    NEWS_OF_SENDING = "news_of_sending"
    NEWS_OF_SETTLING = "news_of_settling"


class NoticeState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"


NOTICE_EDGES = {
    NoticeState.PENDING: frozenset({NoticeState.SENT, NoticeState.UNDELIVERABLE}),
    NoticeState.SENT: frozenset[NoticeState](),
    NoticeState.UNDELIVERABLE: frozenset[NoticeState](),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """`key` says what happened, so that a repeated event repeats no message."""

    id: UUID
    key: str
    kind: NoticeKind
    telegram_user_id: int
    facts: Mapping[str, str | int | None]
    state: NoticeState
    created_at: datetime
    watch: Watch | None
