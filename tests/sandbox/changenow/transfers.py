"""Payouts and refunds on the local chain: signed and written down first, then sent until mined."""

import logging

from tests.sandbox.changenow import chain
from tests.sandbox.changenow.catalogue import COINS
from tests.sandbox.changenow.chain import ChainError
from tests.sandbox.changenow.records import Transfer, now_ms
from tests.sandbox.changenow.world import World

log = logging.getLogger("changenow")
RETRY_MS = 500


async def push_all(world: World) -> None:
    """Bring each transfer that is under way one step further. Only one caller at a time."""
    for transfer in world.store.listed(Transfer, only_open=True):
        if transfer.due_at <= now_ms():
            await _push(world, transfer)


async def _push(world: World, transfer: Transfer) -> None:
    try:
        await _step(world, transfer)
    except ChainError as error:
        # A node that is away is asked again until it is back: money is late, never lost.
        log.warning("transfer of exchange %014x waits: %s", transfer.exchange_id, error)
        _later(world, transfer)


async def _step(world: World, transfer: Transfer) -> None:
    contract = COINS[transfer.coin].contract
    if contract is not None and not await chain.has_code(world, contract):
        _later(world, transfer)
        return
    if not transfer.signed:
        transfer.signed = await chain.sign(world, transfer, await _next_nonce(world))
        world.store.put(transfer)
        await _send(world, transfer)
        return
    done = await chain.receipt(world, transfer.signed[-1].hash)
    if done is None:
        await _send_again(world, transfer)
    elif int(done["status"], 16) == 1:
        transfer.mined = True
        world.store.put(transfer)
    else:
        log.error("transfer of exchange %014x reverted: %s", transfer.exchange_id, transfer.hash)
        transfer.signed = []
        _later(world, transfer)


async def _next_nonce(world: World) -> int:
    """Behind all that is signed and not mined yet; nobody else has the hot account's key."""
    waiting = world.store.listed(Transfer, only_open=True)
    used = [one.nonce for transfer in waiting for one in transfer.signed]
    mined = await chain.number(world, "eth_getTransactionCount", world.hot.address, "latest")
    return max([mined, *(nonce + 1 for nonce in used)])


async def _send(world: World, transfer: Transfer) -> None:
    await chain.top_up(world)
    for one in transfer.signed:
        await chain.rpc(world, "eth_sendRawTransaction", one.raw)


async def _send_again(world: World, transfer: Transfer) -> None:
    """A crash may have come before sending, or a reorganisation may have dropped it."""
    for one in transfer.signed:
        if await chain.rpc(world, "eth_getTransactionByHash", one.hash) is None:
            await chain.top_up(world)
            await chain.rpc(world, "eth_sendRawTransaction", one.raw)


def _later(world: World, transfer: Transfer) -> None:
    transfer.due_at = now_ms() + RETRY_MS
    world.store.put(transfer)
