"""A transfer from the host wallet: sent exactly once, on one nonce, whatever happens."""

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
    """*Signing* has a nonce and no bytes; *sent* has stored bytes, whether broadcast or not."""

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
    TransferState.REQUESTED: frozenset({TransferState.AUTHORIZED, TransferState.REVIEW}),
    TransferState.AUTHORIZED: frozenset(
        {TransferState.SIGNING, TransferState.REQUESTED, TransferState.REVIEW}
    ),
    TransferState.SIGNING: frozenset({TransferState.SENT, TransferState.AUTHORIZED}),
    TransferState.SENT: frozenset({TransferState.MINED, TransferState.CANCELLED}),
    TransferState.MINED: frozenset(
        {TransferState.SENT, TransferState.CONFIRMED, TransferState.REVERTED}
    ),
    TransferState.CONFIRMED: frozenset[TransferState](),
    TransferState.CANCELLED: frozenset[TransferState](),
    TransferState.REVERTED: frozenset[TransferState](),
    TransferState.REVIEW: frozenset({TransferState.REQUESTED}),
}


class AttemptKind(StrEnum):
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


@dataclass(frozen=True, slots=True)
class Attempt:
    """Signed bytes. Once stored they are the only thing that is ever broadcast."""

    id: UUID
    transfer_id: UUID
    kind: AttemptKind
    raw: bytes
    hash: str
    fees: Fees


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
    id: UUID
    payout_id: UUID
    wallet_address: str
    amount: Money
    destination: str
    state: TransferState
    created_at: datetime
    watch: Watch | None
    nonce: int | None = None
    mined: Mined | None = None

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
    UNKNOWN_ASSET = "unknown_asset"
    DESTINATION_CHANGED = "destination_changed"
    DESTINATION_REFUSED = "destination_refused"
    AMOUNT_DIFFERS = "amount_differs"
    OVER_CAP = "over_cap"
    NOT_SPENDABLE = "not_spendable"
    GAS_FLOAT_LOW = "gas_float_low"

    @property
    def may_pass(self) -> bool:
        """Whether waiting can help. The others need a person before anything is sent."""
        return self in _PASSING


_PASSING = frozenset(
    {
        Refusal.SENDS_STOPPED,
        Refusal.WALLET_FROZEN,
        Refusal.WRONG_CHAIN,
        Refusal.NOT_SPENDABLE,
        Refusal.GAS_FLOAT_LOW,
    }
)


@dataclass(frozen=True, slots=True)
class SendFacts:
    """Everything that decides whether a transfer may be signed, read under the wallet's lock.

    Amounts are base units of `asset_id`, except the gas ones, which are wei.
    """

    sends_stopped: bool
    wallet: Wallet
    chain_id: int
    expected_chain_id: int
    has_refunded_payment: bool
    asset_id: str
    sendable_assets: frozenset[str]
    frozen_destination: str
    current_destination: str
    transfer_destination: str
    refused_destinations: frozenset[str]
    amount: int
    locked_amount: int
    cap: int
    spendable: int
    gas_worst_case: int
    gas_available: int


def refusal(facts: SendFacts) -> Refusal | None:
    """The first reason why this transfer must not be sent now, or None.

    The order matters: what only a person can settle comes before what passes by itself.
    """
    checks = (
        (facts.asset_id not in facts.sendable_assets, Refusal.UNKNOWN_ASSET),
        (
            facts.transfer_destination.lower() in facts.refused_destinations,
            Refusal.DESTINATION_REFUSED,
        ),
        (
            not facts.transfer_destination == facts.frozen_destination == facts.current_destination,
            Refusal.DESTINATION_CHANGED,
        ),
        (facts.amount <= 0 or facts.amount != facts.locked_amount, Refusal.AMOUNT_DIFFERS),
        (facts.amount > facts.cap, Refusal.OVER_CAP),
        (facts.has_refunded_payment, Refusal.PAYMENT_REFUNDED),
        (
            not facts.wallet.chain_id == facts.chain_id == facts.expected_chain_id,
            Refusal.WRONG_CHAIN,
        ),
        (facts.wallet.frozen_because is not None, Refusal.WALLET_FROZEN),
        (facts.sends_stopped, Refusal.SENDS_STOPPED),
        (facts.amount > facts.spendable, Refusal.NOT_SPENDABLE),
        (facts.gas_worst_case > facts.gas_available, Refusal.GAS_FLOAT_LOW),
    )
    return next((reason for applies, reason in checks if applies), None)
