"""Donations: a keypad in private, an order, and money that changes nobody's access."""

import re
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared_lib.domain.keypad import Key, Keypad
from shared_lib.domain.message import Message
from shared_lib.domain.update import AskDonate, OpenDonation, Press
from shared_lib.ports import LeaseHeldError, RetryableError, UnknownOutcomeError
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.close_channel import close_channel
from shared_lib.usecases.words.english import ENGLISH
from shared_lib.usecases.words.phrases import Phrase
from tests.databases import together
from tests.integration.usecases.support import (
    ANN,
    BEN,
    account_of,
    balance,
    buy,
    column,
    go_on,
    lengths,
    report,
    reviews,
    said,
    state_of,
    value,
)
from tests.world import Shop, World

RECEIVED = 25 * 10**14
FEE = RECEIVED * 15 // 100


def link_of(world: World, shop: Shop) -> str:
    found: str = value(
        world,
        "SELECT link_id FROM broadcasts WHERE kind = 'donation' "
        f"AND channel_id = '{shop.channel_id}'",
    )
    return found


def open_keypad(world: World, shop: Shop, user_id: int = ANN) -> int:
    """Tap the button in the closed chat; the id of the message that shows the keypad."""
    world.clock.pass_time(1)
    world.fake_messenger.add_person(user_id)
    world.update(user_id, OpenDonation(link_of(world, shop)))
    world.drain()
    return last_message(world, user_id)


def last_message(world: World, user_id: int) -> int:
    readers = [reader for reader, _ in world.fake_messenger.messages]
    return len(readers) - readers[::-1].index(user_id)


def shown(world: World, message_id: int) -> Message:
    return world.fake_messenger.messages[message_id - 1][1]


def amount(world: World, message_id: int) -> str:
    """What a keypad shows as typed."""
    found = re.search(r"<b>\$([^<]*)</b>", shown(world, message_id).html)
    assert found is not None
    return found[1]


def data_of(world: World, message_id: int, key: Key) -> str:
    """What the button of a key carries."""
    buttons = [one for row in shown(world, message_id).keyboard for one in row]
    [found] = [one for one in buttons if str(one.callback_data).endswith(f":{key.value}")]
    return str(found.callback_data)


def press(
    world: World, message_id: int, key: Key, user_id: int = ANN, data: str | None = None
) -> str | None:
    """Press a key; the word that answers it."""
    carried = data or data_of(world, message_id, key)
    world.clock.pass_time(1)  # the whole bot has its pace
    press_id = str(world.updates + 10**6)
    world.update(user_id, Press(press_id, message_id, carried))
    world.drain()
    answer: str | None = world.fake_messenger.answers[press_id]
    return answer


def type_in(world: World, message_id: int, text: str, user_id: int = ANN) -> None:
    for letter in text:
        assert press(world, message_id, Key(letter), user_id) is None


def invoice(world: World, user_id: int = ANN) -> str:
    """The invoice that a person was shown last."""
    for message in reversed(world.fake_messenger.messages_to(user_id)):
        for button in message.buttons:
            if button.url and "iid=" in button.url:
                return button.url.rsplit("=", 1)[1]
    raise AssertionError("no invoice was shown")


def donate(world: World, shop: Shop, text: str = "10", user_id: int = ANN) -> str:
    """Type and confirm a donation; the invoice's id."""
    keypad = open_keypad(world, shop, user_id)
    type_in(world, keypad, text, user_id)
    assert press(world, keypad, Key.CONFIRM, user_id) is None
    return invoice(world, user_id)


def orders(world: World) -> list[tuple[Any, ...]]:
    rows = world.rows(
        "SELECT kind, price_cents, days, tier_id, state FROM orders ORDER BY created_at, id"
    )
    return [tuple(row.values()) for row in rows]


def assert_no_access(world: World) -> None:
    for table in ("memberships", "membership_periods", "invites"):
        assert value(world, f"SELECT count(*) FROM {table}") == 0


# ---- the keypad ----------------------------------------------------------------------------------


def test_a_donation_from_the_button_to_the_owner(world: World, shop: Shop) -> None:
    invoice_id = donate(world, shop, "12p5")
    assert orders(world) == [("donation", 1_250, None, None, "open")]
    assert "$12.50" in said(world, ANN)[-1]
    world.finish(invoice_id)
    world.run()
    assert orders(world) == [("donation", 1_250, None, None, "paid")]
    assert state_of(world, "shares") == ["paid"]
    assert balance(world, "platform_fee") == -FEE
    assert world.fake_chain.balance(shop.destination).base_units == RECEIVED - FEE
    assert "worth $12.50" in said(world, ANN)[-1]
    assert_no_access(world)


def test_every_key_shows_what_it_does(world: World, shop: Shop) -> None:
    keypad = open_keypad(world, shop)
    assert amount(world, keypad) == "0"
    for keys, seen in (("12", "12"), ("p", "12."), ("34", "12.34"), ("bb", "12."), ("c", "0")):
        type_in(world, keypad, keys)
        assert amount(world, keypad) == seen


@pytest.mark.parametrize("typed", ["", "4p98", "4", "0p5", "p"])
def test_what_is_no_amount_cannot_be_confirmed(world: World, shop: Shop, typed: str) -> None:
    keypad = open_keypad(world, shop)
    type_in(world, keypad, typed)
    assert press(world, keypad, Key.CONFIRM) == "From $4.99 to $9999.99, please."
    assert orders(world) == []
    type_in(world, keypad, "c4p99")
    assert press(world, keypad, Key.CONFIRM) is None
    assert orders(world) == [("donation", 499, None, None, "open")]


def test_a_confirmed_amount_does_not_change_and_is_ordered_once(world: World, shop: Shop) -> None:
    keypad = open_keypad(world, shop)
    type_in(world, keypad, "10")
    confirm, nine = data_of(world, keypad, Key.CONFIRM), data_of(world, keypad, Key.NINE)
    for _ in range(3):
        assert press(world, keypad, Key.CONFIRM, data=confirm) is None
    assert press(world, keypad, Key.NINE, data=nine) == ENGLISH[Phrase.PRESS_FIXED]
    assert press(world, keypad, Key.CONFIRM, data=confirm) is None
    assert orders(world) == [("donation", 1_000, None, None, "open")]
    assert len(world.fake_provider.invoices) == 1
    assert shown(world, keypad).keyboard == ()


def test_a_cancelled_keypad_is_over(world: World, shop: Shop) -> None:
    keypad = open_keypad(world, shop)
    type_in(world, keypad, "10")
    confirm = data_of(world, keypad, Key.CONFIRM)
    assert press(world, keypad, Key.CANCEL) is None
    assert shown(world, keypad).keyboard == ()
    assert press(world, keypad, Key.CONFIRM, data=confirm) == ENGLISH[Phrase.PRESS_KEYPAD_OVER]
    assert orders(world) == []


@pytest.mark.parametrize(
    "data", ["d", "d:", "d:x", "d:x:1", "d::1", "d:to:nothing", "z:1", "", "☃"]
)
def test_forged_and_old_buttons_are_answered_and_do_nothing(
    world: World, shop: Shop, data: str
) -> None:
    keypad = open_keypad(world, shop)
    type_in(world, keypad, "10")
    press(world, keypad, Key.ONE, data=data or "?")
    assert orders(world) == []


@pytest.mark.parametrize("key", Key)
def test_every_key_of_an_earlier_keypad_is_over(world: World, shop: Shop, key: Key) -> None:
    first = open_keypad(world, shop)
    type_in(world, first, "10")
    data = data_of(world, first, key)
    second = open_keypad(world, shop)
    assert press(world, first, key, data=data) == ENGLISH[Phrase.PRESS_KEYPAD_OVER]
    assert amount(world, second) == "0"
    assert shown(world, first).keyboard == ()


@pytest.mark.parametrize("key", Key)
def test_every_key_of_a_draft_that_was_lost_is_over(world: World, shop: Shop, key: Key) -> None:
    keypad = open_keypad(world, shop)
    type_in(world, keypad, "10")
    data = data_of(world, keypad, key)
    world.fake_drafts.lose_all()
    assert press(world, keypad, key, data=data) == ENGLISH[Phrase.PRESS_KEYPAD_OVER]
    assert orders(world) == []


def test_losing_all_drafts_loses_no_order(world: World, shop: Shop) -> None:
    invoice_id = donate(world, shop)
    world.fake_drafts.lose_all()
    world.finish(invoice_id)
    world.run()
    assert orders(world) == [("donation", 1_000, None, None, "paid")]


@pytest.mark.parametrize("key", Key)
def test_somebody_elses_keypad_does_nothing(world: World, shop: Shop, key: Key) -> None:
    """Two donors never share one: whoever presses it, only its own person's draft is looked at."""
    anns, bens = open_keypad(world, shop, ANN), open_keypad(world, shop, BEN)
    type_in(world, anns, "10", ANN)
    type_in(world, bens, "77", BEN)
    data = data_of(world, anns, key)
    assert press(world, bens, key, BEN, data=data) == ENGLISH[Phrase.PRESS_KEYPAD_OVER]
    assert amount(world, anns) == "10"
    assert orders(world) == []


def test_an_update_that_comes_again_counts_once(world: World, shop: Shop) -> None:
    keypad = open_keypad(world, shop)
    pressed = Press("4711", keypad, data_of(world, keypad, Key.FIVE))
    for _ in range(3):
        world.update(ANN, pressed, update_id=900)
    assert amount(world, keypad) == "5"


def test_two_presses_at_once_lose_nothing_in_silence(world: World, shop: Shop) -> None:
    """Of those that meet one counts, and the others are told so."""
    keypad = open_keypad(world, shop)
    five = data_of(world, keypad, Key.FIVE)

    def pressing(number: int) -> Any:
        return lambda: world.update(ANN, Press(f"p{number}", keypad, five), 1_000 + number)

    together(*[pressing(number) for number in range(4)])
    words = [world.fake_messenger.answers[f"p{number}"] for number in range(4)]
    assert set(words) <= {None, ENGLISH[Phrase.PRESS_TWICE]}
    drafted = [draft.content["typed"] for draft in world.fake_drafts.kept.values()]
    assert drafted == ["5" * words.count(None)]


def test_two_confirmations_at_once_make_one_order(world: World, shop: Shop) -> None:
    keypad = open_keypad(world, shop)
    type_in(world, keypad, "10")
    confirm = data_of(world, keypad, Key.CONFIRM)

    def confirming(number: int) -> Any:
        def act() -> None:
            with suppress(LeaseHeldError):  # which Telegram delivers again
                world.update(ANN, Press(f"p{number}", keypad, confirm), 1_000 + number)

        return act

    together(*[confirming(number) for number in range(4)])
    assert orders(world) == [("donation", 1_000, None, None, "open")]
    assert len(world.fake_provider.invoices) == 1


def test_what_telegram_does_not_show_is_shown_with_the_next_press(world: World, shop: Shop) -> None:
    keypad = open_keypad(world, shop)
    one = data_of(world, keypad, Key.ONE)
    world.fake_messenger.fail_next("edit", UnknownOutcomeError("no answer"))
    world.fake_messenger.fail_next("answer_press", RetryableError("502"))
    world.update(ANN, Press("lost", keypad, one))
    assert amount(world, keypad) == "0"
    assert press(world, keypad, Key.ONE) is None
    assert amount(world, keypad) == "11"


def test_while_the_provider_is_silent_the_amount_can_be_confirmed_again(
    world: World, shop: Shop
) -> None:
    keypad = open_keypad(world, shop)
    type_in(world, keypad, "10")
    world.fake_provider.fail_next("create_invoice", RetryableError("502"))
    press(world, keypad, Key.CONFIRM)
    assert "confirm the donation again" in said(world, ANN)[-1]
    press(world, keypad, Key.CONFIRM)
    assert orders(world) == [("donation", 1_000, None, None, "open")]
    assert invoice(world)


# ---- which channel -------------------------------------------------------------------------------


@pytest.mark.usefixtures("shop")
def test_donate_without_access_says_where_the_button_is(world: World) -> None:
    world.fake_messenger.add_person(ANN)
    world.update(ANN, AskDonate())
    world.drain()
    assert "tap the button" in said(world, ANN)[-1]


def test_donate_lists_the_channels_that_one_has_access_to(world: World, shop: Shop) -> None:
    other = world.open_shop(2)
    world.open_shop(3)
    for one in (shop, other):
        buy(world, one)
    world.run()
    world.update(ANN, AskDonate())
    world.drain()
    choice = last_message(world, ANN)
    labels = [button.label for row in shown(world, choice).keyboard for button in row]
    assert labels == ["Channel 1", "Channel 2"]
    second = [row[0].callback_data for row in shown(world, choice).keyboard][1]
    assert press(world, choice, Key.ONE, data=second) is None
    keypad = last_message(world, ANN)
    assert "Channel 2" in shown(world, keypad).html


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("link", ["x" * 22, "nonsense", "x" * 64])
def test_a_link_that_leads_nowhere_is_refused_politely(world: World, link: str) -> None:
    world.fake_messenger.add_person(ANN)
    world.update(ANN, OpenDonation(link))
    world.drain()
    assert "tap the button" in said(world, ANN)[-1]


def test_a_closing_channel_takes_no_donations_but_those_that_were_ordered(
    world: World, shop: Shop
) -> None:
    ordered = donate(world, shop)
    keypad = open_keypad(world, shop, BEN)
    type_in(world, keypad, "10", BEN)
    close_channel(world, account_of(world, shop), shop.channel_id)
    world.publish()
    press(world, keypad, Key.CONFIRM, BEN)
    world.update(BEN, OpenDonation(link_of(world, shop)))
    world.drain()
    assert len(orders(world)) == 1
    world.finish(ordered)
    world.run()
    assert state_of(world, "shares") == ["paid"]


# ---- money ---------------------------------------------------------------------------------------


def test_a_donation_leaves_a_subscription_as_it_was(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.run()
    before = world.rows("SELECT state, access_ends_at FROM memberships")
    world.finish(donate(world, shop))
    world.run()
    assert world.rows("SELECT state, access_ends_at FROM memberships") == before
    assert lengths(world) == [30]
    assert value(world, "SELECT count(*) FROM invites") == 1


def test_who_is_blocked_can_donate_and_gets_no_access_by_it(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.run()
    change_access(world, account_of(world, shop), shop.channel_id, ANN, AccessChange.BLOCK)
    world.publish()
    world.finish(donate(world, shop))
    world.run()
    assert state_of(world, "memberships") == ["blocked"]
    assert state_of(world, "shares") == ["paid", "paid"]
    assert reviews(world) == set()


@pytest.mark.parametrize(
    ("fields", "worth"),
    [
        ({"pay_amount": "1", "actually_paid": "0.6"}, "$6.00"),
        ({"pay_amount": "1"}, "$10.00"),
    ],
)
def test_a_part_of_what_was_promised_is_a_donation_of_that(
    world: World, shop: Shop, fields: dict[str, str], worth: str
) -> None:
    """Nothing is asked for, nothing is kept for its payer."""
    invoice_id = donate(world, shop)
    tx_hash = world.deposit("0.0015")
    payment = report(
        world, invoice_id, "partially_paid", outcome_amount="0.0015", payout_hash=tx_hash, **fields
    )
    world.run()
    assert orders(world) == [("donation", 1_000, None, None, "paid")]
    assert value(world, "SELECT count(*) FROM payer_credits") == 0
    assert balance(world, "platform_fee") == -15 * 10**14 * 15 // 100
    assert worth in said(world, ANN)[-1]
    go_on(world, payment, "finished")
    world.run()
    assert state_of(world, "shares") == ["paid"]
    assert len([text for text in said(world, ANN) if "Thank you" in text]) == 1
    assert_no_access(world)


def test_more_than_was_promised_is_a_donation_of_that(world: World, shop: Shop) -> None:
    invoice_id = donate(world, shop)
    world.finish(invoice_id, "0.0035", pay_amount="1", actually_paid="1.4")
    world.run()
    assert "$14.00" in said(world, ANN)[-1]
    assert column(world, "SELECT extra_days FROM payments") == [0]
    assert state_of(world, "shares") == ["paid"]
    assert_no_access(world)


@pytest.mark.parametrize("status", ["partially_paid", "finished"])
def test_a_second_deposit_is_a_second_donation(world: World, shop: Shop, status: str) -> None:
    invoice_id = donate(world, shop)
    first = world.finish(invoice_id)
    world.run()
    tx_hash = world.deposit("0.001")
    report(
        world,
        invoice_id,
        status,
        outcome_amount="0.001",
        payout_hash=tx_hash,
        parent_payment_id=first,
        pay_amount="1",
        actually_paid="0.4",
    )
    world.run()
    assert state_of(world, "shares") == ["paid", "paid"]
    assert len([text for text in said(world, ANN) if "Thank you" in text]) == 2
    assert reviews(world) == set()
    assert_no_access(world)


def test_a_donation_that_expires_says_how_to_begin_again(world: World, shop: Shop) -> None:
    report(world, donate(world, shop), "expired")
    world.run()
    assert "/donate" in said(world, ANN)[-1]
    assert state_of(world, "orders") == ["closed"]


def test_several_donations_of_one_person_stand_beside_each_other(world: World, shop: Shop) -> None:
    invoices = [donate(world, shop, text) for text in ("5", "5", "7")]
    assert len(set(invoices)) == 3
    for one in invoices:
        world.finish(one)
    world.run()
    assert state_of(world, "orders") == ["paid"] * 3


# ---- two donors, interleaved ---------------------------------------------------------------------

_donors = st.sampled_from([0, 1])
_presses = st.lists(
    st.tuples(_donors, _donors, st.sampled_from([one for one in Key if one is not Key.CANCEL])),
    max_size=14,
)


@given(_presses)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_of_two_donors_each_sees_and_orders_what_they_typed_themselves(
    world: World, shop: Shop, presses: list[tuple[int, int, Key]]
) -> None:
    """Each press is by one of them, on a keypad of either, which of the other's does nothing."""
    people = [ANN + 10 * (world.updates + 1), BEN + 10 * (world.updates + 1)]
    keypads = [open_keypad(world, shop, person) for person in people]
    buttons = [{key: data_of(world, keypad, key) for key in Key} for keypad in keypads]
    typed = [Keypad(UUID(int=1), shop.channel_id) for _ in people]
    for number, (who, whose, key) in enumerate(presses):
        press(world, keypads[who], key, people[who], buttons[whose][key])
        if who != whose:
            continue
        if key is not Key.CONFIRM:
            typed[who] = typed[who].pressed(key, str(number))
        elif typed[who].cents is not None:
            typed[who] = typed[who].confirmed()
    for person, expected in zip(people, typed, strict=True):
        [draft] = [one for (_, owner), one in world.fake_drafts.kept.items() if owner == person]
        assert draft.content["typed"] == expected.typed
        prices = column(world, f"SELECT price_cents FROM orders WHERE telegram_user_id = {person}")
        assert prices == ([expected.cents] if expected.is_confirmed else [])
