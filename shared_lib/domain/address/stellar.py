"""Addresses of Stellar in the format of SEP-23."""

import re
from base64 import b32decode

from shared_lib.domain.address.checksums import crc16_xmodem
from shared_lib.domain.address.problem import (
    AddressProblemError,
    refuse_beginnings,
    refuse_unowned,
)

_FORM = re.compile(r"G[A-Z2-7]{55}")
_VERSION = 6 << 3
_RULE = "must be a Stellar address, G… of 56 characters, copied whole"
_REFUSED = (("m", "must be an address G… with its memo apart: M… cannot be paid to"),)


def normal_address(text: str) -> str:
    """The address as given."""
    refuse_beginnings(text, _REFUSED)
    if not _FORM.fullmatch(text):
        raise AddressProblemError(_RULE)
    data = b32decode(text)
    body, checksum = data[:-2], data[-2:]
    if body[0] != _VERSION or crc16_xmodem(body) != int.from_bytes(checksum, "little"):
        raise AddressProblemError(_RULE)
    refuse_unowned(body[1:])
    return text
