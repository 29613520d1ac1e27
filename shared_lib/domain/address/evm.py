"""Addresses of Ethereum and of the networks that share its format: BSC, Polygon, Base."""

import re

from shared_lib.domain.address.checksums import keccak256
from shared_lib.domain.address.problem import (
    AddressProblemError,
    refuse_as_unowned,
    refuse_unowned,
)

_FORM = re.compile(r"0x[0-9a-fA-F]{40}")
# They only look like accounts: a well-known grave, and what stands for the coin itself.
_UNOWNED = frozenset(
    {
        "dead000000000000000042069420694206942069",
        "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
    }
)
_CAPITAL_FROM = 8


def normal_address(text: str) -> str:
    """The address with the capital letters of EIP-55, which are its checksum.

    An address all in small or all in capital letters carries no checksum and is accepted.
    """
    if not _FORM.fullmatch(text):
        raise AddressProblemError("must be 0x and 40 hexadecimal digits")
    digits = text[2:]
    refuse_unowned(bytes.fromhex(digits))
    if digits.lower() in _UNOWNED:
        refuse_as_unowned()
    checked = _with_capitals(digits.lower())
    if digits not in (checked, digits.lower(), digits.upper()):
        raise AddressProblemError("must be copied whole: its small and capital letters are wrong")
    return "0x" + checked


def _with_capitals(digits: str) -> str:
    marks = keccak256(digits.encode("ascii")).hex()
    return "".join(
        digit.upper() if int(mark, 16) >= _CAPITAL_FROM else digit
        for digit, mark in zip(digits, marks, strict=False)
    )
