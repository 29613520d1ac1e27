"""Every message to a person: which phrases it has, and which buttons.

The words themselves are in `words/`, one file per language.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

from shared_lib.domain.broadcast import Showcase, TierOnSale
from shared_lib.domain.invite import EntryCause
from shared_lib.domain.keypad import LAYOUT, Key
from shared_lib.domain.language import Language
from shared_lib.domain.message import Button, Message, text
from shared_lib.domain.notice import Notice, NoticeKind
from shared_lib.domain.offer import (
    CHANNELS_PER_ACCOUNT_MOST,
    DONATE,
    DONATION_CENTS_LEAST,
    DONATION_CENTS_MOST,
    Chat,
)
from shared_lib.domain.order import OrderKind, Standing
from shared_lib.domain.why import Explained
from shared_lib.usecases.form_messages import form_message, form_which_message
from shared_lib.usecases.forms import form_from
from shared_lib.usecases.words.phrases import Phrase
from shared_lib.usecases.words.speech import LANGUAGE_NAMES, Fact, Speech

Facts = Mapping[str, Fact]
# What the data of a button begins with, by the part of the bot that answers it.
OFFER_PRESS = "o:"
DONATION_PRESS = "d"
LANGUAGE_PRESS = "l"
NEWS_PRESS = "n"
DONATE_TO = "to"
LANGUAGE_OF_APP = "app"
NEWS_ON, NEWS_OFF = "on", "off"


def notice_message(notice: Notice, speech: Speech) -> Message:
    """The message of a notice; its facts are shown literally."""
    return _MESSAGES[notice.kind](notice.facts, speech)


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(parts)


def _moment(fact: Fact, speech: Speech) -> str:
    return speech.moment(datetime.fromisoformat(str(fact)))


# ---- the way in ----------------------------------------------------------------------------------

_WHY_OPEN = {
    EntryCause.PAID: Phrase.WHY_PAID,
    EntryCause.GRANTED: Phrase.WHY_GRANTED,
    EntryCause.AGAIN: Phrase.WHY_AGAIN,
}


def invite_message(
    channel_title: str, link: str, ends_at: datetime | None, because: EntryCause, speech: Speech
) -> Message:
    """Here is the way in. The link only lets its reader ask to join."""
    html = _paragraphs(
        speech.say(_WHY_OPEN[because]),
        _open(speech, channel_title, ends_at),
        speech.say(Phrase.HOW_TO_JOIN),
    )
    return Message(html, (Button(speech.plain(Phrase.BUTTON_JOIN), url=link),))


def _open(speech: Speech, channel_title: str, ends_at: datetime | None) -> str:
    if ends_at is None:
        return speech.say(Phrase.OPEN_FOR_LIFE, channel=channel_title)
    return speech.say(Phrase.OPEN_UNTIL, channel=channel_title, moment=speech.moment(ends_at))


def _access_extended(facts: Facts, speech: Speech) -> Message:
    why = speech.say(_WHY_OPEN[EntryCause(str(facts["because"]))])
    channel, ends_at = facts["channel"], facts.get("until")
    if ends_at is None:
        return Message(_paragraphs(why, speech.say(Phrase.INSIDE_FOR_LIFE, channel=channel)))
    moment = _moment(ends_at, speech)
    inside = speech.say(Phrase.INSIDE_UNTIL, channel=channel, moment=moment)
    return Message(_paragraphs(why, inside))


# ---- what stands in chats ------------------------------------------------------------------------

_MEDALS = ("🥇", "🥈", "🥉")


def offer_message(showcase: Showcase, bot: str, speech: Speech) -> Message:
    """What the open chat shows: what is sold, and a button for each tier on sale.

    It always fits: two titles and two descriptions of the longest are 2,400 UTF-16 code units.
    """
    html = _paragraphs(
        _about("📣", showcase.open_chat),
        _about("🔐", showcase.closed_chat),
        speech.say(Phrase.OFFER_INTRODUCTION),
    )
    return Message(html, tuple(_tier_button(one, bot, speech) for one in showcase.on_sale))


def _tier_button(on_sale: TierOnSale, bot: str, speech: Speech) -> Button:
    tier = on_sale.tier
    label = speech.plain(
        Phrase.OFFER_TIER,
        medal=_MEDALS[tier.position - 1],
        price=speech.usd(tier.price_cents),
        days=speech.days(tier.days, Phrase.FOR_LIFE),
    )
    return Button(label, url=deep_link(bot, on_sale.link_id))


def _about(sign: str, chat: Chat) -> str:
    """A chat as its owner describes it."""
    facts = {"title": chat.title, "description": chat.description}
    title = text(sign + " <b>{title}</b>", facts)
    return title + (text("\n{description}", facts) if chat.description.strip() else "")


def donate_button_message(showcase: Showcase, link_id: str, bot: str, speech: Speech) -> Message:
    """What stands in the closed chat for good."""
    html = speech.say(Phrase.DONATE_INVITATION, title=showcase.closed_chat.title)
    label = speech.plain(Phrase.BUTTON_DONATE)
    return Message(html, (Button(label, url=deep_link(bot, f"{DONATE}{link_id}")),))


def deep_link(bot: str, payload: str) -> str:
    """A link that opens the bot and says `/start <payload>` to it."""
    return f"https://t.me/{bot}?start={payload}"


# ---- offers and their invoices -------------------------------------------------------------------


def _offer_refused(facts: Facts, speech: Speech) -> Message:
    if facts.get("blocked_in") is not None:
        return Message(speech.say(Phrase.OFFER_BLOCKED, **facts))
    return Message(speech.say(Phrase.OFFER_GONE))


def _is_donation(facts: Facts) -> bool:
    return facts.get("kind") == OrderKind.DONATION


def _invoice_ready(facts: Facts, speech: Speech) -> Message:
    price, days = speech.usd(facts["price_cents"]), speech.days(facts.get("days"))
    phrase = Phrase.INVOICE_DONATION if _is_donation(facts) else Phrase.INVOICE
    html = speech.say(phrase, **{**facts, "price": price, "days": days})
    label = speech.plain(Phrase.BUTTON_PAY, price=price)
    return Message(html, (Button(label, url=str(facts["url"])),))


def _invoice_failed(facts: Facts, speech: Speech) -> Message:
    is_donation = _is_donation(facts)
    phrase = Phrase.INVOICE_FAILED_DONATION if is_donation else Phrase.INVOICE_FAILED
    return Message(speech.say(phrase))


# ---- payments ------------------------------------------------------------------------------------


def _with_warning(speech: Speech, *parts: str, buttons: tuple[Button, ...] = ()) -> Message:
    """Whatever is about money that is stuck warns of impostors."""
    return Message(_paragraphs(*parts, speech.say(Phrase.WARNING)), buttons)


def _warned(phrase: Phrase) -> "_Make":
    return lambda facts, speech: _with_warning(speech, speech.say(phrase, **facts))


_ENDED = {
    "expired": Phrase.PAYMENT_EXPIRED,
    "failed": Phrase.PAYMENT_FAILED,
    "refunded": Phrase.PAYMENT_REFUNDED,
}


def _payment_ended(facts: Facts, speech: Speech) -> Message:
    again = Phrase.DONATE_AGAIN if _is_donation(facts) else Phrase.BUY_AGAIN
    ended = speech.say(_ENDED[str(facts["status"])], order=facts["order"])
    return _with_warning(speech, ended, speech.say(again))


def _paid_more(facts: Facts, speech: Speech) -> Message:
    days = speech.days(facts["days"])
    said = speech.say(Phrase.PAID_MORE, order=facts["order"], days=days)
    return _with_warning(speech, said)


def _paid_in_part(facts: Facts, speech: Speech) -> Message:
    order, missing = facts["order"], speech.usd(facts["missing_cents"])
    came = Phrase.PAID_IN_PART if facts.get("again") is None else Phrase.PAID_IN_PART_AGAIN
    parts = [
        speech.say(came, order=order, channel=facts["channel"]),
        speech.say(
            Phrase.PART_MISSING,
            missing=missing,
            price=speech.usd(facts["price_cents"]),
            moment=_moment(facts["until"], speech),
        ),
    ]
    if facts.get("days"):
        parts.append(speech.say(Phrase.PART_IS_WORTH, days=speech.days(facts["days"])))
    parts.append(speech.say(Phrase.PART_REFUND, order=order))
    label = speech.plain(Phrase.BUTTON_PAY_MISSING, missing=missing)
    return _with_warning(speech, *parts, buttons=(Button(label, url=str(facts["url"])),))


def _days_for_part(facts: Facts, speech: Speech) -> Message:
    days = speech.days(facts["days"])
    said = speech.say(Phrase.DAYS_FOR_PART, order=facts["order"], days=days)
    return _with_warning(speech, said)


def _refund_asked(facts: Facts, speech: Speech) -> Message:
    phrase = Phrase.REFUND_NONE if facts.get("order") is None else Phrase.REFUND_ASKED
    return _with_warning(speech, speech.say(phrase, **facts))


_STANDINGS = {
    Standing.OPEN: Phrase.ORDER_OPEN,
    Standing.CONFIRMING: Phrase.ORDER_CONFIRMING,
    Standing.REVIEWED: Phrase.ORDER_REVIEWED,
    Standing.IN_PART: Phrase.ORDER_IN_PART,
    Standing.PAID: Phrase.ORDER_PAID,
    Standing.DONATED: Phrase.ORDER_DONATED,
    Standing.EXPIRED: Phrase.ORDER_EXPIRED,
    Standing.CLOSED: Phrase.ORDER_CLOSED,
}


def _order_status(facts: Facts, speech: Speech) -> Message:
    if facts.get("standing") is None:
        return Message(speech.say(Phrase.ORDER_UNKNOWN))
    shown = dict(facts)
    if facts.get("until") is not None:
        shown["moment"] = _moment(facts["until"], speech)
    phrase = _STANDINGS[Standing(str(facts["standing"]))]
    return _with_warning(speech, speech.say(phrase, **shown))


_WHY = {
    Explained.PAYMENT: Phrase.WHY_PAYMENT,
    Explained.PAYOUT: Phrase.WHY_PAYOUT,
    Explained.MEMBERSHIP: Phrase.WHY_MEMBERSHIP,
}


def _why(facts: Facts, speech: Speech) -> Message:
    """Why something stands where it stands, what happens next, and by when."""
    kind = Explained(str(facts["kind"]))
    parts = [speech.say(_WHY[kind], id=facts["id"])]
    parts += [speech.why(str(facts["because"])), speech.why(str(facts["next"]))]
    if facts.get("by") is not None:
        by = Phrase.WHY_UNTIL if kind is Explained.MEMBERSHIP else Phrase.WHY_BY
        parts.append(speech.say(by, moment=_moment(facts["by"], speech)))
    return _with_warning(speech, *parts)


# ---- access --------------------------------------------------------------------------------------


def _access_ends_soon(facts: Facts, speech: Speech) -> Message:
    moment = _moment(facts["until"], speech)
    parts = [speech.say(Phrase.ENDS_SOON, channel=facts["channel"], moment=moment)]
    if facts.get("renewal") is not None:
        parts.append(speech.say(Phrase.RENEW_NOW))
    return Message(_paragraphs(*parts), _renewal(facts, speech, Phrase.BUTTON_RENEW))


def _access_ended(facts: Facts, speech: Speech) -> Message:
    parts = [speech.say(Phrase.ACCESS_ENDED, channel=facts["channel"])]
    if facts.get("renewal") is not None:
        parts.append(speech.say(Phrase.ONE_TAP_BACK))
    return Message(_paragraphs(*parts), _renewal(facts, speech, Phrase.BUTTON_COME_BACK))


def _renewal(facts: Facts, speech: Speech, label: Phrase) -> tuple[Button, ...]:
    """The offer by which somebody goes on, if one is sold."""
    link_id = facts.get("renewal")
    if link_id is None:
        return ()
    return (Button(speech.plain(label), callback_data=f"{OFFER_PRESS}{link_id}"),)


def _access_standing(facts: Facts, speech: Speech) -> Message:
    channel = facts["channel"]
    if facts.get("is_running") is None:
        over = speech.say(Phrase.STANDING_OVER, channel=channel)
        return Message(over, _renewal(facts, speech, Phrase.BUTTON_COME_BACK))
    if facts.get("until") is None:
        parts = [speech.say(Phrase.STANDING_FOR_LIFE, channel=channel)]
    else:
        moment = _moment(facts["until"], speech)
        parts = [speech.say(Phrase.STANDING_UNTIL, channel=channel, moment=moment)]
    if facts.get("invited") is not None:
        parts.append(speech.say(Phrase.WAY_IN_FOLLOWS))
    return Message(_paragraphs(*parts), _renewal(facts, speech, Phrase.BUTTON_RENEW))


# ---- for owners ----------------------------------------------------------------------------------

# By the Bot API's names, in the order of Telegram's own list.
_RIGHTS = {
    "can_post_messages": Phrase.RIGHT_TO_POST,
    "can_invite_users": Phrase.RIGHT_TO_INVITE,
    "can_restrict_members": Phrase.RIGHT_TO_REMOVE,
}


def rights_in_words(rights: Collection[str], speech: Speech) -> str:
    """Rights of the Bot API as Telegram's own list calls them, each on a line."""
    return "\n".join(speech.plain(phrase) for right, phrase in _RIGHTS.items() if right in rights)


def _rights_lost(facts: Facts, speech: Speech) -> Message:
    missing = rights_in_words(str(facts["missing"]).split(", "), speech)
    shown = {"channel": facts["channel"], "missing": missing}
    return Message(speech.say(Phrase.RIGHTS_LOST, **shown))


def _removals_stopped(facts: Facts, speech: Speech) -> Message:
    shown = {"channel": facts["channel"], "count": facts["removed"]}
    return Message(speech.say(Phrase.REMOVALS_STOPPED, **shown))


def _wallet_changed(facts: Facts, speech: Speech) -> Message:
    moment = _moment(facts["until"], speech)
    return _with_warning(speech, speech.say(Phrase.WALLET_CHANGED, **facts, moment=moment))


def _posted(offer: Phrase, donation: Phrase) -> "_Make":
    """A message about what is posted into a chat: the offer, or the button for donations."""

    def make(facts: Facts, speech: Speech) -> Message:
        return Message(speech.say(offer if facts["what"] == "offer" else donation, **facts))

    return make


def _news(facts: Facts, speech: Speech) -> Message:
    """Whether an owner hears of sales, donations and payouts, and the button to change that."""
    if facts.get("wanted") is None:
        label, data = Phrase.BUTTON_NEWS_ON, f"{NEWS_PRESS}:{NEWS_ON}"
        said = Phrase.NEWS_OFF
    else:
        label, data = Phrase.BUTTON_NEWS_OFF, f"{NEWS_PRESS}:{NEWS_OFF}"
        said = Phrase.NEWS_ON
    return Message(speech.say(said), (Button(speech.plain(label), callback_data=data),))


def _news_of_sale(facts: Facts, speech: Speech) -> Message:
    return _told(Phrase.NEWS_DONATION if _is_donation(facts) else Phrase.NEWS_SALE)(facts, speech)


def _told(phrase: Phrase) -> "_Make":
    """News, and how to ask for more of it."""

    def make(facts: Facts, speech: Speech) -> Message:
        more = speech.say(Phrase.NEWS_MORE, id=facts["id"])
        return Message(_paragraphs(speech.say(phrase, **facts), more))

    return make


# ---- donations -----------------------------------------------------------------------------------

_KEY_PHRASES = {
    Key.CLEAR: Phrase.KEY_CLEAR,
    Key.CANCEL: Phrase.KEY_CANCEL,
    Key.CONFIRM: Phrase.KEY_DONATE,
}
_KEY_SIGNS = {Key.POINT: ".", Key.BACK: "⌫"}


def _donate_where(facts: Facts, speech: Speech) -> Message:
    """`link_1` and `title_1` and so on: each is a channel that the reader has access to."""
    numbers = range(1, len(facts) // 2 + 1)
    if not numbers:
        return Message(speech.say(Phrase.DONATE_HOW))
    rows = tuple(
        (
            Button(
                str(facts[f"title_{number}"]),
                callback_data=f"{DONATION_PRESS}:{DONATE_TO}:{facts[f'link_{number}']}",
            ),
        )
        for number in numbers
    )
    return Message(speech.say(Phrase.DONATE_WHICH), rows=rows)


def _keypad(facts: Facts, speech: Speech) -> Message:
    return keypad_message(str(facts["keypad"]), str(facts["channel"]), "", speech)


def keypad_message(keypad: str, channel_title: str, typed: str, speech: Speech) -> Message:
    """A keypad and the amount that was typed; each button carries its key, and no amount."""
    limits = donation_limits(speech)
    html = speech.say(Phrase.KEYPAD, channel=channel_title, typed=typed or "0", **limits)
    rows = tuple(tuple(_key_button(keypad, key, speech) for key in row) for row in LAYOUT)
    return Message(html, rows=rows)


def donation_limits(speech: Speech) -> Mapping[str, str]:
    """The least and the most that can be donated, as they are said."""
    least, most = speech.usd(DONATION_CENTS_LEAST), speech.usd(DONATION_CENTS_MOST)
    return {"least": least, "most": most}


def _key_button(keypad: str, key: Key, speech: Speech) -> Button:
    phrase = _KEY_PHRASES.get(key)
    label = _KEY_SIGNS.get(key, key.value) if phrase is None else speech.plain(phrase)
    return Button(label, callback_data=f"{DONATION_PRESS}:{keypad}:{key.value}")


def keypad_over_message(channel_title: str | None, cents: int | None, speech: Speech) -> Message:
    """What is left of a keypad: the amount that was confirmed, or that it leads nowhere."""
    if channel_title is None or cents is None:
        return Message(speech.say(Phrase.DONATION_OVER))
    price = speech.usd(cents)
    return Message(speech.say(Phrase.DONATION_FIXED, channel=channel_title, price=price))


def _donation_received(facts: Facts, speech: Speech) -> Message:
    value = speech.usd(facts["value_cents"])
    return Message(speech.say(Phrase.DONATION_RECEIVED, **facts, value=value))


# ---- manners -------------------------------------------------------------------------------------


def _language_which(_facts: Facts, speech: Speech) -> Message:
    buttons = [
        Button(LANGUAGE_NAMES[one], callback_data=f"{LANGUAGE_PRESS}:{one.value}")
        for one in Language
    ]
    of_app = speech.plain(Phrase.BUTTON_LANGUAGE_OF_APP)
    buttons.append(Button(of_app, callback_data=f"{LANGUAGE_PRESS}:{LANGUAGE_OF_APP}"))
    return Message(speech.say(Phrase.LANGUAGE_WHICH), tuple(buttons))


def language_set_message(speech: Speech) -> Message:
    """What takes the place of the question for a language."""
    return Message(speech.say(Phrase.LANGUAGE_SET))


def news_message(*, wanted: bool, speech: Speech) -> Message:
    """What an owner has chosen to hear of, with the button to change it."""
    return _news({"wanted": 1 if wanted else None}, speech)


def _zone(facts: Facts, speech: Speech) -> Message:
    """What became of a wish for a time zone; `zone` is what was asked for."""
    if facts.get("is_unknown") is not None:
        return Message(speech.say(Phrase.ZONE_UNKNOWN, zone=facts["zone"]))
    phrase = Phrase.ZONE_HOW
    if facts.get("zone") is not None:
        phrase = Phrase.ZONE_CLEARED if speech.zone is None else Phrase.ZONE_SET
    return Message(speech.say(phrase, moment=speech.moment(speech.now)))


def _link(facts: Facts, speech: Speech) -> Message:
    phrase = Phrase(str(facts["phrase"]))
    return Message(speech.say(phrase, most=CHANNELS_PER_ACCOUNT_MOST))


# ---- the form ------------------------------------------------------------------------------------


def _form_which(facts: Facts, speech: Speech) -> Message:
    """`channel_1` and `title_1` and so on: each is a channel of the reader's."""
    numbers = range(1, sum(name.startswith("title_") for name in facts) + 1)
    channels = [
        (UUID(hex=str(facts[f"channel_{number}"])), str(facts[f"title_{number}"]))
        for number in numbers
    ]
    begun = facts.get("begun")
    return form_which_message(channels, None if begun is None else str(begun), speech)


def _form(facts: Facts, speech: Speech) -> Message:
    """A form as it stood when something was typed, and what is said about that."""
    note = facts.get("note")
    notes = [] if note is None else [speech.say(Phrase(str(note)))]
    return form_message(form_from(json.loads(str(facts["form"]))), speech, notes)


# ---- which notice says what ----------------------------------------------------------------------

_Make = Callable[[Facts, Speech], Message]


def _plain(phrase: Phrase) -> _Make:
    return lambda facts, speech: Message(speech.say(phrase, **facts))


_MESSAGES: Mapping[NoticeKind, _Make] = {
    NoticeKind.WELCOME: _plain(Phrase.WELCOME),
    NoticeKind.HELP: _plain(Phrase.HELP),
    NoticeKind.OFFER_REFUSED: _offer_refused,
    NoticeKind.INVOICE_READY: _invoice_ready,
    NoticeKind.INVOICE_FAILED: _invoice_failed,
    NoticeKind.PAYMENT_REVIEWED: _warned(Phrase.PAYMENT_REVIEWED),
    NoticeKind.PAYMENT_ENDED: _payment_ended,
    NoticeKind.ACCESS_EXTENDED: _access_extended,
    NoticeKind.ACCESS_TAKEN: _warned(Phrase.ACCESS_TAKEN),
    NoticeKind.ACCESS_ENDS_SOON: _access_ends_soon,
    NoticeKind.ACCESS_ENDED: _access_ended,
    NoticeKind.ACCESS_STANDING: _access_standing,
    NoticeKind.NO_ACCESS: _plain(Phrase.NO_ACCESS),
    NoticeKind.NOTHING_TO_RENEW: _plain(Phrase.NOTHING_TO_RENEW),
    NoticeKind.REMOVAL_FAILED: _plain(Phrase.REMOVAL_FAILED),
    NoticeKind.REMOVALS_STOPPED: _removals_stopped,
    NoticeKind.RIGHTS_LOST: _rights_lost,
    NoticeKind.PAID_MORE: _paid_more,
    NoticeKind.PAID_IN_PART: _paid_in_part,
    NoticeKind.DAYS_FOR_PART: _days_for_part,
    NoticeKind.REFUND_ASKED: _refund_asked,
    NoticeKind.REFUNDED: _warned(Phrase.REFUNDED),
    NoticeKind.WALLET_CHANGED: _wallet_changed,
    NoticeKind.CHANNEL_CLOSED: _plain(Phrase.CHANNEL_CLOSED),
    NoticeKind.DONATE_WHERE: _donate_where,
    NoticeKind.KEYPAD: _keypad,
    NoticeKind.DONATION_RECEIVED: _donation_received,
    NoticeKind.POST_PAUSED: _posted(Phrase.OFFER_PAUSED, Phrase.DONATE_BUTTON_PAUSED),
    NoticeKind.POST_UNSURE: _posted(Phrase.OFFER_UNSURE, Phrase.DONATE_BUTTON_UNSURE),
    NoticeKind.ORDER_STATUS: _order_status,
    NoticeKind.WHY: _why,
    NoticeKind.LANGUAGE_WHICH: _language_which,
    NoticeKind.ZONE: _zone,
    NoticeKind.CANCELLED: _plain(Phrase.CANCELLED),
    NoticeKind.NOTHING_TO_CANCEL: _plain(Phrase.NOTHING_TO_CANCEL),
    NoticeKind.FORM_WHICH: _form_which,
    NoticeKind.FORM: _form,
    NoticeKind.LINK: _link,
    NoticeKind.NEWS: _news,
    NoticeKind.NEWS_OF_SALE: _news_of_sale,
    NoticeKind.NEWS_OF_SENDING: _told(Phrase.NEWS_SENT),
    NoticeKind.NEWS_OF_SETTLING: _told(Phrase.NEWS_SETTLED),
}
