"""Recognise private keys and seed phrases that were pasted by mistake.

Mostly the form alone decides: a key with a wrong character is still nearly the key. Where an
ordinary word could have the form, the checksum decides too.
"""

import re
from string import digits, punctuation
from typing import Literal
from unicodedata import normalize

from shared_lib.domain.address import base58

SecretKind = Literal["seed phrase", "private key"]

# Longer than any key or phrase; no more of a text is looked at.
_CHARACTERS_MOST = 4_096
_SEED_WORDS_LEAST = 12
_BETWEEN_WORDS = re.compile(r"[\s,;]+")
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_KEY = re.compile(
    "|".join(
        (
            # 32 or 64 bytes in hexadecimal: Ethereum, TRON, Monero, TON and many others.
            "(?:0[xX])?(?:[0-9a-fA-F]{64}){1,2}",
            # The wallet import format of Bitcoin, Litecoin, Dogecoin and Bitcoin Cash, and of
            # test networks; then the same behind a password (BIP 38).
            f"[569]{_BASE58}{{50}}|[KLQTc]{_BASE58}{{51}}",
            f"6P{_BASE58}{{56}}",
            # Extended keys: xprv, yprv, zprv, Yprv, Zprv, tprv, Ltpv, Mtpv, dgpv.
            f"(?:[A-Za-z]prv|[A-Za-z]{{2}}pv){_BASE58}{{100,120}}",
            # Stellar.
            "S[A-Z2-7]{55}",
            # Cardano and Zcash: ed25519e_sk1, addr_xsk1, root_xsk1, xprv1.
            "(?i:[a-z0-9_]+_x?sk|xprv|secret-extended-key-main)1[0-9A-Za-z]{30,}",
        )
    )
)
_KEY_IN_NUMBERS = re.compile(
    r"\[\s*[0-9]{1,3}(?:\s*,\s*[0-9]{1,3}){31}(?:(?:\s*,\s*[0-9]{1,3}){32})?\s*\]"
)
# By length: seeds for one kind of keys, and for the other.
_RIPPLE_SEEDS = {17: b"\x21", 19: b"\x01\xe1\x4b"}
_RIPPLE_NUMBERS = re.compile(r"[0-9]{6}(?:[\s,;]+[0-9]{6}){7}")
_SOLANA_KEY_BYTES = 64
# Addresses of Cardano's Byron era begin so, and one of them might be as long.
_BYRON_BEGINNING = b"\x82\xd8\x18"


def secret_kind(text: str) -> SecretKind | None:
    """What kind of secret a text is or contains, or None. No valid address is a secret."""
    read = normalize("NFKC", text[:_CHARACTERS_MOST]).strip()
    words = [word for word in _BETWEEN_WORDS.split(read) if word]
    if _is_seed_phrase(words):
        return "seed phrase"
    if _is_key_in_numbers(read) or any(_is_key(word.strip(punctuation)) for word in words):
        return "private key"
    return None


def _is_seed_phrase(words: list[str]) -> bool:
    """Twelve words or more, of letters in any script; numbers and quotes at them are passed by."""
    bare = [word.strip(punctuation + digits) for word in words]
    named = [word for word in bare if word]
    return len(named) >= _SEED_WORDS_LEAST and all(word.isalpha() for word in named)


def _is_key_in_numbers(text: str) -> bool:
    """Solana's list of bytes, and the secret numbers of XRP wallets."""
    return bool(_KEY_IN_NUMBERS.fullmatch(text) or _RIPPLE_NUMBERS.fullmatch(text))


def _is_key(word: str) -> bool:
    return bool(_KEY.fullmatch(word)) or _is_ripple_seed(word) or _is_solana_key(word)


def _is_ripple_seed(word: str) -> bool:
    data = base58.decode_check(word, base58.RIPPLE)
    if data is None or len(data) not in _RIPPLE_SEEDS:
        return False
    return data.startswith(_RIPPLE_SEEDS[len(data)])


def _is_solana_key(word: str) -> bool:
    data = base58.decode(word)
    if data is None or len(data) != _SOLANA_KEY_BYTES:
        return False
    return not data.startswith(_BYRON_BEGINNING)
