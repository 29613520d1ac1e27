"""The local chain, through the real clients: it behaves as geth, and has every fault we order."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from web3 import HTTPProvider, Web3
from web3.exceptions import TransactionNotFound, Web3RPCError

from tests.sandbox.ethereum.launcher import EthereumServer, running_ethereum

GWEI = 10**9
ETHER = 10**18
RECIPIENT = Web3.to_checksum_address("0x" + "22" * 20)
FOREIGN = Web3.to_checksum_address("0x" + "33" * 20)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EthereumServer]:
    """A chain that mines on demand, so that no test has to wait."""
    state = tmp_path_factory.mktemp("ethereum") / "state.json"
    with running_ethereum(state, block_seconds=0.05) as server:
        server.order("mining", on=False)
        yield server


@pytest.fixture
def web3(chain: EthereumServer) -> Iterator[Web3]:
    chain.order("base_fee", wei=str(2 * GWEI))
    yield client_of(chain)
    requests.delete(f"{chain.url}/_sandbox/faults", timeout=10)
    chain.order("lag", blocks=0)
    chain.order("chain_id", value=chain.chain_id)
    chain.order("release")


@pytest.fixture
def wallet(chain: EthereumServer) -> LocalAccount:
    """A new account with ten ether."""
    account: LocalAccount = Account.create()
    chain.order("fund", address=account.address, wei=str(10 * ETHER))
    mine(chain)
    return account


def client_of(chain: EthereumServer) -> Web3:
    return Web3(HTTPProvider(chain.url, exception_retry_configuration=None))


def mine(chain: EthereumServer, blocks: int = 1) -> None:
    chain.order("mine", blocks=blocks)


def signed(wallet: LocalAccount, nonce: int = 0, **changes: Any) -> Any:
    order: dict[str, Any] = {
        "chainId": 31337,
        "nonce": nonce,
        "maxPriorityFeePerGas": 10 * GWEI,
        "maxFeePerGas": 100 * GWEI,
        "gas": 21_000,
        "to": RECIPIENT,
        "value": 1,
        "data": b"",
        "type": 2,
    }
    return wallet.sign_transaction(order | changes)


def send(web3: Web3, tx: Any) -> HexStr:
    return HexStr(web3.eth.send_raw_transaction(tx.raw_transaction).to_0x_hex())


def refusal(web3: Web3, tx: Any) -> str:
    with pytest.raises(Web3RPCError) as caught:
        send(web3, tx)
    assert caught.value.rpc_response is not None
    error = caught.value.rpc_response["error"]
    assert isinstance(error, dict)
    assert error["code"] == -32000
    return str(error["message"])


def is_known(web3: Web3, tx_hash: HexStr) -> bool:
    try:
        web3.eth.get_transaction(tx_hash)
    except TransactionNotFound:
        return False
    return True


def is_mined(web3: Web3, tx_hash: HexStr) -> bool:
    try:
        web3.eth.get_transaction_receipt(tx_hash)
    except TransactionNotFound:
        return False
    return True


def fault(chain: EthereumServer, operation: str, kind: str, **more: Any) -> None:
    body = {"operation": operation, "kind": kind} | more
    requests.post(f"{chain.url}/_sandbox/faults", json=body, timeout=10).raise_for_status()


def raw_request(chain: EthereumServer, body: Any) -> Any:
    return requests.post(chain.url, json=body, timeout=10).json()


# --- the chain


def test_a_dev_account_funds_any_address(chain: EthereumServer, web3: Web3) -> None:
    account = Account.create()
    tx_hash = chain.order("fund", address=account.address, wei=str(3 * ETHER))["hash"]
    assert not is_mined(web3, tx_hash)
    mine(chain)
    assert is_mined(web3, tx_hash)
    assert web3.eth.get_balance(account.address) == 3 * ETHER


def test_another_dev_account_transfers_too(chain: EthereumServer, web3: Web3) -> None:
    tx_hash = chain.order("transfer", from_index=3, to=FOREIGN, wei="5")["hash"]
    mine(chain)
    assert web3.eth.get_transaction(tx_hash)["from"] == list(web3.eth.accounts)[3]


def test_a_transfer_is_mined_with_a_receipt(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    tx = signed(wallet)
    assert send(web3, tx) == tx.hash.to_0x_hex()
    assert web3.eth.get_transaction_count(wallet.address, "pending") == 1
    mine(chain)
    receipt = web3.eth.get_transaction_receipt(tx.hash)
    assert receipt["status"] == 1
    assert receipt["effectiveGasPrice"] < 100 * GWEI
    assert web3.eth.get_transaction_count(wallet.address, "latest") == 1


def test_the_base_fee_moves_by_an_eighth_at_most_and_never_to_nothing(
    chain: EthereumServer, web3: Web3
) -> None:
    mine(chain, 30)
    head = web3.eth.block_number
    fees = [web3.eth.get_block(n)["baseFeePerGas"] for n in range(head - 29, head + 1)]
    for before, after in pairwise(fees):
        assert before * 7 // 8 <= after <= before * 9 // 8 + 1
    assert len(set(fees)) > 10
    assert min(fees) > GWEI // 2


def test_an_ordered_base_fee_leaves_a_cheap_transaction_waiting(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    cheap = signed(wallet, maxFeePerGas=20 * GWEI)
    tx_hash, behind = send(web3, cheap), send(web3, signed(wallet, 1))
    chain.order("base_fee", wei=str(90 * GWEI))
    mine(chain, 2)
    assert web3.eth.get_transaction(tx_hash)["from"] == wallet.address
    assert not is_mined(web3, tx_hash)
    assert web3.eth.get_transaction_count(wallet.address, "pending") == 2
    assert refusal(web3, cheap) == "already known"
    dearer = signed(wallet, maxFeePerGas=21 * GWEI, maxPriorityFeePerGas=11 * GWEI)
    assert refusal(web3, dearer) == "replacement transaction underpriced"
    mine(chain, 15)
    assert is_mined(web3, tx_hash)
    assert is_mined(web3, behind)


def test_a_transaction_that_waits_for_a_lower_base_fee_can_be_replaced(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    cheap = send(web3, signed(wallet, maxFeePerGas=20 * GWEI))
    chain.order("base_fee", wei=str(60 * GWEI))
    mine(chain)
    dear = send(web3, signed(wallet, maxFeePerGas=200 * GWEI, maxPriorityFeePerGas=20 * GWEI))
    assert not is_known(web3, cheap)
    mine(chain)
    assert is_mined(web3, dear)
    mine(chain, 15)
    assert web3.eth.get_transaction_count(wallet.address, "pending") == 1


def test_mining_goes_on_and_stops(chain: EthereumServer, web3: Web3) -> None:
    before = web3.eth.block_number
    chain.order("mining", on=True)
    _until(lambda: web3.eth.block_number > before + 2)
    chain.order("mining", on=False)
    stopped_at = web3.eth.block_number
    time.sleep(0.2)
    assert web3.eth.block_number == stopped_at


def test_a_restart_keeps_the_chain(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state.json"
    with running_ethereum(state, block_seconds=0) as chain:
        tx_hash = chain.order("fund", address=FOREIGN, wei="77")["hash"]
        mine(chain, 3)
    # The next one may have another port, and goes on from there.
    with running_ethereum(state, block_seconds=0) as again:
        web3 = client_of(again)
        assert web3.eth.block_number == 3
        assert is_mined(web3, tx_hash)
        assert web3.eth.get_balance(FOREIGN) == 77


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs Linux's parent-death signal")
def test_a_killed_proxy_leaves_no_node_behind(tmp_path: Path) -> None:
    with running_ethereum(tmp_path / "state.json", block_seconds=0) as chain:
        os.kill(chain.pid, signal.SIGKILL)
        _until(lambda: not _listens(chain.anvil_port))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- geth's rules


def test_the_same_bytes_are_already_known(web3: Web3, wallet: LocalAccount) -> None:
    tx = signed(wallet)
    send(web3, tx)
    assert refusal(web3, tx) == "already known"


def test_a_mined_nonce_is_too_low(chain: EthereumServer, web3: Web3, wallet: LocalAccount) -> None:
    tx = signed(wallet)
    send(web3, tx)
    mine(chain)
    assert refusal(web3, tx) == "nonce too low: next nonce 1, tx nonce 0"


@pytest.mark.parametrize(("tip", "most"), [(109, 109), (110, 109), (109, 110), (100, 100)])
def test_a_replacement_needs_ten_percent_on_both_fees(
    web3: Web3, wallet: LocalAccount, tip: int, most: int
) -> None:
    send(web3, signed(wallet))
    fees = {"maxPriorityFeePerGas": tip * GWEI // 10, "maxFeePerGas": most * GWEI}
    assert refusal(web3, signed(wallet, value=2, **fees)) == "replacement transaction underpriced"


def test_ten_percent_more_replaces(chain: EthereumServer, web3: Web3, wallet: LocalAccount) -> None:
    first = send(web3, signed(wallet))
    fees = {"maxPriorityFeePerGas": 11 * GWEI, "maxFeePerGas": 110 * GWEI}
    second = send(web3, signed(wallet, **fees))
    mine(chain)
    assert is_mined(web3, second)
    assert not is_known(web3, first)


def test_a_bump_is_rounded_down_but_must_rise(web3: Web3, wallet: LocalAccount) -> None:
    send(web3, signed(wallet, maxPriorityFeePerGas=9))
    most = {"maxFeePerGas": 200 * GWEI}
    same = signed(wallet, maxPriorityFeePerGas=9, **most)
    assert refusal(web3, same) == "replacement transaction underpriced"
    send(web3, signed(wallet, maxPriorityFeePerGas=10, **most))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": 11 * ETHER}, "insufficient funds for gas * price + value"),
        ({"gas": 20_999}, "intrinsic gas too low: gas 20999, minimum needed 21000"),
        ({"data": b"\x00\x01"}, "intrinsic gas too low: gas 21000, minimum needed 21020"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        ({"chainId": 1}, "invalid sender"),
        ({"maxFeePerGas": 9 * GWEI}, "max priority fee per gas higher than max fee per gas"),
        (
            {"maxFeePerGas": 10, "maxPriorityFeePerGas": 1},
            "max fee per gas less than block base fee",
        ),
    ],
)
def test_what_geth_refuses_is_refused_in_its_words(
    web3: Web3, wallet: LocalAccount, changes: dict[str, Any], words: str
) -> None:
    assert refusal(web3, signed(wallet, **changes)).startswith(words)


def test_the_balance_must_cover_all_that_waits(web3: Web3, wallet: LocalAccount) -> None:
    send(web3, signed(wallet, 0, value=6 * ETHER))
    words = refusal(web3, signed(wallet, 1, value=6 * ETHER))
    assert words.startswith("insufficient funds for gas * price + value")


def test_a_legacy_transaction_is_taken_too(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    order: dict[str, Any] = {
        "chainId": 31337,
        "nonce": 0,
        "gasPrice": 50 * GWEI,
        "gas": 21_000,
        "value": 1,
    }
    tx_hash = send(web3, wallet.sign_transaction(order | {"to": RECIPIENT}))
    mine(chain)
    assert is_mined(web3, tx_hash)


@pytest.mark.parametrize("raw", ["0x", "0x02c0", "0x05c0", "0xc0", "0x02ff", "nonsense", None])
def test_bytes_that_are_no_transaction_are_an_error(chain: EthereumServer, raw: str | None) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}
    assert raw_request(chain, asked)["error"]["code"] in {-32000, -32602}


def test_a_batch_is_answered_one_by_one(chain: EthereumServer) -> None:
    methods = ["eth_chainId", "anvil_mine", "eth_blockNumber"]
    asked = [{"jsonrpc": "2.0", "id": n, "method": name} for n, name in enumerate(methods)]
    answers = raw_request(chain, asked)
    assert [answer["id"] for answer in answers] == [0, 1, 2]
    assert answers[0]["result"] == "0x7a69"
    assert answers[1]["error"]["code"] == -32601
    assert "result" in answers[2]


# --- faults


def test_a_hidden_transaction_is_nowhere_until_released(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    chain.order("hide", times=1)
    tx_hash = send(web3, signed(wallet))
    mine(chain)
    assert not is_known(web3, tx_hash)
    assert not is_mined(web3, tx_hash)
    assert web3.eth.get_transaction_count(wallet.address, "pending") == 0
    assert chain.shown("hidden") == [tx_hash]
    assert chain.order("release") == {"released": [tx_hash], "ignored": []}
    mine(chain)
    assert is_mined(web3, tx_hash)


def test_a_hidden_transaction_is_ignored_once_its_nonce_is_used(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    chain.order("hide", times=1)
    hidden = send(web3, signed(wallet))
    order = {"private_key": Web3.to_hex(wallet.key), "to": FOREIGN, "wei": "9", "nonce": 0}
    foreign = chain.order("send_as", **order)["hash"]
    mine(chain)
    assert is_mined(web3, foreign)
    assert chain.order("release") == {"released": [], "ignored": [hidden]}


def test_a_foreign_transaction_takes_a_nonce_that_waits(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    ours = send(web3, signed(wallet))
    order = {"private_key": Web3.to_hex(wallet.key), "to": FOREIGN, "wei": "9", "nonce": 0}
    foreign = chain.order("send_as", **order)["hash"]
    mine(chain)
    assert is_mined(web3, foreign)
    assert not is_known(web3, ours)
    assert foreign not in {one["hash"] for one in chain.shown("sent")}


def test_rebroadcasting_the_bytes_brings_a_hidden_transaction_back(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    chain.order("hide", times=1)
    tx = signed(wallet)
    assert send(web3, tx) == send(web3, tx)
    mine(chain)
    assert is_mined(web3, tx.hash)
    assert chain.shown("hidden") == []
    mine_sent = [one for one in chain.shown("sent") if one["from"] == wallet.address.lower()]
    assert [(one["nonce"], one["times"], one["value"]) for one in mine_sent] == [(0, 2, "1")]
    assert mine_sent[0]["raw"] == tx.raw_transaction.to_0x_hex()


@pytest.mark.parametrize(("kind", "arrives"), [("lose_answer", True), ("drop", False)])
def test_a_connection_that_breaks_says_nothing_about_the_effect(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount, kind: str, arrives: bool
) -> None:
    fault(chain, "eth_sendRawTransaction", kind)
    tx = signed(wallet)
    with pytest.raises(requests.exceptions.RequestException):
        send(web3, tx)
    assert is_known(web3, tx.hash) is arrives


def test_too_many_requests(chain: EthereumServer, web3: Web3) -> None:
    fault(chain, "eth_blockNumber", "answer", status=429, headers={"retry-after": "1"})
    with pytest.raises(requests.exceptions.HTTPError, match="429"):
        _ = web3.eth.block_number
    limit = {"code": -32005, "message": "limit exceeded"}
    fault(chain, "eth_blockNumber", "custom", name="rpc_error", values=limit)
    with pytest.raises(Web3RPCError, match="limit exceeded"):
        _ = web3.eth.block_number
    assert web3.eth.block_number > 0


def test_a_held_answer_comes_late(chain: EthereumServer, web3: Web3) -> None:
    fault(chain, "eth_blockNumber", "hold_after", seconds=0.2)
    began = time.monotonic()
    assert web3.eth.block_number > 0
    assert time.monotonic() - began >= 0.2


def test_after_a_reorg_the_transactions_wait_again(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    hashes = [send(web3, signed(wallet, nonce)) for nonce in (0, 1)]
    mine(chain)
    before = web3.eth.get_transaction_receipt(hashes[0])["blockHash"]
    mine(chain)
    assert chain.order("reorg", depth=2, drop=False)["removed"] == hashes
    assert not is_mined(web3, hashes[0])
    assert is_known(web3, hashes[1])
    mine(chain)
    assert is_mined(web3, hashes[1])
    assert web3.eth.get_transaction_receipt(hashes[0])["blockHash"] != before


def test_what_a_reorg_drops_comes_back_only_by_its_bytes(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    dropped, waiting = signed(wallet, 0), signed(wallet, 1)
    send(web3, dropped)
    mine(chain)
    send(web3, waiting)
    chain.order("reorg", depth=1, drop=True)
    mine(chain, 2)
    assert not is_known(web3, dropped.hash)
    assert is_known(web3, waiting.hash)
    assert web3.eth.get_transaction_count(wallet.address, "pending") == 0
    send(web3, dropped)
    mine(chain)
    assert is_mined(web3, dropped.hash)
    assert is_mined(web3, waiting.hash)


def test_a_reorg_deeper_than_the_chain_is_refused(chain: EthereumServer) -> None:
    answer = requests.post(f"{chain.url}/_sandbox/reorg", json={"depth": 10**6}, timeout=10)
    assert answer.status_code == 400


def test_a_lagging_node_knows_only_the_past(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    tx = signed(wallet)
    send(web3, tx)
    mine(chain, 2)
    head = web3.eth.block_number
    chain.order("lag", blocks=2)
    assert web3.eth.block_number == head - 2
    assert web3.eth.get_block("latest")["number"] == head - 2
    assert web3.eth.get_block("finalized")["number"] <= head - 2
    assert web3.eth.get_transaction_count(wallet.address, "latest") == 0
    assert web3.eth.get_transaction_count(wallet.address, "pending") == 0
    assert web3.eth.get_balance(wallet.address) == 10 * ETHER
    assert not is_mined(web3, tx.hash)
    chain.order("lag", blocks=1)
    assert is_mined(web3, tx.hash)
    assert web3.eth.get_transaction_count(wallet.address) == 1


def test_a_node_of_another_chain_is_recognised(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    chain.order("chain_id", value=1)
    assert web3.eth.chain_id == 1
    assert web3.net.version == "1"
    assert refusal(web3, signed(wallet, chainId=1)).startswith("invalid sender")


def test_what_was_replaced_is_put_back_in_the_place_of_what_replaced_it(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    fees = {"maxPriorityFeePerGas": 11 * GWEI, "maxFeePerGas": 110 * GWEI}
    first, later = send(web3, signed(wallet)), send(web3, signed(wallet, 1))
    second = send(web3, signed(wallet, **fees))
    assert chain.order("prefer", hash=first) == {"hash": first}
    assert not is_known(web3, second)
    mine(chain)
    assert is_mined(web3, first)
    assert is_mined(web3, later)
    assert not is_known(web3, second)
    answer = requests.post(f"{chain.url}/_sandbox/prefer", json={"hash": FOREIGN}, timeout=10)
    assert answer.status_code == 400


# --- tokens

USDT, SHIB = "usdt:eth", "shib:eth"
ADDRESSES = {
    USDT: Web3.to_checksum_address("0xdAC17F958D2ee523a2206206994597C13D831ec7"),
    SHIB: Web3.to_checksum_address("0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE"),
}
TRANSFER_TOPIC = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def _function(name: str, takes: list[str], gives: list[str], *, reads: bool = True) -> Any:
    return {
        "type": "function",
        "name": name,
        "stateMutability": "view" if reads else "nonpayable",
        "inputs": [{"name": "", "type": kind} for kind in takes],
        "outputs": [{"name": "", "type": kind} for kind in gives],
    }


READS = [
    _function("balanceOf", ["address"], ["uint256"]),
    _function("totalSupply", [], ["uint256"]),
    _function("decimals", [], ["uint8"]),
    _function("symbol", [], ["string"]),
]
TRANSFER = {
    USDT: _function("transfer", ["address", "uint256"], [], reads=False),
    SHIB: _function("transfer", ["address", "uint256"], ["bool"], reads=False),
}


def token(web3: Web3, name: str) -> Any:
    return web3.eth.contract(ADDRESSES[name], abi=[*READS, TRANSFER[name]])


def minted(chain: EthereumServer, name: str, address: str, base_units: int) -> str:
    order = {"token": name, "address": address, "base_units": str(base_units)}
    tx_hash = str(chain.order("mint", **order)["hash"])
    mine(chain)
    return tx_hash


def transferred(
    chain: EthereumServer, web3: Web3, name: str, wallet: LocalAccount, to: str, base_units: int
) -> Any:
    """The receipt of a transfer of tokens."""
    nonce = web3.eth.get_transaction_count(wallet.address)
    data = token(web3, name).encode_abi("transfer", [to, base_units])
    sent = send(web3, signed(wallet, nonce, to=ADDRESSES[name], value=0, data=data, gas=100_000))
    mine(chain)
    return web3.eth.get_transaction_receipt(sent)


def balance(web3: Web3, name: str, address: str) -> int:
    return int(token(web3, name).functions.balanceOf(address).call())


@pytest.fixture
def switch(chain: EthereumServer) -> Iterator[Callable[..., Any]]:
    """Turns switches of a token, which are as they were when the test ends."""

    def turn(name: str = USDT, **switches: Any) -> Any:
        return chain.order("token", token=name, **switches)

    yield turn
    for name in ADDRESSES:
        turn(name, paused=False, silent=False, fee_bps=0, blacklist=[])


every_token = pytest.mark.parametrize("name", [USDT, SHIB])


@pytest.mark.parametrize(("name", "symbol", "decimals"), [(USDT, "USDT", 6), (SHIB, "SHIB", 18)])
def test_tokens_are_at_their_addresses(
    chain: EthereumServer, web3: Web3, name: str, symbol: str, decimals: int
) -> None:
    assert chain.shown("tokens") == ADDRESSES
    known = token(web3, name).functions
    assert (known.symbol().call(), known.decimals().call()) == (symbol, decimals)


@every_token
def test_anybody_gets_new_tokens(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount, name: str
) -> None:
    supply = token(web3, name).functions.totalSupply().call()
    tx_hash = minted(chain, name, wallet.address, 10**30)
    assert is_mined(web3, HexStr(tx_hash))
    assert balance(web3, name, wallet.address) == 10**30
    assert token(web3, name).functions.totalSupply().call() == supply + 10**30


@every_token
def test_a_token_is_transferred_with_a_log(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount, name: str
) -> None:
    minted(chain, name, wallet.address, 100)
    to = Account.create().address
    receipt = transferred(chain, web3, name, wallet, to, 30)
    assert receipt["status"] == 1
    assert (balance(web3, name, wallet.address), balance(web3, name, to)) == (70, 30)
    [log] = receipt["logs"]
    assert log["address"] == ADDRESSES[name]
    ends = [wallet.address[2:].lower().rjust(64, "0"), to[2:].lower().rjust(64, "0")]
    assert [topic.hex() for topic in log["topics"]] == [TRANSFER_TOPIC, *ends]
    assert log["data"].hex() == f"{30:064x}"


def test_only_one_of_them_returns_anything(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    returned = {}
    for name, address in ADDRESSES.items():
        minted(chain, name, wallet.address, 1)
        data = token(web3, name).encode_abi("transfer", [FOREIGN, 1])
        order: Any = {"from": wallet.address, "to": address, "data": data}
        returned[name] = web3.eth.call(order).hex()
    assert returned == {USDT: "", SHIB: f"{1:064x}"}


def test_too_few_tokens_fail_in_each_contracts_way(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount
) -> None:
    """Tether's old compiler takes all the gas; its estimate fails in geth's words."""
    receipt = transferred(chain, web3, USDT, wallet, FOREIGN, 1)
    assert (receipt["status"], receipt["gasUsed"]) == (0, 100_000)
    receipt = transferred(chain, web3, SHIB, wallet, FOREIGN, 1)
    assert receipt["status"] == 0
    assert receipt["gasUsed"] < 50_000
    words = {}
    for name, address in ADDRESSES.items():
        data = token(web3, name).encode_abi("transfer", [FOREIGN, 1])
        order = {"from": wallet.address, "to": address, "data": data}
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_estimateGas", "params": [order]}
        error = raw_request(chain, asked)["error"]
        words[name] = (error["code"], error["message"])
    assert words == {
        USDT: (-32000, "invalid opcode: INVALID"),
        SHIB: (3, "execution reverted: ERC20: transfer amount exceeds balance"),
    }


@every_token
def test_a_silent_token_succeeds_and_moves_nothing(
    chain: EthereumServer,
    web3: Web3,
    wallet: LocalAccount,
    switch: Callable[..., Any],
    name: str,
) -> None:
    minted(chain, name, wallet.address, 100)
    switch(name, silent=True)
    receipt = transferred(chain, web3, name, wallet, FOREIGN, 30)
    assert (receipt["status"], receipt["logs"]) == (1, [])
    assert balance(web3, name, wallet.address) == 100


def test_a_paused_token_refuses_and_goes_on(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount, switch: Callable[..., Any]
) -> None:
    minted(chain, USDT, wallet.address, 100)
    switch(paused=True)
    assert transferred(chain, web3, USDT, wallet, FOREIGN, 30)["status"] == 0
    switch(paused=False)
    assert transferred(chain, web3, USDT, wallet, FOREIGN, 30)["status"] == 1


def test_a_blacklist_holds_for_both_sides_until_another_is_ordered(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount, switch: Callable[..., Any]
) -> None:
    minted(chain, USDT, wallet.address, 100)
    for listed in ([RECIPIENT, FOREIGN], [wallet.address]):
        shown = switch(blacklist=listed)
        assert shown["blacklist"] == [address.lower() for address in listed]
        assert transferred(chain, web3, USDT, wallet, FOREIGN, 30)["status"] == 0
    switch(blacklist=[RECIPIENT])
    assert transferred(chain, web3, USDT, wallet, FOREIGN, 30)["status"] == 1


def test_a_fee_goes_to_the_contracts_owner(
    chain: EthereumServer, web3: Web3, wallet: LocalAccount, switch: Callable[..., Any]
) -> None:
    minted(chain, USDT, wallet.address, 1_000)
    switch(fee_bps=250)
    to = Account.create().address
    receipt = transferred(chain, web3, USDT, wallet, to, 1_000)
    amounts = [int.from_bytes(log["data"]) for log in receipt["logs"]]
    assert amounts == [25, 975]
    assert (balance(web3, USDT, wallet.address), balance(web3, USDT, to)) == (0, 975)


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("mint", {"token": "dai:eth", "address": FOREIGN, "base_units": "1"}),
        ("mint", {"token": USDT, "address": "0x12", "base_units": "1"}),
        ("mint", {"token": USDT, "address": FOREIGN, "base_units": "-1"}),
        ("mint", {"token": USDT, "address": FOREIGN, "base_units": "1.5"}),
        ("token", {"token": "dai:eth"}),
        ("token", {"token": USDT, "frozen": True}),
        ("token", {"token": USDT, "silent": "yes"}),
        ("token", {"token": USDT, "fee_bps": 10_001}),
        ("token", {"token": USDT, "fee_bps": "12"}),
        ("token", {"token": USDT, "blacklist": ["0x12"]}),
    ],
)
def test_orders_about_tokens_that_cannot_be_are_refused(
    chain: EthereumServer, path: str, order: dict[str, Any]
) -> None:
    answer = requests.post(f"{chain.url}/_sandbox/{path}", json=order, timeout=10)
    assert answer.status_code == 400


def test_tokens_and_their_switches_outlast_a_reorg_and_a_restart(tmp_path: Path) -> None:
    """Also one back to the first block, where the node itself never had any."""
    state = tmp_path / "state.json"
    switches = {"paused": True, "silent": True, "fee_bps": 7, "blacklist": [RECIPIENT.lower()]}
    with running_ethereum(state, block_seconds=0) as chain:
        tx_hash = chain.order("mint", token=SHIB, address=FOREIGN, base_units="7")["hash"]
        mine(chain)
        chain.order("token", token=SHIB, **switches)
        assert chain.order("reorg", depth=1, drop=False)["removed"] == [tx_hash]
        mine(chain)
        assert balance(client_of(chain), SHIB, FOREIGN) == 7
    with running_ethereum(state, block_seconds=0) as again:
        assert again.order("token", token=SHIB) == {"token": SHIB} | switches
        assert balance(client_of(again), SHIB, FOREIGN) == 7


def test_a_chain_from_before_the_tokens_gets_them(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with running_ethereum(state, block_seconds=0) as chain:
        mine(chain)
        for address in ADDRESSES.values():
            order = {"jsonrpc": "2.0", "id": 1, "method": "anvil_setCode"}
            body = order | {"params": [address, "0x"]}
            requests.post(f"http://127.0.0.1:{chain.anvil_port}", json=body, timeout=10)
        assert client_of(chain).eth.get_code(ADDRESSES[USDT]) == b""
    with running_ethereum(state, block_seconds=0) as again:
        assert len(client_of(again).eth.get_code(ADDRESSES[USDT])) > 100
        minted(again, USDT, FOREIGN, 7)
        assert balance(client_of(again), USDT, FOREIGN) == 7
