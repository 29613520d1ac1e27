"""How the adapter asks the Bot API, and what the answers mean."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared_lib.domain.message import Button, Message
from shared_lib.ports import (
    JoinOutcome,
    PermanentError,
    RecipientUnreachableError,
    UnknownOutcomeError,
)
from tests.unit.telegram_server import (
    ACTS,
    ANN,
    CHAT,
    SOON,
    TOKEN,
    URL,
    Telegram,
    failure,
    invite_link,
    listening,
    sent_message,
    user,
)


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    with listening() as one:
        yield one


# ---- what is asked -------------------------------------------------------------------------------


def test_only_the_method_itself_is_called(telegram: Telegram) -> None:
    telegram.answers({"status": "left", "user": user()})
    assert telegram.messenger().is_inside(CHAT, ANN) is False
    fields = {"chat_id": str(CHAT), "user_id": str(ANN)}
    assert telegram.asked == [(f"/bot{TOKEN}/getChatMember", fields)]


def test_a_link_asks_for_requests_and_has_no_limit_of_members(telegram: Telegram) -> None:
    telegram.answers(invite_link())
    assert telegram.messenger().create_join_link(CHAT, "funnel-1", SOON) == URL
    ((_, fields),) = telegram.asked
    assert fields == {
        "chat_id": str(CHAT),
        "name": "funnel-1",
        "expire_date": str(int(SOON.timestamp())),
        "creates_join_request": "true",
    }


def test_a_long_name_is_refused_before_the_call(telegram: Telegram) -> None:
    with pytest.raises(PermanentError):
        telegram.messenger().create_join_link(CHAT, "x" * 33, SOON)
    assert telegram.asked == []


def test_a_link_that_lets_anybody_in_is_no_success(telegram: Telegram) -> None:
    telegram.answers(invite_link(creates_join_request=False))
    assert type(failure(telegram, "create_join_link")) is UnknownOutcomeError


def test_a_message_is_html_without_previews_with_a_button_in_each_row(telegram: Telegram) -> None:
    telegram.answers(sent_message())
    buttons = (Button("Pay", url="https://pay.example/1"), Button("Да", callback_data="yes"))
    telegram.messenger().send(ANN, Message("<b>Hi</b>", buttons))
    ((path, fields),) = telegram.asked
    assert (path, fields["parse_mode"]) == (f"/bot{TOKEN}/sendMessage", "HTML")
    assert json.loads(fields["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(fields["reply_markup"])["inline_keyboard"] == [
        [{"text": "Pay", "url": "https://pay.example/1"}],
        [{"text": "Да", "callback_data": "yes"}],
    ]


def test_rows_of_buttons_come_before_single_ones(telegram: Telegram) -> None:
    telegram.answers(sent_message())
    one, two, three = (Button(label, callback_data=label) for label in "123")
    telegram.messenger().send(ANN, Message("Hi", (three,), rows=((one, two),)))
    ((_, fields),) = telegram.asked
    shown = json.loads(fields["reply_markup"])["inline_keyboard"]
    assert [[button["text"] for button in row] for row in shown] == [["1", "2"], ["3"]]


# ---- what an answer means ------------------------------------------------------------------------

# What the client needs in order to read a restricted member at all.
RESTRICTIONS = dict.fromkeys(
    [
        "can_send_messages",
        "can_send_audios",
        "can_send_documents",
        "can_send_photos",
        "can_send_videos",
        "can_send_video_notes",
        "can_send_voice_notes",
        "can_send_polls",
        "can_send_other_messages",
        "can_add_web_page_previews",
        "can_change_info",
        "can_invite_users",
        "can_pin_messages",
        "can_manage_topics",
        "can_edit_tag",
        "can_react_to_messages",
    ],
    False,
) | {"until_date": 0}


@pytest.mark.parametrize(
    ("member", "is_inside"),
    [
        ({"status": "creator", "is_anonymous": False}, True),
        ({"status": "member"}, True),
        ({"status": "restricted", "is_member": True, **RESTRICTIONS}, True),
        ({"status": "restricted", "is_member": False, **RESTRICTIONS}, False),
        ({"status": "left"}, False),
        ({"status": "kicked", "until_date": 0}, False),
    ],
)
def test_who_is_inside(telegram: Telegram, member: dict[str, Any], is_inside: bool) -> None:
    telegram.answers(member | {"user": user()})
    assert telegram.messenger().is_inside(CHAT, ANN) is is_inside


def test_a_standing_that_is_not_known_is_not_guessed(telegram: Telegram) -> None:
    telegram.answers({"status": "haunting", "user": user()})
    assert type(failure(telegram, "is_inside")) is PermanentError


@pytest.mark.parametrize(
    "text",
    [
        "Bad Request: user not found",
        "Bad Request: PARTICIPANT_ID_INVALID",
        "Bad Request: member not found",
        "Bad Request: invalid user_id specified",
    ],
)
def test_somebody_unknown_is_not_inside(telegram: Telegram, text: str) -> None:
    telegram.refuses(400, text)
    assert telegram.messenger().is_inside(CHAT, ANN) is False


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Bad Request: HIDE_REQUESTER_MISSING", JoinOutcome.NO_REQUEST),
        ("Bad Request: USER_ALREADY_PARTICIPANT", JoinOutcome.ALREADY_INSIDE),
    ],
)
def test_a_request_answered_already(telegram: Telegram, text: str, outcome: JoinOutcome) -> None:
    telegram.refuses(400, text)
    messenger = telegram.messenger()
    assert [messenger.approve(CHAT, ANN), messenger.decline(CHAT, ANN)] == [outcome, outcome]


def test_a_link_revoked_already_is_revoked(telegram: Telegram) -> None:
    telegram.refuses(400, "Bad Request: INVITE_HASH_EXPIRED")
    telegram.messenger().revoke_link(CHAT, URL)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (403, "Forbidden: bot was blocked by the user"),
        (403, "Forbidden: user is deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user"),
        (400, "Bad Request: chat not found"),
        (400, "Bad Request: user not found"),
    ],
)
def test_who_cannot_be_written_to(telegram: Telegram, status: int, text: str) -> None:
    telegram.refuses(status, text)
    assert type(failure(telegram, "send")) is RecipientUnreachableError
    assert type(failure(telegram, "approve")) is PermanentError


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("edit", "Bad Request: message is not modified: specified new message content and …"),
        ("answer_press", "Bad Request: query is too old and response timeout expired or query ID"),
        ("answer_press", "Bad Request: QUERY_ID_INVALID"),
        ("delete_message", "Bad Request: message to delete not found"),
        ("delete_message", "Bad Request: MESSAGE_ID_INVALID"),
    ],
)
def test_what_is_so_already_is_a_success(telegram: Telegram, name: str, text: str) -> None:
    """And anything else is not."""
    telegram.refuses(400, text)
    ACTS[name](telegram.messenger())
    telegram.refuses(400, "Bad Request: chat not found")
    assert type(failure(telegram, name)) is PermanentError


def test_the_bots_name_is_asked_for_once(telegram: Telegram) -> None:
    telegram.answers({"id": 7, "is_bot": True, "first_name": "Funnel", "username": "funnel_bot"})
    messenger = telegram.messenger()
    assert [messenger.username() for _ in range(3)] == ["funnel_bot"] * 3
    assert len(telegram.asked) == 1


def test_a_bot_without_a_name_is_refused(telegram: Telegram) -> None:
    telegram.answers({"id": 7, "is_bot": True, "first_name": "Funnel"})
    assert type(failure(telegram, "username")) is PermanentError


def test_a_post_is_known_by_its_id(telegram: Telegram) -> None:
    telegram.answers(sent_message(321))
    assert telegram.messenger().post(CHAT, Message("Hi")) == 321


@pytest.mark.parametrize(
    ("member", "missing"),
    [
        ({"status": "creator", "is_anonymous": False}, []),
        ({"status": "member"}, ["can_restrict_members", "can_invite_users"]),
        ({"status": "left"}, ["can_restrict_members", "can_invite_users"]),
    ],
)
def test_missing_rights(telegram: Telegram, member: dict[str, Any], missing: list[str]) -> None:
    telegram.answers(member | {"user": user(7_000_000_001)})
    needed = ["can_restrict_members", "can_invite_users"]
    assert telegram.messenger().missing_rights(CHAT, needed) == missing
    assert telegram.asked[0][1]["user_id"] == "7000000001"
