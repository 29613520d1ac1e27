"""Addresses together with memos."""

import pytest

from shared_lib.domain.address import (
    NETWORKS,
    AddressProblemError,
    MemoNeed,
    memo_need,
    normal_destination,
    split_x_address,
)
from tests.unit.address_examples import GOOD, MEMOS, all_pairs, pairs

XRP = "rGWrZyQqhTp9Xu7G5Pkayo7bXjH4k4QYpf"
X_WITHOUT_TAG = "XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb"
X_WITH_TAG_1 = "XVLhHMPHU98es4dbozjVtdWzVrDjtV8xvjGQTYPiAx6gwDC"
XLM = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"
TON = "UQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqEBI"


def problem_of(network: str, address: str, memo: str | None) -> AddressProblemError:
    with pytest.raises(AddressProblemError) as caught:
        normal_destination(network, address, memo)
    return caught.value


# ---- who needs one -------------------------------------------------------------------------------


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_each_network_says_whether_it_needs_a_memo(network: str) -> None:
    needs = {"xrp": MemoNeed.REQUIRED, "xlm": MemoNeed.REQUIRED, "ton": MemoNeed.OPTIONAL}
    assert memo_need(network) is needs.get(network, MemoNeed.NONE)


def test_an_unknown_network_has_no_answer() -> None:
    with pytest.raises(AddressProblemError):
        memo_need("usdt")


@pytest.mark.parametrize(("network", "given", "stored"), all_pairs())
def test_an_address_is_stored_with_its_memo(network: str, given: str, stored: str) -> None:
    memo = MEMOS.get(network)
    assert normal_destination(network, given, memo) == (stored, memo)


@pytest.mark.parametrize("network", sorted(NETWORKS - {"xrp", "xlm", "ton"}))
@pytest.mark.parametrize("memo", ["", "7", "hello"])
def test_a_memo_where_there_is_none_is_a_problem(network: str, memo: str) -> None:
    given, _ = pairs(network)[0]
    problem = problem_of(network, given, memo)
    assert problem.field == "memo"
    assert "left out" in str(problem)


@pytest.mark.parametrize(("network", "address"), [("xrp", XRP), ("xlm", XLM)])
def test_a_missing_memo_is_a_problem(network: str, address: str) -> None:
    problem = problem_of(network, address, None)
    assert problem.field == "memo"
    assert "must be given" in str(problem)


@pytest.mark.parametrize("network", sorted(GOOD))
def test_a_wrong_address_is_named_before_a_wrong_memo(network: str) -> None:
    assert problem_of(network, "nonsense", "\n").field == "address"


# ---- xrp -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("memo", ["0", "1", "10", "4294967295"])
def test_a_tag_is_a_number_of_32_bits(memo: str) -> None:
    assert normal_destination("xrp", XRP, memo) == (XRP, memo)


@pytest.mark.parametrize(
    "memo",
    [
        "",
        "00",
        "01",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1.0",
        "1e3",
        "0x1",
        "1_0",
        "tag",
        "٣",
        "4294967296",
        "9999999999",
        "9" * 5_000,
    ],
)
def test_another_tag_is_a_problem(memo: str) -> None:
    assert problem_of("xrp", XRP, memo).field == "memo"


@pytest.mark.parametrize(
    ("text", "classic", "tag"),
    [
        (X_WITHOUT_TAG, XRP, None),
        ("XVLhHMPHU98es4dbozjVtdWzVrDjtV8AqEL4xcZj5whKbmc", XRP, 0),
        (X_WITH_TAG_1, XRP, 1),
        ("XVLhHMPHU98es4dbozjVtdWzVrDjtVqrDUk2vDpkTjPsY73", XRP, 16_781_933),
        (
            "X7AcgcsBL6XDcUb289X4mJ8djcdyKaLFuhLRuNXPrDeJd9A",
            "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
            11_747,
        ),
        (
            "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2iUSJwsp6dNbEzfhN4",
            "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY",
            4_294_967_295,
        ),
    ],
)
def test_an_x_address_comes_apart(text: str, classic: str, tag: int | None) -> None:
    assert split_x_address(text) == (classic, tag)


@pytest.mark.parametrize(
    "text",
    ["", "X", XRP, "TVE26TYGhfLC7tQDno7G8dGtxSkYQn49b3qD26PK7FcGSKE", X_WITH_TAG_1[:-1] + "D", "é"],
)
def test_what_is_no_x_address_does_not(text: str) -> None:
    with pytest.raises(AddressProblemError) as caught:
        split_x_address(text)
    assert not text or text not in str(caught.value).split()


def test_the_tag_inside_an_x_address_becomes_the_memo() -> None:
    assert normal_destination("xrp", X_WITH_TAG_1, None) == (XRP, "1")
    assert normal_destination("xrp", X_WITH_TAG_1, "1") == (XRP, "1")


@pytest.mark.parametrize("memo", ["", "2", "01", "0", "tag"])
def test_a_memo_that_is_not_the_tag_inside_is_a_problem(memo: str) -> None:
    problem = problem_of("xrp", X_WITH_TAG_1, memo)
    assert problem.field == "memo"
    assert "inside" in str(problem)


def test_an_x_address_without_a_tag_still_needs_one() -> None:
    assert problem_of("xrp", X_WITHOUT_TAG, None).field == "memo"
    assert normal_destination("xrp", X_WITHOUT_TAG, "7") == (XRP, "7")


def test_a_wrong_x_address_is_a_problem_of_the_address() -> None:
    assert problem_of("xrp", X_WITH_TAG_1[:-1] + "D", "1").field == "address"


# ---- stellar and ton -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "address", "memo"),
    [
        ("xlm", XLM, "0"),
        ("xlm", XLM, "18446744073709551615"),
        ("xlm", XLM, "account 7"),
        ("xlm", XLM, "x" * 28),
        ("xlm", XLM, "ж" * 14),
        ("ton", TON, "x" * 120),
        ("ton", TON, "ж" * 60),
        ("ton", TON, "1234567"),
        ("ton", TON, None),
    ],
)
def test_a_memo_of_text_is_kept_as_it_is(network: str, address: str, memo: str | None) -> None:
    assert normal_destination(network, address, memo) == (address, memo)


@pytest.mark.parametrize(("network", "address", "most"), [("xlm", XLM, 28), ("ton", TON, 120)])
def test_a_memo_is_limited_in_bytes(network: str, address: str, most: int) -> None:
    for memo in ("x" * (most + 1), "ж" * (most // 2) + "x"):
        problem = problem_of(network, address, memo)
        assert problem.field == "memo"
        assert f"at most {most} bytes" in str(problem)


@pytest.mark.parametrize(("network", "address"), [("xlm", XLM), ("ton", TON)])
@pytest.mark.parametrize(
    "memo",
    ["", " ", " x", "x ", "x\n", "a\tb", "a\0b", "a\u200bb", "a\u202eb", "\ud800", "a\u2028b"],
)
def test_a_memo_is_one_printable_line(network: str, address: str, memo: str) -> None:
    assert problem_of(network, address, memo).field == "memo"
