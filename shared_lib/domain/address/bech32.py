"""Bech32 and Bech32m (BIP 173, BIP 350), and the witness programs written in them.

Every function returns None for a text that is not what it reads.
"""

from dataclasses import dataclass
from enum import IntEnum

from shared_lib.domain.address.checksums import bch_remainder

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BITS = 5
_CHECKSUM_VALUES = 6
_CHECKSUM_BITS = _BITS * _CHECKSUM_VALUES
_SEGWIT_CHARACTERS_MOST = 90
# Later versions can be written down, and what is paid to them can be taken by anyone today.
_PROGRAM_BYTES_OF_VERSION = {0: (20, 32), 1: (32,)}


class Variant(IntEnum):
    """What the checksum of a right text comes to."""

    BECH32 = 1
    BECH32M = 0x2BC830A3


@dataclass(frozen=True, slots=True)
class Bech32:
    """`values` are numbers of five bits, without the checksum."""

    prefix: str
    values: bytes
    variant: Variant


@dataclass(frozen=True, slots=True)
class Witness:
    """A version and a program, as an output of a transaction has them."""

    version: int
    program: bytes


def decode(text: str) -> Bech32 | None:
    """A text of any length, all in small or all in capital letters."""
    prefix, _, data = text.lower().rpartition("1")
    values = values_of(data)
    if not is_one_case(text) or not prefix or values is None or len(values) < _CHECKSUM_VALUES:
        return None
    variant = _variant(prefix, values)
    return Bech32(prefix, values[:-_CHECKSUM_VALUES], variant) if variant else None


def decode_witness(text: str, prefix: str) -> Witness | None:
    """A witness program whose version, length and kind of checksum go together."""
    decoded = decode(text) if len(text) <= _SEGWIT_CHARACTERS_MOST else None
    if decoded is None or decoded.prefix != prefix or not decoded.values:
        return None
    version, program = decoded.values[0], octets(decoded.values[1:])
    if program is None or decoded.variant != _variant_of(version):
        return None
    return Witness(version, program) if _fits(version, len(program)) else None


def is_one_case(text: str) -> bool:
    """Whether a text is of ASCII and does not mix small and capital letters."""
    return text.isascii() and text in (text.lower(), text.upper())


def values_of(data: str) -> bytes | None:
    """The five-bit numbers that the characters stand for."""
    values = [ALPHABET.find(character) for character in data]
    return None if -1 in values else bytes(values)


def octets(values: bytes) -> bytes | None:
    """Five-bit numbers joined to bytes; what is left over must be short and zero."""
    number = 0
    for value in values:
        number = number << _BITS | value
    size, spare = divmod(len(values) * _BITS, 8)
    if spare >= _BITS or number % (1 << spare):
        return None
    return (number >> spare).to_bytes(size, "big")


def _variant(prefix: str, values: bytes) -> Variant | None:
    high = bytes(ord(character) >> _BITS for character in prefix)
    low = bytes(ord(character) % (1 << _BITS) for character in prefix)
    remainder = bch_remainder(high + b"\0" + low + values, _GENERATORS, _CHECKSUM_BITS)
    return Variant(remainder) if remainder in tuple(Variant) else None


def _variant_of(version: int) -> Variant:
    return Variant.BECH32M if version else Variant.BECH32


def _fits(version: int, size: int) -> bool:
    return size in _PROGRAM_BYTES_OF_VERSION.get(version, ())
