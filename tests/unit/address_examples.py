"""Addresses as the specifications and the wallets of each network publish them.

What is given and what is stored are the same wherever only one is written.
"""

import re

EVM = (
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
)
ADA_103 = (
    "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer"
    "3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x"
)
ADA_ENTERPRISE = "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8"
ADA_ICARUS = "Ae2tdPwUPEZ4YjgvykNpoFeYUxoyhNj2kg8KfKWN2FizsSpLUPv68MpTVDo"
ADA_DAEDALUS = (
    "DdzFFzCqrhsw3prhfMFDNFowbzUku3QmrMwarfjUbWXRisodn97R"
    "436SHc1rimp4MhPNmbdYb1aTdqtGSJixMVMi5MkArDQJ6Sc1n3Ez"
)
# As many bytes as a private key of Solana has.
ADA_BYRON_OF_64_BYTES = (
    "3cjCeBfk1XvhB8Uop29zgS9U7WLuspsis4NVW6jgykft7YZ3CEVymjpwqMmZPThs4C9777q69ihCXu2g48csHrvP"
)
XMR_PLAIN = (
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3"
    "XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
)
XMR_SUBADDRESS = (
    "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjy"
    "Pbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
)
XMR_INTEGRATED = (
    "4LL9oSLmtpccfufTMvppY6JwXNouMBzSkbLYfpAV5Usx3skxNgYeYTRj5"
    "UzqtReoS44qo9mtmXCqY45DJ852K5Jv2bYXZKKQePHES9khPK"
)
BTC_V16 = "BC1SW50QGDZ25J"

GOOD: dict[str, tuple[str | tuple[str, str], ...]] = {
    "eth": EVM,
    "bsc": EVM,
    "matic": EVM,
    "base": EVM,
    "trx": (
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW",
        "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",
    ),
    "sol": (
        "83astBRguLMdt2h5U1Tpdq5tjFoJ6noeGwaY3mDLVcri",
        "4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA",
        "vines1vzrYbzLMRdu58ou5XTby4qAqVRLmqo36NKPTg",
        "B9sVeu4rJU12oUrUtzjc6BSNuEXdfvurZkdcaTVkP2LY",
    ),
    "ton": (
        "EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqB2N",
        "UQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqEBI",
        "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF",
        (
            "UQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff+W72r5gqPuwA",
            "UQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPuwA",
        ),
    ),
    "btc": (
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        (
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        ),
        "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
    ),
    "ltc": (
        "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1",
        "LVuDpNCSSj6pQ7t9Pv6d6sUkLKoqDEVUnJ",
        "MJaRnao1s62a2zAKSkmG582KbLKianqb7v",
        "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
        "ltc1pqqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sts9tf8",
    ),
    "bch": (
        "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq",
        "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        (
            "BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        ),
        (
            "PPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVN0H829PQ",
            "ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq",
        ),
    ),
    "doge": (
        "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
        "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC",
        "A37YDYSwz3438rFtm1SLVcQHyD7JeueC9H",
    ),
    "ada": (
        ADA_103,
        (ADA_103.upper(), ADA_103),
        "addr1z8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gten0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgs9yc0hh",
        "addr1yx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerkr0vd4msrxnuwnccdxlhdjar77j6lg0wypcc9uar5d2shs2z78ve",
        "addr1x8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gt7r0vd4msrxnuwnccdxlhdjar77j6lg0wypcc9uar5d2shskhj42g",
        ADA_ENTERPRISE,
        "addr1w8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtcyjy7wx",
        ADA_ICARUS,
        ADA_DAEDALUS,
        ADA_BYRON_OF_64_BYTES,
    ),
    "xrp": (
        "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY",
        "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
        "rGWrZyQqhTp9Xu7G5Pkayo7bXjH4k4QYpf",
        (
            "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ",
            "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
        ),
        (
            "XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb",
            "rGWrZyQqhTp9Xu7G5Pkayo7bXjH4k4QYpf",
        ),
    ),
    "xlm": (
        "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
        "GDRXE2BQUC3AZNPVFSCEZ76NJ3WWL25FYFK6RGZGIEKWE4SOOHSUJUJ6",
    ),
    "xmr": (XMR_PLAIN, XMR_SUBADDRESS, XMR_INTEGRATED),
    "zec": (
        "t1PKtYdJJHhc3Pxowmznkg7vdTwnhEsCvR4",
        "t1XVXWCvpMgBvUaed4XDqWtgQgJSu1Ghz7F",
        "t3Vz22vK5z2LcKEdg16Yv4FFneEL1zg9ojd",
    ),
}
# The memo with which each network's destinations are tried.
MEMOS = {"xrp": "7", "xlm": "7"}


def pairs(network: str) -> list[tuple[str, str]]:
    """What may be given on a network, and what is stored of it."""
    return [(good, good) if isinstance(good, str) else good for good in GOOD[network]]


def all_pairs() -> list[tuple[str, str, str]]:
    """Network, what is given, and what is stored."""
    return [(network, *pair) for network in GOOD for pair in pairs(network)]


def has_checksum(network: str, given: str) -> bool:
    """Solana's addresses have none, nor has one of Ethereum without letters of both kinds."""
    return network != "sol" and not re.fullmatch(r"0x([0-9a-f]{40}|[0-9A-F]{40})", given)
