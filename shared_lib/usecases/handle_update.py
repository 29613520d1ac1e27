"""Answer one update from Telegram: offers become orders with an invoice, requests are stored."""

from collections.abc import Mapping
from uuid import UUID

from shared_lib.domain.invite import DELIVERY_DEADLINE, JoinRequest, JoinState
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import Offer, is_offer_link
from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.review import Reason
from shared_lib.domain.update import (
    AskAccess,
    AskDonate,
    AskRefund,
    AskStatus,
    AskToJoin,
    BlockBot,
    ChangeRights,
    Greet,
    Ignore,
    Intent,
    LeaveChat,
    OpenDonation,
    OpenOffer,
    Press,
)
from shared_lib.domain.watch import watch
from shared_lib.events import JoinRequested
from shared_lib.ports import Leased, Person, Ports, Transaction
from shared_lib.usecases.access import is_blocked
from shared_lib.usecases.crediting import close_top_ups, leave_to_a_person
from shared_lib.usecases.donating import choose_channel, open_keypad
from shared_lib.usecases.lease import claim
from shared_lib.usecases.membership_news import note_departure, show_access, tell_lost_rights
from shared_lib.usecases.messages import OFFER_PRESS
from shared_lib.usecases.ordering import (
    Ordered,
    Visit,
    have_invoiced,
    order_watch,
    show_invoice,
)
from shared_lib.usecases.pressing import answer
from shared_lib.usecases.telling import tell


def handle_update(ports: Ports, update_id: int, person: Person | None, intent: Intent) -> None:
    """Do what an update asks for, once. Raises LeaseHeldError to have it delivered again later."""
    if person is None or isinstance(intent, Ignore):
        return
    visit = Visit(person, f"telegram:{update_id}", ports.clock.now())
    if isinstance(intent, OpenOffer):
        _open_offer(ports, visit, intent.link_id)
    elif isinstance(intent, OpenDonation):
        open_keypad(ports, visit, intent.link_id)
    elif isinstance(intent, Press):
        _press(ports, visit, intent)
    else:
        _answer_once(ports, visit, intent)


def _answer_once(ports: Ports, visit: Visit, intent: Intent) -> None:
    with ports.database.transaction() as tx:
        if tx.delivery.first_time(visit.key, visit.now):
            _answer(ports, tx, visit, intent)


def _press(ports: Ports, visit: Visit, press: Press) -> None:
    """A button may open an offer; all others belong to a part of the bot."""
    if press.data.startswith(OFFER_PRESS):
        _open_offer(ports, visit, press.data.removeprefix(OFFER_PRESS))
    answer(ports, visit, press)


def _answer(ports: Ports, tx: Transaction, visit: Visit, intent: Intent) -> None:
    if isinstance(intent, AskToJoin):
        _store_request(ports, tx, visit, intent)
        return
    if isinstance(intent, LeaveChat):
        note_departure(ports, tx, visit.person.id, intent)
        return
    if isinstance(intent, ChangeRights):
        tell_lost_rights(ports, tx, intent)
        return
    tx.people.seen(visit.person, visit.now)
    if isinstance(intent, BlockBot) and intent.blocked:
        tx.people.mark_blocked(visit.person.id, visit.now)
    elif isinstance(intent, AskStatus):
        facts = _status(tx, visit.person.id, intent.order_id)
        tell(ports, tx, visit.person.id, NoticeKind.ORDER_STATUS, visit.key, facts)
    elif isinstance(intent, AskAccess):
        show_access(ports, tx, visit.person.id, visit.key)
    elif isinstance(intent, AskRefund):
        _ask_refund(ports, tx, visit, intent.order_id)
    elif isinstance(intent, AskDonate):
        choose_channel(ports, tx, visit)
    elif isinstance(intent, Greet):
        tell(ports, tx, visit.person.id, NoticeKind.WELCOME, visit.key, {})


# ---- requests to join ----------------------------------------------------------------------------


def _store_request(ports: Ports, tx: Transaction, visit: Visit, intent: AskToJoin) -> None:
    """Only chats that are sold here concern us."""
    if tx.channels.sold_by_chat(intent.chat_id) is None:
        return
    tx.people.seen(visit.person, visit.now)
    request = JoinRequest(
        id=ports.ids.new(),
        chat_id=intent.chat_id,
        telegram_user_id=visit.person.id,
        link_name=intent.link_name,
        requested_at=intent.asked_at,
        state=JoinState.PENDING,
        watch=watch(
            visit.now, wait_seconds=ports.policy.republish_seconds, deadline=DELIVERY_DEADLINE
        ),
    )
    if tx.join_requests.add(request):
        tx.outbox.add(JoinRequested(join_request_id=request.id), visit.now)


# ---- status --------------------------------------------------------------------------------------

_WHAT_NEXT = {
    OrderState.OPEN: "We are waiting for the payment; nothing was credited yet.",
    OrderState.PAID: "Paid. The way in was sent to you here.",
    OrderState.EXPIRED: "It was not paid in time. A payment that still arrives counts.",
    OrderState.CLOSED: "The payment ended without success. Open the offer again to retry.",
}

_OF_A_PART = (
    "A part of the price came, and is kept for you. The message about it says what you can do."
)


def _status(
    tx: Transaction, telegram_user_id: int, order_id: UUID | None
) -> Mapping[str, str | int | None]:
    """What a person may know of an order: their own only, and nobody else's existence."""
    order = tx.orders.get(order_id) if order_id else None
    if order is None or order.telegram_user_id != telegram_user_id:
        return {"state": None}
    root_id = order.tops_up or order.id
    what_next = _OF_A_PART if tx.credits.is_any_unspent(root_id) else _WHAT_NEXT[order.state]
    if order.kind is OrderKind.DONATION and order.state is OrderState.PAID:
        what_next = "Paid. Thank you for your donation."
    return {"order": str(order.id), "state": order.state.value, "what_next": what_next}


# ---- refunds -------------------------------------------------------------------------------------


def _ask_refund(ports: Ports, tx: Transaction, visit: Visit, order_id: UUID | None) -> None:
    """Who paid a part and does not want the rest is paid back by an operator."""
    root = tx.orders.lock_root(order_id) if order_id else None
    is_theirs = root is not None and root.telegram_user_id == visit.person.id
    unspent = tx.credits.lock_unspent(root.id) if root is not None and is_theirs else []
    for one in unspent:
        leave_to_a_person(ports, tx, one, Reason.PAID_IN_PART, "the payer asks for a refund")
    if root is not None and unspent:
        close_top_ups(tx, root)
    facts = {"order": str(root.id) if root is not None and unspent else None}
    tell(ports, tx, visit.person.id, NoticeKind.REFUND_ASKED, visit.key, facts)


# ---- purchase ------------------------------------------------------------------------------------


def _open_offer(ports: Ports, visit: Visit, link_id: str) -> None:
    with ports.database.transaction() as tx:
        ordered = _begin(ports, tx, visit, link_id)
    if ordered is not None:
        have_invoiced(ports, visit, ordered)


def _begin(ports: Ports, tx: Transaction, visit: Visit, link_id: str) -> Ordered | None:
    """The order that needs an invoice; None when the update is answered already."""
    tx.people.seen(visit.person, visit.now)
    offer = tx.channels.offer(link_id) if is_offer_link(link_id) else None
    if offer is None or offer.tier.removed_at is not None or offer.channel.is_closing:
        if tx.delivery.first_time(visit.key, visit.now):
            tell(ports, tx, visit.person.id, NoticeKind.OFFER_REFUSED, visit.key, {})
        return None
    if is_blocked(tx, offer.channel.id, visit.person.id):
        if tx.delivery.first_time(visit.key, visit.now):
            facts = {"blocked_in": offer.closed_chat.title}
            tell(ports, tx, visit.person.id, NoticeKind.OFFER_REFUSED, visit.key, facts)
        return None
    order = _open_order(ports, tx, visit, offer)
    if order.invoice is None:
        return Ordered(order, offer.closed_chat, claim(ports, tx, Leased.ORDER, order.id))
    if tx.delivery.first_time(visit.key, visit.now):
        show_invoice(ports, tx, visit, order, offer.closed_chat, order.invoice)
    return None


def _open_order(ports: Ports, tx: Transaction, visit: Visit, offer: Offer) -> Order:
    """A second tap finds the open order of the same person, tier and kind, or that for its rest."""
    tier = offer.tier
    rest = tx.orders.open_top_up(visit.person.id, tier.id)
    if rest is not None:
        return rest
    fresh = Order(
        id=ports.ids.new(),
        kind=OrderKind.SUBSCRIPTION,
        channel_id=offer.channel.id,
        tier_id=tier.id,
        telegram_user_id=visit.person.id,
        price_cents=tier.price_cents,
        days=tier.days,
        state=OrderState.OPEN,
        created_at=visit.now,
        watch=order_watch(ports, visit.now),
    )
    if tx.orders.add(fresh):
        return fresh
    return tx.orders.open_one(visit.person.id, tier.id, OrderKind.SUBSCRIPTION) or fresh
