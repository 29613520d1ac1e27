"""Payments that no rule covers: they wait for a person, grant nothing and credit nothing."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.update import Greet
from shared_lib.domain.watch import watch
from shared_lib.ports import InvoiceRequest
from tests.integration.usecases.support import (
    ANN,
    balance,
    buy,
    change,
    column,
    go_on,
    handle,
    late_callback,
    report,
    reviews,
    said,
    state_of,
    stop_before,
    tick,
    value,
)
from tests.world import Shop, World

ABSENT_ORDER = "9f7f7a1e-0000-4000-8000-000000000000"
BAD_FINISHES: dict[str, tuple[dict[str, Any], str]] = {
    "an order that we do not know": ({"order_id": ABSENT_ORDER}, "unknown_order"),
    "an order id that is none": ({"order_id": "not-an-id'; --"}, "unknown_order"),
    "no order id": ({"order_id": None}, "unknown_order"),
    "a repeated deposit": ({"parent_payment_id": 5_500_000_099}, "repeated_deposit"),
    "another currency": ({"outcome_currency": "btc"}, "wrong_asset"),
    "no currency": ({"outcome_currency": None}, "wrong_asset"),
    "too many decimals": ({"outcome_amount": "0.0025000000000000001"}, "bad_amount"),
    "nothing received": ({"outcome_amount": "0"}, "bad_amount"),
    "a negative amount": ({"outcome_amount": "-0.0025"}, "bad_amount"),
    "no amount": ({"outcome_amount": None}, "bad_amount"),
}


def assert_nothing_granted(world: World) -> None:
    for table in ("memberships", "shares", "invites"):
        assert value(world, f"SELECT count(*) FROM {table}") == 0, table
    assert set(column(world, "SELECT kind FROM ledger_transactions")) <= {"top_up"}


@pytest.mark.parametrize("case", BAD_FINISHES)
def test_a_finished_payment_that_is_not_as_agreed_goes_to_review(world: World, case: str) -> None:
    fields, reason = BAD_FINISHES[case]
    invoice = world.order(ANN, world.open_shop())
    report(world, invoice, "finished", **{"outcome_amount": "0.0025", **fields})
    world.run()
    assert column(world, "SELECT status FROM payments") == ["review"]
    assert reviews(world) == {("payment", reason)}
    assert_nothing_granted(world)
    assert state_of(world, "orders") == ["open"]
    was_told = "A person is looking at it" in said(world, ANN)[-1]
    assert was_told == (reason != "unknown_order")


def test_a_payment_in_review_stays_there_whatever_is_reported(world: World) -> None:
    invoice = world.order(ANN, world.open_shop())
    payment_id = report(world, invoice, "finished", outcome_amount="0")
    world.drain()
    go_on(world, payment_id, "finished", outcome_amount="0.0025")
    go_on(world, payment_id, "refunded")
    world.run()
    assert column(world, "SELECT status FROM payments") == ["review"]
    assert_nothing_granted(world)


def test_a_payment_in_part_waits_for_a_person_and_may_still_finish(world: World) -> None:
    world.top_up()
    invoice = world.order(ANN, world.open_shop())
    payment_id = report(world, invoice, "partially_paid")
    world.drain()
    assert reviews(world) == {("payment", "paid_in_part")}
    assert "A person is looking at it" in said(world, ANN)[-1]
    assert_nothing_granted(world)
    assert state_of(world, "orders") == ["open"]
    go_on(
        world, payment_id, "finished", outcome_amount="0.0025", payout_hash=world.deposit("0.0025")
    )
    world.run()
    assert state_of(world, "orders") == ["paid"]
    assert state_of(world, "payouts") == ["settled"]
    assert len(world.invite_urls(ANN)) == 1


def test_an_unknown_status_is_kept_and_changes_nothing(world: World) -> None:
    invoice = world.order(ANN, world.open_shop())
    payment_id = report(world, invoice, "spinning")
    world.drain()
    assert column(world, "SELECT status FROM payments") == ["waiting"]
    assert value(world, "SELECT count(*) FROM payment_events") == 1
    assert_nothing_granted(world)
    go_on(
        world, payment_id, "finished", outcome_amount="0.0025", payout_hash=world.deposit("0.0025")
    )
    world.drain()
    assert state_of(world, "orders") == ["paid"]


def test_the_word_review_from_the_provider_is_an_unknown_status(world: World) -> None:
    """*review* is a state of ours; a callback cannot put a payment there."""
    report(world, world.order(ANN, world.open_shop()), "review")
    world.drain()
    assert column(world, "SELECT status FROM payments") == ["waiting"]


# ---- refunds -------------------------------------------------------------------------------------


def test_refunded_before_it_finished_ends_the_order(world: World) -> None:
    invoice = world.order(ANN, world.open_shop())
    payment_id = report(world, invoice, "confirming")
    world.drain()
    go_on(world, payment_id, "refunded")
    world.run()
    assert state_of(world, "orders") == ["closed"]
    assert_nothing_granted(world)
    late_callback(world, payment_id, "finished", outcome_amount="0.0025")
    world.run()
    assert_nothing_granted(world)


def refund(world: World, payment_id: str) -> None:
    """The provider refunds what had finished; the callback is applied."""
    go_on(world, payment_id, "refunded")
    handle(world, stop_before(world, "payment.updated"))


@pytest.mark.parametrize(
    ("before", "share"),
    [
        ("payment.check_due", "expected"),
        ("payout.requested", "pending"),
    ],
)
def test_a_refund_takes_an_unspent_share_back(world: World, before: str, share: str) -> None:
    world.top_up()
    payment_id = buy(world, world.open_shop())
    stop_before(world, before)
    assert column(world, "SELECT state FROM shares") == [share]
    refund(world, payment_id)
    assert column(world, "SELECT state FROM shares") == ["reversed"]
    assert balance(world, "owner_payable") == 0
    assert balance(world, "platform_fee") == 0
    assert reviews(world) == {("payment", "refunded_after_finish")}
    world.run()
    assert state_of(world, "payouts") == []
    assert value(world, "SELECT count(*) FROM membership_periods") == 1


def test_a_refund_stops_a_payout_that_is_not_signed_yet(world: World) -> None:
    """The share stays with its payout, and both wait for a person."""
    world.top_up()
    payment_id = buy(world, world.open_shop())
    event = stop_before(world, "transfer.requested")
    refund(world, payment_id)
    assert column(world, "SELECT state FROM shares") == ["locked"]
    assert reviews(world) == {("payment", "refunded_after_finish")}
    handle(world, event)
    world.run()
    assert state_of(world, "payouts") == ["review"]
    assert world.fake_chain.sent == {}
    assert ("transfer", "transfer_refused") in reviews(world)


def test_a_refund_leaves_a_paid_share_alone(world: World) -> None:
    world.top_up()
    payment_id = buy(world, world.open_shop())
    world.run()
    refund(world, payment_id)
    world.run()
    assert column(world, "SELECT state FROM shares") == ["paid"]
    assert reviews(world) == {("payment", "refunded_after_finish")}
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'reversed'") == 0


def test_a_refund_where_all_was_fee_is_taken_back_too(world: World) -> None:
    """There is no share then, and the ledger must still say that the money is gone."""
    world.top_up()
    shop = world.open_shop()
    change(world, "UPDATE channels SET fee_bps = 10000")
    payment_id = buy(world, shop)
    stop_before(world, "payment.check_due")
    refund(world, payment_id)
    assert balance(world, "platform_fee") == 0
    assert balance(world, "provider_receivable") == 0


def test_a_refund_reported_twice_is_booked_once(world: World) -> None:
    world.top_up()
    payment_id = buy(world, world.open_shop())
    stop_before(world, "payment.check_due")
    refund(world, payment_id)
    late_callback(world, payment_id, "refunded", outcome_amount="0.0025", purchase_id="9")
    tick(world)
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'reversed'") == 1


# ---- donations -----------------------------------------------------------------------------------


def test_a_donation_credits_the_owner_and_grants_nothing(world: World) -> None:
    world.top_up()
    shop = world.open_shop()
    world.finish(donation(world, shop))
    world.run()
    assert value(world, "SELECT count(*) FROM memberships") == 0
    assert value(world, "SELECT count(*) FROM invites") == 0
    assert state_of(world, "orders") == ["paid"]
    assert state_of(world, "payouts") == ["settled"]


def donation(world: World, shop: Shop) -> str:
    """An open order of the kind `donation`, and its invoice's id."""
    world.update(ANN, Greet())
    now = world.clock.now()
    lifetime = timedelta(days=7)
    order = Order(
        id=uuid4(),
        kind=OrderKind.DONATION,
        channel_id=shop.channel_id,
        tier_id=None,
        telegram_user_id=ANN,
        price_cents=1_500,
        days=None,
        state=OrderState.OPEN,
        created_at=now,
        watch=watch(now, wait_seconds=lifetime.total_seconds(), deadline=lifetime),
    )
    with world.real_database.transaction() as tx:
        assert tx.orders.add(order)
    page = "https://example.com/pay"
    request = InvoiceRequest(order.id, order.price_cents, "A donation", page, page, page, page)
    return world.fake_provider.create_invoice(request).id
