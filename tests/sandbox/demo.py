"""`make demo`: the funnel from a channel's registration to settled payouts, stage by stage."""

import json
import signal
import sys
import threading
import time
from datetime import datetime
from typing import Any

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, USDT, Money, format_amount, parse_amount
from shared_lib.domain.offer import PayoutTarget
from shared_lib.usecases.register_channel import NewTier
from tests.sandbox.demo_exceptions import ExceptionShow
from tests.sandbox.demo_payouts import PayoutShow
from tests.sandbox.demo_statements import StatementShow
from tests.sandbox.demo_threshold import ThresholdShow
from tests.sandbox.narrator import Narrator
from tests.sandbox.scene import Invoice, Scene, Sold, eth_wallet, ledger_by_account, new_address
from tests.sandbox.stack.__main__ import plan_from_environment
from tests.sandbox.stack.plan import PROJECT
from tests.sandbox.stack.provision import run_tick
from tests.sandbox.stack.run import Stack, running_stack

BUILD = PROJECT / "build"
ONE_ETHER = 10**18
OWNER, SWAP_OWNER, COLLECTOR = 5_100_000_001, 5_100_000_101, 5_100_000_201
ALICE, BOB, MALLORY = 6_200_000_001, 6_200_000_002, 6_200_000_666
CAROL, DAN = 6_200_000_003, 6_200_000_004
SWAP_BUYER, COLLECTOR_BUYER = 6_200_000_101, 6_200_000_201
COLLECTED, THRESHOLD_CENTS = 5, 3_500
# Of a week, for six tenths of its price.
DAYS_OF_A_PART = 4
MONTH, QUARTER, WEEK = NewTier(499, 30), NewTier(999, 90), NewTier(1499, 7)

# Well-known wallets of other networks; the two of Ethereum are made afresh.
BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
BITCOIN_PAIR = "eth:eth>btc:btc"
OTHER_BITCOIN = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
MONERO = (
    "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YB"
    "Rk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
)
RIPPLE, RIPPLE_TAG = "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh", "7421"


class Demo(Narrator):
    """Plays the story and keeps everything that it prints."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.purchases: list[dict[str, Any]] = []
        self.batches: list[dict[str, Any]] = []
        self.statements: list[str] = []
        self._exceptions = ExceptionShow(self, scene)

    def play(self) -> None:
        """The whole story; what does not come true is collected."""
        self.says("🚀", "The host wallet gets gas money")
        tx_hash = self.scene.top_up(ONE_ETHER)
        self.says("⛽", f"topped up by 1 ETH in {tx_hash}", 1)
        market, daily = self._open_shops()
        swapped = self._open_swap_shops()
        self._purchase("Alice buys 30 days", ALICE, market, 0, stranger=MALLORY)
        self._purchase("Bob buys 7 days", BOB, daily, 0)
        self._purchase("Alice renews before the end", ALICE, market, 0, renewal=True)
        for number, sold in enumerate(swapped):
            buyer = SWAP_BUYER + number
            self.scene.person(buyer, f"Buyer {number + 1}")
            self._purchase(f"A buyer for {sold.target.asset.id}", buyer, sold, 0)
        self._pay_in_parts(daily)
        refunded = self._buy_a_refunded_swap()
        self.says("💰", "Owners are paid")
        show = PayoutShow(self, self.scene)
        for facts in self.purchases:
            show.payout(facts)
        self.says("🔄", f"The swap for {refunded.title} was refunded, and tried again")
        self._exceptions.refunded(refunded)
        self._collect()
        self._show_ledger()
        self._audit()
        self._show_statements()

    def _audit(self) -> None:
        """The daily audit, before its time."""
        run_tick("audit_books")
        done = "SELECT name FROM ticks WHERE name = 'audit_books'"
        self.scene.wait_for("the audit", lambda: self.scene.rows(done))
        shown = "SELECT id FROM review_items WHERE reason = 'books_differ'"
        self.check("the audit finds books and wallet agreed", holds=not self.scene.rows(shown))

    def _show_statements(self) -> None:
        self.says("📊", "The statement of each channel, as its owner gets it")
        show = StatementShow(self, self.scene, BUILD / "statements")
        sql = (
            "SELECT c.id, chat.title FROM channels c JOIN channel_chats chat "
            "ON chat.channel_id = c.id AND chat.role = 'closed' ORDER BY c.created_at, c.id"
        )
        self.statements = [show.show(row["title"], row["id"]) for row in self.scene.rows(sql)]

    # ---- an owner who collects ----

    def _collect(self) -> None:
        """Five payments are held in USDT, and leave together when they reach the threshold."""
        self.says("📝", "An owner who collects until 35 USD registers a channel")
        target = PayoutTarget(USDT, new_address(), None)
        sold = self._open_shop(COLLECTOR, "Weekly Digest", target, (QUARTER,), THRESHOLD_CENTS)
        show = ThresholdShow(self, self.scene, sold, THRESHOLD_CENTS)
        for number in range(COLLECTED):
            buyer = COLLECTOR_BUYER + number
            self.scene.person(buyer, f"Reader {number + 1}")
            self._buy(f"Reader {number + 1} buys 90 days", buyer, sold)
        self.batches.append(show.batch())

    def _buy(self, title: str, user_id: int, sold: Sold) -> None:
        """A purchase as any other, of which only the outcome is shown."""
        self.says("👤", f"{title} of {sold.title}")
        before = len(self.scene.messages(user_id))
        invoice = self.scene.tap(user_id, sold)
        before = max(before, len(self.scene.messages(user_id)))
        self.says("📨", f"provider payment {self.scene.pay(invoice)}", 1)
        self._join(user_id, before, sold, None)

    # ---- what goes differently ----

    def _pay_in_parts(self, sold: Sold) -> None:
        """One buyer pays the rest of the price; another does not."""
        self.says("👤", f"Carol pays six tenths of {sold.title}, and then the rest")
        self.scene.person(CAROL, "Carol")
        rest, part = self._exceptions.part(CAROL, sold)
        before = len(self.scene.messages(CAROL))
        paid = self.scene.pay(rest)
        joined = self._join(CAROL, before, sold, None)
        self._exceptions.brought(part, WEEK.days or 0)
        for title, payment_id in (("Carol's first part", part), ("Carol's rest", paid)):
            self._remember(_facts(title, rest, payment_id, joined), sold)
        self.says("👤", f"Dan pays six tenths of {sold.title}, and nothing more for a week")
        self.scene.person(DAN, "Dan")
        rest, part = self._exceptions.part(DAN, sold)
        before = len(self.scene.messages(DAN))
        self.scene.let_the_week_pass(part)
        joined = self._join(DAN, before, sold, None)
        self._exceptions.brought(part, DAYS_OF_A_PART)
        self._remember(_facts("Dan's part", rest, part, joined), sold)

    def _buy_a_refunded_swap(self) -> Sold:
        """The exchange that is made for this purchase gives the money back."""
        target = PayoutTarget(asset_of("btc:btc"), OTHER_BITCOIN, None)
        number = SWAP_BUYER - 1
        sold = self._open_shop(SWAP_OWNER + 50, "Second Try", target, (QUARTER,))
        directives = {"refund": True}
        self.scene.changenow("plans", pair=BITCOIN_PAIR, times=1, directives=directives)
        self.scene.person(number, "Erin")
        self._purchase("Erin buys, and the swap is refunded", number, sold, 0)
        return sold

    # ---- registration ----

    def _open_shops(self) -> tuple[Sold, Sold]:
        self.says("📝", "Two owners who want ETH register a channel each")
        for user_id, name in ((ALICE, "Alice"), (BOB, "Bob"), (MALLORY, "Mallory")):
            self.scene.person(user_id, name)
        return (
            self._open_shop(OWNER, "Market Insights", eth_wallet(), (MONTH, QUARTER)),
            self._open_shop(OWNER + 1, "A & B <3 daily", eth_wallet(), (WEEK,)),
        )

    def _open_swap_shops(self) -> list[Sold]:
        self.says("📝", "Five owners who want another coin register a channel each")
        targets = (
            PayoutTarget(asset_of("usdt:eth"), new_address(), None),
            PayoutTarget(asset_of("btc:btc"), BITCOIN, None),
            PayoutTarget(asset_of("xmr:xmr"), MONERO, None),
            PayoutTarget(asset_of("shib:eth"), new_address(), None),
            PayoutTarget(asset_of("xrp:xrp"), RIPPLE, RIPPLE_TAG),
        )
        return [
            self._open_shop(SWAP_OWNER + number, f"Signals {number + 1}", target, (QUARTER,))
            for number, target in enumerate(targets)
        ]

    def _open_shop(
        self,
        owner_id: int,
        title: str,
        target: PayoutTarget,
        tiers: tuple[NewTier, ...],
        threshold_cents: int | None = None,
    ) -> Sold:
        open_chat = -1_001_000_000_000 - 2 * (owner_id % 1000)
        chats = (open_chat, open_chat - 1)
        sold = self.scene.open_shop(owner_id, title, chats, target, tiers, threshold_cents)
        memo = f", tag {target.memo}" if target.memo else ""
        self.says("🏦", f"{title}: paid out in {target.asset.id} to {target.address}{memo}", 1)
        return sold

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
        self.says("👤", f"{title} of {sold.title}")
        scene = self.scene
        invoice = scene.tap(user_id, sold, tier)
        self.says("🧾", f"order {invoice.order_id}, invoice {invoice.url}", 1)
        before = len(scene.messages(user_id))
        facts: dict[str, Any] = {"title": title, "order": invoice.order_id}
        payment_id = facts["provider_payment_id"] = scene.pay(invoice)
        self.says("📨", f"provider payment {payment_id}", 1)
        if renewal:
            self._see_extension(user_id, before)
            facts["invite"] = "extended, already inside"
        else:
            facts["invite"] = self._join(user_id, before, sold, stranger)
        self._remember(facts, sold)

    def _remember(self, facts: dict[str, Any], sold: Sold) -> None:
        """Keep what was seen of a purchase whose buyer is inside."""
        told = datetime.now().astimezone()
        payment_id = facts["provider_payment_id"]
        row = self.scene.wait_for("the payment to finish", lambda: self.scene.payment(payment_id))
        facts["seconds_to_invite"] = seconds_between(row["called_back_at"], told)
        facts["payout_asset"] = sold.target.asset.id
        facts["destination"] = sold.destination
        facts["memo"] = sold.target.memo
        self.purchases.append(facts)

    def _see_extension(self, user_id: int, before: int) -> None:
        def extended() -> dict[str, Any] | None:
            news = self.scene.messages(user_id)[before:]
            return next((one for one in news if "already inside" in one["text"]), None)

        message = self.scene.wait_for("the word that access was extended", extended)
        self.says("🎉", " ".join(message["text"].split()), 1)

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

    # ---- books ----

    def _show_ledger(self) -> None:
        self.says("📊", "The ledger, per account")
        balances = ledger_by_account(self.scene)
        for one in balances:
            name = one["account"] + (f":{one['channel'][:8]}" if one["channel"] else "")
            amount = Money(int(one["balance"]), asset_of(one["asset"]))
            self.says(" ", f"{name:32} {format_amount(amount):>24} {one['asset']}", 1)
        for asset in sorted({one["asset"] for one in balances}):
            total = sum(int(one["balance"]) for one in balances if one["asset"] == asset)
            self.check(f"{asset} sums to zero", holds=total == 0)
        for facts in self.purchases:
            self._check_owner(facts)
        self._check_dust(balances)
        self._check_wallet(balances)

    def _check_owner(self, facts: dict[str, Any]) -> None:
        """Whoever wants ETH holds exactly the shares that were paid out."""
        same = [one for one in self.purchases if one["destination"] == facts["destination"]]
        if facts is not same[0] or facts["payout_asset"] != ETH.id:
            return
        owed = sum(_base_units(one["owner_share"]) for one in same)
        held = self.scene.balance(facts["destination"])
        text = f"{facts['destination']} holds {held}, exactly its shares"
        self.check(text, holds=held.base_units == owed)

    def _check_dust(self, balances: list[dict[str, Any]]) -> None:
        """What could not be swapped is owed still, and by a share of its own."""
        owed = -sum(
            int(one["balance"])
            for one in balances
            if (one["account"], one["asset"]) == ("owner_payable", ETH.id)
        )
        [row] = self.scene.rows(
            "SELECT coalesce(sum(amount), 0)::text AS dust FROM shares "
            "WHERE kind = 'dust' AND state = 'pending' AND asset = 'eth:eth'"
        )
        text = f"{owed} wei of dust wait for the next payouts"
        self.check(text, holds=owed == int(row["dust"]))

    def _check_wallet(self, balances: list[dict[str, Any]]) -> None:
        wallet = self.scene.stack.plan.wallet_address
        contract = self.scene.ethereum_shows("tokens")[USDT.id]
        tokens = Money(self.scene.token_balance(contract, wallet), USDT)
        for held in (self.scene.balance(wallet), tokens):
            booked = sum(
                int(one["balance"])
                for one in balances
                if one["account"] in ("host_wallet", "gas_float") and one["asset"] == held.asset.id
            )
            self.check(f"the host wallet holds {held}, as booked", holds=held.base_units == booked)

    def show_times(self) -> None:
        """Seconds from the provider's callback to the invite and to the settled payout."""
        self.says("🕐", "Seconds from callback to …")
        self.says(" ", f"{'purchase':34} {'invite':>8} {'settled':>8}", 1)
        for facts in self.purchases:
            to_invite, to_end = facts["seconds_to_invite"], facts["seconds_to_settlement"]
            self.says(" ", f"{facts['title']:34} {to_invite:8.2f} {to_end:8.2f}", 1)


def _facts(title: str, invoice: Invoice, payment_id: str, invite: str) -> dict[str, Any]:
    return {
        "title": title,
        "order": invoice.order_id,
        "provider_payment_id": payment_id,
        "invite": invite,
    }


def seconds_between(start: datetime, end: datetime) -> float:
    """Rounded to hundredths."""
    return round((end - start).total_seconds(), 2)


def _base_units(text: str) -> int:
    return parse_amount(text, ETH).base_units


def write_report(demo: Demo) -> None:
    """Everything that was printed, for machines."""
    report = {
        "purchases": demo.purchases,
        "batches": demo.batches,
        "statements": demo.statements,
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
    narrator = Narrator()
    narrator.says("🚀", "Starting the stack …")
    plan = plan_from_environment(BUILD / "demo", BUILD / "stack.json")
    with running_stack(plan) as stack:
        narrator.says("🎯", f"up after {time.monotonic() - began:.1f} s")
        narrator.says("🌐", f"console: {stack.plan.console_url}")
        failures = run(stack)
        if not sys.stdin.isatty():
            return 1 if failures else 0
        narrator.says("🎉", "The stack stays up; Ctrl-C stops it.")
        for name in ("web_url", "telegram_url", "nowpayments_url", "changenow_url"):
            narrator.says("🎯", f"{name:16} {stack.facts()[name]}", 1)
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        stop.wait()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
