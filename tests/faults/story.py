"""One purchase from offer to settled payout, which must end the same whatever happens in it."""

from dataclasses import dataclass, field

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import USDT
from shared_lib.domain.offer import PayoutTarget
from shared_lib.events import Event
from tests.invariants import assert_sound
from tests.world import Shop, World

BUYER = 6_200_000_001
MINUTES_MOST = 600
# Until what was shown to a person, and went on, is taken off the list.
MINUTES_AFTER = 3
BITCOIN = PayoutTarget(asset_of("btc:btc"), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", None)
TETHER = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)
OWED = 2_125 * 10**12
# What that brings at 4,000 USD, less a spread of 0.5 % and a fee of 0.05 USDT.
HELD = 8_407_500


@dataclass
class Story:
    """A buyer who joins as soon as there is an invite.

    The owner is paid directly in ETH, or where there is a `target` of another coin, by a swap. One
    who collects is paid in USDT what a conversion brought.
    """

    world: World
    target: PayoutTarget | None = None
    collects: bool = False
    shop: Shop = field(init=False)
    payment_id: str = ""
    has_joined: bool = False

    def begin(self) -> None:
        """Everything up to the provider's first word."""
        self.world.top_up()
        threshold = 2_000 if self.collects else None
        self.shop = self.world.open_shop(target=self.target, threshold_cents=threshold)
        if self.collects:  # what one purchase brings is wanted, though it is no threshold's worth
            self.world.fake_chain.base_fee = 10**8
            self.world.rows("UPDATE channels SET wants_payout = true")
        invoice = self.world.order(BUYER, self.shop)
        self.payment_id = self.world.finish(invoice)

    def nudge(self) -> None:
        """The buyer taps the invite once."""
        urls = self.world.invite_urls(BUYER)
        if urls and not self.has_joined:
            self.has_joined = True
            self.world.join(BUYER, urls[-1])

    def next_event(self, event_type: str) -> Event | None:
        """Let the story go on until an event of this type is about to be delivered."""
        for _ in range(MINUTES_MOST):
            while True:
                due = [one for one in self.world.queue if one.not_before <= self.world.clock.now()]
                wanted = next((one for one in due if one.event.type == event_type), None)
                if wanted is not None:
                    self.world.queue.remove(wanted)
                    return wanted.event
                if not self.world.step():
                    break
                self.nudge()
            if self.is_over():
                return None
            self.world.tick()
        return None

    @property
    def settled_least(self) -> int:
        """How many payouts it takes at least; of what is collected one is its conversion."""
        return 1 + self.collects

    @property
    def settled_most(self) -> int:
        """How many payouts it takes at most."""
        return 1 + self.collects

    def is_over(self) -> bool:
        return self.has_joined and self.world.is_quiet() and not self._holds_money()

    def _holds_money(self) -> bool:
        """Whether what was collected has not left yet."""
        held = "SELECT id FROM shares WHERE state IN ('held', 'converting', 'expected')"
        return self.collects and bool(self.world.rows(held))

    def finish(self) -> None:
        """Let the story run to its end, and check that it is the right one."""
        for _ in range(MINUTES_MOST):
            self.world.drain()
            self.nudge()
            if self.is_over():
                break
            self.world.tick()
        for _ in range(MINUTES_AFTER):
            self.world.tick()
            self.world.drain()
        self.check()

    def check(self) -> None:
        """The buyer is inside for 30 days, the owner was paid once, everything is sound."""
        world = self.world
        assert not world.unfinished(), world.unfinished()
        [period] = world.rows("SELECT ends_at - starts_at AS length FROM membership_periods")
        assert period["length"].days == 30
        assert BUYER in world.fake_messenger.chats[self.shop.closed_chat_id].members
        assert len(self._working_links()) <= 1 <= len(world.invite_urls(BUYER))
        payouts = [row["state"] for row in world.rows("SELECT state FROM payouts")]
        assert self.settled_least <= payouts.count("settled") <= self.settled_most, payouts
        assert set(payouts) <= {"settled", "returned"}, payouts
        shown = world.rows("SELECT reason, subject_kind FROM review_items WHERE closed_at IS NULL")
        assert not shown, shown
        nonces = {one.nonce for one in world.signer.signed}
        assert nonces == set(range(len(nonces)))
        if self.collects:
            assert world.fake_chain.held(self.shop.destination, USDT) == HELD
        if self.target is None:
            assert world.fake_chain.balance(self.shop.destination).base_units == OWED
        else:
            self._check_exchanges()
        assert_sound(world)

    def _check_exchanges(self) -> None:
        """One exchange was funded, once, with exactly what is owed; no other one ever was."""
        swaps = self.world.fake_swaps
        [funded] = swaps.funded
        [amount] = swaps.exchanges[funded].deposits
        assert amount.base_units == OWED
        [finished] = self.world.rows("SELECT exchange_id, sold FROM swaps WHERE state = 'finished'")
        assert finished == {"exchange_id": funded, "sold": OWED}
        self._check_unfunded()

    def _check_unfunded(self) -> None:
        """Each exchange that nobody funds is on record: made for a swap that was given up."""
        unfunded = len(self.world.fake_swaps.exchanges) - 1
        given_up = self.world.rows("SELECT id FROM swaps WHERE state = 'abandoned'")
        lost = self.world.rows("SELECT id FROM swaps WHERE abandoned_because = 'answer_lost'")
        orphans = self.world.rows("SELECT swap_id FROM swap_events WHERE kind = 'orphan'")
        assert unfunded <= len(given_up)
        assert {row["id"] for row in lost} == {row["swap_id"] for row in orphans}

    def _working_links(self) -> list[str]:
        """The links sent to the buyer that still lead to the door."""
        links, now = self.world.fake_messenger.links, self.world.clock.now()
        return [
            url
            for url in self.world.invite_urls(BUYER)
            if not links[url].is_revoked and links[url].expires_at > now
        ]


@dataclass
class PartStory(Story):
    """The buyer pays six tenths first, and the rest as soon as there is an invoice for it."""

    has_paid_rest: bool = False

    @property
    def settled_most(self) -> int:
        """Each part may be paid out by itself."""
        return 2

    def begin(self) -> None:
        """Everything up to the provider's word of the first part."""
        world = self.world
        world.top_up()
        self.shop = world.open_shop()
        self.payment_id = world.pay_part(world.order(BUYER, self.shop))

    def nudge(self) -> None:
        """The buyer pays what is missing once, and taps the invite once."""
        urls = [
            button.url
            for message in self.world.fake_messenger.messages_to(BUYER)
            for button in message.buttons
            if "missing" in button.label and button.url
        ]
        if urls and not self.has_paid_rest:
            self.has_paid_rest = True
            self.world.finish(urls[0].rsplit("=", 1)[1], "0.001")
        super().nudge()
