"""The port `Chain` with a `Signer`: the fake and a real node through the adapter behave alike."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared_lib.adapters.ethereum import TIP_LEAST_WEI
from shared_lib.domain.money import ETH, USDT, Asset, Money, zero
from shared_lib.domain.transfer import Fees
from shared_lib.ports import (
    BroadcastResult,
    Incoming,
    PermanentError,
    RetryableError,
    SignedTransfer,
    UnknownOutcomeError,
)
from tests.contract.chain_worlds import (
    BASE_FEE,
    BROKEN,
    CHAIN_ID,
    ETHER,
    FEES,
    GWEI,
    ONE_ETHER,
    RECIPIENT,
    RICH_WEI,
    STRANGER,
    UNKNOWN_HASH,
    FakeWorld,
    NodeWorld,
    World,
    bumped,
    running_server,
    signed,
)
from tests.fakes.chain import WALLET
from tests.sandbox.ethereum.launcher import EthereumServer

# No contract of it is known.
STRANGE = Asset("dai", "eth", 18)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EthereumServer]:
    with running_server(tmp_path_factory.mktemp("ethereum")) as running:
        yield running


@pytest.fixture(params=["fake", "node"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    node = NodeWorld(request.getfixturevalue("server"))
    yield node
    node.reset()


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


def test_a_signer_refuses_an_asset_that_it_does_not_know(world: World) -> None:
    with pytest.raises(PermanentError, match="dai:eth"):
        signed(world, amount=Money(1, STRANGE))


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
    for most, tip in ((109, 110), (110, 109), (109, 109)):
        cheap = signed(world, fees=bumped(most, tip))
        assert world.chain.broadcast(cheap.raw) is BroadcastResult.REFUSED
    dear = signed(world, fees=bumped(110, 110))
    assert world.chain.broadcast(dear.raw) is BroadcastResult.ACCEPTED
    world.mine()
    assert world.chain.mined(dear.hash) is not None
    assert not world.chain.knows(first.hash)


@pytest.mark.parametrize("percent", [109, 110])
def test_a_cancel_replaces_as_any_other_does(world: World, percent: int) -> None:
    first, cancel = signed(world), cancelling(world, percent)
    world.chain.broadcast(first.raw)
    is_enough = percent == 110
    taken = BroadcastResult.ACCEPTED if is_enough else BroadcastResult.REFUSED
    assert world.chain.broadcast(cancel.raw) is taken
    world.mine()
    wallet = world.signer.address
    assert (world.chain.mined(cancel.hash) is not None) is is_enough
    assert world.chain.moved(cancel.hash, wallet, wallet, zero(ETH)) is is_enough
    assert world.chain.moved(first.hash, wallet, RECIPIENT, ONE_ETHER) is not is_enough
    assert world.chain.mined_nonce(wallet) == 1


def test_a_cancel_costs_its_gas_only(world: World) -> None:
    cancel = cancelling(world)
    world.chain.broadcast(cancel.raw)
    world.mine()
    mined = world.chain.mined(cancel.hash)
    assert mined is not None
    left = Money(RICH_WEI - mined.gas_paid, ETH)
    assert world.chain.balance(world.signer.address) == left


@pytest.mark.parametrize("winner", ["transfer", "cancel"])
def test_either_side_of_a_race_may_be_mined(world: World, winner: str) -> None:
    sides = {"transfer": signed(world), "cancel": cancelling(world)}
    for side in ("transfer", "cancel"):
        assert world.chain.broadcast(sides[side].raw) is BroadcastResult.ACCEPTED
    world.prefer(sides[winner].hash)
    world.mine()
    for side, transfer in sides.items():
        assert (world.chain.mined(transfer.hash) is not None) is (side == winner)
        assert world.chain.knows(transfer.hash) is (side == winner)
        assert world.chain.broadcast(transfer.raw) is BroadcastResult.NONCE_USED
    paid = world.chain.moved(sides["transfer"].hash, world.signer.address, RECIPIENT, ONE_ETHER)
    assert paid is (winner == "transfer")


def cancelling(world: World, percent: int = 110) -> SignedTransfer:
    """No ether to the wallet itself, on the nonce of the test's transfer."""
    to, fees = world.signer.address, bumped(percent, percent)
    return signed(world, to=to, amount=zero(ETH), fees=fees)


def test_a_replacement_that_pays_for_a_spike_of_the_base_fee_is_mined(world: World) -> None:
    first, dear = signed(world), signed(world, fees=bumped(200, 200))
    world.chain.broadcast(first.raw)
    world.set_base_fee(FEES.max_fee + GWEI)
    world.mine()
    assert world.chain.broadcast(dear.raw) is BroadcastResult.ACCEPTED
    assert not world.chain.knows(first.hash)
    world.mine()
    assert world.chain.mined(dear.hash) is not None
    assert world.chain.mined(first.hash) is None


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
        lambda: chain.balance(address, USDT),
        lambda: chain.incoming(transfer.hash, RECIPIENT, USDT),
        lambda: chain.moved(transfer.hash, address, RECIPIENT, ONE_ETHER),
        lambda: chain.moved(transfer.hash, address, RECIPIENT, Money(1, USDT)),
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


def test_an_asset_without_a_contract_is_not_handled(world: World) -> None:
    wallet, amount = world.signer.address, Money(1, STRANGE)
    questions: list[Callable[[], object]] = [
        lambda: world.chain.fees_for(wallet, RECIPIENT, amount),
        lambda: world.chain.incoming(UNKNOWN_HASH, RECIPIENT, STRANGE),
        lambda: world.chain.moved(UNKNOWN_HASH, wallet, RECIPIENT, amount),
        lambda: world.chain.balance(wallet, STRANGE),
    ]
    for question in questions:
        with pytest.raises(PermanentError, match="dai:eth"):
            question()


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


# --- what went out


def test_what_a_transfer_moved_is_told_exactly(world: World) -> None:
    transfer, wallet = signed(world), world.signer.address
    world.chain.broadcast(transfer.raw)
    assert not world.chain.moved(transfer.hash, wallet, RECIPIENT, ONE_ETHER)
    world.mine()
    for sender in (wallet, wallet.lower()):
        assert world.chain.moved(transfer.hash, sender, RECIPIENT, ONE_ETHER)
    others = (
        (STRANGER, RECIPIENT, ONE_ETHER),
        (wallet, STRANGER, ONE_ETHER),
        (wallet, RECIPIENT, Money(ETHER - 1, ETH)),
        (wallet, RECIPIENT, zero(ETH)),
        (wallet, RECIPIENT, Money(ETHER, USDT)),
    )
    for sender, recipient, amount in others:
        assert not world.chain.moved(transfer.hash, sender, recipient, amount)
    assert not world.chain.moved(UNKNOWN_HASH, wallet, RECIPIENT, ONE_ETHER)


def test_a_failed_transfer_moved_nothing(world: World) -> None:
    world.break_recipient(BROKEN)
    transfer, wallet = signed(world, to=BROKEN), world.signer.address
    world.chain.broadcast(transfer.raw)
    world.mine()
    assert world.chain.mined(transfer.hash) is not None
    assert not world.chain.moved(transfer.hash, wallet, BROKEN, ONE_ETHER)


def test_what_a_reorg_removes_has_not_moved(world: World) -> None:
    transfer, wallet = signed(world), world.signer.address
    world.chain.broadcast(transfer.raw)
    world.mine()
    world.reorg(1, drop=False)
    assert not world.chain.moved(transfer.hash, wallet, RECIPIENT, ONE_ETHER)
    world.mine()
    assert world.chain.moved(transfer.hash, wallet, RECIPIENT, ONE_ETHER)
