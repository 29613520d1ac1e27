"""Ethereum addresses as text."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eth_typing import ChecksumAddress

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def checksum_address(text: str) -> "ChecksumAddress":
    """The EIP-55 form of an address that is in this form, or wholly in lower or upper case.

    Raises ValueError for all else; its text never repeats the input, which could be a secret.
    """
    # It brings a hash library, which not everybody who imports this asks for.
    from eth_utils.address import to_checksum_address  # noqa: PLC0415

    if not _ADDRESS.fullmatch(text):
        raise ValueError("not an Ethereum address: that is 0x and 40 hexadecimal digits")
    digits = text[2:]
    if not digits.strip("0"):
        raise ValueError("the zero address belongs to nobody")
    address = to_checksum_address(text)
    if text != address and digits not in (digits.lower(), digits.upper()):
        raise ValueError("the address is mistyped: its capital letters do not match its digits")
    return address
