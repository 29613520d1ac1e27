"""A key in this process's memory, behind the port `Signer`."""

import re
from collections.abc import Mapping

from shared_lib.adapters.ethereum_address import checksum_address
from shared_lib.adapters.ethereum_tokens import NO_TOKENS, UINT256_MOST, Contracts, transfer_data
from shared_lib.ports import PermanentError, SignedTransfer, UnsignedTransfer

_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_DYNAMIC_FEE_TYPE = 2


def require_signable(transfer: UnsignedTransfer, chain_id: int, contracts: Contracts) -> None:
    """Raises PermanentError for another chain, an unknown asset, or fields that cannot be."""
    if transfer.chain_id != chain_id:
        raise PermanentError(f"refused to sign for chain {transfer.chain_id}")
    is_token = contracts.of(transfer.amount.asset) is not None
    # Tokens that are sent to a contract of tokens are lost; a transfer of none is no transfer.
    lost = transfer.destination in contracts or (is_token and transfer.amount.base_units == 0)
    if lost or not _is_possible(transfer):
        raise PermanentError("refused to sign: the transfer's fields cannot be right")


def _is_possible(transfer: UnsignedTransfer) -> bool:
    """Whether a transfer's fields can be those of a transaction to a well-written address."""
    fees = transfer.fees
    return (
        _is_checksum_address(transfer.destination)
        and transfer.nonce >= 0
        and 0 <= transfer.amount.base_units <= UINT256_MOST
        and fees.gas_limit > 0
        and 0 <= fees.max_priority_fee <= fees.max_fee
    )


class LocalSigner:
    """Signs for one chain with one key. Nothing that it prints or raises shows the key.

    `tokens` maps asset ids to their contracts. Raises ValueError for a text that is no private
    key, and for an address that is none.
    """

    def __init__(
        self, private_key: str, *, chain_id: int, tokens: Mapping[str, str] = NO_TOKENS
    ) -> None:
        # Loading it takes half a second, which only a process that signs should pay.
        from eth_account import Account  # noqa: PLC0415

        if not _KEY.fullmatch(private_key):
            raise ValueError("the wallet's key is not 64 hexadecimal digits")
        try:
            self._account = Account.from_key(private_key)
        except Exception:  # noqa: BLE001 (the library's errors may repeat the key)
            raise ValueError("the wallet's key is not a private key of this curve") from None
        self._chain_id = chain_id
        self._contracts = Contracts(tokens)

    def __repr__(self) -> str:
        return f"LocalSigner({self.address}, chain_id={self._chain_id})"

    @property
    def address(self) -> str:
        return str(self._account.address)

    def sign(self, transfer: UnsignedTransfer) -> SignedTransfer:
        require_signable(transfer, self._chain_id, self._contracts)
        contract = self._contracts.of(transfer.amount.asset)
        signed = self._account.sign_transaction(_fields(transfer) | _payload(transfer, contract))
        return SignedTransfer(bytes(signed.raw_transaction), signed.hash.to_0x_hex())


def _is_checksum_address(text: str) -> bool:
    try:
        return checksum_address(text) == text
    except ValueError:
        return False


def _fields(transfer: UnsignedTransfer) -> dict[str, int | str | bytes]:
    """With `_payload` every field, so that nothing is ever filled in by a library."""
    return {
        "type": _DYNAMIC_FEE_TYPE,
        "chainId": transfer.chain_id,
        "nonce": transfer.nonce,
        "maxPriorityFeePerGas": transfer.fees.max_priority_fee,
        "maxFeePerGas": transfer.fees.max_fee,
        "gas": transfer.fees.gas_limit,
    }


def _payload(transfer: UnsignedTransfer, contract: str | None) -> dict[str, int | str | bytes]:
    """ETH goes to the recipient itself; a token's contract is told to move its own."""
    amount = transfer.amount.base_units
    if contract is None:
        return {"to": transfer.destination, "value": amount, "data": b""}
    return {"to": contract, "value": 0, "data": transfer_data(transfer.destination, amount)}
