"""Payments and swaps that go differently: a part and its rest, a part alone, a swap refunded."""

from typing import Any

from shared_lib.domain.money import ETH, Money
from tests.sandbox.narrator import Narrator
from tests.sandbox.scene import Invoice, Scene, Sold

PORTION = "0.6"


class ExceptionShow:
    """Plays what is no plain purchase, and shows what became of it."""

    def __init__(self, narrator: Narrator, scene: Scene) -> None:
        self._narrator = narrator
        self._scene = scene

    def part(self, user_id: int, sold: Sold) -> tuple[Invoice, str]:
        """A buyer pays a part; the invoice for the rest, and the provider's id of the payment."""
        scene = self._scene
        invoice = scene.tap(user_id, sold)
        before = len(scene.messages(user_id))
        # Of a part the provider has to say how large it is.
        payment_id = scene.pay(invoice, portion=PORTION, weather={"actually_paid_zero": 0})
        message = scene.wait_for(
            "the word that a part is missing",
            lambda: scene.message_with(user_id, before, button="missing"),
        )
        self._narrator.says("📨", " ".join(message["text"].split()), 1)
        pressed = scene.telegram(
            "press", user_id=user_id, message_id=message["message_id"], index=0
        )
        rest = Invoice(invoice.order_id, pressed["url"].rpartition("=")[2], pressed["url"])
        self._kept(payment_id)
        return rest, payment_id

    def _kept(self, payment_id: str) -> None:
        [credit] = self._scene.rows(_CREDIT, id=payment_id)
        amount = Money(int(credit["amount"]), ETH)
        kept = credit["state"] == "open"
        self._narrator.check(f"{amount} are kept for the payer, and are nobody else's", holds=kept)

    def brought(self, payment_id: str, days: int) -> None:
        """The part is the owner's now, and all that came for its order has brought so many days."""
        scene = self._scene
        credit = scene.wait_for("the part to be used", lambda: self._used(payment_id))
        lengths = [int(row["days"]) for row in scene.rows(_PERIODS, id=credit["order_id"])]
        self._narrator.check(f"it brought {days} days, once", holds=lengths == [days])

    def _used(self, payment_id: str) -> dict[str, Any] | None:
        [credit] = self._scene.rows(_CREDIT, id=payment_id)
        return credit if credit["state"] == "used" else None

    def refunded(self, sold: Sold) -> None:
        """What the swap provider gave back, as the chain shows it, and the exchange that paid."""
        scene = self._scene
        swaps = scene.wait_for("the second exchange to finish", lambda: self._both(sold), 120)
        first, second = swaps
        back = scene.transaction(first["refund_hash"])
        amount = Money(int(back["value"], 16), ETH)
        self._narrator.says("🔄", f"{amount} came back in {first['refund_hash']}", 1)
        wallet = scene.stack.plan.wallet_address
        self._narrator.check(
            "the refund stands in the host wallet", holds=back["to"].lower() == wallet.lower()
        )
        again = int(second["sold"]) <= amount.base_units
        self._narrator.check("it went out once more, and no more than came back", holds=again)

    def _both(self, sold: Sold) -> list[dict[str, Any]] | None:
        found = self._scene.rows(_SWAPS, id=sold.registered.channel_id)
        states = [one["state"] for one in found]
        return found if states == ["refunded", "finished"] else None


_CREDIT = """
SELECT c.state, c.amount, c.order_id FROM payer_credits c
JOIN payments p ON p.id = c.payment_id WHERE p.provider_payment_id = :id
"""
_PERIODS = """
SELECT extract(day FROM m.ends_at - m.starts_at) AS days FROM membership_periods m
JOIN payments p ON p.id = m.payment_id JOIN orders o ON o.id = p.order_id
WHERE :id IN (o.id, o.tops_up) ORDER BY m.starts_at
"""
_SWAPS = """
SELECT w.state, w.sold, w.refund_hash FROM swaps w JOIN payouts o ON o.id = w.payout_id
WHERE o.channel_id = :id AND w.state <> 'abandoned' ORDER BY w.created_at
"""
