"""The fake messenger and the real adapter keep the same promises."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared_lib.domain.message import Button, Message
from shared_lib.ports import (
    ChatMovedError,
    JoinOutcome,
    Messenger,
    PermanentError,
    Presence,
    RecipientUnreachableError,
    RetryableError,
    UnknownOutcomeError,
)
from tests.contract.messenger_worlds import (
    ANN,
    BEN,
    CLOSED,
    FOREIGN,
    NOT_IDEMPOTENT,
    OPERATIONS,
    RIGHTS,
    STRANGER,
    WRITES,
    FakeWorld,
    StandInWorld,
    World,
)
from tests.sandbox.telegram.harness import StandIn, free_port

URL = "https://t.me/+nothing"
ACTS: dict[str, Callable[[Messenger], object]] = {
    "username": lambda one: one.username(),
    "is_inside": lambda one: one.is_inside(CLOSED, ANN),
    "presence": lambda one: one.presence(CLOSED, ANN),
    "remove": lambda one: one.remove(CLOSED, ANN),
    "create_join_link": lambda one: one.create_join_link(CLOSED, "funnel-1", tomorrow()),
    "revoke_link": lambda one: one.revoke_link(CLOSED, URL),
    "approve": lambda one: one.approve(CLOSED, ANN),
    "decline": lambda one: one.decline(CLOSED, ANN),
    "send": lambda one: one.send(ANN, Message("Hello")),
    "edit": lambda one: one.edit(ANN, 1, Message("Hello")),
    "answer_press": lambda one: one.answer_press("1", None),
    "post": lambda one: one.post(CLOSED, Message("Hello")),
    "delete_message": lambda one: one.delete_message(CLOSED, 1),
    "missing_rights": lambda one: one.missing_rights(CLOSED, sorted(RIGHTS)),
}


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def make_link(world: World, name: str = "funnel-1") -> str:
    return world.messenger.create_join_link(CLOSED, name, tomorrow())


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    one = StandIn(free_port(), tmp_path_factory.mktemp("telegram") / "state.sqlite")
    one.start()
    yield one
    one.kill()


@pytest.fixture(params=["fake", "stand_in"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return FakeWorld()
    return StandInWorld(request.getfixturevalue("stand_in"))


def test_the_bot_knows_its_name(world: World) -> None:
    """Also when it is asked again."""
    assert {world.messenger.username() for _ in range(2)} == {world.bot}


def test_an_approved_requester_is_inside(world: World) -> None:
    """Request, approval, and a second approval of the same."""
    assert world.open_link(ANN, make_link(world)) == "requested"
    assert not world.messenger.is_inside(CLOSED, ANN)
    assert world.messenger.approve(CLOSED, ANN) is JoinOutcome.DONE
    assert world.messenger.is_inside(CLOSED, ANN)
    assert world.messenger.approve(CLOSED, ANN) is JoinOutcome.ALREADY_INSIDE
    world.leave(ANN)
    assert not world.messenger.is_inside(CLOSED, ANN)


def test_a_declined_requester_stays_outside_and_may_ask_again(world: World) -> None:
    url = make_link(world)
    world.open_link(ANN, url)
    assert world.messenger.decline(CLOSED, ANN) is JoinOutcome.DONE
    assert not world.messenger.is_inside(CLOSED, ANN)
    assert world.messenger.decline(CLOSED, ANN) is JoinOutcome.NO_REQUEST
    assert world.open_link(ANN, url) == "requested"


def test_a_request_that_is_not_there(world: World) -> None:
    """Never made, or taken back."""
    assert world.messenger.approve(CLOSED, BEN) is JoinOutcome.NO_REQUEST
    world.open_link(ANN, make_link(world))
    world.withdraw_request(ANN)
    assert world.messenger.approve(CLOSED, ANN) is JoinOutcome.NO_REQUEST
    assert not world.messenger.is_inside(CLOSED, ANN)


def test_a_link_lets_several_people_ask(world: World) -> None:
    url = make_link(world)
    assert [world.open_link(one, url) for one in (ANN, BEN)] == ["requested", "requested"]
    assert world.messenger.approve(CLOSED, BEN) is JoinOutcome.DONE
    assert not world.messenger.is_inside(CLOSED, ANN)


def test_each_link_is_new(world: World) -> None:
    assert make_link(world) != make_link(world)
    assert world.link_names() == ["funnel-1", "funnel-1"]


def test_a_revoked_link_leads_nowhere_and_may_be_revoked_again(world: World) -> None:
    url = make_link(world)
    for _ in range(2):
        world.messenger.revoke_link(CLOSED, url)
    assert world.open_link(ANN, url) == "revoked"


def test_a_name_of_32_characters_is_the_longest(world: World) -> None:
    make_link(world, "x" * 32)
    with pytest.raises(PermanentError):
        make_link(world, "x" * 33)
    assert world.link_names() == ["x" * 32]


def test_somebody_unknown_is_not_inside(world: World) -> None:
    assert not world.messenger.is_inside(CLOSED, STRANGER)


def test_members_by_any_way_are_inside(world: World) -> None:
    world.add_member(BEN)
    assert world.messenger.is_inside(CLOSED, BEN)


def test_whoever_runs_a_chat_is_nobody_for_us_to_remove(world: World) -> None:
    world.add_member(ANN)
    world.add_member(BEN)
    world.promote(BEN)
    assert world.messenger.presence(CLOSED, ANN) is Presence.INSIDE
    assert world.messenger.presence(CLOSED, BEN) is Presence.PROTECTED
    assert world.messenger.presence(CLOSED, STRANGER) is Presence.OUTSIDE
    with pytest.raises(PermanentError):
        world.messenger.remove(CLOSED, BEN)
    assert world.messenger.is_inside(CLOSED, BEN)


def test_who_was_removed_is_out_and_may_come_back(world: World) -> None:
    world.add_member(ANN)
    world.messenger.remove(CLOSED, ANN)
    assert world.messenger.presence(CLOSED, ANN) is Presence.OUTSIDE
    assert world.open_link(ANN, make_link(world)) == "requested"
    world.messenger.remove(CLOSED, ANN)  # of who is out nothing changes
    assert world.messenger.approve(CLOSED, ANN) is JoinOutcome.DONE
    assert world.messenger.is_inside(CLOSED, ANN)


def test_without_the_right_to_restrict_nobody_is_removed(world: World) -> None:
    world.add_member(ANN)
    world.set_rights(frozenset({"can_invite_users"}))
    with pytest.raises(PermanentError):
        world.messenger.remove(CLOSED, ANN)
    assert world.messenger.is_inside(CLOSED, ANN)


def test_messages_arrive(world: World) -> None:
    world.messenger.send(ANN, Message("first"))
    world.messenger.send(ANN, Message("second", (Button("Go", url="https://pay.example/1"),)))
    assert world.texts_to(ANN) == ["first", "second"]
    assert world.texts_to(BEN) == []


def test_who_cannot_be_written_to(world: World) -> None:
    world.block(ANN)
    for person in (ANN, STRANGER):
        with pytest.raises(RecipientUnreachableError):
            world.messenger.send(person, Message("Hello"))


def test_a_message_shows_something_else(world: World) -> None:
    """Also the same once more; what is gone, or another's, is refused."""
    world.messenger.send(ANN, Message("first"))
    shown = world.last_id_to(ANN)
    for _ in range(2):
        world.messenger.edit(ANN, shown, Message("second", (Button("Go", callback_data="go"),)))
    assert world.texts_to(ANN) == ["second"]
    for reader, message_id in ((ANN, shown + 100), (BEN, shown)):
        with pytest.raises(PermanentError):
            world.messenger.edit(reader, message_id, Message("third"))
    assert world.texts_to(ANN) == ["second"]


def test_a_press_is_answered_once_or_never(world: World) -> None:
    """An answer that comes too late is nobody's trouble."""
    world.messenger.send(ANN, Message("first", (Button("Go", callback_data="go"),)))
    first, late = world.press(ANN), world.press(ANN)
    world.messenger.answer_press(first, "Done")
    world.let_presses_age()
    world.messenger.answer_press(late, "Too late")
    assert (world.answer_to(first), world.answer_to(late)) == ("Done", None)


def test_what_is_posted_stands_until_it_is_deleted(world: World) -> None:
    world.set_rights(WRITES)
    ids = [world.messenger.post(CLOSED, Message(text)) for text in ("first", "second")]
    assert world.posts() == ["first", "second"]
    for _ in range(2):
        world.messenger.delete_message(CLOSED, ids[0])
    assert world.posts() == ["second"]


def test_without_the_right_to_post_nothing_is_posted(world: World) -> None:
    for rights in (RIGHTS, None):
        world.set_rights(rights)
        with pytest.raises(PermanentError):
            world.messenger.post(CLOSED, Message("Hello"))
    with pytest.raises(PermanentError):
        world.messenger.delete_message(CLOSED, 1)
    assert world.posts() == []


def test_missing_rights_come_in_the_order_of_the_question(world: World) -> None:
    needed = ["can_restrict_members", "can_post_messages", "can_invite_users"]
    assert world.messenger.missing_rights(CLOSED, needed) == ["can_post_messages"]
    world.set_rights(frozenset({"can_post_messages"}))
    expected = ["can_restrict_members", "can_invite_users"]
    assert world.messenger.missing_rights(CLOSED, needed) == expected
    for nothing in (frozenset[str](), None):
        world.set_rights(nothing)
        assert world.messenger.missing_rights(CLOSED, needed) == needed
    with pytest.raises(PermanentError):
        world.messenger.missing_rights(FOREIGN, needed)


def test_without_the_right_to_invite_nothing_is_done(world: World) -> None:
    url = make_link(world)
    world.open_link(ANN, url)
    world.set_rights(frozenset({"can_post_messages"}))
    for name in ("create_join_link", "revoke_link", "approve", "decline"):
        with pytest.raises(PermanentError):
            ACTS[name](world.messenger)
    assert world.open_link(BEN, url) == "requested"


def test_a_chat_where_the_bot_is_not(world: World) -> None:
    """An error, and never the answer that somebody is outside."""
    world.set_rights(None)
    for chat_id in (CLOSED, FOREIGN):
        with pytest.raises(PermanentError):
            world.messenger.is_inside(chat_id, ANN)
        with pytest.raises(PermanentError):
            world.messenger.create_join_link(chat_id, "funnel-1", tomorrow())


@pytest.mark.parametrize(
    "name", sorted(OPERATIONS.keys() - {"username", "send", "edit", "answer_press"})
)
def test_a_chat_that_has_moved_says_where_to(world: World, name: str) -> None:
    world.set_rights(WRITES)
    world.move_chat(CLOSED - 1)
    with pytest.raises(ChatMovedError) as caught:
        ACTS[name](world.messenger)
    assert (caught.value.old_id, caught.value.new_id) == (CLOSED, CLOSED - 1)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_flood_says_how_long_to_wait(world: World, name: str) -> None:
    world.flood(name)
    with pytest.raises(RetryableError) as caught:
        ACTS[name](world.messenger)
    assert caught.value.after_seconds == 7


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_an_answer_only_what_is_idempotent_is_asked_again(world: World, name: str) -> None:
    expected = UnknownOutcomeError if name in NOT_IDEMPOTENT else RetryableError
    world.drop(name)
    with pytest.raises(expected):
        ACTS[name](world.messenger)


def test_a_lost_answer_had_its_effect(world: World) -> None:
    url = make_link(world)
    world.open_link(ANN, url)
    for name in ("create_join_link", "send"):
        world.lose_answer(name)
        with pytest.raises(UnknownOutcomeError):
            ACTS[name](world.messenger)
    world.lose_answer("approve")
    with pytest.raises(RetryableError):
        world.messenger.approve(CLOSED, ANN)
    assert world.messenger.approve(CLOSED, ANN) is JoinOutcome.ALREADY_INSIDE
    assert (len(world.link_names()), world.texts_to(ANN)) == (2, ["Hello"])


def test_threads_do_not_disturb_each_other(world: World) -> None:
    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(lambda number: make_link(world, f"funnel-{number}"), range(12)))
    assert len(set(urls)) == 12
