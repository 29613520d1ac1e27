"""Everybody reads the bot in their own language, and sees times in their own zone."""

import pytest

from shared_lib.domain.update import (
    AskAccess,
    AskHelp,
    AskLanguage,
    AskRenew,
    AskStatus,
    AskTimeZone,
    Cancel,
    Greet,
    OpenOffer,
    Press,
)
from tests.integration.usecases.support import ANN, BEN, buy, column, said, value
from tests.world import OWNER as FIRST_OWNER
from tests.world import Shop, World

OWNER = FIRST_OWNER + 1  # of the first shop

RUSSIAN, SPANISH = "ru", "es-MX"
DAY = 86_400


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def answer(world: World, user_id: int, intent: object, language: str = "en") -> str:
    """What somebody reads after an update."""
    world.fake_messenger.add_person(user_id)
    world.update(user_id, intent, language=language)
    world.drain()
    return said(world, user_id)[-1]


def press(world: World, user_id: int, data: str) -> str | None:
    """What the press is answered with."""
    world.fake_messenger.add_person(user_id)
    world.update(user_id, Press("press", 7, data))
    world.drain()
    return world.fake_messenger.answers["press"]


def choose(world: World, user_id: int, word: str) -> None:
    answer(world, user_id, AskLanguage())
    assert press(world, user_id, f"l:{word}") is None


# ---- language ------------------------------------------------------------------------------------


def test_the_bot_speaks_the_language_of_the_app(world: World) -> None:
    assert "Welcome" in answer(world, ANN, Greet())
    assert "Здравствуйте" in answer(world, BEN, Greet(), RUSSIAN)
    assert "Bienvenido" in answer(world, ANN, Greet(), SPANISH)  # she has changed her app's
    assert "Welcome" in answer(world, ANN, Greet(), "ja")


def test_who_chooses_a_language_reads_it_from_then_on(world: World) -> None:
    choose(world, ANN, "ru")
    assert "Здравствуйте" in answer(world, ANN, Greet())
    assert "Welcome" in answer(world, BEN, Greet())
    choose(world, ANN, "app")
    assert "Welcome" in answer(world, ANN, Greet())


def test_a_choice_that_comes_twice_is_one(world: World) -> None:
    for _ in range(2):
        assert press(world, ANN, "l:es") is None
    assert column(world, "SELECT chosen_language FROM telegram_users") == ["es"]


@pytest.mark.parametrize("data", ["l:", "l", "l:xx", "l:EN", "l:ru:ru", "zz", "", "n", "n:", "n:x"])
def test_a_button_that_nobody_knows_is_answered_politely(world: World, data: str) -> None:
    assert press(world, ANN, data) == "This button is too old. Send /help to see what you can do."


def test_a_purchase_is_made_in_one_s_own_language(world: World, shop: Shop) -> None:
    """The invoice, the invite, and what /access says; the stranger beside is not affected."""
    world.fake_messenger.add_person(ANN)
    world.update(ANN, OpenOffer(shop.registered.offer_links[0]), language=RUSSIAN)
    world.drain()
    [invoice] = world.fake_messenger.messages_to(ANN)
    assert "9,99\N{NO-BREAK SPACE}$" in invoice.html
    assert "30 дней" in invoice.html
    assert invoice.buttons[0].label == "Оплатить 9,99\N{NO-BREAK SPACE}$"
    world.finish((invoice.buttons[0].url or "").rsplit("=", 1)[1])
    world.run()
    assert "Оплата получена" in said(world, ANN)[-1]
    assert "(через 30 дней)" in said(world, ANN)[-1]
    assert "открыт для вас" in answer(world, ANN, AskAccess(), RUSSIAN)
    assert "no access" in answer(world, BEN, AskAccess())


@pytest.mark.usefixtures("shop")
def test_what_is_posted_speaks_as_the_owner_does(world: World) -> None:
    world.update(OWNER, Greet(), language=SPANISH)
    world.run()
    posts = [one.html for of in world.fake_messenger.posts.values() for one in of.values()]
    assert any("el precio se paga en cualquier moneda" in one for one in posts)
    assert any("Aquí puedes apoyarlo" in one for one in posts)


# ---- times ---------------------------------------------------------------------------------------


def test_times_are_in_utc_until_somebody_chooses_a_zone(world: World, shop: Shop) -> None:
    buy(world, shop, ANN)
    world.run()
    assert " UTC (in 30 days)" in said(world, ANN)[-1]
    set_to = answer(world, ANN, AskTimeZone("Asia/Tokyo"))
    assert "(Asia/Tokyo)" in set_to
    assert "(Asia/Tokyo)" in answer(world, ANN, AskAccess())
    assert "UTC again" in answer(world, ANN, AskTimeZone("utc"))
    assert " UTC (in 29 days)" in answer(world, ANN, AskAccess())
    assert column(world, "SELECT time_zone FROM telegram_users WHERE time_zone IS NOT NULL") == []


def test_without_a_name_the_bot_says_how(world: World) -> None:
    shown = answer(world, ANN, AskTimeZone(""))
    assert "Europe/Madrid" in shown
    assert "1 November 2026, 12:00 UTC" in shown


@pytest.mark.parametrize("name", ["Nowhere/Town", "<b>x", "../../etc/passwd", "+3", "x" * 64])
def test_a_zone_that_is_none_is_refused_and_changes_nothing(world: World, name: str) -> None:
    answer(world, ANN, AskTimeZone("Europe/Madrid"))
    assert "There is no time zone with the name" in answer(world, ANN, AskTimeZone(name))
    assert value(world, "SELECT time_zone FROM telegram_users") == "Europe/Madrid"


# ---- the other words -----------------------------------------------------------------------------


def test_help_names_every_command(world: World) -> None:
    shown = answer(world, ANN, AskHelp())
    for word in ("access", "renew", "status", "refund", "donate", "language", "timezone", "cancel"):
        assert f"/{word}" in shown


def test_renew_shows_what_can_be_gone_on_with(world: World, shop: Shop) -> None:
    assert "nothing that you could renew" in answer(world, ANN, AskRenew())
    buy(world, shop, ANN)
    world.run()
    invites = value(world, "SELECT count(*) FROM invites")
    answer(world, ANN, AskRenew())
    shown = world.fake_messenger.messages_to(ANN)[-1]
    assert [one.label for one in shown.buttons] == ["Renew"]
    assert value(world, "SELECT count(*) FROM invites") == invites  # asks for no way in
    world.clock.pass_time(31 * DAY)
    world.run()
    answer(world, ANN, AskRenew())
    assert [one.label for one in world.fake_messenger.messages_to(ANN)[-1].buttons] == ["Come back"]
    assert "nothing that you could renew" in answer(world, BEN, AskRenew())


def test_there_may_be_nothing_to_cancel(world: World) -> None:
    assert "nothing that you have begun" in answer(world, ANN, Cancel())


# ---- what an order stands at ---------------------------------------------------------------------


def test_an_order_says_what_comes_next_and_by_when(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    order = value(world, "SELECT id FROM orders")
    assert "can be paid until 8 November 2026" in answer(world, ANN, AskStatus(order))
    paid = world.fake_provider.pay(invoice, "confirming")
    world.call_back(paid)
    world.drain()
    assert "payment seen" in answer(world, ANN, AskStatus(order))
    world.fake_provider.set_status(paid, "finished", outcome_amount="0.0025")
    world.call_back(paid)
    world.drain()
    assert "<b>paid</b>" in answer(world, ANN, AskStatus(order))
    assert "No order of yours" in answer(world, BEN, AskStatus(order))


def test_whoever_it_concerns_is_told_why(world: World, shop: Shop) -> None:
    """By the number of a payment, a payout or access; nobody else hears that there is one."""
    buy(world, shop, ANN)
    payment = value(world, "SELECT id FROM payments")
    world.run()
    assert "part was paid out" in answer(world, OWNER, AskStatus(payment))
    assert "Часть владельца выплачена" in answer(world, OWNER, AskStatus(payment), RUSSIAN)
    assert "what it pays for was given" in answer(world, ANN, AskStatus(payment))
    payout = value(world, "SELECT id FROM payouts")
    assert "El dueño tiene el dinero" in answer(world, OWNER, AskStatus(payout), SPANISH)
    assert "No order of yours" in answer(world, ANN, AskStatus(payout))
    access = value(world, "SELECT id FROM memberships")
    for user_id in (ANN, OWNER):
        shown = answer(world, user_id, AskStatus(access))
        assert "Access runs" in shown
        assert "1 December 2026" in shown
    for one in (payment, payout, access):
        assert "No order of yours" in answer(world, BEN, AskStatus(one))


def test_an_order_that_a_person_looks_at_says_so(world: World, shop: Shop) -> None:
    paid = world.fake_provider.pay(world.order(ANN, shop), "finished", outcome_currency="doge")
    world.call_back(paid)
    world.drain()
    order = value(world, "SELECT id FROM orders")
    assert "a person is looking at it" in answer(world, ANN, AskStatus(order))
