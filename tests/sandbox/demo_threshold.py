"""An owner who collects: five payments pool, are converted, and leave in one batch."""

from typing import Any

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, USDT, Money, format_amount
from tests.sandbox.narrator import Narrator
from tests.sandbox.scene import Scene, Sold

_UNITS_PER_CENT = 10_000


class ThresholdShow:
    """Shows how the payments of one channel become one payout."""

    def __init__(self, narrator: Narrator, scene: Scene, sold: Sold, threshold_cents: int) -> None:
        self._narrator = narrator
        self._scene = scene
        self._sold = sold
        self._threshold = Money(threshold_cents * _UNITS_PER_CENT, USDT)

    def batch(self) -> dict[str, Any]:
        """Wait for the payout, and show what was given, what came of it, and what left."""
        scene = self._scene
        batch = scene.wait_for("the batch to settle", self._settled, seconds=120)
        for one in self._converted():
            gave, got = Money(int(one["weight"]), ETH), Money(int(one["part"]), USDT)
            what = "a payment's" if one["kind"] == "payment" else "left over"
            text = f"{gave} ({what}) became {got} by {one['payout_hash'][:18]}…"
            self._narrator.says("🧮", text, 1)
        amount = Money(int(batch["amount"]), USDT)
        self._narrator.says("💰", f"one batch of {amount} in {batch['mined_hash']}", 1)
        self._check(batch, amount)
        return {
            "channel": self._sold.title,
            "threshold": format_amount(self._threshold),
            "shares": [
                {
                    "kind": one["kind"],
                    "owner_share": format_amount(Money(int(one["weight"]), ETH)),
                    "held": format_amount(Money(int(one["part"]), USDT)),
                    "conversion": one["exchange_id"],
                    "conversion_hash": one["payout_hash"],
                }
                for one in self._converted()
            ],
            "batch": format_amount(amount),
            "transaction_hash": batch["mined_hash"],
        }

    def _check(self, batch: dict[str, Any], amount: Money) -> None:
        check = self._narrator.check
        parts = sum(int(one["part"]) for one in self._converted())
        check("the batch is exactly what its payments became", holds=parts == amount.base_units)
        check(f"it reached the threshold of {self._threshold}", holds=self._threshold <= amount)
        contract = self._scene.ethereum_shows("tokens")[USDT.id]
        arrived = Money(self._scene.token_balance(contract, self._sold.destination), USDT)
        check(f"{self._sold.destination} holds {arrived}", holds=arrived == amount)
        batches = self._scene.rows(_BATCHES, id=self._sold.registered.channel_id)
        check("nothing left before, and nothing twice", holds=len(batches) == 1)
        wanted = asset_of(batch["destination_asset"])
        check("the owner's coin is what is held: no second swap", holds=wanted == USDT)

    def _converted(self) -> list[dict[str, Any]]:
        return self._scene.rows(_CONVERTED, id=self._sold.registered.channel_id)

    def _settled(self) -> dict[str, Any] | None:
        found = self._scene.rows(_BATCHES, id=self._sold.registered.channel_id)
        return next((one for one in found if one["state"] == "settled"), None)


_CONVERTED = """
SELECT s.kind, link.weight, link.part, w.exchange_id, w.payout_hash FROM payout_shares link
JOIN shares s ON s.id = link.share_id
JOIN swaps w ON w.payout_id = link.payout_id AND w.state = 'finished'
WHERE s.channel_id = :id AND link.part IS NOT NULL
ORDER BY s.created_at, s.id
"""

_BATCHES = """
SELECT o.state, o.amount, o.destination_asset, t.mined_hash FROM payouts o
LEFT JOIN transfers t ON t.payout_id = o.id AND t.state = 'confirmed'
WHERE o.channel_id = :id
"""
