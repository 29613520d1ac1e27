"""Addresses of Solana: 32 bytes without a checksum.

A mistyped address usually is still an address, and whether it belongs to a key or to a program
cannot be seen here either.
"""

from shared_lib.domain.address.base58 import decode
from shared_lib.domain.address.problem import AddressProblemError, refuse_as_unowned

_BYTES = 32
# The names of built-in programs are filled up so: Vote111…, 1nc1nerator111…, 111….
_NAME_ENDING = "1" * 10


def normal_address(text: str) -> str:
    """The address as given."""
    data = decode(text)
    if data is None or len(data) != _BYTES:
        raise AddressProblemError("must be a Solana address of 32 to 44 characters, copied whole")
    if text.endswith(_NAME_ENDING):
        refuse_as_unowned()
    return text
