"""Addresses of Bitcoin Cash."""

from shared_lib.domain.address.cashaddr import decode
from shared_lib.domain.address.problem import (
    AddressProblemError,
    refuse_beginnings,
    refuse_unowned,
)

# A version is the kind of account, times eight, and the code of its length; 20 bytes have code 0.
_PUBLIC_KEY, _SCRIPT = 0x00, 0x08
_FOR_TOKENS = (0x10, 0x18)
_HASH_BYTES = 20
_OLD = "must be in the form bitcoincash:q… or bitcoincash:p…: 1… and 3… are also Bitcoin's"
_RULE = "must be a Bitcoin Cash address, bitcoincash:q… or bitcoincash:p…, copied whole"


def normal_address(text: str) -> str:
    """The address in small letters, with `bitcoincash:` or without it as it was given.

    Token-aware addresses are refused, and so is the base58 form: it is equal to Bitcoin's, so
    money meant for one chain would go to the other.
    """
    refuse_beginnings(text, (("1", _OLD), ("3", _OLD)))
    address = decode(text)
    if address is None:
        raise AddressProblemError(_RULE)
    if address.version in _FOR_TOKENS:
        raise AddressProblemError("must be an address for the coin itself, not for tokens")
    if address.version not in (_PUBLIC_KEY, _SCRIPT) or len(address.account) != _HASH_BYTES:
        raise AddressProblemError(_RULE)
    refuse_unowned(address.account)
    return text.lower()
