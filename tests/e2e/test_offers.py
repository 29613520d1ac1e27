"""What the bot keeps in a channel's chats, and where its buttons lead."""

import pytest

from tests.e2e.stage import MONTH, QUARTER, Stage

pytestmark = pytest.mark.xdist_group("stack")


def test_a_button_of_the_offer_in_the_open_chat_opens_the_bot_and_sells(scene: Stage) -> None:
    title = '</b><a href="https://evil.example">A & B <3</a>'
    shop, buyer = scene.new_shop(MONTH, QUARTER, title=title), scene.new_person()
    [offer] = scene.offers(shop)
    assert title in offer["text"]
    assert [one["text"] for one in offer["buttons"]] == ["🥇 $4.99 · 30 days", "🥈 $9.99 · 90 days"]
    invoice = scene.tap(buyer, shop, tier=1)
    bought = "SELECT price_cents || ' for ' || days FROM orders WHERE id = CAST(:id AS uuid)"
    assert scene.one(bought, id=invoice.order_id) == "999 for 90"


def test_a_donation_by_the_keypad_is_paid_to_the_owner_and_lets_nobody_in(scene: Stage) -> None:
    shop, donor = scene.new_shop(), scene.new_person()
    [post] = scene.telegram_shows("messages", chat_id=shop.closed_chat_id)
    scene.telegram("open_link", user_id=donor, url=post["buttons"][0]["url"])
    keypad = scene.said(donor, "Your donation to")
    for number, label in enumerate("12.5"):
        pressed = scene.telegram(
            "press", user_id=donor, message_id=keypad["message_id"], text=label
        )
        assert pressed["message_id"] == keypad["message_id"]
        typed = "12.5"[: number + 1]
        scene.said(donor, f"\n\n${typed}\n")
    scene.telegram("press", user_id=donor, message_id=keypad["message_id"], text="✅")
    invoice = scene.message_with_invoice(donor)
    payment = scene.pay(invoice)
    scene.said(donor, "Thank you")
    scene.settle(payment)
    queries = [one for one in scene.telegram_shows("queries") if one["user_id"] == donor]
    assert all(one["answer"] is not None for one in queries)
    bought = "SELECT kind || ' of ' || price_cents FROM orders WHERE telegram_user_id = :id"
    assert scene.one(bought, id=donor) == "donation of 1250"
    held = "SELECT count(*) FROM memberships WHERE telegram_user_id = :id"
    assert scene.one(held, id=donor) == 0
    assert not scene.is_inside(shop.closed_chat_id, donor)


def test_an_offer_whose_answer_is_lost_is_not_posted_twice_and_its_owner_is_told(
    scene: Stage,
) -> None:
    shop = scene.new_shop()
    channel = shop.registered.channel_id
    with scene.fault("telegram", "sendMessage", "lose_answer") as lost:
        scene.owner.run(
            "UPDATE broadcasts SET due_at = now(), look_at = now() "
            "WHERE kind = 'offer' AND channel_id = :id",
            id=channel,
        )
        lost.wait()
    told = "SELECT count(*) FROM notices WHERE kind = 'post_unsure' AND key LIKE '%' || :id || '%'"
    broadcast = scene.one(
        "SELECT id::text FROM broadcasts WHERE kind = 'offer' AND channel_id = :id", id=channel
    )
    scene.wait_for("its owner to be told", lambda: scene.one(told, id=broadcast))
    assert len(scene.offers(shop)) == 1
