"""Purchases that are paid at the provider while we have not been told of them yet."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

from shared_lib.domain.offer import PayoutTarget
from shared_lib.usecases.register_channel import NewTier
from tests.bench.callbacks import reports
from tests.bench.load import Talk
from tests.sandbox.nowpayments.records import Payment
from tests.sandbox.scene import Scene, Sold

_QUARTER = NewTier(999, 90)
_SUBSCRIBERS_AT_ONCE = 6
_FIRST_BUYER, _FIRST_OWNER = 8_000_000_000, 9_000_000_000
_FIRST_CHAT = -1_003_000_000_000
# The provider goes through its own steps quickly and tells nobody: the benchmark does.
_UNTOLD = {"silent": True, "pace": 0.02}


@dataclass(frozen=True)
class Purchase:
    """A finished payment at the provider, and all callbacks about it."""

    buyer: int
    payment_id: str
    callbacks: Talk


class Market:
    """Makes purchases on a stack, each in a channel of its own, so that each is paid out alone."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._numbers = count(1)

    def purchases(self, targets: Sequence[PayoutTarget]) -> list[Purchase]:
        """One purchase for each owner's target."""
        shops = [self._open(target) for target in targets]
        buyers = [_FIRST_BUYER + next(self._numbers) for _ in shops]
        with ThreadPoolExecutor(_SUBSCRIBERS_AT_ONCE) as threads:
            paid = list(threads.map(self._pay, buyers, shops))
        payments = self._scene.wait_for("all payments", lambda: self._finished(paid), 90)
        secret = self._scene.stack.plan.ipn_secret
        return [
            Purchase(buyer, one, reports(payments[one], secret))
            for buyer, one in zip(buyers, paid, strict=True)
        ]

    def _open(self, target: PayoutTarget) -> Sold:
        number = 2 * next(self._numbers)
        chats = (_FIRST_CHAT - number, _FIRST_CHAT - number - 1)
        return self._scene.open_shop(
            _FIRST_OWNER + number, f"Channel {number}", chats, target, (_QUARTER,)
        )

    def _pay(self, buyer: int, shop: Sold) -> str:
        self._scene.person(buyer, "Ada")
        invoice = self._scene.ask_for(buyer, shop.registered.offer_links[0])
        return self._scene.pay(invoice, weather=_UNTOLD)

    def _finished(self, payment_ids: Sequence[str]) -> dict[str, Payment] | None:
        """All payments by id, or None while one of them is under way."""
        shown: list[dict[str, Any]] = self._scene.nowpayments_shows("payments")
        payments = {str(one["id"]): Payment.model_validate(one) for one in shown}
        over = all(payments[one].payment_status == "finished" for one in payment_ids)
        return payments if over else None


def invited_at(scene: Scene) -> dict[int, float]:
    """When Telegram was given each buyer's invite, in seconds since the epoch."""
    calls: list[dict[str, Any]] = scene.telegram_shows("calls")
    return {
        int(one["params"]["chat_id"]): float(one["at"])
        for one in reversed(calls)  # the first invite counts
        if one["method"] == "sendMessage" and "Join" in str(one["params"].get("reply_markup"))
    }
