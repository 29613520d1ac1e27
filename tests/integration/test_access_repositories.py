"""People, channels, orders, memberships, invites and notices: what is written is read back."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pg8000.native
import pytest

from shared_lib.domain.invite import InviteState, JoinState, Link
from shared_lib.domain.language import Language, Manners
from shared_lib.domain.membership import MembershipState, Period
from shared_lib.domain.notice import NoticeKind, NoticeState
from shared_lib.domain.offer import Channel, Chat, ChatRole, Offer, Strategy
from shared_lib.domain.order import Invoice, OrderKind, OrderState
from shared_lib.ports import Person
from tests.databases import RecordingDatabase
from tests.integration import domain_rows as make
from tests.integration.domain_rows import DAY, FAILING, NOW, TITLE, WATCH
from tests.integration.valid_rows import fresh_chat_id, fresh_number

# ---- people --------------------------------------------------------------------------------------


def test_a_person_is_remembered_as_last_seen(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """Someone who writes to the bot again has not blocked it any more."""
    known = Person(2**52 + 1, "Zoë 🦊", "zoe", "de-AT")
    with database.transaction() as tx:
        tx.people.seen(Person(known.id, "Old", None, None), NOW - DAY)
        tx.people.mark_blocked(known.id, NOW - DAY)
    everything = "SELECT * FROM telegram_users"
    assert owner_connection.run(everything)[0][4] == NOW - DAY
    with database.transaction() as tx:
        tx.people.seen(known, NOW)
    row = [known.id, known.first_name, known.username, known.language_code, None, NOW - DAY, NOW]
    assert owner_connection.run(everything) == [[*row, None, None]]  # nothing is chosen yet


def test_what_a_person_chose_stays_whatever_their_app_says(database: RecordingDatabase) -> None:
    known = Person(2**52 + 1, "Zoë", None, "de-AT")
    with database.transaction() as tx:
        assert tx.people.manners(known.id) == Manners()
        tx.people.seen(known, NOW)
        assert tx.people.manners(known.id) == Manners("de-AT")
        chosen = Manners("de-AT", Language.SPANISH, "Europe/Vienna")
        tx.people.save_manners(known.id, chosen, NOW)
        tx.people.seen(replace(known, language_code="ru"), NOW)
        assert tx.people.manners(known.id) == replace(chosen, language_code="ru")


def test_an_account_is_found_by_its_telegram_user(database: RecordingDatabase) -> None:
    account_id = uuid4()
    with database.transaction() as tx:
        tx.people.add_account(account_id, 77, NOW)
        assert tx.people.account_of(77) == account_id
        assert tx.people.account_of(78) is None


# ---- channels ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fee_bps": 0},
        {"strategy": Strategy.THRESHOLD, "threshold_cents": 2_000, "fee_bps": 10_000},
        {"target": replace(make.TARGET, address="rAddress", memo="12345")},
    ],
)
def test_a_channel_is_read_as_written(database: RecordingDatabase, changes: dict[str, Any]) -> None:
    with database.transaction() as tx:
        channel = make.channel(tx, **changes)
    with database.transaction() as tx:
        assert tx.channels.get(channel.id) == channel
        assert tx.channels.lock(channel.id) == channel
        assert tx.channels.get(uuid4()) is None
        assert tx.channels.lock(uuid4()) is None


def channel_with_two_chats(database: RecordingDatabase) -> tuple[Channel, Chat, Chat]:
    opened = Chat(fresh_chat_id(), ChatRole.OPEN, "Open", "x" * 500)
    closed = Chat(fresh_chat_id(), ChatRole.CLOSED, TITLE, "Zeile 1\nZeile 2: 100 % »echt«")
    with database.transaction() as tx:
        channel = make.unsaved_channel(make.account(tx))
        tx.channels.add(channel, [opened, closed], NOW)
    return channel, opened, closed


def test_only_the_closed_chat_is_sold(database: RecordingDatabase) -> None:
    channel, opened, closed = channel_with_two_chats(database)
    with database.transaction() as tx:
        assert tx.channels.closed_chat(channel.id) == closed
        assert tx.channels.sold_by_chat(closed.chat_id) == channel.id
        assert tx.channels.sold_by_chat(opened.chat_id) is None
        assert tx.channels.sold_by_chat(fresh_chat_id()) is None
        with pytest.raises(LookupError):
            tx.channels.closed_chat(uuid4())


def test_chats_in_use_and_channels_of_an_account_are_counted(database: RecordingDatabase) -> None:
    channel, opened, closed = channel_with_two_chats(database)
    free = fresh_chat_id()
    with database.transaction() as tx:
        asked = [opened.chat_id, free, closed.chat_id]
        assert tx.channels.taken_chats(asked) == {opened.chat_id, closed.chat_id}
        assert tx.channels.taken_chats([]) == set()
        assert tx.channels.count(channel.account_id) == 1
        assert tx.channels.count(uuid4()) == 0


@pytest.mark.parametrize("days", [1, 999, None])
def test_an_offer_is_what_its_link_leads_to(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, days: int | None
) -> None:
    """A tier that was removed is still found, and says so."""
    channel, _, closed = channel_with_two_chats(database)
    link = "Ab-_" * 5 + "xy"
    with database.transaction() as tx:
        tier = make.tier(tx, channel.id, position=3, price_cents=999_999, days=days)
        tx.channels.add_offer_link(link, tier.id, NOW)
        assert tx.channels.offer(link) == Offer(link, tier, channel, closed)
        assert tx.channels.offer("x" * 22) is None
    owner_connection.run("UPDATE tiers SET removed_at = :now", now=NOW)
    with database.transaction() as tx:
        removed = tx.channels.offer(link)
    assert removed == Offer(link, replace(tier, removed_at=NOW), channel, closed)


# ---- orders --------------------------------------------------------------------------------------


def test_an_order_is_read_as_written_and_as_saved(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        order = make.order(tx, days=None, watch=FAILING)
        assert tx.orders.get(order.id) == order
        invoiced = replace(order, invoice=Invoice("4711", "https://pay.example/i?id=4711"))
        tx.orders.save(invoiced)
        assert tx.orders.lock(order.id) == invoiced
        paid = invoiced.ended(OrderState.PAID)
        tx.orders.save(paid)
        assert tx.orders.get(order.id) == paid
        assert tx.orders.get(uuid4()) is None


def test_a_donation_has_no_tier_and_no_days(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        order = make.order(tx, kind=OrderKind.DONATION, tier_id=None, days=None)
        assert tx.orders.get(order.id) == order


def test_a_second_open_order_is_not_added_and_the_first_is_found(
    database: RecordingDatabase,
) -> None:
    with database.transaction() as tx:
        order = make.order(tx)
        assert order.tier_id is not None
        again = replace(order, id=uuid4(), price_cents=9_900)
        assert not tx.orders.add(again)
        assert tx.orders.get(again.id) is None
        key = (order.telegram_user_id, order.tier_id, order.kind)
        assert tx.orders.open_one(*key) == order
        assert tx.orders.open_one(order.telegram_user_id, uuid4(), order.kind) is None
        tx.orders.save(order.ended(OrderState.CLOSED))
        assert tx.orders.open_one(*key) is None
        assert tx.orders.add(again)


def test_open_orders_expire_at_their_deadline_oldest_first(database: RecordingDatabase) -> None:
    deadlines = [NOW, NOW - 2 * DAY, NOW - DAY, NOW + DAY / 24]
    with database.transaction() as tx:
        orders = [
            make.order(
                tx,
                watch=replace(make.WATCH, deadline_at=deadline),
                invoice=Invoice(str(number), "https://pay.example") if number != 1 else None,
            )
            for number, deadline in enumerate(deadlines)
        ]
        paid = make.order(tx, state=OrderState.PAID, watch=None)
        assert tx.orders.expire(NOW, 2) == [orders[2].id]  # the other one has no invoice
        assert [tx.orders.get(one.id) for one in orders] == [
            orders[0],
            orders[1].ended(OrderState.EXPIRED),
            orders[2].ended(OrderState.EXPIRED),
            orders[3],
        ]
        assert tx.orders.expire(NOW, 2) == [orders[0].id]
        assert tx.orders.expire(NOW, 2) == []
        assert tx.orders.get(orders[0].id) == orders[0].ended(OrderState.EXPIRED)
        assert tx.orders.get(orders[3].id) == orders[3]
        assert tx.orders.get(paid.id) == paid


# ---- memberships ---------------------------------------------------------------------------------


def test_a_membership_is_made_once_and_then_found(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        fresh = make.unsaved_membership(tx)
        assert tx.memberships.get(fresh.channel_id, fresh.telegram_user_id) is None
        assert tx.memberships.lock(fresh) == fresh
        assert tx.memberships.lock(replace(fresh, id=uuid4(), created_at=NOW + DAY)) == fresh
        active = replace(
            fresh,
            state=MembershipState.ACTIVE,
            access_ends_at=NOW + DAY,
            let_in_at=NOW,
            removed_at=NOW - DAY,
            watch=WATCH,
        )
        tx.memberships.save(active)
        assert tx.memberships.get(fresh.channel_id, fresh.telegram_user_id) == active


@pytest.mark.parametrize("ends_at", [NOW + DAY, None])
def test_a_period_is_written(
    database: RecordingDatabase,
    owner_connection: pg8000.native.Connection,
    ends_at: datetime | None,
) -> None:
    with database.transaction() as tx:
        member, payment, period_id = make.membership(tx), make.payment(tx), uuid4()
        tx.memberships.add_period(period_id, member.id, payment.id, Period(NOW, ends_at), NOW)
    row = [period_id, member.id, payment.id, NOW, ends_at, NOW, None]
    assert owner_connection.run("SELECT * FROM membership_periods") == [row]


# ---- invites and requests to join ----------------------------------------------------------------


def test_an_invite_is_read_as_written_and_as_saved(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        invite = make.invite(tx)
        assert tx.invites.get(invite.id) == invite
        live = replace(
            invite.moved(InviteState.LIVE, FAILING), link=Link("https://t.me/+Ä", NOW + DAY)
        )
        tx.invites.save(live)
        assert tx.invites.lock(invite.id) == live
        used = replace(live.moved(InviteState.USED, None), already_inside=True)
        tx.invites.save(used)
        assert tx.invites.get(invite.id) == used
        assert tx.invites.get(uuid4()) is None
        assert tx.invites.lock(uuid4()) is None


def test_an_invite_knows_its_recipient_and_its_name_is_ours(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        member = make.membership(tx)
        invite = make.invite(tx, membership_id=member.id)
        assert tx.invites.recipient(invite.id) == (member.channel_id, member.telegram_user_id)
        assert tx.invites.is_ours(invite.name)
        assert not tx.invites.is_ours(invite.name[:-1])
        with pytest.raises(LookupError):
            tx.invites.recipient(uuid4())


def test_live_invites_are_those_that_still_let_someone_in(database: RecordingDatabase) -> None:
    """*Creating* counts as live for its order, but has no link that could be revoked."""
    link = Link("https://t.me/+a", NOW + DAY)
    with database.transaction() as tx:
        member = make.membership(tx)
        live = make.invite(tx, membership_id=member.id, state=InviteState.LIVE, link=link)
        creating = make.invite(tx, membership_id=member.id)
        used = make.invite(tx, membership_id=member.id, state=InviteState.USED, watch=None)
        make.invite(tx, state=InviteState.LIVE, link=link)
        assert tx.invites.lock_live(member.id) == [live]
        orders = [one.order_id for one in (live, creating, used) if one.order_id]
        assert [tx.invites.has_live(one) for one in orders] == [True, True, False]


@pytest.mark.parametrize("name", [None, "funnel-0123456789abcdef012345", "Fremder Link …"])
def test_a_request_to_join_is_stored_once(database: RecordingDatabase, name: str | None) -> None:
    with database.transaction() as tx:
        request = make.join_request(tx, link_name=name, watch=FAILING)
        assert tx.join_requests.get(request.id) == request
        again = replace(request, id=uuid4(), link_name=None)
        assert not tx.join_requests.add(again)
        assert tx.join_requests.get(again.id) is None
        approved = request.answered(JoinState.APPROVED)
        tx.join_requests.save(approved)
        assert tx.join_requests.lock(request.id) == approved
        assert tx.join_requests.lock(again.id) is None


# ---- notices -------------------------------------------------------------------------------------


def test_what_happened_is_told_once(database: RecordingDatabase) -> None:
    facts = {"title": TITLE, "markup": '<b>&amp;"', "count": 3, "none": None}
    with database.transaction() as tx:
        notice = make.notice(tx, kind=NoticeKind.ORDER_STATUS, facts=facts, watch=FAILING)
        assert tx.notices.get(notice.id) == notice
        again = replace(notice, id=uuid4(), facts={})
        assert not tx.notices.add(again)
        assert tx.notices.get(again.id) is None
        sent = replace(notice, state=NoticeState.SENT, watch=None)
        tx.notices.save(sent)
        assert tx.notices.lock(notice.id) == sent
        assert tx.notices.lock(again.id) is None
        other = make.unsaved_notice(tx, key=f"{notice.key} {fresh_number()}")
        assert tx.notices.add(other)
