"""The words of every message to a person, in one place."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from shared_lib.domain.invite import EntryCause
from shared_lib.domain.message import Button, Message, text
from shared_lib.domain.notice import Notice, NoticeKind

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
    html = text(
        "🧾 <b>{channel}</b>\n{description}\n\n<b>{price}</b> · {days}\n\n"
        "Choose a coin on the payment page. You are let in as soon as the payment is confirmed."
        "\n\nOrder <code>{order}</code>",
        shown,
    )
    return Message(html, (Button(f"Pay {facts['price']}", url=str(facts["url"])),))


def _invoice_failed(_facts: Facts) -> Message:
    return Message(
        "The payment provider does not answer at the moment.\n\n"
        "Nothing was charged. Please open the offer again in a few minutes."
    )


def _payment_reviewed(facts: Facts) -> Message:
    html = "🔎 Your payment arrived, and not as the order asked. A person is looking at it."
    return Message(html + text("\n\nOrder <code>{order}</code>", facts) + _WARNING)


def _payment_ended(facts: Facts) -> Message:
    html = text(
        "The payment for order <code>{order}</code> ended without success ({status}).\n\n"
        "To try again, open the offer in the channel once more.",
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
    NoticeKind.ORDER_STATUS: _order_status,
}
