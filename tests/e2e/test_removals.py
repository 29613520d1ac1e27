"""The end of access on the whole stack: reminded, removed, and back by one tap."""

from tests.e2e.stage import Stage
from tests.sandbox.ageing import age_access


def test_access_ends_outside_and_one_tap_leads_back(scene: Stage) -> None:
    shop, buyer = scene.new_shop(), scene.new_person()
    purchase = scene.buy(buyer, shop)
    scene.join(purchase)
    before = len(scene.messages(buyer))
    age_access(scene.owner, buyer, 28)
    scene.wait_for("the reminder", lambda: len(scene.messages(buyer)) > before)
    assert "Your access to" in scene.messages(buyer)[-1]["text"]
    assert scene.is_inside(shop.closed_chat_id, buyer)
    age_access(scene.owner, buyer, 3)
    scene.wait_for("the buyer outside", lambda: not scene.is_inside(shop.closed_chat_id, buyer))
    scene.wait_for("the word of it", lambda: "has ended" in scene.messages(buyer)[-1]["text"])
    scene.telegram("press", user_id=buyer, text="Come back")
    scene.wait_for("the offer", lambda: "Order" in scene.messages(buyer)[-1]["text"])
    again = scene.buy(buyer, shop)
    scene.join(again)
    scene.settle(again.payment_id)
