"""What arrives at pay-in addresses, read from the blocks of the local chain."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.sandbox.changenow import chain, lifecycle
from tests.sandbox.changenow.catalogue import COINS, ETHER, TOKENS
from tests.sandbox.changenow.records import Deposit, Exchange, now_ms
from tests.sandbox.changenow.world import World

MOST_BLOCKS = 200
# After a reorganisation this many blocks are read again; what was seen before is known by its hash.
DEEPEST_REORG = 64
CURSOR = "cursor"


@dataclass(frozen=True)
class Seen:
    """A transfer to a pay-in address."""

    coin: str
    to: str
    sender: str
    units: int
    hash: str
    place: int | None  # of a token's event among those of its transaction


async def scan(world: World) -> None:
    """Read the blocks that are new since the last time."""
    if not world.payins:
        head = await chain.number(world, "eth_blockNumber")
        await _remember(world, head)
        return
    start = await _start(world)
    head = min(await chain.number(world, "eth_blockNumber"), start + MOST_BLOCKS)
    if head <= start:
        return
    found = [one for n in range(start + 1, head + 1) for one in await _ether(world, n)]
    found += await _tokens(world, start + 1, head)
    for one in found:
        take(world, one)
    await _remember(world, head)


async def _start(world: World) -> int:
    """The last block that was read and is still what it was."""
    kept = world.store.setting(CURSOR) or {"number": 0, "hash": ""}
    block = await chain.rpc(world, "eth_getBlockByNumber", hex(kept["number"]), False)
    if block is not None and block["hash"] == kept["hash"]:
        return int(kept["number"])
    return max(0, int(kept["number"]) - DEEPEST_REORG)


async def _remember(world: World, number: int) -> None:
    block = await chain.rpc(world, "eth_getBlockByNumber", hex(number), False)
    if block is not None:
        world.store.set(CURSOR, {"number": number, "hash": block["hash"]})


async def _ether(world: World, number: int) -> list[Seen]:
    block = await chain.rpc(world, "eth_getBlockByNumber", hex(number), True)
    found = []
    for one in block["transactions"] if block else []:
        to, wei = str(one.get("to")).lower(), int(one["value"], 16)
        if to in world.payins and wei > 0 and await _succeeded(world, one["hash"]):
            found.append(Seen(ETHER, to, one["from"], wei, one["hash"], None))
    return found


async def _succeeded(world: World, tx_hash: str) -> bool:
    done = await chain.receipt(world, tx_hash)
    return done is not None and int(done["status"], 16) == 1


async def _tokens(world: World, first: int, last: int) -> list[Seen]:
    wanted = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "address": list(TOKENS),
        "topics": [chain.TRANSFER_TOPIC],
    }
    logs = await chain.rpc(world, "eth_getLogs", wanted)
    places: Counter[str] = Counter()
    found = []
    for one in logs:
        found.append(_transfer(one, places[one["transactionHash"]]))
        places[one["transactionHash"]] += 1
    return [one for one in found if one.to in world.payins and one.units > 0]


def _transfer(log: dict[str, Any], place: int) -> Seen:
    sender, to = ("0x" + topic[-40:].lower() for topic in log["topics"][1:3])
    coin = TOKENS[log["address"].lower()].id
    return Seen(coin, to, sender, int(log["data"], 16), log["transactionHash"], place)


def take(world: World, seen: Seen) -> None:
    """Write a transfer down, once, as the deposit of the exchange that it belongs to."""
    exchange = world.store.get(Exchange, world.payins[seen.to])
    if exchange is None or _is_known(world, exchange, seen):
        return
    with world.store.together():
        if seen.coin == exchange.source and exchange.amount_from is None:
            target = exchange
        else:
            target = _beside(world, exchange, seen)
        deposit = Deposit(
            exchange_id=exchange.id,
            coin=seen.coin,
            units=seen.units,
            sender=seen.sender,
            hash=seen.hash,
            place=seen.place,
        )
        world.store.put(deposit)
        _arrive(world, target, seen)


def _is_known(world: World, exchange: Exchange, seen: Seen) -> bool:
    event = (seen.hash, seen.place)
    deposits = world.store.listed(Deposit, owner=exchange.id)
    return any((one.hash, one.place) == event and not one.gone for one in deposits)


def _beside(world: World, exchange: Exchange, seen: Seen) -> Exchange:
    """An exchange of its own for what should not have come; what becomes of it is to be decided."""
    amount = COINS[seen.coin].amount(seen.units)
    relation = "repeated" if seen.coin == exchange.source else "related"
    child = Exchange(
        original_id=exchange.id,
        relation=relation,
        trouble=relation,
        source=seen.coin,
        target=exchange.target,
        flow="standard",
        type="direct",
        from_amount=amount,
        to_amount=exchange.to_amount,
        payin_address=exchange.payin_address,
        payout_address=exchange.payout_address,
        payout_extra_id=exchange.payout_extra_id,
        refund_address=exchange.refund_address,
        refund_extra_id=exchange.refund_extra_id,
    )
    return world.store.put(child)


def _arrive(world: World, exchange: Exchange, seen: Seen) -> None:
    exchange.amount_from = COINS[seen.coin].amount(seen.units)
    exchange.payin_hash, exchange.sender = seen.hash, seen.sender
    exchange.deposit_received_at = now_ms()
    if exchange.original_id is None and exchange.flow == "fixed-rate":
        late = exchange.valid_until is not None and now_ms() > exchange.valid_until
        wrong = exchange.amount_from != exchange.from_amount
        exchange.trouble = "amount" if wrong else "late" if late else None
    lifecycle.reach(world, exchange, "confirming")
