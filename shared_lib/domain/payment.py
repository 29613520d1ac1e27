"""A payment as the provider reports it, and what follows from its reports.

Reports arrive repeated and in any order. The statuses are therefore ranked, and a payment's status
is the highest that was ever reported: the same reports in any order lead to the same payment.
Source of the statuses: NOWPayments' API documentation, "payment statuses".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from shared_lib.domain.money import Money
from shared_lib.domain.review import Reason
from shared_lib.domain.watch import Watch


class PaymentStatus(StrEnum):
    """The provider's statuses from the lowest rank to the highest, then our own *review*."""

    WAITING = "waiting"
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    SENDING = "sending"
    EXPIRED = "expired"
    FAILED = "failed"
    PARTIALLY_PAID = "partially_paid"
    FINISHED = "finished"
    REFUNDED = "refunded"
    REVIEW = "review"

    @property
    def rank(self) -> int:
        """Later reports win only if they rank higher: `expired` may become `finished`."""
        return _RANKS[self]

    @property
    def is_under_way(self) -> bool:
        """The provider is still expected to say something."""
        return self in UNDER_WAY

    @property
    def is_paid(self) -> bool:
        """Money came, in full or in part, and nobody has said that it went back or is in doubt."""
        return self in (PaymentStatus.PARTIALLY_PAID, PaymentStatus.FINISHED)


_RANKS = {status: rank for rank, status in enumerate(PaymentStatus)}
UNDER_WAY = frozenset(
    {
        PaymentStatus.WAITING,
        PaymentStatus.CONFIRMING,
        PaymentStatus.CONFIRMED,
        PaymentStatus.SENDING,
    }
)
# The edges that the ranking allows, in the form of the other machines. No report leads out of
# *review*: a person does, back to what the payment was (`Payment.released`) or to its end.
PAYMENT_EDGES = {
    before: frozenset(after for after in PaymentStatus if after.rank > before.rank)
    for before in PaymentStatus
}
# What an operator may accept of a payment whose money is in the books, after looking at it.
ACCEPTABLE = frozenset(
    {Reason.PROVIDER_DISAGREES, Reason.DEPOSIT_DIFFERS, Reason.NOTIONAL_TOO_HIGH}
)


class EventSource(StrEnum):
    """Where a report came from: a signed callback, or our own question."""

    CALLBACK = "callback"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class Report:
    """What one callback or answer says. Amounts are texts, exactly as the provider wrote them.

    `status` keeps words that we do not know; `outcome_*` is what reaches our wallet. `pay_amount`
    was asked of the payer and `actually_paid` came, both in the payer's coin.
    """

    provider_payment_id: str
    status: str
    order_id: str | None = None
    invoice_id: str | None = None
    parent_payment_id: str | None = None
    outcome_amount: str | None = None
    outcome_currency: str | None = None
    payout_hash: str | None = None
    pay_amount: str | None = None
    actually_paid: str | None = None

    @property
    def known_status(self) -> PaymentStatus | None:
        """The status if it is one of the provider's known ones; *review* is ours alone."""
        known = PaymentStatus(self.status) if self.status in set(PaymentStatus) else None
        return None if known is PaymentStatus.REVIEW else known


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a finished payment brought: `received = owner's share + fee`.

    `extra_days` of access were given for what was paid beyond the price; less than none where it
    was a part of the price.
    """

    received: Money
    fee: Money
    finished_at: datetime
    extra_days: int = 0


# More than this many times the price is a number in wrong units, and buys no more.
BOUGHT_TIMES_MOST = 10


def paid_times(asked: str | None, paid: str | None) -> Fraction | None:
    """How many times what was asked has been paid; None where the provider does not say.

    Both are texts in the payer's coin. Of a payment that it calls finished the provider may leave
    one out, or say 0: nothing follows from that.
    """
    try:
        parts = Fraction(Decimal(paid or "")), Fraction(Decimal(asked or ""))
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return parts[0] / parts[1] if min(parts) > 0 else None


# A transaction of this chain; a provider may name others, such as a number in its own books.
_TRANSACTION = re.compile(r"0x[0-9a-fA-F]{64}")


def is_transaction_hash(text: str) -> bool:
    """Whether a text can be the hash of a transaction on our chain."""
    return _TRANSACTION.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Deposit:
    """The transaction that brought a payment's money to our wallet."""

    hash: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    """`review_of` is the status in which it came to review.

    `accepted` are findings that an operator has looked at and let pass; `named_deposit` is the hash
    of the transaction that brought the money, where an operator names another than the provider.
    """

    id: UUID
    provider_payment_id: str
    order_id: UUID | None
    status: PaymentStatus
    created_at: datetime
    watch: Watch | None
    receipt: Receipt | None = None
    deposit: Deposit | None = None
    review_of: PaymentStatus | None = None
    accepted: frozenset[Reason] = frozenset()
    named_deposit: str | None = None

    def is_vouched_for(self, tx_hash: str) -> bool:
        """Whether an operator says that this transaction brought the money, whatever it shows."""
        return tx_hash == self.named_deposit and Reason.DEPOSIT_DIFFERS in self.accepted

    def to_review(self) -> "Payment":
        """The payment at rest until a person decides."""
        return replace(self, status=PaymentStatus.REVIEW, review_of=self.status, watch=None)

    def released(self, watch: Watch) -> "Payment":
        """The payment as it was before its review. Raises ValueError where it is in none.

        It is watched where something of it is still to come.
        """
        if self.review_of is None:
            raise ValueError(f"payment {self.id} is {self.status}, and in no review")
        is_open = self.review_of.is_under_way or self.review_of.is_paid
        watched = watch if is_open else None
        return replace(self, status=self.review_of, review_of=None, watch=watched)

    def refunded(self) -> "Payment":
        """The payment whose money is its payer's again, or never came."""
        return replace(self, status=PaymentStatus.REFUNDED, review_of=None, watch=None)


def highest_status(reports: Iterable[Report]) -> PaymentStatus:
    """The status that follows from all reports so far, whatever their order."""
    known = [report.known_status for report in reports]
    ranked = [status for status in known if status is not None]
    return max(ranked, key=lambda status: status.rank, default=PaymentStatus.WAITING)


def advanced(before: PaymentStatus, reported: PaymentStatus) -> PaymentStatus:
    """The higher of the two; nothing is ever downgraded."""
    return reported if reported in PAYMENT_EDGES[before] else before
