"""Each network's addresses: what is accepted, what is stored, and what is refused."""

import pytest

from shared_lib.domain.address import (
    ADDRESS_CHARACTERS_MOST,
    NETWORKS,
    AddressProblemError,
    normal_address,
)
from tests.unit.address_examples import (
    ADA_103,
    ADA_ENTERPRISE,
    BTC_V16,
    GOOD,
    XMR_INTEGRATED,
    XMR_PLAIN,
    XMR_SUBADDRESS,
    all_pairs,
    pairs,
)

# Shorter texts, such as 0x, may stand in a rule by themselves.
PIECE = 12
EVM_NETWORKS = ("eth", "bsc", "matic", "base")


def rule_of(network: str, text: str) -> str:
    """What is said about an address that must be refused; it never repeats the address."""
    with pytest.raises(AddressProblemError) as caught:
        normal_address(network, text)
    assert caught.value.field == "address"
    assert len(text) < PIECE or text not in repr(caught.value)
    return str(caught.value)


def test_every_network_of_payouts_has_examples() -> None:
    assert set(GOOD) == NETWORKS
    assert len(NETWORKS) == 16


@pytest.mark.parametrize(("network", "given", "stored"), all_pairs())
def test_an_address_is_stored_in_its_normal_form(network: str, given: str, stored: str) -> None:
    assert normal_address(network, given) == stored


@pytest.mark.parametrize(("network", "given", "stored"), all_pairs())
def test_the_normal_form_is_its_own_normal_form(network: str, given: str, stored: str) -> None:
    assert given
    assert normal_address(network, stored) == stored


@pytest.mark.parametrize("network", sorted(GOOD))
def test_addresses_of_other_networks_are_refused(network: str) -> None:
    for other in GOOD:
        if network == other or {network, other} <= set(EVM_NETWORKS):
            continue
        for given, _ in pairs(other):
            assert rule_of(network, given)


@pytest.mark.parametrize("network", sorted(GOOD))
def test_what_surrounds_or_interrupts_an_address_is_refused(network: str) -> None:
    given, _ = pairs(network)[0]
    for text in (
        f" {given}",
        f"{given} ",
        f"{given}\n",
        f"\t{given}",
        f"{given[:20]} {given[20:]}",
        f"{given}\u200b",
        f"{given}\u00a0",
        f":{given}",
        f"<{given}>",
        given + given,
    ):
        assert rule_of(network, text)


@pytest.mark.parametrize("network", sorted(set(GOOD) - {"sol"}))
def test_a_cut_or_longer_address_is_refused(network: str) -> None:
    for given, _ in pairs(network):
        for text in (
            given[:-1],
            given[1:],
            given[: len(given) // 2],
            given + given[-1],
            "x" + given,
        ):
            assert rule_of(network, text)


@pytest.mark.parametrize("network", sorted(GOOD))
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "x",
        "1",
        ":",
        "0x",
        "my wallet",
        "адрес",
        "\ud800",
        "\0",
        "1" * 10_000,
        "é" * 40,
    ],
)
def test_what_is_no_address_is_refused(network: str, text: str) -> None:
    assert rule_of(network, text)


@pytest.mark.parametrize("network", ["", "ETH", "eth ", "usdt", "polygon", "tron", "\ud800"])
def test_an_unknown_network_is_refused(network: str) -> None:
    assert "network" in rule_of(network, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")


def test_letters_that_only_look_alike_are_refused() -> None:
    cyrillic = "0x5\u0430Aeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    full_width = "\uff10x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    kelvin = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7\u212av8f3t4"
    assert rule_of("eth", cyrillic)
    assert rule_of("eth", full_width)
    assert rule_of("btc", kelvin)


def test_the_longest_address_is_within_the_limit() -> None:
    lengths = [len(given) for _, given, _ in all_pairs()]
    assert max(lengths) == len(XMR_INTEGRATED) == 106
    assert max(lengths) <= ADDRESS_CHARACTERS_MOST


# ---- ethereum and its relatives ------------------------------------------------------------------


@pytest.mark.parametrize("network", EVM_NETWORKS)
def test_an_evm_address_without_a_checksum_is_given_one(network: str) -> None:
    checked = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert normal_address(network, checked.lower()) == checked
    assert normal_address(network, "0x" + checked[2:].upper()) == checked


@pytest.mark.parametrize(
    "text",
    [
        "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",  # one letter in the wrong case
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAec",  # one digit wrong
        "0xfB6916095cA1df60bB79Ce92cE3Ea74c37c5d359",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
        "vitalik.eth",
    ],
)
def test_a_wrong_evm_address_is_refused(text: str) -> None:
    assert rule_of("eth", text)


@pytest.mark.parametrize(
    "text",
    [
        "0x0000000000000000000000000000000000000000",
        "0x0000000000000000000000000000000000000001",
        "0x000000000000000000000000000000000000dead",
        "0x000000000000000000000000000000000000dEaD",
        "0xdEAD000000000000000042069420694206942069",
        "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE",
    ],
)
@pytest.mark.parametrize("network", EVM_NETWORKS)
def test_a_grave_of_evm_is_refused(network: str, text: str) -> None:
    assert "lost" in rule_of(network, text)


# ---- tron ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj7t",
        "6y7E3KBj2mQGhfaDePq3LwQ8wMS5FYfGr",  # 19 bytes
        "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",  # the same account in hexadecimal
    ],
)
def test_a_wrong_tron_address_is_refused(text: str) -> None:
    assert "T…" in rule_of("trx", text)


def test_the_grave_of_tron_is_refused() -> None:
    assert "lost" in rule_of("trx", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb")


# ---- solana --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "thX6LZfHDZZKUs92febYZhYRcXddmzfzF2NvTkPNE",  # 31 bytes
        "JNArUumxYJcSQpbuxuroRZtcSMVLcy5WbYGt14SRm1Fv",  # 33 bytes
        "O3astBRguLMdt2h5U1Tpdq5tjFoJ6noeGwaY3mDLVcri",
        "l3astBRguLMdt2h5U1Tpdq5tjFoJ6noeGwaY3mDLVcri",
    ],
)
def test_a_wrong_solana_address_is_refused(text: str) -> None:
    assert "Solana" in rule_of("sol", text)


@pytest.mark.parametrize(
    "text",
    [
        "11111111111111111111111111111111",
        "1nc1nerator11111111111111111111111111111111",
        "Vote111111111111111111111111111111111111111",
    ],
)
def test_a_program_of_solana_is_refused(text: str) -> None:
    assert "lost" in rule_of("sol", text)


# ---- ton -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "kQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqKYH",
        "0QCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqPvC",
    ],
)
def test_a_test_only_address_of_ton_is_refused(text: str) -> None:
    assert "test network" in rule_of("ton", text)


@pytest.mark.parametrize(
    "text",
    [
        "0:83dfd552e63729b472fcbcc8c45ebcc6691702558b68ec7527e1ba403a0f31a8",
        "-1:3333333333333333333333333333333333333333333333333333333333333333",
    ],
)
def test_the_raw_form_of_ton_is_refused(text: str) -> None:
    assert "raw form" in rule_of("ton", text)


@pytest.mark.parametrize(
    "text",
    [
        "EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqB2M",
        "EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqEBI",  # the checksum of the other form
        "Ef8zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM0vF",  # the masterchain
        "Uf8zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMxYA",
        "EQEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eH5B_",  # a workchain that is not there
        "MQAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eH7tR",  # a tag that is not there
        "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gq/rHF",  # both alphabets at once
        "foundation.ton",
    ],
)
def test_a_wrong_ton_address_is_refused(text: str) -> None:
    assert "UQ…" in rule_of("ton", text)


@pytest.mark.parametrize("text", [f"EQ{'A' * 43}M9c", f"UQ{'A' * 43}JKZ"])
def test_the_grave_of_ton_is_refused(text: str) -> None:
    assert "lost" in rule_of("ton", text)


# ---- bitcoin -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",  # Bech32 for version 1
        "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",  # … for version 16
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",  # Bech32m for version 0
        "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",  # a letter that is not
        "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",  # version 17
        "bc1pw5dgrnzv",  # 1 byte
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",  # 41 bytes
        "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",  # 16 bytes in version 0
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",  # too much padding
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",  # 40 in 1
        "bc1pfeessrawgf",  # 2 bytes in version 1
        "bc1gmk9yu",  # nothing
        "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",  # small and capital letters
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
        "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
        "tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty",
        "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
        "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVn2",
        "13RJa7YdZQz3JHotw6gx1sco2AAPDrMZM",  # 19 bytes
        "1p8KevEo5z2dqhHVZQ6v6D6s8PRnAtbespV",  # 21 bytes
    ],
)
def test_a_wrong_bitcoin_address_is_refused(text: str) -> None:
    assert "bc1…" in rule_of("btc", text)


@pytest.mark.parametrize(
    "text",
    [
        "1111111111111111111114oLvT2",
        "bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq9e75rs",
        "bc1pqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpqqenm",
    ],
)
def test_a_grave_of_bitcoin_is_refused(text: str) -> None:
    assert "lost" in rule_of("btc", text)


def test_a_witness_program_of_a_later_version_is_refused() -> None:
    """What is paid to one can be taken by anyone, until it gets a meaning."""
    with pytest.raises(AddressProblemError):
        normal_address("btc", BTC_V16)


# ---- litecoin, dogecoin, zcash -------------------------------------------------------------------


def test_the_old_script_form_of_litecoin_is_refused_because_bitcoin_has_it_too() -> None:
    assert "M…" in rule_of("ltc", "3CNHUhP3uyB9EUtRLsmvFUmvGdjGdkTxJw")


@pytest.mark.parametrize(
    "text",
    [
        "ltcmweb1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0jqgfzyvjz2f389q5j52ev95hz7vp3xgengdfkxuurjw3m8s7nu06qgykgvf2f",
    ],
)
def test_mweb_is_refused(text: str) -> None:
    assert "MWEB" in rule_of("ltc", text)


@pytest.mark.parametrize(
    ("network", "text"),
    [
        ("ltc", "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc2"),
        ("ltc", "tltc1qw508d6qejxtdg4y5r3zarvary0c5xw7klfsuq0"),
        ("ltc", "QXHFfTBKYXjaaTH1e7Rox8CcdNPGHVhM59"),
        ("ltc", "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r"),
        ("ltc", "ltc1pqqqsyqcyq5rqwzqfpg9scrgwpugpzysn0jjj9d"),  # 20 bytes in version 1
        ("doge", "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7l"),
        ("doge", "nesRpRaAbTDmZHwmzBkLd2AtF7Z9L9z5S2"),
        ("zec", "t1PKtYdJJHhc3Pxowmznkg7vdTwnhEsCvR5"),
        ("zec", "tmEZhbWHTpdKMw5it8YDspUXSMGQyFwovpU"),
    ],
)
def test_other_wrong_addresses_of_bitcoins_relatives_are_refused(network: str, text: str) -> None:
    assert "copied whole" in rule_of(network, text)


@pytest.mark.parametrize(
    "text",
    [
        "zs1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0jqgfzyvjz2f389q5j5ctfvp5",
        "u1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0jqgfzyvjz2f389q5j52ev95hz7vp3xgengdfkxuurjw3msvak28",
        "tex1s2rt77ggv6q989lr49rkgzmh5slsksa9khdgte",
    ],
)
def test_shielded_addresses_of_zcash_are_refused(text: str) -> None:
    assert "transparent" in rule_of("zec", text)


# ---- bitcoin cash --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC"]
)
def test_the_old_form_of_bitcoin_cash_is_refused_because_it_is_bitcoins(text: str) -> None:
    assert "Bitcoin's" in rule_of("bch", text)


@pytest.mark.parametrize(
    "text",
    [
        "bitcoincash:zpm2qsznhks23z7629mms6s4cwef74vcwvrqekrq9w",
        "bitcoincash:rpm2qsznhks23z7629mms6s4cwef74vcwv59yeyr7n",
    ],
)
def test_token_aware_addresses_of_bitcoin_cash_are_refused(text: str) -> None:
    assert "tokens" in rule_of("bch", text)


@pytest.mark.parametrize(
    "text",
    [
        "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6q",
        "bitcoincash:Qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "Bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "BITCOINCASH:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "bitcoincash:bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "bitcoin:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "bchtest:qpm2qsznhks23z7629mms6s4cwef74vcwvqcw003ap",
        "qpm2qsznhks23z7629mms6s4cwef74vcwvqcw003ap",
        # 32 bytes, and lengths that the version does not say
        "bitcoincash:pvqqzqsrqszsvpcgpy9qkrqdpc83qygjzv2p29shrqv35xcur50p7h2c7ctj5",
        "bitcoincash:qqqqzqsrqszsvpcgpy9qkrqdpc83qygjzv2p29shrqv35xcur50p7dlm407s7",
        "bitcoincash:qqqqzqsrqszsvpcgpy9qkrqdpc83qygj4w5vj7dg",
    ],
)
def test_a_wrong_address_of_bitcoin_cash_is_refused(text: str) -> None:
    assert "copied whole" in rule_of("bch", text)


def test_the_grave_of_bitcoin_cash_is_refused() -> None:
    grave = "bitcoincash:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqfnhks603"
    assert "lost" in rule_of("bch", grave)


# ---- cardano -------------------------------------------------------------------------------------


def test_a_base_address_of_cardano_is_longer_than_bech32_usually_is() -> None:
    assert len(ADA_103) == 103
    assert normal_address("ada", ADA_103) == ADA_103


def test_a_stake_address_is_refused() -> None:
    stake = "stake1uyehkck0lajq8gr28t9uxnuvgcqrc6070x3k9r8048z8y5gh6ffgw"
    assert "stake" in rule_of("ada", stake)


@pytest.mark.parametrize(
    "text",
    [
        "addr_test1qz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgs68faae",
    ],
)
def test_a_test_address_of_cardano_is_refused(text: str) -> None:
    assert "main network" in rule_of("ada", text)


@pytest.mark.parametrize(
    "text",
    [
        "addr1gx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer5pnz75xxcrzqf96k",  # pointers
        "addr128phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtupnz75xxcrtw79hu",
        # Bech32m, a byte too few, a byte too many
        "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgsvdy35y",
        "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywg42u60y",
        "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgsq8h9s3a",
        # network 0, kind 8, kind 6 with a part for staking, kind 0 without
        "addr1qz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgsg8a6rm",
        "addr1sx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgs6jr6hz",
        "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgsj6s489",
        "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers9rdrk8",
        ADA_ENTERPRISE[:-1] + "9",
        "A" + ADA_ENTERPRISE[1:],
        # Byron: a wrong letter, a wrong CRC, a redeemed coin, a test network, a byte too many,
        # and a length with a needless byte
        "Ae2tdPwUPEZ4YjgvykNpoFeYUxoyhNj2kg8KfKWN2FizsSpLUPv68MpTVDp",
        "Ae2tdPwUPEYvonZpzjqm9roCdj4Aipuz6AAer9TVPHMWhr6qojNk1w4qoxk",
        "Ae2tdPwUPEYvonZpzjqm9roCdj4Aipuz6AAer9TVPHMWhr6qojNm1gEqFis",
        "2cWKMJemoBah8R3jomQCz5P1dE82b6M3iTiaPFsSVbJ1Y29uSWnqCYonJZDW2ka4UGxdi",
        "37btjrVyb4KDXBNC4haBVPCrro8AQPHwvCMp3RFhhSVWwfFmZ6wwzSK6JK1hY6wHNmtrpTf1kdbva8TCneM2YsiXT7mrzT21EacHnPpz5YyUdj64na",
        "jYTLseFRs8ovVW7tqr6Dt6nvM6cyucUrymTc3vKvHMBY7HinRG2xs7dxSGxP",
        "jYTLsqJz9VE3VniMz6QfQ6fJwqgqXU2XCWmBhGQdGXHsS7ijU2ZVoiXgVPzw",
    ],
)
def test_a_wrong_address_of_cardano_is_refused(text: str) -> None:
    assert "addr1…" in rule_of("ada", text)


def test_the_grave_of_cardano_is_refused() -> None:
    assert "lost" in rule_of("ada", "addr1vyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkdl5mw")


# ---- xrp -----------------------------------------------------------------------------------------


def test_an_x_address_with_a_tag_needs_its_tag_kept() -> None:
    assert "tag" in rule_of("xrp", "X7AcgcsBL6XDcUb289X4mJ8djcdyKaGZMhc9YTE92ehJ2Fu")


@pytest.mark.parametrize(
    "text",
    [
        "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDy",
        "rsRJ2fYdZQzsJHotAagxr1copwwPDiMZM",  # 19 bytes
        "sU4H76PsuyB9N7tRL1mvE7mvGdjGdkTxJA",  # another version
        "T719a5UwUCnEs54UsxG9CJYYDhwmFCvbJNZbi37gBGkRkbE",  # an X-address of a test network
        "TVE26TYGhfLC7tQDno7G8dGtxSkYQn49b3qD26PK7FcGSKE",
        "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqz",
        "X7AcgcsBL6XDcUb289X4mJ8djcdyKaMPYMhmNsCaQeP2dtE",  # a flag that is not there
        "X7AcgcsBL6XDcUb289X4mJ8djcdyKaBj989XiiqUk5erupz",  # a tag without its flag
        "X7AcgcsBL6XDcUb289X4mJ8djcdyKaGYE2g3s6f6M6XhwLm",  # a tag of 64 bits
    ],
)
def test_a_wrong_address_of_xrp_is_refused(text: str) -> None:
    assert "r… or X…" in rule_of("xrp", text)


@pytest.mark.parametrize(
    "text",
    [
        "rrrrrrrrrrrrrrrrrrrrrhoLvTp",
        "rrrrrrrrrrrrrrrrrrrrBZbvji",
        "rrrrrrrrrrrrrrrrrNAMEtxvNvQ",
        "rrrrrrrrrrrrrrrrrrrn5RM1rHd",
        "X7TYFRtYHMcHtT2qNycMwgXzFbcRvEgLY6WDzQKYkjCp8GS",
    ],
)
def test_a_black_hole_of_xrp_is_refused(text: str) -> None:
    assert "lost" in rule_of("xrp", text)


# ---- stellar -------------------------------------------------------------------------------------


def test_a_muxed_address_is_refused() -> None:
    muxed = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ"
    assert "M…" in rule_of("xlm", muxed)


@pytest.mark.parametrize(
    "text",
    [
        "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGY",
        "ga7qynf7sowq3glr2bgmzehxavirza4kvwltjjfc7mgxua74p7ujvsgz",
        "CAAACAQDAQCQMBYIBEFAWDANBYHRAEISCMKBKFQXDAMRUGY4DUPB6N4O",  # a contract
        "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ=",
        "G47QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVP2I",
        "GAAAAAAAACGC6",
        "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUACUSI",
        "name*example.com",
    ],
)
def test_a_wrong_address_of_stellar_is_refused(text: str) -> None:
    assert "G… of 56" in rule_of("xlm", text)


def test_the_grave_of_stellar_is_refused() -> None:
    assert "lost" in rule_of("xlm", f"G{'A' * 52}WHF")


# ---- monero --------------------------------------------------------------------------------------


def test_the_lengths_of_monero() -> None:
    assert [len(text) for text in (XMR_PLAIN, XMR_SUBADDRESS, XMR_INTEGRATED)] == [95, 95, 106]


@pytest.mark.parametrize(
    "text",
    [
        XMR_PLAIN[:-1] + "B",
        XMR_PLAIN[:-1] + "z",
        XMR_SUBADDRESS.replace("8", "9", 1),
        XMR_INTEGRATED[:95],
        "9uhnk5k1j5NBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGRySiok",
        "BaiWt9vwokYBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGPcPUPH",
        "A5QTktZWLLtBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGSomr34",
        "54NHLfzi6KNBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGRtzGna",
        "74nMWMpdPXaBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGS4dVHw",
    ],
)
def test_a_wrong_address_of_monero_is_refused(text: str) -> None:
    assert "4… or 8…" in rule_of("xmr", text)
