"""Checksums and hashes that addresses carry; those the standard library lacks are written out."""

from binascii import crc_hqx
from hashlib import sha256

_VALUE_BITS = 5
_LANE_BITS = 64
_LANE_MASK = (1 << _LANE_BITS) - 1
_LANES = 25
_SIDE = 5
_RATE_BYTES = 136
_LANE_BYTES = 8
_HASH_LANES = 4
_ROUND_CONSTANTS = (
    0x0000000000000001,
    0x0000000000008082,
    0x800000000000808A,
    0x8000000080008000,
    0x000000000000808B,
    0x0000000080000001,
    0x8000000080008081,
    0x8000000000008009,
    0x000000000000008A,
    0x0000000000000088,
    0x0000000080008009,
    0x000000008000000A,
    0x000000008000808B,
    0x800000000000008B,
    0x8000000000008089,
    0x8000000000008003,
    0x8000000000008002,
    0x8000000000000080,
    0x000000000000800A,
    0x800000008000000A,
    0x8000000080008081,
    0x8000000000008080,
    0x0000000080000001,
    0x8000000080008008,
)


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of SHA-256, as Bitcoin and its relatives hash."""
    return sha256(sha256(data).digest()).digest()


def crc16_xmodem(data: bytes) -> int:
    """The 16-bit checksum of TON and Stellar: polynomial 0x1021, beginning with 0."""
    return crc_hqx(data, 0)


def bch_remainder(values: bytes, generators: tuple[int, ...], bits: int) -> int:
    """What is left of five-bit values after the division that Bech32 and CashAddr check by."""
    kept_bits = bits - _VALUE_BITS
    checksum = 1
    for value in values:
        top = checksum >> kept_bits
        checksum = checksum % (1 << kept_bits) << _VALUE_BITS ^ value
        for place, generator in enumerate(generators):
            if top >> place & 1:
                checksum ^= generator
    return checksum


def keccak256(data: bytes) -> bytes:
    """The hash of Ethereum and Monero. It pads otherwise than SHA3-256, so hashlib has it not."""
    lanes = [0] * _LANES
    padded = _padded(data)
    for start in range(0, len(padded), _RATE_BYTES):
        lanes = _permuted(_absorbed(lanes, padded[start : start + _RATE_BYTES]))
    return b"".join(lane.to_bytes(_LANE_BYTES, "little") for lane in lanes[:_HASH_LANES])


def _padded(data: bytes) -> bytes:
    padding = bytearray(_RATE_BYTES - len(data) % _RATE_BYTES)
    padding[0] ^= 0x01
    padding[-1] ^= 0x80
    return data + bytes(padding)


def _absorbed(lanes: list[int], block: bytes) -> list[int]:
    words = [
        int.from_bytes(block[start : start + _LANE_BYTES], "little")
        for start in range(0, _RATE_BYTES, _LANE_BYTES)
    ]
    words += [0] * (_LANES - len(words))
    return [lane ^ word for lane, word in zip(lanes, words, strict=True)]


# The lane in column x and row y stands at x + 5·y. The steps have the names of FIPS 202.


def _permuted(lanes: list[int]) -> list[int]:
    for constant in _ROUND_CONSTANTS:
        lanes = _chi(_rho_and_pi(_theta(lanes)))
        lanes[0] ^= constant
    return lanes


def _theta(lanes: list[int]) -> list[int]:
    first, second, third, fourth, fifth = (
        lanes[row : row + _SIDE] for row in range(0, _LANES, _SIDE)
    )
    columns = [first[x] ^ second[x] ^ third[x] ^ fourth[x] ^ fifth[x] for x in range(_SIDE)]
    mixed = [columns[x - 1] ^ _rotated(columns[(x + 1) % _SIDE], 1) for x in range(_SIDE)]
    return [lane ^ mixed[at % _SIDE] for at, lane in enumerate(lanes)]


def _rho_and_pi(lanes: list[int]) -> list[int]:
    moved = [lanes[0]] * _LANES
    x, y = 1, 0
    for step in range(1, _LANES):
        turned = _rotated(lanes[x + _SIDE * y], step * (step + 1) // 2 % _LANE_BITS)
        x, y = y, (2 * x + 3 * y) % _SIDE
        moved[x + _SIDE * y] = turned
    return moved


def _chi(lanes: list[int]) -> list[int]:
    return [
        lane ^ (~lanes[_right_of(at, 1)] & lanes[_right_of(at, 2)]) for at, lane in enumerate(lanes)
    ]


def _right_of(at: int, columns: int) -> int:
    return at - at % _SIDE + (at + columns) % _SIDE


def _rotated(lane: int, bits: int) -> int:
    return (lane << bits | lane >> (_LANE_BITS - bits)) & _LANE_MASK
