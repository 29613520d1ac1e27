"""A key in this process's memory, behind the port `Signer`."""

import re

from shared_lib.adapters.ethereum import checksum_address
from shared_lib.domain.money import ETH
from shared_lib.ports import PermanentError, SignedTransfer, UnsignedTransfer

_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_DYNAMIC_FEE_TYPE = 2


def is_possible(transfer: UnsignedTransfer) -> bool:
    """Whether a transfer's fields can be those of a transaction to a well-written address."""
    fees = transfer.fees
    return (
        _is_checksum_address(transfer.destination)
        and transfer.nonce >= 0
        and transfer.amount.base_units >= 0
        and fees.gas_limit > 0
        and 0 <= fees.max_priority_fee <= fees.max_fee
    )


class LocalSigner:
    """Signs for one chain with one key. Nothing that it prints or raises shows the key.

    Raises ValueError for a text that is no private key.
    """

    def __init__(self, private_key: str, *, chain_id: int) -> None:
        # Loading it takes half a second, which only a process that signs should pay.
        from eth_account import Account  # noqa: PLC0415

        if not _KEY.fullmatch(private_key):
            raise ValueError("the wallet's key is not 64 hexadecimal digits")
        try:
            self._account = Account.from_key(private_key)
        except Exception:  # noqa: BLE001 (the library's errors may repeat the key)
            raise ValueError("the wallet's key is not a private key of this curve") from None
        self._chain_id = chain_id

    def __repr__(self) -> str:
        return f"LocalSigner({self.address}, chain_id={self._chain_id})"

    @property
    def address(self) -> str:
        return str(self._account.address)

    def sign(self, transfer: UnsignedTransfer) -> SignedTransfer:
        """Raises PermanentError for another chain, another asset, or fields that cannot be."""
        if transfer.chain_id != self._chain_id:
            raise PermanentError(f"refused to sign for chain {transfer.chain_id}")
        if transfer.amount.asset != ETH:
            raise PermanentError(f"refused to sign a transfer of {transfer.amount.asset.id}")
        if not is_possible(transfer):
            raise PermanentError("refused to sign: the transfer's fields cannot be right")
        signed = self._account.sign_transaction(_fields(transfer))
        return SignedTransfer(bytes(signed.raw_transaction), signed.hash.to_0x_hex())


def _is_checksum_address(text: str) -> bool:
    try:
        return checksum_address(text) == text
    except ValueError:
        return False


def _fields(transfer: UnsignedTransfer) -> dict[str, int | str]:
    """Every field, so that nothing is ever filled in by a library."""
    return {
        "type": _DYNAMIC_FEE_TYPE,
        "chainId": transfer.chain_id,
        "nonce": transfer.nonce,
        "maxPriorityFeePerGas": transfer.fees.max_priority_fee,
        "maxFeePerGas": transfer.fees.max_fee,
        "gas": transfer.fees.gas_limit,
        "to": transfer.destination,
        "value": transfer.amount.base_units,
        "data": "0x",
    }
