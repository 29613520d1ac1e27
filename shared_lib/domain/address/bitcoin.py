"""Addresses of Bitcoin and of the coins that keep its formats: Litecoin, Dogecoin, Zcash."""

from dataclasses import dataclass

from shared_lib.domain.address.base58 import decode_check
from shared_lib.domain.address.bech32 import decode_witness
from shared_lib.domain.address.problem import (
    AddressProblemError,
    refuse_beginnings,
    refuse_unowned,
)

_HASH_BYTES = 20
_SHIELDED = "must be a transparent Zcash address, t1… or t3…; payouts cannot be sent to others"


@dataclass(frozen=True, slots=True)
class _Coin:
    """`versions` begin its base58 addresses and `prefix` its witness programs, if it has them."""

    rule: str
    versions: tuple[bytes, ...]
    prefix: str | None = None
    refused: tuple[tuple[str, str], ...] = ()


_BITCOIN = _Coin(
    rule="must be a Bitcoin address, 1…, 3… or bc1…, copied whole",
    versions=(b"\x00", b"\x05"),
    prefix="bc",
)
_LITECOIN = _Coin(
    rule="must be a Litecoin address, L…, M… or ltc1…, copied whole",
    versions=(b"\x30", b"\x32"),
    prefix="ltc",
    refused=(
        ("3", "must be in the form M…: 3… is how Bitcoin writes its addresses"),
        ("ltcmweb1", "must be a Litecoin address outside MWEB: L…, M… or ltc1…"),
    ),
)
_DOGECOIN = _Coin(
    rule="must be a Dogecoin address, D…, A… or 9…, copied whole",
    versions=(b"\x1e", b"\x16"),
)
_ZCASH = _Coin(
    rule="must be a Zcash address, t1… or t3…, copied whole",
    versions=(b"\x1c\xb8", b"\x1c\xbd"),
    refused=(("zs1", _SHIELDED), ("u1", _SHIELDED), ("zc", _SHIELDED), ("tex1", _SHIELDED)),
)


def normal_bitcoin(text: str) -> str:
    """P2PKH and P2SH as given; witness programs of the versions in use, in small letters."""
    return _normal(text, _BITCOIN)


def normal_litecoin(text: str) -> str:
    """As Bitcoin. P2SH in its old form 3… is refused: it may as well be a Bitcoin address."""
    return _normal(text, _LITECOIN)


def normal_dogecoin(text: str) -> str:
    """P2PKH and P2SH, as given."""
    return _normal(text, _DOGECOIN)


def normal_zcash(text: str) -> str:
    """Transparent P2PKH and P2SH, as given."""
    return _normal(text, _ZCASH)


def _normal(text: str, coin: _Coin) -> str:
    refuse_beginnings(text, coin.refused)
    return _normal_hash(text, coin) or _normal_witness(text, coin) or _refuse(coin)


def _normal_hash(text: str, coin: _Coin) -> str | None:
    data = decode_check(text)
    if data is None or not data.startswith(coin.versions):
        return None
    account = data[len(coin.versions[0]) :]
    refuse_unowned(account)
    return text if len(account) == _HASH_BYTES else None


def _normal_witness(text: str, coin: _Coin) -> str | None:
    witness = decode_witness(text, coin.prefix) if coin.prefix else None
    if witness is None:
        return None
    refuse_unowned(witness.program)
    return text.lower()


def _refuse(coin: _Coin) -> str:
    raise AddressProblemError(coin.rule)
