"""Deposits to the merchant on the local chain, each sent once whatever happens."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import httpx

from tests.sandbox.nowpayments.records import Deposit
from tests.sandbox.nowpayments.world import World

log = logging.getLogger("nowpayments")

POLL_SECONDS = 0.2
RETRY_SECONDS = 0.5
# The base fee of the local chain moves; with this bid a deposit never gets stuck.
MAX_FEE_WEI = 1000 * 10**9
TIP_WEI = 10**9
TRANSFER_SELECTOR = "0xa9059cbb"


class ChainError(Exception):
    """The node could not be asked, or said no."""


async def rpc(world: World, method: str, *params: Any) -> Any:
    """One JSON-RPC call."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    try:
        response = await world.http.post(world.settings.rpc_url, json=request)
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ChainError(f"{method}: {error!r}") from error
    if not isinstance(answer, dict) or answer.get("error") or "result" not in answer:
        raise ChainError(f"{method}: {answer}")
    return answer["result"]


async def height(world: World) -> int:
    return int(await rpc(world, "eth_blockNumber"), 16)


async def payer(world: World) -> str:
    """The unlocked account that pays deposits."""
    accounts = await rpc(world, "eth_accounts")
    try:
        return str(accounts[world.settings.payer_index])
    except IndexError as error:
        raise ChainError(f"the node has only {len(accounts)} accounts") from error


def transaction(contract: str | None, deposit: Deposit, sender: str) -> dict[str, str]:
    """The transaction of a deposit: plain value, or a token transfer."""
    shared = {
        "from": sender,
        "maxFeePerGas": hex(MAX_FEE_WEI),
        "maxPriorityFeePerGas": hex(TIP_WEI),
    }
    if contract is None:
        return {**shared, "to": deposit.to, "value": hex(deposit.value)}
    data = f"{TRANSFER_SELECTOR}{deposit.to[2:].lower():0>64}{deposit.value:064x}"
    return {**shared, "to": contract, "value": "0x0", "data": data}


async def settle(world: World, deposit: Deposit, sent: Callable[[Deposit], None]) -> None:
    """Send `deposit`, unless it was sent already, and wait until it is mined.

    A node that is away is asked again until it is back: money is late, never lost.
    """
    while not deposit.mined:
        try:
            if deposit.hash is None:
                await _send(world, deposit)
                sent(deposit)
            await _mined(world, deposit)
        except ChainError as error:
            log.warning("deposit of payment %s waits: %s", deposit.payment_id, error)
            await asyncio.sleep(RETRY_SECONDS)


async def _send(world: World, deposit: Deposit) -> None:
    sender = await payer(world)
    wanted = transaction(world.settings.token_contract, deposit, sender)
    # One at a time, so that two equal deposits never take each other's transaction for theirs.
    async with world.sending:
        stored = world.store.get(Deposit, deposit.id) or deposit
        deposit.attempted, deposit.hash = stored.attempted, stored.hash
        if deposit.hash is not None:
            return
        found = await _find(world, deposit, wanted) if deposit.attempted else None
        deposit.attempted = True
        world.store.put(deposit)
        deposit.hash = found or str(await rpc(world, "eth_sendTransaction", wanted))
        world.store.put(deposit)


async def _mined(world: World, deposit: Deposit) -> None:
    while True:
        receipt = await rpc(world, "eth_getTransactionReceipt", deposit.hash)
        if receipt:
            break
        await asyncio.sleep(POLL_SECONDS)
    if int(receipt["status"], 16) != 1:
        log.error("deposit of payment %s was reverted: %s", deposit.payment_id, deposit.hash)
    deposit.mined = True
    world.store.put(deposit)


async def _find(world: World, deposit: Deposit, wanted: dict[str, str]) -> str | None:
    """The hash of a transaction sent before a crash and never written down."""
    known = {one.hash for one in world.store.listed(Deposit)}
    blocks: list[Any] = [hex(n) for n in range(deposit.from_block, await height(world) + 1)]
    for block in [*blocks, "pending"]:
        with contextlib.suppress(KeyError, TypeError):
            shown = await rpc(world, "eth_getBlockByNumber", block, True)
            for one in shown["transactions"]:
                if one["hash"] not in known and _same(one, wanted):
                    return str(one["hash"])
    return None


def _same(shown: dict[str, Any], wanted: dict[str, str]) -> bool:
    return (
        str(shown["from"]).lower() == wanted["from"].lower()
        and str(shown["to"]).lower() == wanted["to"].lower()
        and int(shown["value"], 16) == int(wanted["value"], 16)
        and shown.get("input", "0x") == wanted.get("data", "0x")
    )
