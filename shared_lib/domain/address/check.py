"""Where a payout goes: the address and, where the network has one, the memo."""

from collections.abc import Callable

from shared_lib.domain.address import (
    bitcoin,
    bitcoin_cash,
    cardano,
    evm,
    monero,
    ripple,
    solana,
    stellar,
    ton,
    tron,
)
from shared_lib.domain.address.memo import MemoNeed, check_memo, need_of
from shared_lib.domain.address.pasted_secret import secret_kind
from shared_lib.domain.address.problem import AddressProblemError, Field, SecretPastedError

# What the database holds; the longest address, an integrated one of Monero, has 106.
ADDRESS_CHARACTERS_MOST = 128

_NORMAL: dict[str, Callable[[str], str]] = {
    "eth": evm.normal_address,
    "bsc": evm.normal_address,
    "matic": evm.normal_address,
    "base": evm.normal_address,
    "trx": tron.normal_address,
    "sol": solana.normal_address,
    "ton": ton.normal_address,
    "btc": bitcoin.normal_bitcoin,
    "ltc": bitcoin.normal_litecoin,
    "bch": bitcoin_cash.normal_address,
    "doge": bitcoin.normal_dogecoin,
    "ada": cardano.normal_address,
    "xrp": ripple.normal_address,
    "xlm": stellar.normal_address,
    "xmr": monero.normal_address,
    "zec": bitcoin.normal_zcash,
}
NETWORKS = frozenset(_NORMAL)


def memo_need(network: str) -> MemoNeed:
    """Whether a destination on this network needs a memo.

    Raises AddressProblemError for a network that payouts cannot be sent to.
    """
    _known(network)
    return need_of(network)


def normal_address(network: str, text: str) -> str:
    """The address as it is to be stored, if it can be paid to on this network.

    Raises SecretPastedError for a private key or a seed phrase and AddressProblemError for
    whatever else is not such an address. Spaces around it are the caller's to remove.
    """
    _refuse_secret(text, "address")
    normal = _known(network)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise AddressProblemError("must be written in plain letters and digits, without spaces")
    if not 1 <= len(text) <= ADDRESS_CHARACTERS_MOST:
        raise AddressProblemError(f"must have 1 to {ADDRESS_CHARACTERS_MOST} characters")
    return normal(text)


def normal_destination(network: str, address: str, memo: str | None) -> tuple[str, str | None]:
    """Address and memo as they are to be stored, if they can be paid to together.

    The tag inside an X-address of the XRP Ledger becomes the memo. Raises as `normal_address`
    does; the error's `field` says whether the address or the memo is wrong.
    """
    _refuse_secret(address, "address")
    if memo is not None:
        _refuse_secret(memo, "memo")
    if network == "xrp" and ripple.is_x_address(address):
        address, memo = _apart(address, memo)
    normal = normal_address(network, address)
    check_memo(network, memo)
    return normal, memo


def _known(network: str) -> Callable[[str], str]:
    normal = _NORMAL.get(network)
    if normal is None:
        raise AddressProblemError("must be on a network that payouts can be sent to")
    return normal


def _refuse_secret(text: str, field: Field) -> None:
    kind = secret_kind(text)
    if kind is not None:
        raise SecretPastedError(
            f"looks like a {kind}, which must never be given to anyone. It was not stored", field
        )


def _apart(address: str, memo: str | None) -> tuple[str, str | None]:
    classic, tag = ripple.split_x_address(address)
    if tag is None:
        return classic, memo
    if memo not in (None, str(tag)):
        raise AddressProblemError("must be the tag inside the X-address, or be left out", "memo")
    return classic, str(tag)
