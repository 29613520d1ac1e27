"""ERC-20 tokens: where their contracts are, what they are told, and what their logs say.

Nothing here reads what `transfer` returns: USDT's returns nothing. Only its log is proof.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared_lib.adapters.ethereum_address import checksum_address
from shared_lib.domain.money import ETH, Asset
from shared_lib.ports import PermanentError

NO_TOKENS: Mapping[str, str] = MappingProxyType({})
# The first four bytes of the hashes of `transfer(address,uint256)` and `balanceOf(address)`.
TRANSFER = bytes.fromhex("a9059cbb")
BALANCE_OF = bytes.fromhex("70a08231")
# The hash of `Transfer(address,address,uint256)`.
TRANSFER_TOPIC = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
# That hash, the sender and the recipient.
TRANSFER_TOPICS = 3
WORD_BYTES = 32
UINT256_MOST = 2**256 - 1


class Contracts:
    """Each token's contract, by asset id. Raises ValueError for what is no address."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._of = {asset_id: checksum_address(address) for asset_id, address in tokens.items()}
        if ETH.id in self._of or len(set(self._of.values())) < len(self._of):
            raise ValueError("a token is not ETH, and has a contract of its own")

    def __contains__(self, address: str) -> bool:
        return address in self._of.values()

    def of(self, asset: Asset) -> str | None:
        """The asset's contract, or None for ETH, which has none. Raises PermanentError."""
        contract = self._of.get(asset.id)
        if contract is None and asset != ETH:
            raise PermanentError(f"{asset.id} is not handled on this chain")
        return contract


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract wrote into a receipt. `contract` is in lower case."""

    contract: str
    topics: tuple[bytes, ...]
    data: bytes


def transfer_data(recipient: str, base_units: int) -> bytes:
    """The call `transfer(recipient, base_units)`."""
    return TRANSFER + _address_word(recipient) + base_units.to_bytes(WORD_BYTES)


def balance_data(owner: str) -> bytes:
    """The call `balanceOf(owner)`."""
    return BALANCE_OF + _address_word(owner)


def transfers(
    logs: Iterable[Log], contract: str, recipient: str, sender: str | None = None
) -> list[int]:
    """What a contract's own Transfer logs moved to `recipient`, from anybody or from `sender`."""
    to = _address_word(recipient)
    by = None if sender is None else _address_word(sender)
    return [
        int.from_bytes(log.data)
        for log in logs
        if _is_transfer(log, contract) and log.topics[2] == to and by in (None, log.topics[1])
    ]


def _is_transfer(log: Log, contract: str) -> bool:
    """Whether it has the standard's shape: both addresses are indexed, and only the value is not.

    The topic alone is not enough, as NFTs share it and index a third value.
    """
    return (
        log.contract == contract.lower()
        and len(log.topics) == TRANSFER_TOPICS
        and log.topics[0] == TRANSFER_TOPIC
        and len(log.data) == WORD_BYTES
    )


def _address_word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(WORD_BYTES, b"\0")
