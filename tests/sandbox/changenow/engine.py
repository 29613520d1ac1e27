"""Takes each exchange through its statuses, one step at a time, `pace` seconds apart."""

import asyncio
import logging

from tests.sandbox.changenow import chain, deposits, lifecycle, transfers
from tests.sandbox.changenow.chain import ChainError
from tests.sandbox.changenow.records import Exchange, now_ms
from tests.sandbox.changenow.world import World

log = logging.getLogger("changenow")
SHORTEST_TICK, LONGEST_TICK = 0.04, 0.25
RETRY_SECONDS = 0.5


async def run(world: World) -> None:
    """The work of the service, for ever."""
    while True:
        try:
            await deposits.scan(world)
            await transfers.push_all(world)
            for exchange in world.store.listed(Exchange, only_open=True):
                await _advance(world, exchange.id)
        except ChainError as error:
            log.warning("the chain is away: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
        await asyncio.sleep(min(max(world.weather.pace / 2, SHORTEST_TICK), LONGEST_TICK))


async def _advance(world: World, exchange_id: int) -> None:
    exchange = world.store.get(Exchange, exchange_id)
    if exchange is None or exchange.due_at > now_ms():
        return
    if exchange.status == "confirming" and not await _is_still_there(world, exchange):
        lifecycle.forget_deposit(world, exchange_id)
        return
    # Nothing is awaited from here on, so that no order can come in between.
    current = world.store.get(Exchange, exchange_id)
    if current is not None and current.status == exchange.status:
        with world.store.together():
            lifecycle.step(world, current)


async def _is_still_there(world: World, exchange: Exchange) -> bool:
    return await chain.receipt(world, exchange.payin_hash or "") is not None
