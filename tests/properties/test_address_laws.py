from eth_utils.crypto import keccak
from hypothesis import assume, given
from hypothesis import strategies as st

from shared_lib.domain.address import (
    NETWORKS,
    AddressProblemError,
    base58,
    normal_address,
    normal_destination,
    secret_kind,
    split_x_address,
)
from shared_lib.domain.address.checksums import keccak256
from tests.properties.examples import LAW
from tests.unit.address_examples import all_pairs, has_checksum

BASE58 = st.text(base58.BITCOIN, max_size=110)
ANY_LETTER = st.characters(codec="ascii", categories=("L", "N")) | st.sampled_from("+/-_:")
PIECE = 12
networks = st.sampled_from(sorted(NETWORKS))
examples = st.sampled_from(all_pairs())
checked_examples = st.sampled_from(
    [(network, given) for network, given, _ in all_pairs() if has_checksum(network, given)]
)
memos = st.one_of(st.none(), st.text(max_size=130), st.from_regex(r"[0-9]{1,25}", fullmatch=True))
# Besides wholly arbitrary texts, those that come nearer to an address.
texts = st.one_of(
    st.text(max_size=140),
    BASE58,
    st.from_regex(r"(0x)?[0-9a-fA-F]{38,42}", fullmatch=True),
    st.from_regex(r"(bc|ltc|addr|BC)1[02-9ac-hj-np-z]{0,110}", fullmatch=True),
    st.from_regex(r"(bitcoincash:)?[qpzr][02-9ac-hj-np-z]{0,60}", fullmatch=True),
    st.from_regex(r"[EUk]Q[A-Za-z0-9_+/-]{46}", fullmatch=True),
    st.from_regex(r"[GMS][A-Z2-7]{55}", fullmatch=True),
)


@LAW
@given(st.data(), checked_examples)
def test_no_character_of_a_checked_address_can_be_another(
    data: st.DataObject, example: tuple[str, str]
) -> None:
    network, address = example
    at = data.draw(st.integers(0, len(address) - 1))
    letter = data.draw(ANY_LETTER)
    changed = address[:at] + letter + address[at + 1 :]
    assume(in_one_alphabet(changed) != in_one_alphabet(address))
    assert_refused(network, changed)


@LAW
@given(st.data(), checked_examples)
def test_no_two_neighbours_of_a_checked_address_can_change_places(
    data: st.DataObject, example: tuple[str, str]
) -> None:
    network, address = example
    at = data.draw(st.integers(0, len(address) - 2))
    changed = address[:at] + address[at + 1] + address[at] + address[at + 2 :]
    assume(changed != address)
    assert_refused(network, changed)


@LAW
@given(networks, texts)
def test_an_arbitrary_text_is_an_address_or_a_problem(network: str, text: str) -> None:
    stored = stored_or_problem(network, text)
    if isinstance(stored, AddressProblemError):
        assert stored.field == "address"
        assert_silent(stored, text)
    else:
        assert normal_address(network, stored) == stored


@LAW
@given(examples, memos)
def test_an_arbitrary_memo_is_kept_or_a_problem(
    example: tuple[str, str, str], memo: str | None
) -> None:
    network, address, stored = example
    try:
        destination = normal_destination(network, address, memo)
    except AddressProblemError as caught:
        problem = caught
    else:
        assert destination == (stored, memo)
        return
    assert problem.field == "memo"
    assert_silent(problem, memo or "")


@LAW
@given(texts)
def test_an_arbitrary_text_is_an_x_address_or_a_problem(text: str) -> None:
    try:
        classic, tag = split_x_address(text)
    except AddressProblemError as caught:
        problem = caught
    else:
        assert normal_destination("xrp", text, "7" if tag is None else None)[0] == classic
        return
    assert_silent(problem, text)


@LAW
@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**32 - 1))
def test_a_tag_put_into_an_x_address_comes_out(account: bytes, tag: int) -> None:
    assume(any(account[:10]))
    body = b"\x05\x44" + account + b"\x01" + tag.to_bytes(8, "little")
    classic = base58.encode_check(b"\0" + account, base58.RIPPLE)
    x_address = base58.encode_check(body, base58.RIPPLE)
    assert split_x_address(x_address) == (classic, tag)
    assert normal_destination("xrp", x_address, None) == (classic, str(tag))
    assert normal_address("xrp", classic) == classic


@LAW
@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_a_secret_and_its_address_is_none(key: bytes) -> None:
    assert secret_kind(key.hex()) == "private key"
    for version in (b"\x80", b"\xb0", b"\x9e"):
        exported = base58.encode_check(version + key + b"\x01", base58.BITCOIN)
        assert secret_kind(exported) == "private key"
    for version in (b"\x00", b"\x05", b"\x30", b"\x32", b"\x1e", b"\x16", b"\x41", b"\x1c\xb8"):
        address = base58.encode_check(version + key[:20], base58.BITCOIN)
        assert secret_kind(address) is None


@LAW
@given(st.binary(max_size=600))
def test_keccak_is_ethereums(data: bytes) -> None:
    assert keccak256(data) == keccak(data)


def in_one_alphabet(text: str) -> str:
    """The two alphabets of base64, in which TON is written, differ in two letters."""
    return text.replace("+", "-").replace("/", "_")


def stored_or_problem(network: str, text: str) -> str | AddressProblemError:
    try:
        return normal_address(network, text)
    except AddressProblemError as problem:
        return problem


def assert_refused(network: str, text: str) -> None:
    problem = stored_or_problem(network, text)
    assert isinstance(problem, AddressProblemError)
    assert_silent(problem, text)


def assert_silent(problem: AddressProblemError, text: str) -> None:
    """Nothing longer than what a rule may say by itself is told of the text."""
    told = f"{problem} {problem!r} {vars(problem)}"
    assert len(text) < PIECE or text not in told
    assert problem.__cause__ is None
    assert problem.__context__ is None
