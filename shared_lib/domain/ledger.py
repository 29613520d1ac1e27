"""Double-entry postings. Each function names the business event and returns balanced entries.

A positive amount is a debit, a negative one a credit; the entries of a posting sum to zero per
asset. Per channel: `owner_payable` (what we owe) and `paid_out`; all others are the platform's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.money import Money, Split, total


class Account(StrEnum):
    OWNER_PAYABLE = "owner_payable"
    PAID_OUT = "paid_out"
    PROVIDER_RECEIVABLE = "provider_receivable"
    HOST_WALLET = "host_wallet"
    IN_FLIGHT = "in_flight"
    CLEARED = "cleared"
    EXCHANGE = "exchange"
    PLATFORM_FEE = "platform_fee"
    GAS_FLOAT = "gas_float"
    GAS_COST = "gas_cost"
    PAYER_CREDIT = "payer_credit"
    DIFFERENCE = "difference"
    CAPITAL = "capital"


class PostingKind(StrEnum):
    FINISHED = "finished"
    DEPOSIT_SEEN = "deposit_seen"
    SIGNED = "signed"
    GAS = "gas"
    RETURNED = "returned"
    SETTLED = "settled"
    REVERSED = "reversed"
    TOP_UP = "top_up"
    REFUND_SEEN = "refund_seen"
    CONVERTED = "converted"
    UNDERPAID = "underpaid"
    CREDIT_USED = "credit_used"
    CREDIT_REFUNDED = "credit_refunded"
    CREDIT_WITHDRAWN = "credit_withdrawn"


@dataclass(frozen=True, slots=True)
class Entry:
    account: Account
    amount: Money
    channel_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """`subject_id` and `kind` together are unique: no event is ever posted twice."""

    kind: PostingKind
    subject_id: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account holds of one asset."""

    account: Account
    channel_id: UUID | None
    amount: Money


def posting(kind: PostingKind, subject_id: str, *entries: Entry) -> Posting:
    """A posting of the entries that are not zero. Raises ValueError if it does not balance."""
    kept = tuple(entry for entry in entries if entry.amount.base_units != 0)
    sums: dict[str, int] = {}
    for entry in kept:
        asset = entry.amount.asset.id
        sums[asset] = sums.get(asset, 0) + entry.amount.base_units
    if any(sums.values()):
        raise ValueError(f"posting {kind} of {subject_id} does not balance: {sums}")
    return Posting(kind, subject_id, kept)


def finished(payment_id: UUID, channel_id: UUID, received: Money, split: Split) -> Posting:
    """The provider owes us what it received; we owe the owner's part, the rest is our fee."""
    return posting(
        PostingKind.FINISHED,
        str(payment_id),
        Entry(Account.PROVIDER_RECEIVABLE, received),
        Entry(Account.OWNER_PAYABLE, -split.owner, channel_id),
        Entry(Account.PLATFORM_FEE, -split.fee),
    )


def finish_reversed(payment_id: UUID, channel_id: UUID, received: Money, split: Split) -> Posting:
    """The provider gave the money back to the payer before it was spent."""
    return posting(
        PostingKind.REVERSED,
        str(payment_id),
        Entry(Account.PROVIDER_RECEIVABLE, -received),
        Entry(Account.OWNER_PAYABLE, split.owner, channel_id),
        Entry(Account.PLATFORM_FEE, split.fee),
    )


def underpaid(payment_id: UUID, received: Money) -> Posting:
    """The provider owes us what it received of a payer, who has bought nothing for it yet."""
    return posting(
        PostingKind.UNDERPAID,
        str(payment_id),
        Entry(Account.PROVIDER_RECEIVABLE, received),
        Entry(Account.PAYER_CREDIT, -received),
    )


def credit_used(payment_id: UUID, channel_id: UUID, received: Money, split: Split) -> Posting:
    """The payer has bought something for it: the owner's part is the owner's, the rest our fee."""
    return posting(
        PostingKind.CREDIT_USED,
        str(payment_id),
        Entry(Account.PAYER_CREDIT, received),
        Entry(Account.OWNER_PAYABLE, -split.owner, channel_id),
        Entry(Account.PLATFORM_FEE, -split.fee),
    )


def credit_refunded(payment_id: UUID, received: Money) -> Posting:
    """The operator gave the payer as much by other means: what arrived in the wallet is ours."""
    return posting(
        PostingKind.CREDIT_REFUNDED,
        str(payment_id),
        Entry(Account.PAYER_CREDIT, received),
        Entry(Account.CAPITAL, -received),
    )


def credit_withdrawn(payment_id: UUID, received: Money) -> Posting:
    """The provider gave the money back to the payer before it came to us."""
    return posting(
        PostingKind.CREDIT_WITHDRAWN,
        str(payment_id),
        Entry(Account.PAYER_CREDIT, received),
        Entry(Account.PROVIDER_RECEIVABLE, -received),
    )


def deposit_seen(payment_id: UUID, announced: Money, deposited: Money) -> Posting:
    """What the provider owed is in our wallet; a small difference is kept in sight."""
    return posting(
        PostingKind.DEPOSIT_SEEN,
        str(payment_id),
        Entry(Account.HOST_WALLET, deposited),
        Entry(Account.PROVIDER_RECEIVABLE, -announced),
        Entry(Account.DIFFERENCE, announced - deposited),
    )


def signed(transfer_id: UUID, amount: Money) -> Posting:
    """Bytes that move this amount exist: it no longer counts as ours to spend."""
    return posting(
        PostingKind.SIGNED,
        str(transfer_id),
        Entry(Account.HOST_WALLET, -amount),
        Entry(Account.IN_FLIGHT, amount),
    )


def gas_burned(transfer_id: UUID, gas: Money) -> Posting:
    """The network took its fee, whether the transaction succeeded or not."""
    return posting(
        PostingKind.GAS,
        str(transfer_id),
        Entry(Account.GAS_FLOAT, -gas),
        Entry(Account.GAS_COST, gas),
    )


def returned(transfer_id: UUID, amount: Money) -> Posting:
    """The chain refused or cancelled the transfer: the amount never left the wallet."""
    return posting(
        PostingKind.RETURNED,
        str(transfer_id),
        Entry(Account.IN_FLIGHT, -amount),
        Entry(Account.HOST_WALLET, amount),
    )


def settled(payout_id: UUID, channel_id: UUID, owed: Money, sent: Money) -> Posting:
    """The owner has the money: the debt is paid and nothing of it is in flight any more."""
    return posting(
        PostingKind.SETTLED,
        str(payout_id),
        Entry(Account.OWNER_PAYABLE, owed, channel_id),
        Entry(Account.PAID_OUT, -owed, channel_id),
        Entry(Account.IN_FLIGHT, -sent),
        Entry(Account.CLEARED, sent),
    )


def loss(sent: Money, arrived: Money) -> Money:
    """What is missing of a refund, never less than nothing."""
    return Money(max(0, (sent - arrived).base_units), sent.asset)


def refund_seen(
    swap_id: UUID, losses: Mapping[UUID, Money], sent: Money, arrived: Money
) -> Posting:
    """A swap's money is back in our wallet; what is missing of it is its owners' loss, by channel.

    More than was sent is nobody's yet: it is kept in sight.
    """
    lost = total(list(losses.values()), sent.asset)
    return posting(
        PostingKind.REFUND_SEEN,
        str(swap_id),
        Entry(Account.HOST_WALLET, arrived),
        Entry(Account.IN_FLIGHT, -sent),
        *(Entry(Account.OWNER_PAYABLE, loss, channel) for channel, loss in losses.items()),
        Entry(Account.DIFFERENCE, sent - arrived - lost),
    )


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a channel gave to a conversion, and what it got of its result."""

    given: Money
    got: Money


def converted(payout_id: UUID, channels: Mapping[UUID, Exchanged]) -> Posting:
    """What was sold is gone, what was bought is with us, and each owner's debt changes coin."""
    given = [one.given for one in channels.values()]
    got = [one.got for one in channels.values()]
    sold, bought = total(given, given[0].asset), total(got, got[0].asset)
    return posting(
        PostingKind.CONVERTED,
        str(payout_id),
        Entry(Account.IN_FLIGHT, -sold),
        Entry(Account.EXCHANGE, sold),
        Entry(Account.EXCHANGE, -bought),
        Entry(Account.HOST_WALLET, bought),
        *(entry for channel, one in channels.items() for entry in _debt_exchanged(channel, one)),
    )


def _debt_exchanged(channel: UUID, exchanged: Exchanged) -> tuple[Entry, ...]:
    return (
        Entry(Account.OWNER_PAYABLE, exchanged.given, channel),
        Entry(Account.EXCHANGE, -exchanged.given),
        Entry(Account.EXCHANGE, exchanged.got),
        Entry(Account.OWNER_PAYABLE, -exchanged.got, channel),
    )


def top_up(deposit_hash: str, amount: Money) -> Posting:
    """The operator paid gas money into the host wallet."""
    return posting(
        PostingKind.TOP_UP,
        deposit_hash,
        Entry(Account.GAS_FLOAT, amount),
        Entry(Account.CAPITAL, -amount),
    )
