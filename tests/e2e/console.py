"""A person at the console: what they see and press, by the page alone."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect

from tests.sandbox.stack.plan import PROJECT

SCREENSHOTS = PROJECT / "build" / "screenshots"
PATIENCE_MS = 30_000
_PAUSE_MS = 1_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Console:
    """One page of the console, of one width."""

    page: Page
    width: int
    keeps_checkout: bool = False

    def named(self, name: str) -> str:
        """What a person of this page is called, who is not one of the other width's."""
        return f"{name} {self.width}"

    def be(self, name: str) -> None:
        """Act as this person from now on, and see their chat with the bot."""
        person = self.page.locator("#person")
        value = person.locator("option", has_text=self.named(name)).first.get_attribute("value")
        person.select_option(value)
        self.is_led_to_bot()
        self.tab("Messages")

    def add_person(self, name: str, language: str = "English") -> None:
        """Somebody new, who is acted as from now on."""
        self.page.get_by_role("button", name="Add a person").click()
        self.page.get_by_label("First name").fill(self.named(name))
        self.page.get_by_label("Language of their app").select_option(label=language)
        self.page.get_by_role("button", name="Add", exact=True).click()
        expect(self.page.locator("#person option:checked")).to_have_text(self.named(name))
        self.tab("Messages")

    def add_channel(self, title: str, *, public: bool) -> int:
        """A channel of this person, with the bot as its administrator; its id."""
        self.tab("Chats")
        self.page.get_by_role("button", name="New channel").click()
        self.page.get_by_label("Title").fill(title)
        if public:
            self.page.get_by_label("Everybody may read it").check()
        self.page.get_by_role("button", name="Create").click()
        expect(self.page.locator("#talk-title")).to_have_text(title)
        self.page.get_by_role("button", name="The bot's rights").click()
        for right in ("post messages", "invite people", "remove people"):
            self.page.get_by_label(f"It may {right}").check()
        self.page.get_by_role("button", name="Save").click()
        about = self.page.locator("#talk-about").inner_text()
        return int(re.findall(r"-\d+", about)[0])

    def open_chat(self, title: str) -> None:
        """Look at another chat."""
        self.tab("Chats")
        self.page.locator("#chats button", has_text=title).first.click()
        expect(self.page.locator("#talk-title")).to_have_text(title)

    def open_bot(self) -> None:
        """Look at the private chat with the bot."""
        self.tab("Chats")
        self.page.locator("#chats button", has_text="private chat with the bot").click()

    def is_led_to_bot(self) -> None:
        """The private chat with the bot is shown, now or soon."""
        about = self.page.locator("#talk-about")
        expect(about).to_have_text("What you write here reaches the bot.")

    def tab(self, name: str) -> None:
        """On a phone one part is shown at a time."""
        tab = self.page.locator(".tabs button", has_text=name)
        if tab.is_visible():
            tab.click()

    def say(self, text: str) -> None:
        """Write to the bot."""
        self.page.get_by_label("Message to the bot").fill(text)
        self.page.get_by_role("button", name="Send").click()

    def answer(self) -> Locator:
        """The newest message, once it is the bot's and not one's own."""
        return self.page.locator("#messages .bubble:last-child:not(.mine)")

    def sees(self, text: str) -> None:
        """The newest message is the bot's and says this, now or soon."""
        expect(self.answer()).to_contain_text(text)

    def reads(self, text: str) -> None:
        """Some message says this, now or soon."""
        found = self.page.locator("#messages .bubble", has_text=text)
        expect(found.last).to_be_visible()

    def press(self, label: str) -> None:
        """The newest button with this label."""
        self.page.locator("#messages button", has_text=label).last.click()

    def press_key(self, label: str) -> None:
        """A key of the newest keypad, once what was pressed before is shown."""
        self.page.wait_for_timeout(_PAUSE_MS)
        key = self.page.get_by_role("button", name=label, exact=True)
        key.last.click()

    def type_into(self, screen: str | None, field: str, text: str, shown: str) -> None:
        """Fill in a field of the form, on another screen first if one is named."""
        if screen is not None:
            self.press(screen)
        self.sees(field)  # older messages have such a button too
        self.press(field)
        self.sees("✏️")
        self.say(text)
        self.sees(shown)

    def says_nothing_of(self, text: str) -> None:
        """No message says this."""
        expect(self.page.locator("#messages .bubble", has_text=text)).to_have_count(0)

    def ask_to_join(self, label: str = "Join") -> None:
        """Press the invite's button and confirm."""
        self.press(label)
        self.page.get_by_role("button", name="Request to join").click()
        self.is_told("You have asked to join.")

    def open_link(self, url: str) -> None:
        """Follow an invite link that somebody passed on, and ask to join."""
        self.page.get_by_role("button", name="Open a link").click()
        self.page.get_by_role("textbox", name="Link").fill(url)
        self.page.get_by_role("button", name="Open", exact=True).click()
        self.page.get_by_role("button", name="Request to join").click()

    def finds_revoked(self, url: str) -> None:
        """The link admits nobody, now or soon: it is revoked only after its owner is let in."""
        told = self.page.locator(".toast", has_text="This link was revoked.")
        for _ in range(PATIENCE_MS // _PAUSE_MS):
            self.open_link(url)
            self.page.wait_for_timeout(_PAUSE_MS)
            if told.count():
                return
        said = self.page.locator(".toast").all_inner_texts()
        raise AssertionError(f"the link was not revoked, but: {said}")

    def link_of(self, label: str) -> str:
        """Where the newest button with this label leads."""
        button = self.page.locator("#messages button", has_text=label).last
        return button.get_attribute("title") or ""

    def is_told(self, text: str) -> None:
        """What the page says in passing."""
        expect(self.page.locator(".toast", has_text=text).last).to_be_visible()

    def is_inside(self, title: str) -> None:
        """This person is inside the channel, now or soon."""
        self.tab("Chats")
        expect(self._chats_inside(title)).to_have_count(1)
        self.tab("Messages")

    def is_outside(self, title: str) -> None:
        """This person is not inside the channel, now or soon."""
        self.tab("Chats")
        expect(self._chats_inside(title)).to_have_count(0)
        self.tab("Messages")

    def _chats_inside(self, title: str) -> Locator:
        """A public chat of the same title is readable by everybody, and not meant."""
        inside = self.page.locator("small", has_text="you are inside")
        return self.page.locator("#chats button", has_text=title).filter(has=inside)

    def pay(self, label: str, how: str, coin: str = "ltc") -> None:
        """Follow a payment button to the checkout, and pay there in this way."""
        with self.page.expect_popup() as opened:
            self.press(label)
        checkout = opened.value
        checkout.get_by_label("Coin").select_option(coin)
        checkout.get_by_label(how).check()
        if self.keeps_checkout:
            checkout.screenshot(path=SCREENSHOTS / f"checkout-{self.width}.png")
        checkout.get_by_role("button", name="Pay").click()
        checkout.wait_for_load_state()
        checkout.close()

    def let_days_pass(self, days: float) -> None:
        """For all that this person has access to."""
        self.tab("World")
        self.page.get_by_label("Let days pass").fill(str(days))
        self.page.get_by_role("button", name="Let them pass").click()
        self.is_told("They have passed.")
        self.tab("Messages")

    def sees_elsewhere(self, heading: str, pattern: str) -> None:
        """Under this heading of what happens elsewhere is such a line, now or soon."""
        self.tab("World")
        news = self.page.locator(f"h3:has-text('{heading}') + ul")
        expect(news).to_contain_text(re.compile(pattern))
        self.tab("Messages")

    def keep(self, name: str) -> Path:
        """Keep a picture of the page."""
        path = SCREENSHOTS / f"{name}-{self.width}.png"
        self.page.screenshot(path=path)
        return path


def opened(browser: Browser, telegram_url: str, width: int) -> Console:
    """The console in a window of this width."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    host = urlsplit(telegram_url).netloc
    page.goto(f"http://{host}/console/")
    return Console(page, width)
