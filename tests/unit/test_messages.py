"""What people are told: every kind of notice has words, and nobody's text becomes markup."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from uuid import UUID

import pytest

from shared_lib.domain.broadcast import Showcase, TierOnSale
from shared_lib.domain.form import Form
from shared_lib.domain.invite import EntryCause
from shared_lib.domain.language import Language
from shared_lib.domain.message import TEXT_UTF16_MOST, Button, Message
from shared_lib.domain.money import ETH
from shared_lib.domain.notice import Notice, NoticeKind, NoticeState
from shared_lib.domain.offer import (
    DAYS_MOST,
    DESCRIPTION_MOST,
    PRICE_CENTS_MOST,
    TITLE_MOST,
    Channel,
    Chat,
    ChatRole,
    PayoutTarget,
    Strategy,
    Tier,
)
from shared_lib.domain.order import OrderState, Standing
from shared_lib.usecases.forms import content_of
from shared_lib.usecases.messages import (
    donate_button_message,
    invite_message,
    notice_message,
    offer_message,
)
from shared_lib.usecases.words.speech import Speech

NOW = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
BEFORE = NOW - timedelta(days=30, hours=1)
ENGLISH = Speech(Language.ENGLISH, None, BEFORE)
OFFER = "Abcdefghijklmnop_-1234"
ORDER = "0194f3a2-7b6c-7d8e-9fa0-b1c2d3e4f506"
Facts = Mapping[str, str | int | None]
PAID_IN_PART: Facts = {"order": ORDER, "status": "partially_paid"}
# Exactly the facts that the use cases give with each kind.
FACTS: dict[NoticeKind, Facts] = {
    NoticeKind.WELCOME: {},
    NoticeKind.HELP: {},
    NoticeKind.OFFER_REFUSED: {},
    NoticeKind.INVOICE_READY: {
        "order": ORDER,
        "channel": "Signals",
        "description": "Daily ideas",
        "kind": "subscription",
        "price_cents": 499,
        "days": 30,
        "url": "https://pay.example/1?a=1&b=2",
    },
    NoticeKind.INVOICE_FAILED: {},
    NoticeKind.PAYMENT_REVIEWED: PAID_IN_PART,
    NoticeKind.PAYMENT_ENDED: {"order": ORDER, "status": "expired"},
    NoticeKind.ACCESS_EXTENDED: {
        "channel": "Signals",
        "until": NOW.isoformat(),
        "because": EntryCause.PAID.value,
    },
    NoticeKind.ACCESS_TAKEN: {"channel": "Signals"},
    NoticeKind.ACCESS_ENDS_SOON: {
        "channel": "Signals",
        "until": NOW.isoformat(),
        "renewal": OFFER,
    },
    NoticeKind.ACCESS_ENDED: {"channel": "Signals", "renewal": OFFER},
    NoticeKind.ACCESS_STANDING: {
        "channel": "Signals",
        "until": NOW.isoformat(),
        "is_running": 1,
        "invited": 1,
        "renewal": OFFER,
    },
    NoticeKind.NO_ACCESS: {},
    NoticeKind.NOTHING_TO_RENEW: {},
    NoticeKind.REMOVAL_FAILED: {"channel": "Signals", "member": 5_000_000_002},
    NoticeKind.REMOVALS_STOPPED: {"channel": "Signals", "removed": 10},
    NoticeKind.RIGHTS_LOST: {"channel": "Signals", "missing": "can_invite_users"},
    NoticeKind.PAID_MORE: {"order": ORDER, "days": 15},
    NoticeKind.PAID_IN_PART: {
        "order": ORDER,
        "channel": "Signals",
        "price_cents": 999,
        "missing_cents": 400,
        "until": NOW.isoformat(),
        "days": 17,
        "again": None,
        "url": "https://pay.example/2",
    },
    NoticeKind.DAYS_FOR_PART: {"order": ORDER, "days": 17},
    NoticeKind.REFUND_ASKED: {"order": ORDER},
    NoticeKind.REFUNDED: {"order": ORDER, "evidence": "0x" + "ab" * 32},
    NoticeKind.WALLET_CHANGED: {
        "channel": "Signals",
        "asset": "btc:btc",
        "address": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "until": NOW.isoformat(),
    },
    NoticeKind.CHANNEL_CLOSED: {"channel": "Signals"},
    NoticeKind.DONATE_WHERE: {"link_1": "x" * 22, "title_1": "Signals"},
    NoticeKind.KEYPAD: {"keypad": UUID(ORDER).hex, "channel": "Signals"},
    NoticeKind.DONATION_RECEIVED: {"order": ORDER, "channel": "Signals", "value_cents": 1_250},
    NoticeKind.POST_PAUSED: {
        "chat": "Signals",
        "what": "offer",
        "reason": "Telegram refused: Bad Request: need administrator rights in the channel chat",
    },
    NoticeKind.POST_UNSURE: {"chat": "Signals", "what": "donation"},
    NoticeKind.ORDER_STATUS: {"order": ORDER, "standing": "open", "until": NOW.isoformat()},
    NoticeKind.WHY: {
        "kind": "payout",
        "id": ORDER,
        "because": "Its transfer is with the network.",
        "next": "A block takes it; if none does, its price is raised.",
        "by": NOW.isoformat(),
    },
    NoticeKind.LANGUAGE_WHICH: {},
    NoticeKind.ZONE: {"zone": None},
    NoticeKind.CANCELLED: {},
    NoticeKind.NOTHING_TO_CANCEL: {},
    NoticeKind.FORM_WHICH: {
        "begun": "abcdef12",
        "channel_1": UUID(ORDER).hex,
        "title_1": "Signals",
    },
    NoticeKind.FORM: {
        "form": json.dumps(content_of(Form("abcdef12", UUID(ORDER)))),
        "note": "form_refused",
    },
    NoticeKind.LINK: {"phrase": "link_unknown"},
    NoticeKind.NEWS: {"wanted": None},
    NoticeKind.NEWS_OF_SALE: {
        "id": ORDER,
        "channel": "Signals",
        "kind": "subscription",
        "received": "0.0025 ETH",
        "owners": "0.002125 ETH",
    },
    NoticeKind.NEWS_OF_SENDING: {
        "id": ORDER,
        "channel": "Signals",
        "money": "1 ETH",
        "address": "0xab",
    },
    NoticeKind.NEWS_OF_SETTLING: {
        "id": ORDER,
        "channel": "Signals",
        "money": "1 BTC",
        "address": "bc1q",
    },
}
WILD_TITLES = [
    "A & B <3",
    '</b><a href="https://evil.example">free</a>',
    "🎉" * TITLE_MOST,
    "{curly} {order} {}",
    "<tg-spoiler>&lt;",
    "%s 'quoted'",
]
OF_TELEGRAM = {"b", "i", "code"}


class Reader(HTMLParser):
    """Reads a message as Telegram would: its text, and the tags around it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.open = "", set[str](), list[str]()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def buttons_of(message: Message) -> list[Button]:
    return [button for row in message.keyboard for button in row]


def read(message: Message) -> Reader:
    reader = Reader(message.html)
    assert reader.tags <= OF_TELEGRAM
    assert not reader.open
    return reader


def say(kind: NoticeKind, speech: Speech = ENGLISH, /, **changes: str | int | None) -> Message:
    facts = {**FACTS[kind], **changes}
    notice = Notice(UUID(int=1), f"{kind}:1", kind, 7, facts, NoticeState.PENDING, NOW, None)
    return notice_message(notice, speech)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_has_words_for_the_facts_that_are_given(
    kind: NoticeKind, language: Language
) -> None:
    message = say(kind, Speech(language, None, BEFORE))
    shown = read(message).text
    assert all(len((one.callback_data or "").encode()) <= 64 for one in buttons_of(message))
    assert shown.strip()
    assert "None" not in shown
    assert "{" not in shown


@pytest.mark.parametrize("title", WILD_TITLES)
def test_titles_and_descriptions_are_shown_literally(title: str) -> None:
    for message in (
        say(NoticeKind.INVOICE_READY, channel=title),
        say(NoticeKind.INVOICE_READY, description=title),
        say(NoticeKind.ACCESS_EXTENDED, channel=title),
        say(NoticeKind.ACCESS_TAKEN, channel=title),
        say(NoticeKind.OFFER_REFUSED, blocked_in=title),
        invite_message(title, "https://t.me/+x", NOW, EntryCause.PAID, ENGLISH),
        invite_message(title, "https://t.me/+x", NOW, EntryCause.GRANTED, ENGLISH),
        invite_message(title, "https://t.me/+x", NOW, EntryCause.AGAIN, ENGLISH),
        say(NoticeKind.ACCESS_ENDS_SOON, channel=title),
        say(NoticeKind.ACCESS_ENDED, channel=title),
        say(NoticeKind.ACCESS_STANDING, channel=title),
        say(NoticeKind.REMOVAL_FAILED, channel=title),
        say(NoticeKind.REMOVALS_STOPPED, channel=title),
        say(NoticeKind.RIGHTS_LOST, channel=title),
    ):
        assert title in read(message).text


@pytest.mark.parametrize("letter", ["x", "&", "<", "🎉"])
def test_the_longest_title_and_description_fit_into_one_message(letter: str) -> None:
    """Telegram counts UTF-16 units after it has read the markup."""
    wild = {"channel": letter * TITLE_MOST, "description": letter * DESCRIPTION_MOST}
    for language in Language:
        message = say(NoticeKind.INVOICE_READY, Speech(language, None, BEFORE), **wild)
        assert len(read(message).text.encode("utf-16-le")) // 2 <= TEXT_UTF16_MOST


def showcase(open_chat: tuple[str, str], closed_chat: tuple[str, str]) -> Showcase:
    """A channel with these titles and descriptions, and all three tiers on sale."""
    channel = Channel(
        id=UUID(int=1),
        account_id=UUID(int=2),
        strategy=Strategy.INSTANT,
        threshold_cents=None,
        target=PayoutTarget(ETH, "0x" + "ab" * 20, None),
        fee_bps=None,
    )
    tiers = [(499, 30), (PRICE_CENTS_MOST, DAYS_MOST), (100, None)]
    return Showcase(
        channel,
        Chat(-1001, ChatRole.OPEN, *open_chat),
        Chat(-1002, ChatRole.CLOSED, *closed_chat),
        tuple(
            TierOnSale("x" * 22, Tier(UUID(int=position), channel.id, position, cents, days))
            for position, (cents, days) in enumerate(tiers, start=1)
        ),
    )


def test_an_offer_has_a_button_for_each_tier_that_opens_the_bot() -> None:
    message = offer_message(showcase(("Open", "Ideas"), ("Signals", "")), "funnel_bot", ENGLISH)
    assert [button.label for button in message.buttons] == [
        "🥇 $4.99 · 30 days",
        "🥈 $9999.99 · 999 days",
        "🥉 $1.00 · for life",
    ]
    assert {button.url for button in message.buttons} == {
        f"https://t.me/funnel_bot?start={'x' * 22}"
    }
    assert read(message).text.startswith("📣 Open\nIdeas\n\n🔐 Signals\n\n")


@pytest.mark.parametrize("title", WILD_TITLES)
def test_an_offer_shows_titles_and_descriptions_literally(title: str) -> None:
    wild = showcase((title, title * 5), (title, title * 5))
    assert read(offer_message(wild, "bot", ENGLISH)).text.count(title) == 12
    assert title in read(donate_button_message(wild, "x" * 22, "bot", ENGLISH)).text


@pytest.mark.parametrize("letter", ["x", "&", "<", "🎉"])
def test_the_longest_offer_fits_into_one_message(letter: str) -> None:
    chat = (letter * TITLE_MOST, letter * DESCRIPTION_MOST)
    for language in Language:
        speech = Speech(language, None, BEFORE)
        shown = read(offer_message(showcase(chat, chat), "x" * 32, speech)).text
        assert len(shown.encode("utf-16-le")) // 2 <= TEXT_UTF16_MOST


def test_an_invoice_names_its_terms_and_leads_to_the_payment_page() -> None:
    message = say(NoticeKind.INVOICE_READY)
    shown = read(message).text
    for fact in ("Signals", "Daily ideas", "$4.99 · 30 days", ORDER):
        assert fact in shown
    (button,) = message.buttons
    assert (button.label, button.url) == ("Pay $4.99", "https://pay.example/1?a=1&b=2")


@pytest.mark.parametrize(
    ("days", "words"), [(1, "· 1 day\n"), (30, "· 30 days\n"), (None, "· access for life\n")]
)
def test_days_are_said_in_words(days: int | None, words: str) -> None:
    assert words in read(say(NoticeKind.INVOICE_READY, days=days)).text


@pytest.mark.parametrize("language", Language)
def test_every_standing_of_an_order_says_what_happens_next(language: Language) -> None:
    speech = Speech(language, None, BEFORE)
    said = {read(say(NoticeKind.ORDER_STATUS, speech, standing=one.value)).text for one in Standing}
    assert len(said) == len(Standing)
    assert all(ORDER in one for one in said)
    assert {state.value for state in OrderState} <= {one.value for one in Standing}


def test_an_order_of_somebody_else_is_not_told_from_none() -> None:
    facts: Facts = {"standing": None}
    notice = Notice(
        UUID(int=1), "1", NoticeKind.ORDER_STATUS, 7, facts, NoticeState.PENDING, NOW, None
    )
    assert "No order of yours" in read(notice_message(notice, ENGLISH)).text


@pytest.mark.parametrize(
    "kind", [NoticeKind.PAYMENT_REVIEWED, NoticeKind.PAYMENT_ENDED, NoticeKind.ORDER_STATUS]
)
def test_every_message_about_a_stuck_payment_warns_of_impostors(kind: NoticeKind) -> None:
    assert "impostors" in read(say(kind)).text


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (None, "for life"),
        (NOW, "until 3 March 2027, 14:05 UTC"),
        (datetime(2028, 2, 29, 0, 0, tzinfo=UTC), "until 29 February 2028, 00:00 UTC"),
        (
            NOW.astimezone(timezone(timedelta(hours=-5))),
            "until 3 March 2027, 14:05 UTC",
        ),
        (
            NOW.astimezone(timezone(timedelta(hours=14))),
            "until 3 March 2027, 14:05 UTC",
        ),
    ],
)
def test_the_end_of_access_is_told_in_utc(moment: datetime | None, words: str) -> None:
    """In whatever zone the time is written, it is the same moment."""
    written = None if moment is None else moment.isoformat()
    assert words in read(say(NoticeKind.ACCESS_EXTENDED, until=written)).text
    invite = invite_message("Signals", "https://t.me/+x", moment, EntryCause.PAID, ENGLISH)
    assert words in read(invite).text


def test_an_invite_shows_its_link_only_in_the_button() -> None:
    message = invite_message("Signals", "https://t.me/+secret", NOW, EntryCause.PAID, ENGLISH)
    assert "secret" not in message.html
    assert [button.url for button in message.buttons] == ["https://t.me/+secret"]
