"""Addresses of TON in the form that wallets show."""

import re
from base64 import urlsafe_b64decode

from shared_lib.domain.address.checksums import crc16_xmodem
from shared_lib.domain.address.problem import (
    AddressProblemError,
    refuse_beginnings,
    refuse_unowned,
)

# In one of the two alphabets of base64, never in both.
_FORM = re.compile(r"[A-Za-z0-9_-]{48}|[A-Za-z0-9+/]{48}")
_BOUNCEABLE, _NOT_BOUNCEABLE = 0x11, 0x51
_TEST_ONLY = 0x80
_BASIC_WORKCHAIN = 0x00
_RAW = "must be in the form that wallets show, UQ… or EQ…, not in the raw form with a colon"
_RULE = "must be a TON address, UQ… or EQ…, copied whole"


def normal_address(text: str) -> str:
    """The address in the URL-safe alphabet, bounceable or not as it was given."""
    refuse_beginnings(text, (("0:", _RAW), ("-1:", _RAW)))
    if not _FORM.fullmatch(text):
        raise AddressProblemError(_RULE)
    url_safe = text.replace("+", "-").replace("/", "_")
    _check(urlsafe_b64decode(url_safe))
    return url_safe


def _check(data: bytes) -> None:
    body, checksum = data[:-2], data[-2:]
    if crc16_xmodem(body) != int.from_bytes(checksum, "big"):
        raise AddressProblemError(_RULE)
    tag, workchain, account = body[0], body[1], body[2:]
    if tag & _TEST_ONLY:
        raise AddressProblemError("must be an address of the main network, not of a test network")
    if tag not in (_BOUNCEABLE, _NOT_BOUNCEABLE) or workchain != _BASIC_WORKCHAIN:
        raise AddressProblemError(_RULE)
    refuse_unowned(account)
