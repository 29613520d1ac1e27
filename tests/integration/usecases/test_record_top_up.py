"""Gas money is booked once, and only what really came."""

from contextlib import closing

import pytest

from shared_lib.adapters.postgres.database import Connect
from shared_lib.ports import RetryableError
from shared_lib.usecases.record_top_up import TopUpRefusedError, record_top_up
from tests.integration.usecases.support import (
    OTHER_ADDRESS,
    balance,
    buy,
    column,
    reviews,
    state_of,
    value,
)
from tests.world import ETHER, Shop, World


def test_a_top_up_is_booked_once(world: World) -> None:
    tx_hash = world.fake_chain.pay(world.policy.host_wallet, ETHER)
    world.fake_chain.mine(3)
    for _ in range(3):
        assert record_top_up(world, tx_hash, "operator").base_units == ETHER
    assert balance(world, "gas_float") == ETHER
    assert balance(world, "capital") == -ETHER
    assert column(world, "SELECT actor FROM audit_log") == ["operator"]


def refused(world: World, tx_hash: str) -> str:
    before = value(world, "SELECT count(*) FROM ledger_transactions")
    with pytest.raises(TopUpRefusedError) as error:
        record_top_up(world, tx_hash, "operator")
    assert value(world, "SELECT count(*) FROM ledger_transactions") == before
    return str(error.value)


def test_a_transaction_that_is_not_mined_is_refused(world: World) -> None:
    assert "not mined" in refused(world, "0x" + "ab" * 32)


def test_a_top_up_needs_its_confirmations(world: World) -> None:
    tx_hash = world.fake_chain.pay(world.policy.host_wallet, ETHER)
    world.fake_chain.mine(2)
    assert "not confirmed" in refused(world, tx_hash)
    world.fake_chain.mine()
    record_top_up(world, tx_hash, "operator")


def test_a_payment_to_somebody_else_is_refused(world: World) -> None:
    tx_hash = world.fake_chain.pay(OTHER_ADDRESS, ETHER)
    world.fake_chain.mine(3)
    assert "paid nothing" in refused(world, tx_hash)


def test_the_deposit_of_a_payment_is_no_top_up(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.run()
    tx_hash = value(world, "SELECT deposit_hash FROM payments")
    assert "booked as a deposit or a refund" in refused(world, tx_hash)


def test_a_top_up_is_no_deposit_of_a_payment(connect: Connect) -> None:
    """Somebody booked a deposit as gas money by mistake: it must not count a second time."""
    with closing(World(connect)) as world:
        payment_id = buy(world, world.open_shop())
        tx_hash = str(world.fake_provider.payments[payment_id]["payout_hash"])
        world.fake_chain.mine(3)
        record_top_up(world, tx_hash, "operator")
        for _ in range(3):
            world.tick()
            world.drain()
        assert state_of(world, "shares") == ["expected"]
        assert reviews(world) == {("payment", "deposit_counted_twice")}


def test_a_node_that_is_down_books_nothing(world: World) -> None:
    world.fake_chain.down = True
    with pytest.raises(RetryableError):
        record_top_up(world, "0x" + "ab" * 32, "operator")
    world.fake_chain.down = False
    assert balance(world, "gas_float") == 0
