"""What these tests order of a world, and how they read it."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.transfer import Fees
from shared_lib.events import Event, ReconcileTick, TransferCheckDue
from shared_lib.ports import (
    Chain,
    LeaseHeldError,
    LeaseLostError,
    Messenger,
    ProviderError,
    SignedTransfer,
    UnsignedTransfer,
)
from shared_lib.usecases.receive_callback import receive_callback
from tests.databases import together
from tests.fakes.chain import GWEI, WALLET, FakeSigner
from tests.fakes.failures import Failures
from tests.fakes.messenger import FakeMessenger
from tests.fakes.provider import FakePaymentProvider
from tests.world import HANDLERS, Pushed, Shop, World

ANN, BEN, STRANGER = 6_000_000_001, 6_000_000_002, 6_999_999_999
OTHER_ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
MINUTES_MOST = 60
# How many points lie between the signature of other bytes and a process's death.
BEFORE_STORING, BEFORE_BROADCASTING = 0, 4


# ---- reading -------------------------------------------------------------------------------------


def value(world: World, sql: str) -> Any:
    """The only value of the only row."""
    [row] = world.rows(sql)
    [found] = row.values()
    return found


def column(world: World, sql: str) -> list[Any]:
    """The first value of every row."""
    return [next(iter(row.values())) for row in world.rows(sql)]


def state_of(world: World, table: str) -> list[str]:
    """The states of all rows of a table, oldest row first."""
    return column(world, f"SELECT state FROM {table} ORDER BY created_at, id")


def reviews(world: World) -> set[tuple[str, str]]:
    """Subject and reason of every open review item."""
    rows = world.rows("SELECT subject_kind, reason FROM review_items WHERE closed_at IS NULL")
    return {(row["subject_kind"], row["reason"]) for row in rows}


def lengths(world: World) -> list[int]:
    """The days of each period, in the order in which they begin."""
    return column(
        world,
        "SELECT extract(day FROM ends_at - starts_at)::int FROM membership_periods "
        "ORDER BY starts_at",
    )


def account_of(world: World, shop: Shop) -> UUID:
    """The account of a channel's owner."""
    found: UUID = value(world, f"SELECT account_id FROM channels WHERE id = '{shop.channel_id}'")
    return found


def balance(world: World, account: str) -> int:
    """What an account of the ledger holds, in wei."""
    sql = f"SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE account = '{account}'"
    return int(value(world, sql))


def said(world: World, user_id: int) -> list[str]:
    """The texts that a person was sent, oldest first."""
    return [message.html for message in world.fake_messenger.messages_to(user_id)]


# ---- what goes wrong outside ---------------------------------------------------------------------

MANY = 10_000


def break_down(
    fake: FakeMessenger | FakePaymentProvider, method: str, error: ProviderError
) -> None:
    """Let every call of `method` fail until `repair`."""
    for _ in range(MANY):
        fake.fail_next(method, error)


def repair(fake: FakeMessenger | FakePaymentProvider) -> None:
    """Nothing fails any more."""
    fake._failures = Failures()


def stop_sends(world: World) -> None:
    """The operator's kill switch."""
    now = world.clock.now()
    change(world, f"INSERT INTO controls VALUES ('stop_sends', 'operator', 'test', '{now}')")


def allow_sends(world: World) -> None:
    """The kill switch is off again."""
    change(world, "DELETE FROM controls")


def have_patience(world: World) -> None:
    """No bytes are ever taken for stuck."""
    world.set_policy(transfer_stuck_seconds=10**6)


# ---- acting --------------------------------------------------------------------------------------


def change(world: World, sql: str) -> None:
    """Write to the database, as somebody other than the use case under test."""
    world.rows(sql)


def buy(world: World, shop: Shop, user_id: int = ANN, amount: str = "0.0025", tier: int = 0) -> str:
    """Order and pay; the provider's payment id."""
    return world.finish(world.order(user_id, shop, tier), amount)


def report(world: World, invoice_id: str, status: str, **fields: Any) -> str:
    """A payment on an invoice in this status, and its callback; the provider's payment id."""
    payment_id = world.fake_provider.pay(invoice_id, status, **fields)
    world.call_back(payment_id)
    return payment_id


def go_on(world: World, payment_id: str, status: str, **fields: Any) -> None:
    """A payment reaches another status, and the callback says so."""
    world.fake_provider.set_status(payment_id, status, **fields)
    world.call_back(payment_id)


def late_callback(world: World, payment_id: str, status: str, **fields: Any) -> None:
    """A callback arrives that says less, or something else, than the provider knows by now."""
    body = json.dumps(
        world.fake_provider.payments[payment_id] | {"payment_status": status} | fields
    )
    signature = world.fake_provider.sign(body.encode())
    receive_callback(world, body.encode(), signature)
    world.publish()


def tick(world: World, seconds: float = 60) -> None:
    """Time passes without a block; the tick, and all that it wakes."""
    world.clock.pass_time(seconds)
    world.deliver(ReconcileTick())
    world.drain()


def stop_before(world: World, event_type: str) -> Event:
    """Let everything go on but for the first event of this type, which is taken off the queue."""
    for _ in range(MINUTES_MOST):
        while (pushed := _next(world)) is not None:
            world.queue.remove(pushed)
            if pushed.event.type == event_type:
                return pushed.event
            world.deliver(pushed.event)
        world.tick()
    raise AssertionError(f"{event_type} was never published")


def _next(world: World) -> Pushed | None:
    now = world.clock.now()
    return next((one for one in world.queue if one.not_before <= now), None)


def handle(world: World, event: Event) -> None:
    """Deliver an event; unlike `World.deliver` it shows which exception ended the delivery."""
    world._handle(event)
    world.publish()


def entity(event: Event) -> UUID:
    """The id that an event is about."""
    assert event.entity_id is not None
    return event.entity_id


def at_once(world: World, *acts: Callable[[], object]) -> int:
    """Run all at the same moment, each in a thread of its own; how many were turned away."""

    def run(act: Callable[[], object]) -> int:
        try:
            act()
        except (LeaseHeldError, LeaseLostError):
            return 1
        return 0

    turned_away = together(*[_bound(run, act) for act in acts])
    world.publish()
    return sum(turned_away)


def _bound(run: Callable[[Callable[[], object]], int], act: Callable[[], object]) -> Any:
    return lambda: run(act)


def twice_at_once(world: World, event: Event, times: int = 2) -> int:
    """Deliver one event several times at once; how many deliveries were turned away."""
    handler, entity_id = HANDLERS[event.type], entity(event)
    return at_once(world, *[lambda: handler(world, entity_id)] * times)


def purchase(
    world: World,
    event_type: str,
    *,
    number: int = 1,
    user_id: int = ANN,
    target: PayoutTarget | None = None,
) -> Event:
    """One purchase on a channel of its own, gone as far as this event, which is not delivered."""
    if number == 1:
        world.top_up()
    buy(world, world.open_shop(number, target=target), user_id)
    return stop_before(world, event_type)


def sent(
    world: World, number: int = 1, user_id: int = ANN, target: PayoutTarget | None = None
) -> TransferCheckDue:
    """One purchase, gone as far as the broadcast; the event that checks its transfer."""
    event = purchase(world, "transfer.authorized", number=number, user_id=user_id, target=target)
    handle(world, event)
    world.drain()
    transfer_id = entity(event)
    assert value(world, f"SELECT state FROM transfers WHERE id = '{transfer_id}'") == "sent"
    return TransferCheckDue(transfer_id=transfer_id)


def spike(world: World, base_fee_gwei: int = 100) -> None:
    """Gas gets too dear for what waits: at a base fee of 1 gwei we pay 3 gwei at most."""
    world.fake_chain.base_fee = base_fee_gwei * GWEI
    world.fake_chain.mine()


def calm(world: World) -> None:
    """Gas is as cheap again as it was."""
    world.fake_chain.base_fee = GWEI


def leave(world: World, seconds: float) -> None:
    """Time passes until so much is left of the last exchange's promise."""
    ends_at = value(world, "SELECT max(promise_ends_at) FROM swaps")
    world.clock.moment = ends_at - timedelta(seconds=seconds)


def attempts(world: World) -> list[str]:
    """The kinds of all stored bytes, oldest first."""
    return column(world, "SELECT kind FROM transfer_attempts ORDER BY created_at, max_fee, id")


def assert_outbid(held: Fees, new: Fees) -> None:
    """Any node takes the new ones for the old."""
    assert 100 * new.max_fee >= 110 * held.max_fee
    assert 100 * new.max_priority_fee >= 110 * held.max_priority_fee


def die_after_signing(world: World, points: int) -> None:
    """The process is killed so many points after its next signature."""

    def arm() -> None:
        world.points.die_at = len(world.points.passed) + points

    world.signer = InterruptedSigner([arm])


def assert_paid_on_one_nonce(world: World) -> None:
    """Whatever was signed is on one nonce, and one of it was mined: the owner is paid once."""
    world.run()
    assert state_of(world, "transfers") == ["confirmed"]
    assert state_of(world, "payouts") == ["settled"]
    assert state_of(world, "shares") == ["paid"]
    [row] = world.rows("SELECT destination, amount FROM transfers")
    assert world.fake_chain.balance(row["destination"]).base_units == int(row["amount"])
    assert {one.nonce for one in world.signer.signed} == {0}
    assert world.fake_chain.mined_nonce(WALLET) == 1
    [gas_paid] = mined_gas(world)
    assert balance(world, "gas_cost") == gas_paid
    for kind in ("signed", "settled", "gas"):
        counted = f"SELECT count(*) FROM ledger_transactions WHERE kind = '{kind}'"
        assert value(world, counted) == 1
    assert balance(world, "in_flight") == 0
    assert reviews(world) == set()


def mined_gas(world: World) -> list[int]:
    """What each mined transaction of ours cost, in wei."""
    found = [world.fake_chain.mined(one) for one in world.fake_chain.sent]
    return [one.gas_paid for one in found if one is not None]


class InterruptedChain:
    """A chain's port; while it is first asked by `method`, something else happens."""

    def __init__(self, inner: Chain, method: str, act: Callable[[], object]) -> None:
        self._inner = inner
        self._acts = {method: act}

    def __getattr__(self, name: str) -> Any:
        act = self._acts.pop(name, None)
        if act is not None:
            act()
        return getattr(self._inner, name)


class InterruptedMessenger:
    """A messenger; while it is first told to do `method`, something else happens."""

    def __init__(self, inner: Messenger, method: str, act: Callable[[], object]) -> None:
        self._inner, self._method, self._acts = inner, method, [act]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name != self._method:
            return found

        def called(*arguments: Any) -> Any:
            acts, self._acts = self._acts, []
            for act in acts:
                act()
            return found(*arguments)

        return called


class InterruptedSigner(FakeSigner):
    """During its first signature something else happens."""

    def __init__(self, acts: Iterable[Callable[[], object]]) -> None:
        super().__init__()
        self._acts = list(acts)

    def sign(self, transfer: UnsignedTransfer) -> SignedTransfer:
        signed = super().sign(transfer)
        acts, self._acts = self._acts, []
        for act in acts:
            act()
        return signed
