"""Following a transaction on the chain: patience, reorganisations, and money that comes back."""

import pytest

from shared_lib.events import TransferCheckDue
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    assert_paid_on_one_nonce,
    at_once,
    balance,
    buy,
    column,
    handle,
    have_patience,
    reviews,
    sent,
    state_of,
    tick,
    value,
)
from tests.world import HANDLERS, World


def mined(world: World) -> TransferCheckDue:
    """One purchase whose transaction is one block deep, and seen there."""
    check = sent(world)
    world.fake_chain.mine()
    handle(world, check)
    assert state_of(world, "transfers") == ["mined"]
    return check


def assert_paid_once(world: World) -> None:
    """Settled by the only bytes that ever existed."""
    assert_paid_on_one_nonce(world)
    assert len(world.fake_chain.sent) == 1
    assert len(world.signer.signed) == 1


def test_settles_only_when_the_block_is_deep_enough(world: World) -> None:
    check = sent(world)
    world.fake_chain.mine(world.policy.confirmations - 1)
    handle(world, check)
    assert state_of(world, "transfers") == ["mined"]
    assert state_of(world, "payouts") == ["sending"]
    world.fake_chain.mine()
    handle(world, check)
    assert state_of(world, "payouts") == ["settled"]
    assert_paid_once(world)


def test_two_checks_at_once_settle_once(world: World) -> None:
    check = sent(world)
    world.fake_chain.mine(world.policy.confirmations)
    handler = HANDLERS[check.type]
    at_once(world, *[lambda: handler(world, check.transfer_id)] * 3)
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'settled'") == 1
    assert_paid_once(world)


def test_a_transaction_hidden_for_an_hour_is_one_transfer(world: World) -> None:
    """Its price is raised again and again, on the same nonce."""
    world.fake_chain.hide_next(10**6)
    sent(world)
    for _ in range(60):
        world.tick()
        world.drain()
    assert state_of(world, "transfers") == ["sent"]
    assert len(world.fake_chain.sent) > 1
    world.fake_chain.hide_next(0)
    world.fake_chain.release()
    assert_paid_on_one_nonce(world)


def test_a_transaction_that_pools_forget_is_broadcast_again(world: World) -> None:
    sent(world)
    [tx_hash] = world.fake_chain.sent
    world.fake_chain.forget(tx_hash)
    tick(world)
    assert world.fake_chain.sent == {tx_hash: 2}
    assert_paid_once(world)


def test_a_transaction_that_waits_in_a_pool_is_left_alone(world: World) -> None:
    have_patience(world)
    sent(world)
    for _ in range(5):
        tick(world)
    assert list(world.fake_chain.sent.values()) == [1]
    assert_paid_once(world)


def test_a_reorganisation_that_drops_it_brings_the_same_bytes_again(world: World) -> None:
    check = mined(world)
    [tx_hash] = world.fake_chain.reorg(1, drop=True)
    world.fake_chain.mine()
    handle(world, check)
    assert state_of(world, "transfers") == ["sent"]
    assert world.fake_chain.sent == {tx_hash: 2}
    assert_paid_once(world)


def test_a_reorganisation_before_anybody_looked_changes_nothing(world: World) -> None:
    check = sent(world)
    world.fake_chain.mine()
    world.fake_chain.reorg(1, drop=True)
    handle(world, check)
    assert state_of(world, "transfers") == ["sent"]
    assert_paid_once(world)


def test_a_reorganisation_that_keeps_it_counts_from_the_new_block(world: World) -> None:
    check = mined(world)
    before = value(world, "SELECT mined_block_hash FROM transfers")
    world.fake_chain.reorg(1)
    world.fake_chain.mine()
    handle(world, check)
    assert state_of(world, "transfers") == ["mined"]
    assert value(world, "SELECT mined_block_hash FROM transfers") != before
    assert list(world.fake_chain.sent.values()) == [1]
    assert_paid_once(world)


def test_a_receipt_that_vanishes_puts_it_back_to_sent(world: World) -> None:
    """The pool has the transaction still, so it is not broadcast again."""
    check = mined(world)
    world.fake_chain.reorg(1)
    handle(world, check)
    assert state_of(world, "transfers") == ["sent"]
    assert value(world, "SELECT mined_hash FROM transfers") is None
    assert list(world.fake_chain.sent.values()) == [1]
    assert_paid_once(world)


def test_a_failed_transaction_gives_the_money_back_and_asks_a_person(world: World) -> None:
    check = sent(world)
    held, gas = balance(world, "host_wallet"), balance(world, "gas_float")
    amount = int(value(world, "SELECT amount FROM transfers"))
    world.fake_chain.reverting.add(value(world, "SELECT destination FROM transfers"))
    world.fake_chain.mine(world.policy.confirmations)
    handle(world, check)
    world.run()
    assert state_of(world, "transfers") == ["reverted"]
    assert state_of(world, "payouts") == ["review"]
    assert ("transfer", "transfer_reverted") in reviews(world)
    assert balance(world, "host_wallet") == held + amount
    assert balance(world, "in_flight") == 0
    assert balance(world, "gas_float") < gas
    assert balance(world, "owner_payable") == -amount
    assert len(world.fake_chain.sent) == 1


def test_a_failed_transaction_is_judged_only_when_deep_enough(world: World) -> None:
    check = sent(world)
    world.fake_chain.reverting.add(value(world, "SELECT destination FROM transfers"))
    world.fake_chain.mine()
    handle(world, check)
    assert state_of(world, "transfers") == ["mined"]
    world.fake_chain.reverting.clear()
    world.fake_chain.reorg(1)
    assert_paid_once(world)


def test_a_foreign_transaction_on_our_nonce_freezes_the_wallet(world: World) -> None:
    """The transfer stays *sent*: no second nonce, no other bytes, before a person has looked."""
    world.fake_chain.hide_next(10**6)
    sent(world)
    world.fake_chain.spend_elsewhere(WALLET, 0)
    world.fake_chain.mine(10)
    tick(world)
    assert reviews(world) == {("wallet", "foreign_nonce")}
    assert value(world, "SELECT frozen_because FROM wallets") is not None
    for _ in range(5):
        world.tick()
        world.drain()
    assert state_of(world, "transfers") == ["sent"]
    assert value(world, "SELECT next_nonce FROM wallets") == 1
    assert len(world.fake_chain.sent) == len(world.signer.signed) == 1


def test_a_foreign_transaction_in_a_shallow_block_freezes_nothing(world: World) -> None:
    """It may still give the nonce free."""
    world.fake_chain.hide_next(10**6)
    sent(world)
    foreign = world.fake_chain.spend_elsewhere(WALLET, 0)
    world.fake_chain.mine()
    tick(world)
    assert reviews(world) == set()
    world.fake_chain.reorg(1, drop=True)
    world.fake_chain.forget(foreign)
    world.fake_chain.hide_next(0)
    world.fake_chain.release()
    assert_paid_once(world)


def test_a_node_that_is_down_for_hours_is_asked_again(world: World) -> None:
    sent(world)
    world.fake_chain.down = True
    for _ in range(4):
        tick(world, 3_600)
    assert state_of(world, "transfers") == ["sent"]
    world.fake_chain.down = False
    assert_paid_once(world)


def test_a_node_that_is_down_for_a_day_is_shown_to_a_person(world: World) -> None:
    """We keep asking, and the item closes itself once the transfer is settled."""
    sent(world)
    world.fake_chain.down = True
    for _ in range(26):
        tick(world, 3_600)
    assert ("transfer", "failing_for_a_day") in reviews(world)
    world.fake_chain.down = False
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert ("transfer", "failing_for_a_day") not in reviews(world)


@pytest.mark.parametrize("lag", [1, 3])
def test_a_node_that_lags_behind_makes_no_second_transaction(world: World, lag: int) -> None:
    have_patience(world)
    check = mined(world)
    world.fake_chain.lag = lag
    handle(world, check)
    for _ in range(3):
        tick(world)
    world.fake_chain.lag = 0
    assert_paid_once(world)


def test_a_node_that_lags_behind_for_long_pays_once(world: World) -> None:
    """What it does not see is taken for stuck; the dearer bytes find their nonce used."""
    check = mined(world)
    world.fake_chain.lag = 1
    handle(world, check)
    for _ in range(10):
        tick(world)
    assert len(world.fake_chain.sent) > 1
    world.fake_chain.lag = 0
    assert_paid_on_one_nonce(world)


def test_a_mined_transfer_wakes_those_that_wait_for_a_slot(world: World) -> None:
    """Without a tick, and long before it is deep enough: the check itself publishes them."""
    world.top_up()
    for number in range(1, 18):
        buy(world, world.open_shop(number), 6_100_000_000 + number)
    world.fake_chain.mine(3)
    tick(world)
    tick(world)
    [waiting] = column(world, "SELECT id FROM transfers WHERE state = 'authorized'")
    lowest = value(world, "SELECT id FROM transfers WHERE nonce = 0")
    world.fake_chain.mine(1)
    handle(world, TransferCheckDue(transfer_id=lowest))
    assert value(world, "SELECT state FROM transfers WHERE nonce = 0") == "mined"
    assert waiting in [one.event.entity_id for one in world.queue]
    world.drain()
    assert "authorized" not in state_of(world, "transfers")
    world.run()
