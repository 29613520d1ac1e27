"""Addresses of Monero: a version, two public keys, and a checksum."""

from shared_lib.domain.address.base58 import decode_monero
from shared_lib.domain.address.checksums import keccak256
from shared_lib.domain.address.problem import AddressProblemError

_KEYS_BYTES = 64
_PAYMENT_ID_BYTES = 8
_CHECKSUM_BYTES = 4
# Plain, subaddress, and integrated, which also holds a payment id.
_BODY_BYTES = {
    0x12: 1 + _KEYS_BYTES,
    0x2A: 1 + _KEYS_BYTES,
    0x13: 1 + _KEYS_BYTES + _PAYMENT_ID_BYTES,
}


def normal_address(text: str) -> str:
    """The address as given."""
    body = _checked(decode_monero(text) or b"")
    if not body or len(body) != _BODY_BYTES.get(body[0]):
        raise AddressProblemError("must be a Monero address, 4… or 8…, copied whole")
    return text


def _checked(data: bytes) -> bytes | None:
    body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    return body if keccak256(body)[:_CHECKSUM_BYTES] == checksum else None
