"""The Ethereum chain behind the port `Chain`. Fees are wei.

Importing this costs nothing: the client library is loaded with the first question.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from shared_lib.adapters.ethereum_address import checksum_address
from shared_lib.adapters.ethereum_tokens import (
    NO_TOKENS,
    Contracts,
    balance_data,
    transfer_data,
    transfers,
)
from shared_lib.domain.money import ETH, Asset, Money, zero
from shared_lib.domain.transfer import Fees, Mined
from shared_lib.ports import BroadcastResult, Incoming, PermanentError, RetryableError

if TYPE_CHECKING:
    from shared_lib.adapters.ethereum_node import EthereumNode

__all__ = ["TIP_LEAST_WEI", "EthereumChain", "checksum_address"]

# Below this a tip is not worth a block builder's while, and ten percent more hardly outbids it.
TIP_LEAST_WEI = 100_000_000
# A plain transfer takes 21,000; a recipient that is a contract may need more, but not this much.
GAS_LIMIT_MOST = 100_000
# A token's transfer takes about 65,000.
TOKEN_GAS_LIMIT_MOST = 200_000
# What a token's transfer takes more, if since the estimate the recipient has spent all it had.
TOKEN_GAS_MORE = 17_100
# Survives about six full blocks in a row, each of which raises the base fee by an eighth.
BASE_FEE_FACTOR = 2


class EthereumChain:
    """A node of any client, by JSON-RPC. Safe to share between threads and across a fork.

    `tokens` maps asset ids such as `usdt:eth` to their contracts. Each request may take
    `call_seconds`; a method makes three requests at most. Raises ValueError for a contract's
    address that is none.
    """

    def __init__(
        self, rpc_url: str, *, call_seconds: float, tokens: Mapping[str, str] = NO_TOKENS
    ) -> None:
        self._rpc_url = rpc_url
        self._call_seconds = call_seconds
        self._contracts = Contracts(tokens)

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
        gas_limit = self._gas_limit(checksum_address(sender), checksum_address(destination), amount)
        base_fee = self._node.base_fee()
        tip = max(self._node.tip(), TIP_LEAST_WEI)
        return Fees(
            max_fee=BASE_FEE_FACTOR * base_fee + tip,
            max_priority_fee=tip,
            gas_limit=gas_limit,
        )

    def _gas_limit(self, sender: str, destination: str, amount: Money) -> int:
        contract = self._contracts.of(amount.asset)
        if contract is None:
            gas = self._node.estimated_gas(sender, destination, amount.base_units)
            return _limit(gas * 5 // 4, gas, GAS_LIMIT_MOST)
        data = transfer_data(destination, amount.base_units)
        try:
            gas = self._node.estimated_gas(sender, contract, 0, data)
        except PermanentError:
            self._require_held(sender, amount)
            raise
        return _limit(gas * 5 // 4 + TOKEN_GAS_MORE, gas, TOKEN_GAS_LIMIT_MOST)

    def _require_held(self, sender: str, amount: Money) -> None:
        """A contract does not say why it refuses. Raises RetryableError where more has to come."""
        if self.balance(sender, amount.asset) < amount:
            raise RetryableError(f"the sender has too little of {amount.asset.id}")

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
        contract = self._contracts.of(asset)
        paid = (
            self._paid_coins(tx_hash, recipient)
            if contract is None
            else self._paid_tokens(tx_hash, recipient, contract)
        )
        if paid is None:
            return None
        mined, base_units = paid
        return Incoming(
            amount=Money(base_units, asset) if mined.succeeded else zero(asset),
            block=mined.block,
            confirmations=max(0, self._node.head() - mined.block + 1),
            succeeded=mined.succeeded,
        )

    def _paid_coins(self, tx_hash: str, recipient: str) -> tuple[Mined, int] | None:
        mined = self._node.mined(tx_hash)
        transaction = self._node.transaction(tx_hash) if mined else None
        if mined is None or transaction is None:
            return None
        return mined, transaction.wei if transaction.to == recipient.lower() else 0

    def _paid_tokens(self, tx_hash: str, recipient: str, contract: str) -> tuple[Mined, int] | None:
        logged = self._node.logged(tx_hash)
        if logged is None:
            return None
        mined, logs = logged
        return mined, sum(transfers(logs, contract, recipient))

    def moved(self, tx_hash: str, sender: str, recipient: str, amount: Money) -> bool:
        contract = self._contracts.of(amount.asset)
        if contract is None:
            return self._moved_coins(tx_hash, sender, recipient, amount.base_units)
        logged = self._node.logged(tx_hash)
        if logged is None:
            return False
        mined, logs = logged
        found = transfers(logs, contract, recipient, sender)
        return mined.succeeded and bool(found) and sum(found) == amount.base_units

    def _moved_coins(self, tx_hash: str, sender: str, recipient: str, wei: int) -> bool:
        mined = self._node.mined(tx_hash)
        if mined is None or not mined.succeeded:
            return False
        found = self._node.transaction(tx_hash)
        said = (sender.lower(), recipient.lower(), wei)
        return found is not None and (found.sender, found.to, found.wei) == said

    def balance(self, address: str, asset: Asset = ETH) -> Money:
        contract = self._contracts.of(asset)
        owner = checksum_address(address)
        if contract is None:
            return Money(self._node.balance(owner), ETH)
        return Money(self._node.call_word(contract, balance_data(owner)), asset)


def _limit(wanted: int, estimate: int, most: int) -> int:
    if estimate > most:
        raise PermanentError(f"the transfer takes more than {most} gas")
    return min(wanted, most)
