"""`make demo`: the funnel from a channel's registration to settled payouts, stage by stage."""

import json
import signal
import sys
import threading
import time
from datetime import datetime
from typing import Any

from shared_lib.domain.money import ETH, Money, asset_of, format_amount, parse_amount
from shared_lib.usecases.register_channel import NewTier
from tests.sandbox.scene import Scene, Sold, ledger_by_account, new_address
from tests.sandbox.stack.__main__ import plan_from_environment
from tests.sandbox.stack.plan import PROJECT
from tests.sandbox.stack.run import Stack, running_stack

BUILD = PROJECT / "build"
ONE_ETHER = 10**18
OWNER_A, OWNER_B = 5_100_000_001, 5_100_000_002
ALICE, BOB, MALLORY = 6_200_000_001, 6_200_000_002, 6_200_000_666


class Demo:
    """Plays the story and keeps everything that it prints."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.purchases: list[dict[str, Any]] = []
        self.failures: list[str] = []

    def play(self) -> None:
        """The whole story; what does not come true is collected."""
        says("🚀", "The host wallet gets gas money")
        tx_hash = self.scene.top_up(ONE_ETHER)
        says("⛽", f"topped up by 1 ETH in {tx_hash}", 1)
        market, daily = self._open_shops()
        self._purchase("Alice buys 30 days", ALICE, market, 0, stranger=MALLORY)
        self._purchase("Bob buys 7 days", BOB, daily, 0)
        self._purchase("Alice renews before the end", ALICE, market, 0, renewal=True)
        self._show_payouts()
        self._show_ledger()

    def check(self, fact: str, *, holds: bool) -> None:
        """Print a fact with its verdict; the demo fails if one does not hold."""
        says("✅" if holds else "❌", fact, 1)
        if not holds:
            self.failures.append(fact)

    # ---- registration ----

    def _open_shops(self) -> tuple[Sold, Sold]:
        says("📝", "Two owners register a channel each")
        for user_id, name in ((ALICE, "Alice"), (BOB, "Bob"), (MALLORY, "Mallory")):
            self.scene.person(user_id, name)
        month, week = (NewTier(499, 30), NewTier(999, 90)), (NewTier(1499, 7),)
        market = self.scene.open_shop(
            OWNER_A, "Market Insights", (-1001111111111, -1002222222222), new_address(), month
        )
        daily = self.scene.open_shop(
            OWNER_B, "A & B <3 daily", (-1003333333333, -1004444444444), new_address(), week
        )
        for sold in (market, daily):
            says("🏦", f"{sold.title}: paid out in ETH to {sold.destination}", 1)
        return market, daily

    # ---- one purchase ----

    def _purchase(
        self,
        title: str,
        user_id: int,
        sold: Sold,
        tier: int,
        *,
        renewal: bool = False,
        stranger: int | None = None,
    ) -> None:
        says("👤", f"{title} of {sold.title}")
        scene = self.scene
        invoice = scene.ask_for(user_id, sold.registered.offer_links[tier])
        says("🧾", f"order {invoice.order_id}, invoice {invoice.url}", 1)
        before = len(scene.messages(user_id))
        facts: dict[str, Any] = {"title": title, "order": invoice.order_id}
        payment_id = facts["provider_payment_id"] = scene.pay(invoice)
        says("📨", f"provider payment {payment_id}", 1)
        if renewal:
            self._see_extension(user_id, before)
            facts["invite"] = "extended, already inside"
        else:
            facts["invite"] = self._join(user_id, before, sold, stranger)
        told = datetime.now().astimezone()
        row = scene.wait_for("the payment to finish", lambda: scene.payment(payment_id))
        facts["seconds_to_invite"] = _seconds(row["called_back_at"], told)
        facts["destination"] = sold.destination
        self.purchases.append(facts)

    def _see_extension(self, user_id: int, before: int) -> None:
        def extended() -> dict[str, Any] | None:
            news = self.scene.messages(user_id)[before:]
            return next((one for one in news if "already inside" in one["text"]), None)

        message = self.scene.wait_for("the word that access was extended", extended)
        says("🎉", " ".join(message["text"].split()), 1)

    def _join(self, user_id: int, before: int, sold: Sold, stranger: int | None) -> str:
        scene = self.scene
        link = scene.invite_link(user_id, before)
        if stranger is not None:
            self._turn_away(stranger, link, sold)
        outcome = scene.ask_to_join(user_id, link)
        inside = scene.wait_for(
            "the buyer to be let in", lambda: scene.is_inside(sold.closed_chat_id, user_id)
        )
        self.check(f"asked to join by the invite ({outcome}) and was let in", holds=inside)
        return "joined"

    def _turn_away(self, stranger: int, link: str, sold: Sold) -> None:
        """Somebody else got hold of the buyer's link."""
        scene = self.scene
        scene.ask_to_join(stranger, link)

        def answered() -> bool:
            calls = scene.telegram_shows("calls")
            return any(
                one["method"] == "declineChatJoinRequest"
                and str(one["params"].get("user_id")) == str(stranger)
                for one in calls
            )

        declined = scene.wait_for("the stranger to be declined", answered)
        outside = not scene.is_inside(sold.closed_chat_id, stranger)
        self.check("a stranger with the same link was declined", holds=declined and outside)

    # ---- payouts ----

    def _show_payouts(self) -> None:
        says("💰", "Owners are paid")
        for facts in self.purchases:
            self._show_payout(facts)

    def _show_payout(self, facts: dict[str, Any]) -> None:
        scene, payment_id = self.scene, facts["provider_payment_id"]
        row = scene.wait_for(f"payment {payment_id} to settle", lambda: scene.settled(payment_id))
        asset = asset_of(row["received_asset"])
        received, fee, share = (
            Money(int(row[name]), asset) for name in ("received", "fee", "share")
        )
        transaction = scene.transaction(row["mined_hash"])
        arrived = Money(int(transaction["value"], 16), ETH)
        facts |= {
            "received": format_amount(received),
            "fee": format_amount(fee),
            "owner_share": format_amount(share),
            "asset": asset.id,
            "transaction_hash": row["mined_hash"],
            "block": int(row["mined_block"]),
            "arrived": format_amount(arrived),
            "seconds_to_settlement": _seconds(row["called_back_at"], row["settled_at"]),
        }
        says("👤", facts["title"], 1)
        for name in ("received", "fee", "owner_share", "arrived"):
            says(" ", f"{name.replace('_', ' '):14} {facts[name]} ETH", 2)
        says("🔗", f"{row['mined_hash']} in block {row['mined_block']}", 2)
        to_owner = transaction["to"].lower() == facts["destination"].lower()
        self.check(f"it went to the owner's address {facts['destination']}", holds=to_owner)
        self.check("received = fee + owner's share", holds=received == fee + share)
        self.check(
            "the chain carried the payout to the wei",
            holds=arrived.base_units == int(row["payout_amount"]),
        )

    # ---- books ----

    def _show_ledger(self) -> None:
        says("📊", "The ledger, per account")
        balances = ledger_by_account(self.scene)
        for one in balances:
            name = one["account"] + (f":{one['channel'][:8]}" if one["channel"] else "")
            amount = Money(int(one["balance"]), asset_of(one["asset"]))
            says(" ", f"{name:32} {format_amount(amount):>24} {one['asset']}", 1)
        for asset in sorted({one["asset"] for one in balances}):
            total = sum(int(one["balance"]) for one in balances if one["asset"] == asset)
            self.check(f"{asset} sums to zero", holds=total == 0)
        for facts in self.purchases:
            self._check_owner(facts)
        self._check_wallet(balances)

    def _check_owner(self, facts: dict[str, Any]) -> None:
        same = [one for one in self.purchases if one["destination"] == facts["destination"]]
        if facts is not same[0]:
            return
        owed = sum(_base_units(one["owner_share"]) for one in same)
        held = self.scene.balance(facts["destination"])
        text = f"{facts['destination']} holds {held}, exactly its shares"
        self.check(text, holds=held.base_units == owed)

    def _check_wallet(self, balances: list[dict[str, Any]]) -> None:
        ours = ("host_wallet", "gas_float")
        booked = sum(int(one["balance"]) for one in balances if one["account"] in ours)
        held = self.scene.balance(self.scene.stack.plan.wallet_address)
        self.check(f"the host wallet holds {held}, as booked", holds=held.base_units == booked)

    def show_times(self) -> None:
        """Seconds from the provider's callback to the invite and to the settled payout."""
        says("🕐", "Seconds from callback to …")
        says(" ", f"{'purchase':34} {'invite':>8} {'settled':>8}", 1)
        for facts in self.purchases:
            to_invite, to_end = facts["seconds_to_invite"], facts["seconds_to_settlement"]
            says(" ", f"{facts['title']:34} {to_invite:8.2f} {to_end:8.2f}", 1)


def says(sign: str, text: str, depth: int = 0) -> None:
    """Print one line of the story."""
    print(f"{'   ' * depth}{sign} {text}", flush=True)


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 2)


def _base_units(text: str) -> int:
    return parse_amount(text, ETH).base_units


def write_report(demo: Demo) -> None:
    """Everything that was printed, for machines."""
    report = {
        "purchases": demo.purchases,
        "ledger": ledger_by_account(demo.scene),
        "failures": demo.failures,
    }
    (BUILD / "demo.json").write_text(json.dumps(report, indent=2) + "\n")


def run(stack: Stack) -> list[str]:
    """Play the story on a stack; what did not come true."""
    scene = Scene(stack)
    try:
        demo = Demo(scene)
        demo.play()
        demo.show_times()
        write_report(demo)
        return demo.failures
    finally:
        scene.close()


def main() -> int:
    """Play once; in a terminal, stay up until Ctrl-C."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    began = time.monotonic()
    says("🚀", "Starting the stack …")
    plan = plan_from_environment(BUILD / "demo", BUILD / "stack.json")
    with running_stack(plan) as stack:
        says("🎯", f"up after {time.monotonic() - began:.1f} s")
        failures = run(stack)
        if not sys.stdin.isatty():
            return 1 if failures else 0
        says("🎉", "The stack stays up; Ctrl-C stops it.")
        for name in ("web_url", "telegram_url", "nowpayments_url"):
            says("🎯", f"{name:16} {stack.facts()[name]}", 1)
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        stop.wait()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
