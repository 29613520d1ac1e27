"""People at the console, in a real browser: they buy, pay, are let in, and come back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.console import Console, opened
from tests.e2e.stage import Stage
from tests.sandbox.browser import arguments, chromium
from tests.sandbox.scene import Sold

DESKTOP, PHONE = 1440, 390
WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
SECRET = "legal winner thank year wave sausage worth useful legal winner thank yellow"
WILD = "A & B <3 </b><a href=x> 🎉🎉🎉"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=arguments())
        yield launched
        launched.close()


@pytest.fixture(params=[DESKTOP, PHONE])
def console(request: pytest.FixtureRequest, browser: Browser, scene: Stage) -> Iterator[Console]:
    one = opened(browser, scene.stack.plan.telegram_url, request.param)
    errors: list[str] = []
    one.page.on("pageerror", lambda error: errors.append(str(error)))
    yield one
    assert errors == []
    one.page.context.close()


@pytest.fixture
def shop(scene: Stage) -> Sold:
    # The browser's driver has an event loop in this thread, and the bot's adapter makes its own.
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(scene.new_shop, title=WILD).result()


def start_by(console: Console, shop: Sold) -> None:
    """Follow the offer's link, as somebody does who found it elsewhere."""
    console.say(f"/start {shop.registered.offer_links[0]}")
    console.sees("Order")


def test_a_subscriber_buys_pays_and_is_let_in_and_a_stranger_is_not(
    console: Console, shop: Sold
) -> None:
    console.add_person("Alice")
    start_by(console, shop)
    console.reads(WILD)
    console.keep("offer")
    console.keeps_checkout = True
    console.pay("Pay $", "Exactly")
    console.reads("Payment received.")
    link = console.link_of("Join")
    console.add_person("Stranger")
    console.open_link(link)
    console.is_told("You have asked to join.")
    console.is_outside(WILD)
    console.be("Alice")
    console.ask_to_join()
    console.keep("invite")
    console.is_inside(WILD)
    console.be("Stranger")
    console.is_outside(WILD)
    console.finds_revoked(link)


def test_less_than_the_price_is_topped_up(console: Console, shop: Sold) -> None:
    console.add_person("Ben")
    start_by(console, shop)
    console.pay("Pay $", "Less")
    console.reads("Less than the price of order")
    console.keep("less")
    console.pay("Pay the missing", "Exactly")
    console.reads("Payment received.")
    console.ask_to_join()
    console.is_inside(WILD)


def test_who_pays_late_is_let_in_too(console: Console, shop: Sold) -> None:
    console.add_person("Lena")
    start_by(console, shop)
    console.pay("Pay $", "Late")
    console.reads("ended without success")
    console.reads("Payment received.")


def test_access_is_renewed_ends_and_one_tap_leads_back(console: Console, shop: Sold) -> None:
    console.add_person("Carol")
    start_by(console, shop)
    console.pay("Pay $", "Exactly")
    console.reads("Payment received.")
    console.ask_to_join()
    console.is_inside(WILD)
    console.let_days_pass(28)
    console.sees("Your access to")
    console.press("Renew")
    console.sees("Order")
    console.pay("Pay $", "Exactly")
    console.sees("your access now runs")
    console.let_days_pass(33)
    console.reads("has ended")
    console.keep("ended")
    console.is_outside(WILD)
    console.press("Come back")
    console.sees("Order")
    console.pay("Pay $", "Exactly")
    console.sees("Payment received.")
    console.ask_to_join()
    console.is_inside(WILD)


def test_the_bot_is_given_rights_and_loses_them(console: Console) -> None:
    console.add_person("Olga")
    chat_id = console.add_channel("Olga's ideas", public=True)
    assert chat_id < -1_000_000_000_000
    console.keep("channel")


def test_an_owner_creates_a_channel_by_the_form_and_it_sells(console: Console) -> None:
    console.add_person("Fred")
    open_id = console.add_channel("Fred's talk", public=True)
    closed_id = console.add_channel("Fred's signals", public=False)
    console.open_bot()
    console.say("/database")
    console.press("Create new")
    for screen, title, chat_id in (
        ("Open chat", "Fred's talk", open_id),
        ("Closed chat", WILD, closed_id),
    ):
        console.type_into(screen, "Chat id", str(chat_id), str(chat_id))
        console.type_into(None, "Title", title, title)
        console.press("Back")
    console.type_into("Tiers", "Price 1", "9,99", "$9.99")
    console.type_into(None, "Days 1", "30", "30 days")
    console.press("Back")
    console.press("Wallet")
    console.press("Coin")
    console.press("ETH")
    console.press("USDC")
    console.type_into(None, "Address", SECRET, "looks like a private key or a seed phrase")
    console.type_into(None, "Address", WALLET, WALLET)
    console.press("Back")
    console.sees("Save all changes")
    console.keep("form")
    console.press("Save all changes")
    console.reads("is saved")
    console.open_chat("Fred's talk")
    console.reads(WILD)
    console.keep("offer-posted")
    console.add_person("Gina")
    console.open_chat("Fred's talk")
    console.press("9.99")
    console.is_led_to_bot()
    console.pay("Pay $", "Exactly")
    console.reads("Payment received.")
    console.ask_to_join()
    console.is_inside("Fred's signals")
    console.sees_elsewhere("Exchanges", r"[\d.]+ ETH → [\d.]+ USDC")


def test_two_people_donate_at_once_and_share_nothing(browser: Browser, scene: Stage) -> None:
    """Two windows, each with its own person, press in turns."""
    with ThreadPoolExecutor(1) as beside:
        shop = beside.submit(scene.new_shop, title=WILD).result()
        link_id = beside.submit(donation_link, scene, shop).result()
    two = [opened(browser, scene.stack.plan.telegram_url, width) for width in (DESKTOP, PHONE)]
    for one, name in zip(two, ("Dora", "Emil"), strict=True):
        one.add_person(name)
        one.say(f"/start donate_{link_id}")
        one.reads("Your donation to")
    for keys in zip("125", "777", strict=True):
        for one, key in zip(two, keys, strict=True):
            one.press_key(key)
    two[0].reads("$125")
    two[1].reads("$777")
    two[0].keep("keypad")
    for one, price in zip(two, ("$125.00", "$777.00"), strict=True):
        one.press("✅ Donate")
        one.reads(f"A donation of {price}")
        one.pay(f"Pay {price}", "Exactly")
    for one, price in zip(two, ("$125", "$777"), strict=True):
        one.reads("Thank you!")
        one.says_nothing_of("$777" if price == "$125" else "$125")
        one.page.context.close()


def donation_link(scene: Stage, shop: Sold) -> str:
    """The id that the button for donations in the closed chat carries."""
    sql = "SELECT link_id FROM broadcasts WHERE kind = 'donation' AND channel_id = :id"
    [row] = scene.rows(sql, id=shop.registered.channel_id)
    return str(row["link_id"])


def test_a_conversation_in_russian(console: Console, shop: Sold) -> None:
    console.add_person("Вера", language="Русский")
    console.say(f"/start {shop.registered.offer_links[0]}")
    console.reads("Заказ")
    console.keep("russian")
    console.pay("Оплатить", "Exactly")
    console.reads("Оплата получена.")
    console.ask_to_join("Вступить")
    console.is_inside(WILD)
    console.say("/language")
    console.press("Español")
    console.reads("Este bot habla español contigo.")
    console.say("/access")
    console.reads("está abierto para ti")
