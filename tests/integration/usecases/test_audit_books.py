"""The daily audit: silent while money moves as it should, loud about what is not explained."""

from collections.abc import Callable
from itertools import count

import pytest

from shared_lib.domain.money import USDT
from shared_lib.domain.offer import PayoutTarget
from shared_lib.usecases.audit_books import audit_books
from shared_lib.usecases.record_top_up import record_top_up
from tests.fakes.chain import USDT_CONTRACT, WALLET
from tests.integration.usecases.support import (
    ANN,
    BEN,
    buy,
    calm,
    change,
    column,
    handle,
    have_patience,
    leave,
    reviews,
    sent,
    spike,
    stop_before,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN
from tests.world import CONFIRMATIONS, World

_SLOTS = count(1)
_ETHER = 10**18
WALLET_DIFFERS = {("wallet", "books_differ")}


@pytest.fixture
def world(world: World) -> World:
    """A wallet with gas money, in a deployment that knows USDT."""
    world.set_policy(usdt_contract=USDT_CONTRACT)
    world.top_up()
    return world


def audit(world: World) -> list[str]:
    return audit_books(world, next(_SLOTS))


EVENTS = [
    "payment.updated",
    "payment.check_due",
    "payout.requested",
    "transfer.requested",
    "transfer.authorized",
    "transfer.check_due",
]


@pytest.mark.parametrize("event_type", EVENTS)
def test_money_on_its_way_is_explained_at_every_stage(world: World, event_type: str) -> None:
    """Announced, arrived and not booked, signed, mined and not deep enough."""
    buy(world, world.open_shop())
    event = stop_before(world, event_type)
    assert audit(world) == []
    world.fake_chain.mine()
    assert audit(world) == []
    world.fake_chain.mine(CONFIRMATIONS)
    assert audit(world) == []
    world.deliver(event)
    assert audit(world) == []
    world.run()
    assert audit(world) == []
    assert reviews(world) == set()


def test_a_transfer_that_failed_moved_nothing(world: World) -> None:
    """Mined, and neither final nor booked back: the money is still here."""
    shop = world.open_shop()
    buy(world, shop)
    stop_before(world, "transfer.check_due")
    world.fake_chain.reverting.add(shop.destination)
    world.fake_chain.mine()
    assert audit(world) == []
    world.fake_chain.mine(CONFIRMATIONS)
    assert audit(world) == []
    for _ in range(5):
        world.tick()
        world.drain()
    assert audit(world) == []
    assert reviews(world) == {("transfer", "transfer_reverted")}


def test_a_cancel_that_is_mined_moved_nothing(world: World) -> None:
    have_patience(world)
    check = sent(world, target=BITCOIN)
    spike(world)
    leave(world, world.policy.swap_cancel_seconds - 1)
    handle(world, check)
    handle(world, stop_before(world, "transfer.authorized"))
    calm(world)
    world.fake_chain.mine()
    assert column(world, "SELECT kind FROM transfer_attempts ORDER BY created_at") == [
        "send",
        "cancel",
    ]
    assert audit(world) == []
    world.run()
    assert audit(world) == []


def _direct(world: World) -> None:
    buy(world, world.open_shop())


def _swapped(world: World) -> None:
    buy(world, world.open_shop(target=BITCOIN))


def _collected(world: World) -> None:
    target = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)
    shop = world.open_shop(target=target, threshold_cents=2_000)
    for buyer in range(3):
        buy(world, shop, ANN + buyer)


def _in_parts(world: World) -> None:
    """A part and its rest, and a part that nobody completes."""
    shop = world.open_shop()
    for buyer in (ANN, BEN):
        world.pay_part(world.order(buyer, shop))
        world.drain()
    world.finish(max(world.fake_provider.invoices), "0.001")


@pytest.mark.parametrize("play", [_direct, _swapped, _collected, _in_parts])
def test_an_audit_after_every_delivery_finds_nothing(
    world: World, play: Callable[[World], None]
) -> None:
    play(world)
    for _ in range(30):
        while world.step():
            assert audit(world) == []
        world.tick()
        assert audit(world) == []
    assert reviews(world) == set()


def test_what_somebody_took_is_shown_until_it_is_made_good(world: World) -> None:
    held = world.fake_chain.held(WALLET)
    world.fake_chain.spend_elsewhere(WALLET, 0)
    world.fake_chain.mine(CONFIRMATIONS)
    [problem] = audit(world)
    assert problem.startswith("the wallet has ")
    assert problem.endswith(" ETH less than the books explain")
    assert reviews(world) == WALLET_DIFFERS
    assert column(world, "SELECT evidence ->> 'fact_1' FROM review_items") == [problem]
    world.fake_chain.pay(WALLET, held - world.fake_chain.held(WALLET))
    world.fake_chain.mine()
    assert audit(world) == []
    assert reviews(world) == set()


def test_money_that_nobody_announced_is_shown_until_it_is_booked(world: World) -> None:
    tx_hash = world.fake_chain.pay(WALLET, _ETHER)
    world.fake_chain.mine(CONFIRMATIONS)
    assert audit(world) == ["the wallet has 1 ETH more than the books explain"]
    record_top_up(world, tx_hash, "operator")
    assert audit(world) == []
    assert reviews(world) == set()


def test_tokens_that_nobody_announced_are_shown_too(world: World) -> None:
    world.fake_chain.pay(WALLET, 2_500_000, USDT)
    world.fake_chain.mine()
    assert audit(world) == ["the wallet has 2.5 USDT more than the books explain"]
    world.rows("UPDATE review_items SET closed_at = now()")
    world.fake_chain._blocks[-1].accounts.balances[USDT_CONTRACT, WALLET.lower()] -= 2_500_000  # type: ignore[index]


def test_more_is_shown_once_no_payment_is_under_way(world: World) -> None:
    """Until then it may be the deposit of one that nobody has reported."""
    buy(world, world.open_shop())
    stop_before(world, "payment.check_due")
    tx_hash = world.fake_chain.pay(WALLET, _ETHER)
    world.fake_chain.mine(CONFIRMATIONS)
    assert audit(world) == []
    for _ in range(10):
        world.tick()
        world.drain()
    assert audit(world) == ["the wallet has 1 ETH more than the books explain"]
    record_top_up(world, tx_hash, "operator")
    assert audit(world) == []


def test_books_that_contradict_themselves_are_shown(world: World) -> None:
    buy(world, world.open_shop())
    stop_before(world, "payout.requested")
    channel = value(world, "SELECT id FROM channels")
    change(world, "UPDATE shares SET amount = amount + 1")
    assert audit(world) == [f"shares are not what is owed to channel {channel}"]
    change(world, "UPDATE shares SET amount = amount - 1")
    assert audit(world) == []


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            "UPDATE payments SET received = received + 1",
            "what the provider owes is not what it has announced in eth:eth",
        ),
        (
            "UPDATE payer_credits SET amount = amount + 1",
            "what payers have with us is not what is owed to them in eth:eth",
        ),
    ],
)
def test_payments_that_contradict_the_books_are_shown(world: World, sql: str, problem: str) -> None:
    """Before their deposits are seen, so that the provider still owes all of it."""
    shop = world.open_shop()
    world.pay_part(world.order(BEN, shop), arrives=False)
    invoice = world.order(ANN, shop)
    world.call_back(world.fake_provider.pay(invoice, "finished", outcome_amount="0.0025"))
    world.drain()
    assert audit(world) == []
    change(world, sql)
    assert problem in audit(world)
    change(world, sql.replace("+", "-"))
    assert audit(world) == []


def test_a_balance_that_moves_while_we_look_is_not_shown(world: World) -> None:
    """Two looks that differ from each other prove nothing."""
    true = world.fake_chain.balance
    seen = count(1)

    def moving(address: str, asset: object = None) -> object:
        balance = true(address) if asset is None else true(address, asset)  # type: ignore[arg-type]
        return type(balance)(balance.base_units + next(seen), balance.asset)

    world.fake_chain.balance = moving  # type: ignore[assignment,method-assign]
    assert audit(world) == []
    world.fake_chain.balance = true  # type: ignore[method-assign]


def test_a_node_that_is_down_is_no_difference(world: World) -> None:
    world.fake_chain.down = True
    [problem] = audit(world)
    assert problem.startswith("the wallet was not compared: ")
    world.fake_chain.down = False
    assert reviews(world) == set()


def test_a_tick_that_comes_twice_shows_one_item(world: World) -> None:
    world.fake_chain.pay(WALLET, _ETHER)
    world.fake_chain.mine(CONFIRMATIONS)
    slot = next(_SLOTS)
    assert len(audit_books(world, slot)) == len(audit_books(world, slot)) == 1
    assert value(world, "SELECT count(*) FROM review_items") == 1
    assert value(world, "SELECT count(*) FROM ticks WHERE name = 'audit_books'") == 1
    buy(world, world.open_shop(), BEN)
    stop_before(world, "payment.check_due")
