"""The history machine: long random lives of the whole product, in one process.

A history is a world (tests/world.py) with four channels, two of which are paid in ETH, one in BTC
and one in XRP with a tag, six buyers and two strangers. It takes some hundreds of steps. Each step
is one rule with its own dice:

* `people`: offers are opened, paid in every way that the provider knows, renewed, refunded;
  callbacks come, come again, come late, out of order or never; buyers and strangers ask to join.
* `outside`: NOWPayments, Telegram and ChangeNOW refuse, break down or lose their answers, before or
  after the effect; exchanges end in every way; rates, limits and coins change.
* `chain`: transactions are hidden, lost and replaced, blocks vanish, gas gets dear, the node lags.
* `commands`: owners and operators grant, block, give back and release.
* `owners`: the kill switch, other policies, top-ups, owners who change where they are paid.
* `deliveries`: events are delivered, in any order, again, never, two at once; processes die, leases
  end in the middle, messages become dead letters, ticks come or do not, and time jumps.

After every step all invariants hold (tests/invariants.py and `checks`). At the end the faults stop,
time passes, and everything ends: quiet, or in review with a reason. Then each channel's money is
accounted for without asking our ledger (`ends`).

Everything follows from one number, the seed: the steps, their dice, all ids. Time stands still but
for steps, and two deliveries at once take turns at points that the dice choose (`turns`). A history
that fails is shrunk to the steps that matter, and one command plays it again (`replay`).

To add a rule, write a function `(Machine) -> bool` in one of these modules under `@rule(weight)`.
It draws from `machine.dice` and `machine.pick` only. It answers False where it had nothing to do,
which is no step then. A rule that is `quiet` changes nothing that an invariant reads: what it
orders happens later.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import TypeVar
from uuid import UUID

import pg8000.native

from shared_lib.adapters.postgres.database import Connect, PostgresDatabase
from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, USDT
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.policy import Policy
from shared_lib.domain.update import Intent
from shared_lib.events import Event
from shared_lib.ports import LeaseHeldError, LeaseLostError
from shared_lib.usecases.register_channel import NewTier
from tests.histories.strikes import CountedFailures
from tests.histories.turns import TurnPoints
from tests.points import KilledError, WatchedDatabase
from tests.world import FreshIds, Shop, World

BUYERS = tuple(range(6_400_000_001, 6_400_000_007))
STRANGERS = (6_490_000_001, 6_490_000_002)
# Enough for a while; when it is used up, transfers wait for a top-up.
FIRST_TOP_UP = 2 * 10**16
SEEN_MOST = 200
# Shorter than ever in production: histories are short.
CREDIT_LIFETIME = timedelta(days=1)

BTC, XRP = asset_of("btc:btc"), asset_of("xrp:xrp")
# Where each owner may want to be paid; the first is what the channel is registered with.
TARGETS: tuple[tuple[PayoutTarget, ...], ...] = (
    (
        PayoutTarget(ETH, "0xde709f2102306220921060314715629080e2fb77", None),
        PayoutTarget(ETH, "0x27b1fdb04752bbc536007a920d24acb045561c26", None),
        PayoutTarget(BTC, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", None),
    ),
    (
        PayoutTarget(ETH, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", None),
        PayoutTarget(ETH, "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359", None),
    ),
    (
        PayoutTarget(BTC, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", None),
        PayoutTarget(BTC, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", None),
        PayoutTarget(ETH, "0xdbf03b407c01e7cd3cbea99509d93f8dddc8c6fb", None),
    ),
    (
        PayoutTarget(XRP, "rDsbeomae4FXwgQTJp9Rs64Qg9vDiTCdBv", "12345"),
        PayoutTarget(XRP, "rDsbeomae4FXwgQTJp9Rs64Qg9vDiTCdBv", "67890"),
        PayoutTarget(BTC, "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", None),
    ),
    # Those who collect. USDT is sent to nobody else, so that what they got can be told apart.
    (
        PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None),
        PayoutTarget(USDT, "0x8617E340B3D01FA5F11F306F4090FD50E238070D", None),
    ),
    (
        PayoutTarget(BTC, "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", None),
        PayoutTarget(BTC, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", None),
    ),
)
COLLECTORS = frozenset({4, 5})
# One of them may turn to being paid at once, and back.
UNDECIDED = 5
THRESHOLD_CENTS = 2_000


Item = TypeVar("Item")


class SeededIds(FreshIds):
    """Ids that follow from a seed, anew in each step."""

    def __init__(self, seed: int) -> None:
        self.begin(seed)

    def begin(self, seed: int) -> None:
        """Go on with the ids of this seed."""
        self._random = Random(seed)

    def new(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def offer_link(self) -> str:
        return f"{self._random.getrandbits(88):022x}"


@dataclass
class Sale:
    """A payment as the provider knows it. `announced` is every outcome that it ever named."""

    key: str
    payment_id: str
    invoice_id: str
    announced: set[str] = field(default_factory=set)
    is_finished: bool = False
    is_part: bool = False
    has_money: bool = False


@dataclass(frozen=True)
class Asked:
    """What a person asked of the bot, in the update with this number."""

    number: int
    user_id: int
    intent: Intent


@dataclass(frozen=True)
class Callback:
    """What the provider sent, or would have."""

    key: str
    body: bytes
    signature: str


@dataclass
class Machine:
    """A world with the people around it. `dice` are those of the present step.

    `repeats` is what was not answered, and is sent again by whoever sent it. `strikes` counts what
    went wrong by kind, and `seen` holds events that were delivered. `asked` is what people asked of
    the bot, `fees_bps` our fees so far, and `made_up_refunds` and `made_up_payments` are exchanges
    whose refund, or payment, is only a word. `foreign` holds transactions of our wallet that we
    never made, with their times.
    """

    world: World
    shops: list[Shop]
    targets: list[list[PayoutTarget]]
    dice: Random
    strikes: Counter[str]
    sales: list[Sale] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    repeats: list[Callable[[], object]] = field(default_factory=list)
    seen: deque[Event] = field(default_factory=lambda: deque(maxlen=SEEN_MOST))
    asked: list[Asked] = field(default_factory=list)
    fees_bps: set[int] = field(default_factory=lambda: {Policy().fee_bps})
    made_up_refunds: set[str] = field(default_factory=set)
    made_up_payments: set[str] = field(default_factory=set)
    foreign: dict[str, datetime] = field(default_factory=dict)
    is_stopped: bool = False
    is_market_calm: bool = True
    is_policy_usual: bool = True

    @property
    def points(self) -> TurnPoints:
        """The world's points, at which two deliveries take turns."""
        assert isinstance(self.world.points, TurnPoints)
        return self.world.points

    def begin(self, dice: int) -> None:
        """Begin a step with its own dice and ids."""
        self.dice = Random(dice)
        assert isinstance(self.world.ids, SeededIds)
        self.world.ids.begin(dice)

    def chance(self, percent: int) -> bool:
        """Whether it happens this time."""
        return self.dice.randrange(100) < percent

    def pick(self, among: Iterable[Item], key: Callable[[Item], object] = str) -> Item:
        """One of them, by the dice and their keys.

        What else is there does not matter much: a step that is played without some of the steps
        before it mostly picks the same. Without this nothing could be shrunk.
        """
        salt = self.dice.getrandbits(32)
        return min(among, key=lambda one: blake2b(f"{salt} {key(one)}".encode()).digest())

    def strike(self, kind: str) -> None:
        """Something went wrong."""
        self.strikes[kind] += 1

    def request(self, act: Callable[[], object], *, dies: bool = True) -> None:
        """What an HTTP function does; now and then it dies, and is asked again later."""
        self.world.fatal_point = self.dice.randrange(10) if dies and self.chance(8) else None
        try:
            act()
        except (KilledError, LeaseHeldError, LeaseLostError) as end:
            self.strike("death" if isinstance(end, KilledError) else "lease held")
            self.repeats.append(act)
        finally:
            self.world.fatal_point = None


Act = Callable[[Machine], bool]


@dataclass(frozen=True)
class Rule:
    """Something that can happen; `weight` says how often beside the others."""

    act: Act
    weight: int
    is_quiet: bool

    @property
    def name(self) -> str:
        return self.act.__name__


RULES: dict[str, Rule] = {}


def rule(weight: int, *, quiet: bool = False) -> Callable[[Act], Act]:
    """Let a function be a rule of the machine."""

    def register(act: Act) -> Act:
        RULES[act.__name__] = Rule(act, weight, quiet)
        return act

    return register


@dataclass
class Connections:
    """Kept from one history to the next, as all statements are planned on them by then."""

    connect: Connect
    database: PostgresDatabase = field(init=False)
    reading: pg8000.native.Connection = field(init=False)
    statements: dict[str, pg8000.native.PreparedStatement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = PostgresDatabase(self.connect, lambda _: None)
        self.reading = self.connect()

    def lend(self, world: World) -> None:
        """Let a world work on them."""
        self.database._committed = world._committed.extend
        world.real_database = self.database
        world.database = WatchedDatabase(self.database, world.points)
        world._reading, world._statements = self.reading, self.statements

    def close(self) -> None:
        """End them."""
        self.database.close()
        self.reading.close()


def new_machine(connections: Connections, seed: int) -> Machine:
    """A world on an empty database, with its channels open and some gas money."""
    world = World(connections.connect, ids=SeededIds(seed), points=TurnPoints())
    connections.lend(world)
    world.set_policy(credit_lifetime=CREDIT_LIFETIME)
    world.exchanges_go_on = False
    strikes: Counter[str] = Counter()
    world.fake_provider._failures = CountedFailures("provider", strikes)
    world.fake_messenger._failures = CountedFailures("telegram", strikes)
    world.fake_swaps.failures = CountedFailures("swaps", strikes)
    world.top_up(FIRST_TOP_UP)
    targets = [[_normal(world, one) for one in some] for some in TARGETS]
    shops = [
        world.open_shop(
            number + 1,
            # Where a day is bought, access ends within the history.
            tiers=(NewTier(999, 30 if number else 1), NewTier(1999, 90)),
            target=some[0],
            threshold_cents=THRESHOLD_CENTS if number in COLLECTORS else None,
        )
        for number, some in enumerate(targets)
    ]
    return Machine(world, shops, targets, Random(seed), strikes)


def _normal(world: World, target: PayoutTarget) -> PayoutTarget:
    if target.asset != ETH:
        return target
    return PayoutTarget(ETH, world.fake_chain.checksum_address(target.address), None)
