"""CashAddr, the address format of Bitcoin Cash."""

from dataclasses import dataclass

from shared_lib.domain.address.bech32 import is_one_case, octets, values_of
from shared_lib.domain.address.checksums import bch_remainder

_PREFIX = "bitcoincash"
_GENERATORS = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_BITS = 5
_CHECKSUM_VALUES = 8
_CHECKSUM_BITS = _BITS * _CHECKSUM_VALUES
_RIGHT = 1


@dataclass(frozen=True, slots=True)
class CashAddr:
    """`version` says what kind of account it is and how long its hash."""

    version: int
    account: bytes


def decode(text: str) -> CashAddr | None:
    """An address of the main network with or without `bitcoincash:`; None for anything else."""
    values = values_of(text.lower().removeprefix(f"{_PREFIX}:"))
    if not is_one_case(text) or values is None or not _is_right(values):
        return None
    body = octets(values[:-_CHECKSUM_VALUES])
    return CashAddr(body[0], body[1:]) if body else None


def _is_right(values: bytes) -> bool:
    prefix = bytes(ord(character) % (1 << _BITS) for character in _PREFIX)
    return bch_remainder(prefix + b"\0" + values, _GENERATORS, _CHECKSUM_BITS) == _RIGHT
