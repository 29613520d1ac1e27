"""A finished payment grants once and credits once, whatever arrives, however often."""

from datetime import timedelta
from random import Random

import pytest

from shared_lib.domain.payment import PaymentStatus
from shared_lib.usecases.confirm_payment import confirm_payment
from shared_lib.usecases.register_channel import NewTier
from tests.integration.usecases.support import (
    ANN,
    BEN,
    at_once,
    balance,
    buy,
    change,
    column,
    entity,
    go_on,
    handle,
    late_callback,
    report,
    said,
    state_of,
    stop_before,
    tick,
    twice_at_once,
    value,
)
from tests.world import START, World

RECEIVED, OWNER, FEE = 2_500_000_000_000_000, 2_125_000_000_000_000, 375_000_000_000_000
OTHER_STATUSES = [
    one.value
    for one in PaymentStatus
    if one not in (PaymentStatus.FINISHED, PaymentStatus.REFUNDED, PaymentStatus.REVIEW)
]


def assert_credited_once(world: World) -> None:
    """One grant of 30 days, one share, one invite, one posting."""
    assert column(world, "SELECT ends_at - starts_at FROM membership_periods") == [
        timedelta(days=30)
    ]
    assert column(world, "SELECT amount FROM shares") == [OWNER]
    assert value(world, "SELECT count(*) FROM invites") == 1
    finished = "SELECT count(*) FROM ledger_transactions WHERE kind = 'finished'"
    assert value(world, finished) == 1
    assert state_of(world, "orders") == ["paid"]


def days_of_access(world: World) -> int:
    """How many days from the start of time the only membership lasts."""
    ends_at = value(world, "SELECT access_ends_at FROM memberships")
    days: int = (ends_at - START) // timedelta(days=1)
    return days


# ---- once ----------------------------------------------------------------------------------------


def test_a_finished_payment_grants_access_and_credits_the_owner(world: World) -> None:
    buy(world, world.open_shop())
    handle(world, stop_before(world, "payment.updated"))
    assert_credited_once(world)
    assert balance(world, "provider_receivable") == RECEIVED
    assert balance(world, "owner_payable") == -OWNER
    assert balance(world, "platform_fee") == -FEE
    assert column(world, "SELECT state FROM shares") == ["expected"]
    assert {one.event.type for one in world.queue} >= {"invite.requested", "payment.check_due"}


def test_ten_repeated_deliveries_change_nothing(world: World) -> None:
    buy(world, world.open_shop())
    event = stop_before(world, "payment.updated")
    for _ in range(10):
        handle(world, event)
    assert_credited_once(world)


def test_three_deliveries_at_once_credit_once(world: World) -> None:
    buy(world, world.open_shop())
    twice_at_once(world, stop_before(world, "payment.updated"), times=3)
    assert_credited_once(world)


def test_the_same_callback_again_is_kept_and_is_no_news(world: World) -> None:
    payment_id = buy(world, world.open_shop())
    for _ in range(20):
        world.call_back(payment_id)
    assert value(world, "SELECT count(*) FROM payment_events") == 21
    assert [one.event.type for one in world.queue].count("payment.updated") == 1
    world.drain()
    assert_credited_once(world)


@pytest.mark.parametrize("seed", range(6))
def test_other_statuses_in_any_order_change_nothing(world: World, seed: int) -> None:
    """Callbacks arrive in any order, some before `finished` and some after it."""
    order = Random(seed).sample(OTHER_STATUSES, len(OTHER_STATUSES))
    cut = Random(seed).randrange(len(order) + 1)
    world.top_up()
    invoice = world.order(ANN, world.open_shop())
    payment_id = world.fake_provider.pay(invoice, "waiting")
    for status in order[:cut]:
        late_callback(world, payment_id, status)
        world.drain()
    go_on(
        world, payment_id, "finished", outcome_amount="0.0025", payout_hash=world.deposit("0.0025")
    )
    for status in order[cut:]:
        late_callback(world, payment_id, status)
        world.drain()
    world.run()
    assert_credited_once(world)
    assert state_of(world, "payouts") == ["settled"]


# ---- several payments ----------------------------------------------------------------------------


def test_two_payments_of_one_person_are_two_grants(world: World) -> None:
    shop = world.open_shop()
    buy(world, shop)
    world.drain()
    world.clock.pass_time(86_400)
    buy(world, shop)
    world.drain()
    assert days_of_access(world) == 60
    assert value(world, "SELECT count(*) FROM membership_periods") == 2
    assert value(world, "SELECT count(*) FROM shares") == 2


def test_two_people_are_two_memberships(world: World) -> None:
    shop = world.open_shop()
    for person in (ANN, BEN):
        buy(world, shop, person)
    world.drain()
    assert sorted(column(world, "SELECT telegram_user_id FROM memberships")) == [ANN, BEN]


def test_two_open_orders_paid_in_the_opposite_order_are_credited_each_to_its_own(
    world: World,
) -> None:
    shop = world.open_shop()
    short, long = world.order(ANN, shop, 0), world.order(ANN, shop, 1)
    world.finish(long, "0.005")
    world.drain()
    assert days_of_access(world) == 90
    paid = "SELECT days FROM orders WHERE state = 'paid'"
    assert column(world, paid) == [90]
    world.finish(short, "0.0025")
    world.drain()
    assert days_of_access(world) == 120
    rows = world.rows(
        "SELECT o.days, p.received FROM payments p JOIN orders o ON o.id = p.order_id"
    )
    assert {row["days"]: int(row["received"]) for row in rows} == {90: 2 * RECEIVED, 30: RECEIVED}


def test_two_renewals_at_the_same_moment_both_count(world: World) -> None:
    shop = world.open_shop()
    buy(world, shop)
    world.drain()
    for tier in (0, 1):
        buy(world, shop, tier=tier)
    events = [stop_before(world, "payment.updated") for _ in range(2)]
    first, second = (entity(event) for event in events)
    at_once(world, lambda: confirm_payment(world, first), lambda: confirm_payment(world, second))
    assert days_of_access(world) == 150
    assert value(world, "SELECT count(*) FROM membership_periods") == 3


def test_an_order_paid_twice_grants_twice_and_invites_once(world: World) -> None:
    invoice = world.order(ANN, world.open_shop())
    world.finish(invoice)
    world.drain()
    world.finish(invoice)
    world.drain()
    assert days_of_access(world) == 60
    assert value(world, "SELECT count(*) FROM invites") == 1
    assert len(world.invite_urls(ANN)) == 1
    assert "already inside" in said(world, ANN)[-1]


def test_a_tier_for_life_has_no_end(world: World) -> None:
    shop = world.open_shop(tiers=[NewTier(999, None), NewTier(1_999, 30)])
    buy(world, shop)
    world.drain()
    assert column(world, "SELECT access_ends_at FROM memberships") == [None]
    buy(world, shop, tier=1)
    world.drain()
    assert column(world, "SELECT access_ends_at FROM memberships") == [None]
    assert value(world, "SELECT count(*) FROM membership_periods") == 1
    assert value(world, "SELECT count(*) FROM shares") == 2


# ---- orders that ended ---------------------------------------------------------------------------


def test_a_late_payment_of_an_expired_order_gets_the_frozen_terms(world: World) -> None:
    invoice = world.order(ANN, world.open_shop())
    world.drain()
    tick(world, 8 * 86_400)
    assert state_of(world, "orders") == ["expired"]
    change(world, "UPDATE tiers SET days = 1, price_cents = 99999")
    world.finish(invoice)
    world.drain()
    assert_credited_once(world)


@pytest.mark.parametrize("status", ["expired", "failed"])
def test_a_payment_without_success_closes_the_order_and_tells_the_payer(
    world: World, status: str
) -> None:
    invoice = world.order(ANN, world.open_shop())
    report(world, invoice, status)
    world.drain()
    assert state_of(world, "orders") == ["closed"]
    assert "ended without success" in said(world, ANN)[-1]
    assert value(world, "SELECT count(*) FROM memberships") == 0

    world.finish(invoice)
    world.drain()
    assert_credited_once(world)


def test_a_failed_second_payment_leaves_a_paid_order_alone(world: World) -> None:
    invoice = world.order(ANN, world.open_shop())
    world.finish(invoice)
    world.drain()
    heard = len(said(world, ANN))
    report(world, invoice, "failed")
    world.drain()
    assert_credited_once(world)
    assert len(said(world, ANN)) == heard


# ---- fees ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bps", "fee"),
    [(0, 0), (250, RECEIVED // 40), (3_333, 833_250_000_000_000), (10_000, RECEIVED)],
)
def test_a_channels_own_fee_goes_before_the_deployments(world: World, bps: int, fee: int) -> None:
    world.top_up()
    shop = world.open_shop()
    change(world, f"UPDATE channels SET fee_bps = {bps}")
    buy(world, shop)
    world.run()
    assert column(world, "SELECT fee FROM payments") == [fee]
    assert balance(world, "platform_fee") == -fee
    assert world.fake_chain.balance(shop.destination).base_units == RECEIVED - fee
    assert value(world, "SELECT count(*) FROM membership_periods") == 1


def test_the_fee_is_rounded_up_to_a_whole_wei(world: World) -> None:
    buy(world, world.open_shop(), amount="0.002500000000000001")
    world.drain()
    assert column(world, "SELECT fee FROM payments") == [FEE + 1]
    assert column(world, "SELECT amount FROM shares") == [OWNER]
