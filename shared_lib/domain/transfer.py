"""A transfer from the host wallet: sent exactly once, on one nonce, whatever happens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.money import Money
from shared_lib.domain.states import require_edge
from shared_lib.domain.watch import Watch

# Nodes keep at most 16 executable transactions per account in their pool (geth: AccountSlots).
NONCES_IN_FLIGHT_MOST = 16


class TransferState(StrEnum):
    """*Signing* has a nonce and no bytes; *sent* has stored bytes, whether broadcast or not.

    *Cancelled* moved nothing: it never got a nonce, or the chain took its cancel.
    """

    REQUESTED = "requested"
    AUTHORIZED = "authorized"
    SIGNING = "signing"
    SENT = "sent"
    MINED = "mined"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REVERTED = "reverted"
    REVIEW = "review"

    @property
    def is_broadcast(self) -> bool:
        """Bytes may be with the network, and no receipt is final yet."""
        return self in (TransferState.SENT, TransferState.MINED)


# No edge leads from *sent* back to unpaid: only the chain itself ends a sent transfer.
TRANSFER_EDGES = {
    TransferState.REQUESTED: frozenset(
        {TransferState.AUTHORIZED, TransferState.CANCELLED, TransferState.REVIEW}
    ),
    TransferState.AUTHORIZED: frozenset(
        {TransferState.SIGNING, TransferState.CANCELLED, TransferState.REVIEW}
    ),
    TransferState.SIGNING: frozenset({TransferState.SENT, TransferState.AUTHORIZED}),
    TransferState.SENT: frozenset({TransferState.MINED}),
    TransferState.MINED: frozenset(
        {
            TransferState.SENT,
            TransferState.CONFIRMED,
            TransferState.REVERTED,
            TransferState.CANCELLED,
        }
    ),
    TransferState.CONFIRMED: frozenset[TransferState](),
    TransferState.CANCELLED: frozenset[TransferState](),
    TransferState.REVERTED: frozenset[TransferState](),
    TransferState.REVIEW: frozenset({TransferState.REQUESTED, TransferState.CANCELLED}),
}


class AttemptKind(StrEnum):
    """*Bump* is the same transfer at a higher price; *cancel* moves nothing to ourselves."""

    SEND = "send"
    BUMP = "bump"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction may cost: wei per gas, and a limit of gas."""

    max_fee: int
    max_priority_fee: int
    gas_limit: int

    @property
    def worst_case(self) -> int:
        """Wei that this transaction's gas can cost at most."""
        return self.max_fee * self.gas_limit


# Nodes replace a pending transaction only if both fees rise by a tenth (geth: PriceBump).
_BUMP_PERCENT = 110


def outbid(held: Fees, now: Fees) -> Fees:
    """Fees that replace `held` in any node's pool, and are not below today's."""
    return Fees(
        max_fee=max(_bumped(held.max_fee), now.max_fee),
        max_priority_fee=max(_bumped(held.max_priority_fee), now.max_priority_fee),
        gas_limit=now.gas_limit,
    )


def _bumped(fee: int) -> int:
    """A tenth more, rounded up and never the same."""
    return max(fee + 1, -(-fee * _BUMP_PERCENT // 100))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Signed bytes, all of a transfer's on its one nonce. Only stored bytes are broadcast."""

    id: UUID
    transfer_id: UUID
    kind: AttemptKind
    raw: bytes
    hash: str
    fees: Fees
    created_at: datetime


# More bytes than this on one nonce do not help; a person looks when its deadline has passed.
ATTEMPTS_MOST = 20


def wanted_replacement(
    attempts: Sequence[Attempt], *, is_dying: bool, is_stuck: bool
) -> AttemptKind | None:
    """What to sign in place of the newest of a transfer's bytes, oldest first, or None.

    `is_dying`: the promise that they fund is about to end. `is_stuck`: they should be mined by now.
    Once a cancel is signed, only cancels follow.
    """
    is_cancelled = any(one.kind is AttemptKind.CANCEL for one in attempts)
    if is_dying and attempts and not is_cancelled:
        return AttemptKind.CANCEL
    if not is_stuck or not 0 < len(attempts) < ATTEMPTS_MOST:
        return None
    return AttemptKind.CANCEL if is_cancelled else AttemptKind.BUMP


@dataclass(frozen=True, slots=True)
class Mined:
    """Where a transaction stands on the chain. `gas_paid` is in wei."""

    hash: str
    block: int
    block_hash: str
    gas_paid: int
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """Pays a payout's owner, or funds the swap `swap_id`.

    `replacement` is what is to be signed on its nonce next, in place of the bytes that are there.
    `fills_nonce` says that its payout goes on without it: only its nonce has to be used up.
    """

    id: UUID
    payout_id: UUID
    wallet_address: str
    amount: Money
    destination: str
    state: TransferState
    created_at: datetime
    watch: Watch | None
    swap_id: UUID | None = None
    nonce: int | None = None
    mined: Mined | None = None
    replacement: AttemptKind | None = None
    fills_nonce: bool = False

    def moved(self, state: TransferState, watch: Watch | None) -> "Transfer":
        """The transfer in another state. Raises TransitionRefusedError."""
        require_edge(TRANSFER_EDGES, f"transfer {self.id}", self.state, state)
        return replace(self, state=state, watch=watch)

    def on_nonce(self, nonce: int, watch: Watch) -> "Transfer":
        """The transfer with a nonce of its own, ready to be signed."""
        return replace(self.moved(TransferState.SIGNING, watch), nonce=nonce)

    def without_nonce(self, watch: Watch) -> "Transfer":
        """The nonce is given back: nothing was ever signed for it."""
        return replace(self.moved(TransferState.AUTHORIZED, watch), nonce=None)


@dataclass(frozen=True, slots=True)
class Wallet:
    """`next_nonce` is what our table gives out next; `frozen_because` stops every new send."""

    address: str
    chain_id: int
    next_nonce: int
    frozen_because: str | None

    def has_free_slot(self, mined_nonce: int) -> bool:
        """Whether one more transaction may be in flight; `mined_nonce` is read from the chain."""
        return self.next_nonce - mined_nonce < NONCES_IN_FLIGHT_MOST


class Refusal(StrEnum):
    """Why a transfer is not authorised or not signed now."""

    SENDS_STOPPED = "sends_stopped"
    WALLET_FROZEN = "wallet_frozen"
    WRONG_CHAIN = "wrong_chain"
    PAYMENT_REFUNDED = "payment_refunded"
    ALREADY_FUNDED = "already_funded"
    UNKNOWN_ASSET = "unknown_asset"
    DESTINATION_CHANGED = "destination_changed"
    DESTINATION_DIFFERS = "destination_differs"
    DESTINATION_REFUSED = "destination_refused"
    AMOUNT_DIFFERS = "amount_differs"
    OVER_CAP = "over_cap"
    OVER_NOTIONAL = "over_notional"
    OVER_DAY_CAP = "over_day_cap"
    SHARE_DIFFERS = "share_differs"
    EXCHANGE_NOT_WAITING = "exchange_not_waiting"
    QUOTE_OFF_MARKET = "quote_off_market"
    QUOTE_DEAD = "quote_dead"
    NOT_SPENDABLE = "not_spendable"
    GAS_FLOAT_LOW = "gas_float_low"
    WOULD_FAIL = "would_fail"

    @property
    def may_pass(self) -> bool:
        """Whether waiting can help."""
        return self in _PASSING

    @property
    def frees_shares(self) -> bool:
        """Whether the payout goes on by itself, along another way; the others need a person."""
        return self in _FREEING


_FREEING = frozenset(
    {
        Refusal.DESTINATION_CHANGED,
        Refusal.OVER_DAY_CAP,
        Refusal.QUOTE_DEAD,
        Refusal.EXCHANGE_NOT_WAITING,
    }
)
_PASSING = frozenset(
    {
        Refusal.SENDS_STOPPED,
        Refusal.WALLET_FROZEN,
        Refusal.WRONG_CHAIN,
        Refusal.NOT_SPENDABLE,
        Refusal.GAS_FLOAT_LOW,
        Refusal.WOULD_FAIL,
    }
)


@dataclass(frozen=True, slots=True)
class QuoteFacts:
    """What decides whether a swap may be funded now.

    `sold` is what its exchange was made for, in base units; `is_waiting` is None where the provider
    was not asked again.
    """

    sold: int
    seconds_left: float
    seconds_least: float
    is_near_market: bool
    is_waiting: bool | None


@dataclass(frozen=True, slots=True)
class SendFacts:
    """Everything that decides whether a transfer may be signed, read under the wallet's lock.

    Amounts are base units of `asset_id`, except the gas ones, which are wei, and those in US cents.
    `expected_destination` is the owner's frozen address, or the exchange's
    pay-in; `expected_amount` is the sum of the locked shares, less the dust that cannot be swapped.
    """

    sends_stopped: bool
    wallet: Wallet
    chain_id: int
    expected_chain_id: int
    has_refunded_payment: bool
    is_funded: bool
    has_wrong_share: bool
    asset_id: str
    owed_asset_id: str
    sendable_assets: frozenset[str]
    has_changed_target: bool
    destination: str
    expected_destination: str
    refused_destinations: frozenset[str]
    amount: int
    expected_amount: int
    cap: int
    notional_cents: int
    notional_cap_cents: int
    payout_cents: int
    day_room_cents: int
    spendable: int
    gas_worst_case: int
    gas_available: int
    quote: QuoteFacts | None


def refusal(facts: SendFacts) -> Refusal | None:
    """The first reason why this transfer must not be sent now, or None.

    The order matters: what can never be right comes first, then what a changed world has ended,
    and last what passes by itself.
    """
    checks = (*_never_right(facts), *_ended(facts), *_passing(facts))
    return next((reason for applies, reason in checks if applies), None)


_Checks = tuple[tuple[bool, Refusal], ...]


def _never_right(facts: SendFacts) -> _Checks:
    return (
        (facts.is_funded, Refusal.ALREADY_FUNDED),
        (
            facts.asset_id != facts.owed_asset_id or facts.asset_id not in facts.sendable_assets,
            Refusal.UNKNOWN_ASSET,
        ),
        (facts.destination.lower() in facts.refused_destinations, Refusal.DESTINATION_REFUSED),
        (facts.destination != facts.expected_destination, Refusal.DESTINATION_DIFFERS),
        (facts.amount <= 0 or not _is_exact(facts), Refusal.AMOUNT_DIFFERS),
        (facts.amount > facts.cap, Refusal.OVER_CAP),
        (facts.notional_cents > facts.notional_cap_cents, Refusal.OVER_NOTIONAL),
        (facts.has_wrong_share, Refusal.SHARE_DIFFERS),
    )


def _is_exact(facts: SendFacts) -> bool:
    """What is sent is what is owed, and what the exchange was made for, to the last unit."""
    is_asked = facts.quote is None or facts.quote.sold == facts.amount
    return is_asked and facts.amount == facts.expected_amount


def _ended(facts: SendFacts) -> _Checks:
    quote = facts.quote
    return (
        (facts.has_refunded_payment, Refusal.PAYMENT_REFUNDED),
        (facts.has_changed_target, Refusal.DESTINATION_CHANGED),
        (facts.payout_cents > facts.day_room_cents, Refusal.OVER_DAY_CAP),
        (quote is not None and quote.seconds_left < quote.seconds_least, Refusal.QUOTE_DEAD),
        (quote is not None and not quote.is_near_market, Refusal.QUOTE_OFF_MARKET),
        (quote is not None and quote.is_waiting is False, Refusal.EXCHANGE_NOT_WAITING),
    )


def _passing(facts: SendFacts) -> _Checks:
    chains = (facts.wallet.chain_id, facts.chain_id, facts.expected_chain_id)
    return (
        (len(set(chains)) > 1, Refusal.WRONG_CHAIN),
        (facts.wallet.frozen_because is not None, Refusal.WALLET_FROZEN),
        (facts.sends_stopped, Refusal.SENDS_STOPPED),
        (facts.amount > facts.spendable, Refusal.NOT_SPENDABLE),
        (facts.gas_worst_case > facts.gas_available, Refusal.GAS_FLOAT_LOW),
    )
