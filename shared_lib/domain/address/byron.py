"""What stands inside an address of Cardano's Byron era, and as much of CBOR as it takes.

An address is [tagged bytes, their CRC-32], and the bytes are [root hash, attributes, kind].
"""

from enum import IntEnum
from zlib import crc32

_CBOR_IN_BYTES = 24
_HASH_BYTES = 28
_PUBLIC_KEY_KIND = 0
_PARTS, _PAYLOAD_PARTS = 2, 3
# Attributes: where a wallet finds its key. Number 2 would name a test network.
_DERIVATION_PATH = 1
_SMALL_MOST = 23
# How many bytes follow, and the least number that needs so many: an address has one spelling.
_LONG = {24: (1, _SMALL_MOST + 1), 25: (2, 2**8), 26: (4, 2**16)}


class _NotByronError(Exception):
    """The bytes are no such address."""


class _Major(IntEnum):
    NUMBER = 0
    BYTES = 2
    ARRAY = 4
    MAP = 5
    TAG = 6


class _Reader:
    """Reads items one after the other; what is not as expected ends the reading."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def take(self, size: int) -> bytes:
        if len(self._rest) < size:
            raise _NotByronError
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def number(self, major: _Major = _Major.NUMBER) -> int:
        """A number, or the number that begins an item of another kind."""
        head = self.take(1)[0]
        if head >> 5 != major:
            raise _NotByronError
        short = head & 0x1F
        return short if short <= _SMALL_MOST else self._long_number(short)

    def _long_number(self, short: int) -> int:
        if short not in _LONG:
            raise _NotByronError
        size, least = _LONG[short]
        number = int.from_bytes(self.take(size), "big")
        if number < least:
            raise _NotByronError
        return number

    def bytes_item(self) -> bytes:
        return self.take(self.number(_Major.BYTES))

    def expect(self, major: _Major, number: int) -> None:
        if self.number(major) != number:
            raise _NotByronError

    def end(self) -> None:
        if self._rest:
            raise _NotByronError


def is_payable(data: bytes) -> bool:
    """Whether these are the bytes of an address of a public key on the main network."""
    try:
        _read_payload(_payload(_Reader(data)))
    except _NotByronError:
        return False
    return True


def _payload(reader: _Reader) -> bytes:
    reader.expect(_Major.ARRAY, _PARTS)
    reader.expect(_Major.TAG, _CBOR_IN_BYTES)
    payload = reader.bytes_item()
    reader.expect(_Major.NUMBER, crc32(payload))
    reader.end()
    return payload


def _read_payload(payload: bytes) -> None:
    reader = _Reader(payload)
    reader.expect(_Major.ARRAY, _PAYLOAD_PARTS)
    reader.expect(_Major.BYTES, _HASH_BYTES)
    reader.take(_HASH_BYTES)
    _read_attributes(reader)
    reader.expect(_Major.NUMBER, _PUBLIC_KEY_KIND)
    reader.end()


def _read_attributes(reader: _Reader) -> None:
    for _ in range(reader.number(_Major.MAP)):
        reader.expect(_Major.NUMBER, _DERIVATION_PATH)
        reader.bytes_item()
