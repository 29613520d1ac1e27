"""What owners do by hand about who is let into their channel, and for how long."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared_lib.domain.offer import DAYS_MOST, USER_ID_MOST
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.domain.update import OpenOffer
from shared_lib.ports import Person
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.grant_access import Grant, grant_access
from shared_lib.usecases.import_members import (
    AHEAD_MOST,
    MEMBERS_MOST,
    FormerMember,
    Imported,
    InvalidMembersError,
    import_members,
)
from tests.databases import together
from tests.integration.usecases.support import (
    ANN,
    BEN,
    STRANGER,
    account_of,
    buy,
    change,
    column,
    reviews,
    said,
    state_of,
    value,
)
from tests.world import Shop, World

DAY = timedelta(days=1)


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    for person in (ANN, BEN):
        with world.real_database.transaction() as tx:
            tx.people.seen(Person(person, "Person", None, "en"), world.clock.now())
        world.fake_messenger.add_person(person)
    return world.open_shop()


def grant(
    world: World, shop: Shop, person: int, days: int | None = 30, wish: UUID | None = None
) -> None:
    """The owner lets somebody in."""
    given = Grant(wish or uuid4(), person, days)
    grant_access(world, account_of(world, shop), shop.channel_id, given)
    world.publish()


def act(world: World, shop: Shop, person: int, wanted: AccessChange) -> None:
    """The owner changes somebody's access."""
    change_access(world, account_of(world, shop), shop.channel_id, person, wanted)
    world.publish()


def bring(world: World, shop: Shop, *members: tuple[int, timedelta]) -> dict[int, Imported]:
    """The owner imports members whose access ends after these times."""
    now = world.clock.now()
    rows = [FormerMember(person, now + left) for person, left in members]
    return import_members(world, account_of(world, shop), shop.channel_id, rows)


def ends_at(world: World, person: int) -> datetime | None:
    found: datetime | None = value(
        world, f"SELECT access_ends_at FROM memberships WHERE telegram_user_id = {person}"
    )
    return found


def join(world: World, shop: Shop, person: int, url: str | None = None) -> bool:
    """Ask to join by the newest link; whether that person is inside then."""
    world.join(person, url or world.invite_urls(person)[-1])
    world.run()
    return world.fake_messenger.is_inside(shop.closed_chat_id, person)


def audited(world: World) -> list[str]:
    return column(world, "SELECT action FROM audit_log ORDER BY id")


# ---- grants --------------------------------------------------------------------------------------


def test_a_grant_lets_somebody_in_without_a_payment(world: World, shop: Shop) -> None:
    granted_at = world.clock.now()
    grant(world, shop, ANN)
    world.run()
    assert "owner has given you access" in said(world, ANN)[-1]
    assert join(world, shop, ANN)
    assert ends_at(world, ANN) == granted_at + 30 * DAY
    assert state_of(world, "invites") == ["used"]
    assert column(world, "SELECT id FROM payments") == []
    assert audited(world)[-1] == "grant_access"


@pytest.mark.parametrize("at_once", [False, True])
def test_the_same_wish_grants_once(world: World, shop: Shop, *, at_once: bool) -> None:
    wish = uuid4()
    if at_once:
        owner = account_of(world, shop)
        given = Grant(wish, ANN, 30)
        together(*[lambda: grant_access(world, owner, shop.channel_id, given)] * 8)
    else:
        for _ in range(3):
            grant(world, shop, ANN, 30, wish)
            world.clock.pass_time(60)
    assert value(world, "SELECT count(*) FROM membership_periods") == 1
    assert value(world, "SELECT count(*) FROM invites") == 1
    assert audited(world).count("grant_access") == 1


def test_days_are_added_after_those_that_were_paid_for(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.run()
    join(world, shop, ANN)
    paid_until = ends_at(world, ANN)
    assert paid_until is not None
    grant(world, shop, ANN, 5)
    world.run()
    assert ends_at(world, ANN) == paid_until + 5 * DAY
    assert "owner has given you access" in said(world, ANN)[-1]
    assert "already inside" in said(world, ANN)[-1]


def test_access_for_life_can_be_granted_once(world: World, shop: Shop) -> None:
    grant(world, shop, ANN, None)
    assert ends_at(world, ANN) is None
    with pytest.raises(ActionRefusedError, match="for life already"):
        grant(world, shop, ANN)


@pytest.mark.parametrize("days", [0, -1, DAYS_MOST + 1])
def test_days_out_of_range_are_refused(world: World, shop: Shop, days: int) -> None:
    with pytest.raises(ActionRefusedError, match=f"days: must be 1 to {DAYS_MOST}"):
        grant(world, shop, ANN, days)


def test_whom_the_bot_cannot_write_to_is_not_granted_anything(world: World, shop: Shop) -> None:
    with pytest.raises(ActionRefusedError, match="has not started the bot"):
        grant(world, shop, STRANGER)
    assert column(world, "SELECT id FROM memberships") == []


def test_a_wish_cannot_be_used_for_somebody_else(world: World, shop: Shop) -> None:
    wish = uuid4()
    grant(world, shop, ANN, 30, wish)
    with pytest.raises(ActionRefusedError, match="another person"):
        grant(world, shop, BEN, 30, wish)
    assert column(world, "SELECT telegram_user_id FROM memberships") == [ANN]


def test_nobody_can_act_on_another_accounts_channel(world: World, shop: Shop) -> None:
    """It is answered as if there were none."""
    stranger, channel = uuid4(), shop.channel_id
    for wanted in (
        lambda: grant_access(world, stranger, channel, Grant(uuid4(), ANN, 30)),
        lambda: change_access(world, stranger, channel, ANN, AccessChange.BLOCK),
        lambda: import_members(
            world, stranger, channel, [FormerMember(ANN, world.clock.now() + DAY)]
        ),
    ):
        with pytest.raises(ActionRefusedError, match="no such channel"):
            wanted()
    assert column(world, "SELECT id FROM memberships") == []


# ---- access taken --------------------------------------------------------------------------------


def test_revoked_access_is_over_at_once_and_can_be_bought_again(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.run()
    unused = world.invite_urls(ANN)[-1]
    act(world, shop, ANN, AccessChange.REVOKE)
    assert ends_at(world, ANN) == world.clock.now()
    world.run()
    assert "has ended your access" in said(world, ANN)[-1]
    assert not join(world, shop, ANN, unused)
    world.clock.pass_time(60)
    buy(world, shop)
    world.run()
    assert join(world, shop, ANN)


def test_periods_that_were_to_follow_are_cut_too(world: World, shop: Shop) -> None:
    for days in (10, 20, None):
        grant(world, shop, ANN, days)
    world.clock.pass_time(3_600)
    act(world, shop, ANN, AccessChange.REVOKE)
    cut = column(world, "SELECT cut_at - starts_at FROM membership_periods ORDER BY starts_at")
    assert cut == [timedelta(hours=1), timedelta(0), timedelta(0)]
    grant(world, shop, ANN, 5)
    assert ends_at(world, ANN) == world.clock.now() + 5 * DAY


def test_what_is_over_already_stays_as_it_is(world: World, shop: Shop) -> None:
    grant(world, shop, ANN, 1)
    world.clock.pass_time(2 * 86_400)
    before = world.rows("SELECT * FROM memberships")
    act(world, shop, ANN, AccessChange.REVOKE)
    assert world.rows("SELECT * FROM memberships") == before
    assert "change_access" not in audited(world)


@pytest.mark.parametrize("wanted", [AccessChange.REVOKE, AccessChange.BLOCK])
def test_it_is_done_once_and_told_once(world: World, shop: Shop, wanted: AccessChange) -> None:
    grant(world, shop, ANN)
    owner = account_of(world, shop)
    together(*[lambda: change_access(world, owner, shop.channel_id, ANN, wanted)] * 6)
    world.publish()
    world.run()
    assert audited(world).count("change_access") == 1
    assert sum("has ended your access" in text for text in said(world, ANN)) == 1


def test_whom_nobody_knows_has_nothing_to_lose(world: World, shop: Shop) -> None:
    for wanted in (AccessChange.REVOKE, AccessChange.UNBLOCK):
        with pytest.raises(ActionRefusedError, match="no such member"):
            act(world, shop, STRANGER, wanted)
    with pytest.raises(ActionRefusedError, match="no such member"):
        act(world, shop, USER_ID_MOST + 1, AccessChange.BLOCK)


def test_a_person_who_is_being_removed_is_left_to_that(world: World, shop: Shop) -> None:
    grant(world, shop, ANN)
    change(world, "UPDATE memberships SET state = 'removing', let_in_at = created_at")
    with pytest.raises(ActionRefusedError, match="being removed"):
        act(world, shop, ANN, AccessChange.BLOCK)
    change(world, "UPDATE memberships SET state = 'active', let_in_at = NULL")


# ---- blocked -------------------------------------------------------------------------------------


def test_somebody_blocked_is_offered_nothing_until_unblocked(world: World, shop: Shop) -> None:
    act(world, shop, ANN, AccessChange.BLOCK)
    tap(world, shop)
    assert column(world, "SELECT id FROM orders") == []
    assert "has blocked you" in said(world, ANN)[-1]
    with pytest.raises(ActionRefusedError, match="blocked; lift that first"):
        grant(world, shop, ANN)
    act(world, shop, ANN, AccessChange.UNBLOCK)
    buy(world, shop)
    world.run()
    assert join(world, shop, ANN)


def tap(world: World, shop: Shop) -> None:
    """Ann opens the offer."""
    link = OpenOffer(shop.registered.offer_links[0])
    world.update(ANN, link)
    world.run()


def test_a_blocked_person_whose_payment_lands_is_not_let_in_and_the_money_is_seen(
    world: World, shop: Shop
) -> None:
    """They were blocked after the invoice was made; what to do about it is for a person."""
    invoice = world.order(ANN, shop)
    act(world, shop, ANN, AccessChange.BLOCK)
    world.finish(invoice)
    world.run()
    assert reviews(world) == {("payment", "payer_blocked")}
    assert column(world, "SELECT state FROM payer_credits") == ["to_refund"]
    assert column(world, "SELECT state FROM memberships") == ["blocked"]
    assert column(world, "SELECT id FROM shares") == []
    assert world.invite_urls(ANN) == []


def test_a_link_from_before_lets_nobody_in_who_is_blocked(world: World, shop: Shop) -> None:
    grant(world, shop, ANN)
    world.run()
    url = world.invite_urls(ANN)[-1]
    act(world, shop, ANN, AccessChange.BLOCK)
    assert not join(world, shop, ANN, url)


# ---- imported ------------------------------------------------------------------------------------


def test_imported_members_keep_what_they_have_paid_for_elsewhere(world: World, shop: Shop) -> None:
    done = bring(world, shop, (STRANGER, 40 * DAY), (ANN, 3 * DAY))
    assert done == {ANN: Imported.ADDED, STRANGER: Imported.ADDED}
    assert ends_at(world, STRANGER) == world.clock.now() + 40 * DAY
    assert column(world, "SELECT let_in_at FROM memberships") == [world.clock.now()] * 2
    assert column(world, "SELECT id FROM invites") == []
    assert audited(world).count("import_members") == 2


def test_an_import_again_changes_nothing_and_never_takes_anything(world: World, shop: Shop) -> None:
    grant(world, shop, BEN, None)
    now = world.clock.now()
    rows = [FormerMember(ANN, now + 9 * DAY), FormerMember(BEN, now + DAY)]
    owner = account_of(world, shop)
    together(*[lambda: import_members(world, owner, shop.channel_id, rows)] * 6)
    assert ends_at(world, ANN) == now + 9 * DAY
    assert ends_at(world, BEN) is None
    assert value(world, "SELECT count(*) FROM membership_periods") == 2
    shorter = bring(world, shop, (ANN, 2 * DAY))
    assert shorter == {ANN: Imported.KEPT}
    assert ends_at(world, ANN) == now + 9 * DAY
    assert bring(world, shop, (ANN, 12 * DAY)) == {ANN: Imported.ADDED}
    assert ends_at(world, ANN) == now + 12 * DAY


def test_an_import_brings_nobody_back_who_is_blocked(world: World, shop: Shop) -> None:
    act(world, shop, ANN, AccessChange.BLOCK)
    assert bring(world, shop, (ANN, DAY), (BEN, DAY)) == {
        ANN: Imported.BLOCKED,
        BEN: Imported.ADDED,
    }


def test_an_import_names_every_row_that_breaks_a_rule_and_takes_none(
    world: World, shop: Shop
) -> None:
    now = world.clock.now()
    rows = [
        FormerMember(ANN, now + DAY),
        FormerMember(ANN, now + DAY),
        FormerMember(0, now + DAY),
        FormerMember(USER_ID_MOST + 1, now + DAY),
        FormerMember(BEN, now),
        FormerMember(BEN + 1, now + AHEAD_MOST + DAY),
        FormerMember(BEN + 2, (now + DAY).replace(tzinfo=None)),
    ]
    with pytest.raises(InvalidMembersError) as refused:
        import_members(world, account_of(world, shop), shop.channel_id, rows)
    assert [one.field for one in refused.value.problems] == [
        "members[1].telegram_user_id",
        "members[2].telegram_user_id",
        "members[3].telegram_user_id",
        "members[4].access_ends_at",
        "members[5].access_ends_at",
        "members[6].access_ends_at",
    ]
    assert column(world, "SELECT id FROM memberships") == []


@pytest.mark.parametrize("number", [0, MEMBERS_MOST + 1])
def test_an_import_has_a_size(world: World, shop: Shop, number: int) -> None:
    with pytest.raises(InvalidMembersError, match=f"members: must be 1 to {MEMBERS_MOST}"):
        bring(world, shop, *[(ANN + one, DAY) for one in range(number)])
