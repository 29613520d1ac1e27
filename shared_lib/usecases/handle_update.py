"""Answer one update from Telegram: offers become orders with an invoice, requests are stored."""

from collections.abc import Callable, Mapping
from uuid import UUID

from shared_lib.domain.invite import DELIVERY_DEADLINE, JoinRequest, JoinState
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import Offer, is_offer_link
from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.review import Reason
from shared_lib.domain.update import (
    AskAccess,
    AskDonate,
    AskForm,
    AskHelp,
    AskLanguage,
    AskLink,
    AskNews,
    AskRefund,
    AskRenew,
    AskStatus,
    AskTimeZone,
    AskToJoin,
    BlockBot,
    Cancel,
    ChangeRights,
    Greet,
    Ignore,
    Intent,
    LeaveChat,
    MoveChat,
    OpenDonation,
    OpenOffer,
    Press,
    Say,
)
from shared_lib.domain.watch import watch
from shared_lib.events import JoinRequested
from shared_lib.ports import Leased, Person, Ports, Transaction
from shared_lib.usecases.access import is_blocked
from shared_lib.usecases.cancelling import cancel
from shared_lib.usecases.crediting import close_top_ups, leave_to_a_person
from shared_lib.usecases.donating import choose_channel, open_keypad
from shared_lib.usecases.edit_form import choose_form, type_into_form
from shared_lib.usecases.lease import claim
from shared_lib.usecases.link_account import link_account
from shared_lib.usecases.membership_news import (
    note_departure,
    show_access,
    show_renewals,
    tell_lost_rights,
)
from shared_lib.usecases.messages import OFFER_PRESS
from shared_lib.usecases.order_status import show_status
from shared_lib.usecases.ordering import (
    Ordered,
    Visit,
    have_invoiced,
    order_watch,
    show_invoice,
)
from shared_lib.usecases.owner_news import ask_news
from shared_lib.usecases.pressing import answer
from shared_lib.usecases.speaking import set_time_zone
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
    elif isinstance(intent, AskForm):
        choose_form(ports, visit)
    elif isinstance(intent, Cancel):
        cancel(ports, visit)
    elif isinstance(intent, Say) and type_into_form(ports, visit, intent):
        return
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
    if _is_seen(ports, tx, visit, intent):
        return
    tx.people.seen(visit.person, visit.now)
    if isinstance(intent, BlockBot) and intent.blocked:
        tx.people.mark_blocked(visit.person.id, visit.now)
    elif isinstance(intent, AskStatus):
        show_status(ports, tx, visit, intent.order_id)
    elif isinstance(intent, AskRefund):
        _ask_refund(ports, tx, visit, intent.order_id)
    elif isinstance(intent, AskTimeZone):
        set_time_zone(ports, tx, visit, intent.name)
    elif isinstance(intent, AskLink):
        link_account(ports, tx, visit, intent.code)
    elif type(intent) in _ANSWERS:
        _ANSWERS[type(intent)](ports, tx, visit)


def _is_seen(ports: Ports, tx: Transaction, visit: Visit, intent: Intent) -> bool:
    """Take note of what happens in chats, where nobody speaks to the bot; whether it was that."""
    if isinstance(intent, AskToJoin):
        _store_request(ports, tx, visit, intent)
    elif isinstance(intent, LeaveChat):
        note_departure(ports, tx, visit.person.id, intent)
    elif isinstance(intent, MoveChat):
        tx.channels.move_chat(intent.old_id, intent.new_id)
    elif isinstance(intent, ChangeRights):
        tell_lost_rights(ports, tx, intent)
    else:
        return False
    return True


def _say(kind: NoticeKind) -> "_Answer":
    return lambda ports, tx, visit: tell(ports, tx, visit.person.id, kind, visit.key, {})


_Answer = Callable[[Ports, Transaction, Visit], None]
_ANSWERS: Mapping[type[Intent], _Answer] = {
    AskAccess: show_access,
    AskRenew: show_renewals,
    AskDonate: choose_channel,
    AskNews: ask_news,
    AskLanguage: _say(NoticeKind.LANGUAGE_WHICH),
    AskHelp: _say(NoticeKind.HELP),
    Say: _say(NoticeKind.WELCOME),
    Greet: _say(NoticeKind.WELCOME),
}


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
