"""The tokens on the node: their code, new tokens, and what their contracts do wrong by order."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from eth_utils.crypto import keccak

from tests.sandbox.ethereum.node import Node
from tests.sandbox.ethereum.tokens.compiler import Compiled, compiled_contracts

# By asset id as exchanges write it: the contract here, and its address on the main network.
NAMES = {"usdt:eth": "Usdt", "shib:eth": "Shib"}
ADDRESSES = {
    "usdt:eth": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    "shib:eth": "0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE",
}
MINT = keccak(text="mint(address,uint256)")[:4]
WORD_BYTES = 32
ADDRESS_BYTES = 20
FEE_BPS_MOST = 10_000
BLACKLIST_MOST = 100


@dataclass(frozen=True)
class Switches:
    """What a token's contract does by order; `blacklist` has addresses in lower case.

    Silent, a transfer succeeds without moving or logging anything.
    """

    paused: bool = False
    silent: bool = False
    fee_bps: int = 0
    blacklist: tuple[str, ...] = ()

    def changed(self, order: dict[str, Any]) -> "Switches":
        """With what an order names; raises ValueError for what cannot be."""
        unknown = order.keys() - asdict(self).keys()
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        told = dict(order)
        if "blacklist" in told:
            told["blacklist"] = tuple(_address(text) for text in told["blacklist"])
        return replace(self, **told).checked()

    def checked(self) -> "Switches":
        """Itself; raises ValueError for what a contract could not hold."""
        flags = (self.paused, self.silent)
        if not all(isinstance(flag, bool) for flag in flags):
            raise ValueError("paused and silent are true or false")
        if not isinstance(self.fee_bps, int) or not 0 <= self.fee_bps <= FEE_BPS_MOST:
            raise ValueError(f"fee_bps is 0 to {FEE_BPS_MOST}")
        if len(self.blacklist) > BLACKLIST_MOST:
            raise ValueError(f"a blacklist has at most {BLACKLIST_MOST} addresses")
        return self


class Tokens:
    """All tokens. Switches are in the contracts' own state, so they outlast a restart."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @cached_property
    def _contracts(self) -> dict[str, Compiled]:
        compiled = compiled_contracts()
        return {asset_id: compiled[name] for asset_id, name in NAMES.items()}

    async def install(self) -> None:
        """Put the code where the chain's present state lacks it."""
        for asset_id, contract in self._contracts.items():
            address = ADDRESSES[asset_id]
            if await self._node.call("eth_getCode", address, "latest") != contract.code:
                await self._node.call("anvil_setCode", address, contract.code)

    def minting(self, asset_id: str, to: str, base_units: int) -> dict[str, str]:
        """The transaction, anybody's, that makes new tokens. Raises KeyError or ValueError."""
        if not 0 <= base_units < 2**256:
            raise ValueError("base_units is out of range")
        data = MINT + _word(int(_address(to), 16)) + _word(base_units)
        return {"to": ADDRESSES[asset_id], "data": f"0x{data.hex()}"}

    async def restore(self, switches: Mapping[str, Switches]) -> None:
        """Code and switches as they were, in another state of the chain."""
        await self.install()
        for asset_id, ones in switches.items():
            await self.turn(asset_id, ones)

    async def all_switches(self) -> dict[str, Switches]:
        """How every token's switches are set."""
        return {asset_id: await self.switches(asset_id) for asset_id in ADDRESSES}

    async def switches(self, asset_id: str) -> Switches:
        """How a token's switches are set. Raises KeyError."""
        slots = self._contracts[asset_id].slots
        first = _first_of(slots["blacklist"])
        length = await self._read(asset_id, slots["blacklist"])
        listed = [await self._read(asset_id, first + place) for place in range(length)]
        return Switches(
            paused=bool(await self._read(asset_id, slots["paused"])),
            silent=bool(await self._read(asset_id, slots["silent"])),
            fee_bps=await self._read(asset_id, slots["feeBps"]),
            blacklist=tuple(f"0x{address:040x}" for address in listed),
        )

    async def turn(self, asset_id: str, switches: Switches) -> None:
        """Set a token's switches, at once and without a transaction."""
        slots = self._contracts[asset_id].slots
        values = {
            slots["paused"]: int(switches.paused),
            slots["silent"]: int(switches.silent),
            slots["feeBps"]: switches.fee_bps,
            slots["blacklist"]: len(switches.blacklist),
        }
        first = _first_of(slots["blacklist"])
        values |= {first + n: int(one, 16) for n, one in enumerate(switches.blacklist)}
        for slot, value in values.items():
            where = (ADDRESSES[asset_id], f"0x{slot:064x}", f"0x{value:064x}")
            await self._node.call("anvil_setStorageAt", *where)

    async def _read(self, asset_id: str, slot: int) -> int:
        where = (ADDRESSES[asset_id], hex(slot), "latest")
        return await self._node.number("eth_getStorageAt", *where)


def _first_of(slot: int) -> int:
    """Where an array's items begin; the slot itself says how many there are."""
    return int.from_bytes(keccak(_word(slot)))


def _word(number: int) -> bytes:
    return number.to_bytes(WORD_BYTES)


def _address(text: str) -> str:
    if len(bytes.fromhex(text.removeprefix("0x"))) != ADDRESS_BYTES:
        raise ValueError(f"an address has {ADDRESS_BYTES} bytes")
    return text.lower()
