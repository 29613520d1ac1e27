"""Payments of less than the price: kept for their payer, topped up, turned into days, or refunded.

The first tier costs 9.99 USD and has 30 days.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator
from shared_lib.domain.update import AskRefund, AskStatus
from shared_lib.ports import PermanentError, RetryableError
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.refund_payment import refund_payment
from shared_lib.usecases.release_credit import release_credit
from tests.integration.usecases.support import (
    ANN,
    BEN,
    account_of,
    balance,
    column,
    lengths,
    reviews,
    said,
    state_of,
    value,
)
from tests.invariants import assert_sound, fee_violations
from tests.world import Shop, World

PARENT = 5_500_000_099
BY = Operator("Olga", "the payer asked for it")
PROOF = Evidence("0x" + "ab" * 32)
# What arrives of a payment of six tenths, and of the other four.
SIX_TENTHS, FOUR_TENTHS = "0.0015", "0.001"
DAY = 86_400


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def pass_days(world: World, days: float) -> None:
    """Days in which nothing but the ticks happens."""
    world.clock.pass_time(days * DAY)
    for _ in range(60):
        world.drain()
        world.tick()


def settle(world: World) -> None:
    """Everything that can go on now does."""
    for _ in range(40):
        world.drain()
        world.tick()


def rest_of(world: World, user_id: int) -> str:
    """The invoice for the rest, as the newest message shows it."""
    url = next(
        button.url
        for message in reversed(world.fake_messenger.messages_to(user_id))
        for button in message.buttons
        if button.url and "iid=" in button.url and "missing" in button.label
    )
    return url.rsplit("=", 1)[1]


def payment_of(world: World, provider_id: str) -> UUID:
    found: UUID = value(
        world, f"SELECT id FROM payments WHERE provider_payment_id = '{provider_id}'"
    )
    return found


def credits_of(world: World) -> list[str]:
    return column(world, "SELECT state FROM payer_credits ORDER BY created_at, id")


def part_messages(world: World, user_id: int) -> list[str]:
    return [text for text in said(world, user_id) if "Less than the price" in text]


# ---- kept, and told ------------------------------------------------------------------------------


def test_a_part_is_kept_for_its_payer_who_is_told_what_is_missing(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    assert credits_of(world) == ["open"]
    [text] = part_messages(world, ANN)
    assert "$4.00 of $9.99 are missing" in text.replace("<b>", "").replace("</b>", "")
    assert "until 8 November 2026" in text
    assert "17 days" in text  # 5.99 of 9.99 USD
    assert "/refund" in text
    request = world.fake_provider.invoices[rest_of(world, ANN)]
    assert request.price_cents == 400
    assert balance(world, "payer_credit") == -1_500_000_000_000_000
    assert balance(world, "host_wallet") == 1_500_000_000_000_000
    assert column(world, "SELECT state FROM shares") == lengths(world) == []
    assert world.invite_urls(ANN) == []
    assert reviews(world) == set()
    assert_sound(world)


def test_it_is_told_once_however_often_it_is_reported(world: World, shop: Shop) -> None:
    payment = world.pay_part(world.order(ANN, shop))
    for _ in range(3):
        world.call_back(payment)
        settle(world)
    assert len(part_messages(world, ANN)) == 1
    assert len(world.fake_provider.invoices) == 2
    assert credits_of(world) == ["open"]


def test_the_offer_leads_to_the_rest(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    assert world.order(ANN, shop) == rest_of(world, ANN)
    settle(world)
    assert "$4.00" in said(world, ANN)[-1]


def test_an_invoice_that_cannot_be_had_now_is_asked_for_again(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    world.fake_provider.fail_next("create_invoice", RetryableError("down"))
    world.pay_part(invoice)
    settle(world)
    assert len(part_messages(world, ANN)) == 1
    assert_sound(world)


# ---- topped up -----------------------------------------------------------------------------------


def test_the_rest_brings_what_was_ordered(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    world.finish(rest_of(world, ANN), FOUR_TENTHS)
    world.run()
    assert lengths(world) == [30]
    assert credits_of(world) == ["used"]
    assert state_of(world, "shares") == ["paid", "paid"]
    assert state_of(world, "orders") == ["paid", "paid"]
    assert len(world.invite_urls(ANN)) == 1
    assert balance(world, "payer_credit") == 0
    assert balance(world, "paid_out") == -2_125_000_000_000_000  # 85 % of all that came
    assert fee_violations(world) == []
    assert reviews(world) == set()
    assert_sound(world)


def test_the_rest_of_access_for_life_brings_it_with_one_invite(world: World, shop: Shop) -> None:
    world.rows("UPDATE tiers SET days = NULL")
    world.pay_part(world.order(ANN, shop))
    settle(world)
    world.finish(rest_of(world, ANN), FOUR_TENTHS)
    world.run()
    assert column(world, "SELECT access_ends_at FROM memberships") == [None]
    assert value(world, "SELECT count(*) FROM invites") == 1
    assert credits_of(world) == ["used"]
    assert_sound(world)


def test_another_part_for_a_rest_that_is_paid_invites_no_second_time(
    world: World, shop: Shop
) -> None:
    """The invite that is there is of the order for the rest, and not of the first one."""
    world.pay_part(world.order(ANN, shop))
    settle(world)
    rest = rest_of(world, ANN)
    world.finish(rest, FOUR_TENTHS)
    settle(world)
    world.pay_part(rest, "0.6", "0.0006")
    settle(world)
    world.rows("UPDATE payer_credits SET payable_until = payable_until - interval '8 days'")
    settle(world)
    assert len(lengths(world)) == 2
    assert credits_of(world) == ["used", "used"]
    assert value(world, "SELECT count(*) FROM invites") == 1
    assert_sound(world)


def test_a_rest_that_is_on_its_way_when_the_week_ends_is_waited_for(
    world: World, shop: Shop
) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    paid = world.fake_provider.pay(rest_of(world, ANN), "confirming", outcome_amount=FOUR_TENTHS)
    world.call_back(paid)
    pass_days(world, 7.1)
    assert credits_of(world) == ["open"]
    world.fake_provider.set_status(paid, "finished", payout_hash=world.deposit(FOUR_TENTHS))
    world.call_back(paid)
    world.run()
    assert lengths(world) == [30]
    assert_sound(world)


def test_the_rest_can_come_in_parts(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    world.pay_part(rest_of(world, ANN), "0.5", "0.0005")
    settle(world)
    assert world.fake_provider.invoices[rest_of(world, ANN)].price_cents == 200
    world.finish(rest_of(world, ANN), "0.0005")
    settle(world)
    assert lengths(world) == [30]
    assert credits_of(world) == ["used", "used"]
    assert balance(world, "payer_credit") == 0
    assert_sound(world)


def test_more_than_the_rest_brings_days(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    world.finish(rest_of(world, ANN), "0.002", pay_amount="1", actually_paid="2")
    world.run()
    assert lengths(world) == [42]  # (5.99 + 8.00) / 9.99 of 30
    assert_sound(world)


def test_the_rest_counts_before_the_parts_own_deposit_is_seen(world: World, shop: Shop) -> None:
    payment = world.pay_part(world.order(ANN, shop), arrives=False)
    settle(world)
    world.finish(rest_of(world, ANN), FOUR_TENTHS)
    settle(world)
    assert lengths(world) == [30]
    world.fake_provider.set_status(payment, "partially_paid", payout_hash=world.deposit(SIX_TENTHS))
    world.run()
    assert state_of(world, "shares") == ["paid", "paid"]
    assert_sound(world)


def test_a_payment_of_the_first_invoice_counts_with_the_part(world: World, shop: Shop) -> None:
    """The payer did not follow the message, and paid the whole price again."""
    invoice = world.order(ANN, shop)
    world.pay_part(invoice)
    settle(world)
    world.finish(invoice)
    world.run()
    assert lengths(world) == [47]
    assert credits_of(world) == ["used"]
    assert sorted(state_of(world, "orders")) == ["closed", "paid"]
    assert_sound(world)


def test_a_part_that_the_provider_takes_for_the_whole_is_the_whole(
    world: World, shop: Shop
) -> None:
    """Someone at the provider's dashboard says so, by hand."""
    payment = world.pay_part(world.order(ANN, shop))
    settle(world)
    world.fake_provider.set_status(payment, "finished")
    world.call_back(payment)
    world.run()
    assert lengths(world) == [30]
    assert credits_of(world) == ["used"]
    assert sorted(state_of(world, "orders")) == ["closed", "paid"]
    assert_sound(world)


def test_other_money_than_before_for_the_whole_needs_a_person(world: World, shop: Shop) -> None:
    payment = world.pay_part(world.order(ANN, shop))
    settle(world)
    world.fake_provider.set_status(payment, "finished", outcome_amount="0.0025")
    world.call_back(payment)
    settle(world)
    assert reviews(world) == {("payment", "provider_disagrees")}
    assert lengths(world) == []
    assert_sound(world)


def test_money_worth_far_more_than_its_part_needs_a_person(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop), "0.01", SIX_TENTHS)
    settle(world)
    assert reviews(world) == {("payment", "notional_too_high")}
    pass_days(world, 9)
    assert lengths(world) == []
    assert_sound(world)


# ---- turned into days ----------------------------------------------------------------------------


def test_after_a_week_a_part_becomes_days(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    pass_days(world, 6.5)
    assert lengths(world) == []
    pass_days(world, 0.6)
    world.run()
    assert lengths(world) == [17]
    assert credits_of(world) == ["used"]
    assert state_of(world, "shares") == ["paid"]
    assert len(world.invite_urls(ANN)) == 1
    assert any("you get: 17 days" in text for text in said(world, ANN))
    assert world.rows("SELECT id FROM orders WHERE state = 'open'") == []
    assert fee_violations(world) == []
    assert reviews(world) == set()
    assert_sound(world)


def test_the_rest_of_what_became_days_brings_its_own(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    rest = rest_of(world, ANN)
    pass_days(world, 8)
    world.finish(rest, FOUR_TENTHS)
    world.run()
    assert lengths(world) == [17, 12]
    assert_sound(world)


def test_a_rest_that_the_provider_does_not_take_becomes_days_at_once(
    world: World, shop: Shop
) -> None:
    invoice = world.order(ANN, shop)
    world.fake_provider.fail_next("create_invoice", PermanentError("AMOUNT_MINIMAL_ERROR"))
    world.pay_part(invoice, "0.99", "0.0024")
    world.run()
    assert lengths(world) == [29]
    assert part_messages(world, ANN) == []
    assert_sound(world)


@pytest.mark.parametrize(
    ("paid", "amount", "for_life"), [("0.01", "0.000025", False), ("0.6", SIX_TENTHS, True)]
)
def test_what_buys_no_day_waits_for_a_person(
    world: World, shop: Shop, paid: str, amount: str, for_life: bool
) -> None:
    if for_life:
        world.rows("UPDATE tiers SET days = NULL")
    world.pay_part(world.order(ANN, shop), paid, amount)
    settle(world)
    pass_days(world, 8)
    assert credits_of(world) == ["to_refund"]
    assert reviews(world) == {("payment", "paid_in_part")}
    assert lengths(world) == []
    world.run()
    assert_sound(world)


# ---- a second deposit ----------------------------------------------------------------------------


def test_a_second_deposit_of_less_is_kept_and_can_become_a_period(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    world.finish(invoice)
    world.run()
    world.pay_part(invoice, status="finished", parent_payment_id=PARENT)
    settle(world)
    assert credits_of(world) == ["open"]
    assert any("which is paid" in text for text in said(world, ANN))
    world.finish(rest_of(world, ANN), FOUR_TENTHS)
    world.run()
    assert lengths(world) == [30, 30]
    assert_sound(world)


def test_second_deposits_that_reach_the_price_are_a_period(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    world.finish(invoice)
    world.run()
    for _ in range(2):
        world.pay_part(invoice, parent_payment_id=PARENT)
        settle(world)
    world.run()
    assert lengths(world) == [30, 35]  # twice 5.99 of 9.99 USD
    assert credits_of(world) == ["used"]
    assert world.rows("SELECT id FROM orders WHERE state = 'open'") == []
    assert_sound(world)


# ---- refunds -------------------------------------------------------------------------------------


def ask_refund(world: World, user_id: int) -> None:
    order = value(world, "SELECT order_id FROM payer_credits LIMIT 1")
    world.update(user_id, AskRefund(order))
    settle(world)


def test_a_payer_can_ask_for_a_refund_which_an_operator_proves(world: World, shop: Shop) -> None:
    payment = payment_of(world, world.pay_part(world.order(ANN, shop)))
    settle(world)
    ask_refund(world, ANN)
    assert credits_of(world) == ["to_refund"]
    assert reviews(world) == {("payment", "paid_in_part")}
    assert any("An operator sees to it" in text for text in said(world, ANN))
    pass_days(world, 9)
    assert lengths(world) == []  # it does not become days
    for _ in range(2):
        assert refund_payment(world, payment, PROOF, BY).base_units == 1_500_000_000_000_000
    world.run()
    assert credits_of(world) == ["refunded"]
    assert [text for text in said(world, ANN) if PROOF.text in text] != []
    assert balance(world, "payer_credit") == 0
    assert reviews(world) == set()
    [entry] = world.rows("SELECT actor, detail FROM audit_log WHERE action = 'refund_payment'")
    assert entry["actor"] == "Olga"
    assert entry["detail"]["evidence"] == PROOF.text
    assert_sound(world)


def test_what_was_given_back_is_not_bought_with(world: World, shop: Shop) -> None:
    """After it somebody says at the provider that it is paid."""
    payment = world.pay_part(world.order(ANN, shop))
    settle(world)
    refund_payment(world, payment_of(world, payment), PROOF, BY)
    world.fake_provider.set_status(payment, "finished")
    world.call_back(payment)
    settle(world)
    assert reviews(world) == {("payment", "provider_disagrees")}
    assert lengths(world) == []
    assert_sound(world)


def test_nobody_else_can_ask_for_it(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    world.fake_messenger.add_person(BEN)
    ask_refund(world, BEN)
    world.update(BEN, AskRefund(None))
    settle(world)
    assert credits_of(world) == ["open"]
    assert sum("nothing of yours" in text for text in said(world, BEN)) == 2


def test_who_asked_for_a_refund_and_pays_the_rest_gets_access(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    rest = rest_of(world, ANN)
    ask_refund(world, ANN)
    world.finish(rest, FOUR_TENTHS)
    world.run()
    assert lengths(world) == [30]
    assert reviews(world) == set()
    assert_sound(world)


def test_money_that_has_not_arrived_is_not_refunded(world: World, shop: Shop) -> None:
    payment = world.pay_part(world.order(ANN, shop), arrives=False)
    settle(world)
    with pytest.raises(ActionRefusedError, match="has not arrived"):
        refund_payment(world, payment_of(world, payment), PROOF, BY)


def test_what_was_used_is_not_refunded(world: World, shop: Shop) -> None:
    payment = payment_of(world, world.pay_part(world.order(ANN, shop)))
    settle(world)
    world.finish(rest_of(world, ANN), FOUR_TENTHS)
    world.run()
    for refused in (payment, UUID(int=7)):
        with pytest.raises(ActionRefusedError):
            refund_payment(world, refused, PROOF, BY)
        with pytest.raises(ActionRefusedError):
            release_credit(world, refused, BY)
    with pytest.raises(ActionRefusedError, match="evidence"):
        Evidence("short")


def test_an_operator_can_give_the_days_instead(world: World, shop: Shop) -> None:
    payment = payment_of(world, world.pay_part(world.order(ANN, shop)))
    settle(world)
    ask_refund(world, ANN)
    release_credit(world, payment, BY)
    pass_days(world, 0)
    world.run()
    assert lengths(world) == [17]
    assert reviews(world) == set()
    assert_sound(world)


def test_what_the_provider_gave_back_before_it_came_is_nobodys(world: World, shop: Shop) -> None:
    payment = world.pay_part(world.order(ANN, shop), arrives=False)
    settle(world)
    world.fake_provider.set_status(payment, "refunded")
    world.call_back(payment)
    world.run()
    assert credits_of(world) == ["withdrawn"]
    assert balance(world, "payer_credit") == balance(world, "provider_receivable") == 0
    assert world.rows("SELECT id FROM orders WHERE state = 'open'") == []
    assert_sound(world)


def test_what_stands_in_the_wallet_was_not_given_back(world: World, shop: Shop) -> None:
    payment = world.pay_part(world.order(ANN, shop))
    settle(world)
    world.fake_provider.set_status(payment, "refunded")
    world.call_back(payment)
    world.run()
    assert credits_of(world) == ["to_refund"]
    assert reviews(world) == {("payment", "paid_in_part")}
    assert_sound(world)


# ---- blocked -------------------------------------------------------------------------------------


def test_the_part_of_somebody_blocked_waits_for_a_refund(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    change_access(world, account_of(world, shop), shop.channel_id, ANN, AccessChange.BLOCK)
    pass_days(world, 8)
    assert credits_of(world) == ["to_refund"]
    assert reviews(world) == {("payment", "payer_blocked")}
    assert lengths(world) == []
    assert_sound(world)


def test_the_orders_status_says_that_a_part_came(world: World, shop: Shop) -> None:
    world.pay_part(world.order(ANN, shop))
    settle(world)
    world.update(ANN, AskStatus(value(world, "SELECT order_id FROM payer_credits")))
    settle(world)
    assert "A part of the price came" in said(world, ANN)[-1]
    assert timedelta(days=7) == world.policy.credit_lifetime
