"""The codecs under the addresses, held against the examples of their specifications."""

import pytest
from eth_utils.crypto import keccak

from shared_lib.domain.address import base58, bech32, byron, cashaddr
from shared_lib.domain.address.checksums import crc16_xmodem, double_sha256, keccak256

# ---- checksums -----------------------------------------------------------------------------------


def test_the_hash_of_nothing() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"").hex() == empty


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 135, 136, 137, 271, 272, 273, 1_000])
def test_keccak_is_ethereums_on_both_sides_of_a_block(size: int) -> None:
    data = bytes(number % 256 for number in range(size))
    assert keccak256(data) == keccak(data)


def test_crc16_of_the_digits() -> None:
    assert crc16_xmodem(b"123456789") == 0x31C3
    assert crc16_xmodem(b"") == 0


def test_sha256_twice() -> None:
    twice = "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50"
    assert double_sha256(b"hello").hex() == twice


# ---- base58 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("1", b"\0"),
        ("11", b"\0\0"),
        ("2g", b"\x61"),
        ("StV1DL6CwTryKyV", b"hello world"),
        ("2NEpo7TZRRrLZSi2U", b"Hello World!"),
        ("11233QC4", bytes.fromhex("0000287fb4cd")),
    ],
)
def test_base58_is_read_with_its_zeros(text: str, data: bytes) -> None:
    assert base58.decode(text) == data


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " ", "1 1", "é", "1" * 129])
def test_what_is_not_base58_is_not_read(text: str) -> None:
    assert base58.decode(text) is None
    assert base58.decode_check(text) is None


@pytest.mark.parametrize("text", ["", "1", "1111", "11111"])
def test_a_checksum_cannot_be_missing(text: str) -> None:
    assert base58.decode_check(text) is None


@pytest.mark.parametrize("alphabet", [base58.BITCOIN, base58.RIPPLE])
@pytest.mark.parametrize("body", [b"", b"\0", b"\0" * 21, b"\x01\x02", bytes(range(40))])
def test_what_is_written_is_read(alphabet: str, body: bytes) -> None:
    assert base58.decode_check(base58.encode_check(body, alphabet), alphabet) == body


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("11", b"\0"),
        ("5Q", b"\xff"),
        ("11111111111", bytes(8)),
        ("jpXCZedGfVQ", b"\xff" * 8),
        ("jpXCZedGfVQ5Q", b"\xff" * 9),
    ],
)
def test_moneros_blocks_are_read(text: str, data: bytes) -> None:
    assert base58.decode_monero(text) == data


@pytest.mark.parametrize(
    "text", ["1", "1111", "5R", "zz", "jpXCZedGfVR", "11111111111" + "1", "0O", "1" * 132]
)
def test_blocks_of_other_lengths_or_too_large_numbers_are_not_read(text: str) -> None:
    assert base58.decode_monero(text) is None


# ---- bech32 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "A12UEL5L",
        "a12uel5l",
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        "?1ezyfcl",
    ],
)
def test_bech32_as_bip_173_has_it(text: str) -> None:
    decoded = bech32.decode(text)
    assert decoded is not None
    assert decoded.variant is bech32.Variant.BECH32


@pytest.mark.parametrize(
    "text",
    [
        "A1LQFN3A",
        "a1lqfn3a",
        "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
        "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
        "?1v759aa",
    ],
)
def test_bech32m_as_bip_350_has_it(text: str) -> None:
    decoded = bech32.decode(text)
    assert decoded is not None
    assert decoded.variant is bech32.Variant.BECH32M


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "pzry9x0s0muk",
        "1pzry9x0s0muk",
        "x1b4n0q5v",
        "li1dgmt3",
        "A1G7SGD8",
        "10a06t8",
        "1qzzfhee",
        "M1VUXWEZ",
        "16plkw9",
        "A12uEL5L",
        "a12uel5\u212a",
        "\u212a12uel5l",
    ],
)
def test_what_is_neither_is_not_read(text: str) -> None:
    assert bech32.decode(text) is None


def test_an_empty_witness_program_is_none() -> None:
    assert bech32.decode("bc1gmk9yu") is not None
    assert bech32.decode_witness("bc1gmk9yu", "bc") is None
    assert bech32.decode_witness("a12uel5l", "a") is None


@pytest.mark.parametrize(
    ("values", "data"),
    [
        (b"", b""),
        (b"\x1f\x1c", b"\xff"),
        (b"\x1f\x1d", None),  # what is left over is not zero
        (b"\x00", None),  # five bits are left over
        (b"\x00\x00\x00", None),
        (b"\x00" * 8, bytes(5)),
    ],
)
def test_what_is_left_over_of_five_bits_is_short_and_zero(
    values: bytes, data: bytes | None
) -> None:
    assert bech32.octets(values) == data


# ---- cashaddr and byron --------------------------------------------------------------------------


def test_cashaddr_says_its_kind() -> None:
    account = bytes.fromhex("76a04053bda0a88bda5177b86a15c3b29f559873")
    public_key = cashaddr.decode("qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a")
    script = cashaddr.decode("ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq")
    assert public_key == cashaddr.CashAddr(0x00, account)
    assert script == cashaddr.CashAddr(0x08, account)


@pytest.mark.parametrize("text", ["", "bitcoincash:", "q", "bitcoincash:qqqqqqqq", ":" * 9])
def test_what_is_not_cashaddr_is_not_read(text: str) -> None:
    assert cashaddr.decode(text) is None


@pytest.mark.parametrize(
    "data",
    ["", "82", "82d818", "82d81858", "82d818405a00000000", "8200", "9f", "82d81b", "82d8184000"],
)
def test_cut_or_foreign_cbor_is_no_byron_address(data: str) -> None:
    assert not byron.is_payable(bytes.fromhex(data))
