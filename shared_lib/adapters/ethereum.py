"""The Ethereum chain behind the port `Chain`. Amounts and fees are wei.

Importing this costs nothing: the client library is loaded with the first question.
"""

import re
from functools import cached_property
from typing import TYPE_CHECKING

from shared_lib.domain.money import ETH, Asset, Money, zero
from shared_lib.domain.transfer import Fees, Mined
from shared_lib.ports import BroadcastResult, Incoming, PermanentError, RetryableError

if TYPE_CHECKING:
    from eth_typing import ChecksumAddress

    from shared_lib.adapters.ethereum_node import EthereumNode

# Below this a tip is not worth a block builder's while, and ten percent more hardly outbids it.
TIP_LEAST_WEI = 100_000_000
# A plain transfer takes 21,000; a recipient that is a contract may need more, but not this much.
GAS_LIMIT_MOST = 100_000
# Survives about six full blocks in a row, each of which raises the base fee by an eighth.
BASE_FEE_FACTOR = 2

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def checksum_address(text: str) -> "ChecksumAddress":
    """The EIP-55 form of an address that is in this form, or wholly in lower or upper case.

    Raises ValueError for all else; its text never repeats the input, which could be a secret.
    """
    # Loaded here, as nothing else in this module needs it.
    from eth_utils.address import to_checksum_address  # noqa: PLC0415

    if not _ADDRESS.fullmatch(text):
        raise ValueError("not an Ethereum address: that is 0x and 40 hexadecimal digits")
    digits = text[2:]
    if not digits.strip("0"):
        raise ValueError("the zero address belongs to nobody")
    address = to_checksum_address(text)
    if text != address and digits not in (digits.lower(), digits.upper()):
        raise ValueError("the address is mistyped: its capital letters do not match its digits")
    return address


class EthereumChain:
    """A node of any client, by JSON-RPC. Safe to share between threads and across a fork.

    Each request may take `call_seconds`; a method makes three requests at most.
    """

    def __init__(self, rpc_url: str, *, call_seconds: float) -> None:
        self._rpc_url = rpc_url
        self._call_seconds = call_seconds

    @cached_property
    def _node(self) -> "EthereumNode":
        # The client library takes most of a second to load, and not every delivery asks the chain.
        from shared_lib.adapters.ethereum_node import EthereumNode  # noqa: PLC0415

        return EthereumNode(self._rpc_url, call_seconds=self._call_seconds)

    def checksum_address(self, text: str) -> str:
        return checksum_address(text)

    def chain_id(self) -> int:
        return self._node.chain_id()

    def head(self) -> int:
        return self._node.head()

    def mined_nonce(self, address: str, *, depth: int = 0) -> int:
        block = max(0, self._node.head() - depth) if depth else None
        return self._node.transaction_count(checksum_address(address), block)

    def fees_for(self, sender: str, destination: str, amount: Money) -> Fees:
        """Twice the base fee and the node's tip; the estimate of gas and a quarter more."""
        _require_eth(amount.asset)
        base_fee = self._node.base_fee()
        tip = max(self._node.tip(), TIP_LEAST_WEI)
        gas = self._node.estimated_gas(
            checksum_address(sender), checksum_address(destination), amount.base_units
        )
        return Fees(
            max_fee=BASE_FEE_FACTOR * base_fee + tip,
            max_priority_fee=tip,
            gas_limit=_gas_limit(gas),
        )

    def broadcast(self, raw: bytes) -> BroadcastResult:
        return self._node.send(raw)

    def knows(self, tx_hash: str) -> bool:
        return self._node.transaction(tx_hash) is not None

    def mined(self, tx_hash: str) -> Mined | None:
        return self._node.mined(tx_hash)

    def is_canonical(self, block: int, block_hash: str) -> bool:
        found = self._node.block_hash(block)
        if found is None:
            # A node that is behind cannot tell; that it has no such block yet proves nothing.
            raise RetryableError(f"the node has no block {block} yet")
        return found == block_hash.lower()

    def incoming(self, tx_hash: str, recipient: str, asset: Asset) -> Incoming | None:
        _require_eth(asset)
        mined = self._node.mined(tx_hash)
        transaction = self._node.transaction(tx_hash) if mined else None
        if mined is None or transaction is None:
            return None
        paid = mined.succeeded and transaction.to == recipient.lower()
        return Incoming(
            amount=Money(transaction.wei, ETH) if paid else zero(ETH),
            block=mined.block,
            confirmations=max(0, self._node.head() - mined.block + 1),
            succeeded=mined.succeeded,
        )

    def balance(self, address: str) -> Money:
        return Money(self._node.balance(checksum_address(address)), ETH)


def _require_eth(asset: Asset) -> None:
    if asset != ETH:
        raise PermanentError(f"{asset.id} is not handled on this chain")


def _gas_limit(estimate: int) -> int:
    if estimate > GAS_LIMIT_MOST:
        raise PermanentError(f"the transfer takes more than {GAS_LIMIT_MOST} gas")
    return min(estimate * 5 // 4, GAS_LIMIT_MOST)
