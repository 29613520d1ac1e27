"""Questions to an Ethereum node over HTTP."""

import os
from dataclasses import dataclass
from typing import Any

from eth_typing import ChecksumAddress, HexStr
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.exceptions import BlockNotFound, TransactionNotFound, Web3RPCError
from web3.types import LogReceipt, RPCEndpoint, TxReceipt

from shared_lib.adapters.ethereum_errors import TROUBLES, asking, no_answer, verdict, would_fail
from shared_lib.adapters.ethereum_tokens import WORD_BYTES, Log
from shared_lib.domain.transfer import Mined
from shared_lib.ports import BroadcastResult, PermanentError, UnknownOutcomeError


@dataclass(frozen=True, slots=True)
class Transaction:
    """Addresses are in lower case; `to` is None where a contract is made."""

    sender: str
    to: str | None
    wei: int


class EthereumNode:
    """Every question raises RetryableError when it is not answered, or not readably."""

    def __init__(self, rpc_url: str, *, call_seconds: float) -> None:
        self._rpc_url = rpc_url
        self._call_seconds = call_seconds
        self._opened: tuple[int, Web3] | None = None

    def _web3(self) -> Web3:
        """This process's client: connections must not be shared with the one that forked us.

        The client itself keeps a session for each thread.
        """
        process = os.getpid()
        if self._opened is None or self._opened[0] != process:
            self._opened = (process, _client(self._rpc_url, self._call_seconds))
        return self._opened[1]

    def chain_id(self) -> int:
        """The id of the node's chain."""
        with asking():
            return int(self._web3().eth.chain_id)

    def head(self) -> int:
        """The newest block's number."""
        with asking():
            return int(self._web3().eth.block_number)

    def base_fee(self) -> int:
        """Wei per gas, in the newest block."""
        with asking():
            return int(self._web3().eth.get_block("latest")["baseFeePerGas"])

    def tip(self) -> int:
        """Wei per gas that the node would offer."""
        # Not by the library's property: that guesses where the node says that it is too busy.
        with asking():
            return _quantity(self._request("eth_maxPriorityFeePerGas"))

    def estimated_gas(self, sender: str, to: str, wei: int, data: bytes = b"") -> int:
        """Gas that the transaction takes. Raises PermanentError where it would fail."""
        order = {"from": sender, "to": to, "value": hex(wei)}
        if data:
            order["data"] = f"0x{data.hex()}"
        with asking():
            try:
                # Not by the library's method: that takes any error with data for a failed contract.
                return _quantity(self._request("eth_estimateGas", order))
            except Web3RPCError as error:
                if would_fail(error):
                    raise PermanentError("the node says that the transfer would fail") from None
                raise

    def transaction_count(self, address: ChecksumAddress, block: int | None) -> int:
        """How many of the address's transactions are mined, as of `block` or of the newest."""
        with asking():
            at = "latest" if block is None else hex(block)
            return _quantity(self._request("eth_getTransactionCount", address, at))

    def balance(self, address: ChecksumAddress) -> int:
        """Wei that the address has at the newest block."""
        with asking():
            return int(self._web3().eth.get_balance(address, "latest"))

    def call_word(self, contract: str, data: bytes) -> int:
        """What a contract answers to a question, at the newest block, where that is one number."""
        order = {"to": contract, "data": f"0x{data.hex()}"}
        with asking():
            answer = bytes.fromhex(self._request("eth_call", order, "latest").removeprefix("0x"))
            if len(answer) != WORD_BYTES:
                raise ValueError("the contract is not there, or is another one")
            return int.from_bytes(answer)

    def block_hash(self, number: int) -> str | None:
        """The hash of the block with this number, or None where the node has none."""
        with asking():
            try:
                return self._web3().eth.get_block(number)["hash"].to_0x_hex()
            except BlockNotFound:
                return None

    def mined(self, tx_hash: str) -> Mined | None:
        """Where a transaction stands by its receipt, or None while there is none."""
        with asking():
            receipt = self._receipt(tx_hash)
            return _mined(receipt) if receipt else None

    def logged(self, tx_hash: str) -> tuple[Mined, list[Log]] | None:
        """A receipt and what it has of logs, or None while there is none."""
        with asking():
            receipt = self._receipt(tx_hash)
            return (_mined(receipt), [_log(log) for log in receipt["logs"]]) if receipt else None

    def _receipt(self, tx_hash: str) -> TxReceipt | None:
        try:
            return self._web3().eth.get_transaction_receipt(HexStr(tx_hash))
        except TransactionNotFound:
            return None

    def transaction(self, tx_hash: str) -> Transaction | None:
        """A transaction, mined or not, or None where the node has none."""
        with asking():
            try:
                found = self._web3().eth.get_transaction(HexStr(tx_hash))
            except TransactionNotFound:
                return None
            to = found.get("to")
            return Transaction(
                sender=str(found["from"]).lower(),
                to=str(to).lower() if to else None,
                wei=int(found["value"]),
            )

    def send(self, raw: bytes) -> BroadcastResult:
        """Hand over signed bytes. Raises UnknownOutcomeError unless the answer is clear."""
        try:
            answer = self._web3().eth.send_raw_transaction(raw)
        except Web3RPCError as error:
            return verdict(error)
        except TROUBLES as error:
            raise no_answer(error) from None
        if answer != keccak(raw):
            raise UnknownOutcomeError("the node answered with another transaction's hash")
        return BroadcastResult.ACCEPTED

    def _request(self, method: str, *params: Any) -> Any:
        return self._web3().manager.request_blocking(RPCEndpoint(method), list(params))


def _client(rpc_url: str, call_seconds: float) -> Web3:
    provider = HTTPProvider(
        rpc_url,
        request_kwargs={"timeout": call_seconds},
        # Whoever calls us decides about trying again.
        exception_retry_configuration=None,
    )
    # The library's layers would ask more than we do: for names, prices and chain ids.
    return Web3(provider, middleware=[])


def _quantity(answer: str) -> int:
    return int(answer, 16)


def _log(found: LogReceipt) -> Log:
    topics = tuple(bytes(topic) for topic in found["topics"])
    return Log(str(found["address"]).lower(), topics, bytes(found["data"]))


def _mined(found: TxReceipt) -> Mined:
    return Mined(
        hash=found["transactionHash"].to_0x_hex(),
        block=int(found["blockNumber"]),
        block_hash=found["blockHash"].to_0x_hex(),
        gas_paid=int(found["gasUsed"]) * int(found["effectiveGasPrice"]),
        succeeded=found["status"] == 1,
    )
