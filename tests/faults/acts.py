"""Every use case in the middle of its work: what is delivered, and how the story must end."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from shared_lib.domain.currency import ASSETS
from shared_lib.domain.form import Field, Form
from shared_lib.domain.keypad import Key
from shared_lib.domain.message import Message
from shared_lib.domain.offer import Chat, ChatRole, PayoutTarget, Strategy
from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator, Switch
from shared_lib.domain.review import Finding, Reason
from shared_lib.domain.review import Subject as Subjects
from shared_lib.domain.statement import Statement
from shared_lib.domain.update import (
    AskAccess,
    AskDonate,
    AskForm,
    AskLink,
    AskRefund,
    AskRenew,
    AskStatus,
    AskTimeZone,
    AskToJoin,
    BlockBot,
    Cancel,
    ChangeRights,
    Greet,
    LeaveChat,
    OpenDonation,
    OpenOffer,
    Press,
    Say,
)
from shared_lib.domain.why import Explained, Viewer
from shared_lib.events import MemberRemovalDue, OfferDue
from shared_lib.ports import DeadLetter, DraftKind, Person, ProviderError
from shared_lib.usecases.audit_books import audit_books
from shared_lib.usecases.batch_payouts import batch_payouts
from shared_lib.usecases.broadcast_offers import broadcast_offers
from shared_lib.usecases.cancel_transfer import cancel_transfer
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.change_grace import change_grace
from shared_lib.usecases.change_payout import PayoutTerms, change_payout
from shared_lib.usecases.close_channel import close_channel
from shared_lib.usecases.close_review_item import close_review_item
from shared_lib.usecases.edit_channel import ChannelEdit, edit_channel
from shared_lib.usecases.expire_subscriptions import expire_subscriptions
from shared_lib.usecases.explain import explain
from shared_lib.usecases.flip_switch import flip_switch
from shared_lib.usecases.forms import content_of, form_of
from shared_lib.usecases.grant_access import Grant, grant_access
from shared_lib.usecases.handle_update import handle_update
from shared_lib.usecases.import_members import FormerMember, import_members
from shared_lib.usecases.link_account import issue_link_code
from shared_lib.usecases.mark_payment import mark_payment
from shared_lib.usecases.read_statement import read_statement
from shared_lib.usecases.receive_callback import receive_callback
from shared_lib.usecases.reconcile import reconcile
from shared_lib.usecases.record_dead_letter import record_dead_letter
from shared_lib.usecases.record_top_up import record_top_up
from shared_lib.usecases.refresh_currencies import refresh_currencies
from shared_lib.usecases.refund_payment import refund_payment
from shared_lib.usecases.register_channel import (
    InvalidChannelError,
    NewChannel,
    NewTier,
    register_channel,
)
from shared_lib.usecases.release_credit import release_credit
from shared_lib.usecases.release_payment import release_payment
from shared_lib.usecases.release_payout import release_payout
from shared_lib.usecases.release_removals import release_removals
from shared_lib.usecases.release_wallet import release_wallet
from shared_lib.usecases.replay_dead_letter import replay_dead_letter
from shared_lib.usecases.request_broadcast import request_broadcast
from shared_lib.usecases.request_payout import request_payout
from shared_lib.usecases.reverse_payment import reverse_payment
from tests.faults.story import BITCOIN, BUYER, OWED, TETHER, PartStory, Story
from tests.integration.usecases.support import OTHER_ADDRESS
from tests.invariants import assert_sound
from tests.points import KilledError
from tests.world import CONFIRMATIONS, ETHER, NACKED, OF_EVERY_PURCHASE, OWNER, Shop, World

# A story delivers some events more than once; the first few deliveries differ from each other.
OCCURRENCES_MOST = 3
REPEATS_MOST = 20
# Longer than a lease lasts.
PAUSE_SECONDS = 200
DAY_SECONDS = 86_400
SLOT = 7
HOURS_OF_HOLD = 25
ANOTHER_WALLET = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
MINUTES_UNTIL_HELD = 15
# A person who gives a command sees what failed.
COMMAND_FAILED = (*NACKED, ProviderError)
UPDATE = 77
# Of 30, for 5.99 of 9.99 USD.
DAYS_OF_A_PART = 17


@dataclass
class Act:
    """Something that is delivered, at the moment before it is.

    `deliver` is one delivery, and answers whether it was acknowledged; `finish` lets everything
    come to its end and checks it. `meanwhile` is what people do when all stands still for a day.
    """

    name: str
    world: World
    deliver: Callable[[], bool]
    finish: Callable[[], None]
    meanwhile: Callable[[], None] = lambda: None


@dataclass
class Repeated:
    """A request over HTTP, a tick or a command, which its sender repeats until it is answered.

    `refusals` are what the sender is told as "not now".
    """

    world: World
    request: Callable[[], object]
    refusals: tuple[type[Exception], ...] = NACKED
    is_answered: bool = False

    def deliver(self) -> bool:
        """One attempt."""
        try:
            self.world._flushing(self.request)
        except KilledError:
            return False
        except self.refusals:
            self.world.publish()
            return False
        self.is_answered = True
        return True

    def repeat(self) -> None:
        """Until it is answered."""
        for _ in range(REPEATS_MOST):
            if self.is_answered:
                return
            self.world.clock.pass_time(PAUSE_SECONDS)
            self.deliver()
        raise AssertionError("never answered")


Subject = Callable[[World], Act | None]


# ---- events --------------------------------------------------------------------------------------


def _event(
    tell: Callable[[World], Story], event_type: str, occurrence: int, world: World
) -> Act | None:
    """The delivery of a story's first event of this type, or a later one; None if there is none.

    Before it come those that went well.
    """
    story = tell(world)
    story.begin()
    for number in range(occurrence + 1):
        event = story.next_event(event_type)
        if event is None:
            return None
        if number == occurrence:
            deliver = partial(world.deliver, event)
            return Act(event_type, world, deliver, story.finish, story.nudge)
        world.deliver(event)
        story.nudge()
    return None


def _events() -> dict[str, Subject]:
    """Those of a direct payout first, then those of a swap; the latter include the former."""
    return {
        f"{name}{' of a swap' if target else ''} {occurrence + 1}": partial(
            _event, partial(Story, target=target), name, occurrence
        )
        for target in (None, BITCOIN)
        for name in OF_EVERY_PURCHASE
        if target or "swap" not in name
        for occurrence in range(OCCURRENCES_MOST)
    }


def _events_of_money_held() -> dict[str, Subject]:
    """Those in which collecting differs from being paid at once."""
    story = partial(Story, target=TETHER, collects=True)
    return {
        f"{name} {occurrence + 1}": partial(_event, story, event_type, occurrence)
        for name, event_type in (
            ("accumulate_payment", "pool.requested"),
            ("payout.requested of what is held", "payout.requested"),
            ("swap.check_due of a conversion", "swap.check_due"),
        )
        for occurrence in range(OCCURRENCES_MOST)
    }


def _events_of_a_part() -> dict[str, Subject]:
    """Those of a price that is paid in two parts."""
    return {
        f"{event_type} of a part {occurrence + 1}": partial(
            _event, PartStory, event_type, occurrence
        )
        for event_type in ("payment.updated", "payment.check_due")
        for occurrence in range(OCCURRENCES_MOST)
    }


# ---- the end of access ---------------------------------------------------------------------------

DAYS_OF_ACCESS = 30


def _inside(world: World) -> Story:
    """The buyer is inside, and everything is settled."""
    story = Story(world)
    story.begin()
    story.finish()
    return story


def _removal(world: World) -> Act:
    """Access is over: the buyer is taken out once, told once, and may come back."""
    story = _inside(world)
    world.clock.pass_time((DAYS_OF_ACCESS + 1) * 86_400)
    [row] = world.rows("SELECT id FROM memberships")
    event = MemberRemovalDue(membership_id=row["id"])
    return Act(event.type, world, partial(world.deliver, event), partial(_is_out, story))


def _expiry(world: World) -> Act:
    """The tick that finds it has it removed, once."""
    story = _inside(world)
    world.clock.pass_time((DAYS_OF_ACCESS + 1) * 86_400)
    slot = int(world.clock.now().timestamp() // 60)
    tick = Repeated(world, lambda: expire_subscriptions(world, slot))
    return Act("expire_subscriptions", world, tick.deliver, partial(_is_out, story))


def _is_out(story: Story) -> None:
    world = story.world
    for _ in range(20):
        world.drain()
        world.tick()
    chat = world.fake_messenger.chats[story.shop.closed_chat_id]
    assert chat.removed == [BUYER]
    assert [row["state"] for row in world.rows("SELECT state FROM memberships")] == ["removed"]
    assert len(world.rows("SELECT id FROM notices WHERE kind = 'access_ended'")) == 1
    assert_sound(world)


def _reminder(world: World) -> Act:
    """The tick that finds an end to be near reminds once."""
    _inside(world)
    world.clock.pass_time((DAYS_OF_ACCESS - 2.5) * 86_400)
    slot = int(world.clock.now().timestamp() // 60)
    tick = Repeated(world, lambda: expire_subscriptions(world, slot))

    def finish() -> None:
        for _ in range(5):
            world.drain()
            world.tick()
        assert len(world.rows("SELECT id FROM notices WHERE kind = 'access_ends_soon'")) == 1
        assert_sound(world)

    return Act("expire_subscriptions", world, tick.deliver, finish)


def _access(world: World) -> Act:
    """Who has bought and is outside gets one working link, however often it is asked for."""
    story = Story(world)
    story.begin()
    world.run()
    story.has_joined = True
    asked = _updated(world, AskAccess())

    def finish() -> None:
        asked.repeat()
        world.run()
        [*_, newest] = world.invite_urls(BUYER)  # a day later the first one has expired
        assert len(story._working_links()) == 1
        world.join(BUYER, newest)
        world.run()
        story.check()

    return Act("access", world, asked.deliver, finish)


def _departure(world: World) -> Act:
    """Who left is nobody for us to remove any more."""
    story = _inside(world)
    world.fake_messenger.leave(story.shop.closed_chat_id, BUYER)
    world.clock.pass_time(60)
    told = _updated(world, LeaveChat(story.shop.closed_chat_id, world.clock.now()))

    def finish() -> None:
        told.repeat()
        assert [row["let_in_at"] for row in world.rows("SELECT let_in_at FROM memberships")] == [
            None
        ]
        assert_sound(world)

    return Act("departure", world, told.deliver, finish)


def _rights(world: World) -> Act:
    """The owner hears once what the bot lacks."""
    shop = world.open_shop()
    world.fake_messenger.add_person(OWNER + 1)
    change = ChangeRights(shop.closed_chat_id, frozenset(), world.clock.now())
    told = _updated(world, change)

    def finish() -> None:
        told.repeat()
        world.run()
        assert len(world.rows("SELECT id FROM notices WHERE kind = 'rights_lost'")) == 1

    return Act("rights", world, told.deliver, finish)


def _renewal(world: World) -> Act:
    """The button under a reminder opens the offer: one order, one invoice."""
    shop = world.open_shop()
    world.fake_messenger.add_person(BUYER)
    pressed = _updated(world, Press("press1", 7, f"o:{shop.registered.offer_links[0]}"))

    def finish() -> None:
        pressed.repeat()
        world.run()
        assert len(world.rows("SELECT id FROM orders WHERE state = 'open'")) == 1

    return Act("renewal", world, pressed.deliver, finish)


# ---- requests ------------------------------------------------------------------------------------


def _callback(world: World) -> Act:
    """The provider says that a payment is finished."""
    story = Story(world)
    world.top_up()
    story.shop = world.open_shop()
    invoice = world.order(BUYER, story.shop)
    payment = world.fake_provider.pay(
        invoice, "finished", outcome_amount="0.0025", payout_hash=world.deposit("0.0025")
    )
    body, signature = world.fake_provider.callback(payment)
    told = Repeated(world, lambda: receive_callback(world, body, signature))

    def finish() -> None:
        told.repeat()
        story.finish()

    return Act("callback", world, told.deliver, finish)


def _silent(world: World) -> Act:
    """The provider has the money and tells nobody; it is asked, and the story goes on."""
    story = Story(world)
    world.top_up()
    story.shop = world.open_shop()
    invoice = world.order(BUYER, story.shop)
    world.fake_provider.pay(
        invoice, "finished", outcome_amount="0.0025", payout_hash=world.deposit("0.0025")
    )
    event = story.next_event("order.check_due")
    assert event is not None
    return Act("check_order", world, partial(world.deliver, event), story.finish, story.nudge)


def _updated(world: World, intent: Any) -> Repeated:
    person = Person(BUYER, "Buyer", None, "en")
    return Repeated(world, lambda: handle_update(world, UPDATE, person, intent))


def _offer(world: World) -> Act:
    """Somebody opens an offer; one order comes of it, and one invoice is shown."""
    shop = world.open_shop()
    world.fake_messenger.add_person(BUYER)
    opened = _updated(world, OpenOffer(shop.registered.offer_links[0]))

    def finish() -> None:
        opened.repeat()
        world.order(BUYER, shop)  # taps again, and sees the invoice whose answer was lost before
        world.run()
        [order] = world.rows("SELECT invoice_url FROM orders")
        buttons = [one for said in world.fake_messenger.messages_to(BUYER) for one in said.buttons]
        assert {one.url for one in buttons} == {order["invoice_url"]}
        assert_sound(world)

    return Act("offer", world, opened.deliver, finish)


def _question(intent: Any, notices: int, world: World) -> Act:
    """Whatever else one says to the bot is answered once, or is nothing to answer."""
    world.fake_messenger.add_person(BUYER)
    asked = _updated(world, intent)

    def finish() -> None:
        asked.repeat()
        world.run()
        assert len(world.rows("SELECT id FROM notices")) == notices
        assert_sound(world)

    return Act("question", world, asked.deliver, finish)


def _keypad(world: World) -> tuple[Shop, int]:
    """A donor's keypad, on which 10 is typed; the id of its message."""
    shop = world.open_shop()
    world.fake_messenger.add_person(BUYER)
    [row] = world.rows("SELECT link_id FROM broadcasts WHERE kind = 'donation'")
    world.update(BUYER, OpenDonation(row["link_id"]))
    world.drain()
    message_id = len(world.fake_messenger.messages)
    for key in (Key.ONE, Key.ZERO):
        world.update(BUYER, Press(f"typed {key}", message_id, _data(world, key)))
    return shop, message_id


def _data(world: World, key: Key) -> str:
    """What the button of a key carries, as the last message shows it."""
    _, message = world.fake_messenger.messages[-1]
    shown = [str(button.callback_data) for row in message.keyboard for button in row]
    [found] = [data for data in shown if data.endswith(f":{key.value}")]
    return found


def _type(world: World) -> Act:
    """One more digit counts at most once, and the keypad goes on."""
    _, message_id = _keypad(world)
    pressed = _updated(world, Press("pressed", message_id, _data(world, Key.FIVE)))

    def finish() -> None:
        pressed.repeat()
        [draft] = world.fake_drafts.kept.values()
        if draft.content["typed"] == "10":  # its person was told to look, and presses again
            world.update(BUYER, Press("again", message_id, _data(world, Key.FIVE)))
        [draft] = world.fake_drafts.kept.values()
        assert draft.content["typed"] == "105"
        assert_sound(world)

    return Act("press", world, pressed.deliver, finish)


def _open_keypad(world: World) -> Act:
    """One keypad is shown; where its draft was lost, the next one works."""
    world.open_shop()
    world.fake_messenger.add_person(BUYER)
    [row] = world.rows("SELECT link_id FROM broadcasts WHERE kind = 'donation'")
    opened = _updated(world, OpenDonation(row["link_id"]))

    def finish() -> None:
        opened.repeat()
        world.run()
        assert len(world.rows("SELECT id FROM notices WHERE kind = 'keypad'")) == 1
        assert len(world.fake_drafts.kept) <= 1
        assert_sound(world)

    return Act("open", world, opened.deliver, finish)


def _donate(world: World) -> Act:
    """A confirmed donation is one order, paid once, and brings nobody in."""
    world.top_up()
    shop, message_id = _keypad(world)
    data = _data(world, Key.CONFIRM)
    confirmed = _updated(world, Press("confirmed", message_id, data))

    def finish() -> None:
        confirmed.repeat()
        world.update(BUYER, Press("again", message_id, data))  # sees what was not shown before
        world.run()
        [order] = world.rows("SELECT price_cents, invoice_id FROM orders")
        assert order["price_cents"] == 1_000
        world.finish(order["invoice_id"])
        world.run()
        assert [row["state"] for row in world.rows("SELECT state FROM shares")] == ["paid"]
        assert world.fake_chain.balance(shop.destination).base_units == OWED
        assert not world.rows("SELECT id FROM memberships")
        assert_sound(world)

    return Act("donate", world, confirmed.deliver, finish)


# ---- forms ---------------------------------------------------------------------------------------


def _shown(world: World) -> int:
    """The id of a message of the bot's to somebody, whose buttons can be pressed."""
    world.fake_messenger.add_person(BUYER)
    world.fake_messenger.send(BUYER, Message("a keyboard"))
    return len(world.fake_messenger.messages)


def _form(world: World, form: Form) -> str:
    """Somebody's form, filled in; what its button to save carries."""
    world.fake_messenger.add_person(BUYER)
    world.fake_drafts.put(DraftKind.FORM, BUYER, content_of(form), None)
    return f"f:{form.session}:save"


def _saved(world: World, data: str, finish: Callable[[], None]) -> Act:
    """The press that saves, and the one by which somebody tries again who saw no answer."""
    message_id = _shown(world)
    pressed = _updated(world, Press("saving", message_id, data))

    def end() -> None:
        pressed.repeat()
        world.update(BUYER, Press("again", message_id, data))
        world.run()
        finish()
        assert_sound(world)

    return Act("save", world, pressed.deliver, end)


def _new_channel(world: World) -> Act:
    """One channel comes of a form, with its two posts, however often it is saved."""
    world.top_up()
    for chat_id in (-1_001_666_000_001, -1_001_666_000_002):
        world.fake_messenger.add_chat(chat_id)
        world.fake_messenger.promote(chat_id, BUYER)
    values = {
        Field.OPEN_ID: "-1001666000001",
        Field.OPEN_TITLE: "Open",
        Field.CLOSED_ID: "-1001666000002",
        Field.CLOSED_TITLE: "Closed",
        Field.PRICE_1: "9.99",
        Field.ADDRESS: OTHER_ADDRESS,
    }
    form = Form("abcdef12", UUID(int=66), values=values, coin="eth:eth", network="eth")

    def finish() -> None:
        [row] = world.rows("SELECT id FROM channels")
        assert row["id"] == form.channel_id
        assert len(world.rows("SELECT id FROM tiers")) == 1
        assert sorted(len(one) for one in world.fake_messenger.posts.values()) == [1, 1]
        assert len(world.rows("SELECT id FROM audit_log WHERE action = 'register_channel'")) == 1

    return _saved(world, _form(world, form), finish)


def _edited_channel(world: World) -> Act:
    """A form changes everything or nothing, once: the wallet's hold begins once too."""
    shop = world.open_shop()
    world.rows(f"UPDATE accounts SET telegram_user_id = {BUYER}")
    with world.database.transaction() as tx:
        opened = form_of(tx.channels.showcase(shop.channel_id), "abcdef12")
    changed = opened.with_value(Field.ADDRESS, OTHER_ADDRESS).with_value(Field.PRICE_1, "14.99")

    def finish() -> None:
        [row] = world.rows("SELECT payout_address FROM channels")
        assert row["payout_address"] == OTHER_ADDRESS
        prices = world.rows(
            "SELECT price_cents FROM tiers WHERE removed_at IS NULL ORDER BY position"
        )
        assert [one["price_cents"] for one in prices] == [1_499, 1_999]
        assert len(world.rows("SELECT id FROM notices WHERE kind = 'wallet_changed'")) == 1
        assert len(world.rows("SELECT id FROM audit_log WHERE action = 'edit_channel'")) == 1

    return _saved(world, _form(world, changed), finish)


def _text_for_a_form(world: World) -> Act:
    """What was typed is in the form once, and the form is shown below once."""
    form = replace(Form("abcdef12", UUID(int=66)), awaits=Field.OPEN_TITLE)
    _form(world, form)
    said = _updated(world, Say("A title"))

    def finish() -> None:
        said.repeat()
        world.run()
        kinds = [row["kind"] for row in world.rows("SELECT kind FROM notices")]
        assert kinds.count("form") + kinds.count("welcome") == 1

    return Act("text", world, said.deliver, finish)


def _language(world: World) -> Act:
    """A language that was chosen is spoken."""
    pressed = _updated(world, Press("press", _shown(world), "l:ru"))

    def finish() -> None:
        pressed.repeat()
        world.update(BUYER, Greet())
        world.run()
        assert "Здравствуйте" in world.fake_messenger.messages_to(BUYER)[-1].html

    return Act("language", world, pressed.deliver, finish)


def _link(world: World) -> Act:
    """A code joins two accounts, once, or is too late and joins nothing; it is told which."""
    world.open_shop()
    world.rows(f"UPDATE accounts SET telegram_user_id = {BUYER}")
    world.fake_messenger.add_person(BUYER)
    login = UUID(int=77)
    world.rows(
        "INSERT INTO accounts (id, email, created_at) "
        f"VALUES ('{login}', 'ann@example.com', '2026-11-01 12:00Z')"
    )
    sent = _updated(world, AskLink(issue_link_code(world, login)))

    def finish() -> None:
        sent.repeat()
        world.run()
        [row] = world.rows("SELECT account_id FROM channels")
        [owner] = world.rows("SELECT id FROM accounts WHERE telegram_user_id IS NOT NULL")
        assert row["account_id"] == owner["id"]
        [told] = world.rows("SELECT facts FROM notices WHERE kind = 'link'")
        is_linked = told["facts"]["phrase"] == "link_done"
        assert is_linked == (owner["id"] == login)
        assert _audited(world, "link_account") == int(is_linked)
        assert_sound(world)

    return Act("link", world, sent.deliver, finish)


def _news(world: World) -> Act:
    """Who wants news has one account, and hears of a sale once."""
    world.top_up()
    shop = world.open_shop()
    world.rows(f"UPDATE accounts SET telegram_user_id = {BUYER}")
    pressed = _updated(world, Press("press", _shown(world), "n:on"))

    def finish() -> None:
        pressed.repeat()
        world.finish(world.order(BUYER + 1, shop))
        world.run()
        assert len(world.rows("SELECT id FROM notices WHERE kind = 'news_of_sale'")) == 1
        assert len(world.rows("SELECT id FROM accounts")) == 1
        assert_sound(world)

    return Act("news", world, pressed.deliver, finish)


def _join(world: World) -> Act:
    """A request to join is answered, once."""
    story = Story(world)
    story.begin()
    while not world.invite_urls(BUYER):
        assert world.step()
    url = world.invite_urls(BUYER)[0]
    story.has_joined = True
    world.fake_messenger.open_link(BUYER, url)
    link = world.fake_messenger.links[url]
    asked = _updated(world, AskToJoin(story.shop.closed_chat_id, link.name, world.clock.now()))

    def finish() -> None:
        asked.repeat()
        story.finish()

    return Act("join", world, asked.deliver, finish)


# ---- ticks and dead letters ----------------------------------------------------------------------


def _reconcile(world: World) -> Act:
    """All events were lost; this tick and later ones bring everything to its end."""
    story = Story(world)
    story.begin()
    world.queue.clear()
    world.clock.pass_time(600)
    slot = int(world.clock.now().timestamp() // 60)
    tick = Repeated(world, lambda: reconcile(world, slot))
    return Act("reconcile", world, tick.deliver, story.finish)


def _batch(world: World) -> Act:
    """What is held is asked for once a slot, and paid once."""
    story = Story(world, TETHER, collects=True)
    story.begin()
    assert story.next_event("payout.requested") is not None  # of an earlier tick, and lost
    world.clock.pass_time(600)
    slot = int(world.clock.now().timestamp() // 300)
    tick = Repeated(world, lambda: batch_payouts(world, slot))
    return Act("batch_payouts", world, tick.deliver, story.finish)


def _stands(world: World, shop: Shop, asked: Repeated) -> Act:
    """In the end one offer stands in the open chat, and is known.

    Another does only where its post was not recorded, of which the owner is told.
    """

    def finish() -> None:
        asked.repeat()
        for _ in range(2):
            for _ in range(MINUTES_UNTIL_HELD):
                world.drain()
                world.tick()
            world.clock.pass_time(DAY_SECONDS)
        world.run()
        standing = world.fake_messenger.posts[shop.closed_chat_id + 1]
        [known] = world.rows("SELECT message_id FROM broadcasts WHERE kind = 'offer'")
        unsure = world.rows("SELECT id FROM notices WHERE kind = 'post_unsure'")
        assert known["message_id"] in standing
        assert len(standing) <= 1 + len(unsure) <= 2 + 1
        assert_sound(world)

    return Act("post_offer", world, asked.deliver, finish)


def _post(world: World) -> Act:
    """The day is over, and the offer is posted anew."""
    shop = world.open_shop()
    world.drain()
    world.clock.pass_time(DAY_SECONDS)
    [row] = world.rows("SELECT id FROM broadcasts WHERE kind = 'offer'")
    event = OfferDue(broadcast_id=row["id"])
    return _stands(world, shop, Repeated(world, lambda: world._handle(event)))


def _broadcast(world: World) -> Act:
    """A slot asks once for what is due."""
    shop = world.open_shop()
    world.queue.clear()
    world.clock.pass_time(600)
    return _stands(world, shop, Repeated(world, lambda: broadcast_offers(world, SLOT)))


def _wish_for_a_post(world: World) -> Act:
    """An owner wants it now, and it happens once."""
    shop = world.open_shop()
    world.drain()
    world.clock.pass_time(600)
    [row] = world.rows("SELECT account_id FROM channels")
    wish = _once(world, lambda: request_broadcast(world, row["account_id"], shop.channel_id))
    return _stands(world, shop, wish)


def _audit(world: World) -> Act:
    """Money that nobody announced is shown, once."""
    world.fake_chain.pay(world.policy.host_wallet, ETHER)
    world.fake_chain.mine(CONFIRMATIONS)
    tick = Repeated(world, lambda: audit_books(world, SLOT))

    def finish() -> None:
        tick.repeat()
        audit_books(world, SLOT + 1)  # where the node did not answer, the next tick asks again
        assert len(world.rows("SELECT id FROM review_items WHERE closed_at IS NULL")) == 1

    return Act("audit_books", world, tick.deliver, finish)


def _refresh(world: World) -> Act:
    """The list of coins is taken over once a slot, and then again in the next one."""
    tick = Repeated(world, lambda: refresh_currencies(world, SLOT))

    def finish() -> None:
        tick.repeat()
        refresh_currencies(world, SLOT)
        offered = {row["id"] for row in world.rows("SELECT id FROM currencies WHERE is_offered")}
        assert offered == set(ASSETS)
        world.fake_swaps.market.listings.pop(BITCOIN.asset.id)
        refresh_currencies(world, SLOT)
        assert _is_offered(world), "one slot took over two lists"
        refresh_currencies(world, SLOT + 1)
        assert not _is_offered(world)

    return Act("refresh_currencies", world, tick.deliver, finish)


def _is_offered(world: World) -> bool:
    rows = world.rows(f"SELECT is_offered FROM currencies WHERE id = '{BITCOIN.asset.id}'")
    return any(row["is_offered"] for row in rows)


def _dead_letter(world: World) -> Act:
    """It is kept, once."""

    def record() -> None:
        letter = DeadLetter(uuid4(), "m1", "projects/p/subscriptions/s", None, None, "text", {})
        record_dead_letter(world, letter)

    pushed = Repeated(world, record)

    def finish() -> None:
        pushed.repeat()
        assert len(world.rows("SELECT id FROM dead_letters")) == 1

    return Act("record_dead_letter", world, pushed.deliver, finish)


# ---- commands ------------------------------------------------------------------------------------


def _top_up(world: World) -> Act:
    """Gas money is booked once."""
    tx_hash = world.fake_chain.pay(world.policy.host_wallet, ETHER)
    world.fake_chain.mine(CONFIRMATIONS)
    command = Repeated(world, lambda: record_top_up(world, tx_hash, "operator"), COMMAND_FAILED)

    def finish() -> None:
        command.repeat()
        assert len(world.rows("SELECT id FROM ledger_transactions")) == 1
        assert_sound(world)

    return Act("record_top_up", world, command.deliver, finish)


def _register(world: World) -> Act:
    """A channel is there with all its parts, once."""
    open_chat, closed_chat = (
        Chat(-1_001_000_000_001, ChatRole.OPEN, "A", ""),
        Chat(-1_001_000_000_002, ChatRole.CLOSED, "B", ""),
    )
    for chat in (open_chat, closed_chat):
        world.fake_messenger.add_chat(chat.chat_id)
    new = NewChannel(
        owner=Person(OWNER, "Owner", None, None),
        open_chat=open_chat,
        closed_chat=closed_chat,
        tiers=(NewTier(999, 30), NewTier(1_999, 90)),
        strategy=Strategy.INSTANT,
        threshold_cents=None,
        target=PayoutTarget(world.policy.settlement_asset, f"0x{'ab' * 20}", None),
    )

    def register() -> None:
        with suppress(InvalidChannelError):  # the chats are taken: it was registered before
            register_channel(world, new)

    command = Repeated(world, register, COMMAND_FAILED)

    def finish() -> None:
        command.repeat()
        assert len(world.rows("SELECT id FROM channels")) == 1
        assert len(world.rows("SELECT id FROM tiers")) == len(new.tiers)
        assert len(world.rows("SELECT chat_id FROM channel_chats")) == 2

    return Act("register_channel", world, command.deliver, finish)


def _edit(world: World) -> Act:
    """A channel is changed in all its parts, once: whoever repeats it is told of that."""
    shop = world.open_shop()
    world.fake_messenger.add_person(OWNER + 1)
    with world.real_database.transaction() as tx:
        seen = tx.channels.showcase(shop.channel_id)
    [owner] = world.rows("SELECT telegram_user_id AS id FROM accounts")
    tiers = {1: NewTier(1_499, 30), 3: NewTier(4_999, None)}
    wanted = NewChannel(
        owner=Person(owner["id"], "Owner", None, None),
        open_chat=replace(seen.open_chat, title="Another title"),
        closed_chat=seen.closed_chat,
        tiers=tuple(tiers.values()),
        strategy=Strategy.INSTANT,
        threshold_cents=None,
        target=PayoutTarget(world.policy.settlement_asset, OTHER_ADDRESS, None),
    )
    edit = ChannelEdit(wanted, tiers, lambda found: found == seen)
    command = _once(world, lambda: edit_channel(world, shop.channel_id, edit))

    def finish() -> None:
        command.repeat()
        world.run()
        assert _audited(world, "edit_channel") == 1
        sold = world.rows(
            "SELECT position, price_cents FROM tiers WHERE removed_at IS NULL ORDER BY position"
        )
        assert [tuple(one.values()) for one in sold] == [(1, 1_499), (3, 4_999)]
        titles = world.rows("SELECT title FROM channel_chats WHERE role = 'open'")
        assert [one["title"] for one in titles] == ["Another title"]
        assert len(world.rows("SELECT id FROM notices WHERE kind = 'wallet_changed'")) == 1
        assert_sound(world)

    return Act("edit_channel", world, command.deliver, finish)


def _wish(world: World) -> Act:
    """An owner asks for what is held, more than once, and gets it once."""
    story = Story(world, TETHER, collects=True)
    story.begin()
    world.rows("UPDATE channels SET wants_payout = false")
    for _ in range(MINUTES_UNTIL_HELD):
        world.drain()
        story.nudge()
        world.tick()
    [row] = world.rows("SELECT id, account_id FROM channels")
    command = Repeated(
        world, lambda: request_payout(world, row["account_id"], row["id"]), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        assert len(world.rows("SELECT id FROM audit_log WHERE action = 'request_payout'")) == 1
        story.finish()

    return Act("request_payout", world, command.deliver, finish)


def _change(world: World) -> Act:
    """An owner moves while a payout forms: the new wallet is paid, after the hold, once."""
    story = Story(world)
    story.begin()
    event = story.next_event("transfer.requested")
    assert event is not None
    world.fake_messenger.add_person(OWNER + 1)
    [row] = world.rows("SELECT id, account_id FROM channels")
    target = PayoutTarget(world.policy.settlement_asset, ANOTHER_WALLET, None)
    terms = PayoutTerms(Strategy.INSTANT, None, target)
    command = Repeated(
        world, lambda: change_payout(world, row["account_id"], row["id"], terms), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        assert len(world.rows("SELECT id FROM audit_log WHERE action = 'change_payout'")) == 1
        assert world.fake_chain.held(story.shop.destination) == 0
        story.shop.destination = ANOTHER_WALLET
        world.deliver(event)
        for _ in range(HOURS_OF_HOLD):
            world.tick()
            world.drain()
            world.clock.pass_time(3_600)
        story.finish()

    return Act("change_payout", world, command.deliver, finish)


def _statement(world: World) -> Act:
    """An owner reads the same twice, and nothing changes by it."""
    story = Story(world)
    story.begin()
    story.finish()
    [row] = world.rows("SELECT id, account_id FROM channels")
    read: list[Statement] = []

    def ask() -> None:
        read.append(read_statement(world, row["account_id"], row["id"]))

    asked = Repeated(world, ask, COMMAND_FAILED)

    def finish() -> None:
        asked.repeat()
        ask()
        assert len({one.lines for one in read}) == 1
        story.check()

    return Act("read_statement", world, asked.deliver, finish)


def _grant(world: World) -> Act:
    """Somebody is let in by hand: one grant, one link, and they are inside."""
    story = Story(world)
    story.shop = world.open_shop()
    world.update(BUYER, Greet())
    world.fake_messenger.add_person(BUYER)
    [row] = world.rows("SELECT id, account_id FROM channels")
    grant = Grant(uuid4(), BUYER, 30)
    command = Repeated(
        world, lambda: grant_access(world, row["account_id"], row["id"], grant), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        world.run()
        [url] = world.invite_urls(BUYER)
        world.join(BUYER, url)
        world.run()
        assert world.fake_messenger.is_inside(story.shop.closed_chat_id, BUYER)
        assert len(world.rows("SELECT id FROM membership_periods")) == 1
        assert _audited(world, "grant_access") == 1
        assert_sound(world)

    return Act("grant_access", world, command.deliver, finish)


def _block(world: World) -> Act:
    """A buyer is blocked: their link lets them in no more, and they hear of it once."""
    story = Story(world)
    story.begin()
    while not world.invite_urls(BUYER):
        assert world.step()
    [row] = world.rows("SELECT id, account_id FROM channels")
    owner, channel = row["account_id"], row["id"]
    command = Repeated(
        world,
        lambda: change_access(world, owner, channel, BUYER, AccessChange.BLOCK),
        COMMAND_FAILED,
    )

    def finish() -> None:
        command.repeat()
        world.run()
        world.join(BUYER, world.invite_urls(BUYER)[0])
        world.run()
        assert not world.fake_messenger.is_inside(story.shop.closed_chat_id, BUYER)
        assert len(world.rows("SELECT id FROM notices WHERE kind = 'access_taken'")) == 1
        assert _audited(world, "change_access") == 1
        assert_sound(world)

    return Act("change_access", world, command.deliver, finish)


def _close(world: World) -> Act:
    """A channel in which nobody is left is closed once, and its owner is told once."""
    world.open_shop()
    [row] = world.rows("SELECT id, account_id FROM channels")
    command = Repeated(
        world, lambda: close_channel(world, row["account_id"], row["id"]), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        world.run()
        world.tick()
        world.run()
        [closed] = world.rows("SELECT closed_at FROM channels")
        assert closed["closed_at"] is not None
        assert _audited(world, "close_channel") == 1
        told = "SELECT id FROM notices WHERE kind = 'channel_closed'"
        assert len(world.rows(told)) == 1
        assert_sound(world)

    return Act("close_channel", world, command.deliver, finish)


def _import(world: World) -> Act:
    """Members from before are taken over, each once."""
    world.open_shop()
    [row] = world.rows("SELECT id, account_id FROM channels")
    until = world.clock.now() + timedelta(days=9)
    members = [FormerMember(BUYER + one, until) for one in range(3)]
    command = Repeated(
        world, lambda: import_members(world, row["account_id"], row["id"], members), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        world.run()
        assert len(world.rows("SELECT id FROM membership_periods")) == len(members)
        assert _audited(world, "import_members") == len(members)
        assert_sound(world)

    return Act("import_members", world, command.deliver, finish)


def _explain(world: World) -> Act:
    """Somebody asks why, which changes nothing."""
    story = Story(world)
    story.begin()
    [row] = world.rows("SELECT id FROM payments")
    asked = Repeated(
        world,
        lambda: explain(world, Viewer(is_operator=True), Explained.PAYMENT, row["id"]),
        COMMAND_FAILED,
    )

    def finish() -> None:
        asked.repeat()
        story.finish()

    return Act("explain", world, asked.deliver, finish)


# ---- what operators do ---------------------------------------------------------------------------

BY = Operator("operator:ann", "this is a test")


def _flip(world: World) -> Act:
    """A switch is on, and somebody turned it once."""
    command = Repeated(
        world, lambda: flip_switch(world, Switch.STOP_SENDS, BY, on=True), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        assert len(world.rows("SELECT name FROM controls")) == 1
        assert _audited(world, "flip_switch") == 1

    return Act("flip_switch", world, command.deliver, finish)


def _release_removals(world: World) -> Act:
    """A channel's removals go on, released once."""
    shop = world.open_shop()
    finding = Finding(Subjects.CHANNEL, str(shop.channel_id), Reason.TOO_MANY_REMOVALS)
    with world.real_database.transaction() as tx:
        tx.reviews.open(finding, uuid4(), world.clock.now())
    command = _once(world, lambda: release_removals(world, shop.channel_id, BY))

    def finish() -> None:
        command.repeat()
        assert _audited(world, "release_removals") == 1
        assert not world.rows("SELECT id FROM review_items WHERE closed_at IS NULL")

    return Act("release_removals", world, command.deliver, finish)


def _grace(world: World) -> Act:
    """It is what the owner says, written down once."""
    shop = world.open_shop()
    [row] = world.rows("SELECT account_id FROM channels")
    command = Repeated(
        world, lambda: change_grace(world, row["account_id"], shop.channel_id, 5), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        assert [one["grace_days"] for one in world.rows("SELECT grace_days FROM channels")] == [5]
        assert _audited(world, "change_grace") == 1

    return Act("change_grace", world, command.deliver, finish)


def _release_wallet(world: World) -> Act:
    """A frozen wallet goes on; the story waits for it."""
    story = Story(world)
    story.begin()
    event = story.next_event("transfer.requested")
    assert event is not None
    world.rows("UPDATE wallets SET frozen_because = 'somebody used it'")
    command = _once(world, lambda: release_wallet(world, world.policy.host_wallet, BY))

    def finish() -> None:
        command.repeat()
        assert _audited(world, "release_wallet") == 1
        world.deliver(event)
        story.finish()

    return Act("release_wallet", world, command.deliver, finish)


def _release_payout(world: World) -> Act:
    """The owner's address refused the money once; after the release it is paid, once."""
    story = Story(world)
    story.begin()
    event = story.next_event("transfer.check_due")
    assert event is not None
    world.fake_chain.reverting.add(story.shop.destination)
    world.fake_chain.mine(CONFIRMATIONS)
    world.deliver(event)
    world.fake_chain.reverting.clear()
    [row] = world.rows("SELECT id FROM payouts WHERE state = 'review'")
    command = _once(world, lambda: release_payout(world, row["id"], BY))

    def finish() -> None:
        command.repeat()
        assert _audited(world, "release_payout") == 1
        story.finish()

    return Act("release_payout", world, command.deliver, finish)


def _part(world: World) -> PartStory:
    """A part came, and its payer wants it back."""
    story = PartStory(world)
    story.begin()
    story.has_paid_rest = True
    for _ in range(MINUTES_UNTIL_HELD):
        world.drain()
        world.tick()
    [row] = world.rows("SELECT order_id FROM payer_credits")
    world.update(BUYER, AskRefund(row["order_id"]))
    return story


def _refund(world: World) -> Act:
    """It is booked as given back, once, and its payer is told so once."""
    _part(world)
    [row] = world.rows("SELECT payment_id FROM payer_credits")
    proof = Evidence("a receipt of the provider")
    command = Repeated(
        world, lambda: refund_payment(world, row["payment_id"], proof, BY), COMMAND_FAILED
    )

    def finish() -> None:
        command.repeat()
        world.run()
        assert _audited(world, "refund_payment") == 1
        told = "SELECT id FROM notices WHERE kind = 'refunded'"
        assert len(world.rows(told)) == 1
        assert_sound(world)

    return Act("refund_payment", world, command.deliver, finish)


def _mark(world: World) -> Act:
    """A payment that names no order of ours is off the list, once, with the evidence."""
    invoice = world.order(BUYER, world.open_shop())
    payment = world.fake_provider.pay(invoice, "finished", order_id=str(uuid4()))
    world.call_back(payment)
    world.run()
    [row] = world.rows("SELECT id FROM payments WHERE status = 'review'")
    proof = Evidence("a receipt of the provider")
    command = _once(world, lambda: mark_payment(world, row["id"], proof, BY))

    def finish() -> None:
        command.repeat()
        assert not world.rows("SELECT id FROM review_items WHERE closed_at IS NULL")
        assert _audited(world, "mark_payment") == 1
        assert_sound(world)

    return Act("mark_payment", world, command.deliver, finish)


def _in_review(world: World, **said: str) -> UUID:
    """A payment of which the provider says something else when it is asked; its id."""
    world.top_up()
    invoice = world.order(BUYER, world.open_shop())
    number = world.fake_provider.pay(invoice, "finished", outcome_amount="0.0025")
    world.call_back(number)
    world.fake_provider.set_status(number, **said)
    world.run()
    [row] = world.rows("SELECT id FROM payments WHERE status = 'review'")
    found: UUID = row["id"]
    return found


def _release_payment(world: World) -> Act:
    """What arrived is accepted as it is, once, and its owner is paid once."""
    payment = _in_review(world, status="finished", payout_hash=world.deposit("0.0024"))
    accepted = frozenset({Reason.DEPOSIT_DIFFERS})
    command = _once(world, lambda: release_payment(world, payment, BY, accepted))

    def finish() -> None:
        command.repeat()
        world.run()
        assert _audited(world, "release_payment") == 1
        assert [row["state"] for row in world.rows("SELECT state FROM payouts")] == ["settled"]
        assert_sound(world)

    return Act("release_payment", world, command.deliver, finish)


def _reverse_payment(world: World) -> Act:
    """It is out of the books, once."""
    payment = _in_review(world, status="failed")
    proof = Evidence("a receipt of the provider")
    command = _once(world, lambda: reverse_payment(world, payment, proof, BY))

    def finish() -> None:
        command.repeat()
        world.run()
        assert _audited(world, "reverse_payment") == 1
        assert [row["state"] for row in world.rows("SELECT state FROM shares")] == ["reversed"]
        assert_sound(world)

    return Act("reverse_payment", world, command.deliver, finish)


def _cancel_transfer(world: World) -> Act:
    """One cancel is signed, and the owner is paid once, whichever of the two is mined."""
    story = Story(world)
    story.begin()
    event = story.next_event("transfer.check_due")
    assert event is not None
    world.fake_chain.base_fee *= 100
    [row] = world.rows("SELECT id FROM transfers WHERE state = 'sent'")
    command = _once(world, lambda: cancel_transfer(world, row["id"], BY))

    def finish() -> None:
        command.repeat()
        assert _audited(world, "cancel_transfer") == 1
        for _ in range(3):
            world.drain()
            world.tick()
        kinds = [row["kind"] for row in world.rows("SELECT kind FROM transfer_attempts")]
        assert sorted(kinds) == ["cancel", "send"]
        world.fake_chain.base_fee //= 100
        story.finish()

    return Act("cancel_transfer", world, command.deliver, finish)


def _release_credit(world: World) -> Act:
    """It becomes the days that it is worth, once."""
    _part(world)
    [row] = world.rows("SELECT payment_id FROM payer_credits")
    command = _once(world, lambda: release_credit(world, row["payment_id"], BY))

    def finish() -> None:
        command.repeat()
        world.run()
        world.tick()
        world.run()
        assert _audited(world, "release_credit") == 1
        [period] = world.rows("SELECT ends_at - starts_at AS length FROM membership_periods")
        assert period["length"].days == DAYS_OF_A_PART
        assert_sound(world)

    return Act("release_credit", world, command.deliver, finish)


def _replay(world: World) -> Act:
    """An event that was lost as a dead letter comes again, and the story goes on."""
    story = Story(world)
    story.begin()
    event = story.next_event("payment.updated")
    assert event is not None
    letter = DeadLetter(
        uuid4(), "m1", "s", event.type, event.entity_id, event.model_dump_json(), {}
    )
    record_dead_letter(world, letter)
    command = Repeated(world, lambda: replay_dead_letter(world, letter.id, BY), COMMAND_FAILED)

    def finish() -> None:
        command.repeat()
        story.finish()

    return Act("replay_dead_letter", world, command.deliver, finish)


def _close_item(world: World) -> Act:
    """It is off the list, and was taken off once."""
    finding = Finding(Subjects.SWAP, str(uuid4()), Reason.SWAP_PAID_LESS)
    item = uuid4()
    with world.real_database.transaction() as tx:
        tx.reviews.open(finding, item, world.clock.now())
    command = Repeated(world, lambda: close_review_item(world, item, BY), COMMAND_FAILED)

    def finish() -> None:
        command.repeat()
        assert not world.rows("SELECT id FROM review_items WHERE closed_at IS NULL")
        assert _audited(world, "close_review_item") == 1

    return Act("close_review_item", world, command.deliver, finish)


def _once(world: World, action: Callable[[], object]) -> Repeated:
    """A command that is refused once it was done, which is as good as an answer."""

    def act() -> None:
        with suppress(ActionRefusedError):
            action()

    return Repeated(world, act, COMMAND_FAILED)


def _audited(world: World, action: str) -> int:
    return len(world.rows(f"SELECT id FROM audit_log WHERE action = '{action}'"))


SUBJECTS: Mapping[str, Subject] = {
    **_events(),
    **_events_of_money_held(),
    **_events_of_a_part(),
    "member.removal_due": _removal,
    "expire_subscriptions an end": _expiry,
    "expire_subscriptions a reminder": _reminder,
    "handle_update a question about access": _access,
    "handle_update a departure": _departure,
    "handle_update rights that are gone": _rights,
    "handle_update a renewal": _renewal,
    "receive_callback": _callback,
    "check_order": _silent,
    "handle_update an offer": _offer,
    "handle_update a request to join": _join,
    "handle_update a button for donations": _open_keypad,
    "handle_update a digit": _type,
    "handle_update a donation": _donate,
    "handle_update a form that makes a channel": _new_channel,
    "handle_update a form that changes one": _edited_channel,
    "handle_update a text for a form": _text_for_a_form,
    "handle_update a language": _language,
    "handle_update a wish for news": _news,
    "handle_update a code that joins accounts": _link,
    "handle_update a time zone": partial(_question, AskTimeZone("Europe/Madrid"), 1),
    "handle_update a question about renewals": partial(_question, AskRenew(), 1),
    "handle_update a wish for a form": partial(_question, AskForm(), 1),
    "handle_update a change of mind": partial(_question, Cancel(), 1),
    "handle_update a wish to donate": partial(_question, AskDonate(), 1),
    "handle_update a greeting": partial(_question, Greet(), 1),
    "handle_update a question": partial(_question, AskStatus(None), 1),
    "handle_update a wish for a refund": partial(_question, AskRefund(None), 1),
    "handle_update a goodbye": partial(_question, BlockBot(blocked=True), 0),
    "reconcile": _reconcile,
    "batch_payouts": _batch,
    "post_offer": _post,
    "broadcast_offers": _broadcast,
    "request_broadcast": _wish_for_a_post,
    "audit_books": _audit,
    "request_payout": _wish,
    "read_statement": _statement,
    "change_payout": _change,
    "explain": _explain,
    "grant_access": _grant,
    "change_access": _block,
    "import_members": _import,
    "close_channel": _close,
    "refresh_currencies": _refresh,
    "record_dead_letter": _dead_letter,
    "record_top_up": _top_up,
    "register_channel": _register,
    "edit_channel": _edit,
    "flip_switch": _flip,
    "release_wallet": _release_wallet,
    "release_removals": _release_removals,
    "change_grace": _grace,
    "release_payout": _release_payout,
    "refund_payment": _refund,
    "release_credit": _release_credit,
    "mark_payment": _mark,
    "release_payment": _release_payment,
    "reverse_payment": _reverse_payment,
    "cancel_transfer": _cancel_transfer,
    "replay_dead_letter": _replay,
    "close_review_item": _close_item,
}
