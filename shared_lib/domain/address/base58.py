"""Base58: plain, with a checksum, in XRP's alphabet, and in Monero's blocks.

Every reading function returns None for a text that is not what it reads.
"""

from shared_lib.domain.address.checksums import double_sha256

BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
# Longer than any address; decoding takes time that grows with the square of the length.
_CHARACTERS_MOST = 128
_CHECKSUM_BYTES = 4
_BLOCK_CHARACTERS = 11
# How many bytes a block of so many characters holds; blocks of other lengths do not exist.
_BLOCK_BYTES = {2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}


def decode(text: str, alphabet: str = BITCOIN) -> bytes | None:
    """The bytes of a text; each first letter of the alphabet in front is a zero byte."""
    number = _number(text, alphabet)
    if number is None:
        return None
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def decode_check(text: str, alphabet: str = BITCOIN) -> bytes | None:
    """The bytes before a checksum of four bytes that is right."""
    data = decode(text, alphabet)
    if data is None or len(data) < _CHECKSUM_BYTES:
        return None
    body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    return body if double_sha256(body).startswith(checksum) else None


def encode_check(body: bytes, alphabet: str) -> str:
    """The text of bytes with their checksum behind them."""
    data = body + double_sha256(body)[:_CHECKSUM_BYTES]
    zeros = len(data) - len(data.lstrip(b"\0"))
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, len(alphabet))
        text = alphabet[digit] + text
    return alphabet[0] * zeros + text


def decode_monero(text: str) -> bytes | None:
    """The bytes of a text in which each eleven characters hold eight bytes."""
    if len(text) > _CHARACTERS_MOST:
        return None
    blocks = []
    for start in range(0, len(text), _BLOCK_CHARACTERS):
        block = _monero_block(text[start : start + _BLOCK_CHARACTERS])
        if block is None:
            return None
        blocks.append(block)
    return b"".join(blocks)


def _monero_block(text: str) -> bytes | None:
    number = _number(text, BITCOIN)
    size = _BLOCK_BYTES.get(len(text))
    if number is None or size is None or number.bit_length() > 8 * size:
        return None
    return number.to_bytes(size, "big")


def _number(text: str, alphabet: str) -> int | None:
    if len(text) > _CHARACTERS_MOST:
        return None
    number = 0
    for character in text:
        digit = alphabet.find(character)
        if digit < 0:
            return None
        number = number * len(alphabet) + digit
    return number
