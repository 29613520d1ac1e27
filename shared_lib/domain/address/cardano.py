"""Addresses of Cardano: Shelley's (CIP-19) in Bech32, and Byron's in base58 around CBOR."""

from shared_lib.domain.address import base58, bech32
from shared_lib.domain.address.byron import is_payable
from shared_lib.domain.address.problem import (
    AddressProblemError,
    refuse_beginnings,
    refuse_unowned,
)

_MAIN_NETWORK = 1
_HASH_BYTES = 28
# By kind, the high half of the first byte: with a part for staking, and without one.
_BYTES_OF_KIND = {
    **dict.fromkeys((0, 1, 2, 3), 1 + 2 * _HASH_BYTES),
    **dict.fromkeys((6, 7), 1 + _HASH_BYTES),
}
_RULE = "must be a Cardano address, addr1…, copied whole"
_REFUSED = (
    ("stake1", "must be a payment address, addr1…: money cannot be sent to a stake address"),
    ("addr_test1", "must be an address of the main network, addr1…"),
)


def normal_address(text: str) -> str:
    """Shelley's in small letters, Byron's as given. Pointer addresses are refused."""
    refuse_beginnings(text, _REFUSED)
    if _is_shelley(text):
        return text.lower()
    if _is_byron(text):
        return text
    raise AddressProblemError(_RULE)


def _is_shelley(text: str) -> bool:
    decoded = bech32.decode(text)
    if decoded is None or decoded.variant != bech32.Variant.BECH32 or decoded.prefix != "addr":
        return False
    data = bech32.octets(decoded.values)
    if not data or data[0] % 16 != _MAIN_NETWORK or len(data) != _BYTES_OF_KIND.get(data[0] // 16):
        return False
    refuse_unowned(data[1:])
    return True


def _is_byron(text: str) -> bool:
    data = base58.decode(text)
    return data is not None and is_payable(data)
