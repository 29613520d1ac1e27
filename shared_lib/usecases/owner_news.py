"""What owners hear of their channels if they want to: sales, donations, and payouts."""

from uuid import UUID

from shared_lib.domain.money import Money
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.order import Order
from shared_lib.domain.payout import Payout
from shared_lib.domain.transfer import Transfer
from shared_lib.domain.update import Press
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.messages import NEWS_OFF, NEWS_ON, news_message
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.rates import show_again
from shared_lib.usecases.speaking import speech_for, speech_with
from shared_lib.usecases.telling import tell
from shared_lib.usecases.words.phrases import Phrase


def ask_news(ports: Ports, tx: Transaction, visit: Visit) -> None:
    """Say what an owner hears of, with the button to change it."""
    wanted = 1 if tx.people.wants_news(visit.person.id) else None
    tell(ports, tx, visit.person.id, NoticeKind.NEWS, visit.key, {"wanted": wanted})


def press_news(ports: Ports, visit: Visit, press: Press) -> str | None:
    """Tell an owner of everything from now on, or of what needs them alone.

    Who owns nothing yet has an account from here on, which their first channel will belong to.
    """
    _, _, word = press.data.partition(":")
    if word not in {NEWS_ON, NEWS_OFF}:
        return speech_with(ports, visit.person.id).plain(Phrase.PRESS_OLD)
    wanted = word == NEWS_ON
    with ports.database.transaction() as tx:
        tx.people.seen(visit.person, visit.now)
        if tx.people.lock_account_of(visit.person.id) is None:
            tx.people.add_account(ports.ids.new(), visit.person.id, visit.now)
        tx.people.want_news(visit.person.id, wanted=wanted)
        speech = speech_for(ports, tx, visit.person.id)
    shown = news_message(wanted=wanted, speech=speech)
    show_again(ports, visit.person.id, press.message_id, shown)
    return None


def tell_sale(
    ports: Ports, tx: Transaction, payment_id: UUID, order: Order, received: Money, owners: Money
) -> None:
    """Something was received for an order, of which so much is the owner's."""
    facts = {
        "id": str(payment_id),
        "kind": order.kind.value,
        "received": str(received),
        "owners": str(owners),
    }
    _tell(ports, tx, order.channel_id, NoticeKind.NEWS_OF_SALE, str(payment_id), facts)


def tell_sent(ports: Ports, tx: Transaction, payout: Payout, transfer: Transfer) -> None:
    """A payout's money leaves our wallet; a conversion is nobody's news."""
    facts = _of_payout(payout, transfer.amount)
    _tell(ports, tx, payout.channel_id, NoticeKind.NEWS_OF_SENDING, str(transfer.id), facts)


def tell_settled(ports: Ports, tx: Transaction, payout: Payout, arrived: Money) -> None:
    """A payout is in its owner's wallet."""
    facts = _of_payout(payout, arrived)
    _tell(ports, tx, payout.channel_id, NoticeKind.NEWS_OF_SETTLING, str(payout.id), facts)


def _of_payout(payout: Payout, money: Money) -> dict[str, str]:
    return {"id": str(payout.id), "money": str(money), "address": payout.target.address}


def _tell(
    ports: Ports,
    tx: Transaction,
    channel_id: UUID | None,
    kind: NoticeKind,
    key: str,
    facts: dict[str, str],
) -> None:
    owner = None if channel_id is None else tx.channels.news_reader(channel_id)
    if channel_id is None or owner is None:
        return
    channel = tx.channels.closed_chat(channel_id).title
    tell(ports, tx, owner, kind, key, {"channel": channel, **facts})
