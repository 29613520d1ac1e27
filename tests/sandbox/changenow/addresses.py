"""What addresses look like on each network. A plausible one is enough here."""

import re
from hashlib import shake_256

from eth_utils.address import is_checksum_address

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_BECH32 = "[02-9ac-hj-np-z]"
EVM = ("eth", "bsc", "matic", "base", "avaxc")
_PATTERNS = {
    "btc": rf"bc1{_BECH32}{{11,71}}|[13]{_BASE58}{{25,34}}",
    "ltc": rf"ltc1{_BECH32}{{11,71}}|[LM3]{_BASE58}{{25,34}}",
    "bch": rf"(bitcoincash:)?[qp]{_BECH32}{{41}}|[13]{_BASE58}{{25,34}}",
    "doge": rf"[DA9]{_BASE58}{{25,34}}",
    "ada": rf"addr1{_BECH32}{{50,110}}|(Ae2|DdzFF){_BASE58}{{50,110}}",
    "xrp": rf"r{_BASE58}{{24,34}}",
    "xlm": r"G[A-Z2-7]{55}",
    "xmr": rf"[48]{_BASE58}{{94}}(?:{_BASE58}{{11}})?",
    "zec": rf"t[13]{_BASE58}{{33}}|zs1{_BECH32}{{75}}|u1{_BECH32}{{100,250}}",
    "trx": rf"T{_BASE58}{{33}}",
    "sol": rf"{_BASE58}{{32,44}}",
    "ton": r"[EUk0]Q[A-Za-z0-9_\-+/]{46}|-?[0-9]:[0-9a-fA-F]{64}",
    "zil": rf"zil1{_BECH32}{{38}}",
}
NETWORKS = {*EVM, *_PATTERNS}
EXTRA_IDS = {"xrp": r"[0-9]{1,10}", "xlm": r".{1,28}"}
# How a made-up address begins, and how long it is.
_MADE_UP = {
    "btc": ("1", 34),
    "ltc": ("L", 34),
    "bch": ("1", 34),
    "doge": ("D", 34),
    "ada": ("DdzFF", 104),
    "xrp": ("r", 34),
    "xlm": ("G", 56),
    "xmr": ("4", 95),
    "zec": ("t1", 35),
    "trx": ("T", 34),
    "sol": ("", 44),
    "ton": ("UQ", 48),
    "zil": ("zil1", 42),
}
# Letters that are in every alphabet above.
_LETTERS = "23456789acdefghjkmnpqrstuvwxyz"


def is_plausible(address: str, network: str) -> bool:
    """Whether `address` could be one of `network`; one in mixed case must have its checksum."""
    if network not in EVM:
        pattern = _PATTERNS.get(network)
        return pattern is not None and re.fullmatch(pattern, address) is not None
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address):
        return False
    digits = address[2:]
    return digits in (digits.lower(), digits.upper()) or is_checksum_address(address)


def made_up(network: str, seed: object) -> str:
    """A pay-in address for a network on which nothing can arrive here."""
    prefix, length = _MADE_UP[network]
    drawn = shake_256(f"{network}:{seed}".encode()).digest(length - len(prefix))
    letters = "".join(_LETTERS[one % len(_LETTERS)] for one in drawn)
    return prefix + (_in_capitals(letters) if network == "xlm" else letters)


def _in_capitals(letters: str) -> str:
    """Base 32 has no 8 and no 9."""
    return letters.upper().replace("8", "2").replace("9", "3")
