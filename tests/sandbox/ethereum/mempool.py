"""What comes in by `eth_sendRawTransaction`: checked, counted, and taken or kept back."""

import asyncio
from dataclasses import dataclass
from typing import Any

from eth_account import Account

from tests.sandbox.ethereum.chain import Chain
from tests.sandbox.ethereum.node import RpcError
from tests.sandbox.ethereum.rules import Pooled, SenderState, refusal
from tests.sandbox.ethereum.transactions import REFUSED, RawTransaction, decoded, refused

GWEI = 10**9
TRANSFER_GAS = 100_000


@dataclass
class Sent:
    """A transaction that clients sent, and how often."""

    transaction: RawTransaction
    times: int = 0

    def as_json(self) -> dict[str, Any]:
        """As `/_sandbox/sent` shows it; wei as text, since JSON's numbers are too small."""
        tx = self.transaction
        return {
            "hash": tx.hash,
            "from": tx.sender,
            "nonce": tx.nonce,
            "to": tx.to,
            "value": str(tx.value),
            "max_fee": str(tx.max_fee),
            "max_priority_fee": str(tx.max_priority_fee),
            "raw": tx.raw,
            "times": self.times,
        }


class Mempool:
    """Geth's door in front of anvil's pool."""

    def __init__(self, chain: Chain, chain_id: int) -> None:
        self._chain = chain
        self._node = chain.node
        self._chain_id = chain_id
        self._hide_next = 0
        self._hidden: dict[str, RawTransaction] = {}
        self._sent: dict[str, Sent] = {}

    async def send(self, raw: Any) -> str:
        """Take a raw transaction; the answer is its hash, or geth's error."""
        tx = decoded(raw)
        self._sent.setdefault(tx.hash, Sent(tx)).times += 1
        async with self._chain.lock:
            await self._check(tx)
            if self._hide_next > 0:
                self._hide_next -= 1
                self._hidden[tx.hash] = tx
                return tx.hash
            self._hidden.pop(tx.hash, None)
            return await self._forward(tx)

    def sent(self) -> list[dict[str, Any]]:
        """All that clients ever sent, in the order in which it first came."""
        return [one.as_json() for one in self._sent.values()]

    def hide(self, times: int) -> None:
        """Keep the next ones back: answered with their hash, and nowhere to be seen."""
        self._hide_next = times

    def hidden(self) -> list[str]:
        """The hashes that are kept back."""
        return list(self._hidden)

    async def release(self) -> dict[str, list[str]]:
        """Let the hidden ones through, but for those that came too late."""
        outcome: dict[str, list[str]] = {"released": [], "ignored": []}
        async with self._chain.lock:
            kept, self._hidden, self._hide_next = self._hidden, {}, 0
            for tx in kept.values():
                try:
                    await self._check(tx)
                    outcome["released"].append(await self._forward(tx))
                except RpcError:
                    outcome["ignored"].append(tx.hash)
        return outcome

    async def prefer(self, tx_hash: str) -> str:
        """Put a transaction into the pool in the place of whatever has its nonce there.

        So a race between a transfer and its replacement ends as the test wants. Raises KeyError for
        a transaction that nobody sent.
        """
        tx = self._sent[tx_hash].transaction
        async with self._chain.lock:
            pool = await self._chain.waiting.taken_out()
            try:
                taken = await self._forward(tx)
                self._hidden.pop(tx.hash, None)
                pool = [one for one in pool if not one.is_at(tx.sender, tx.nonce)]
            finally:
                for one in pool:
                    await self._chain.waiting.admit(one)
            return taken

    async def send_as(self, private_key: str, to: str, wei: int, nonce: int | None) -> str:
        """A transaction that the clients know nothing of; it outbids what has its nonce."""
        signer = Account.from_key(private_key)
        async with self._chain.lock:
            state = await self._sender(signer.address.lower())
            used = state.next_nonce if nonce is None else nonce
            fees = await self._outbidding(state.pooled.get(used))
            order = {"nonce": used, "to": to, "value": wei, "gas": TRANSFER_GAS, **fees}
            signed = signer.sign_transaction(order | {"chainId": self._chain_id, "type": 2})
            return await self._forward(decoded(signed.raw_transaction.to_0x_hex()))

    async def _outbidding(self, held: Pooled | None) -> dict[str, int]:
        latest = await self._node.call("eth_getBlockByNumber", "latest", False)
        tip = 2 * held.max_priority_fee + 1 if held else 2 * GWEI
        floor = 2 * held.max_fee + 1 if held else 0
        most = max(floor, 2 * int(latest["baseFeePerGas"], 16) + tip)
        return {"maxPriorityFeePerGas": tip, "maxFeePerGas": most}

    async def _check(self, tx: RawTransaction) -> None:
        words = refusal(tx, self._chain_id, await self._sender(tx.sender))
        if words is not None:
            raise refused(words)

    async def _forward(self, tx: RawTransaction) -> str:
        try:
            taken = await self._node.call("eth_sendRawTransaction", tx.raw)
        except RpcError as error:
            # What only anvil can say, such as a fee below the base fee, under geth's code.
            raise RpcError(REFUSED, error.message) from error
        self._chain.waiting.forget(tx.sender, tx.nonce)
        return str(taken)

    async def _sender(self, address: str) -> SenderState:
        next_nonce, balance, pool = await asyncio.gather(
            self._node.number("eth_getTransactionCount", address, "latest"),
            self._node.number("eth_getBalance", address, "latest"),
            self._chain.waiting.of(address),
        )
        pooled = {nonce: _pooled(tx) for nonce, tx in pool.items()}
        return SenderState(next_nonce, balance, pooled)


def _pooled(tx: dict[str, str]) -> Pooled:
    max_fee = int(tx.get("maxFeePerGas") or tx["gasPrice"], 16)
    tip = tx.get("maxPriorityFeePerGas")
    return Pooled(
        hash=tx["hash"],
        max_fee=max_fee,
        max_priority_fee=int(tip, 16) if tip else max_fee,
        cost=int(tx["gas"], 16) * max_fee + int(tx["value"], 16),
    )
