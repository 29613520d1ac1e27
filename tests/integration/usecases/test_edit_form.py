"""Owners set up their channels in the bot: nothing is written before all of it is."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from shared_lib.domain.form import Field
from shared_lib.domain.message import Button, Message
from shared_lib.domain.update import AskForm, Cancel, OpenOffer, Press, Say
from shared_lib.ports import PermanentError, ProviderError, RetryableError
from shared_lib.usecases.change_grace import change_grace
from shared_lib.usecases.close_channel import close_channel
from shared_lib.usecases.refresh_currencies import refresh_currencies
from tests.databases import together
from tests.integration.usecases.support import ANN, BEN, OTHER_ADDRESS, column, said, value
from tests.integration.usecases.swap_support import pass_minutes
from tests.integration.usecases.test_donations import last_message, shown
from tests.world import OWNER as FIRST_OWNER
from tests.world import Shop, World

OWNER = FIRST_OWNER + 1  # of the first shop
OPEN_ID, CLOSED_ID = -1_001_555_000_001, -1_001_555_000_002
WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
FILLED: Mapping[Field, str] = {
    Field.OPEN_ID: str(OPEN_ID),
    Field.OPEN_TITLE: "A & B <3",
    Field.OPEN_DESCRIPTION: "Ideas",
    Field.CLOSED_ID: str(CLOSED_ID),
    Field.CLOSED_TITLE: "</b><a href=x>",
    Field.PRICE_1: "9.99",
    Field.DAYS_1: "30",
    Field.ADDRESS: WALLET,
}


class Owner:
    """Somebody at their form: what they press is what they see."""

    def __init__(self, world: World, user_id: int = ANN) -> None:
        self.world, self.user_id, self.message_id = world, user_id, 0
        world.fake_messenger.add_person(user_id)

    def begin(self, label: str) -> None:
        """Ask for the form and choose a channel, or to create one."""
        self.world.clock.pass_time(1)
        self.world.update(self.user_id, AskForm())
        self.world.drain()
        self.message_id = last_message(self.world, self.user_id)
        assert self.press(label) is None

    @property
    def message(self) -> Message:
        return shown(self.world, self.message_id)

    def button(self, label: str) -> Button:
        buttons = [one for row in self.message.keyboard for one in row]
        return next(one for one in buttons if label in one.label)

    def press(self, label: str) -> str | None:
        """Press what is shown; the word that answers it."""
        return self.press_data(str(self.button(label).callback_data))

    def press_data(self, data: str, press_id: str | None = None) -> str | None:
        self.world.clock.pass_time(1)  # the whole bot has its pace
        press_id = press_id or uuid4().hex
        self.world.update(self.user_id, Press(press_id, self.message_id, data))
        self.world.drain()
        answer: str | None = self.world.fake_messenger.answers[press_id]
        return answer

    def say(self, text: str, forwarded_from: int | None = None) -> str:
        """Say something; the form comes again below it."""
        self.world.clock.pass_time(1)
        self.world.update(self.user_id, Say(text, forwarded_from))
        self.world.drain()
        self.message_id = last_message(self.world, self.user_id)
        return self.message.html

    def await_field(self, name: Field) -> None:
        """Press the key of a field, which any screen may have."""
        session = str(self.button("").callback_data).split(":")[1]
        assert self.press_data(f"f:{session}:e:{name.value}") is None

    def fill(self, values: Mapping[Field, str]) -> None:
        """Type values into fields, by keys that any screen may have."""
        for name, text in values.items():
            self.await_field(name)
            self.say(text)

    def choose_coin(self, coin: str = "eth:eth") -> None:
        session = str(self.button("").callback_data).split(":")[1]
        assert self.press_data(f"f:{session}:c:{coin}") is None

    def to_menu(self) -> None:
        session = str(self.button("").callback_data).split(":")[1]
        assert self.press_data(f"f:{session}:s:m") is None

    def save(self) -> str:
        """Save; what is shown instead."""
        self.to_menu()
        assert self.press("Save all changes") is None
        return self.message.html


@pytest.fixture
def owner(world: World) -> Owner:
    world.top_up()
    world.fake_messenger.add_chat(OPEN_ID)
    world.fake_messenger.add_chat(CLOSED_ID)
    refresh_currencies(world, 1)
    run_chats(world, ANN)
    return Owner(world)


def run_chats(world: World, user_id: int) -> None:
    """Somebody is an administrator of both chats."""
    for chat_id in (OPEN_ID, CLOSED_ID):
        world.fake_messenger.promote(chat_id, user_id)


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


@pytest.fixture
def editor(world: World, shop: Shop) -> Owner:  # noqa: ARG001 (its channel is what is edited)
    """The owner of a channel, with its form open."""
    refresh_currencies(world, 1)
    one = Owner(world, OWNER)
    one.begin("Channel 1")
    return one


def filled(owner: Owner, **changes: Any) -> None:
    owner.begin("Create new")
    owner.choose_coin(changes.pop("coin", "eth:eth"))
    owner.fill({**FILLED, **{Field[name.upper()]: text for name, text in changes.items()}})


def channels(world: World) -> int:
    count: int = value(world, "SELECT count(*) FROM channels")
    return count


# ---- a new channel -------------------------------------------------------------------------------


def test_an_owner_without_an_account_creates_a_channel_that_sells(
    world: World, owner: Owner
) -> None:
    filled(owner)
    assert channels(world) == 0  # nothing is written before it is saved
    assert "is saved" in owner.save()
    world.run()
    [post] = world.fake_messenger.posts[OPEN_ID].values()
    assert "A &amp; B &lt;3" in post.html
    assert [one.label for one in post.buttons] == ["🥇 $9.99 · 30 days"]
    assert len(world.fake_messenger.posts[CLOSED_ID]) == 1
    world.fake_messenger.add_person(BEN)
    world.update(BEN, OpenOffer((post.buttons[0].url or "").rsplit("=", 1)[1]))
    world.drain()
    world.finish(next(iter(world.fake_provider.invoices)))
    world.run()
    assert len(world.invite_urls(BEN)) == 1
    assert column(world, "SELECT state FROM payouts") == ["settled"]
    assert value(world, "SELECT destination FROM transfers") == WALLET


def test_what_is_not_filled_in_is_asked_for_all_at_once(world: World, owner: Owner) -> None:
    owner.begin("Create new")
    html = owner.save()
    assert "Nothing was saved yet" in html
    for word in ("Choose a coin", "the id of the channel", "Send a title", "Send a price"):
        assert word in html
    assert channels(world) == 0
    owner.press("Tiers")
    owner.press("Tier 1")
    assert "At least one tier must be on sale" in owner.save()


def test_rights_that_the_bot_lacks_are_named_with_how_to_grant_them(
    world: World, owner: Owner
) -> None:
    world.fake_messenger.chats[OPEN_ID].bot_rights = None
    world.fake_messenger.chats[CLOSED_ID].bot_rights = frozenset({"can_invite_users"})
    filled(owner)
    html = owner.save()
    assert "A &amp; B &lt;3" in html
    assert "• Post messages" in html
    assert "• Ban users" in html
    assert "Invite users" not in html
    assert "administrators" in html
    assert channels(world) == 0
    for chat_id in (OPEN_ID, CLOSED_ID):
        world.fake_messenger.chats[chat_id].bot_rights = frozenset(
            {"can_post_messages", "can_invite_users", "can_restrict_members"}
        )
    assert "is saved" in owner.save()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"closed_id": str(OPEN_ID)}, "must be two different ones"),
        ({"open_id": "-1001999999999"}, "does not show the chat <code>-1001999999999</code>"),
        ({"price_1": "1.00"}, "Here a price is at least $4.99"),
        ({"coin": "xlm:xlm"}, "The address is none that XLM on XLM can be paid to"),
    ],
)
def test_what_breaks_a_rule_is_said_and_nothing_is_written(
    world: World, owner: Owner, changes: dict[str, str], words: str
) -> None:
    owner.begin("Create new")
    owner.fill({**FILLED, **{Field[k.upper()]: v for k, v in changes.items() if k != "coin"}})
    owner.choose_coin(changes.get("coin", "eth:eth"))
    html = owner.save()
    assert "Nothing was saved yet" in html
    assert words in html
    assert channels(world) == 0


def test_a_coin_that_is_not_offered_now_is_refused(world: World, owner: Owner) -> None:
    world.rows("UPDATE currencies SET payout_enabled = false WHERE id = 'usdc:eth'")
    filled(owner, coin="usdc:eth")
    assert "Choose a coin that you can be paid in at present" in owner.save()


def test_nobody_sells_a_chat_that_others_run(world: World, owner: Owner) -> None:
    """The bot is an administrator there, because somebody else has made it one."""
    world.fake_messenger.chats[CLOSED_ID].protected.clear()
    filled(owner)
    html = owner.save()
    assert f"must be an administrator of the chat <code>{CLOSED_ID}</code> yourself" in html
    assert str(OPEN_ID) not in html
    assert channels(world) == 0


def test_chats_of_another_channel_are_refused(world: World, owner: Owner, shop: Shop) -> None:
    world.fake_messenger.promote(shop.closed_chat_id, ANN)
    filled(owner, closed_id=str(shop.closed_chat_id))
    assert f"<code>{shop.closed_chat_id}</code> belongs to a channel" in owner.save()
    assert channels(world) == 1


def test_an_account_has_ten_channels_at_most(world: World, owner: Owner) -> None:
    filled(owner)
    owner.save()
    account = value(world, "SELECT id FROM accounts")
    for number in range(9):
        world.open_shop(10 + number)
    world.rows(f"UPDATE channels SET account_id = '{account}'")
    filled(owner, open_id="-1001555000003", closed_id="-1001555000004")
    for chat_id in (-1_001_555_000_003, -1_001_555_000_004):
        world.fake_messenger.add_chat(chat_id)
        world.fake_messenger.promote(chat_id, ANN)
    assert "at most 10 channels" in owner.save()


def test_two_saves_at_once_make_one_channel(world: World, owner: Owner) -> None:
    filled(owner)
    owner.to_menu()
    data = str(owner.button("Save all").callback_data)
    press = partial(Press, message_id=owner.message_id, data=data)
    together(
        lambda: world.update(ANN, press("one"), 900_001),
        lambda: world.update(ANN, press("two"), 900_002),
    )
    assert channels(world) == 1
    assert value(world, "SELECT count(*) FROM broadcasts") == 2


def test_who_dies_after_the_saving_saves_nothing_a_second_time(world: World, owner: Owner) -> None:
    filled(owner)
    owner.to_menu()
    data = str(owner.button("Save all").callback_data)
    kept = dict(world.fake_drafts.kept)
    owner.press_data(data, "press")
    world.fake_drafts.kept.update(kept)  # the draft was not dropped
    assert owner.press_data(data, "again") is None
    assert "is saved" in owner.message.html
    assert channels(world) == 1


def test_an_amount_below_or_above_is_refused_with_its_limits(owner: Owner) -> None:
    owner.begin("Create new")
    owner.press("Tiers")
    owner.press("Price 1")
    assert "Send a price from $1.00 to $9999.99" in owner.message.html
    assert "does not fit here" in owner.say("10000")
    assert "Send a price from $1.00 to $9999.99" in owner.message.html
    assert "$9.50" in owner.say("9,5")


def test_a_chat_can_be_named_by_a_post_from_it(owner: Owner) -> None:
    owner.begin("Create new")
    owner.press("Open chat")
    owner.press("Chat id")
    assert str(OPEN_ID) in owner.say("Some post", forwarded_from=OPEN_ID)
    owner.press("Title")
    assert "Some post" in owner.say("Some post", forwarded_from=OPEN_ID)


def test_a_secret_is_kept_nowhere(world: World, owner: Owner) -> None:
    secret = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    owner.begin("Create new")
    owner.press("Wallet")
    owner.press("Address")
    assert "looks like a private key or a seed phrase" in owner.say(secret)
    assert "winner" not in str(world.fake_drafts.kept)
    for table in ("notices", "inbox", "outbox", "audit_log"):
        assert "winner" not in str(world.rows(f"SELECT * FROM {table}"))


# ---- a channel that is there ---------------------------------------------------------------------


def test_a_form_shows_a_channel_as_it_is(editor: Owner) -> None:
    html = editor.message.html
    for word in ("Channel 1", "$9.99 · 30 days", "$19.99 · 90 days", "ETH (ETH)", "at once"):
        assert word in html


def test_saving_what_was_not_changed_changes_nothing(world: World, editor: Owner) -> None:
    before = world.rows("SELECT * FROM channels"), world.rows("SELECT * FROM tiers ORDER BY id")
    assert "is saved" in editor.save()
    after = world.rows("SELECT * FROM channels"), world.rows("SELECT * FROM tiers ORDER BY id")
    assert after == before
    assert value(world, "SELECT count(*) FROM audit_log WHERE action = 'edit_channel'") == 0


def test_everything_is_changed_at_once(world: World, shop: Shop, editor: Owner) -> None:
    invoice = world.order(BEN, shop)  # on the old terms
    editor.fill(
        {
            Field.OPEN_TITLE: "New",
            Field.CLOSED_DESCRIPTION: "All of it",
            Field.PRICE_1: "14.99",
            Field.PRICE_3: "49",
            Field.THRESHOLD: "50",
            Field.GRACE: "3",
            Field.ADDRESS: OTHER_ADDRESS,
        }
    )
    editor.to_menu()
    editor.press("Tiers")
    editor.press("Tier 2")
    editor.press("Tier 3")
    editor.press("For life")
    editor.to_menu()
    editor.press("Payouts")
    editor.press("Threshold")
    assert "is saved" in editor.save()
    on_sale = "SELECT price_cents FROM tiers WHERE removed_at IS NULL ORDER BY position"
    assert column(world, on_sale) == [1_499, 4_900]
    [row] = world.rows("SELECT strategy, threshold_cents, grace_days, payout_address FROM channels")
    assert (row["strategy"], row["threshold_cents"], row["grace_days"]) == ("threshold", 5_000, 3)
    assert row["payout_address"] == OTHER_ADDRESS
    assert value(world, "SELECT title FROM channel_chats WHERE role = 'open'") == "New"
    pass_minutes(world, 10)
    assert [one.label for one in posted(world, shop).buttons] == [
        "🥇 $14.99 · for life",
        "🥉 $49.00 · for life",
    ]
    world.finish(invoice)
    world.run()
    assert value(world, "SELECT price_cents FROM orders") == 999
    assert column(world, "SELECT ends_at - starts_at FROM membership_periods") == [
        timedelta(days=30)
    ]


def posted(world: World, shop: Shop) -> Message:
    """The offer in the open chat."""
    [message] = world.fake_messenger.posts[shop.closed_chat_id + 1].values()
    return message


def test_an_offer_of_a_tier_that_is_off_is_refused_politely(
    world: World, shop: Shop, editor: Owner
) -> None:
    editor.press("Tiers")
    editor.press("Tier 2")
    editor.save()
    world.fake_messenger.add_person(BEN)
    world.update(BEN, OpenOffer(shop.registered.offer_links[1]))
    world.drain()
    assert "no longer available" in said(world, BEN)[-1]


def test_other_terms_are_another_tier(world: World, shop: Shop, editor: Owner) -> None:
    """Nobody is shown a price by a link, or an open order, that stood for another."""
    world.order(BEN, shop)
    editor.fill({Field.PRICE_1: "4.99"})
    editor.save()
    pass_minutes(world, 10)
    world.update(BEN, OpenOffer(shop.registered.offer_links[0]))
    world.drain()
    assert "no longer available" in said(world, BEN)[-1]
    fresh = (posted(world, shop).buttons[0].url or "").rsplit("=", 1)[1]
    world.update(BEN, OpenOffer(fresh))
    world.drain()
    assert "$4.99" in said(world, BEN)[-1]
    kept = value(world, "SELECT count(*) FROM tiers WHERE position = 2")
    assert kept == 1  # what was not changed is the same tier


def test_what_stays_as_it_is_keeps_nothing_else_from_being_saved(
    world: World, editor: Owner
) -> None:
    """The least price was raised, and the coin is not offered any more."""
    world.set_policy(price_cents_least=1_500)
    world.rows("UPDATE channels SET payout_asset = 'usdc:eth'")
    editor.begin("Channel 1")
    world.rows("UPDATE currencies SET payout_enabled = false WHERE id = 'usdc:eth'")
    editor.fill({Field.CLOSED_TITLE: "Better"})
    assert "is saved" in editor.save()
    editor.begin("Better")
    editor.fill({Field.PRICE_1: "9.98"})
    assert "Here a price is at least $15.00" in editor.save()


def test_posts_wait_for_the_time_between_two_of_them(
    world: World, shop: Shop, editor: Owner
) -> None:
    world.run()
    for title, other in (("Channel 1", "One"), ("One", "Two"), ("Two", "Three")):
        editor.begin(title)
        editor.fill({Field.CLOSED_TITLE: other})
        editor.save()
    assert "Channel 1" in posted(world, shop).html
    pass_minutes(world, 10)
    assert "Three" in posted(world, shop).html


def test_another_wallet_holds_payouts_and_is_told(world: World, editor: Owner) -> None:
    editor.fill({Field.ADDRESS: OTHER_ADDRESS})
    editor.save()
    world.drain()
    assert any("is now paid out in eth:eth" in one for one in said(world, OWNER))
    assert value(world, "SELECT held_until FROM channels") > world.clock.now()


def test_the_open_chat_can_be_another_one_and_the_closed_one_until_it_is_sold(
    world: World, shop: Shop, editor: Owner
) -> None:
    world.run()
    world.fake_messenger.add_chat(OPEN_ID)
    world.fake_messenger.add_chat(CLOSED_ID)
    run_chats(world, OWNER)
    editor.fill({Field.OPEN_ID: str(OPEN_ID), Field.CLOSED_ID: str(CLOSED_ID)})
    assert "is saved" in editor.save()
    world.run()
    posts = world.fake_messenger.posts
    assert len(posts[OPEN_ID]) == len(posts[CLOSED_ID]) == 1
    world.order(BEN, shop)
    world.fake_messenger.promote(shop.closed_chat_id, OWNER)
    editor.begin("Channel 1")
    editor.fill({Field.CLOSED_ID: str(shop.closed_chat_id)})
    assert "was sold already" in editor.save()


# ---- others --------------------------------------------------------------------------------------


def test_who_owns_nothing_sees_nothing_of_others_channels(world: World, shop: Shop) -> None:
    stranger = Owner(world, BEN)
    world.update(BEN, AskForm())
    world.drain()
    stranger.message_id = last_message(world, BEN)
    assert [one.label for row in stranger.message.keyboard for one in row] == ["🆕 Create new"]
    before = stranger.message
    data = f"f:open:{shop.channel_id.hex}"
    assert stranger.press_data(data) == "This button is too old. Send /help to see what you can do."
    assert stranger.message == before


def test_who_sold_the_channel_meanwhile_saves_nothing(world: World, editor: Owner) -> None:
    editor.fill({Field.CLOSED_TITLE: "Mine"})
    Owner(world, BEN).begin("Create new")
    world.rows(f"UPDATE accounts SET telegram_user_id = {BEN} WHERE telegram_user_id = {OWNER}")
    assert "is saved" not in editor.save()
    assert value(world, "SELECT title FROM channel_chats WHERE role = 'closed'") == "Channel 1"


def test_what_somebody_else_changed_meanwhile_is_not_undone(
    world: World, shop: Shop, editor: Owner
) -> None:
    editor.fill({Field.CLOSED_TITLE: "Mine"})
    account = value(world, "SELECT account_id FROM channels")
    change_grace(world, account, shop.channel_id, 7)
    assert "was changed elsewhere" in editor.save()
    assert value(world, "SELECT grace_days FROM channels") == 7
    assert value(world, "SELECT title FROM channel_chats WHERE role = 'closed'") == "Channel 1"


def test_a_channel_that_is_being_closed_cannot_be_changed(
    world: World, shop: Shop, editor: Owner
) -> None:
    editor.fill({Field.CLOSED_TITLE: "Mine"})
    close_channel(world, value(world, "SELECT account_id FROM channels"), shop.channel_id)
    assert "is being closed" in editor.save()


def test_two_owners_never_share_a_draft(world: World, owner: Owner) -> None:
    other = Owner(world, BEN)
    owner.begin("Create new")
    other.begin("Create new")
    anns = str(owner.button("Tiers").callback_data)
    assert other.press_data(anns) == "This form is over. Send /database to begin anew."
    other.begin("Create new")
    owner.fill({Field.OPEN_TITLE: "Ann's"})
    other.fill({Field.OPEN_TITLE: "Ben's"})
    assert "Ann&#x27;s" in owner.message.html
    assert "Ben&#x27;s" in other.message.html


@pytest.mark.parametrize("seed", range(10))
def test_two_forms_filled_in_at_once_never_mix(world: World, seed: int) -> None:
    """Their presses and texts come in any order; each ends with what its own person said."""
    refresh_currencies(world, 1)
    chats = {ANN: (OPEN_ID, CLOSED_ID), BEN: (OPEN_ID - 10, CLOSED_ID - 10)}
    scripts = {user: _script(world, user, *chats[user]) for user in chats}
    order = [user for user, script in scripts.items() for _ in script]
    Random(seed).shuffle(order)
    for user in order:
        scripts[user].pop(0)()
    rows = world.rows(
        "SELECT a.telegram_user_id AS person, h.chat_id, h.title FROM channel_chats h "
        "JOIN channels c ON c.id = h.channel_id JOIN accounts a ON a.id = c.account_id"
    )
    assert {(row["person"], row["chat_id"], row["title"]) for row in rows} == {
        (user, chat_id, str(user)) for user, ids in chats.items() for chat_id in ids
    }


def _script(world: World, user: int, open_id: int, closed_id: int) -> list[Callable[[], object]]:
    """All that one person presses and says, step by step."""
    for chat_id in (open_id, closed_id):
        world.fake_messenger.add_chat(chat_id)
        world.fake_messenger.promote(chat_id, user)
    one = Owner(world, user)
    own = {Field.OPEN_ID: str(open_id), Field.CLOSED_ID: str(closed_id)}
    titles = dict.fromkeys((Field.OPEN_TITLE, Field.CLOSED_TITLE), str(user))
    fields = [*{**FILLED, **own, **titles}.items()]
    steps: list[Callable[[], object]] = [partial(one.begin, "Create new"), one.choose_coin]
    for name, text in fields:
        steps += [partial(one.await_field, name), partial(one.say, text)]
    return [*steps, one.save]


# ---- what goes wrong -----------------------------------------------------------------------------


def test_a_button_of_an_earlier_form_answers_politely(owner: Owner) -> None:
    owner.begin("Create new")
    old = str(owner.button("Tiers").callback_data)
    owner.begin("Create new")
    assert owner.press_data(old) == "This form is over. Send /database to begin anew."


def test_a_press_that_comes_twice_counts_once(owner: Owner) -> None:
    owner.begin("Create new")
    owner.press("Tiers")
    data = str(owner.button("Tier 2").callback_data)
    for _ in range(2):
        assert owner.press_data(data, "same") is None
    assert "✅ Tier 2" in owner.button("Tier 2").label


def test_what_was_begun_can_be_gone_on_with(world: World, owner: Owner) -> None:
    owner.begin("Create new")
    owner.fill({Field.OPEN_TITLE: "Half done"})
    owner.begin("Go on with what you began")
    assert "Half done" in owner.message.html
    assert channels(world) == 0


def test_a_text_whose_keeping_was_not_answered_is_in_the_form(world: World, owner: Owner) -> None:
    owner.begin("Create new")
    owner.press("Open chat")
    owner.press("Title")
    world.fake_drafts.fail_next("put", RetryableError("no answer"), after_effect=True)
    assert "Once" in owner.say("Once")


def test_a_text_that_comes_twice_counts_once(world: World, owner: Owner) -> None:
    owner.begin("Create new")
    owner.press("Open chat")
    owner.press("Title")
    for _ in range(2):
        world.update(ANN, Say("Once"), 900_100)
        world.drain()
    assert sum("Once" in one for one in said(world, ANN)) == 1


def test_a_text_that_no_form_awaits_is_greeted(world: World, owner: Owner) -> None:
    owner.begin("Create new")
    world.update(ANN, Say("hello"))
    world.drain()
    assert "Welcome" in said(world, ANN)[-1]


def test_cancel_drops_the_form(world: World, owner: Owner) -> None:
    owner.begin("Create new")
    data = str(owner.button("Tiers").callback_data)
    owner.press("Cancel")
    assert "This form is over" in owner.message.html
    owner.begin("Create new")
    world.update(ANN, Cancel())
    world.drain()
    assert "is dropped" in said(world, ANN)[-1]
    assert owner.press_data(data) == "This form is over. Send /database to begin anew."


def test_a_form_that_vanished_is_over(world: World, owner: Owner) -> None:
    owner.begin("Create new")
    data = str(owner.button("Tiers").callback_data)
    world.fake_drafts.kept.clear()
    assert owner.press_data(data) == "This form is over. Send /database to begin anew."
    assert "This form is over" in owner.message.html


@pytest.mark.parametrize("error", [RetryableError("down"), PermanentError("denied")])
def test_drafts_that_cannot_be_reached_are_asked_for_again(
    world: World, owner: Owner, error: ProviderError
) -> None:
    owner.begin("Create new")
    data = str(owner.button("Tiers").callback_data)
    world.fake_drafts.fail_next("get", error)
    assert owner.press_data(data) == "Something came in between. Please press once more."
    assert owner.press_data(data) is None


def test_telegram_that_is_down_saves_nothing(world: World, owner: Owner) -> None:
    filled(owner)
    owner.to_menu()
    world.fake_messenger.fail_next("missing_rights", RetryableError("down"))
    assert owner.press("Save all") == "Something came in between. Please press once more."
    assert channels(world) == 0
    assert owner.press("Save all") is None
    assert channels(world) == 1


@pytest.mark.parametrize("data", ["f", "f:", "f:open", "f:open:zz", "f:::", "f:abcdef12:save"])
def test_forged_buttons_do_nothing(world: World, owner: Owner, data: str) -> None:
    owner.begin("Create new")
    assert owner.press_data(data) is not None
    assert channels(world) == 0
