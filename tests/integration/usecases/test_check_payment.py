"""Money moves only when the provider agrees and the deposit stands on the chain."""

from datetime import timedelta
from typing import Any

import pytest

from shared_lib.events import PaymentCheckDue
from shared_lib.ports import PermanentError, RetryableError
from tests.integration.usecases.support import (
    ANN,
    BEN,
    OTHER_ADDRESS,
    balance,
    break_down,
    buy,
    column,
    go_on,
    handle,
    repair,
    report,
    reviews,
    state_of,
    stop_before,
    tick,
    twice_at_once,
    value,
)
from tests.world import Shop, World

HOUR, DAY = 3_600, 86_400


def finished(world: World, shop: Shop, user_id: int = ANN, **fields: Any) -> str:
    """A finished payment, told to us and applied; the provider's payment id."""
    invoice = world.order(user_id, shop)
    payment_id = report(world, invoice, "finished", outcome_amount="0.0025", **fields)
    world.drain()
    return payment_id


def shares(world: World) -> list[str]:
    return state_of(world, "shares")


def check(world: World) -> PaymentCheckDue:
    """The event that has the only payment looked at."""
    return PaymentCheckDue(payment_id=value(world, "SELECT id FROM payments"))


def assert_settles(world: World) -> None:
    world.run()
    assert set(state_of(world, "payouts")) == {"settled"}
    assert balance(world, "provider_receivable") == 0
    assert reviews(world) == set()


# ---- the deposit ---------------------------------------------------------------------------------


def test_waits_for_a_transaction_hash(world: World, shop: Shop) -> None:
    payment_id = finished(world, shop)
    for _ in range(3):
        tick(world)
    assert shares(world) == ["expected"]
    tx_hash = world.deposit("0.0025")
    world.fake_provider.set_status(payment_id, "finished", payout_hash=tx_hash)
    assert_settles(world)
    assert value(world, "SELECT deposit_hash FROM payments") == tx_hash


def test_waits_for_the_deposit_to_be_mined(world: World, shop: Shop) -> None:
    finished(world, shop, payout_hash=world.fake_chain.pay(world.policy.host_wallet, 25 * 10**14))
    for _ in range(3):
        tick(world)
    assert shares(world) == ["expected"]
    assert_settles(world)


def test_waits_for_enough_confirmations(world: World, shop: Shop) -> None:
    finished(world, shop, payout_hash=world.deposit("0.0025"))
    for blocks in range(1, world.policy.confirmations):
        handle(world, check(world))
        assert (blocks, shares(world)) == (blocks, ["expected"])
        world.fake_chain.mine()
    handle(world, check(world))
    assert shares(world) == ["pending"]
    assert_settles(world)


@pytest.mark.parametrize("arrived", ["0.0024975", "0.0025025", "0.0025"])
def test_a_small_difference_is_kept_in_sight(world: World, shop: Shop, arrived: str) -> None:
    finished(world, shop, payout_hash=world.deposit(arrived))
    assert_settles(world)
    assert balance(world, "difference") == 25 * 10**14 - int(float(arrived) * 10**7) * 10**11


@pytest.mark.parametrize("arrived", ["0.002497499999999999", "0.002502500000000001", "0.00025"])
def test_a_large_difference_goes_to_review(world: World, shop: Shop, arrived: str) -> None:
    finished(world, shop, payout_hash=world.deposit(arrived))
    world.run()
    assert reviews(world) == {("payment", "deposit_differs")}
    assert shares(world) == ["expected"]
    assert balance(world, "host_wallet") == 0


def test_one_deposit_counts_for_one_payment(world: World, shop: Shop) -> None:
    tx_hash = world.deposit("0.0025")
    finished(world, shop, payout_hash=tx_hash)
    world.run()
    finished(world, shop, BEN, payout_hash=tx_hash)
    world.run()
    assert reviews(world) == {("payment", "deposit_counted_twice")}
    assert shares(world) == ["paid", "expected"]
    assert balance(world, "provider_receivable") == 25 * 10**14


def test_two_checks_at_once_count_the_deposit_once(world: World, shop: Shop) -> None:
    finished(world, shop, payout_hash=world.deposit("0.0025"))
    world.fake_chain.mine(3)
    twice_at_once(world, check(world), times=3)
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'deposit_seen'") == 1
    assert [one.event.type for one in world.queue].count("payout.requested") == 1
    assert_settles(world)


def test_a_transaction_that_paid_us_nothing_goes_to_review_after_a_day(
    world: World, shop: Shop
) -> None:
    """An internal transfer looks like this. Another hash may still come, and closes the item."""
    internal = world.fake_chain.pay(OTHER_ADDRESS, 25 * 10**14)
    payment_id = finished(world, shop, payout_hash=internal)
    world.fake_chain.mine(5)
    for _ in range(23):
        tick(world, HOUR)
    assert reviews(world) == set()
    for _ in range(3):
        tick(world, HOUR)
    assert ("payment", "failing_for_a_day") in reviews(world)
    assert shares(world) == ["expected"]
    tx_hash = world.deposit("0.0025")
    world.fake_provider.set_status(payment_id, "finished", payout_hash=tx_hash)
    assert_settles(world)


# ---- the provider --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome_amount": "0.0025000001"},
        {"outcome_amount": None},
        {"outcome_amount": "0.0000000000000000001"},
        {"order_id": "9f7f7a1e-0000-4000-8000-000000000000"},
        {"outcome_currency": "btc"},
        {"payment_status": "failed"},
        {"payment_id": 5_599_999_999},
    ],
    ids=lambda changed: "-".join(map(str, *changed.items())),
)
def test_a_provider_that_contradicts_its_callback_moves_no_money(
    world: World, shop: Shop, changed: dict[str, Any]
) -> None:
    payment_id = finished_without_check(world, shop)
    world.fake_provider.payments[payment_id].update(changed)
    world.run()
    assert reviews(world) == {("payment", "provider_disagrees")}
    assert shares(world) == ["expected"]
    assert state_of(world, "payouts") == []
    assert len(world.invite_urls(ANN)) == 1


def test_a_provider_whose_answers_lag_behind_its_callbacks_is_waited_for(
    world: World, shop: Shop
) -> None:
    payment_id = finished_without_check(world, shop)
    world.fake_provider.set_status(payment_id, "sending")
    for _ in range(5):
        tick(world)
    assert shares(world) == ["expected"]
    assert reviews(world) == set()
    world.fake_provider.set_status(payment_id, "finished")
    world.run()
    assert state_of(world, "payouts") == ["settled"]


def finished_without_check(world: World, shop: Shop) -> str:
    """Granted by the callback alone; the provider has not been asked yet."""
    payment_id = buy(world, shop)
    event = stop_before(world, "payment.updated")
    world.fake_chain.mine(3)
    handle(world, event)
    return payment_id


def test_a_refund_that_only_the_provider_knows_of_is_found(world: World, shop: Shop) -> None:
    payment_id = finished_without_check(world, shop)
    world.fake_provider.set_status(payment_id, "refunded")
    world.run()
    assert shares(world) == ["reversed"]
    assert reviews(world) == {("payment", "refunded_after_finish")}


@pytest.mark.parametrize("error", [RetryableError("503"), PermanentError("404")])
def test_a_provider_that_is_down_is_asked_for_a_day_and_longer(
    world: World, shop: Shop, error: RetryableError | PermanentError
) -> None:
    """Access does not wait for it. A person is told after a day; success closes the item."""
    payment_id = finished_without_check(world, shop)
    break_down(world.fake_provider, "payment", error)
    for _ in range(23):
        tick(world, HOUR)
    assert reviews(world) == set()
    assert len(world.invite_urls(ANN)) == 1
    for _ in range(6):
        tick(world, HOUR)
    assert ("payment", "failing_for_a_day") in reviews(world)
    asked = world.fake_provider.calls.count(("payment", payment_id))
    tick(world, 2 * HOUR)
    assert world.fake_provider.calls.count(("payment", payment_id)) == asked + 1
    repair(world.fake_provider)
    assert_settles(world)


def test_a_payment_under_way_closes_its_item_once_the_provider_answers(world: World) -> None:
    report(world, world.order(ANN, world.open_shop()), "confirming")
    world.drain()
    break_down(world.fake_provider, "payment", RetryableError("503"))
    for _ in range(28):
        tick(world, HOUR)
    assert reviews(world) == {("payment", "failing_for_a_day")}
    repair(world.fake_provider)
    tick(world, 2 * HOUR)
    assert reviews(world) == set()


def test_the_providers_wish_for_a_pause_is_honoured(world: World, shop: Shop) -> None:
    payment_id = finished_without_check(world, shop)
    world.fake_provider.fail_next("payment", RetryableError("429", after_seconds=1_800))
    world.drain()
    asked = world.fake_provider.calls.count(("payment", payment_id))
    for _ in range(29):
        tick(world)
    assert world.fake_provider.calls.count(("payment", payment_id)) == asked
    tick(world)
    assert world.fake_provider.calls.count(("payment", payment_id)) == asked + 1
    assert_settles(world)


def test_a_payment_whose_callback_was_lost_is_found_by_asking(world: World) -> None:
    world.top_up()
    payment_id = report(world, world.order(ANN, world.open_shop()), "waiting")
    world.drain()
    tx_hash = world.deposit("0.0025")
    world.fake_provider.set_status(
        payment_id, "finished", outcome_amount="0.0025", payout_hash=tx_hash
    )
    assert_settles(world)
    sources = column(world, "SELECT source FROM payment_events ORDER BY id")
    assert sources == ["callback", "poll"]


def test_a_stored_callback_whose_event_was_lost_is_applied(world: World) -> None:
    """Even while the provider does not answer: what it said already is enough."""
    buy(world, world.open_shop())
    world.queue.clear()
    break_down(world.fake_provider, "payment", RetryableError("503"))
    tick(world)
    assert state_of(world, "orders") == ["paid"]


def test_the_pause_doubles_up_to_an_hour(world: World) -> None:
    report(world, world.order(ANN, world.open_shop()), "waiting")
    world.drain()
    pauses = []
    for _ in range(8):
        world.clock.moment = value(world, "SELECT next_check_at FROM payments")
        handle(world, check(world))
        pause = value(world, "SELECT next_check_at FROM payments") - world.clock.now()
        pauses.append(pause // timedelta(seconds=1))
    assert pauses == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]


@pytest.mark.parametrize("status", ["expired", "failed", "refunded"])
def test_a_payment_that_ended_is_not_asked_about_any_more(world: World, status: str) -> None:
    report(world, world.order(ANN, world.open_shop()), status)
    world.drain()
    for _ in range(3):
        tick(world, DAY)
    assert not [call for call in world.fake_provider.calls if call[0] == "payment"]


def test_a_payment_without_a_word_for_eight_days_is_shown_to_a_person(world: World) -> None:
    payment_id = report(world, world.order(ANN, world.open_shop()), "waiting")
    world.drain()
    for _ in range(9):
        tick(world, DAY)
    assert reviews(world) == {("payment", "overdue")}
    go_on(world, payment_id, "expired")
    world.drain()
    assert column(world, "SELECT status FROM payments") == ["expired"]
