"""Addresses of TRON. Its test networks write theirs in the same way, so they pass."""

from shared_lib.domain.address.base58 import decode_check
from shared_lib.domain.address.problem import AddressProblemError, refuse_unowned

_VERSION = b"\x41"
_BYTES = 21


def normal_address(text: str) -> str:
    """The address as given."""
    data = decode_check(text)
    if data is None or len(data) != _BYTES or not data.startswith(_VERSION):
        raise AddressProblemError("must be a TRON address, T…, copied whole")
    refuse_unowned(data[len(_VERSION) :])
    return text
