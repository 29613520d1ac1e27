"""Which transactions geth's pool refuses, in its order and its words (anvil is laxer)."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.sandbox.ethereum.anvil import GAS_LIMIT
from tests.sandbox.ethereum.transactions import RawTransaction

PRICE_BUMP_PERCENT = 10


@dataclass(frozen=True)
class Pooled:
    """A transaction that waits in the pool; amounts are wei."""

    hash: str
    max_fee: int
    max_priority_fee: int
    cost: int


@dataclass(frozen=True)
class SenderState:
    """A sender on the chain, and by nonce what it has in the pool."""

    next_nonce: int
    balance: int
    pooled: Mapping[int, Pooled]


def refusal(tx: RawTransaction, chain_id: int, sender: SenderState) -> str | None:
    """Geth's words against this transaction, or None where it takes it."""
    held = sender.pooled.get(tx.nonce)
    if held is not None and held.hash == tx.hash:
        return "already known"
    return (
        _malformed(tx, chain_id)
        or _unaffordable(tx, sender, held)
        or (_underpriced(tx, held) if held else None)
    )


def _malformed(tx: RawTransaction, chain_id: int) -> str | None:
    if tx.gas > GAS_LIMIT:
        return "exceeds block gas limit"
    if tx.max_priority_fee > tx.max_fee:
        return (
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tx.max_priority_fee}, maxFeePerGas: {tx.max_fee}"
        )
    if tx.chain_id != chain_id:
        return f"invalid sender: invalid chain id for signer: have {tx.chain_id} want {chain_id}"
    needed = _intrinsic_gas(tx)
    if tx.gas < needed:
        return f"intrinsic gas too low: gas {tx.gas}, minimum needed {needed}"
    return None


def _intrinsic_gas(tx: RawTransaction) -> int:
    zeros = tx.data.count(0)
    data = 4 * zeros + 16 * (len(tx.data) - zeros)
    words = (len(tx.data) + 31) // 32
    return 21_000 + data + (32_000 + 2 * words if tx.to is None else 0)


def _unaffordable(tx: RawTransaction, sender: SenderState, held: Pooled | None) -> str | None:
    if tx.nonce < sender.next_nonce:
        return f"nonce too low: next nonce {sender.next_nonce}, tx nonce {tx.nonce}"
    others = sum(pooled.cost for pooled in sender.pooled.values()) - (held.cost if held else 0)
    over = tx.cost + others - sender.balance
    if over <= 0:
        return None
    return (
        f"insufficient funds for gas * price + value: balance {sender.balance}, "
        f"queued cost {others}, tx cost {tx.cost}, overshot {over}"
    )


def _underpriced(tx: RawTransaction, held: Pooled) -> str | None:
    """Both fees have to rise, and each by the bump rounded down."""
    enough = _bumped(tx.max_fee, held.max_fee) and _bumped(
        tx.max_priority_fee, held.max_priority_fee
    )
    return None if enough else "replacement transaction underpriced"


def _bumped(new: int, old: int) -> bool:
    return new > old and new >= old * (100 + PRICE_BUMP_PERCENT) // 100
