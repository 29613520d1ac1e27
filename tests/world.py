"""The product in one process: real use cases on a real database, everything else a fake.

Events travel through a queue that behaves like Pub/Sub (what is not acknowledged comes again), time
stands still until it is moved, and a process can be killed at any point.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pg8000.native

from shared_lib.adapters.postgres.database import Connect, PostgresDatabase
from shared_lib.domain.money import ETH, parse_amount
from shared_lib.domain.offer import Chat, ChatRole, PayoutTarget, Strategy
from shared_lib.domain.policy import Policy
from shared_lib.domain.update import AskToJoin, OpenOffer
from shared_lib.events import (
    BatchPayoutsTick,
    BroadcastOffersTick,
    Event,
    ExpireSubscriptionsTick,
    PoolRequested,
    ReconcileTick,
)
from shared_lib.ports import (
    Chain,
    DatabaseUnavailableError,
    Drafts,
    LeaseHeldError,
    LeaseLostError,
    Messenger,
    OutboxRow,
    PaymentProvider,
    Person,
    SwapProvider,
)
from shared_lib.usecases.accumulate_payment import accumulate_payment
from shared_lib.usecases.answer_join_request import answer_join_request
from shared_lib.usecases.authorize_transfer import authorize_transfer
from shared_lib.usecases.batch_payouts import batch_payouts
from shared_lib.usecases.broadcast_offers import broadcast_offers
from shared_lib.usecases.check_order import check_order
from shared_lib.usecases.check_payment import check_payment
from shared_lib.usecases.check_swap import check_swap
from shared_lib.usecases.check_transfer import check_transfer
from shared_lib.usecases.confirm_payment import confirm_payment
from shared_lib.usecases.create_swap import create_swap
from shared_lib.usecases.expire_subscriptions import expire_subscriptions
from shared_lib.usecases.handle_update import handle_update
from shared_lib.usecases.notify import notify
from shared_lib.usecases.post_offer import post_offer
from shared_lib.usecases.quote_swap import quote_swap
from shared_lib.usecases.receive_callback import CallbackAnswer, receive_callback
from shared_lib.usecases.reconcile import reconcile
from shared_lib.usecases.record_top_up import record_top_up
from shared_lib.usecases.refresh_currencies import refresh_currencies
from shared_lib.usecases.register_channel import (
    NewChannel,
    NewTier,
    RegisteredChannel,
    register_channel,
)
from shared_lib.usecases.remove_member import remove_member
from shared_lib.usecases.send_invite import send_invite
from shared_lib.usecases.send_transfer import send_transfer
from shared_lib.usecases.start_payout import start_payout
from tests.fakes.chain import FakeChain, FakeSigner
from tests.fakes.drafts import FakeDrafts
from tests.fakes.messenger import FakeMessenger
from tests.fakes.provider import FakePaymentProvider
from tests.fakes.swaps import FakeSwapProvider
from tests.points import KilledError, Points, WatchedDatabase, WatchedPort

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
OWNER = 5_100_000_001
ETHER = 10**18
NACK_SECONDS = 60.0
BATCH_MINUTES = 5
CONFIRMATIONS = 3
# What a function answers with 503, so that the same comes again.
NACKED = (LeaseHeldError, LeaseLostError, DatabaseUnavailableError)

HANDLERS: dict[str, Callable[[Any, UUID], None]] = {
    "payment.updated": confirm_payment,
    "payment.check_due": check_payment,
    "order.check_due": check_order,
    "invite.requested": send_invite,
    "join.requested": answer_join_request,
    "payout.requested": start_payout,
    "swap.requested": quote_swap,
    "swap.quoted": create_swap,
    "swap.check_due": check_swap,
    "transfer.requested": authorize_transfer,
    "transfer.authorized": send_transfer,
    "transfer.check_due": check_transfer,
    "notice.requested": notify,
    "member.removal_due": remove_member,
    "offer.due": post_offer,
}
PROJECT = Path(__file__).parents[1]
_FUNCTIONS = json.loads((PROJECT / "terraform" / "functions.json").read_text())["functions"]
CONSUMERS = {event: name for name, one in _FUNCTIONS.items() for event in one["consumes"]}
GRANTED = {name: frozenset(one["publishes"]) for name, one in _FUNCTIONS.items()}
# Of these every purchase has some. An order is asked about where no payment of it is known,
# somebody is removed where nothing more was bought, and offers are posted whoever buys.
OF_EVERY_PURCHASE = tuple(
    name for name in HANDLERS if name not in ("order.check_due", "member.removal_due", "offer.due")
)


def _calls_of(port: type, *local: str) -> frozenset[str]:
    """What a port asks of the outside: all its methods but those that stay in this process."""
    return frozenset(name for name in vars(port) if not name.startswith("_")) - frozenset(local)


_PROVIDER_CALLS = _calls_of(PaymentProvider, "is_genuine", "read_report")
_SWAP_CALLS = _calls_of(SwapProvider)
_MESSENGER_CALLS = _calls_of(Messenger)
_DRAFT_CALLS = _calls_of(Drafts)
CHAIN_CALLS = _calls_of(Chain, "checksum_address")


class StillClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class FreshIds:
    def new(self) -> UUID:
        return uuid4()

    def offer_link(self) -> str:
        return uuid4().hex[:22]


@dataclass(frozen=True)
class Pushed:
    """An event on its way, not delivered before `not_before`."""

    event: Event
    not_before: datetime


@dataclass
class Shop:
    """A registered channel and where its owner is paid."""

    registered: RegisteredChannel
    closed_chat_id: int
    destination: str

    @property
    def channel_id(self) -> UUID:
        return self.registered.channel_id


@dataclass
class World:
    """All ports, and the people and machines around them."""

    connect: Connect
    policy: Policy = field(
        default_factory=lambda: Policy(
            chain_id=31_337, host_wallet=FakeSigner().address, confirmations=CONFIRMATIONS
        )
    )
    clock: StillClock = field(default_factory=StillClock)
    ids: FreshIds = field(default_factory=FreshIds)
    points: Points = field(default_factory=Points)
    fake_provider: FakePaymentProvider = field(default_factory=FakePaymentProvider)
    fake_chain: FakeChain = field(default_factory=FakeChain)
    signer: FakeSigner = field(default_factory=FakeSigner)
    queue: deque[Pushed] = field(default_factory=deque)
    kills: list[str] = field(default_factory=list)
    delivered: list[Event] = field(default_factory=list)
    updates: int = 0
    batch_slot: int = 0
    exchanges_go_on: bool = True
    fatal_point: int | None = None
    checks_grants: bool = False

    def __post_init__(self) -> None:
        self.fake_messenger = FakeMessenger(self.clock)
        self.fake_chain.base_fee = 10**9  # low, so that one purchase is worth paying out
        self._committed: list[OutboxRow] = []
        self._reading: pg8000.native.Connection | None = None
        self._statements: dict[str, pg8000.native.PreparedStatement] = {}
        self.real_database = PostgresDatabase(self.connect, self._committed.extend)
        self.database = WatchedDatabase(self.real_database, self.points)
        self.provider = cast(
            "PaymentProvider", WatchedPort(self.fake_provider, self.points, _PROVIDER_CALLS)
        )
        self.messenger = cast(
            "Messenger", WatchedPort(self.fake_messenger, self.points, _MESSENGER_CALLS)
        )
        self.fake_drafts = FakeDrafts()
        self.drafts = cast("Drafts", WatchedPort(self.fake_drafts, self.points, _DRAFT_CALLS))
        self.fake_swaps = FakeSwapProvider(self.clock, self.fake_chain)
        self.swaps = cast("SwapProvider", WatchedPort(self.fake_swaps, self.points, _SWAP_CALLS))
        self.chain = cast("Chain", WatchedPort(self.fake_chain, self.points, CHAIN_CALLS))

    # ---- owners and subscribers ----

    def top_up(self, wei: int = ETHER) -> None:
        """Gas money for the host wallet, on the chain and in the books."""
        tx_hash = self.fake_chain.pay(self.policy.host_wallet, wei)
        self.fake_chain.mine(CONFIRMATIONS)
        self._flushing(lambda: record_top_up(self, tx_hash, "operator"))

    def open_shop(
        self,
        number: int = 1,
        tiers: Sequence[NewTier] = (NewTier(999, 30), NewTier(1999, 90)),
        target: PayoutTarget | None = None,
        threshold_cents: int | None = None,
    ) -> Shop:
        """A channel whose owner wants ETH, or `target`; `number` gives it chats of its own.

        With a threshold its money is collected in USDT first.
        """
        open_id, closed_id = -1_001_000_000_000 - 2 * number, -1_001_000_000_001 - 2 * number
        self.fake_messenger.add_chat(open_id)
        self.fake_messenger.add_chat(closed_id)
        if target is None:
            text = f"0x{number:040x}".replace("0x00", "0xab")
            target = PayoutTarget(ETH, self.fake_chain.checksum_address(text), None)
        elif target.asset != self.policy.settlement_asset:
            refresh_currencies(self, self.updates)
        new = NewChannel(
            owner=Person(OWNER + number, "Owner", None, None),
            open_chat=Chat(open_id, ChatRole.OPEN, "Open", ""),
            closed_chat=Chat(closed_id, ChatRole.CLOSED, f"Channel {number}", "Signals"),
            tiers=tiers,
            strategy=Strategy.THRESHOLD if threshold_cents else Strategy.INSTANT,
            threshold_cents=threshold_cents,
            target=target,
        )
        registered = self._flushing(lambda: register_channel(self, new))
        return Shop(registered, closed_id, target.address)

    def order(self, user_id: int, shop: Shop, tier: int = 0) -> str:
        """Open an offer; the id of the invoice that came of it."""
        self.fake_messenger.add_person(user_id)
        known = set(self.fake_provider.invoices)
        self.update(user_id, OpenOffer(shop.registered.offer_links[tier]))
        made = set(self.fake_provider.invoices) - known
        if made:
            return made.pop()
        tier_orders = [
            one
            for one, request in self.fake_provider.invoices.items()
            if self._orderer(request.order_id) == user_id
        ]
        return tier_orders[-1]

    def update(
        self, user_id: int, intent: Any, update_id: int | None = None, language: str = "en"
    ) -> None:
        """An update from Telegram; without an id it is a new one."""
        if update_id is None:
            self.updates += 1
            update_id = self.updates
        person = Person(user_id, f"User {user_id}", None, language)
        self._flushing(lambda: handle_update(self, update_id, person, intent), "telegram_bot")

    def finish(self, invoice_id: str, amount: str = "0.0025", **fields: Any) -> str:
        """Pay an invoice: the deposit arrives on the chain, and the provider says finished."""
        tx_hash = self.deposit(amount)
        settled = {"outcome_amount": amount, "payout_hash": tx_hash, **self._settled_in(), **fields}
        payment_id = self.fake_provider.pay(invoice_id, "finished", **settled)
        self.call_back(payment_id)
        return payment_id

    def pay_part(
        self,
        invoice_id: str,
        paid: str = "0.6",
        amount: str = "0.0015",
        *,
        arrives: bool = True,
        **fields: Any,
    ) -> str:
        """Pay so much of one coin that is asked for, which brings us `amount`; the payment's id.

        Unless it `arrives`, the provider has not sent it on yet.
        """
        words = {"pay_amount": "1", "actually_paid": paid, "outcome_amount": amount}
        words |= self._settled_in() | fields
        status = words.pop("status", "partially_paid")
        if arrives:
            words["payout_hash"] = self.deposit(amount)
        payment_id = self.fake_provider.pay(invoice_id, status, **words)
        self.call_back(payment_id)
        return payment_id

    def deposit(self, amount: str) -> str:
        """The provider sends money to the host wallet; the transaction's hash."""
        asset = self.policy.settlement_asset
        units = parse_amount(amount, asset).base_units
        tx_hash = self.fake_chain.pay(self.policy.host_wallet, units, asset)
        self.fake_chain.mine(1)
        return tx_hash

    def _settled_in(self) -> dict[str, str]:
        currency = self.policy.provider_currency(self.policy.settlement_asset)
        return {"outcome_currency": currency}

    def call_back(self, payment_id: str) -> CallbackAnswer:
        """The provider's callback about a payment as it is now."""
        body, signature = self.fake_provider.callback(payment_id)
        answer: CallbackAnswer = self._flushing(
            lambda: receive_callback(self, body, signature), "nowpayments_ipn"
        )
        return answer

    def join(self, user_id: int, url: str) -> str:
        """Tap an invite link; the request reaches the bot."""
        said = self.fake_messenger.open_link(user_id, url)
        link = self.fake_messenger.links.get(url)
        if said == "requested" and link is not None:
            intent = AskToJoin(link.chat_id, link.name, self.clock.now())
            self.update(user_id, intent)
        return said

    def invite_urls(self, user_id: int) -> list[str]:
        """Every different invite link that a person was sent, oldest first."""
        urls = [
            button.url
            for message in self.fake_messenger.messages_to(user_id)
            for button in message.buttons
            if button.url and "t.me/+" in button.url
        ]
        return list(dict.fromkeys(urls))

    # ---- machines ----

    def deliver(self, event: Event, die_at: int | None = None) -> bool:
        """Push one event to its function; whether it was acknowledged.

        A delivery that dies loses what it had not published, and comes again later.
        """
        self.delivered.append(event)
        known = len(self._committed)
        self.points.start(die_at)
        try:
            self._handle(event)
            self._require_granted(CONSUMERS[event.type], known)
        except KilledError as death:
            self.kills.append(f"{event.type}: {death}")
            self._committed.clear()
            self._push(event, NACK_SECONDS)
            return False
        except NACKED:
            self.publish()
            self._push(event, NACK_SECONDS)
            return False
        finally:
            self.points.die_at = None
        self.publish()
        return True

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """What happens in the block happens in another process, in the middle of a delivery."""
        ours = list(self._committed)
        self._committed.clear()
        with self.points.apart():
            yield
        self._committed[:] = ours

    def step(self) -> bool:
        """Deliver the next event whose time has come; False if there is none."""
        for index, pushed in enumerate(self.queue):
            if pushed.not_before <= self.clock.now():
                del self.queue[index]
                self.deliver(pushed.event)
                return True
        return False

    def drain(self) -> None:
        """Deliver everything that can be delivered now."""
        while self.step():
            pass

    def run(self, most_minutes: int = 240) -> None:
        """Let time pass, with blocks and ticks, until nothing is left to do."""
        for _ in range(most_minutes):
            self.drain()
            if self.is_quiet():
                return
            self.tick()
        raise AssertionError(f"still busy after {most_minutes} minutes: {self.unfinished()}")

    def tick(self) -> None:
        """One minute passes: a few blocks, exchanges that go on, and the reconcile tick."""
        self.clock.pass_time(60)
        self.fake_chain.mine(5)
        if self.exchanges_go_on:
            self.fake_swaps.settle_all()
        self.deliver(ReconcileTick())
        self.deliver(ExpireSubscriptionsTick())
        if self._minutes() // BATCH_MINUTES != self.batch_slot:
            self.batch_slot = self._minutes() // BATCH_MINUTES
            self.deliver(BatchPayoutsTick())
            self.deliver(BroadcastOffersTick())

    def _minutes(self) -> int:
        return int(self.clock.now().timestamp() // 60)

    def is_quiet(self) -> bool:
        return not self.queue and not self.unfinished()

    def unfinished(self) -> dict[str, int]:
        """How many rows of each kind are still on their way."""
        rows = self._reader().run(UNFINISHED) or []
        return {str(kind): int(number) for kind, number in rows if number}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Read the database as a report would."""
        reader = self._reader()
        found = reader.run(sql) or []
        names = [column["name"] for column in reader.columns or []]
        return [dict(zip(names, row, strict=True)) for row in found]

    def kept_rows(self, sql: str) -> list[dict[str, Any]]:
        """As `rows`, for what is read again and again: the statement is planned once."""
        statement = self._statements.get(sql)
        if statement is None:
            statement = self._statements[sql] = self._reader().prepare(sql)
        found = statement.run() or []
        names = [column["name"] for column in statement.columns or []]
        return [dict(zip(names, row, strict=True)) for row in found]

    def close(self) -> None:
        """End all connections."""
        self.real_database.close()
        if self._reading is not None:
            self._reading.close()

    def set_policy(self, **changes: Any) -> None:
        """Run on under other numbers."""
        self.policy = replace(self.policy, **changes)

    # ---- inside ----

    def _reader(self) -> pg8000.native.Connection:
        """One connection for looking, apart from those of the product."""
        if self._reading is None:
            self._reading = self.connect()
        return self._reading

    def _handle(self, event: Event) -> None:
        if isinstance(event, ReconcileTick):
            reconcile(self, self._minutes())
        elif isinstance(event, ExpireSubscriptionsTick):
            expire_subscriptions(self, self._minutes())
        elif isinstance(event, BatchPayoutsTick):
            batch_payouts(self, self._minutes() // BATCH_MINUTES)
        elif isinstance(event, BroadcastOffersTick):
            broadcast_offers(self, self._minutes() // BATCH_MINUTES)
        elif isinstance(event, PoolRequested):
            accumulate_payment(self, event.asset)
        elif event.entity_id is not None:
            HANDLERS[event.type](self, event.entity_id)

    def _require_granted(self, function: str, known: int) -> None:
        """What a function publishes is granted to it, or else only `reconcile` would ever do it.

        For tests in which one thing happens at a time: what else runs in the middle of a delivery
        cannot be told from it here.
        """
        if not self.checks_grants:
            return
        published = {row.event.type for row in list(self._committed)[known:]}
        assert published <= GRANTED[function], f"{function} may not publish {published}"

    def _flushing(self, action: Callable[[], Any], function: str | None = None) -> Any:
        """Run what an HTTP function runs, then publish; without a name, a command of a person."""
        known = len(self._committed)
        self.points.start(self.fatal_point)
        try:
            answer = action()
            if function is not None:
                self._require_granted(function, known)
        except KilledError:
            self._committed.clear()
            raise
        finally:
            self.points.die_at = None
        self.publish()
        return answer

    def publish(self) -> None:
        """Hand what was committed to the queue, as a function does before it answers."""
        rows = list(self._committed)
        self._committed.clear()
        for row in rows:
            self._push(row.event, 0)
        if rows:
            self.real_database.forget_published([row.id for row in rows])

    def _push(self, event: Event, seconds: float) -> None:
        self.queue.append(Pushed(event, self.clock.now() + timedelta(seconds=seconds)))

    def _orderer(self, order_id: UUID) -> int:
        rows = self.rows(f"SELECT telegram_user_id FROM orders WHERE id = '{order_id}'")
        return int(rows[0]["telegram_user_id"])


UNFINISHED = """
SELECT 'payments' AS kind, count(*) AS number FROM payments WHERE next_check_at IS NOT NULL
UNION ALL SELECT 'invites', count(*) FROM invites WHERE state = 'creating'
UNION ALL SELECT 'join_requests', count(*) FROM join_requests WHERE state = 'pending'
UNION ALL SELECT 'shares', count(*) FROM shares WHERE state = 'pending' AND kind <> 'dust'
UNION ALL SELECT 'payouts', count(*) FROM payouts WHERE next_check_at IS NOT NULL
UNION ALL SELECT 'swaps', count(*) FROM swaps WHERE next_check_at IS NOT NULL
UNION ALL SELECT 'transfers', count(*) FROM transfers WHERE next_check_at IS NOT NULL
UNION ALL SELECT 'notices', count(*) FROM notices WHERE state = 'pending'
UNION ALL SELECT 'outbox', count(*) FROM outbox
"""
