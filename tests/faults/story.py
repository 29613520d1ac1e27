"""One purchase from offer to settled payout, which must end the same whatever happens in it."""

from dataclasses import dataclass, field

from shared_lib.events import Event
from tests.invariants import assert_sound
from tests.world import Shop, World

BUYER = 6_200_000_001
MINUTES_MOST = 600


@dataclass
class Story:
    """A buyer who joins as soon as there is an invite."""

    world: World
    shop: Shop = field(init=False)
    payment_id: str = ""
    has_joined: bool = False

    def begin(self) -> None:
        """Everything up to the provider's first word."""
        self.world.top_up()
        self.shop = self.world.open_shop()
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
        assert world.fake_chain.balance(self.shop.destination).base_units == 2125 * 10**12
        [payout] = world.rows("SELECT state FROM payouts")
        assert payout["state"] == "settled"
        assert world.rows("SELECT reason FROM review_items WHERE closed_at IS NULL") == []
        assert len({one.nonce for one in world.signer.signed}) == 1
        assert_sound(world)
