"""Memos and tags, by which a receiver who shares one address with others is found."""

import re
from collections.abc import Callable
from enum import StrEnum

from shared_lib.domain.address.problem import AddressProblemError

_TAG = re.compile(r"0|[1-9][0-9]{0,9}")
_TAG_MOST = 2**32 - 1
_STELLAR_BYTES_MOST = 28
_TON_BYTES_MOST = 120
# No network takes a longer one.
MEMO_CHARACTERS_MOST = _TON_BYTES_MOST


class MemoNeed(StrEnum):
    """Whether money sent to a network comes with a memo."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


def need_of(network: str) -> MemoNeed:
    """NONE for every network that is not known to have memos."""
    return _NEEDS.get(network, MemoNeed.NONE)


def check_memo(network: str, memo: str | None) -> None:
    """Raise AddressProblemError unless the network can deliver with this memo, or without one."""
    need = need_of(network)
    if memo is None:
        if need is MemoNeed.REQUIRED:
            raise _problem("must be given: the receiver cannot be found without it")
    elif need is MemoNeed.NONE:
        raise _problem("must be left out: this network has none")
    else:
        _CHECKS[network](memo)


def _check_tag(memo: str) -> None:
    if not _TAG.fullmatch(memo) or int(memo) > _TAG_MOST:
        raise _problem(f"must be a whole number from 0 to {_TAG_MOST}")


def _check_stellar(memo: str) -> None:
    """An id is a number of 64 bits, so it always is a text of this length too."""
    _check_text(memo, _STELLAR_BYTES_MOST)


def _check_ton(memo: str) -> None:
    _check_text(memo, _TON_BYTES_MOST)


def _check_text(memo: str, bytes_most: int) -> None:
    if not memo or not memo.isprintable() or memo != memo.strip():
        raise _problem("must be a text on one line, without spaces at its ends")
    # What is printable has no half of a surrogate pair, so it can always be encoded.
    if len(memo.encode()) > bytes_most:
        raise _problem(f"must have at most {bytes_most} bytes")


def _problem(rule: str) -> AddressProblemError:
    return AddressProblemError(rule, "memo")


_NEEDS = {"xrp": MemoNeed.REQUIRED, "xlm": MemoNeed.REQUIRED, "ton": MemoNeed.OPTIONAL}
_CHECKS: dict[str, Callable[[str], None]] = {
    "xrp": _check_tag,
    "xlm": _check_stellar,
    "ton": _check_ton,
}
