"""Seconds from the provider's last callback to the invite, with nothing else to do."""

import time

from tests.bench.figures import Figure, below, percentile
from tests.bench.load import post_all
from tests.bench.market import Market, Purchase, invited_at
from tests.bench.rounds import repeated
from tests.sandbox.scene import Scene, eth_wallet

PURCHASES = 20
WARMING = 4
# What follows an invite, the payout, has mostly gone by before the next one is asked for.
_BETWEEN_SECONDS = 0.5
_MOST_SECONDS = 45.0


def measure(scene: Scene, market: Market) -> list[Figure]:
    """One purchase after the other; the first ones only warm the processes up."""
    purchases = market.purchases([eth_wallet() for _ in range(WARMING + PURCHASES)])
    url = scene.stack.plan.url("nowpayments_ipn")
    finished = repeated(lambda n: _finish(scene, url, purchases[n]), len(purchases), _MOST_SECONDS)
    seen = invited_at(scene)
    pairs = list(zip(purchases, finished, strict=False))[WARMING:]
    seconds = [seen[purchase.buyer] - at for purchase, at in pairs]
    return [
        Figure("callback to invite, median", percentile(seconds, 50), "s"),
        Figure("callback to invite, 95 %", percentile(seconds, 95), "s", below(1.0)),
    ]


def _finish(scene: Scene, url: str, purchase: Purchase) -> float:
    """Report the end of a payment and wait until its invite is there; when it was reported."""
    # Not earlier: whatever is under way is soon asked about, and the answer would come first.
    post_all(url, [purchase.callbacks[:-1]], connections=1)
    began = time.time()
    post_all(url, [purchase.callbacks[-1:]], connections=1)
    scene.wait_for("the invite", lambda: _has_invite(scene, purchase.buyer), 30)
    time.sleep(_BETWEEN_SECONDS)
    return began


def _has_invite(scene: Scene, buyer: int) -> bool:
    return any("Join" in str(one["buttons"]) for one in scene.messages(buyer))
