"""What a subscriber lives through, from the offer to the paid owner."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rfc3986 import uri_reference
from rfc3986.validators import Validator

from shared_lib.domain.money import ETH, Money
from tests.e2e.stage import MONTH, QUARTER, Purchase, Stage, balances

pytestmark = pytest.mark.xdist_group("stack")

_URI = (
    Validator()
    .allow_schemes("http", "https")
    .require_presence_of("scheme", "host")
    .forbid_use_of_password()
    .check_validity_of("scheme", "host", "path", "query", "fragment")
)


def periods(scene: Stage, buyer: int) -> list[dict[str, Any]]:
    """What a person was granted, oldest first, with the order that paid for it."""
    return scene.rows(
        "SELECT p.starts_at, p.ends_at, o.id::text AS order_id, m.access_ends_at "
        "FROM membership_periods p JOIN memberships m ON m.id = p.membership_id "
        "JOIN payments pay ON pay.id = p.payment_id JOIN orders o ON o.id = pay.order_id "
        "WHERE m.telegram_user_id = :buyer ORDER BY p.starts_at",
        buyer=buyer,
    )


def in_words(moment: datetime) -> str:
    """A time as the bot says it, in UTC."""
    there = moment.astimezone(UTC)
    return f"until {there.day} {there:%B %Y, %H:%M} UTC"


def test_a_purchase_lets_its_buyer_in_and_pays_the_owner(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop()
    purchase = scene.buy(buyer, shop)
    link = scene.join(purchase)
    assert scene.links_of(buyer) == {link}
    paid = scene.settle(purchase.payment_id)
    assert (paid["share_state"], paid["invite_state"]) == ("paid", "used")
    assert paid["received"] == paid["fee"] + paid["share"]
    assert paid["fee"] == -(-paid["received"] * 1500 // 10000), "15 %, rounded up"
    transaction = scene.transaction(paid["mined_hash"])
    assert transaction["to"].lower() == shop.destination.lower()
    assert int(transaction["value"], 16) == paid["share"]
    assert scene.balance(shop.destination) == Money(int(paid["share"]), ETH)
    (period,) = periods(scene, buyer)
    assert period["ends_at"] - period["starts_at"] == timedelta(days=30)
    assert period["ends_at"] == period["access_ends_at"]
    scene.said(buyer, in_words(period["ends_at"]))


def test_a_renewal_before_the_end_adds_its_days_and_needs_no_invite(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop(MONTH, QUARTER)
    first = scene.buy(buyer, shop)
    link = scene.join(first)
    renewal = scene.buy(buyer, shop, tier=1)
    told = scene.said(buyer, "already inside", renewal.before)
    one, two = periods(scene, buyer)
    assert two["starts_at"] == one["ends_at"]
    assert two["ends_at"] - two["starts_at"] == timedelta(days=90)
    assert in_words(two["ends_at"]) in told["text"]
    assert scene.links_of(buyer) == {link}
    shares = [int(scene.settle(one.payment_id)["share"]) for one in (first, renewal)]
    assert scene.balance(shop.destination).base_units == sum(shares)


def test_a_stranger_with_the_buyers_link_is_declined(scene: Stage) -> None:
    buyer, stranger, shop = scene.new_person(), scene.new_person("Mallory"), scene.new_shop()
    purchase = scene.buy(buyer, shop)
    link = scene.invite_link(buyer, purchase.before)
    assert scene.ask_to_join(stranger, link) == "requested"

    def declined() -> bool:
        return any(
            one["method"] == "declineChatJoinRequest"
            and str(one["params"]["user_id"]) == str(stranger)
            for one in scene.telegram_shows("calls")
        )

    scene.wait_for("the stranger to be declined", declined)
    assert not scene.is_inside(shop.closed_chat_id, stranger)
    scene.join(purchase)  # and the link is still the buyer's


def test_two_payments_of_one_order_grant_twice(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop()
    first = scene.buy(buyer, shop)
    second = scene.pay(first.invoice, pay_currency="doge")
    assert second != first.payment_id
    for payment_id in (first.payment_id, second):
        scene.settle(payment_id)
    one, two = periods(scene, buyer)
    assert two["ends_at"] - one["starts_at"] == timedelta(days=60)
    assert len(scene.links_of(buyer)) == 1


def test_open_orders_paid_in_the_opposite_order_are_each_credited_to_their_own(
    scene: Stage,
) -> None:
    buyer, shop = scene.new_person(), scene.new_shop(MONTH, QUARTER)
    month, quarter = (scene.ask_for(buyer, link) for link in shop.registered.offer_links)
    scene.finished(scene.pay(quarter))
    scene.finished(scene.pay(month))
    days = {one["order_id"]: one["ends_at"] - one["starts_at"] for one in periods(scene, buyer)}
    assert days == {quarter.order_id: timedelta(days=90), month.order_id: timedelta(days=30)}


def test_two_renewals_that_finish_at_the_same_moment_both_count(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop(MONTH, QUARTER)
    scene.join(scene.buy(buyer, shop))
    invoices = [scene.ask_for(buyer, link) for link in shop.registered.offer_links]
    with scene.paused("confirm_payment"):
        payments = [scene.pay(invoice) for invoice in invoices]
        scene.wait_for("both callbacks", lambda: _finished_callbacks(scene, payments) == 2)
    for payment_id in payments:
        scene.settle(payment_id)
    granted = periods(scene, buyer)
    assert len(granted) == 3
    whole = granted[0]["access_ends_at"] - granted[0]["starts_at"]
    assert whole == timedelta(days=30 + 30 + 90)


def _finished_callbacks(scene: Stage, payments: list[str]) -> int:
    number: int = scene.one(
        "SELECT count(DISTINCT p.id) FROM payment_events e JOIN payments p ON p.id = e.payment_id "
        "WHERE p.provider_payment_id = ANY(:ids) AND e.body LIKE '%\"finished\"%'",
        ids=payments,
    )
    return number


def test_a_second_tap_on_an_offer_finds_the_same_order(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop()
    (link,) = shop.registered.offer_links
    assert scene.ask_for(buyer, link) == scene.ask_for(buyer, link)


# ---- the page to which the checkout returns ------------------------------------------------------


def _open_return_page(scene: Stage, purchase_url: str, provider_payment_id: str) -> None:
    for _ in range(10):
        page = scene.http.get(f"{purchase_url}&NP_id={provider_payment_id}")
        assert page.status_code == 200


def _success_url(scene: Stage, order_id: str) -> str:
    sent = [json.loads(one["body"]) for one in scene.invoice_calls()]
    return str(next(one["success_url"] for one in sent if one["order_id"] == order_id))


def test_opening_the_success_url_credits_nothing(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop()
    invoice = scene.ask_for(buyer, shop.registered.offer_links[0])
    url = _success_url(scene, invoice.order_id)
    scene.wait_until_quiet()
    before = scene.counted(), balances(scene)
    _open_return_page(scene, url, "5544332211")
    scene.let_ticks_pass()
    assert (scene.counted(), balances(scene)) == before
    assert scene.one("SELECT state FROM orders WHERE id = :id", id=invoice.order_id) == "open"

    messages = len(scene.messages(buyer))
    purchase = Purchase(buyer, shop, invoice, scene.pay(invoice), messages)
    scene.join(purchase)
    scene.settle(purchase.payment_id)
    scene.wait_until_quiet()
    after = scene.counted(), balances(scene), scene.state_of(purchase.payment_id)
    _open_return_page(scene, url, purchase.payment_id)
    scene.let_ticks_pass()
    assert (scene.counted(), balances(scene), scene.state_of(purchase.payment_id)) == after


def test_every_url_sent_to_the_provider_is_strictly_rfc_3986(scene: Stage) -> None:
    buyer = scene.new_person()
    invoice = scene.ask_for(buyer, scene.new_shop(title="Ä|B {ü}").registered.offer_links[0])
    sent = [json.loads(one["body"]) for one in scene.invoice_calls()]
    ours = next(one for one in sent if one["order_id"] == invoice.order_id)
    names = {"ipn_callback_url", "success_url", "cancel_url", "partially_paid_url"}
    assert {name for name in ours if name.endswith("url")} == names
    for url in (one[name] for one in sent for name in names):
        assert url.isascii()
        _URI.validate(uri_reference(url))
    assert all(invoice.order_id in ours[name] for name in names - {"ipn_callback_url"})


# ---- offers that are none ------------------------------------------------------------------------


def _refused(scene: Stage, buyer: int, words: str) -> None:
    asked, before = len(scene.invoice_calls()), len(scene.messages(buyer))
    scene.telegram("say", user_id=buyer, text=words)
    answer = scene.said(buyer, "no longer available", before)
    assert "nothing was charged" in answer["text"]
    assert len(scene.invoice_calls()) == asked
    assert not scene.rows("SELECT id FROM orders WHERE telegram_user_id = :id", id=buyer)


@pytest.mark.parametrize(
    "payload",
    [
        "AAAAAAAAAAAAAAAAAAAAAA",
        "pgp_100200300_-1001234567890_5_30",
        "eyJwcmljZSI6MC4wMX0",
        "../../orders?x=1",
        "x" * 3000,
    ],
    ids=["forged", "of another bot", "priced by its sender", "no link at all", "too long"],
)
def test_an_offer_that_is_none_is_refused_politely(scene: Stage, payload: str) -> None:
    _refused(scene, scene.new_person(), f"/start {payload}")


def test_an_offer_of_a_removed_tier_is_refused_politely(scene: Stage) -> None:
    shop = scene.new_shop(MONTH, QUARTER)
    stale, good = shop.registered.offer_links
    scene.owner.run(
        "UPDATE tiers SET removed_at = now() FROM offer_links l "
        "WHERE l.tier_id = tiers.id AND l.id = :link",
        link=stale,
    )
    buyer = scene.new_person()
    _refused(scene, buyer, f"/start {stale}")
    assert scene.ask_for(buyer, good).url


# ---- questions -----------------------------------------------------------------------------------


def test_status_answers_about_ones_own_order_only(scene: Stage) -> None:
    buyer, stranger, shop = scene.new_person(), scene.new_person("Eve"), scene.new_shop()
    invoice = scene.ask_for(buyer, shop.registered.offer_links[0])
    before = len(scene.messages(buyer))
    scene.telegram("say", user_id=buyer, text=f"/status {invoice.order_id}")
    assert "waiting for the payment" in scene.said(buyer, invoice.order_id, before)["text"]
    scene.telegram("say", user_id=stranger, text=f"/status {invoice.order_id}")
    assert invoice.order_id not in scene.said(stranger, "No order of yours")["text"]
