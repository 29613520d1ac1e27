"""An owner's account of the dashboard and theirs in Telegram become one."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared_lib.domain.update import AskForm, AskLink
from shared_lib.usecases.link_account import issue_link_code
from tests.databases import together
from tests.integration.usecases.support import ANN, BEN, buy, column, said, value
from tests.invariants import assert_sound
from tests.world import OWNER as FIRST_OWNER
from tests.world import Shop, World

OWNER = FIRST_OWNER + 1  # of the first shop


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def login(world: World, email: str = "ann@example.com") -> UUID:
    """An account of the dashboard, as somebody has who signed up there."""
    account = uuid4()
    world.rows(
        "INSERT INTO accounts (id, email, created_at) "
        f"VALUES ('{account}', '{email}', '2026-11-01 12:00Z')"
    )
    return account


def link(world: World, user_id: int, code: str) -> str:
    """What the bot answers to a code."""
    world.fake_messenger.add_person(user_id)
    world.update(user_id, AskLink(code))
    world.drain()
    return said(world, user_id)[-1]


def owner_of(world: World, account: UUID) -> int | None:
    found: int | None = value(
        world, f"SELECT telegram_user_id FROM accounts WHERE id = '{account}'"
    )
    return found


def test_who_was_nobody_here_gets_the_account(world: World) -> None:
    account = login(world)
    assert "are one now" in link(world, ANN, issue_link_code(world, account))
    assert owner_of(world, account) == ANN
    assert value(world, "SELECT count(*) FROM accounts") == 1


def test_what_began_in_telegram_becomes_part_of_it(world: World, shop: Shop) -> None:
    """The channel goes on as before: sales are paid out, and its owner is asked in Telegram."""
    account = login(world)
    assert "are one now" in link(world, OWNER, issue_link_code(world, account))
    assert column(world, "SELECT account_id FROM channels") == [account]
    assert column(world, "SELECT joined_to FROM accounts WHERE joined_to IS NOT NULL") == [account]
    world.update(OWNER, AskForm())
    world.drain()
    shown = world.fake_messenger.messages_to(OWNER)[-1]
    assert "Channel 1" in [one.label for row in shown.keyboard for one in row]
    buy(world, shop, BEN)
    world.run()
    assert column(world, "SELECT state FROM payouts") == ["settled"]
    assert value(world, "SELECT count(*) FROM audit_log WHERE action = 'link_account'") == 1
    assert_sound(world)


def test_without_a_code_the_bot_says_how(world: World) -> None:
    assert "ask there for a code" in link(world, ANN, "")


@pytest.mark.parametrize("code", ["nonsense", "x" * 22, "'; DROP TABLE accounts; --"])
def test_a_code_that_is_none_changes_nothing(world: World, code: str) -> None:
    account = login(world)
    assert "not good" in link(world, ANN, code)
    assert owner_of(world, account) is None


def test_a_code_is_good_once_and_for_a_quarter_of_an_hour(world: World) -> None:
    account = login(world)
    code = issue_link_code(world, account)
    assert "are one now" in link(world, ANN, code)
    assert "not good" in link(world, BEN, code)
    other = login(world, "ben@example.com")
    late = issue_link_code(world, other)
    world.clock.pass_time(15 * 60)
    assert "not good" in link(world, BEN, late)
    assert owner_of(world, other) is None


def test_another_code_makes_the_last_one_worthless(world: World) -> None:
    account = login(world)
    first, second = issue_link_code(world, account), issue_link_code(world, account)
    assert "not good" in link(world, BEN, first)
    assert "are one now" in link(world, ANN, second)


def test_a_code_is_kept_nowhere(world: World) -> None:
    code = issue_link_code(world, login(world))
    link(world, ANN, code)
    for table in ("one_time_tokens", "notices", "audit_log", "outbox", "inbox"):
        assert code not in str(world.rows(f"SELECT * FROM {table}"))


def test_who_belongs_to_another_login_is_refused(world: World) -> None:
    first, second = login(world), login(world, "other@example.com")
    link(world, ANN, issue_link_code(world, first))
    code = issue_link_code(world, second)
    assert "belongs to another account" in link(world, ANN, code)
    assert (owner_of(world, first), owner_of(world, second)) == (ANN, None)
    assert "are one now" in link(world, BEN, code)  # the code was not used up


def test_a_login_of_somebody_else_is_refused(world: World) -> None:
    account = login(world)
    link(world, ANN, issue_link_code(world, account))
    assert "another Telegram account" in link(world, BEN, issue_link_code(world, account))
    assert owner_of(world, account) == ANN


def test_linking_again_changes_nothing(world: World) -> None:
    account = login(world)
    for _ in range(2):
        assert "are one now" in link(world, ANN, issue_link_code(world, account))
    assert owner_of(world, account) == ANN


def test_more_channels_than_an_account_may_have_are_refused(world: World, shop: Shop) -> None:
    account = login(world)
    for number in range(10):
        world.open_shop(20 + number)
    world.rows(f"UPDATE channels SET account_id = '{account}' WHERE id <> '{shop.channel_id}'")
    assert "at most 10 channels" in link(world, OWNER, issue_link_code(world, account))
    assert owner_of(world, account) is None


def test_two_who_send_one_code_at_once_are_one(world: World) -> None:
    account = login(world)
    code = issue_link_code(world, account)
    together(
        lambda: world.update(ANN, AskLink(code), 900_001),
        lambda: world.update(BEN, AskLink(code), 900_002),
    )
    assert owner_of(world, account) in (ANN, BEN)
    used = value(world, "SELECT used_at FROM one_time_tokens")
    assert world.clock.now() - used < timedelta(seconds=1)


def test_two_who_send_each_other_s_codes_at_once_are_both_refused(world: World) -> None:
    """Accounts are locked in one order, so that neither waits for the other."""
    first, second = login(world), login(world, "ben@example.com")
    link(world, ANN, issue_link_code(world, first))
    link(world, BEN, issue_link_code(world, second))
    anns, bens = issue_link_code(world, first), issue_link_code(world, second)
    together(
        lambda: world.update(ANN, AskLink(bens), 900_001),
        lambda: world.update(BEN, AskLink(anns), 900_002),
    )
    assert (owner_of(world, first), owner_of(world, second)) == (ANN, BEN)


def test_an_update_that_comes_again_says_nothing_more(world: World) -> None:
    code = issue_link_code(world, login(world))
    world.fake_messenger.add_person(ANN)
    for _ in range(2):
        world.update(ANN, AskLink(code), 900_001)
        world.drain()
    assert len(said(world, ANN)) == 1
