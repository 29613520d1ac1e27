"""The end of access: reminded before it, removed after it, and nobody else ever."""

from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from shared_lib.domain.membership import GRACE_DAYS_MOST, REMOVALS_ALWAYS
from shared_lib.domain.operator import ActionRefusedError, Operator, Switch
from shared_lib.domain.update import AskAccess, LeaveChat, Press
from shared_lib.events import MemberRemovalDue
from shared_lib.ports import PermanentError, Person, RetryableError, UnknownOutcomeError
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.change_grace import change_grace
from shared_lib.usecases.close_channel import close_channel
from shared_lib.usecases.flip_switch import flip_switch
from shared_lib.usecases.grant_access import Grant, grant_access
from shared_lib.usecases.import_members import FormerMember, import_members
from shared_lib.usecases.release_removals import release_removals
from tests.databases import together
from tests.integration.usecases.support import (
    ANN,
    BEN,
    STRANGER,
    InterruptedMessenger,
    account_of,
    break_down,
    buy,
    change,
    column,
    handle,
    repair,
    reviews,
    said,
    state_of,
    twice_at_once,
    value,
)
from tests.invariants import assert_sound
from tests.world import OWNER, Shop, World

DAY = 86_400
BY = Operator("operator:ann", "looked at the list")


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def come_in(world: World, shop: Shop, user_id: int = ANN, tier: int = 0) -> None:
    """Somebody buys 30 days, or 90, and is inside."""
    buy(world, shop, user_id, tier=tier)
    world.run()
    assert world.join(user_id, world.invite_urls(user_id)[-1]) == "requested"
    world.drain()
    assert is_inside(world, shop, user_id)


def is_inside(world: World, shop: Shop, user_id: int = ANN) -> bool:
    return user_id in world.fake_messenger.chats[shop.closed_chat_id].members


def removed(world: World, shop: Shop) -> list[int]:
    """Whom we took out, in that order."""
    return world.fake_messenger.chats[shop.closed_chat_id].removed


def pass_days(world: World, days: float, ticks: int = 6) -> None:
    """Days in which nothing but the ticks happens; the last minutes in full."""
    world.clock.pass_time(days * DAY - 60 * ticks)
    for _ in range(ticks):
        world.drain()
        world.tick()
    world.drain()


def reminders(world: World, user_id: int = ANN) -> int:
    return len([text for text in said(world, user_id) if "runs until" in text and "⏳" in text])


def only_member(world: World) -> UUID:
    found: UUID = value(world, "SELECT id FROM memberships")
    return found


def due(world: World) -> MemberRemovalDue:
    return MemberRemovalDue(membership_id=only_member(world))


# ---- all is well ---------------------------------------------------------------------------------


def test_access_that_is_over_ends_outside_with_a_way_back(world: World, shop: Shop) -> None:
    come_in(world, shop)
    pass_days(world, 29)
    assert is_inside(world, shop)
    pass_days(world, 1.1)
    assert not is_inside(world, shop)
    assert removed(world, shop) == [ANN]
    assert state_of(world, "memberships") == ["removed"]
    [last] = [m for m in world.fake_messenger.messages_to(ANN) if "has ended" in m.html]
    [button] = last.buttons
    assert button.callback_data == f"o:{shop.registered.offer_links[0]}"
    assert_sound(world)


def test_two_reminders_come_before_the_end_each_once(world: World, shop: Shop) -> None:
    come_in(world, shop)
    for days, told in ((26.5, 0), (0.6, 1), (0.5, 1), (1.5, 2), (0.5, 2)):
        pass_days(world, days)
        assert reminders(world) == told
    assert is_inside(world, shop)


def test_a_renewal_moves_the_end_and_its_reminders(world: World, shop: Shop) -> None:
    come_in(world, shop)
    pass_days(world, 27.5)
    assert reminders(world) == 1
    buy(world, shop)
    world.run()
    pass_days(world, 3)
    assert is_inside(world, shop)
    assert reminders(world) == 1
    pass_days(world, 27)
    assert reminders(world) == 2
    assert removed(world, shop) == []


@pytest.mark.parametrize(("days", "told"), [(1, 0), (2, 1), (3, 1), (4, 2)])
def test_no_reminder_comes_longer_before_than_was_bought(
    world: World, shop: Shop, days: int, told: int
) -> None:
    with world.real_database.transaction() as tx:
        tx.people.seen(Person(ANN, "Ann", None, "en"), world.clock.now())
    world.fake_messenger.add_person(ANN)
    grant_access(world, account_of(world, shop), shop.channel_id, Grant(uuid4(), ANN, days))
    for _ in range(days * 24):
        world.clock.pass_time(3_540)
        world.tick()
        world.drain()
    assert reminders(world) == told


def test_what_is_for_life_never_ends(world: World, shop: Shop) -> None:
    come_in(world, shop)
    grant_access(world, account_of(world, shop), shop.channel_id, Grant(uuid4(), ANN, None))
    world.run()
    for _ in range(12):
        pass_days(world, 90)
    assert is_inside(world, shop)
    assert_sound(world)


def test_the_owner_s_grace_lets_people_stay_a_little_longer(world: World, shop: Shop) -> None:
    change_grace(world, account_of(world, shop), shop.channel_id, 3)
    come_in(world, shop)
    pass_days(world, 32)
    assert is_inside(world, shop)
    assert world.join(STRANGER, world.invite_urls(ANN)[-1]) != "approved"
    pass_days(world, 1.1)
    assert not is_inside(world, shop)


def test_a_grace_that_is_taken_away_counts_at_once(world: World, shop: Shop) -> None:
    account = account_of(world, shop)
    change_grace(world, account, shop.channel_id, 10)
    come_in(world, shop)
    pass_days(world, 32)
    assert is_inside(world, shop)
    change_grace(world, account, shop.channel_id, 0)
    pass_days(world, 0.1)
    assert not is_inside(world, shop)


@pytest.mark.parametrize("days", [-1, GRACE_DAYS_MOST + 1])
def test_grace_has_its_limits(world: World, shop: Shop, days: int) -> None:
    with pytest.raises(ActionRefusedError, match="grace_days: must be 0 to 30"):
        change_grace(world, account_of(world, shop), shop.channel_id, days)


def test_the_way_back_is_one_tap_and_one_payment(world: World, shop: Shop) -> None:
    come_in(world, shop)
    pass_days(world, 31)
    assert not is_inside(world, shop)
    come_in(world, shop)
    assert state_of(world, "memberships") == ["active"]
    pass_days(world, 31)
    assert removed(world, shop) == [ANN, ANN]
    assert_sound(world)


# ---- who is never removed ------------------------------------------------------------------------


def test_a_year_of_ticks_removes_nobody_whom_we_did_not_let_in(world: World, shop: Shop) -> None:
    """The owner, those who run the chat, other bots, members from before, and guests."""
    messenger = world.fake_messenger
    owner, admin, other_bot, from_before, guest = OWNER + 1, BEN + 1, BEN + 2, BEN + 3, BEN + 4
    for person in (owner, admin, other_bot):
        messenger.protect(shop.closed_chat_id, person)
    for person in (from_before, guest):
        messenger.add_member(shop.closed_chat_id, person)
    come_in(world, shop)
    buy(world, shop, from_before)
    world.run()
    for _ in range(24):
        pass_days(world, 15)
    assert removed(world, shop) == [ANN]
    assert {owner, admin, other_bot, from_before, guest} == messenger.chats[
        shop.closed_chat_id
    ].members
    assert_sound(world)


def test_somebody_who_became_an_administrator_stays(world: World, shop: Shop) -> None:
    come_in(world, shop)
    world.fake_messenger.protect(shop.closed_chat_id, ANN)
    pass_days(world, 31)
    assert is_inside(world, shop)
    assert state_of(world, "memberships") == ["ended"]
    assert value(world, "SELECT next_check_at FROM memberships") is None
    assert_sound(world)


def test_who_was_banned_by_the_owner_stays_banned(world: World, shop: Shop) -> None:
    """Telegram would lift the ban if we removed somebody who is out already."""
    come_in(world, shop)
    world.fake_messenger.leave(shop.closed_chat_id, ANN)
    pass_days(world, 31)
    assert removed(world, shop) == []
    assert state_of(world, "memberships") == ["removed"]


def test_who_left_and_was_let_in_by_the_owner_is_a_guest(world: World, shop: Shop) -> None:
    come_in(world, shop)
    world.fake_messenger.leave(shop.closed_chat_id, ANN)
    world.clock.pass_time(60)
    world.update(ANN, LeaveChat(shop.closed_chat_id, world.clock.now()))
    world.fake_messenger.add_member(shop.closed_chat_id, ANN)
    pass_days(world, 31)
    assert is_inside(world, shop)
    assert_sound(world)


def test_word_of_an_earlier_departure_says_nothing_about_a_later_entry(
    world: World, shop: Shop
) -> None:
    come_in(world, shop)
    left_at = world.clock.now() - timedelta(hours=1)
    world.update(ANN, LeaveChat(shop.closed_chat_id, left_at))
    pass_days(world, 31)
    assert removed(world, shop) == [ANN]


def test_a_member_who_was_imported_goes_when_that_ends(world: World, shop: Shop) -> None:
    world.fake_messenger.add_member(shop.closed_chat_id, BEN)
    member = FormerMember(BEN, world.clock.now() + timedelta(days=10))
    import_members(world, account_of(world, shop), shop.channel_id, [member])
    pass_days(world, 9)
    assert is_inside(world, shop, BEN)
    pass_days(world, 1.1)
    assert not is_inside(world, shop, BEN)


@pytest.mark.parametrize("wish", [AccessChange.REVOKE, AccessChange.BLOCK])
def test_whose_access_the_owner_ends_is_taken_out(
    world: World, shop: Shop, wish: AccessChange
) -> None:
    come_in(world, shop)
    change_access(world, account_of(world, shop), shop.channel_id, ANN, wish)
    for _ in range(3):
        world.tick()
        world.drain()
    assert not is_inside(world, shop)
    kept = {AccessChange.REVOKE: "removed", AccessChange.BLOCK: "blocked"}
    assert state_of(world, "memberships") == [kept[wish]]
    assert_sound(world)


def test_a_channel_that_closes_is_wound_down_to_the_last_member(world: World, shop: Shop) -> None:
    come_in(world, shop)
    close_channel(world, account_of(world, shop), shop.channel_id)
    pass_days(world, 31)
    pass_days(world, 1)
    assert not is_inside(world, shop)
    assert value(world, "SELECT closed_at IS NOT NULL FROM channels")
    [last] = [m for m in world.fake_messenger.messages_to(ANN) if "has ended" in m.html]
    assert last.buttons == ()


# ---- twice, at once, stopped ---------------------------------------------------------------------


def ended(world: World, shop: Shop) -> MemberRemovalDue:
    """Somebody is inside whose access is over, and nobody has looked yet."""
    come_in(world, shop)
    world.clock.pass_time(31 * DAY)
    return due(world)


def test_two_at_once_remove_once(world: World, shop: Shop) -> None:
    twice_at_once(world, ended(world, shop))
    assert removed(world, shop) == [ANN]
    handle(world, due(world))
    assert removed(world, shop) == [ANN]
    assert len([text for text in said(world, ANN) if "has ended" in text]) <= 1
    world.run()
    assert_sound(world)


@pytest.mark.parametrize("moment", ["presence", "remove"])
def test_a_renewal_that_lands_while_the_removal_runs_ends_inside(
    world: World, shop: Shop, moment: str
) -> None:
    event = ended(world, shop)
    inner, invoice = world.messenger, world.order(ANN, shop)

    def pay() -> None:
        world.finish(invoice)
        world.drain()

    world.messenger = InterruptedMessenger(inner, moment, pay)
    handle(world, event)
    world.messenger = inner
    world.run()
    assert state_of(world, "memberships") == ["active"]
    assert removed(world, shop) == [ANN]
    assert world.join(ANN, world.invite_urls(ANN)[-1]) == "requested"
    world.drain()
    assert is_inside(world, shop)
    pass_days(world, 1)
    assert is_inside(world, shop)
    assert_sound(world)


def test_a_renewal_just_before_the_removal_stays_inside(world: World, shop: Shop) -> None:
    event = ended(world, shop)
    buy(world, shop)
    world.run()
    handle(world, event)
    assert removed(world, shop) == []
    assert is_inside(world, shop)


def test_an_invite_waits_while_a_removal_runs(world: World, shop: Shop) -> None:
    """It would find the person inside, and say so, a moment before that is no longer true."""
    event = ended(world, shop)
    inner, invoice = world.messenger, world.order(ANN, shop)

    def pay() -> None:
        world.finish(invoice)
        world.drain()

    world.messenger = InterruptedMessenger(inner, "remove", pay)
    handle(world, event)
    world.messenger = inner
    assert "already inside" not in " ".join(said(world, ANN))
    world.run()
    assert len(world.invite_urls(ANN)) == 2


def test_a_lost_answer_is_looked_up(world: World, shop: Shop) -> None:
    event = ended(world, shop)
    world.fake_messenger.fail_next("remove", UnknownOutcomeError("no answer"), after_effect=True)
    handle(world, event)
    assert state_of(world, "memberships") == ["removing"]
    repair(world.fake_messenger)
    pass_days(world, 0.1)
    assert state_of(world, "memberships") == ["removed"]
    assert removed(world, shop) == [ANN]
    assert_sound(world)


def test_nobody_counts_as_removed_while_still_inside(world: World, shop: Shop) -> None:
    """Telegram is down for an hour; the owner is not bothered with that."""
    event = ended(world, shop)
    break_down(world.fake_messenger, "remove", RetryableError("down", 60))
    handle(world, event)
    pass_days(world, 1 / 24)
    assert state_of(world, "memberships") == ["removing"]
    assert said(world, OWNER + 1) == []
    repair(world.fake_messenger)
    pass_days(world, 0.2)
    assert state_of(world, "memberships") == ["removed"]


def test_a_bot_without_rights_tells_the_owner_once_and_a_person_after_a_day(
    world: World, shop: Shop
) -> None:
    event = ended(world, shop)
    world.fake_messenger.add_person(OWNER + 1)
    break_down(world.fake_messenger, "remove", PermanentError("not enough rights"))
    handle(world, event)
    for _ in range(30):
        pass_days(world, 1 / 24)
    assert len([text for text in said(world, OWNER + 1) if "could not be removed" in text]) == 1
    assert ("membership", "failing_for_a_day") in reviews(world)
    assert is_inside(world, shop)
    repair(world.fake_messenger)
    pass_days(world, 0.2)
    assert not is_inside(world, shop)
    assert reviews(world) == set()


def test_the_kill_switch_stops_removals_until_it_is_turned_back(world: World, shop: Shop) -> None:
    flip_switch(world, Switch.STOP_REMOVALS, BY, on=True)
    come_in(world, shop)
    pass_days(world, 33)
    assert is_inside(world, shop)
    flip_switch(world, Switch.STOP_REMOVALS, BY, on=False)
    pass_days(world, 0.1)
    assert not is_inside(world, shop)


# ---- too many at once ----------------------------------------------------------------------------


def crowd(world: World, shop: Shop, size: int) -> None:
    """So many people whose access ends at the same time."""
    members = [
        FormerMember(ANN + 100 + number, world.clock.now() + timedelta(days=1))
        for number in range(size)
    ]
    for one in members:
        world.fake_messenger.add_member(shop.closed_chat_id, one.telegram_user_id)
    import_members(world, account_of(world, shop), shop.channel_id, members)


def test_more_than_a_few_removals_stop_and_ask(world: World, shop: Shop) -> None:
    crowd(world, shop, 2 * REMOVALS_ALWAYS)
    world.fake_messenger.add_person(OWNER + 1)
    pass_days(world, 1.1, ticks=20)
    assert len(removed(world, shop)) == REMOVALS_ALWAYS
    assert reviews(world) == {("channel", "too_many_removals")}
    assert len([text for text in said(world, OWNER + 1) if "more than usual" in text]) == 1
    release_removals(world, shop.channel_id, BY)
    pass_days(world, 0.1, ticks=20)
    assert len(removed(world, shop)) == 2 * REMOVALS_ALWAYS
    assert reviews(world) == set()
    assert column(world, "SELECT action FROM audit_log WHERE actor = 'operator:ann'") == [
        "release_removals"
    ]


def test_what_is_not_stopped_is_not_released(world: World, shop: Shop) -> None:
    with pytest.raises(ActionRefusedError, match="no removals of this channel are stopped"):
        release_removals(world, shop.channel_id, BY)


def test_a_day_later_as_many_may_go_again(world: World, shop: Shop) -> None:
    crowd(world, shop, 2 * REMOVALS_ALWAYS)
    pass_days(world, 1.1, ticks=20)
    pass_days(world, 1.1, ticks=20)
    assert len(removed(world, shop)) == 2 * REMOVALS_ALWAYS
    assert reviews(world) == set()


def test_of_a_large_channel_a_fifth_may_go(world: World, shop: Shop) -> None:
    stay = [
        FormerMember(ANN + 1_000 + number, world.clock.now() + timedelta(days=50))
        for number in range(80)
    ]
    import_members(world, account_of(world, shop), shop.channel_id, stay)
    crowd(world, shop, 25)
    pass_days(world, 1.1, ticks=30)
    assert len(removed(world, shop)) == 21  # a fifth of 105
    assert reviews(world) == {("channel", "too_many_removals")}


def test_removals_at_once_keep_to_the_limit(world: World, shop: Shop) -> None:
    crowd(world, shop, REMOVALS_ALWAYS + 4)
    world.clock.pass_time(1.1 * DAY)
    ids = column(world, "SELECT id FROM memberships")
    events = [MemberRemovalDue(membership_id=one) for one in ids]
    together(*[partial(world.deliver, event) for event in events])
    assert len(removed(world, shop)) == REMOVALS_ALWAYS


# ---- what people ask -----------------------------------------------------------------------------


def test_access_is_shown_with_a_new_way_in(world: World, shop: Shop) -> None:
    """The link that was never used has expired, or leads in still."""
    buy(world, shop)
    world.run()
    [first] = world.invite_urls(ANN)
    world.update(ANN, AskAccess())
    world.run()
    assert world.invite_urls(ANN) == [first]
    assert len([m for m in world.fake_messenger.messages_to(ANN) if "once more" not in m.html]) >= 3
    pass_days(world, 2)
    world.update(ANN, AskAccess())
    world.run()
    [*_, fresh] = world.invite_urls(ANN)
    assert fresh != first
    assert world.join(ANN, fresh) == "requested"
    world.drain()
    assert is_inside(world, shop)
    assert "is open to you until" in " ".join(said(world, ANN))


def test_who_is_inside_gets_no_link(world: World, shop: Shop) -> None:
    come_in(world, shop)
    world.update(ANN, AskAccess())
    world.run()
    assert len(world.invite_urls(ANN)) == 1
    assert "already inside" in said(world, ANN)[-1]


def test_who_left_by_themselves_comes_back(world: World, shop: Shop) -> None:
    come_in(world, shop)
    world.fake_messenger.leave(shop.closed_chat_id, ANN)
    world.clock.pass_time(60)
    world.update(ANN, LeaveChat(shop.closed_chat_id, world.clock.now()))
    world.update(ANN, AskAccess())
    world.run()
    assert world.join(ANN, world.invite_urls(ANN)[-1]) == "requested"
    world.drain()
    assert is_inside(world, shop)


def test_who_lapsed_with_an_unused_link_is_declined_until_they_pay(
    world: World, shop: Shop
) -> None:
    buy(world, shop)
    world.run()
    change_access(world, account_of(world, shop), shop.channel_id, ANN, AccessChange.REVOKE)
    assert world.join(ANN, world.invite_urls(ANN)[0]) == "requested"
    world.drain()
    assert not is_inside(world, shop)
    assert column(world, "SELECT state FROM join_requests") == ["declined"]
    buy(world, shop)
    world.run()
    assert world.join(ANN, world.invite_urls(ANN)[-1]) == "requested"
    world.drain()
    assert is_inside(world, shop)


def test_a_lapsed_person_sees_the_way_back(world: World, shop: Shop) -> None:
    come_in(world, shop)
    pass_days(world, 31)
    world.update(ANN, AskAccess())
    world.run()
    last = world.fake_messenger.messages_to(ANN)[-1]
    assert "is over" in last.html
    assert [button.label for button in last.buttons] == ["Come back"]


def test_a_stranger_has_no_access(world: World) -> None:
    world.fake_messenger.add_person(STRANGER)
    world.update(STRANGER, AskAccess())
    world.run()
    assert "no access" in said(world, STRANGER)[-1]


def test_who_asks_and_asks_gets_one_answer_each_and_one_link_at_a_time(
    world: World, shop: Shop
) -> None:
    buy(world, shop)
    world.run()
    for _ in range(5):
        world.update(ANN, AskAccess())
    world.run()
    assert len(set(world.invite_urls(ANN))) == 1
    assert len(world.fake_messenger.links) == 1


def test_the_renew_button_opens_the_offer(world: World, shop: Shop) -> None:
    come_in(world, shop)
    pass_days(world, 27.5)
    [reminder] = [m for m in world.fake_messenger.messages_to(ANN) if "⏳" in m.html]
    [button] = reminder.buttons
    world.update(ANN, Press("press1", 7, str(button.callback_data)))
    world.run()
    assert "Pay $9.99" in [b.label for b in world.fake_messenger.messages_to(ANN)[-1].buttons]
    assert world.fake_messenger.answers == {"press1": None}


def test_a_renewal_offers_what_was_bought_as_long_as_it_is_sold(world: World, shop: Shop) -> None:
    come_in(world, shop, tier=1)
    links = shop.registered.offer_links
    with world.real_database.transaction() as tx:
        assert tx.channels.renewal_link(shop.channel_id, ANN) == links[1]
        assert tx.channels.renewal_link(shop.channel_id, STRANGER) == links[0]
    change(world, f"UPDATE tiers SET removed_at = '{world.clock.now()}' WHERE position = 2")
    with world.real_database.transaction() as tx:
        assert tx.channels.renewal_link(shop.channel_id, ANN) == links[0]
