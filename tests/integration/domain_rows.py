"""Valid objects of the domain, stored through the repositories.

Each function stores what its object refers to first, unless it is given, and answers the object.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared_lib.domain.broadcast import Broadcast, BroadcastKind
from shared_lib.domain.currency import asset_of
from shared_lib.domain.invite import Invite, InviteState, JoinRequest, JoinState, link_name
from shared_lib.domain.membership import Membership, MembershipState
from shared_lib.domain.money import ETH, Money
from shared_lib.domain.notice import Notice, NoticeKind, NoticeState
from shared_lib.domain.offer import Channel, Chat, ChatRole, PayoutTarget, Strategy, Tier
from shared_lib.domain.order import Order, OrderKind, OrderState
from shared_lib.domain.payment import EventSource, Payment, PaymentStatus
from shared_lib.domain.payout import Payout, PayoutState
from shared_lib.domain.share import Share, ShareKind, ShareState, Worth
from shared_lib.domain.swap import (
    Exchange,
    FixedQuote,
    Outcome,
    Quote,
    Swap,
    SwapState,
    Terms,
)
from shared_lib.domain.transfer import (
    Attempt,
    AttemptKind,
    Fees,
    Transfer,
    TransferState,
    Wallet,
)
from shared_lib.domain.watch import Watch
from shared_lib.ports import Person, Transaction
from tests.integration.valid_rows import (
    fresh_address,
    fresh_chat_id,
    fresh_hash,
    fresh_number,
)

NOW = datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
WATCH = Watch(NOW, NOW + DAY)
FAILING = Watch(NOW + DAY, NOW + 2 * DAY, 3, NOW - DAY)
HUGE = 10**77
TARGET = PayoutTarget(ETH, "0x" + "ab" * 20, None)
BTC = asset_of("btc:btc")
BITCOIN_TARGET = PayoutTarget(BTC, "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", None)
WORTH = Worth(list_cents=499, market_cents=498)
TITLE = "Börse für Ünïcode 📈 — 取引所"


def eth(wei: int) -> Money:
    """This much ETH."""
    return Money(wei, ETH)


def btc(satoshi: int) -> Money:
    """This much BTC."""
    return Money(satoshi, BTC)


def person(tx: Transaction, **changes: Any) -> Person:
    values: dict[str, Any] = {"first_name": "Ann", "username": None, "language_code": None}
    stored = Person(**{"id": fresh_number(), **values, **changes})
    tx.people.seen(stored, NOW)
    return stored


def account(tx: Transaction) -> UUID:
    stored = uuid4()
    tx.people.add_account(stored, fresh_number(), NOW)
    return stored


def unsaved_channel(account_id: UUID, **changes: Any) -> Channel:
    plain = Channel(uuid4(), account_id, Strategy.INSTANT, None, TARGET, None)
    return replace(plain, **changes)


def channel(tx: Transaction, chat_id: int | None = None, **changes: Any) -> Channel:
    """A channel whose closed chat has this id."""
    stored = unsaved_channel(account(tx), **changes)
    chat = Chat(chat_id or fresh_chat_id(), ChatRole.CLOSED, TITLE, "")
    tx.channels.add(stored, [chat], NOW)
    return stored


def tier(tx: Transaction, channel_id: UUID, **changes: Any) -> Tier:
    stored = replace(Tier(uuid4(), channel_id, 1, 499, 30), **changes)
    tx.channels.add_tier(stored, NOW)
    return stored


def broadcast(tx: Transaction) -> Broadcast:
    stored = Broadcast(uuid4(), channel(tx).id, BroadcastKind.OFFER, None, NOW, NOW)
    tx.broadcasts.add(stored)
    return stored


def unsaved_order(tx: Transaction, **changes: Any) -> Order:
    """An open order that is not stored; its channel, tier and person are."""
    sold = tier(tx, channel(tx).id)
    plain = Order(
        id=uuid4(),
        kind=OrderKind.SUBSCRIPTION,
        channel_id=sold.channel_id,
        tier_id=sold.id,
        telegram_user_id=person(tx).id,
        price_cents=499,
        days=30,
        state=OrderState.OPEN,
        created_at=NOW,
        watch=WATCH,
    )
    return replace(plain, **changes)


def order(tx: Transaction, **changes: Any) -> Order:
    stored = unsaved_order(tx, **changes)
    assert tx.orders.add(stored)
    return stored


def unsaved_payment(**changes: Any) -> Payment:
    plain = Payment(uuid4(), str(fresh_number()), None, PaymentStatus.WAITING, NOW, WATCH)
    return replace(plain, **changes)


def payment(tx: Transaction, **changes: Any) -> Payment:
    stored = unsaved_payment(**changes)
    tx.payments.store_report(stored, "{}", EventSource.CALLBACK, NOW)
    return stored


def unsaved_membership(tx: Transaction, **changes: Any) -> Membership:
    plain = Membership(
        id=uuid4(),
        channel_id=channel(tx).id,
        telegram_user_id=person(tx).id,
        state=MembershipState.NONE,
        access_ends_at=None,
        let_in_at=None,
        created_at=NOW,
    )
    return replace(plain, **changes)


def membership(tx: Transaction, **changes: Any) -> Membership:
    return tx.memberships.lock(unsaved_membership(tx, **changes))


def running_membership(tx: Transaction, watch: Watch = WATCH) -> Membership:
    """Access that runs for a day."""
    fresh, ends_at = membership(tx), NOW + DAY
    running = replace(fresh, state=MembershipState.ACTIVE, access_ends_at=ends_at, watch=watch)
    tx.memberships.save(running)
    return running


def invite(tx: Transaction, **changes: Any) -> Invite:
    invite_id = uuid4()
    plain = Invite(
        id=invite_id,
        payment_id=payment(tx).id,
        order_id=changes.get("order_id") or order(tx).id,
        membership_id=changes.get("membership_id") or membership(tx).id,
        name=link_name(invite_id),
        state=InviteState.CREATING,
        created_at=NOW,
        watch=WATCH,
    )
    stored = replace(plain, **changes)
    tx.invites.add(stored)
    return stored


def unsaved_join_request(tx: Transaction, **changes: Any) -> JoinRequest:
    chat_id = fresh_chat_id()
    channel(tx, chat_id)
    plain = JoinRequest(uuid4(), chat_id, person(tx).id, None, NOW, JoinState.PENDING, WATCH)
    return replace(plain, **changes)


def join_request(tx: Transaction, **changes: Any) -> JoinRequest:
    stored = unsaved_join_request(tx, **changes)
    assert tx.join_requests.add(stored)
    return stored


def share(tx: Transaction, **changes: Any) -> Share:
    plain = Share(
        id=uuid4(),
        channel_id=changes.get("channel_id") or channel(tx).id,
        kind=ShareKind.PAYMENT,
        payment_id=payment(tx).id,
        amount=eth(10**18),
        state=ShareState.PENDING,
        created_at=NOW,
        watch=WATCH,
        worth=WORTH,
    )
    stored = replace(plain, **changes)
    tx.shares.add(stored)
    return stored


def payout(tx: Transaction, **changes: Any) -> Payout:
    plain = Payout(
        id=uuid4(),
        channel_id=changes.get("channel_id") or channel(tx).id,
        strategy=Strategy.INSTANT,
        state=PayoutState.FORMING,
        amount=eth(10**18),
        target=TARGET,
        created_at=NOW,
        watch=WATCH,
    )
    stored = replace(plain, **changes)
    tx.payouts.add(stored)
    return stored


def residue(tx: Transaction, kind: ShareKind, of: Payout, **changes: Any) -> Share:
    """What is left of a payout, which no payment brought."""
    whose = {"channel_id": of.channel_id, "payment_id": None, "residue_of": of.id}
    return share(tx, kind=kind, **whose, **changes)


def terms(sold: Money, quoted: Money) -> Terms:
    """What was promised for `sold`; every amount and time in it is another."""
    quote = Quote(sold, quoted, eth(10**15), btc(1_000))
    fixed = FixedQuote(quote, "rate/1+Ü=", NOW + timedelta(minutes=20))
    return Terms(fixed, btc(5_100_000), NOW + timedelta(seconds=1))


def exchange() -> Exchange:
    """An exchange that no swap has adopted yet."""
    ends_at = NOW + timedelta(minutes=19)
    return Exchange(f"ex-{fresh_number()}", fresh_address(), btc(4_900_000), ends_at)


def unsaved_swap(tx: Transaction, **changes: Any) -> Swap:
    """A swap that was begun and is not stored; its payout is."""
    plain = Swap(
        id=uuid4(),
        payout_id=changes.get("payout_id") or payout(tx).id,
        state=SwapState.QUOTING,
        sold=eth(10**18),
        target=BITCOIN_TARGET,
        created_at=NOW,
        watch=WATCH,
    )
    return replace(plain, **changes)


def swap(tx: Transaction, **changes: Any) -> Swap:
    """A swap as it was begun; what comes later is saved."""
    wanted = unsaved_swap(tx, **changes)
    begun = unsaved_swap(
        tx,
        id=wanted.id,
        payout_id=wanted.payout_id,
        sold=wanted.sold,
        target=wanted.target,
        created_at=wanted.created_at,
    )
    tx.swaps.add(begun)
    tx.swaps.save(wanted)
    return wanted


def funded_swap(tx: Transaction, **changes: Any) -> Swap:
    """A swap whose exchange has been paid for."""
    plain: dict[str, Any] = {
        "state": SwapState.FUNDED,
        "terms": terms(eth(10**18), btc(5_000_000)),
        "exchange": exchange(),
    }
    return swap(tx, **(plain | changes))


def refunded_swap(tx: Transaction, **changes: Any) -> Swap:
    """A swap whose money is back, less than was sent."""
    back: dict[str, Any] = {
        "state": SwapState.REFUNDED,
        "outcome": Outcome(eth(10**18 - 1), fresh_hash()),
        "watch": None,
    }
    return funded_swap(tx, **(back | changes))


def wallet(tx: Transaction) -> Wallet:
    stored = Wallet(fresh_address(), 31_337, 0, None)
    tx.wallets.add(stored, NOW)
    return stored


def transfer(tx: Transaction, **changes: Any) -> Transfer:
    """A transfer as it was requested; states that come later are saved."""
    plain = Transfer(
        id=uuid4(),
        payout_id=payout(tx).id,
        wallet_address=changes.get("wallet_address") or wallet(tx).address,
        amount=eth(10**18),
        destination=TARGET.address,
        state=TransferState.REQUESTED,
        created_at=NOW,
        watch=WATCH,
    )
    wanted = replace(plain, **changes)
    tx.transfers.add(replace(wanted, state=TransferState.REQUESTED, nonce=None, watch=WATCH))
    tx.transfers.save(wanted)
    return wanted


def attempt(tx: Transaction, transfer_id: UUID, **changes: Any) -> Attempt:
    plain = Attempt(
        id=uuid4(),
        transfer_id=transfer_id,
        kind=AttemptKind.SEND,
        raw=b"\x02",
        hash=fresh_hash(),
        fees=Fees(max_fee=3, max_priority_fee=1, gas_limit=21_000),
        created_at=NOW,
    )
    stored = replace(plain, **changes)
    tx.transfers.add_attempt(stored)
    return stored


def unsaved_notice(tx: Transaction, **changes: Any) -> Notice:
    plain = Notice(
        id=uuid4(),
        key=str(fresh_number()),
        kind=NoticeKind.WELCOME,
        telegram_user_id=person(tx).id,
        facts={},
        state=NoticeState.PENDING,
        created_at=NOW,
        watch=WATCH,
    )
    return replace(plain, **changes)


def notice(tx: Transaction, **changes: Any) -> Notice:
    stored = unsaved_notice(tx, **changes)
    assert tx.notices.add(stored)
    return stored
