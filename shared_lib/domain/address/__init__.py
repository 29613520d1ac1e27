"""Payout addresses: checked in full, with their checksums, before any money is sent to them."""

from shared_lib.domain.address.check import (
    ADDRESS_CHARACTERS_MOST,
    NETWORKS,
    memo_need,
    normal_address,
    normal_destination,
)
from shared_lib.domain.address.memo import MEMO_CHARACTERS_MOST, MemoNeed
from shared_lib.domain.address.pasted_secret import SecretKind, secret_kind
from shared_lib.domain.address.problem import AddressProblemError, Field, SecretPastedError
from shared_lib.domain.address.ripple import split_x_address

__all__ = [
    "ADDRESS_CHARACTERS_MOST",
    "MEMO_CHARACTERS_MOST",
    "NETWORKS",
    "AddressProblemError",
    "Field",
    "MemoNeed",
    "SecretKind",
    "SecretPastedError",
    "memo_need",
    "normal_address",
    "normal_destination",
    "secret_kind",
    "split_x_address",
]
