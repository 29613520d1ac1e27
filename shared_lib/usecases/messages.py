"""The words of every message to a person, in one place."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from shared_lib.domain.broadcast import Showcase
from shared_lib.domain.invite import EntryCause
from shared_lib.domain.keypad import LAYOUT, Key
from shared_lib.domain.message import Button, Message, text
from shared_lib.domain.money import format_usd
from shared_lib.domain.notice import Notice, NoticeKind
from shared_lib.domain.offer import DONATE, DONATION_CENTS_LEAST, DONATION_CENTS_MOST, Chat
from shared_lib.domain.order import OrderKind

Facts = Mapping[str, str | int | None]
# A button with this before an offer's id opens that offer.
OFFER_PRESS = "o:"
_WARNING = (
    "\n\n<i>This bot never writes first about stuck money. "
    "Strangers who offer help with a payment are impostors.</i>"
)


def notice_message(notice: Notice) -> Message:
    """The message of a notice; its facts are shown literally."""
    return _WORDS[notice.kind](notice.facts)


def invite_message(
    channel_title: str, link: str, access_ends_at: datetime | None, because: EntryCause
) -> Message:
    """Here is the way in. The link only lets its reader ask to join."""
    facts = {"channel": channel_title, "until": until(access_ends_at)}
    html = _WHY_OPEN[because] + text("{channel} is open to you {until}.", facts)
    html += "\n\nTap the button and ask to join; you are let in within seconds."
    return Message(html, (Button("Join the channel", url=link),))


_WHY_OPEN = {
    EntryCause.PAID: "✅ <b>Payment received.</b>\n\n",
    EntryCause.GRANTED: "🎁 <b>The channel's owner has given you access.</b>\n\n",
    EntryCause.AGAIN: "🚪 <b>Your way in, once more.</b>\n\n",
}

_MEDALS = ("🥇", "🥈", "🥉")


def offer_message(showcase: Showcase, bot: str) -> Message:
    """What the open chat shows: what is sold, and a button for each tier on sale.

    It always fits: two titles and two descriptions of the longest are 2,400 UTF-16 code units.
    """
    parts = [
        *_about("📣", showcase.open_chat),
        *_about("🔐", showcase.closed_chat),
        "Choose a way in; the price is paid in any coin.",
    ]
    buttons = tuple(
        Button(
            f"{_MEDALS[one.tier.position - 1]} {format_usd(one.tier.price_cents)} · "
            + (_days(one.tier.days) if one.tier.days else "for life"),
            url=deep_link(bot, one.link_id),
        )
        for one in showcase.on_sale
    )
    return Message("\n\n".join(parts), buttons)


def _about(sign: str, chat: Chat) -> list[str]:
    """A chat as its owner describes it."""
    facts = {"title": chat.title, "description": chat.description}
    title = text(sign + " <b>{title}</b>", facts)
    return [title + (text("\n{description}", facts) if chat.description.strip() else "")]


def donate_button_message(showcase: Showcase, link_id: str, bot: str) -> Message:
    """What stands in the closed chat for good."""
    html = text("💝 You like <b>{title}</b>? Here you can support it.", _title(showcase))
    return Message(html, (Button("💝 Donate", url=deep_link(bot, f"{DONATE}{link_id}")),))


def _title(showcase: Showcase) -> Facts:
    return {"title": showcase.closed_chat.title}


def deep_link(bot: str, payload: str) -> str:
    """A link that opens the bot and says `/start <payload>` to it."""
    return f"https://t.me/{bot}?start={payload}"


def until(moment: datetime | None) -> str:
    """A time in UTC, as `until 3 March 2027, 14:05 UTC`."""
    if moment is None:
        return "for life"
    shown = moment.astimezone(UTC)
    return f"until {shown.day} {shown:%B %Y, %H:%M} UTC"


def _until_text(value: str | int | None) -> str:
    return until(datetime.fromisoformat(str(value)) if value else None)


def _days(value: str | int | None) -> str:
    if value is None:
        return "access for life"
    return "1 day" if value == 1 else f"{value} days"


def _welcome(_facts: Facts) -> Message:
    return Message(
        "👋 <b>Welcome.</b>\n\nThis bot sells access to private channels for crypto. "
        "Open an offer in a channel to begin.\n\n"
        "/status with an order's number shows how a payment is doing."
    )


def _offer_refused(facts: Facts) -> Message:
    if facts.get("blocked_in") is not None:
        html = text(
            "The owner of {blocked_in} has blocked you there, so that you cannot buy access.\n\n"
            "Nothing was charged.",
            facts,
        )
        return Message(html)
    return Message(
        "This offer is no longer available.\n\n"
        "Please open the newest offer in the channel; nothing was charged."
    )


def _invoice_ready(facts: Facts) -> Message:
    shown = {**facts, "days": _days(facts.get("days"))}
    if facts.get("kind") == OrderKind.DONATION:
        html = text(
            "💝 A donation of <b>{price}</b> to <b>{channel}</b>.\n\nChoose a coin on the payment "
            "page. Whatever comes is the donation; it brings no access.\n\n"
            "Order <code>{order}</code>",
            facts,
        )
        return Message(html, (Button(f"Pay {facts['price']}", url=str(facts["url"])),))
    html = text(
        "🧾 <b>{channel}</b>\n{description}\n\n<b>{price}</b> · {days}\n\n"
        "Choose a coin on the payment page. You are let in as soon as the payment is confirmed."
        "\n\nOrder <code>{order}</code>",
        shown,
    )
    return Message(html, (Button(f"Pay {facts['price']}", url=str(facts["url"])),))


def _invoice_failed(facts: Facts) -> Message:
    is_donation = facts.get("kind") == OrderKind.DONATION
    again = "confirm the donation again" if is_donation else "open the offer again"
    return Message(
        "The payment provider does not answer at the moment.\n\n"
        f"Nothing was charged. Please {again} in a few minutes."
    )


def _payment_reviewed(facts: Facts) -> Message:
    html = "🔎 Your payment arrived, and not as the order asked. A person is looking at it."
    return Message(html + text("\n\nOrder <code>{order}</code>", facts) + _WARNING)


def _payment_ended(facts: Facts) -> Message:
    again = "open the offer in the channel once more"
    if facts.get("kind") == OrderKind.DONATION:
        again = "send /donate"
    html = text(
        "The payment for order <code>{order}</code> ended without success ({status}).\n\n"
        f"To try again, {again}.",
        facts,
    )
    return Message(html + _WARNING)


def _access_extended(facts: Facts) -> Message:
    shown = {**facts, "until": _until_text(facts.get("until"))}
    words = text("You are already inside {channel}; your access now runs {until}.", shown)
    return Message(_WHY_OPEN[EntryCause(str(facts["because"]))] + words)


def _access_taken(facts: Facts) -> Message:
    html = text("🚪 The owner of <b>{channel}</b> has ended your access.", facts)
    return Message(html + _WARNING)


def _access_ends_soon(facts: Facts) -> Message:
    shown = {**facts, "until": _until_text(facts.get("until"))}
    html = text("⏳ Your access to <b>{channel}</b> runs {until}.", shown)
    if facts.get("renewal") is not None:
        html += "\n\nYou can renew it now; nothing of the time that is left gets lost."
    return Message(html, _renewal(facts, "Renew"))


def _access_ended(facts: Facts) -> Message:
    html = text(
        "🚪 Your access to <b>{channel}</b> has ended, and you are out of the channel.", facts
    )
    if facts.get("renewal") is not None:
        html += "\n\nOne tap brings you back."
    return Message(html, _renewal(facts, "Come back"))


def _renewal(facts: Facts, label: str) -> tuple[Button, ...]:
    """The offer by which somebody goes on, if one is sold."""
    link_id = facts.get("renewal")
    if link_id is None:
        return ()
    return (Button(label, callback_data=f"{OFFER_PRESS}{link_id}"),)


def _access_standing(facts: Facts) -> Message:
    shown = {**facts, "until": _until_text(facts.get("until"))}
    if facts.get("is_running") is None:
        html = text("🚪 Your access to <b>{channel}</b> is over.", shown)
        return Message(html, _renewal(facts, "Come back"))
    html = text("✅ <b>{channel}</b> is open to you {until}.", shown)
    if facts.get("invited") is not None:
        html += "\n\nIf you are not inside, the way in comes with the next message."
    return Message(html, _renewal(facts, "Renew"))


def _no_access(_facts: Facts) -> Message:
    return Message("You have no access to any channel yet.\n\nOpen an offer in a channel to begin.")


def _removal_failed(facts: Facts) -> Message:
    html = text(
        "⚠️ Somebody whose access to <b>{channel}</b> has ended could not be removed "
        "(id <code>{member}</code>).\n\nPlease see to it that the bot is an administrator of the "
        "channel and may ban users. It is tried again by itself.",
        facts,
    )
    return Message(html)


def _removals_stopped(facts: Facts) -> Message:
    html = text(
        "⚠️ {removed} people were removed from <b>{channel}</b> within a day, as their access had "
        "ended. That is more than usual, so that an operator looks before the others go.",
        facts,
    )
    return Message(html)


def _rights_lost(facts: Facts) -> Message:
    html = text(
        "⚠️ The bot lacks rights in <b>{channel}</b>: {missing}.\n\nUntil it has them nobody can be "
        "let in or removed there. Open the channel's administrators in Telegram, choose the bot, "
        "and allow them.",
        facts,
    )
    return Message(html)


def _paid_more(facts: Facts) -> Message:
    shown = {**facts, "days": _days(facts.get("days"))}
    html = text(
        "💰 You paid more than the price of order <code>{order}</code>.\n\n"
        "Added to your access for it: {days}.",
        shown,
    )
    return Message(html + _WARNING)


def _paid_in_part(facts: Facts) -> Message:
    shown = {
        **facts,
        "until": _until_text(facts.get("until")),
        "days": _days(facts.get("days")) if facts.get("days") else "",
    }
    came = "⚖️ Less than the price of order <code>{order}</code> came for <b>{channel}</b>."
    if facts.get("again") is not None:
        came = (
            "⚖️ More money came for order <code>{order}</code> of <b>{channel}</b>, which is paid."
        )
    html = text(
        came + "\n\nIt is kept for you. <b>{missing}</b> of {price} are missing; you can pay them "
        "{until}.",
        shown,
    )
    if facts.get("days"):
        html += text(" If you don't, you get what your part is worth: {days}.", shown)
    html += text("\n\nTo have it back instead, send <code>/refund {order}</code>.", shown)
    button = Button(f"Pay the missing {facts['missing']}", url=str(facts["url"]))
    return Message(html + _WARNING, (button,))


def _days_for_part(facts: Facts) -> Message:
    shown = {**facts, "days": _days(facts.get("days"))}
    html = text(
        "⚖️ The rest of order <code>{order}</code> was not paid.\n\n"
        "For the part that came you get: {days}.",
        shown,
    )
    return Message(html + _WARNING)


def _refund_asked(facts: Facts) -> Message:
    if facts.get("order") is None:
        words = "There is nothing of yours to refund for this order. Please check its number."
        return Message(words + _WARNING)
    html = text(
        "↩️ You asked to have back what came for order <code>{order}</code>.\n\n"
        "An operator sees to it, and you are told here when it is done.",
        facts,
    )
    return Message(html + _WARNING)


def _refunded(facts: Facts) -> Message:
    html = text(
        "↩️ What came for order <code>{order}</code> was given back to you.\n\n"
        "Evidence: <code>{evidence}</code>",
        facts,
    )
    return Message(html + _WARNING)


def _wallet_changed(facts: Facts) -> Message:
    shown = {**facts, "until": _until_text(facts.get("until"))}
    html = text(
        "🏦 <b>{channel}</b> is now paid out in {asset} to <code>{address}</code>.\n\n"
        "Nothing is paid out {until}. If this was not you, change it back before then.",
        shown,
    )
    return Message(html + _WARNING)


def _channel_closed(facts: Facts) -> Message:
    html = text(
        "🏁 <b>{channel}</b> is closed: nobody has access any more, and all that could be paid "
        "out is paid out.\n\nIts statement stays where it was.",
        facts,
    )
    return Message(html)


DONATION_PRESS = "d"
DONATE_TO = "to"
_KEY_LABELS = {
    Key.POINT: ".",
    Key.BACK: "⌫",
    Key.CLEAR: "Clear",
    Key.CANCEL: "✖ Cancel",
    Key.CONFIRM: "✅ Donate",
}


def _donate_where(facts: Facts) -> Message:
    """`link_1` and `title_1` and so on: each is a channel that the reader has access to."""
    numbers = range(1, len(facts) // 2 + 1)
    if not numbers:
        return Message(
            "💝 To donate, tap the button for donations in the channel that you want to support."
            "\n\nChannels that you have access to are also listed here by /donate."
        )
    rows = tuple(
        (
            Button(
                str(facts[f"title_{number}"]),
                callback_data=f"{DONATION_PRESS}:{DONATE_TO}:{facts[f'link_{number}']}",
            ),
        )
        for number in numbers
    )
    return Message("💝 Which channel do you want to support?", rows=rows)


def _keypad(facts: Facts) -> Message:
    return keypad_message(str(facts["keypad"]), str(facts["channel"]), "")


def keypad_message(keypad: str, channel_title: str, typed: str) -> Message:
    """A keypad and the amount that was typed; each button carries its key, and no amount."""
    facts = {
        "channel": channel_title,
        "typed": typed or "0",
        "least": format_usd(DONATION_CENTS_LEAST),
        "most": format_usd(DONATION_CENTS_MOST),
    }
    html = text(
        "💝 Your donation to <b>{channel}</b>\n\n<b>${typed}</b>\n\nFrom {least} to {most}.", facts
    )
    rows = tuple(
        tuple(
            Button(
                _KEY_LABELS.get(key, key.value),
                callback_data=f"{DONATION_PRESS}:{keypad}:{key.value}",
            )
            for key in row
        )
        for row in LAYOUT
    )
    return Message(html, rows=rows)


def keypad_over_message(channel_title: str | None, cents: int | None) -> Message:
    """What is left of a keypad: the amount that was confirmed, or that it leads nowhere."""
    if channel_title is None or cents is None:
        return Message("💝 This donation was ended. Send /donate to begin another.")
    facts = {"channel": channel_title, "price": format_usd(cents)}
    return Message(text("💝 Your donation to <b>{channel}</b>: <b>{price}</b>", facts))


def _donation_received(facts: Facts) -> Message:
    html = text(
        "💝 <b>Thank you!</b>\n\nYour donation to <b>{channel}</b>, worth {value}, has arrived."
        "\n\nOrder <code>{order}</code>",
        facts,
    )
    return Message(html)


_POSTED = {"offer": "offer", "donation": "button for donations"}


def _post_paused(facts: Facts) -> Message:
    shown = {**facts, "what": _POSTED[str(facts["what"])]}
    html = text(
        "📣 The {what} could not be posted in <b>{chat}</b> five times in a row, so that we have "
        "stopped trying.\n\nTelegram says: <i>{reason}</i>\n\nMake this bot an administrator of "
        "that chat who may post messages, and then have the {what} posted again.",
        shown,
    )
    return Message(html)


def _post_unsure(facts: Facts) -> Message:
    shown = {**facts, "what": _POSTED[str(facts["what"])]}
    html = text(
        "📣 Telegram did not say whether the {what} was posted in <b>{chat}</b>.\n\n"
        "If it is missing there, have it posted again. If it then stands there twice, delete the "
        "older one: this bot cannot.",
        shown,
    )
    return Message(html)


def _order_status(facts: Facts) -> Message:
    if facts.get("state") is None:
        return Message("No order of yours has this number. Please check it and try again.")
    html = text("📦 Order <code>{order}</code>: <b>{state}</b>\n{what_next}", facts)
    return Message(html + _WARNING)


_WORDS: dict[NoticeKind, Callable[[Facts], Message]] = {
    NoticeKind.WELCOME: _welcome,
    NoticeKind.OFFER_REFUSED: _offer_refused,
    NoticeKind.INVOICE_READY: _invoice_ready,
    NoticeKind.INVOICE_FAILED: _invoice_failed,
    NoticeKind.PAYMENT_REVIEWED: _payment_reviewed,
    NoticeKind.PAYMENT_ENDED: _payment_ended,
    NoticeKind.ACCESS_EXTENDED: _access_extended,
    NoticeKind.ACCESS_TAKEN: _access_taken,
    NoticeKind.ACCESS_ENDS_SOON: _access_ends_soon,
    NoticeKind.ACCESS_ENDED: _access_ended,
    NoticeKind.ACCESS_STANDING: _access_standing,
    NoticeKind.NO_ACCESS: _no_access,
    NoticeKind.REMOVAL_FAILED: _removal_failed,
    NoticeKind.REMOVALS_STOPPED: _removals_stopped,
    NoticeKind.RIGHTS_LOST: _rights_lost,
    NoticeKind.PAID_MORE: _paid_more,
    NoticeKind.PAID_IN_PART: _paid_in_part,
    NoticeKind.DAYS_FOR_PART: _days_for_part,
    NoticeKind.REFUND_ASKED: _refund_asked,
    NoticeKind.REFUNDED: _refunded,
    NoticeKind.WALLET_CHANGED: _wallet_changed,
    NoticeKind.CHANNEL_CLOSED: _channel_closed,
    NoticeKind.DONATE_WHERE: _donate_where,
    NoticeKind.KEYPAD: _keypad,
    NoticeKind.DONATION_RECEIVED: _donation_received,
    NoticeKind.POST_PAUSED: _post_paused,
    NoticeKind.POST_UNSURE: _post_unsure,
    NoticeKind.ORDER_STATUS: _order_status,
}
