"""What owners hear of their channels, if they want to."""

import pytest

from shared_lib.domain.update import AskNews, Press
from tests.integration.usecases.support import ANN, BEN, buy, column, said, value
from tests.invariants import assert_sound
from tests.world import OWNER as FIRST_OWNER
from tests.world import Shop, World

OWNER = FIRST_OWNER + 1  # of the first shop


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def press(world: World, user_id: int, word: str) -> str | None:
    """What the press is answered with."""
    world.fake_messenger.add_person(user_id)
    world.update(user_id, Press("press", 7, f"n:{word}"))
    world.drain()
    return world.fake_messenger.answers["press"]


def news(world: World) -> list[str]:
    """The news of any kind, oldest first."""
    kinds = "('news_of_sale', 'news_of_sending', 'news_of_settling')"
    return column(world, f"SELECT kind FROM notices WHERE kind IN {kinds} ORDER BY created_at, id")


def test_nobody_is_told_who_did_not_ask_for_it(world: World, shop: Shop) -> None:
    buy(world, shop, ANN)
    world.run()
    assert news(world) == []


def test_an_owner_hears_of_a_sale_and_of_the_payout_on_its_way(world: World, shop: Shop) -> None:
    assert press(world, OWNER, "on") is None
    buy(world, shop, ANN)
    world.run()
    assert sorted(news(world)) == ["news_of_sale", "news_of_sending", "news_of_settling"]
    told = "\n".join(said(world, OWNER))
    assert "0.0025 ETH received, 0.002125 ETH of it yours" in told
    assert "on its way: 0.002125 ETH" in told
    assert "has arrived: 0.002125 ETH" in told
    assert shop.destination in told
    payout = value(world, "SELECT id FROM payouts")
    assert told.count(f"/status {payout}") == 2
    assert_sound(world)


def test_each_is_told_once_however_often_it_is_reported(world: World, shop: Shop) -> None:
    press(world, OWNER, "on")
    payment = buy(world, shop, ANN)
    for _ in range(3):
        world.call_back(payment)
        world.run()
    assert len(news(world)) == 3


def test_an_owner_hears_of_nobody_else_s_channel(world: World, shop: Shop) -> None:
    world.open_shop(2)
    press(world, OWNER + 1, "on")
    buy(world, shop, ANN)
    world.run()
    assert news(world) == []


def test_it_can_be_turned_off_again(world: World, shop: Shop) -> None:
    press(world, OWNER, "on")
    press(world, OWNER, "off")
    buy(world, shop, ANN)
    world.run()
    assert news(world) == []
    world.update(OWNER, AskNews())
    world.drain()
    assert "You are not told here of sales" in said(world, OWNER)[-1]


def test_who_owns_nothing_yet_can_choose_beforehand(world: World) -> None:
    for _ in range(2):
        press(world, BEN, "on")
    assert value(world, "SELECT wants_news FROM accounts") is True
