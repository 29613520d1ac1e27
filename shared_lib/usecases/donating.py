"""Donations: a keypad in private, which becomes an order once its amount is confirmed.

What was typed is a draft of the person, which may vanish; the order has the draft's own id, so that
a confirmation that comes twice makes one order.
"""

from contextlib import suppress
from uuid import UUID

from shared_lib.domain.keypad import Key, Keypad
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import is_offer_link
from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.update import Press
from shared_lib.ports import DraftChangedError, Leased, Ports, ProviderError, Transaction
from shared_lib.usecases.keypads import Drafted, drop_keypad, read_keypad, write_keypad
from shared_lib.usecases.lease import claim
from shared_lib.usecases.messages import (
    DONATE_TO,
    Facts,
    donation_limits,
    keypad_message,
    keypad_over_message,
)
from shared_lib.usecases.ordering import (
    Ordered,
    Visit,
    have_invoiced,
    order_watch,
    show_invoice,
)
from shared_lib.usecases.pressed import Pressed
from shared_lib.usecases.speaking import speech_with
from shared_lib.usecases.telling import tell
from shared_lib.usecases.words.phrases import Phrase

CHANNELS_MOST = 20


# ---- opening -------------------------------------------------------------------------------------


def choose_channel(ports: Ports, tx: Transaction, visit: Visit) -> None:
    """Ask which of the channels that a person has access to the donation is for."""
    found = tx.broadcasts.donatable(visit.person.id, visit.now, CHANNELS_MOST)
    facts: dict[str, str | int | None] = {}
    for number, (link_id, title) in enumerate(found, start=1):
        facts |= {f"link_{number}": link_id, f"title_{number}": title}
    tell(ports, tx, visit.person.id, NoticeKind.DONATE_WHERE, visit.key, facts)


def open_keypad(ports: Ports, visit: Visit, link_id: str) -> None:
    """Show an empty keypad for the channel of a link; an earlier one of this person is over."""
    with ports.database.transaction() as tx:
        tx.people.seen(visit.person, visit.now)
        if not tx.delivery.first_time(visit.key, visit.now):
            return
        channel_id = tx.broadcasts.channel_of_link(link_id) if is_offer_link(link_id) else None
        if channel_id is None:
            tell(ports, tx, visit.person.id, NoticeKind.DONATE_WHERE, visit.key, {})
            return
        keypad = Keypad(ports.ids.new(), channel_id)
        facts: Facts = {
            "keypad": keypad.order_id.hex,
            "channel": tx.channels.closed_chat(channel_id).title,
        }
        tell(ports, tx, visit.person.id, NoticeKind.KEYPAD, visit.key, facts)
    # Who dies before this has shown a keypad that is over, and nothing else is lost.
    with suppress(ProviderError):
        write_keypad(ports, visit.person.id, keypad, None)


# ---- pressing ------------------------------------------------------------------------------------


def press_key(ports: Ports, visit: Visit, press: Press) -> str | None:
    """Do what a key stands for; the word that answers the press, if there is one."""
    _, keypad_id, word = (*press.data.split(":", 2), "", "")[:3]
    if keypad_id == DONATE_TO:
        open_keypad(ports, visit, word)
        return None
    at = Pressed(visit, press, speech_with(ports, visit.person.id))
    try:
        answer = _press(ports, at, keypad_id, word)
    except DraftChangedError:
        answer = Phrase.PRESS_TWICE
    except ProviderError:
        answer = Phrase.PRESS_UNSURE
    facts = donation_limits(at.speech) if answer is Phrase.PRESS_LIMITS else {}
    return None if answer is None else at.speech.plain(answer, **facts)


def _press(ports: Ports, at: Pressed, keypad_id: str, word: str) -> Phrase | None:
    drafted = read_keypad(ports, at.visit.person.id)
    is_theirs = drafted is not None and drafted.keypad.order_id.hex == keypad_id
    if drafted is None or not is_theirs or word not in set(Key):
        at.show(ports, keypad_over_message(None, None, at.speech))
        return Phrase.PRESS_KEYPAD_OVER
    return _pressed(ports, at, drafted, Key(word))


def _pressed(ports: Ports, at: Pressed, drafted: Drafted, key: Key) -> Phrase | None:
    if key is Key.CONFIRM:
        return _confirm(ports, at, drafted)
    if drafted.keypad.is_confirmed:
        return Phrase.PRESS_FIXED
    if key is Key.CANCEL:
        drop_keypad(ports, at.visit.person.id, drafted)
        at.show(ports, keypad_over_message(None, None, at.speech))
        return None
    typed = drafted.keypad.pressed(key, at.press.press_id)
    if typed != drafted.keypad:
        write_keypad(ports, at.visit.person.id, typed, drafted)
    title = _title(ports, typed.channel_id)
    at.show(ports, keypad_message(typed.order_id.hex, title, typed.typed, at.speech))
    return None


def _title(ports: Ports, channel_id: UUID) -> str:
    with ports.database.transaction() as tx:
        return tx.channels.closed_chat(channel_id).title


def _confirm(ports: Ports, at: Pressed, drafted: Drafted) -> Phrase | None:
    """Fix the amount, then make the order of it, and then its invoice."""
    keypad, visit = drafted.keypad, at.visit
    if keypad.cents is None:
        return Phrase.PRESS_LIMITS
    if not keypad.is_confirmed:
        write_keypad(ports, visit.person.id, keypad.confirmed(), drafted)
    with ports.database.transaction() as tx:
        ordered = _order(ports, tx, visit, keypad, keypad.cents)
    if ordered is None or have_invoiced(ports, visit, ordered):
        title = _title(ports, keypad.channel_id)
        at.show(ports, keypad_over_message(title, keypad.cents, at.speech))
    return None


def _order(
    ports: Ports, tx: Transaction, visit: Visit, keypad: Keypad, cents: int
) -> Ordered | None:
    """The order that still needs an invoice; None where the person sees it by now."""
    tx.people.seen(visit.person, visit.now)
    channel = tx.channels.get(keypad.channel_id)
    if channel is None or channel.is_closing:
        if tx.delivery.first_time(visit.key, visit.now):
            tell(ports, tx, visit.person.id, NoticeKind.DONATE_WHERE, visit.key, {})
        return None
    fresh = Order(
        id=keypad.order_id,
        kind=OrderKind.DONATION,
        channel_id=keypad.channel_id,
        tier_id=None,
        telegram_user_id=visit.person.id,
        price_cents=cents,
        days=None,
        state=OrderState.OPEN,
        created_at=visit.now,
        watch=order_watch(ports, visit.now),
    )
    order = fresh if tx.orders.add(fresh) else tx.orders.lock(fresh.id) or fresh
    chat = tx.channels.closed_chat(channel.id)
    if order.invoice is None and order.state is OrderState.OPEN:
        return Ordered(order, chat, claim(ports, tx, Leased.ORDER, order.id))
    if order.invoice is not None and tx.delivery.first_time(visit.key, visit.now):
        show_invoice(ports, tx, visit, order, chat, order.invoice)
    return None
