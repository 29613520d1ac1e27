"""Tokens behind the port `Chain`: the fake's, and contracts on a real node, behave alike."""

from collections.abc import Callable, Iterator

import pytest

from shared_lib.adapters.ethereum import TOKEN_GAS_LIMIT_MOST
from shared_lib.domain.money import ETH, USDT, Asset, Money, zero
from shared_lib.domain.transfer import Fees, Mined
from shared_lib.ports import (
    BroadcastResult,
    Incoming,
    PermanentError,
    RetryableError,
    SignedTransfer,
)
from tests.contract.chain_worlds import (
    ETHER,
    FEES,
    GWEI,
    RECIPIENT,
    RICH_WEI,
    SHIB,
    STRANGER,
    TOKENS,
    FakeWorld,
    NodeWorld,
    World,
    running_server,
    signed,
)
from tests.sandbox.ethereum.launcher import EthereumServer

# Enough for the first transfer to an address, which takes the most.
TOKEN_FEES = Fees(max_fee=100 * GWEI, max_priority_fee=10 * GWEI, gas_limit=90_000)
HELD = {USDT: 1_000 * 10**6, SHIB: 1_000 * ETHER}
AMOUNT = {USDT: Money(12_345_678, USDT), SHIB: Money(12 * ETHER + 1, SHIB)}

every_token = pytest.mark.parametrize("token", [USDT, SHIB], ids=lambda token: token.id)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EthereumServer]:
    with running_server(tmp_path_factory.mktemp("ethereum")) as running:
        yield running


@pytest.fixture(params=["fake", "node"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A wallet that holds both tokens, and ETH for gas."""
    if request.param == "fake":
        yield with_tokens(FakeWorld())
        return
    node = NodeWorld(request.getfixturevalue("server"))
    yield with_tokens(node)
    node.reset()


def with_tokens(world: World) -> World:
    for token, base_units in HELD.items():
        world.pay(world.signer.address, base_units, token)
    world.mine()
    return world


def sent(
    world: World, token: Asset, *, to: str = RECIPIENT, fees: Fees = TOKEN_FEES
) -> SignedTransfer:
    """The test's amount of a token, broadcast."""
    transfer = signed(world, to=to, amount=AMOUNT[token], fees=fees)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ACCEPTED
    return transfer


def mined(world: World, transfer: SignedTransfer) -> Mined:
    """The transfer's receipt, in the next block."""
    world.mine()
    found = world.chain.mined(transfer.hash)
    assert found is not None
    return found


def nothing_moved(world: World, token: Asset, transfer: SignedTransfer, to: str) -> bool:
    wallet = world.signer.address
    seen = world.chain.incoming(transfer.hash, to, token)
    return (
        not world.chain.moved(transfer.hash, wallet, to, AMOUNT[token])
        and seen is not None
        and seen.amount == zero(token)
        and world.chain.balance(wallet, token) == Money(HELD[token], token)
    )


# --- the way of a transfer


@every_token
def test_a_token_is_moved_and_its_gas_paid_in_ether(world: World, token: Asset) -> None:
    """Whether its contract says so by a return value, as one does, or only by its log."""
    before = world.chain.balance(RECIPIENT, token)
    receipt = mined(world, sent(world, token))
    assert receipt.succeeded
    wallet = world.signer.address
    left = HELD[token] - AMOUNT[token].base_units
    assert world.chain.balance(wallet, token) == Money(left, token)
    assert world.chain.balance(RECIPIENT, token) - before == AMOUNT[token]
    assert world.chain.balance(wallet) == Money(RICH_WEI - receipt.gas_paid, ETH)


@every_token
def test_what_moved_is_told_exactly(world: World, token: Asset) -> None:
    transfer, wallet, amount = sent(world, token), world.signer.address, AMOUNT[token]
    assert not world.chain.moved(transfer.hash, wallet, RECIPIENT, amount)
    world.mine()
    for sender in (wallet, wallet.lower()):
        assert world.chain.moved(transfer.hash, sender, RECIPIENT, amount)
    others = (
        (STRANGER, RECIPIENT, amount),
        (wallet, STRANGER, amount),
        (wallet, TOKENS[token.id], amount),
        (wallet, RECIPIENT, amount - Money(1, token)),
        (wallet, RECIPIENT, zero(token)),
        (wallet, RECIPIENT, Money(amount.base_units, ETH)),
    )
    for sender, recipient, other in others:
        assert not world.chain.moved(transfer.hash, sender, recipient, other)


def test_a_cheap_transfer_waits_for_the_base_fee(world: World) -> None:
    transfer = sent(world, USDT)
    world.set_base_fee(FEES.max_fee + GWEI)
    world.mine()
    assert world.chain.mined(transfer.hash) is None
    assert world.chain.knows(transfer.hash)


# --- what comes in


@every_token
def test_a_deposit_is_what_the_log_says(world: World, token: Asset) -> None:
    tx_hash = world.pay(STRANGER, 123, token)
    assert world.chain.incoming(tx_hash, STRANGER, token) is None
    world.mine()
    seen = world.chain.incoming(tx_hash, STRANGER, token)
    assert seen == Incoming(Money(123, token), world.chain.head(), 1, succeeded=True)
    elsewhere = world.chain.incoming(tx_hash, RECIPIENT, token)
    assert elsewhere is not None
    assert elsewhere.amount == zero(token)


def test_another_contracts_log_counts_nothing(world: World) -> None:
    """The worthless token of a stranger says `Transfer` too."""
    tx_hash = world.pay(STRANGER, 123, SHIB)
    world.mine()
    for asset in (USDT, ETH):
        seen = world.chain.incoming(tx_hash, STRANGER, asset)
        assert seen is not None
        assert seen.amount == zero(asset)
    transfer, wallet = sent(world, SHIB), world.signer.address
    world.mine()
    same_number = Money(AMOUNT[SHIB].base_units, USDT)
    assert not world.chain.moved(transfer.hash, wallet, RECIPIENT, same_number)


def test_ether_is_no_token(world: World) -> None:
    tx_hash = world.pay(STRANGER, 123)
    world.mine()
    seen = world.chain.incoming(tx_hash, STRANGER, USDT)
    assert seen is not None
    assert seen.amount == zero(USDT)


# --- what can go wrong


@every_token
def test_without_a_log_nothing_moved_although_it_succeeded(world: World, token: Asset) -> None:
    world.silence(token)
    transfer = sent(world, token)
    assert mined(world, transfer).succeeded
    assert nothing_moved(world, token, transfer, RECIPIENT)


@every_token
def test_a_contract_that_keeps_a_fee_moves_less(world: World, token: Asset) -> None:
    world.charge(token, fee_bps=100)
    transfer, wallet, amount = sent(world, token), world.signer.address, AMOUNT[token]
    world.mine()
    seen = world.chain.incoming(transfer.hash, RECIPIENT, token)
    assert seen is not None
    assert seen.amount == Money(amount.base_units - amount.base_units // 100, token)
    assert not world.chain.moved(transfer.hash, wallet, RECIPIENT, amount)
    assert world.chain.moved(transfer.hash, wallet, RECIPIENT, seen.amount)
    assert world.chain.balance(wallet, token) == Money(HELD[token] - amount.base_units, token)


REFUSALS: dict[str, Callable[[World], None]] = {
    "paused": lambda world: world.pause(USDT),
    "blacklisted": lambda world: world.blacklist(USDT, RECIPIENT),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_contract_that_refuses_costs_gas_only(world: World, refusal: str) -> None:
    REFUSALS[refusal](world)
    with pytest.raises(PermanentError):
        world.chain.fees_for(world.signer.address, RECIPIENT, AMOUNT[USDT])
    transfer = sent(world, USDT)
    receipt = mined(world, transfer)
    assert not receipt.succeeded
    assert nothing_moved(world, USDT, transfer, RECIPIENT)
    left = Money(RICH_WEI - receipt.gas_paid, ETH)
    assert world.chain.balance(world.signer.address) == left


@every_token
def test_tokens_that_the_wallet_lacks_may_come(world: World, token: Asset) -> None:
    wallet, more = world.signer.address, Money(HELD[token] + 1, token)
    with pytest.raises(RetryableError):
        world.chain.fees_for(wallet, RECIPIENT, more)
    transfer = signed(world, amount=more, fees=TOKEN_FEES)
    # The pool knows nothing of tokens: only the contract refuses.
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.ACCEPTED
    assert not mined(world, transfer).succeeded
    world.pay(wallet, 1, token)
    world.mine()
    assert world.chain.fees_for(wallet, RECIPIENT, more).gas_limit > 0


def test_a_transfer_that_runs_out_of_gas_pays_for_all_of_it(world: World) -> None:
    fees = Fees(TOKEN_FEES.max_fee, TOKEN_FEES.max_priority_fee, gas_limit=30_000)
    world.set_base_fee(7 * GWEI)
    transfer = sent(world, USDT, fees=fees)
    receipt = mined(world, transfer)
    assert not receipt.succeeded
    assert receipt.gas_paid == 30_000 * (7 * GWEI + fees.max_priority_fee)
    assert nothing_moved(world, USDT, transfer, RECIPIENT)


def test_gas_for_a_token_needs_ether(world: World) -> None:
    most = RICH_WEI // TOKEN_FEES.gas_limit + 1
    fees = Fees(most, TOKEN_FEES.max_priority_fee, TOKEN_FEES.gas_limit)
    transfer = signed(world, amount=AMOUNT[USDT], fees=fees)
    assert world.chain.broadcast(transfer.raw) is BroadcastResult.REFUSED


# --- fees and signing


@every_token
def test_a_transfer_with_these_fees_is_mined(world: World, token: Asset) -> None:
    fees = world.chain.fees_for(world.signer.address, RECIPIENT, AMOUNT[token])
    assert FEES.gas_limit < fees.gas_limit <= TOKEN_GAS_LIMIT_MOST
    assert mined(world, sent(world, token, fees=fees)).succeeded


def test_fees_still_do_where_the_recipient_has_spent_all_meanwhile(world: World) -> None:
    """A slot that has become empty takes 17,100 gas more to fill than one that was not."""
    world.pay(RECIPIENT, 1, USDT)
    world.mine()
    known = world.chain.fees_for(world.signer.address, RECIPIENT, AMOUNT[USDT])
    fresh = "0x" + "5a" * 20
    assert mined(
        world, sent(world, USDT, to=world.chain.checksum_address(fresh), fees=known)
    ).succeeded


@pytest.mark.parametrize("asset", [ETH, USDT, SHIB], ids=lambda asset: asset.id)
def test_nothing_is_signed_that_goes_to_a_tokens_contract(world: World, asset: Asset) -> None:
    for contract in TOKENS.values():
        with pytest.raises(PermanentError, match="cannot be right"):
            signed(world, to=contract, amount=Money(1, asset))


@pytest.mark.parametrize("base_units", [-1, 0, 2**256])
def test_no_token_transfer_of_nothing_or_too_much_is_signed(world: World, base_units: int) -> None:
    with pytest.raises(PermanentError, match="cannot be right"):
        signed(world, amount=Money(base_units, USDT))
