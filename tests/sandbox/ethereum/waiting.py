"""Transactions whose fee is below the base fee: geth keeps them in its pool, anvil forgets them.

So they are taken out of anvil before it mines, and put back when the base fee allows it again.
"""

from dataclasses import dataclass
from typing import Any

from tests.sandbox.ethereum.node import Node, RpcError

IN_NO_BLOCK = {"blockHash": None, "blockNumber": None, "transactionIndex": None}
TOO_CHEAP = "less than block base fee"


@dataclass(frozen=True)
class Waiting:
    """A transaction in the pool: its bytes, and how JSON-RPC shows it."""

    raw: str
    shown: dict[str, Any]

    @property
    def nonce(self) -> int:
        """Its place in the order of its sender."""
        return int(self.shown["nonce"], 16)

    def is_at(self, sender: str, nonce: int) -> bool:
        """Whether it has this place in the order of this sender."""
        return (self.shown["from"], self.nonce) == (sender, nonce)

    @property
    def max_fee(self) -> int:
        """The most that it pays for a unit of gas, in wei."""
        return int(self.shown.get("maxFeePerGas") or self.shown["gasPrice"], 16)


class WaitingRoom:
    """The pool: anvil's, and what waits here for a lower base fee."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._parked: dict[str, Waiting] = {}

    def find(self, tx_hash: Any) -> dict[str, Any] | None:
        """A parked transaction, as `eth_getTransactionByHash` shows it."""
        found = self._parked.get(tx_hash) if isinstance(tx_hash, str) else None
        return found.shown if found else None

    def forget(self, sender: str, nonce: int) -> None:
        """Its place was taken by another transaction."""
        for tx_hash, one in list(self._parked.items()):
            if one.is_at(sender, nonce):
                del self._parked[tx_hash]

    async def of(self, sender: str) -> dict[int, dict[str, Any]]:
        """What this sender has in the pool, by nonce."""
        content = await self._node.call("txpool_content")
        held = content["pending"].get(sender, {}) | content["queued"].get(sender, {})
        parked = [one for one in self._parked.values() if one.shown["from"] == sender]
        return {one.nonce: one.shown for one in parked} | {int(n): tx for n, tx in held.items()}

    async def pending_count(self, sender: str) -> int:
        """The sender's next nonce, counting what waits without a gap."""
        nonce = await self._node.number("eth_getTransactionCount", sender, "latest")
        held = await self.of(sender.lower())
        while nonce in held:
            nonce += 1
        return nonce

    async def settle(self) -> None:
        """Part the pool by the base fee of the block that comes next."""
        status = await self._node.call("txpool_status")
        if not self._parked and int(status["pending"], 16) == 0:
            return
        block = await self._node.call("eth_getBlockByNumber", "pending", False)
        base_fee = int(block["baseFeePerGas"], 16)
        await self._take_back(base_fee)
        content = await self._node.call("txpool_content")
        for by_nonce in content["pending"].values():
            # Anvil drops the later ones of a sender with the first: so all bytes are read before.
            line = [await self.waiting(shown) for shown in _in_order(by_nonce)]
            payable = _payable(line, base_fee)
            for one in line[payable:]:
                self._parked[one.shown["hash"]] = one
                await self._node.call("anvil_dropTransaction", one.shown["hash"])

    async def _take_back(self, base_fee: int) -> None:
        in_order = sorted(self._parked.values(), key=lambda one: one.nonce)
        for sender in {one.shown["from"] for one in in_order}:
            line = [one for one in in_order if one.shown["from"] == sender]
            for one in line[: _payable(line, base_fee)]:
                del self._parked[one.shown["hash"]]
                await self.admit(one)

    async def waiting(self, shown: dict[str, Any]) -> Waiting:
        """A transaction with its bytes, for one that anvil shows, mined or not."""
        raw = await self._node.call("eth_getRawTransactionByHash", shown["hash"])
        if not isinstance(raw, str):
            raise TypeError(f"anvil shows {shown['hash']} and has no bytes of it")
        return Waiting(raw, shown | IN_NO_BLOCK)

    async def admit(self, one: Waiting) -> None:
        """Into anvil's pool, or parked; what the chain has no place for is lost, as with geth."""
        try:
            await self._node.call("eth_sendRawTransaction", one.raw)
        except RpcError as error:
            if TOO_CHEAP in error.message:
                self._parked[one.shown["hash"]] = one

    async def taken_out(self) -> list[Waiting]:
        """All of anvil's pool, which is empty afterwards."""
        content = await self._node.call("txpool_content")
        of_senders = [*content["pending"].values(), *content["queued"].values()]
        shown = [tx for by_nonce in of_senders for tx in _in_order(by_nonce)]
        found = [await self.waiting(tx) for tx in shown]
        await self._node.call("anvil_dropAllTransactions")
        return found


def _payable(line: list[Waiting], base_fee: int) -> int:
    """How many of a sender's transactions can go: behind one that waits, all later ones wait."""
    for place, one in enumerate(line):
        if one.max_fee < base_fee:
            return place
    return len(line)


def _in_order(by_nonce: dict[str, Any]) -> list[Any]:
    return [by_nonce[nonce] for nonce in sorted(by_nonce, key=int)]
