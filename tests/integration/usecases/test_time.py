"""A day is 24 hours, wherever the process, the database or the calendar stands."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pg8000.native
import pytest

from shared_lib.adapters.postgres.database import Connect
from shared_lib.usecases.register_channel import NewTier
from tests.integration.usecases.support import ANN, buy, said, tick, value
from tests.world import Shop, World

DAY = 86_400
# The moments from which 30 days run over something special.
MOMENTS = {
    "onto 29 February": datetime(2028, 1, 30, 12, 0, tzinfo=UTC),
    "from 29 February": datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
    "no 29 February": datetime(2027, 1, 30, 12, 0, tzinfo=UTC),
    "into summer time in Europe": datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
    "into summer time in New York": datetime(2027, 3, 14, 6, 30, tzinfo=UTC),
    "out of summer time in New York": datetime(2027, 11, 7, 5, 30, tzinfo=UTC),
    "over the turn of the year": datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
}


@pytest.fixture(params=["UTC", "America/New_York", "Pacific/Auckland"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """This process's own time zone."""
    name = str(request.param)
    monkeypatch.setenv("TZ", name)
    time.tzset()
    yield name
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def connect(connect: Connect, zone: str) -> Connect:
    """Connections whose sessions stand in that zone too."""

    def made() -> pg8000.native.Connection:
        connection = connect()
        connection.run(f"SET TIME ZONE '{zone}'")
        return connection

    return made


@pytest.mark.parametrize("case", MOMENTS)
def test_thirty_days_are_720_hours(world: World, shop: Shop, case: str) -> None:
    start = MOMENTS[case]
    world.clock.moment = start
    buy(world, shop)
    world.drain()
    ends_at = start + timedelta(hours=720)
    assert value(world, "SELECT access_ends_at FROM memberships") == ends_at
    assert value(world, "SELECT starts_at FROM membership_periods") == start
    assert value(world, "SELECT link_expires_at FROM invites") == start + timedelta(hours=24)
    shown = f"until {ends_at.day} {ends_at:%B %Y, %H:%M} UTC"
    assert any(shown in text for text in said(world, ANN))


def test_a_renewal_begins_where_the_access_before_it_ends(world: World) -> None:
    """Over both changes of the clock, and a leap day."""
    start = datetime(2027, 10, 1, 3, 30, tzinfo=UTC)
    world.clock.moment = start
    shop = world.open_shop(tiers=[NewTier(999, 100)])
    for _ in range(3):
        buy(world, shop)
        world.drain()
        world.clock.pass_time(10)
    assert value(world, "SELECT access_ends_at FROM memberships") == start + timedelta(days=300)


def test_access_ends_on_the_second(world: World, shop: Shop) -> None:
    world.clock.moment = MOMENTS["into summer time in New York"]
    buy(world, shop)
    world.drain()
    [url] = world.invite_urls(ANN)
    ends_at = value(world, "SELECT access_ends_at FROM memberships")
    with world.real_database.transaction() as tx:
        membership = tx.memberships.get(shop.channel_id, ANN)
    assert membership is not None
    assert membership.may_enter(ends_at - timedelta(seconds=1))
    assert not membership.may_enter(ends_at)
    assert url


def test_an_order_stays_open_for_a_week_of_hours(world: World, shop: Shop) -> None:
    world.clock.moment = MOMENTS["into summer time in Europe"]
    world.order(ANN, shop)
    tick(world, 7 * DAY - 1)
    assert value(world, "SELECT state FROM orders") == "open"
    tick(world, 60)
    assert value(world, "SELECT state FROM orders") == "expired"
