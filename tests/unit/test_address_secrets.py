"""Private keys and seed phrases pasted by mistake: recognised, refused, and repeated nowhere.

All of these are published examples, or made from published or counted-up bytes.
"""

import json
import pickle
import traceback

import pytest

from shared_lib.domain.address import (
    AddressProblemError,
    SecretPastedError,
    normal_address,
    normal_destination,
    secret_kind,
)
from tests.unit.address_examples import EVM, all_pairs

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
HEX = "0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d"
XPRV = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvv"
    "NKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
)
SOLANA = "49W385L4rePHy6PAaQUovbD2aacgN4HsKXSMeUzRg4fmwXszN91JuMFrQRj3vMDpZuRF3ZknQBuRBoWQJEfXstMw"
STELLAR = "SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN"

SEED_PHRASES = {
    "12 words": WORDS,
    "24 words": " ".join(["abandon"] * 23 + ["art"]),
    "capitals": WORDS.upper(),
    "commas": WORDS.replace(" ", ","),
    "lines": WORDS.replace(" ", "\n"),
    "spaces around and between": f"  {WORDS.replace(' ', '   ')}\n",
    "numbered": " ".join(f"{at}. {word}" for at, word in enumerate(WORDS.split(), start=1)),
    "numbered closely": " ".join(f"{at}.{word}" for at, word in enumerate(WORDS.split(), start=1)),
    "quoted": f'"{WORDS}"',
    "a list": json.dumps(WORDS.split()),
    "named": f"seed: {WORDS}",
    "japanese": "\u3000".join(["あいこくしん"] * 11 + ["あおぞら"]),
    "japanese, decomposed": "\u3000".join(["か\u3099いよう"] * 12),
    "chinese": " ".join(["的"] * 11 + ["在"]),
    "russian": " ".join(["слово"] * 12),
}
# yprv, zprv, Zprv, tprv, Ltpv, Mtpv, dgpv; then Cardano's and Zcash's.
LONG_KEYS = (
    "yprvABrGsX5C9jantheLAR8A97LcTCTVsvThwu2FZpdxFtyH2CS4JPYxToNLixTWvGygnuRmFxVEZ18ny3GJ57nPGH8skkt4tbZXKhxuaUFh6jt",
    "zprvAWgYBBk7JR8GjzqSzmunMCS7dAbwpYTCs1YUMDXqduMA5JFHZ3iX5s2UkAR6vBdcCYYa1S5o1fVLrKsrnpCQ4WpUd6aVUWP1bS2Yy5DoaKv",
    "ZprvAhadJRUYsNgeAZzpwSNmBGmvLxeD2u8oBHC9GUoP1gBZhUpCKT6oAytQYsNaUcrWS1cYt25utssqyVVd63MMCzw9TZgtsur1VAJRYzwAEqZ",
    "tprv8ZgxMBicQKsPeDgjzdC36fs6bMjGApWDNLR9erAXMs5skhMv36j9MV5ecvfavji5khqjWaWSFhN3YcCUUdiKH6isR4Pwy3U5y5egddBr16m",
    "Ltpv71G8qDifUiNetP6nmxPA5STrUVmv2J9YSmXajv8VsYBUyuPhvN9xCaQrfX2wo5xxJNtEazYCFRUu5FmokYMM79pcqz8pcdo4rNXAFPgyB4k",
    "Mtpv7L6Q8tPadPv8jgHucKAnHXZMeTvMxv93Mt3oXK2PFYZN31CwB2KWpe4zgizXnzcsi213LU8ki5qSxYPNUEmMuPWDiKqFCYcZ86aodv1aTA4",
    "dgpv51eADS3spNJh9Gjth94XcPwAczvQaDJs9rqx11kvxKs6r3Ek8AgERHhjLs6mzXQFHRzQqGwqdeoDkZmr8jQMBfi43b7sT3sx3cCSk5fGeUR",
    "ed25519e_sk1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0jqgfzyvjz2f389q5j52ev95hz7vp3xgengdfkxuurjw3m8s7nu0cnam3nl",
    "addr_xsk1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0jqgfzyvjz2f389q5j52ev95hz7vp3xgengdfkxuurjw3m8s7nu06qg9pyx3z9ger5sj22fdxy6nj02pg4y56524t9wkzetfd4ch27tuav9903",
    "root_xsk1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0jqgfzyvjz2f389q5j52ev95hz7vp3xgengdfkxuurjw3m8s7nu06qg9pyx3z9ger5sj22fdxy6nj02pg4y56524t9wkzetfd4ch27tuuhn5gs",
    "xprv1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0jqgfzyvjz2f389q5j52ev95hz7vp3xgengdfkxuurjw3m8s7nu06qg9pyx3z9ger5sj22fdxy6nj02pg4y56524t9wkzetfd4ch27tuh66hew",
    "secret-extended-key-main1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
)
PRIVATE_KEYS = {
    "hexadecimal": HEX,
    "hexadecimal with 0x": "0x" + HEX,
    "hexadecimal in capitals": HEX.upper(),
    "64 bytes in hexadecimal": HEX + HEX,
    "bitcoin, uncompressed": "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
    "bitcoin": "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617",
    "litecoin, uncompressed": "6uDNfQ1fknCphurZuj12xcY51qJj3T21Pk2iivwjAxAYHHxwEEr",
    "litecoin": "T3TccUZx4EXBZaHnFiP9eTr8igDEZoqSjNvbA56Z8vV74oyAcjTK",
    "dogecoin, uncompressed": "6JDyVDw6R82kH9PsbHq3nqk8XnDoLmrFEEknLEZbHA3ZQ8cSuqc",
    "dogecoin": "QP2GKa5kuU2i2G3xJMH5KL9NErbVYGxMoRiF5trrJJvHzrJ2Ebp7",
    "test network, uncompressed": "91gGn1HgSap6CbU12F6z3pJri26xzp7Ay1VW6NHCoEayNXwRpu2",
    "test network": "cMzLdeGd5vEqxB8B6VFQoRopQ3sLAAvEzDAoQgvX54xwofSWj1fx",
    "behind a password": "6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg",
    "a letter wrong": "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98618",
    "xprv": XPRV,
    "solana": SOLANA,
    "solana in numbers": json.dumps(list(bytes.fromhex(HEX + HEX))),
    "32 numbers": json.dumps(list(bytes.fromhex(HEX)), separators=(",", ":")),
    "stellar": STELLAR,
    "xrp": "snoPBrXtMeMyMHUVTgbuqAfg1SUTb",
    "xrp, ed25519": "sEdSJHdnVumf99WfaHTnU8DaQkx5Q4n",
    "xrp in numbers": "554872 394230 209376 323698 140250 387423 652803 258676",
    "cardano": "ed25519_sk1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0swrjf7t",
    "cardano, capitals": "ADDR_SK1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S4X20Y9",
    "quoted": f'"{HEX}"',
    "among words": f"my key is {HEX} keep it",
    "spaces around": f"\n {HEX} ",
}
PRIVATE_KEYS |= {key[:12]: key for key in LONG_KEYS}
SECRETS = {**SEED_PHRASES, **PRIVATE_KEYS}
# No piece of a secret so long may be told either.
PIECE = 8


@pytest.mark.parametrize("name", sorted(SEED_PHRASES))
def test_a_seed_phrase_is_recognised(name: str) -> None:
    assert secret_kind(SEED_PHRASES[name]) == "seed phrase"


@pytest.mark.parametrize("name", sorted(PRIVATE_KEYS))
def test_a_private_key_is_recognised(name: str) -> None:
    assert secret_kind(PRIVATE_KEYS[name]) == "private key"


@pytest.mark.parametrize(("network", "given", "stored"), all_pairs())
def test_no_address_is_taken_for_a_secret(network: str, given: str, stored: str) -> None:
    assert network
    assert secret_kind(given) is None
    assert secret_kind(stored) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "7",
        "18446744073709551615",
        "account 7 of the exchange",
        "one two three four five six seven eight nine ten eleven",
        "subscriptionpaymentforJanuary",
        "snoPBrXtMeMyMHUVTgbuqAfg1SUTc",  # nearly a seed of XRP, or just a word
        "0:83dfd552e63729b472fcbcc8c45ebcc6691702558b68ec7527e1ba403a0f31a8",
        "[1, 2, 3]",
        HEX[:-1],
        HEX + "0",
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gYweD1YUMnzkxQw1bm6XhhCCXF5rvDu3SQRW2A1Z5yqnVwyY4cNT",
        "\ud800",
        "1" * 100_000,
        "a" * 100_000,
        "[1" + ",1" * 50_000,
        "_" * 100_000,
    ],
)
def test_what_is_no_secret_is_not_taken_for_one(text: str) -> None:
    assert secret_kind(text) is None


# ---- refused, and repeated nowhere ---------------------------------------------------------------


def assert_nothing_of_it_is_told(error: AddressProblemError, secret: str) -> None:
    told = " ".join([str(error), repr(error), repr(error.args), repr(vars(error))])
    told += "".join(traceback.format_exception_only(error))
    pieces = [secret[at : at + PIECE] for at in range(max(1, len(secret) - PIECE))]
    assert not any(piece in told for piece in pieces)
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("network", ["eth", "xlm", "unknown"])
@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_for_an_address_is_refused(name: str, network: str) -> None:
    with pytest.raises(SecretPastedError) as caught:
        normal_address(network, SECRETS[name])
    assert caught.value.field == "address"
    assert "never be given to anyone" in str(caught.value)
    assert "not stored" in str(caught.value)
    assert_nothing_of_it_is_told(caught.value, SECRETS[name])


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_for_a_memo_is_refused(name: str) -> None:
    with pytest.raises(SecretPastedError) as caught:
        normal_destination("eth", EVM[0], SECRETS[name])
    assert caught.value.field == "memo"
    assert_nothing_of_it_is_told(caught.value, SECRETS[name])


def test_a_secret_is_told_before_anything_else_is_wrong() -> None:
    for address, memo in ((WORDS, None), (HEX, "7"), ("nonsense", WORDS), (WORDS, HEX)):
        with pytest.raises(SecretPastedError):
            normal_destination("xrp", address, memo)


@pytest.mark.parametrize(
    "text",
    [HEX[:-1], XPRV[:60], WORDS[:40], SOLANA[:-3], STELLAR[1:], "snoPBrXtMeMyMHUVTgbuqAfg1SUTc"],
)
def test_what_is_nearly_a_secret_is_not_repeated_either(text: str) -> None:
    for network in ("eth", "btc", "xrp", "ada", "xlm", "xmr", "ton", "sol", "bch"):
        with pytest.raises(AddressProblemError) as caught:
            normal_address(network, text)
        assert_nothing_of_it_is_told(caught.value, text)


def test_an_error_survives_being_pickled() -> None:
    with pytest.raises(SecretPastedError) as caught:
        normal_destination("eth", EVM[0], WORDS)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (str(copy), copy.field) == (str(caught.value), "memo")
