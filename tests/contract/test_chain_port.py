"""The port `Chain` with a `Signer`: the fake and a real node through the adapter behave alike."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
import requests
from eth_account import Account

from shared_lib.adapters.ethereum import TIP_LEAST_WEI, EthereumChain
from shared_lib.adapters.ethereum_signer import LocalSigner
from shared_lib.domain.money import ETH, USDT, Money, zero
from shared_lib.domain.transfer import Fees
from shared_lib.ports import (
    BroadcastResult,
    Chain,
    Incoming,
    PermanentError,
    RetryableError,
    SignedTransfer,
    Signer,
    UnknownOutcomeError,
    UnsignedTransfer,
)
from tests.fakes.chain import WALLET, FakeChain, FakeSigner
from tests.sandbox.ethereum.launcher import EthereumServer, running_ethereum

CHAIN_ID = 31_337
GWEI = 10**9
ETHER = 10**18
BASE_FEE = 5 * GWEI
RECIPIENT = "0x" + "22" * 20
STRANGER = "0x" + "33" * 20
BROKEN = "0x" + "44" * 20
RICH_WEI = 10 * ETHER
ONE_ETHER = Money(ETHER, ETH)
FEES = Fees(max_fee=100 * GWEI, max_priority_fee=10 * GWEI, gas_limit=50_000)
UNKNOWN_HASH = "0x" + "ab" * 32


class World(Protocol):
    """A chain whose blocks and faults a test orders; the signer's wallet holds RICH_WEI."""

    @property
    def chain(self) -> Chain: ...
    @property
    def signer(self) -> Signer: ...
    def mine(self, blocks: int = 1) -> None: ...
    def pay(self, to: str, wei: int) -> str: ...
    def spend_elsewhere(self, nonce: int) -> str: ...
    def hide_next(self) -> None: ...
    def release(self) -> None: ...
    def lose_next_answer(self, *, arrives: bool) -> None: ...
    def reorg(self, depth: int, *, drop: bool) -> None: ...
    def lag(self, blocks: int) -> None: ...
    def break_recipient(self, address: str) -> None: ...
    def say_chain_id(self, chain_id: int) -> None: ...
    def set_base_fee(self, wei: int) -> None: ...
    def go_down(self, retry_after_seconds: int) -> None: ...


class FakeWorld:
    def __init__(self) -> None:
        self.chain = FakeChain(chain_id=CHAIN_ID)
        self.signer = FakeSigner(chain_id=CHAIN_ID)
        self.chain.pay(self.signer.address, RICH_WEI)
        self.mine()

    def mine(self, blocks: int = 1) -> None:
        self.chain.mine(blocks)

    def pay(self, to: str, wei: int) -> str:
        return self.chain.pay(to, wei)

    def spend_elsewhere(self, nonce: int) -> str:
        return self.chain.spend_elsewhere(self.signer.address, nonce)

    def hide_next(self) -> None:
        self.chain.hide_next()

    def release(self) -> None:
        self.chain.release()

    def lose_next_answer(self, *, arrives: bool) -> None:
        self.chain.lose_next_answer(arrives=arrives)

    def reorg(self, depth: int, *, drop: bool) -> None:
        self.chain.reorg(depth, drop=drop)

    def lag(self, blocks: int) -> None:
        self.chain.lag = blocks

    def break_recipient(self, address: str) -> None:
        self.chain.reverting.add(address)

    def say_chain_id(self, chain_id: int) -> None:
        self.chain.said_chain_id = chain_id

    def set_base_fee(self, wei: int) -> None:
        self.chain.base_fee = wei

    def go_down(self, retry_after_seconds: int) -> None:
        self.chain.down = True
        self.chain.retry_after_seconds = retry_after_seconds


class NodeWorld:
    """The adapter in front of a local node; a new wallet for each test."""

    def __init__(self, server: EthereumServer) -> None:
        self._server = server
        self._key = Account.create().key.to_0x_hex()
        self.chain = EthereumChain(server.url, call_seconds=5)
        self.signer = LocalSigner(self._key, chain_id=CHAIN_ID)
        self.set_base_fee(BASE_FEE)
        self.pay(self.signer.address, RICH_WEI)
        self.mine()

    def mine(self, blocks: int = 1) -> None:
        self._server.order("mine", blocks=blocks)

    def pay(self, to: str, wei: int) -> str:
        return str(self._server.order("fund", address=to, wei=str(wei))["hash"])

    def spend_elsewhere(self, nonce: int) -> str:
        order = {"private_key": self._key, "to": STRANGER, "wei": "1", "nonce": nonce}
        return str(self._server.order("send_as", **order)["hash"])

    def hide_next(self) -> None:
        self._server.order("hide", times=1)

    def release(self) -> None:
        self._server.order("release")

    def lose_next_answer(self, *, arrives: bool) -> None:
        kind = "lose_answer" if arrives else "drop"
        self._fault(operation="eth_sendRawTransaction", kind=kind)

    def reorg(self, depth: int, *, drop: bool) -> None:
        self._server.order("reorg", depth=depth, drop=drop)

    def lag(self, blocks: int) -> None:
        self._server.order("lag", blocks=blocks)

    def break_recipient(self, address: str) -> None:
        # Code that only reverts: PUSH1 0, DUP1, REVERT. The proxy keeps such powers from clients.
        order = {"jsonrpc": "2.0", "id": 1, "method": "anvil_setCode"}
        body = order | {"params": [address, "0x600080fd"]}
        requests.post(f"http://127.0.0.1:{self._server.anvil_port}", json=body, timeout=5)

    def say_chain_id(self, chain_id: int) -> None:
        self._server.order("chain_id", value=chain_id)

    def set_base_fee(self, wei: int) -> None:
        self._server.order("base_fee", wei=str(wei))

    def go_down(self, retry_after_seconds: int) -> None:
        headers = {"retry-after": str(retry_after_seconds)}
        self._fault(operation=".*", kind="answer", status=503, times=None, headers=headers)

    def reset(self) -> None:
        """Undo every order that outlasts a test."""
        requests.delete(f"{self._server.url}/_sandbox/faults", timeout=5)
        self.lag(0)
        self.say_chain_id(CHAIN_ID)
        self.release()

    def _fault(self, **fault: Any) -> None:
        answer = requests.post(f"{self._server.url}/_sandbox/faults", json=fault, timeout=5)
        answer.raise_for_status()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EthereumServer]:
    """One node for all tests; its blocks come only when ordered."""
    state = tmp_path_factory.mktemp("ethereum") / "state.json"
    with running_ethereum(state, chain_id=CHAIN_ID, block_seconds=0) as running:
        yield running


@pytest.fixture(params=["fake", "node"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    node = NodeWorld(request.getfixturevalue("server"))
    yield node
    node.reset()


def signed(world: World, nonce: int = 0, **changes: Any) -> SignedTransfer:
    """A transfer of one ether to RECIPIENT."""
    return world.signer.sign(unsigned(nonce, **changes))


def unsigned(
    nonce: int = 0,
    *,
    to: str = RECIPIENT,
    amount: Money = ONE_ETHER,
    fees: Fees = FEES,
    chain_id: int = CHAIN_ID,
) -> UnsignedTransfer:
    return UnsignedTransfer(chain_id, nonce, to, amount, fees)


# --- the way of a transfer


def test_a_transfer_is_accepted_mined_and_paid(world: World) -> None:
    transfer = signed(world)
    before = world.chain.balance(RECIPIENT)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ACCEPTED
    assert world.chain.knows(transfer.hash)
    assert world.chain.mined(transfer.hash) is None

    world.mine()
    mined = world.chain.mined(transfer.hash)
    assert mined is not None
    assert mined.succeeded
    assert mined.hash == transfer.hash
    assert mined.block == world.chain.head()
    assert mined.gas_paid > 21_000 * GWEI
    assert world.chain.balance(RECIPIENT) - before == ONE_ETHER
    left = RICH_WEI - ETHER - mined.gas_paid
    assert world.chain.balance(world.signer.address) == Money(left, ETH)


def test_gas_costs_the_base_fee_and_the_tip_but_not_the_most_allowed(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.set_base_fee(7 * GWEI)
    world.mine()
    mined = world.chain.mined(transfer.hash)
    assert mined is not None
    assert mined.gas_paid == 21_000 * (7 * GWEI + FEES.max_priority_fee)


def test_a_transfer_too_cheap_for_the_block_waits(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.set_base_fee(FEES.max_fee + GWEI)
    world.mine()
    assert world.chain.mined(transfer.hash) is None
    assert world.chain.knows(transfer.hash)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ALREADY_KNOWN


def test_hashes_are_lower_case_with_prefix(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.mine()
    mined = world.chain.mined(transfer.hash)
    assert mined is not None
    for text in (transfer.hash, mined.hash, mined.block_hash):
        assert re.fullmatch("0x[0-9a-f]{64}", text)


def test_a_failed_transfer_costs_gas_and_its_nonce_only(world: World) -> None:
    world.break_recipient(BROKEN)
    transfer = signed(world, to=BROKEN)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ACCEPTED
    world.mine()
    mined = world.chain.mined(transfer.hash)
    assert mined is not None
    assert not mined.succeeded
    assert world.chain.mined_nonce(world.signer.address) == 1
    left = Money(RICH_WEI - mined.gas_paid, ETH)
    assert world.chain.balance(world.signer.address) == left


def test_signing_again_gives_the_same_bytes(world: World) -> None:
    assert signed(world) == signed(world)
    assert signed(world) != signed(world, 1)


def test_a_signer_refuses_another_chain(world: World) -> None:
    with pytest.raises(PermanentError, match="chain 1"):
        signed(world, chain_id=1)


def test_a_signer_refuses_another_asset(world: World) -> None:
    with pytest.raises(PermanentError, match="usdt:eth"):
        signed(world, amount=Money(1, USDT))


@pytest.mark.parametrize(
    "changes",
    [
        {"to": WALLET.lower()},
        {"amount": Money(-1, ETH)},
        {"nonce": -1},
        {"fees": Fees(max_fee=1, max_priority_fee=2, gas_limit=21_000)},
        {"fees": Fees(max_fee=2, max_priority_fee=1, gas_limit=0)},
    ],
)
def test_a_signer_refuses_what_cannot_be_right(world: World, changes: dict[str, Any]) -> None:
    with pytest.raises(PermanentError, match="cannot be right"):
        signed(world, **changes)


# --- nonces


def test_the_same_bytes_are_already_known(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ALREADY_KNOWN


def test_a_mined_nonce_is_used(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.mine()
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.NONCE_USED
    assert world.chain.knows(transfer.hash)


def test_a_foreign_transaction_takes_our_nonce(world: World) -> None:
    foreign, transfer = world.spend_elsewhere(0), signed(world)
    world.mine()
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.NONCE_USED
    assert not world.chain.knows(transfer.hash)
    assert world.chain.mined(foreign) is not None


def test_mined_nonces_are_counted_as_of_a_depth(world: World) -> None:
    address = world.signer.address
    assert world.chain.mined_nonce(address) == 0
    for nonce in (0, 1):
        world.chain.broadcast(signed(world, nonce).raw)
        world.mine()
    world.mine()
    counts = [world.chain.mined_nonce(address, depth=depth) for depth in range(4)]
    assert counts == [2, 2, 1, 0]


def test_a_depth_below_the_first_block_is_the_first_block(world: World) -> None:
    assert world.chain.mined_nonce(world.signer.address, depth=10**6) == 0


def test_what_waits_is_no_mined_nonce(world: World) -> None:
    world.chain.broadcast(signed(world).raw)
    assert world.chain.mined_nonce(world.signer.address) == 0


def test_a_gap_is_filled_later(world: World) -> None:
    later = signed(world, 1)
    assert world.chain.broadcast(later.raw) is BroadcastResult.ACCEPTED
    world.mine()
    assert world.chain.mined(later.hash) is None
    world.chain.broadcast(signed(world, 0).raw)
    world.mine()
    assert world.chain.mined(later.hash) is not None


# --- refusals


def test_a_replacement_needs_ten_percent_on_both_fees(world: World) -> None:
    first = signed(world)
    world.chain.broadcast(first.raw)
    for most, tip in ((109, 110), (110, 109)):
        fees = Fees(FEES.max_fee * most // 100, FEES.max_priority_fee * tip // 100, FEES.gas_limit)
        cheap = signed(world, fees=fees)
        assert world.chain.broadcast(cheap.raw) is BroadcastResult.REFUSED
    fees = Fees(FEES.max_fee * 110 // 100, FEES.max_priority_fee * 110 // 100, FEES.gas_limit)
    dear = signed(world, fees=fees)
    assert world.chain.broadcast(dear.raw) is BroadcastResult.ACCEPTED
    world.mine()
    assert world.chain.mined(dear.hash) is not None
    assert not world.chain.knows(first.hash)


def test_more_than_the_wallet_has_is_refused(world: World) -> None:
    transfer = signed(world, amount=Money(RICH_WEI, ETH))
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.REFUSED
    assert not world.chain.knows(transfer.hash)


def test_too_little_gas_is_refused(world: World) -> None:
    fees = Fees(FEES.max_fee, FEES.max_priority_fee, 20_999)
    assert world.chain.broadcast(signed(world, fees=fees).raw) is BroadcastResult.REFUSED


# --- faults of the network


def test_a_hidden_transaction_is_nowhere_until_released(world: World) -> None:
    world.hide_next()
    transfer = signed(world)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ACCEPTED
    world.mine()
    assert not world.chain.knows(transfer.hash)
    assert world.chain.mined(transfer.hash) is None
    world.release()
    world.mine()
    assert world.chain.mined(transfer.hash) is not None


def test_the_same_bytes_bring_a_hidden_transaction_back(world: World) -> None:
    world.hide_next()
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ACCEPTED
    world.mine()
    assert world.chain.mined(transfer.hash) is not None


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_proves_nothing(world: World, arrives: bool) -> None:
    world.lose_next_answer(arrives=arrives)
    transfer = signed(world)
    with pytest.raises(UnknownOutcomeError):
        world.chain.broadcast(transfer.raw)
    assert world.chain.knows(transfer.hash) is arrives
    again = BroadcastResult.ALREADY_KNOWN if arrives else BroadcastResult.ACCEPTED
    assert world.chain.broadcast(transfer.raw) is again


def test_a_node_that_is_down_answers_no_question(world: World) -> None:
    transfer, address, chain = signed(world), world.signer.address, world.chain
    world.go_down(retry_after_seconds=7)
    questions: list[Callable[[], object]] = [
        chain.chain_id,
        chain.head,
        lambda: chain.mined_nonce(address, depth=2),
        lambda: chain.fees_for(address, RECIPIENT, ONE_ETHER),
        lambda: chain.knows(transfer.hash),
        lambda: chain.mined(transfer.hash),
        lambda: chain.is_canonical(0, transfer.hash),
        lambda: chain.incoming(transfer.hash, RECIPIENT, ETH),
        lambda: chain.balance(address),
    ]
    for question in questions:
        with pytest.raises(RetryableError) as caught:
            question()
        assert caught.value.after_seconds == 7
    with pytest.raises(UnknownOutcomeError):
        chain.broadcast(transfer.raw)


def test_a_node_of_another_chain_is_recognised(world: World) -> None:
    assert world.chain.chain_id() == CHAIN_ID
    world.say_chain_id(1)
    assert world.chain.chain_id() == 1


def test_a_reorg_puts_a_transfer_back_into_the_pool(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.mine()
    mined = world.chain.mined(transfer.hash)
    assert mined is not None
    assert world.chain.is_canonical(mined.block, mined.block_hash)

    world.reorg(1, drop=False)
    assert world.chain.mined(transfer.hash) is None
    assert world.chain.knows(transfer.hash)
    assert not world.chain.is_canonical(mined.block, mined.block_hash)
    assert world.chain.mined_nonce(world.signer.address) == 0
    world.mine()
    again = world.chain.mined(transfer.hash)
    assert again is not None
    assert again.block == mined.block + 1


def test_what_a_reorg_drops_comes_back_by_its_bytes(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.mine()
    world.reorg(1, drop=True)
    assert not world.chain.knows(transfer.hash)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ACCEPTED


def test_a_block_still_counts_after_later_ones(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.mine(3)
    mined = world.chain.mined(transfer.hash)
    assert mined is not None
    assert world.chain.is_canonical(mined.block, mined.block_hash)
    assert not world.chain.is_canonical(mined.block - 1, mined.block_hash)


def test_a_lagging_node_knows_only_the_past(world: World) -> None:
    transfer = signed(world)
    world.chain.broadcast(transfer.raw)
    world.mine(2)
    mined = world.chain.mined(transfer.hash)
    assert mined is not None
    world.lag(2)
    assert world.chain.head() == mined.block - 1
    assert world.chain.mined(transfer.hash) is None
    assert world.chain.mined_nonce(world.signer.address) == 0
    assert world.chain.balance(world.signer.address) == Money(RICH_WEI, ETH)
    # It cannot say whether a block that it has not seen yet is the right one.
    with pytest.raises(RetryableError):
        world.chain.is_canonical(mined.block, mined.block_hash)


def test_an_unknown_transaction_is_not_there(world: World) -> None:
    assert not world.chain.knows(UNKNOWN_HASH)
    assert world.chain.mined(UNKNOWN_HASH) is None
    assert world.chain.incoming(UNKNOWN_HASH, RECIPIENT, ETH) is None


# --- fees


def test_fees_survive_a_doubled_base_fee_and_leave_gas_to_spare(world: World) -> None:
    world.set_base_fee(BASE_FEE)
    world.mine()
    fees = world.chain.fees_for(world.signer.address, RECIPIENT, ONE_ETHER)
    assert fees.max_fee == 2 * BASE_FEE + fees.max_priority_fee
    assert fees.max_priority_fee >= TIP_LEAST_WEI
    assert fees.gas_limit == 26_250


def test_a_transfer_with_these_fees_is_mined(world: World) -> None:
    fees = world.chain.fees_for(world.signer.address, RECIPIENT, ONE_ETHER)
    transfer = signed(world, fees=fees)
    world.chain.broadcast(transfer.raw)
    world.mine()
    assert world.chain.mined(transfer.hash) is not None


def test_a_transfer_that_would_fail_has_no_fees(world: World) -> None:
    world.break_recipient(BROKEN)
    with pytest.raises(PermanentError):
        world.chain.fees_for(world.signer.address, BROKEN, ONE_ETHER)


def test_tokens_are_not_handled(world: World) -> None:
    with pytest.raises(PermanentError, match="usdt:eth"):
        world.chain.fees_for(world.signer.address, RECIPIENT, Money(1, USDT))
    with pytest.raises(PermanentError, match="usdt:eth"):
        world.chain.incoming(UNKNOWN_HASH, RECIPIENT, USDT)


# --- what comes in


def test_a_deposit_is_seen_once_it_is_mined(world: World) -> None:
    tx_hash = world.pay(world.signer.address, 123)
    assert world.chain.incoming(tx_hash, world.signer.address, ETH) is None
    world.mine()
    for recipient in (world.signer.address, world.signer.address.lower()):
        seen = world.chain.incoming(tx_hash, recipient, ETH)
        assert seen == Incoming(Money(123, ETH), world.chain.head(), 1, succeeded=True)


def test_confirmations_count_the_block_itself(world: World) -> None:
    tx_hash = world.pay(world.signer.address, 123)
    world.mine(3)
    seen = world.chain.incoming(tx_hash, world.signer.address, ETH)
    assert seen is not None
    assert seen.confirmations == 3
    assert seen.block == world.chain.head() - 2


def test_a_payment_to_another_is_none_to_us(world: World) -> None:
    tx_hash = world.pay(STRANGER, 123)
    world.mine()
    seen = world.chain.incoming(tx_hash, world.signer.address, ETH)
    assert seen is not None
    assert seen.amount == zero(ETH)


def test_a_failed_payment_brought_nothing(world: World) -> None:
    world.break_recipient(BROKEN)
    transfer = signed(world, to=BROKEN)
    world.chain.broadcast(transfer.raw)
    world.mine()
    seen = world.chain.incoming(transfer.hash, BROKEN, ETH)
    assert seen is not None
    assert seen.amount == zero(ETH)
    assert not seen.succeeded
