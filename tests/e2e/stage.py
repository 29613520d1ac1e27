"""What the end-to-end tests do beyond the scene: new people for each test, holds, and snapshots."""

import hmac
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx
import pg8000.native

from shared_lib.adapters.postgres.database import PostgresDatabase
from shared_lib.domain.offer import PayoutTarget
from shared_lib.usecases.register_channel import NewTier
from tests.sandbox.postgres import database_url
from tests.sandbox.scene import Invoice, Scene, Sold, eth_wallet
from tests.sandbox.stack.provision import connect

MONTH = NewTier(499, 30)
QUARTER = NewTier(999, 90)
# What every run of a tick and every publication touches, and what says nothing of the outcome.
RESTLESS = frozenset({"ticks", "outbox", "inbox", "buckets", "schema_migrations"})
_IDS = count(1)


@dataclass(frozen=True)
class Purchase:
    """Somebody's paid order; `before` is how many messages there were when it was paid."""

    buyer: int
    shop: Sold
    invoice: Invoice
    payment_id: str
    before: int


class Stage(Scene):
    """A scene with new people and channels for each test, and a look behind the curtain."""

    # ---- who plays ----

    def new_person(self, name: str = "Ada") -> int:
        """Somebody whom nobody met before; ids do not fit 32 bits, as in the real world."""
        user_id = 2**33 + next(_IDS)
        self.person(user_id, name)
        return user_id

    def new_shop(
        self,
        *tiers: NewTier,
        title: str = "A & B <3 daily",
        target: PayoutTarget | None = None,
        threshold_cents: int | None = None,
    ) -> Sold:
        """A channel of its own owner, paid out to an address of its own: in ETH, or as given."""
        number = next(_IDS)
        chats = (-1_001_000_000_000 - number, -1_002_000_000_000 - number)
        wanted = target or eth_wallet()
        owner_id, sold = 2**34 + number, tiers or (MONTH,)
        return self.open_shop(owner_id, title, chats, wanted, sold, threshold_cents)

    # ---- a purchase, step by step ----

    def buy(self, buyer: int, shop: Sold, tier: int = 0, **how: Any) -> Purchase:
        """Ask for an offer and pay at once."""
        invoice = self.ask_for(buyer, shop.registered.offer_links[tier])
        before = len(self.messages(buyer))
        return Purchase(buyer, shop, invoice, self.pay(invoice, **how), before)

    def join(self, purchase: Purchase) -> str:
        """Follow the invite and wait inside; the link."""
        link = self.invite_link(purchase.buyer, purchase.before)
        self.ask_to_join(purchase.buyer, link)
        chat_id = purchase.shop.closed_chat_id
        self.wait_for("the buyer inside", lambda: self.is_inside(chat_id, purchase.buyer))
        return link

    def finished(self, payment_id: str) -> dict[str, Any]:
        """The payment once it was credited."""

        def seen() -> dict[str, Any] | None:
            row = self.payment(payment_id)
            return row if row and row["received"] is not None else None

        return self.wait_for(f"payment {payment_id} to finish", seen)

    def settle(self, payment_id: str) -> dict[str, Any]:
        """The payment once its owner was paid."""
        return self.wait_for(f"{payment_id} to settle", lambda: self.settled(payment_id), 90)

    def said(self, user_id: int, words: str, before: int = 0) -> dict[str, Any]:
        """The first message with these words after `before` others."""

        def seen() -> dict[str, Any] | None:
            written = [one for one in self.messages(user_id)[before:] if one["from_bot"]]
            return next((one for one in written if words in one["text"]), None)

        return self.wait_for(f"the words {words!r}", seen)

    def links_of(self, user_id: int) -> set[str]:
        """Every different invite link that a person ever got."""
        buttons = [one for message in self.messages(user_id) for one in message["buttons"]]
        return {one["url"] for one in buttons if "Join" in one["text"]}

    # ---- what the database says ----

    @cached_property
    def owner(self) -> pg8000.native.Connection:
        """The database as its superuser: to move time, and to undo what a test did."""
        return self.new_owner()

    def new_owner(self, database: str | None = None) -> pg8000.native.Connection:
        """One more such connection, which the caller closes."""
        name = database or self.database
        return connect(database_url(self.stack.server, name))

    @property
    def database(self) -> str:
        """The name of the product's database."""
        return urlsplit(self.stack.database_url).path.lstrip("/")

    def close(self) -> None:
        self.owner.close()
        if isinstance(self.ports.database, PostgresDatabase):
            self.ports.database.close()
        super().close()

    def one(self, sql: str, **values: Any) -> Any:
        """The only value that a statement answers."""
        (row,) = self.rows(sql, **values)
        (value,) = row.values()
        return value

    def counted(self, *besides: str) -> dict[str, int]:
        """How many rows each table has, but for the restless ones and those named."""
        tables = self.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        left_out = RESTLESS | set(besides)
        names = sorted(one["name"] for one in tables if one["name"] not in left_out)
        each = [f"SELECT '{name}' AS name, count(*) AS number FROM {name}" for name in names]
        return {one["name"]: one["number"] for one in self.rows(" UNION ALL ".join(each))}

    def state_of(self, payment_id: str) -> list[dict[str, Any]]:
        """Everything about a payment and its order that a callback could change."""
        return self.rows(_STATE, id=payment_id)

    def open_reviews(self, subject_id: str) -> dict[str, Any]:
        """Open review items about something: reason and evidence."""
        found = self.rows(
            "SELECT reason, evidence FROM review_items WHERE subject_id = :id "
            "AND closed_at IS NULL",
            id=subject_id,
        )
        return {one["reason"]: one["evidence"] for one in found}

    def reviews(self, payment_id: str) -> list[str]:
        """Why a person is to look at a payment."""
        found = self.rows(
            "SELECT r.reason FROM review_items r JOIN payments p ON p.id::text = r.subject_id "
            "WHERE r.subject_kind = 'payment' AND p.provider_payment_id = :id ORDER BY r.reason",
            id=payment_id,
        )
        return [one["reason"] for one in found]

    # ---- waiting ----

    def let_ticks_pass(self, number: int = 2) -> None:
        """Wait until `reconcile` began that many more runs."""
        last = self.one("SELECT max(slot) FROM ticks WHERE name = 'reconcile'")
        wanted = last + number
        sql = "SELECT max(slot) >= :slot FROM ticks WHERE name = 'reconcile'"
        self.wait_for("ticks to pass", lambda: self.one(sql, slot=wanted))

    def wait_until_quiet(self) -> None:
        """Wait until nothing is on its way any more, here or at the payment provider."""

        def quiet() -> bool:
            pending = [
                one for one in self.nowpayments_shows("callbacks") if one["state"] == "pending"
            ]
            return not pending and self.one(_UNDER_WAY) == 0

        self.wait_for("all to come to rest", quiet)

    def wait_for_delivery(self, function: str) -> None:
        """Wait until a function has nothing left to handle."""

        def empty() -> bool:
            queue = self._get("front", "backlog")[function]
            return bool(queue["undelivered"] == 0 and queue["in_flight"] == 0)

        self.wait_for(f"{function} to handle all", empty)

    def is_at_work(self, function: str) -> bool:
        """Whether a delivery is with a function now."""
        return bool(self._get("front", "backlog")[function]["in_flight"])

    # ---- the outside world ----

    def callback(self, body: bytes, signature: str | None = None) -> httpx.Response:
        """Post a callback, signed over these bytes unless another signature is given."""
        headers = {"x-nowpayments-sig": signature or self.signature(body)}
        url = self.stack.plan.url("nowpayments_ipn")
        return self.http.post(url, content=body, headers=headers)

    def signature(self, signed: bytes) -> str:
        """What the provider writes for this text."""
        return hmac.digest(self.stack.plan.ipn_secret.encode(), signed, "sha512").hex()

    def update(self, body: bytes, secret: str | None = None) -> httpx.Response:
        """Post an update of Telegram, with its secret unless another is given."""
        plan = self.stack.plan
        headers = {
            "X-Telegram-Bot-Api-Secret-Token": plan.webhook_secret if secret is None else secret
        }
        return self.http.post(plan.url("telegram_bot"), content=body, headers=headers)

    def invoice_calls(self) -> list[dict[str, Any]]:
        """Every invoice that was asked for."""
        calls = self.nowpayments_shows("calls")
        return [one for one in calls if one["operation"] == "POST /v1/invoice"]

    def sent_transactions(self, destination: str | None = None) -> list[dict[str, Any]]:
        """Every different transaction that was broadcast, to one address or from our wallet."""
        field, wanted = ("to", destination) if destination else ("from", self.wallet)
        sent = self._get("ethereum", "sent")
        return [one for one in sent if str(one[field]).lower() == str(wanted).lower()]

    @property
    def wallet(self) -> str:
        """The host wallet's address."""
        return self.stack.plan.wallet_address

    @contextmanager
    def fault(self, part: str, operation: str, kind: str, **how: Any) -> Iterator["Fault"]:
        """A fault at a stand-in, for the time of the block."""
        answer = self.http.post(
            f"{self.stack.plan.url(part)}/_sandbox/faults",
            json={"operation": operation, "kind": kind, **how},
        )
        fault = Fault(self, part, answer.raise_for_status().json()["id"])
        try:
            yield fault
        finally:
            fault.clear()

    @contextmanager
    def paused(self, function: str) -> Iterator[None]:
        """Nothing is delivered to a function for the time of the block."""
        self.pubsub("pause", subscription=function)
        try:
            yield
        finally:
            self.pubsub("resume", subscription=function)

    def kill(self, function: str) -> int:
        """End a function's server and its workers, as a crash of the machine would; its pid."""
        pid = self.stack.pids()[function]
        os.killpg(pid, signal.SIGKILL)
        return pid

    def _get(self, part: str, what: str) -> Any:
        url = f"{self.stack.plan.url(part)}/_sandbox/{what}"
        return self.http.get(url).raise_for_status().json()


@dataclass(frozen=True)
class Fault:
    """A fault that is switched on."""

    stage: Stage
    part: str
    id: int

    @property
    def _url(self) -> str:
        return f"{self.stage.stack.plan.url(self.part)}/_sandbox/faults"

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until it has struck."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.has_struck():
                return
            time.sleep(0.02)
        raise AssertionError(f"fault {self.id} at {self.part} never struck")

    def has_struck(self) -> bool:
        """Whether it has struck."""
        listed = self.stage.http.get(self._url).json()
        return any(one["id"] == self.id and one["struck"] for one in listed)

    def clear(self) -> None:
        """Switch it off; what it held goes on."""
        self.stage.http.delete(self._url, params={"id": self.id})


def balances(stage: Stage) -> Counter[tuple[str, str]]:
    """The ledger: base units by account and asset."""
    found = stage.rows(
        "SELECT account || coalesce(':' || channel_id, '') AS account, asset, sum(amount) AS sum "
        "FROM ledger_entries GROUP BY 1, 2"
    )
    return Counter({(one["account"], one["asset"]): int(one["sum"]) for one in found})


_STATE = """
SELECT p.status, p.received, p.fee, p.finished_at, p.deposit_hash, o.state AS order_state,
    o.invoice_id, s.state AS share_state, s.amount AS share, m.state AS membership_state,
    m.access_ends_at, m.let_in_at, i.state AS invite_state, i.link, i.failures,
    payout.state AS payout_state, payout.settled_at, t.state AS transfer_state, t.nonce,
    t.mined_hash, w.next_nonce, w.frozen_because
FROM payments p
JOIN orders o ON o.id = p.order_id
LEFT JOIN shares s ON s.payment_id = p.id
LEFT JOIN memberships m
    ON m.channel_id = o.channel_id AND m.telegram_user_id = o.telegram_user_id
LEFT JOIN invites i ON i.payment_id = p.id
LEFT JOIN payout_shares link ON link.share_id = s.id
LEFT JOIN payouts payout ON payout.id = link.payout_id
LEFT JOIN transfers t ON t.payout_id = payout.id
LEFT JOIN wallets w ON w.address = t.wallet_address
WHERE p.provider_payment_id = :id
"""

# What a test put off by a day is at rest; so are dust, which waits for company, and what a person
# has to look at.
_UNDER_WAY = """
SELECT (SELECT count(*) FROM outbox)
    + (SELECT count(*) FROM notices WHERE state = 'pending')
    + (SELECT count(*) FROM invites WHERE state = 'creating')
    + (SELECT count(*) FROM join_requests WHERE state = 'pending')
    + (SELECT count(*) FROM payments WHERE next_check_at < now() + interval '1 hour')
    + (SELECT count(*) FROM shares WHERE state = 'pending' AND kind <> 'dust')
    + (SELECT count(*) FROM payouts WHERE state IN ('swapping', 'sending'))
    + (SELECT count(*) FROM swaps
       WHERE state NOT IN ('finished', 'refunded', 'abandoned', 'review'))
    + (SELECT count(*) FROM transfers
       WHERE state NOT IN ('confirmed', 'cancelled', 'reverted', 'review'))
"""
