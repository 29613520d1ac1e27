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
