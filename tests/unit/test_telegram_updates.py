"""Every update means exactly one thing, and none can make the bot stumble."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain.update import (
    AskDonate,
    AskForm,
    AskHelp,
    AskLanguage,
    AskLink,
    AskNews,
    AskRenew,
    AskStatus,
    AskTimeZone,
    AskToJoin,
    BlockBot,
    Cancel,
    ChangeRights,
    Greet,
    Ignore,
    Intent,
    LeaveChat,
    MoveChat,
    OpenDonation,
    OpenOffer,
    Press,
    Say,
)
from shared_lib.ports import Person
from shared_lib.runtime.telegram_updates import NotAnUpdateError, Update, read_update

ORDER = UUID("9b2f4c1e-0d3a-4b5c-8d6e-7f8091a2b3c4")
USER: dict[str, Any] = {
    "id": 42,
    "is_bot": False,
    "first_name": "Ada",
    "username": "ada",
    "language_code": "en",
}
ADA = Person(42, "Ada", "ada", "en")
PRIVATE = {"id": 42, "type": "private", "first_name": "Ada"}
CHANNEL: dict[str, Any] = {"id": -1001234567890, "type": "channel", "title": "Closed"}


def message(text: str | None, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    said = {"message_id": 1, "date": 1, "chat": chat, "from": USER}
    return {"update_id": 7, "message": said if text is None else said | {"text": text}}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("/start", Greet()),
        ("/start   ", Greet()),
        ("/start abcDEF_-123", OpenOffer("abcDEF_-123")),
        ("/start@funnel_bot abc", OpenOffer("abc")),
        ("/start " + "x" * 100, OpenOffer("x" * 64)),
        ("/start a\x00b\ud800", OpenOffer("ab?")),
        ("/status \ud800", AskStatus(None)),
        (f"/start status_{ORDER}", AskStatus(ORDER)),
        ("/start status_nonsense", OpenOffer("status_nonsense")),
        (f"/status {ORDER}", AskStatus(ORDER)),
        (f"  /status\n{ORDER}  ", AskStatus(ORDER)),
        ("/status", AskStatus(None)),
        ("/status my order", AskStatus(None)),
        ("/donate", AskDonate()),
        ("/donate 5", AskDonate()),
        ("/start donate_abcDEF_-123", OpenDonation("abcDEF_-123")),
        ("/start donate_", OpenDonation("")),
        ("/starting", Greet()),
        ("/help", AskHelp()),
        ("/renew", AskRenew()),
        ("/language", AskLanguage()),
        ("/notifications", AskNews()),
        ("/cancel", Cancel()),
        ("/cancel@some_bot now", Cancel()),
        ("/timezone", AskTimeZone("")),
        ("/timezone Europe/Madrid", AskTimeZone("Europe/Madrid")),
        ("/timezone " + "x" * 70, AskTimeZone("x" * 64)),
        ("/timezone a\x00b", AskTimeZone("ab")),
        ("/nothing_of_ours", Greet()),
        ("/database", AskForm()),
        ("/link", AskLink("")),
        ("/link abc-_1", AskLink("abc-_1")),
        ("hello", Say("hello")),
        ("a\x00b", Say("ab")),
        ("", Say("")),
        (None, Ignore()),
    ],
)
def test_what_people_say_in_private(text: str | None, intent: Intent) -> None:
    person = None if isinstance(intent, Ignore) else ADA
    assert read_update(message(text)) == Update(7, person, intent)


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
def test_what_is_said_elsewhere_is_not_said_to_the_bot(kind: str) -> None:
    said = message("/start abc", {"id": -5, "type": kind})
    assert read_update(said) == Update(7, None, Ignore())


def test_a_forwarded_post_names_its_chat() -> None:
    said = message("Some post")
    said["message"]["forward_origin"] = {"type": "channel", "date": 1, "chat": CHANNEL}
    assert read_update(said).intent == Say("Some post", CHANNEL["id"])
    said["message"]["forward_origin"] = {"type": "chat", "date": 1, "sender_chat": CHANNEL}
    del said["message"]["text"]
    assert read_update(said).intent == Say("", CHANNEL["id"])
    said["message"]["forward_origin"] = {"type": "hidden_user", "date": 1}
    assert read_update(said).intent == Ignore()


def test_a_chat_that_moves_says_where_to() -> None:
    said = message(None, {"id": -5, "type": "group"})
    said["message"]["migrate_to_chat_id"] = -1_001
    assert read_update(said).intent == MoveChat(-5, -1_001)


def test_bots_are_not_answered() -> None:
    said = message("/start abc")
    said["message"]["from"] = USER | {"is_bot": True}
    assert read_update(said).intent == Ignore()


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ({}, None),
        ({"invite_link": None}, None),
        ({"invite_link": {"invite_link": "https://t.me/+abc…"}}, None),
        ({"invite_link": {"invite_link": "https://t.me/+abc", "name": "inv-1"}}, "inv-1"),
    ],
)
def test_a_request_to_join_tells_the_link_s_name(link: dict[str, Any], name: str | None) -> None:
    request = {"chat": CHANNEL, "from": USER, "user_chat_id": 42, "date": 1_767_323_045} | link
    asked = AskToJoin(CHANNEL["id"], name, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert read_update({"update_id": 7, "chat_join_request": request}) == Update(7, ADA, asked)


@pytest.mark.parametrize(
    ("chat", "status", "intent"),
    [
        (PRIVATE, "kicked", BlockBot(blocked=True)),
        (PRIVATE, "member", BlockBot(blocked=False)),
        (PRIVATE, "restricted", Ignore()),
    ],
)
def test_blocking_is_told_in_private(chat: dict[str, Any], status: str, intent: Intent) -> None:
    change = {"chat": chat, "from": USER, "date": 1, "new_chat_member": {"status": status}}
    assert read_update({"update_id": 7, "my_chat_member": change}).intent == intent


MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("member", "rights"),
    [
        ({"status": "kicked"}, set()),
        ({"status": "member"}, set()),
        ({"status": "administrator"}, set()),
        (
            {"status": "administrator", "can_invite_users": True, "can_edit_messages": True},
            {"can_invite_users"},
        ),
    ],
)
def test_what_the_bot_may_do_in_a_chat_is_news(member: dict[str, Any], rights: set[str]) -> None:
    change = {"chat": CHANNEL, "from": USER, "date": 1_767_323_045, "new_chat_member": member}
    told = ChangeRights(CHANNEL["id"], frozenset(rights), MOMENT)
    assert read_update({"update_id": 7, "my_chat_member": change}).intent == told


@pytest.mark.parametrize(
    ("member", "is_out"),
    [
        ({"status": "left"}, True),
        ({"status": "kicked"}, True),
        ({"status": "restricted", "is_member": False}, True),
        ({"status": "restricted", "is_member": True}, False),
        ({"status": "member"}, False),
        ({"status": "administrator"}, False),
        ({"status": "something new"}, False),
    ],
)
def test_who_is_out_of_a_chat_is_told_by_whoever_did_it(
    member: dict[str, Any], is_out: bool
) -> None:
    """The person is the member, not the administrator who put them out."""
    admin = {"id": 99, "is_bot": False, "first_name": "Olga"}
    change = {"chat": CHANNEL, "from": admin, "date": 1_767_323_045}
    change["new_chat_member"] = member | {"user": USER}
    update = read_update({"update_id": 7, "chat_member": change})
    expected = Update(7, ADA, LeaveChat(CHANNEL["id"], MOMENT)) if is_out else None
    assert update == (expected or Update(7, None, Ignore()))


def pressed(**more: Any) -> dict[str, Any]:
    under = {"message_id": 5, "chat": PRIVATE, "date": 0}
    query = {"id": "4301", "from": USER, "message": under, "data": "d:1", "chat_instance": "1"}
    return {"update_id": 7, "callback_query": query | more}


def test_a_press_names_itself_its_message_and_what_the_button_carries() -> None:
    """Also under a message that is so old that Telegram shows nothing of it."""
    assert read_update(pressed()) == Update(7, ADA, Press("4301", 5, "d:1"))
    forged = "x\x00\ud800" * 40
    assert read_update(pressed(data=forged)).intent == Press("4301", 5, ("x?" * 40)[:64])


@pytest.mark.parametrize(
    "more",
    [{"message": None}, {"data": None}, {"message": {"message_id": 5, "chat": CHANNEL}}],
)
def test_other_presses_mean_nothing(more: dict[str, Any]) -> None:
    """Those under messages of others, of games, and in chats."""
    assert read_update(pressed(**more)) == Update(7, None, Ignore())


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "poll"])
def test_updates_of_other_kinds_are_ignored(kind: str) -> None:
    assert read_update({"update_id": 7, kind: {"id": "1"}}) == Update(7, None, Ignore())


@pytest.mark.parametrize(
    "document",
    [None, [], "update", 7, {}, {"update_id": "7"}, {"update_id": -1}, {"update_id": True}],
)
def test_without_an_id_it_is_no_update(document: Any) -> None:
    with pytest.raises(NotAnUpdateError):
        read_update(document)


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"message": "text"}, "message"),
        ({"message": {"chat": PRIVATE, "from": USER | {"id": 2**63}}}, "message.from.id"),
        ({"message": {"chat": PRIVATE, "text": 5}}, "message.text"),
        ({"callback_query": {"id": "a b", "from": USER}}, "callback_query.id"),
        ({"chat_join_request": {"chat": CHANNEL, "from": USER}}, "chat_join_request.date"),
    ],
)
def test_what_has_the_wrong_form_is_ignored_by_name(broken: dict[str, Any], fault: str) -> None:
    assert read_update({"update_id": 7} | broken) == Update(7, None, Ignore(), fault)


@given(st.text(max_size=80))
def test_any_text_has_a_meaning_that_can_be_stored(text: str) -> None:
    intent = read_update(message(f"/start {text}")).intent
    if isinstance(intent, OpenOffer):
        assert 0 < len(intent.link_id) <= 64
        assert "\x00" not in intent.link_id


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["chat", "from", "id", "type", "text", "date", "status"]), inner
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["message", "chat_join_request", "my_chat_member", "callback_query"]),
        json_values,
    )
)
def test_no_update_makes_it_stumble(document: dict[str, Any]) -> None:
    assert read_update(document | {"update_id": 7}).id == 7
