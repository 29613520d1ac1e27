"""Owners who collect, and what the database says of their money."""

from typing import Any

from shared_lib.domain.money import USDT
from shared_lib.domain.offer import PayoutTarget
from tests.e2e.stage import QUARTER, Stage
from tests.sandbox.scene import Sold, new_address

THRESHOLD_CENTS = 2_000


def collecting_shop(scene: Stage, target: PayoutTarget | None = None) -> Sold:
    """A channel whose owner collects 20 USD, in USDT unless given."""
    wanted = target or PayoutTarget(USDT, new_address(), None)
    return scene.new_shop(QUARTER, target=wanted, threshold_cents=THRESHOLD_CENTS)


def shares(scene: Stage, shop: Sold) -> dict[str, int]:
    """How many payments' shares of a channel are in each state."""
    found = scene.rows(
        "SELECT state, count(*) AS number FROM shares WHERE channel_id = :id AND kind = 'payment' "
        "GROUP BY state",
        id=shop.registered.channel_id,
    )
    return {one["state"]: int(one["number"]) for one in found}


def batches(scene: Stage, shop: Sold) -> list[dict[str, Any]]:
    """The payouts of what was held for a channel."""
    return scene.rows(
        "SELECT * FROM payout_batches WHERE client_id = :id", id=shop.registered.channel_id
    )
