"""One purchase from offer to settled payout, which must end the same whatever happens in it."""

from dataclasses import dataclass, field

from shared_lib.domain.currency import asset_of
from shared_lib.domain.offer import PayoutTarget
from shared_lib.events import Event
from tests.invariants import assert_sound
from tests.world import Shop, World

BUYER = 6_200_000_001
MINUTES_MOST = 600
BITCOIN = PayoutTarget(asset_of("btc:btc"), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", None)
OWED = 2_125 * 10**12


@dataclass
class Story:
    """A buyer who joins as soon as there is an invite.

    The owner is paid directly in ETH, or where there is a `target` of another coin, by a swap.
    """

    world: World
    target: PayoutTarget | None = None
    shop: Shop = field(init=False)
    payment_id: str = ""
    has_joined: bool = False

    def begin(self) -> None:
        """Everything up to the provider's first word."""
        self.world.top_up()
        self.shop = self.world.open_shop(target=self.target)
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

    def is_over(self) -> bool:
        return self.has_joined and self.world.is_quiet()

    def finish(self) -> None:
        """Let the story run to its end, and check that it is the right one."""
        for _ in range(MINUTES_MOST):
            self.world.drain()
            self.nudge()
            if self.is_over():
                break
            self.world.tick()
        self.check()

    def check(self) -> None:
        """The buyer is inside for 30 days, the owner was paid once, everything is sound."""
        world = self.world
        assert not world.unfinished(), world.unfinished()
        [period] = world.rows("SELECT ends_at - starts_at AS length FROM membership_periods")
        assert period["length"].days == 30
        assert BUYER in world.fake_messenger.chats[self.shop.closed_chat_id].members
        assert len(world.invite_urls(BUYER)) == 1
        [payout] = world.rows("SELECT state FROM payouts")
        assert payout["state"] == "settled"
        assert world.rows("SELECT reason FROM review_items WHERE closed_at IS NULL") == []
        assert len({one.nonce for one in world.signer.signed}) == 1
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
        self._check_lost_answers(unfunded=len(swaps.exchanges) - 1)

    def _check_lost_answers(self, unfunded: int) -> None:
        """Each exchange that nobody funds is on record, with the swap that was given up for it."""
        lost = self.world.rows("SELECT id FROM swaps WHERE abandoned_because = 'answer_lost'")
        orphans = self.world.rows("SELECT id FROM swap_events WHERE kind = 'orphan'")
        assert unfunded <= len(lost) == len(orphans)
        if "swap.quoted: before create_exchange" in self.world.kills:
            assert (unfunded, len(lost)) == (0, 1)
        if "swap.quoted: after create_exchange" in self.world.kills:
            assert (unfunded, len(lost)) == (1, 1)
