"""Payments of a part, through the provider's and Telegram's own doors."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared_lib.usecases.register_channel import NewTier
from tests.e2e.stage import Purchase, Stage
from tests.e2e.swaps import assert_books
from tests.sandbox.scene import Invoice, Sold

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]

PART: dict[str, Any] = {"portion": "0.6", "weather": {"actually_paid_zero": 0}}
# Of which a part is still worth its gas.
DEAR = NewTier(1999, 30)
STATE = """
SELECT c.state FROM payer_credits c JOIN payments p ON p.id = c.payment_id
WHERE p.provider_payment_id = :id
"""


@pytest.fixture(autouse=True)
def _books_agree(scene: Stage) -> Iterator[None]:
    """Nothing else is under way; afterwards ledger and chain say the same."""
    scene.wait_until_quiet()
    yield
    assert_books(scene)


def paid_in_part(scene: Stage, shop: Sold) -> tuple[Purchase, Invoice]:
    """Six tenths of a price; the invoice for the rest, from the button of the message about it."""
    purchase = scene.buy(scene.new_person(), shop, **PART)
    buyer, before = purchase.buyer, purchase.before
    message = scene.wait_for(
        "the word that something is missing",
        lambda: scene.message_with(buyer, before, button="missing"),
    )
    pressed = scene.telegram("press", user_id=buyer, message_id=message["message_id"], index=0)
    url = str(pressed["url"])
    return purchase, Invoice(purchase.invoice.order_id, url.rpartition("=")[2], url)


def test_a_part_and_its_rest_bring_what_was_ordered(scene: Stage) -> None:
    purchase, rest = paid_in_part(scene, scene.new_shop(DEAR))
    assert scene.one(STATE, id=purchase.payment_id) == "open"
    paid = scene.pay(rest)
    scene.join(purchase)
    for payment_id in (purchase.payment_id, paid):
        scene.settle(payment_id)
    assert scene.one(STATE, id=purchase.payment_id) == "used"
    sent = scene.sent_transactions(purchase.shop.destination)
    shares = [int((scene.payment(one) or {})["share"]) for one in (purchase.payment_id, paid)]
    assert sum(int(one["value"]) for one in sent) == sum(shares)


def test_a_part_of_which_no_rest_comes_brings_its_days(scene: Stage) -> None:
    purchase, _ = paid_in_part(scene, scene.new_shop(DEAR))
    scene.let_the_week_pass(purchase.payment_id)
    scene.join(purchase)
    scene.settle(purchase.payment_id)
    assert scene.one(STATE, id=purchase.payment_id) == "used"


def test_who_wants_a_part_back_says_so(scene: Stage) -> None:
    purchase, rest = paid_in_part(scene, scene.new_shop(DEAR))
    scene.telegram("say", user_id=purchase.buyer, text=f"/refund {rest.order_id}")
    scene.said(purchase.buyer, "An operator sees to it")
    assert scene.one(STATE, id=purchase.payment_id) == "to_refund"
