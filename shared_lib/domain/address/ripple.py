"""Addresses of the XRP Ledger: classic ones, and X-addresses (XLS-5), which may hold a tag."""

from shared_lib.domain.address.base58 import RIPPLE, decode_check, encode_check
from shared_lib.domain.address.problem import AddressProblemError, refuse_unowned

_VERSION = b"\x00"
_X_VERSION = b"\x05\x44"
_ACCOUNT_BYTES = 20
_TAG_BYTES = 4
_NO_TAG = bytes(9)
_HAS_TAG = b"\x01"
_HIGH_HALF = bytes(4)
_X_BYTES = len(_X_VERSION) + _ACCOUNT_BYTES + len(_NO_TAG)
_RULE = "must be an address of the XRP Ledger's main network, r… or X…, copied whole"


def normal_address(text: str) -> str:
    """The classic address. An X-address with a tag is refused: the tag would be lost."""
    if not is_x_address(text):
        return _normal_classic(text)
    classic, tag = split_x_address(text)
    if tag is not None:
        raise AddressProblemError("must be a classic address, r…, with its tag apart")
    return classic


def is_x_address(text: str) -> bool:
    """Whether a text begins as X-addresses of the main network do."""
    return text.startswith("X")


def split_x_address(text: str) -> tuple[str, int | None]:
    """The classic address and the tag, if any, of an X-address of the main network.

    Raises AddressProblemError for anything else.
    """
    data = decode_check(text, RIPPLE)
    if data is None or len(data) != _X_BYTES or not data.startswith(_X_VERSION):
        raise AddressProblemError(_RULE)
    account = data[len(_X_VERSION) :][:_ACCOUNT_BYTES]
    refuse_unowned(account)
    return encode_check(_VERSION + account, RIPPLE), _tag(data[len(_X_VERSION) + _ACCOUNT_BYTES :])


def _normal_classic(text: str) -> str:
    data = decode_check(text, RIPPLE)
    if data is None or len(data) != len(_VERSION) + _ACCOUNT_BYTES or not data.startswith(_VERSION):
        raise AddressProblemError(_RULE)
    refuse_unowned(data[len(_VERSION) :])
    return text


def _tag(data: bytes) -> int | None:
    if data == _NO_TAG:
        return None
    if not data.startswith(_HAS_TAG) or not data.endswith(_HIGH_HALF):
        raise AddressProblemError(_RULE)
    return int.from_bytes(data[len(_HAS_TAG) :][:_TAG_BYTES], "little")
