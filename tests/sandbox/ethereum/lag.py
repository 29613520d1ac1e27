"""The chain as a node sees it that is some blocks behind."""

from typing import Any

from tests.sandbox.ethereum.chain import Chain

# Where each request names the block it is about.
BLOCK_AT = {
    "eth_getBalance": 1,
    "eth_getTransactionCount": 1,
    "eth_getCode": 1,
    "eth_getStorageAt": 2,
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getBlockByNumber": 0,
    "eth_getBlockReceipts": 0,
    "eth_getBlockTransactionCountByNumber": 0,
    "eth_feeHistory": 1,
}
NUMBERED = {"eth_getTransactionReceipt", "eth_getTransactionByHash", "eth_getBlockByHash"}
HEAD_TAGS = {"latest", "pending"}
FINAL_TAGS = {"safe", "finalized"}


class Lag:
    """Answers as of `blocks` blocks ago; what came later is not known yet."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._node = chain.node
        self.blocks = 0

    async def call(self, method: str, params: list[Any]) -> Any:
        """The answer of the node that is behind, or of the real one where it is not."""
        if self.blocks == 0:
            return await self._node.call(method, *params)
        head = max(0, await self._chain.head() - self.blocks)
        if method == "eth_blockNumber":
            return hex(head)
        if method in BLOCK_AT:
            return await self._as_of(head, method, params)
        result = await self._node.call(method, *params)
        if method == "eth_getLogs":
            return [log for log in result if _number(log) <= head]
        if method in NUMBERED and result is not None and _number(result) > head:
            return None
        return result

    async def _as_of(self, head: int, method: str, params: list[Any]) -> Any:
        at = BLOCK_AT[method]
        filled = [*params, "latest"] if len(params) == at else list(params)
        filled[at] = await self._known(head, filled[at])
        if isinstance(filled[at], str) and int(filled[at], 16) > head:
            return None
        return await self._node.call(method, *filled)

    async def _known(self, head: int, block: Any) -> Any:
        """The number behind a tag, for the node that is behind."""
        if block in HEAD_TAGS:
            return hex(head)
        if block in FINAL_TAGS:
            found = await self._node.call("eth_getBlockByNumber", block, False)
            return hex(max(0, _number(found) - self.blocks))
        return "0x0" if block == "earliest" else block


def _number(item: dict[str, Any]) -> int:
    """The block that something is in; a transaction that waits is in none, so never too late."""
    found = item.get("blockNumber") or item.get("number") or "0x0"
    return int(found, 16)
