"""Many invites at once, and whatever Telegram may answer: nobody is ever sent two links.

The adapter is the real one, and what it speaks to has its own process.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared_lib.adapters.telegram import TelegramMessenger
from shared_lib.ports import LeaseHeldError, Person
from shared_lib.usecases.grant_access import Grant, grant_access
from shared_lib.usecases.send_invite import send_invite
from tests.databases import together
from tests.integration.usecases.support import account_of, column
from tests.sandbox.telegram.harness import TOKEN, StandIn, free_port, http
from tests.world import Shop, World

FIRST = 6_100_000_001
MANY, AT_ONCE = 200, 50
RIGHTS = ("can_invite_users", "can_restrict_members", "can_post_messages")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    one = StandIn(free_port(), tmp_path_factory.mktemp("telegram") / "state.sqlite")
    one.start()
    yield one
    one.kill()


@pytest.fixture
def shop(world: World, stand_in: StandIn) -> Shop:
    """A channel that both the product and the messenger's own process know."""
    # A link's end is judged by the other process's clock too.
    world.clock.moment = datetime.now(UTC)
    world.top_up()
    shop = world.open_shop()
    stand_in.post("reset")
    http("DELETE", f"{stand_in.url}/_sandbox/faults")
    stand_in.post("users", id=FIRST - 1, first_name="Owner")
    chat = {"title": "Closed", "type": "channel", "owner_id": FIRST - 1}
    rights = dict.fromkeys(RIGHTS, True)
    stand_in.post("chats", id=shop.closed_chat_id, **chat, bot_rights=rights)
    world.messenger = TelegramMessenger(token=TOKEN, base_url=stand_in.url, call_seconds=2)
    world.set_policy(telegram_messages_per_second=10_000)
    return shop


def invited(world: World, shop: Shop, stand_in: StandIn, number: int) -> list[UUID]:
    """So many people have access, and an invite each that is not sent yet."""
    account = account_of(world, shop)
    for person in range(FIRST, FIRST + number):
        stand_in.post("users", id=person, first_name="Somebody")
        stand_in.post("say", user_id=person, text="/start")
        with world.real_database.transaction() as tx:
            tx.people.seen(Person(person, "Somebody", None, "en"), world.clock.now())
        grant_access(world, account, shop.channel_id, Grant(uuid4(), person, 30))
    world.publish()
    world.queue.clear()
    return column(world, "SELECT id FROM invites ORDER BY id")


def links_to(stand_in: StandIn, person: int) -> set[str]:
    """Every different link that a person was sent."""
    shown = stand_in.show("messages", user_id=person)
    buttons = [button for message in shown for button in message["buttons"]]
    return {button["url"] for button in buttons if "Join" in button["text"]}


def assert_each_got_one(world: World, stand_in: StandIn, number: int) -> None:
    counts = [len(links_to(stand_in, person)) for person in range(FIRST, FIRST + number)]
    assert counts == [1] * number
    assert set(column(world, "SELECT state FROM invites")) == {"live"}


def test_two_hundred_in_a_row(world: World, shop: Shop, stand_in: StandIn) -> None:
    for invite_id in invited(world, shop, stand_in, MANY):
        send_invite(world, invite_id)
    assert_each_got_one(world, stand_in, MANY)


def test_fifty_at_once(world: World, shop: Shop, stand_in: StandIn) -> None:
    """Each in a thread with an event loop and a connection of its own."""
    ids = invited(world, shop, stand_in, AT_ONCE)
    together(*[partial(send_invite, world, one) for one in ids])
    assert_each_got_one(world, stand_in, AT_ONCE)


def body(code: int, text: str) -> str:
    return f'{{"ok": false, "error_code": {code}, "description": "{text}"}}'


FAULTS: dict[str, dict[str, Any]] = {
    "429 for a minute": {"kind": "custom", "name": "flood", "values": {"retry_after": 60}},
    "500": {"kind": "answer", "status": 500, "body": body(500, "Internal Server Error")},
    "502 of a proxy": {"kind": "answer", "status": 502, "body": "<html>Bad Gateway</html>"},
    "garbage": {"kind": "answer", "status": 200, "body": "<html>hello</html>"},
    "half an answer": {"kind": "answer", "status": 200, "body": '{"ok": true, "result": {}}'},
    "no answer": {"kind": "drop"},
    "a lost answer": {"kind": "lose_answer"},
    "not enough rights": {
        "kind": "answer",
        "status": 400,
        "body": body(400, "Bad Request: not enough rights to manage chat invite link"),
    },
}
CALLS = ("getChatMember", "createChatInviteLink", "sendMessage")


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_telegram_answers_one_link_is_delivered_in_the_end(
    world: World, shop: Shop, stand_in: StandIn, operation: str, fault: str
) -> None:
    [invite_id] = invited(world, shop, stand_in, 1)
    stand_in.post("faults", operation=operation, times=2, **FAULTS[fault])
    for _ in range(12):
        _try(lambda: send_invite(world, invite_id))
        world.clock.pass_time(200)
        stand_in.post("clock", advance_seconds=200)
    assert_each_got_one(world, stand_in, 1)


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except LeaseHeldError:
        return


def test_who_has_blocked_the_bot_is_asked_about_after_a_day(
    world: World, shop: Shop, stand_in: StandIn
) -> None:
    """Nothing was delivered, and access is untouched: `/access` brings the way in."""
    [invite_id] = invited(world, shop, stand_in, 1)
    stand_in.post("block", user_id=FIRST)
    for _ in range(30):
        send_invite(world, invite_id)
        world.clock.pass_time(3_600)
    assert column(world, "SELECT state FROM invites") == ["review"]
    assert links_to(stand_in, FIRST) == set()
    assert column(world, "SELECT state FROM memberships") == ["active"]
    assert column(
        world, f"SELECT blocked_at IS NOT NULL FROM telegram_users WHERE id = {FIRST}"
    ) == [True]
