"""The chain's own life: blocks, base fee, reorganisations, and what the dev accounts send."""

import asyncio
import random
from typing import Any

from tests.sandbox.ethereum.node import Node
from tests.sandbox.ethereum.tokens.contracts import Switches, Tokens
from tests.sandbox.ethereum.waiting import Waiting, WaitingRoom

# An idle chain's base fee falls to nothing; this keeps it in a range as on the real one.
BASE_FEE_FLOOR = 10**9
# More than any token takes; without a limit anvil would fill a block with each.
MINT_GAS = 200_000


class Chain:
    """The only one who orders blocks; `lock` is held by whatever must not see one come between."""

    def __init__(self, node: Node, block_seconds: float) -> None:
        self.node = node
        self.waiting = WaitingRoom(node)
        self.tokens = Tokens(node)
        self.lock = asyncio.Lock()
        self.mining = block_seconds > 0
        self._block_seconds = block_seconds or 1.0
        self._base_fee_ordered = False

    async def head(self) -> int:
        """The number of the latest block."""
        return await self.node.number("eth_blockNumber")

    async def mine_forever(self) -> None:
        """A block at each interval while mining is on."""
        while True:
            await asyncio.sleep(self._block_seconds)
            async with self.lock:
                if self.mining:
                    await self._mine_one()

    async def switch_mining(self, *, on: bool) -> None:
        """Blocks by themselves, or only by order; a block under way is finished first."""
        async with self.lock:
            self.mining = on

    async def mine(self, blocks: int) -> None:
        """Add blocks now."""
        async with self.lock:
            for _ in range(blocks):
                await self._mine_one()

    async def _mine_one(self) -> None:
        await self._move_base_fee()
        await self.waiting.settle()
        await self.node.call("evm_mine")

    async def _move_base_fee(self) -> None:
        """Near the floor it rises by up to the eighth that one block may change."""
        if self._base_fee_ordered:
            self._base_fee_ordered = False
            return
        latest = await self.node.call("eth_getBlockByNumber", "latest", False)
        fee = int(latest["baseFeePerGas"], 16)
        if fee * 7 // 8 < BASE_FEE_FLOOR:
            await self._set_base_fee(fee * random.randint(1000, 1125) // 1000 + 1)

    async def _set_base_fee(self, wei: int) -> None:
        await self.node.call("anvil_setNextBlockBaseFeePerGas", hex(wei))

    async def order_base_fee(self, wei: int) -> None:
        """The next block has this base fee; from there it moves by the protocol's rule."""
        async with self.lock:
            await self._set_base_fee(wei)
            self._base_fee_ordered = True

    async def transfer(self, from_index: int, to: str, wei: int) -> str:
        """A real transfer from a dev account, in the next block."""
        return await self._send(from_index, {"to": to, "value": hex(wei)})

    async def mint(self, asset_id: str, to: str, base_units: int) -> str:
        """New tokens for an address, in the next block."""
        order = self.tokens.minting(asset_id, to, base_units)
        return await self._send(0, order | {"gas": hex(MINT_GAS)})

    async def _send(self, from_index: int, order: dict[str, str]) -> str:
        accounts = await self.node.call("eth_accounts")
        async with self.lock:
            sent = {"from": accounts[from_index]} | order
            return str(await self.node.call("eth_sendTransaction", sent))

    async def turn(self, asset_id: str, order: dict[str, Any]) -> Switches:
        """Turn switches of a token; answers how all of them are set now."""
        async with self.lock:
            switches = (await self.tokens.switches(asset_id)).changed(order)
            await self.tokens.turn(asset_id, switches)
        return switches

    async def reorganise(self, depth: int, *, drop: bool) -> list[str]:
        """Replace the last blocks by empty ones; answers the transactions that were in them.

        They wait in the pool again, as geth puts them; with `drop` they are gone altogether.
        """
        async with self.lock:
            removed = await self._in_last_blocks(depth)
            waiting = await self.waiting.taken_out()
            switches = await self.tokens.all_switches()
            await self.node.call("anvil_reorg", depth, [])
            # What was put into the node without a transaction went with the blocks.
            await self.tokens.restore(switches)
            for one in waiting if drop else [*removed, *waiting]:
                await self.waiting.admit(one)
            return [one.shown["hash"] for one in removed]

    async def _in_last_blocks(self, depth: int) -> list[Waiting]:
        head = await self.head()
        if not 0 < depth <= head:
            raise ValueError(f"depth {depth} of a chain with {head} blocks")
        mined: list[Waiting] = []
        for number in range(head - depth + 1, head + 1):
            block = await self.node.call("eth_getBlockByNumber", hex(number), True)
            mined += [await self.waiting.waiting(tx) for tx in block["transactions"]]
        return mined
