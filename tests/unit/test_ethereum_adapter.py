"""The adapter for Ethereum against known vectors and the words of nodes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from shared_lib.adapters.ethereum import EthereumChain, checksum_address
from shared_lib.adapters.ethereum_signer import LocalSigner
from shared_lib.domain.money import ETH, USDT, Asset, Money
from shared_lib.domain.transfer import Fees
from shared_lib.ports import (
    BroadcastResult,
    PermanentError,
    RetryableError,
    SignedTransfer,
    UnknownOutcomeError,
    UnsignedTransfer,
)

KEY = "11" * 32
ADDRESS = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
RECIPIENT = "0x" + "22" * 20
GWEI = 10**9
TX_A = UnsignedTransfer(
    chain_id=1,
    nonce=7,
    destination=RECIPIENT,
    amount=Money(123_456_789_012_345_678, ETH),
    fees=Fees(max_fee=40 * GWEI, max_priority_fee=1_500_000_000, gas_limit=21_000),
)
RAW_A = bytes.fromhex(
    "02f87301078459682f008509502f90008252089422222222222222222222222222222222222222228801b69b4b"
    "a630f34e80c001a00c8498831d0150e290bfa2050030f4394d8f89d1f96b59345b8cdd4e1186a9c3a0084d9949"
    "3617d087daa36a17f85fdcaf0935d87c6e6afc980bfc7b76d53a00a6"
)
HASH_A = "0xfd48e06ebd32a144567b70ae8d0d317cad649171f9e9cc30d93db86401d93552"
BLOCK_HASH = "0x" + "cd" * 32
USDT_CONTRACT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
TOKENS = {"usdt:eth": USDT_CONTRACT}
TX_B = UnsignedTransfer(
    chain_id=1,
    nonce=8,
    destination="0x" + "33" * 20,
    amount=Money(12_345_678, USDT),
    fees=Fees(max_fee=40 * GWEI, max_priority_fee=1_500_000_000, gas_limit=90_000),
)
DATA_B = (
    "a9059cbb"
    "0000000000000000000000003333333333333333333333333333333333333333"
    "0000000000000000000000000000000000000000000000000000000000bc614e"
)
HASH_B = "0x9b17331f2a12f962777e466b1df6bba86f27ff13b9f82263b580378d017bf9c5"


# --- signing


@pytest.fixture(scope="module")
def signer() -> LocalSigner:
    return LocalSigner(KEY, chain_id=1, tokens=TOKENS)


def test_a_known_transfer_has_known_bytes_and_hash(signer: LocalSigner) -> None:
    assert signer.address == ADDRESS
    assert signer.sign(TX_A) == SignedTransfer(RAW_A, HASH_A)


def test_a_known_transfer_of_tokens_has_a_known_hash(signer: LocalSigner) -> None:
    signed = signer.sign(TX_B)
    assert signed.hash == HASH_B
    assert bytes.fromhex(USDT_CONTRACT[2:]) + b"\x80\xb8\x44" + bytes.fromhex(DATA_B) in signed.raw


def test_a_cancel_is_signed(signer: LocalSigner) -> None:
    """No ether to the wallet itself, on a nonce that something else has."""
    cancel = changed(destination=ADDRESS, amount=Money(0, ETH))
    recovered = Account.recover_transaction(signer.sign(cancel).raw)
    assert recovered == ADDRESS


def test_a_key_may_have_the_prefix() -> None:
    assert LocalSigner("0x" + KEY, chain_id=1).address == ADDRESS


def changed(**fields: Any) -> UnsignedTransfer:
    known = {name: getattr(TX_A, name) for name in TX_A.__slots__}
    return UnsignedTransfer(**(known | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"chain_id": 11_155_111},
        {"amount": Money(1, Asset("dai", "eth", 18))},
        {"amount": Money(0, USDT)},
        {"amount": Money(-1, USDT)},
        {"amount": Money(2**256, ETH)},
        {"amount": Money(2**256, USDT)},
        {"destination": USDT_CONTRACT},
        {"destination": USDT_CONTRACT, "amount": Money(1, USDT)},
        {"destination": ADDRESS.lower()},
        {"destination": "0x" + "0" * 40},
        {"destination": "vitalik.eth"},
        {"amount": Money(-1, ETH)},
        {"nonce": -1},
        {"fees": Fees(max_fee=1, max_priority_fee=2, gas_limit=21_000)},
        {"fees": Fees(max_fee=2, max_priority_fee=-1, gas_limit=21_000)},
        {"fees": Fees(max_fee=2, max_priority_fee=1, gas_limit=0)},
    ],
)
def test_what_cannot_be_right_is_not_signed(signer: LocalSigner, fields: dict[str, Any]) -> None:
    with pytest.raises(PermanentError):
        signer.sign(changed(**fields))


def test_the_key_is_nowhere_to_be_read(signer: LocalSigner) -> None:
    shown = (repr(signer), str(signer), f"{signer}", repr(vars(signer)))
    assert not any(KEY in text.lower() for text in shown)
    assert ADDRESS in repr(signer)


@pytest.mark.parametrize(
    "key", ["", "0x", "zz" * 32, "12" * 31, "12" * 33, "00" * 32, "ff" * 32, f" {'12' * 32}"]
)
def test_a_key_that_is_none_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ValueError) as caught:
        LocalSigner(key, chain_id=1)
    assert not key or key not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_signer_without_tokens_signs_none() -> None:
    with pytest.raises(PermanentError, match="usdt:eth"):
        LocalSigner(KEY, chain_id=1).sign(TX_B)


@pytest.mark.parametrize(
    "tokens",
    [
        {"usdt:eth": "0xdac17F958D2ee523a2206206994597C13D831ec7"},
        {"usdt:eth": "0x" + "0" * 40},
        {"usdt:eth": ""},
        {"usdt:eth": USDT_CONTRACT, "dai:eth": USDT_CONTRACT.lower()},
        {"eth:eth": USDT_CONTRACT},
    ],
)
def test_contracts_that_cannot_be_right_are_refused(tokens: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        EthereumChain("http://127.0.0.1:9", call_seconds=1, tokens=tokens)
    with pytest.raises(ValueError):
        LocalSigner(KEY, chain_id=1, tokens=tokens)


# --- addresses


@pytest.mark.parametrize("text", [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper()])
def test_an_address_gets_its_checksum(text: str) -> None:
    assert checksum_address(text) == ADDRESS


def test_an_address_without_letters_is_its_own_checksum() -> None:
    assert checksum_address(RECIPIENT) == RECIPIENT


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0x19e7E376E7C213B7E7e7e46cc70A5dD086DAff2A", "mistyped"),
        ("0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2B", "mistyped"),
        ("0x" + "0" * 40, "zero address"),
        ("0X" + ADDRESS[2:].upper(), "not an Ethereum address"),
        (ADDRESS[2:], "not an Ethereum address"),
        (ADDRESS[:-1], "not an Ethereum address"),
        (ADDRESS + "\n", "not an Ethereum address"),
        (" " + ADDRESS, "not an Ethereum address"),
        ("0x" + "\u0661" * 40, "not an Ethereum address"),
        ("XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS", "not an Ethereum address"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "not an Ethereum address"),
        ("vitalik.eth", "not an Ethereum address"),
        ("", "not an Ethereum address"),
        ("12" * 32, "not an Ethereum address"),
        ("0x" + "12" * 32, "not an Ethereum address"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        checksum_address(text)
    assert not text or text not in str(caught.value)


# --- a node whose answers are written here


class ScriptedNode:
    """Answers each method with what `answers` has for it: a result, an error, or raw HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.params: dict[str, Any] = {}
        self.answers: dict[str, Any] = {
            "eth_getBlockByNumber": {"baseFeePerGas": hex(10 * GWEI), "hash": BLOCK_HASH},
            "eth_maxPriorityFeePerGas": hex(2 * GWEI),
            "eth_estimateGas": hex(21_000),
            "eth_blockNumber": "0x10",
        }

    def fails(self, method: str, message: str, *, code: int = -32_000, **more: Any) -> None:
        self.answers[method] = RpcFailure({"code": code, "message": message} | more)

    def answers_http(self, method: str, status: int, body: str, **headers: str) -> None:
        self.answers[method] = HttpAnswer(status, body.encode(), headers)

    def answer(self, asked: dict[str, Any]) -> "HttpAnswer":
        """The answer to one request."""
        self.asked.append(asked["method"])
        self.params[asked["method"]] = asked["params"]
        answer = self.answers[asked["method"]]
        if isinstance(answer, HttpAnswer):
            return answer
        member = "error" if isinstance(answer, RpcFailure) else "result"
        body = {"jsonrpc": "2.0", "id": asked["id"], member: answer}
        return HttpAnswer(200, json.dumps(body).encode(), {})


class RpcFailure(dict[str, Any]):
    """The `error` member of an answer."""


class HttpAnswer:
    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        node: ScriptedNode

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = self.node.answer(json.loads(body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def node(server: ThreadingHTTPServer) -> ScriptedNode:
    scripted = ScriptedNode(f"http://127.0.0.1:{server.server_address[1]}/v3/{KEY}")
    server.RequestHandlerClass.node = scripted  # type: ignore[attr-defined]  # made above
    return scripted


@pytest.fixture
def chain(node: ScriptedNode) -> EthereumChain:
    return EthereumChain(node.url, call_seconds=5, tokens=TOKENS)


# --- broadcasting

SEND = "eth_sendRawTransaction"

VERDICTS = [
    (BroadcastResult.ALREADY_KNOWN, "already known"),
    (BroadcastResult.ALREADY_KNOWN, "ALREADY_EXISTS: already known"),
    (BroadcastResult.ALREADY_KNOWN, "AlreadyKnown"),
    (BroadcastResult.ALREADY_KNOWN, "Known transaction: 0xabc"),
    (BroadcastResult.ALREADY_KNOWN, "transaction already imported"),
    (
        BroadcastResult.ALREADY_KNOWN,
        "Transaction with the same hash was already imported.",
    ),
    (BroadcastResult.ALREADY_KNOWN, "INTERNAL_ERROR: existing tx with same hash"),
    (BroadcastResult.ALREADY_KNOWN, "tx already in mempool"),
    (BroadcastResult.NONCE_USED, "nonce too low: next nonce 9, tx nonce 7"),
    (BroadcastResult.NONCE_USED, "Nonce too low"),
    (BroadcastResult.NONCE_USED, "NONCE_TOO_LOW"),
    (BroadcastResult.NONCE_USED, "OldNonce, Current nonce: 9, nonce of rejected tx: 7"),
    (BroadcastResult.NONCE_USED, "Transaction nonce is too low. Try incrementing the nonce."),
    (BroadcastResult.NONCE_USED, "nonce has already been used"),
    (BroadcastResult.REFUSED, "replacement transaction underpriced"),
    (BroadcastResult.REFUSED, "transaction underpriced: tip needed 1, tip permitted 0"),
    (BroadcastResult.REFUSED, "FeeTooLowToCompete"),
    (BroadcastResult.REFUSED, "ReplacementNotAllowed"),
    (BroadcastResult.REFUSED, "insufficient funds for gas * price + value: balance 0"),
    (BroadcastResult.REFUSED, "Upfront cost exceeds account balance"),
    (BroadcastResult.REFUSED, "intrinsic gas too low: gas 1, minimum needed 21000"),
    (BroadcastResult.REFUSED, "max fee per gas less than block base fee: address 0x19"),
    (BroadcastResult.REFUSED, "max priority fee per gas higher than max fee per gas"),
    (BroadcastResult.REFUSED, "exceeds block gas limit"),
    (BroadcastResult.REFUSED, "tx fee (1.20 ether) exceeds the configured cap (1.00 ether)"),
    (BroadcastResult.REFUSED, "txpool is full"),
    (BroadcastResult.REFUSED, "nonce too high"),
    (BroadcastResult.REFUSED, "invalid sender: invalid chain id for signer"),
    (
        BroadcastResult.REFUSED,
        "in-flight transaction limit reached for delegated accounts",
    ),
    (
        BroadcastResult.REFUSED,
        "There is another transaction with same nonce in the queue, or the gas price is too low",
    ),
]


@pytest.mark.parametrize(("result", "message"), VERDICTS)
def test_each_clients_words_are_understood(
    chain: EthereumChain, node: ScriptedNode, result: BroadcastResult, message: str
) -> None:
    node.fails(SEND, message)
    assert chain.broadcast(RAW_A) is result
    node.fails(SEND, message.upper())
    assert chain.broadcast(RAW_A) is result


def test_our_own_hash_is_acceptance(chain: EthereumChain, node: ScriptedNode) -> None:
    node.answers[SEND] = HASH_A
    assert chain.broadcast(RAW_A) is BroadcastResult.ACCEPTED


@pytest.mark.parametrize("answer", ["0x" + "ab" * 32, "0x", "", None, 7, [], "nonsense", True])
def test_another_answer_than_our_hash_proves_nothing(
    chain: EthereumChain, node: ScriptedNode, answer: object
) -> None:
    node.answers[SEND] = answer
    with pytest.raises(UnknownOutcomeError):
        chain.broadcast(RAW_A)


@pytest.mark.parametrize(
    "message",
    [
        "internal error",
        "unknown transaction type",
        "request timed out",
        "transaction not found",
        "",
    ],
)
def test_words_that_nobody_knows_prove_nothing(
    chain: EthereumChain, node: ScriptedNode, message: str
) -> None:
    node.fails(SEND, message)
    with pytest.raises(UnknownOutcomeError):
        chain.broadcast(RAW_A)


@pytest.mark.parametrize(
    ("status", "body"), [(500, "{}"), (502, "bad gateway"), (200, "<html>"), (200, "[]"), (200, "")]
)
def test_a_broken_answer_to_a_broadcast_proves_nothing(
    chain: EthereumChain, node: ScriptedNode, status: int, body: str
) -> None:
    node.answers_http(SEND, status, body)
    with pytest.raises(UnknownOutcomeError):
        chain.broadcast(RAW_A)


def test_a_busy_node_did_not_look_at_our_bytes(chain: EthereumChain, node: ScriptedNode) -> None:
    node.answers_http(SEND, 429, "{}", retry_after="12")
    with pytest.raises(RetryableError) as caught:
        chain.broadcast(RAW_A)
    assert caught.value.after_seconds == 12
    for code, message in ((-32_005, "limit exceeded"), (429, "compute units"), (1, "rate limited")):
        node.fails(SEND, message, code=code)
        with pytest.raises(RetryableError):
            chain.broadcast(RAW_A)


def test_bytes_are_sent_once_only(chain: EthereumChain, node: ScriptedNode) -> None:
    node.answers_http(SEND, 503, "")
    with pytest.raises(UnknownOutcomeError):
        chain.broadcast(RAW_A)
    assert node.asked == [SEND]


def test_nobody_listens_at_the_nodes_address() -> None:
    chain = EthereumChain("http://127.0.0.1:9", call_seconds=1)
    with pytest.raises(UnknownOutcomeError):
        chain.broadcast(RAW_A)
    with pytest.raises(RetryableError):
        chain.head()


# --- questions


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, ""), (403, "{}"), (200, "<html>"), (200, "[]"), (200, "null")],
)
def test_a_broken_answer_is_asked_for_again(
    chain: EthereumChain, node: ScriptedNode, status: int, body: str
) -> None:
    node.answers_http("eth_blockNumber", status, body)
    with pytest.raises(RetryableError):
        chain.head()


@pytest.mark.parametrize("answer", ["zz", None, [], {}, "0x"])
def test_an_unreadable_number_is_asked_for_again(
    chain: EthereumChain, node: ScriptedNode, answer: object
) -> None:
    node.answers["eth_blockNumber"] = answer
    with pytest.raises(RetryableError):
        chain.head()


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30), ("", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("-1", 0)]
)
def test_the_wish_of_a_busy_node_is_passed_on(
    chain: EthereumChain, node: ScriptedNode, header: str, seconds: int
) -> None:
    node.answers_http("eth_blockNumber", 429, "", retry_after=header)
    with pytest.raises(RetryableError) as caught:
        chain.head()
    assert caught.value.after_seconds == seconds


def test_errors_do_not_show_the_nodes_address(chain: EthereumChain, node: ScriptedNode) -> None:
    node.answers_http("eth_blockNumber", 500, KEY)
    with pytest.raises(RetryableError) as caught:
        chain.head()
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_receipt_that_is_being_indexed_may_exist(
    chain: EthereumChain, node: ScriptedNode
) -> None:
    node.fails("eth_getTransactionReceipt", "transaction indexing is in progress")
    with pytest.raises(RetryableError):
        chain.mined(HASH_A)


def test_a_block_that_the_node_lacks_is_not_called_replaced(
    chain: EthereumChain, node: ScriptedNode
) -> None:
    node.answers["eth_getBlockByNumber"] = None
    with pytest.raises(RetryableError, match="no block 17"):
        chain.is_canonical(17, BLOCK_HASH)


RECEIPT = {
    "transactionHash": HASH_A,
    "blockNumber": "0xf",
    "blockHash": BLOCK_HASH,
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x2",
    "status": "0x1",
}


def test_a_contract_creation_pays_nobody(chain: EthereumChain, node: ScriptedNode) -> None:
    node.answers["eth_getTransactionReceipt"] = RECEIPT
    created = {"hash": HASH_A, "from": ADDRESS, "to": None, "value": "0x7"}
    node.answers["eth_getTransactionByHash"] = created
    assert not chain.moved(HASH_A, ADDRESS, RECIPIENT, Money(7, ETH))
    seen = chain.incoming(HASH_A, RECIPIENT, ETH)
    assert seen is not None
    assert (seen.amount.base_units, seen.confirmations) == (0, 2)
    mined = chain.mined(HASH_A)
    assert mined is not None
    assert (mined.block_hash, mined.gas_paid) == (BLOCK_HASH, 42_000)


# --- tokens

TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
SEVEN = f"0x{7:064x}"
PAID = Money(7, USDT)


def word(address: str) -> str:
    return f"0x{address[2:].lower():0>64}"


def log(**changes: Any) -> dict[str, Any]:
    """Seven millionths of a dollar from our wallet to RECIPIENT."""
    topics = [TOPIC, word(ADDRESS), word(RECIPIENT)]
    return {"address": USDT_CONTRACT.lower(), "topics": topics, "data": SEVEN} | changes


def logs(node: ScriptedNode, *found: dict[str, Any], status: str = "0x1") -> None:
    node.answers["eth_getTransactionReceipt"] = RECEIPT | {"status": status, "logs": list(found)}


def seen(chain: EthereumChain) -> tuple[int, bool]:
    """What came in by the transaction, and whether it moved what it should."""
    incoming = chain.incoming(HASH_A, RECIPIENT, USDT)
    assert incoming is not None
    return incoming.amount.base_units, chain.moved(HASH_A, ADDRESS, RECIPIENT, PAID)


def test_a_token_moved_where_its_contract_says_so(chain: EthereumChain, node: ScriptedNode) -> None:
    logs(node, log())
    assert seen(chain) == (7, True)
    # Nothing but the receipt and the head was asked for.
    assert set(node.asked) == {"eth_getTransactionReceipt", "eth_blockNumber"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "0x" + "55" * 20},
        {"topics": []},
        {"topics": [TOPIC]},
        {"topics": [TOPIC, word(ADDRESS)]},
        {"topics": [TOPIC, word(ADDRESS), word(RECIPIENT), SEVEN]},
        {"topics": ["0x" + "12" * 32, word(ADDRESS), word(RECIPIENT)]},
        {"topics": [TOPIC, word(RECIPIENT), word(ADDRESS)]},
        {"topics": [TOPIC, word(ADDRESS), "0x01" + word(RECIPIENT)[4:]]},
        {"data": "0x"},
        {"data": "0x07"},
        {"data": SEVEN + "00"},
        {"data": SEVEN + SEVEN[2:]},
    ],
)
def test_logs_of_another_form_or_contract_count_nothing(
    chain: EthereumChain, node: ScriptedNode, wrong: dict[str, Any]
) -> None:
    logs(node, log(**wrong))
    assert seen(chain) == (0, False)
    logs(node, log(**wrong), log())
    assert seen(chain) == (7, True)


def test_all_logs_of_a_transaction_count(chain: EthereumChain, node: ScriptedNode) -> None:
    logs(node, log(data=f"0x{3:064x}"), log(data=f"0x{4:064x}"))
    assert seen(chain) == (7, True)
    logs(node, log(), log())
    assert seen(chain) == (14, False)
    other = log(topics=[TOPIC, word(USDT_CONTRACT), word(RECIPIENT)])
    logs(node, other)
    assert seen(chain) == (7, False)


def test_no_log_moved_nothing_not_even_nothing(chain: EthereumChain, node: ScriptedNode) -> None:
    logs(node)
    assert seen(chain) == (0, False)
    assert not chain.moved(HASH_A, ADDRESS, RECIPIENT, Money(0, USDT))


def test_a_failed_transaction_moved_nothing(chain: EthereumChain, node: ScriptedNode) -> None:
    logs(node, log(), status="0x0")
    assert seen(chain) == (0, False)


def test_a_receipt_without_its_logs_is_asked_for_again(
    chain: EthereumChain, node: ScriptedNode
) -> None:
    node.answers["eth_getTransactionReceipt"] = RECEIPT
    with pytest.raises(RetryableError):
        chain.moved(HASH_A, ADDRESS, RECIPIENT, PAID)


def test_a_balance_of_tokens_is_the_contracts_answer(
    chain: EthereumChain, node: ScriptedNode
) -> None:
    node.answers["eth_call"] = SEVEN
    assert chain.balance(ADDRESS.lower(), USDT) == PAID
    data = "0x70a08231" + word(ADDRESS)[2:]
    assert node.params["eth_call"] == [{"to": USDT_CONTRACT, "data": data}, "latest"]


@pytest.mark.parametrize("answer", ["0x", "0x07", SEVEN + "00", None, 7, "nonsense", []])
def test_another_answer_than_a_number_is_no_balance(
    chain: EthereumChain, node: ScriptedNode, answer: object
) -> None:
    node.answers["eth_call"] = answer
    with pytest.raises(RetryableError):
        chain.balance(ADDRESS, USDT)


def test_a_tokens_gas_is_estimated_on_its_contract(
    chain: EthereumChain, node: ScriptedNode
) -> None:
    node.answers["eth_estimateGas"] = hex(46_000)
    found = chain.fees_for(TX_B.destination, RECIPIENT, PAID)
    assert found == Fees(22 * GWEI, 2 * GWEI, 57_500 + 17_100)
    data = "0xa9059cbb" + word(RECIPIENT)[2:] + SEVEN[2:]
    order = {"from": TX_B.destination, "to": USDT_CONTRACT, "value": "0x0", "data": data}
    assert node.params["eth_estimateGas"] == [order]


def test_a_tokens_gas_has_a_cap(chain: EthereumChain, node: ScriptedNode) -> None:
    node.answers["eth_estimateGas"] = hex(190_000)
    assert chain.fees_for(ADDRESS, RECIPIENT, PAID).gas_limit == 200_000
    node.answers["eth_estimateGas"] = hex(200_001)
    with pytest.raises(PermanentError):
        chain.fees_for(ADDRESS, RECIPIENT, PAID)


@pytest.mark.parametrize(("held", "error"), [(6, RetryableError), (7, PermanentError)])
def test_a_refusal_is_permanent_only_if_the_sender_has_enough(
    chain: EthereumChain, node: ScriptedNode, held: int, error: type[Exception]
) -> None:
    node.fails("eth_estimateGas", "invalid opcode: INVALID")
    node.answers["eth_call"] = f"0x{held:064x}"
    with pytest.raises(error):
        chain.fees_for(ADDRESS, RECIPIENT, PAID)
    assert len(node.asked) == 2


# --- fees


def fees(chain: EthereumChain) -> Fees:
    return chain.fees_for(ADDRESS, RECIPIENT, Money(1, ETH))


def test_fees_are_twice_the_base_fee_and_the_tip(chain: EthereumChain) -> None:
    assert fees(chain) == Fees(22 * GWEI, 2 * GWEI, 26_250)


def test_a_tip_is_never_next_to_nothing(chain: EthereumChain, node: ScriptedNode) -> None:
    node.answers["eth_maxPriorityFeePerGas"] = "0x0"
    assert fees(chain) == Fees(20 * GWEI + GWEI // 10, GWEI // 10, 26_250)


@pytest.mark.parametrize(
    ("estimate", "limit"), [(21_000, 26_250), (79_999, 99_998), (90_000, 100_000)]
)
def test_gas_has_a_margin_and_a_cap(
    chain: EthereumChain, node: ScriptedNode, estimate: int, limit: int
) -> None:
    node.answers["eth_estimateGas"] = hex(estimate)
    assert fees(chain).gas_limit == limit


def test_a_transfer_that_takes_more_gas_than_the_cap_is_refused(
    chain: EthereumChain, node: ScriptedNode
) -> None:
    node.answers["eth_estimateGas"] = hex(100_001)
    with pytest.raises(PermanentError):
        fees(chain)


@pytest.mark.parametrize(
    ("code", "message", "more"),
    [
        (3, "execution reverted", {"data": "0x"}),
        (3, "execution reverted: insufficient funds", {}),
        (-32_000, "execution reverted", {}),
        (-32_015, "VM execution error: Reverted 0x", {"data": "0x"}),
        (-32_000, "gas required exceeds allowance (50000000)", {}),
    ],
)
def test_a_transfer_that_would_fail_is_permanent(
    chain: EthereumChain, node: ScriptedNode, code: int, message: str, more: dict[str, Any]
) -> None:
    node.fails("eth_estimateGas", message, code=code, **more)
    with pytest.raises(PermanentError):
        fees(chain)


@pytest.mark.parametrize("method", ["eth_estimateGas", "eth_maxPriorityFeePerGas"])
@pytest.mark.parametrize(
    ("code", "message", "more"),
    [
        (-32_000, "insufficient funds for transfer", {}),
        (-32_003, "Insufficient funds for gas * price + value", {"data": None}),
        (-32_005, "daily request count exceeded", {"data": {"rate": {}}}),
        (-32_000, "header not found", {}),
        (-32_601, "the method does not exist", {}),
    ],
)
def test_what_may_pass_is_retried(
    chain: EthereumChain,
    node: ScriptedNode,
    method: str,
    code: int,
    message: str,
    more: dict[str, Any],
) -> None:
    node.fails(method, message, code=code, **more)
    with pytest.raises(RetryableError):
        fees(chain)


# --- processes and threads


def test_importing_the_adapter_loads_no_client_library() -> None:
    code = (
        "import sys; import shared_lib.adapters.ethereum, shared_lib.adapters.ethereum_signer;"
        "sys.exit(bool({'web3', 'eth_account', 'eth_utils', 'requests'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_threads_share_a_chain(chain: EthereumChain) -> None:
    with ThreadPoolExecutor(4) as pool:
        heads = list(pool.map(lambda _: chain.head(), range(20)))
    assert heads == [16] * 20


def test_a_forked_process_opens_its_own_connections(chain: EthereumChain) -> None:
    assert chain.head() == 16
    before = chain._node._web3()
    child = os.fork()
    if child == 0:
        answered = 0
        try:
            answered = chain.head() if chain._node._web3() is not before else 0
        finally:
            # Whatever happens, the child must not go on with the test run.
            os._exit(0 if answered == 16 else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert chain._node._web3() is before
