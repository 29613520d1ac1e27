"""The local chain: questions to the node, and transactions of the hot account."""

from typing import Any

import httpx
from eth_utils.address import to_checksum_address

from tests.sandbox.changenow.catalogue import COINS
from tests.sandbox.changenow.records import Signed, Transfer
from tests.sandbox.changenow.world import World

# The base fee of the local chain moves; with this bid a transfer never gets stuck.
MAX_FEE_WEI = 1000 * 10**9
TIP_WEI = 10**9
GAS = 200_000
# The hot account never runs dry: below the one it is set to the other.
POOR_WEI = 100_000 * 10**18
RICH_WEI = 1_000_000 * 10**18

TRANSFER_SELECTOR = "0xa9059cbb"
MINT_SELECTOR = "0x40c10f19"
TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


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


async def number(world: World, method: str, *params: Any) -> int:
    """One JSON-RPC call whose result is a quantity."""
    return int(await rpc(world, method, *params), 16)


async def receipt(world: World, tx_hash: str) -> dict[str, Any] | None:
    found = await rpc(world, "eth_getTransactionReceipt", tx_hash)
    return dict(found) if found else None


async def has_code(world: World, contract: str) -> bool:
    return await rpc(world, "eth_getCode", contract, "latest") not in ("0x", None)


async def top_up(world: World) -> None:
    """See that the hot account can pay; a reorganisation may have taken its funds."""
    address = world.hot.address
    if await number(world, "eth_getBalance", address, "latest") < POOR_WEI:
        await rpc(world, "anvil_setBalance", address, hex(RICH_WEI))


async def sign(world: World, transfer: Transfer, nonce: int) -> list[Signed]:
    """What moves the money of `transfer`; tokens are minted in the very amount just before."""
    chain_id = await number(world, "eth_chainId")
    contract = COINS[transfer.coin].contract
    if contract is None:
        orders = [{"to": to_checksum_address(transfer.to), "value": transfer.units}]
    else:
        mint = _call(MINT_SELECTOR, world.hot.address, transfer.units)
        send = _call(TRANSFER_SELECTOR, transfer.to, transfer.units)
        orders = [{"to": contract, "value": 0, "data": data} for data in (mint, send)]
    return [_signed(world, order, chain_id, nonce + n) for n, order in enumerate(orders)]


def _call(selector: str, address: str, units: int) -> str:
    return f"{selector}{address[2:].lower():0>64}{units:064x}"


def _signed(world: World, order: dict[str, Any], chain_id: int, nonce: int) -> Signed:
    fees = {"maxFeePerGas": MAX_FEE_WEI, "maxPriorityFeePerGas": TIP_WEI, "gas": GAS}
    shared = {"type": 2, "chainId": chain_id, "nonce": nonce, **fees}
    signed = world.hot.sign_transaction({**shared, **order})
    raw, tx_hash = signed.raw_transaction.to_0x_hex(), signed.hash.to_0x_hex()
    return Signed(hash=tx_hash, raw=raw, nonce=nonce)
