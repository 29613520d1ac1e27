"""The Telegram stand-in answers the real client as contracts/telegram.md says."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Message
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from tests.sandbox.telegram.harness import (
    BOT_ID,
    TOKEN,
    USERNAME,
    Receiver,
    StandIn,
    free_port,
    http,
    listening,
    until,
)

OWNER, ANN, BEN = 5_000_000_001, 5_000_000_002, 5_000_000_003
CLOSED = -1_001_234_567_890
RIGHTS = {"can_invite_users": True, "can_restrict_members": True, "can_post_messages": True}
WANTED = ["message", "callback_query", "chat_join_request", "chat_member", "my_chat_member"]


@pytest.fixture(autouse=True)
def _periods_are_timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this the client's own RetryAfter warns when it is made."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    stand_in = StandIn(free_port(), tmp_path_factory.mktemp("telegram") / "state.sqlite")
    stand_in.start()
    yield stand_in
    stand_in.kill()


@pytest.fixture
def world(server: StandIn) -> StandIn:
    """An owner, two people, and a private channel with the bot as admin."""
    server.post("reset")
    http("DELETE", f"{server.url}/_sandbox/faults")
    populate(server)
    return server


def populate(stand_in: StandIn) -> None:
    for number, name in ((OWNER, "Olga"), (ANN, "Ann"), (BEN, "Ben")):
        stand_in.post("users", id=number, first_name=name, username=name.lower())
    stand_in.post(
        "chats", id=CLOSED, title="Closed", type="channel", owner_id=OWNER, bot_rights=RIGHTS
    )
    # That the bot became an admin is news of no interest here.
    stand_in.bot(lambda bot: bot.delete_webhook(drop_pending_updates=True))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as one:
        yield one


def set_webhook(world: StandIn, receiver: Receiver, secret: str = "s3cret") -> None:
    world.bot(
        lambda bot: bot.set_webhook(receiver.url, secret_token=secret, allowed_updates=WANTED)
    )


def status_of(world: StandIn, user_id: int) -> str:
    return world.bot(lambda bot: bot.get_chat_member(CLOSED, user_id)).status


def request_link(world: StandIn, **more: Any) -> str:
    link = world.bot(
        lambda bot: bot.create_chat_invite_link(
            CLOSED, name="order-1", creates_join_request=True, **more
        )
    )
    return link.invite_link


def send(world: StandIn, to: int, text: str, **more: Any) -> Message:
    return world.bot(lambda bot: bot.send_message(to, text, **more))


def fails(kind: type[TelegramError], text: str) -> Any:
    return pytest.raises(kind, match=f"(?i){text}")


def test_an_approved_requester_is_inside(world: StandIn, receiver: Receiver) -> None:
    """Request, approval, a second approval, and one of somebody who never asked."""
    set_webhook(world, receiver)
    opened = world.post("open_link", user_id=ANN, url=request_link(world))
    assert opened["outcome"] == "requested"
    assert status_of(world, ANN) == "left"

    assert send(world, ANN, "Welcome").chat.id == ANN
    assert world.bot(lambda bot: bot.approve_chat_join_request(CLOSED, ANN))
    assert status_of(world, ANN) == "member"
    with fails(BadRequest, "USER_ALREADY_PARTICIPANT"):
        world.bot(lambda bot: bot.approve_chat_join_request(CLOSED, ANN))
    with fails(BadRequest, "HIDE_REQUESTER_MISSING"):
        world.bot(lambda bot: bot.approve_chat_join_request(CLOSED, BEN))

    (asked,) = world.delivered("chat_join_request")
    assert (asked["from"]["id"], asked["user_chat_id"]) == (ANN, ANN)
    assert asked["invite_link"]["name"] == "order-1"
    (joined,) = world.delivered("chat_member")
    assert (joined["from"]["id"], joined["new_chat_member"]["status"]) == (BOT_ID, "member")
    assert joined["invite_link"]["invite_link"].startswith("https://t.me/+")


def test_a_declined_requester_stays_outside_and_may_ask_again(world: StandIn) -> None:
    url = request_link(world)
    world.post("open_link", user_id=ANN, url=url)
    assert world.post("open_link", user_id=ANN, url=url)["outcome"] == "already_requested"
    assert world.bot(lambda bot: bot.decline_chat_join_request(CLOSED, ANN))
    assert status_of(world, ANN) == "left"
    with fails(BadRequest, "HIDE_REQUESTER_MISSING"):
        world.bot(lambda bot: bot.decline_chat_join_request(CLOSED, ANN))
    assert world.post("open_link", user_id=ANN, url=url)["outcome"] == "requested"
    assert world.post("withdraw_request", chat_id=CLOSED, user_id=ANN)["withdrawn"]


def test_the_right_to_contact_a_requester_ends(world: StandIn) -> None:
    world.post("open_link", user_id=ANN, url=request_link(world))
    world.post("clock", advance_seconds=301)
    with fails(Forbidden, "can't initiate conversation"):
        send(world, ANN, "Hello?")


def test_links_expire_are_revoked_and_have_limits(world: StandIn) -> None:
    soon = int(time.time()) + 60
    url = request_link(world, expire_date=soon)
    with fails(BadRequest, "member limit"):
        request_link(world, member_limit=1)
    with fails(BadRequest, "EXPIRE_DATE_INVALID"):
        request_link(world, expire_date=soon - 120)
    world.post("clock", advance_seconds=120)
    assert world.post("open_link", user_id=ANN, url=url)["outcome"] == "expired"

    other = request_link(world)
    edited = world.bot(lambda bot: bot.edit_chat_invite_link(CLOSED, other, name="again"))
    assert (edited.name, edited.creates_join_request) == ("again", False)
    assert world.bot(lambda bot: bot.revoke_chat_invite_link(CLOSED, other)).is_revoked
    assert world.post("open_link", user_id=ANN, url=other)["outcome"] == "revoked"
    with fails(BadRequest, "INVITE_HASH_EXPIRED"):
        world.bot(lambda bot: bot.revoke_chat_invite_link(CLOSED, other))


def test_a_limited_link_works_again_when_its_member_is_gone(world: StandIn) -> None:
    link = world.bot(lambda bot: bot.create_chat_invite_link(CLOSED, member_limit=1)).invite_link
    assert world.post("open_link", user_id=ANN, url=link)["outcome"] == "joined"
    assert world.post("open_link", user_id=BEN, url=link)["outcome"] == "member_limit_reached"
    world.post("leave", chat_id=CLOSED, user_id=ANN)
    assert world.post("open_link", user_id=BEN, url=link)["outcome"] == "joined"


def test_the_link_of_another_admin_is_truncated(world: StandIn, receiver: Receiver) -> None:
    set_webhook(world, receiver)
    link = world.post("links", chat_id=CLOSED, creator_id=OWNER, name="theirs")
    world.post("open_link", user_id=ANN, url=link["url"])
    (joined,) = world.delivered("chat_member")
    shown = joined["invite_link"]
    assert shown["invite_link"].endswith("…")
    assert link["url"].startswith(shown["invite_link"][:-1])
    assert (shown["name"], shown["creator"]["id"]) == ("theirs", OWNER)


def test_statuses_of_members(world: StandIn) -> None:
    """Each standing has its status; somebody who does not exist is an error."""
    world.post("promote", chat_id=CLOSED, user_id=BEN)
    assert [status_of(world, one) for one in (OWNER, BEN, ANN)] == [
        "creator",
        "administrator",
        "left",
    ]
    world.post("restrict", chat_id=CLOSED, user_id=ANN, is_member=False)
    restricted = world.bot(lambda bot: bot.get_chat_member(CLOSED, ANN))
    assert (restricted.status, getattr(restricted, "is_member", None)) == ("restricted", False)
    assert world.bot(lambda bot: bot.get_chat_member_count(CLOSED)) == 3
    admins = world.bot(lambda bot: bot.get_chat_administrators(CLOSED))
    assert {admin.user.id for admin in admins} == {OWNER, BEN, BOT_ID}
    with fails(BadRequest, "user not found"):
        status_of(world, 5_999_999_999)


def test_unban_puts_a_member_out_but_only_if_banned_does_not(world: StandIn) -> None:
    world.post("add_member", chat_id=CLOSED, user_id=ANN)
    assert world.bot(lambda bot: bot.unban_chat_member(CLOSED, ANN, only_if_banned=True))
    assert status_of(world, ANN) == "member"
    assert world.bot(lambda bot: bot.unban_chat_member(CLOSED, ANN))
    assert status_of(world, ANN) == "left"


def test_a_banned_person_cannot_return_until_unbanned(world: StandIn) -> None:
    url = request_link(world)
    until_date = int(time.time()) + 3600
    assert world.bot(lambda bot: bot.ban_chat_member(CLOSED, ANN, until_date=until_date))
    assert status_of(world, ANN) == "kicked"
    assert world.post("open_link", user_id=ANN, url=url)["outcome"] == "banned"
    world.post("clock", advance_seconds=3601)
    assert status_of(world, ANN) == "left"
    world.bot(lambda bot: bot.ban_chat_member(CLOSED, ANN))
    world.bot(lambda bot: bot.unban_chat_member(CLOSED, ANN, only_if_banned=True))
    assert status_of(world, ANN) == "left"


def test_admins_and_the_owner_are_protected(world: StandIn) -> None:
    world.post("promote", chat_id=CLOSED, user_id=BEN)
    with fails(BadRequest, "user is an administrator of the chat"):
        world.bot(lambda bot: bot.unban_chat_member(CLOSED, BEN))
    with fails(BadRequest, "can't remove chat owner"):
        world.bot(lambda bot: bot.ban_chat_member(CLOSED, OWNER))


def test_a_demoted_or_removed_bot_is_told_what_it_lacks(world: StandIn) -> None:
    world.post("demote", chat_id=CLOSED, rights={"can_post_messages": True})
    with fails(BadRequest, "not enough rights to restrict/unrestrict chat member"):
        world.bot(lambda bot: bot.unban_chat_member(CLOSED, ANN))
    with fails(BadRequest, "not enough rights to manage chat invite link"):
        request_link(world)
    world.post("demote", chat_id=CLOSED, rights={})
    with fails(BadRequest, "CHAT_ADMIN_REQUIRED"):
        world.bot(lambda bot: bot.ban_chat_member(CLOSED, ANN))
    world.post("demote", chat_id=CLOSED, status="left")
    with fails(Forbidden, "bot is not a member of the channel chat"):
        status_of(world, ANN)
    world.post("demote", chat_id=CLOSED, rights=None)
    with fails(Forbidden, "bot was kicked from the channel chat"):
        send(world, CLOSED, "Hello")


def test_who_cannot_be_written_to(world: StandIn) -> None:
    for unreachable in (ANN, -1_009_999_999_999):
        with fails(BadRequest, "chat not found"):
            send(world, unreachable, "Hello")
    world.post("say", user_id=ANN, text="hi")
    world.post("block", user_id=ANN, blocked=True)
    with fails(Forbidden, "bot was blocked by the user"):
        send(world, ANN, "Hello")
    (blocked,) = [one for one in world.delivered("my_chat_member") if one["chat"]["id"] == ANN]
    assert blocked["new_chat_member"]["status"] == "kicked"
    world.post("delete_account", user_id=ANN)
    with fails(Forbidden, "user is deactivated"):
        send(world, ANN, "Hello")


def test_html_becomes_entities_or_an_error(world: StandIn) -> None:
    world.post("say", user_id=ANN, text="hi")
    html = '😀 <b>a &lt; b</b> <a href="https://example.org/?a=1&amp;b=2">x</a>'
    sent = send(world, ANN, html, parse_mode="HTML")
    assert sent.text == "😀 a < b x"
    assert [(one.type, one.offset, one.length) for one in sent.entities] == [
        ("bold", 3, 5),
        ("text_link", 9, 1),
    ]
    assert sent.entities[1].url == "https://example.org/?a=1&b=2"
    for bad in ("<b>open", "a < b", "<h1>x</h1>", "<b><i>x</b></i>", "x</b>"):
        with fails(BadRequest, "can't parse entities"):
            send(world, ANN, bad, parse_mode="HTML")
    with fails(BadRequest, "message is too long"):
        send(world, ANN, "x" * 4097)


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[button] for button in buttons])


def test_a_pressed_button_asks_the_bot(world: StandIn, receiver: Receiver) -> None:
    """Data comes with the message; a link only opens; edits and answers are seen."""
    set_webhook(world, receiver)
    world.post("say", user_id=ANN, text="hi")
    markup = keyboard(
        InlineKeyboardButton("Да", callback_data="yes"),
        InlineKeyboardButton("Pay", url="https://pay.example/1"),
    )
    sent = send(world, ANN, "Sure?", reply_markup=markup)
    assert world.post("press", user_id=ANN, text="Pay")["url"] == "https://pay.example/1"
    pressed = world.post("press", user_id=ANN, message_id=sent.message_id, data="yes")
    until(lambda: len(receiver.got) == 2, "the press to arrive")
    query = receiver.got[1]["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("yes", sent.message_id)

    answer = pressed["callback_query_id"]
    assert world.bot(lambda bot: bot.answer_callback_query(answer, "Done"))
    assert world.show("queries")[0]["answer"]["text"] == "Done"
    world.bot(lambda bot: bot.edit_message_text("Sure.", ANN, sent.message_id))
    with fails(BadRequest, "message is not modified"):
        world.bot(lambda bot: bot.edit_message_text("Sure.", ANN, sent.message_id))
    assert world.show("messages", user_id=ANN)[-1]["buttons"] == []
    world.post("clock", advance_seconds=60)
    with fails(BadRequest, "query is too old"):
        world.bot(lambda bot: bot.answer_callback_query(answer))


def test_button_data_is_counted_in_bytes(world: StandIn) -> None:
    world.post("say", user_id=ANN, text="hi")
    for data, is_good in (("x" * 64, True), ("я" * 33, False)):
        markup = keyboard(InlineKeyboardButton("Go", callback_data=data))
        if is_good:
            send(world, ANN, "a", reply_markup=markup)
            continue
        with fails(BadRequest, "BUTTON_DATA_INVALID"):
            send(world, ANN, "a", reply_markup=markup)


def test_a_deep_link_arrives_as_a_command(world: StandIn, receiver: Receiver) -> None:
    set_webhook(world, receiver)
    opened = world.post("open_link", user_id=ANN, url=f"https://t.me/{USERNAME}?start=offer_1-a")
    assert opened["outcome"] == "started"
    until(lambda: bool(receiver.got), "the command to arrive")
    message = receiver.got[0]["message"]
    assert message["text"] == "/start offer_1-a"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert message["from"]["id"] == message["chat"]["id"] == ANN
    bad = world.post("open_link", user_id=ANN, url=f"https://t.me/{USERNAME}?start={'x' * 65}")
    assert bad["outcome"] == "invalid_payload"


def test_a_flood_lasts_as_long_as_it_says(world: StandIn) -> None:
    world.post("say", user_id=ANN, text="hi")
    world.post(
        "faults", operation="sendMessage", kind="custom", name="flood", values={"retry_after": 30}
    )
    with pytest.raises(RetryAfter) as caught:
        send(world, ANN, "Hello")
    assert caught.value._retry_after.total_seconds() == 30
    with pytest.raises(RetryAfter):
        world.bot(lambda bot: bot.get_chat(CLOSED))
    world.post("clock", advance_seconds=31)
    assert send(world, ANN, "Hello").text == "Hello"
    assert [one["status"] for one in world.show("calls")][-3:] == [429, 429, 200]


def test_any_error_can_be_ordered(world: StandIn) -> None:
    values = {"error_code": 400, "description": "Bad Request: PARTICIPANT_ID_INVALID"}
    world.post("faults", operation="getChatMember", kind="custom", name="api_error", values=values)
    with fails(BadRequest, "PARTICIPANT_ID_INVALID"):
        status_of(world, ANN)
    assert status_of(world, ANN) == "left"


def test_a_lost_answer_had_its_effect_and_a_dropped_call_had_none(world: StandIn) -> None:
    world.post("say", user_id=ANN, text="hi")
    for kind in ("drop", "lose_answer"):
        world.post("faults", operation="sendMessage", kind=kind)
        with pytest.raises(NetworkError):
            send(world, ANN, kind)
    assert [one["text"] for one in world.show("messages", user_id=ANN)] == ["hi", "lose_answer"]
    assert [one["status"] for one in world.show("calls")[-2:]] == [None, None]


def test_wrong_tokens_methods_and_migrated_chats(world: StandIn) -> None:
    with pytest.raises(InvalidToken):
        world.bot(lambda bot: bot.get_me(), token="7000000001:wrong")
    answer = http("POST", f"{world.url}/bot{TOKEN}/flyToTheMoon")
    assert (answer.status_code, answer.json()["description"]) == (
        404,
        "Not Found: method not found",
    )
    world.post("migrate", chat_id=CLOSED, new_id=CLOSED - 1)
    with fails(TelegramError, "migrated"):
        status_of(world, ANN)


def test_parameters_may_be_json_or_multipart(world: StandIn) -> None:
    world.post("say", user_id=ANN, text="hi")
    url = f"{world.url}/bot{TOKEN}/sendMessage"
    by_json = http("POST", url, json={"chat_id": ANN, "text": "ä"}).json()
    parts = {"chat_id": (None, str(ANN)), "text": (None, "ä")}
    by_parts = http("POST", url, files=parts).json()
    assert by_json["result"]["text"] == by_parts["result"]["text"] == "ä"


def test_updates_are_retried_in_order_until_2xx(world: StandIn, receiver: Receiver) -> None:
    receiver.statuses = [500, 404]
    set_webhook(world, receiver)
    world.post("say", user_id=ANN, text="one")
    world.post("say", user_id=ANN, text="two")
    until(lambda: len(receiver.got) == 4, "both updates")
    assert receiver.texts() == ["one", "one", "one", "two"]
    assert set(receiver.secrets) == {"s3cret"}
    info = world.bot(lambda bot: bot.get_webhook_info())
    assert info.last_error_message is not None
    assert "404" in info.last_error_message
    with pytest.raises(Conflict):
        world.bot(lambda bot: bot.get_updates())


def test_secret_tokens_are_checked_and_can_be_wrong(world: StandIn, receiver: Receiver) -> None:
    for bad, text in (("x" * 257, "too long"), ("a b", "unallowed characters")):
        with fails(BadRequest, text):
            set_webhook(world, receiver, bad)
    set_webhook(world, receiver)
    for name in ("wrong_secret", "missing_secret"):
        world.post("faults", operation="deliverUpdate", kind="custom", name=name)
        world.post("say", user_id=ANN, text=name)
    until(lambda: len(receiver.got) == 2, "both updates")
    assert receiver.secrets == ["not-the-secret", None]


def test_updates_can_come_twice_and_out_of_order(world: StandIn, receiver: Receiver) -> None:
    world.post("weather", duplicate=True, reorder=True, seed=7)
    sent = [world.post("say", user_id=ANN, text=str(number)) for number in range(4)]
    set_webhook(world, receiver)
    expected = sorted(2 * [one["update_id"] for one in sent])
    until(lambda: len(receiver.got) == 8, "all updates twice")
    assert sorted(receiver.ids()) == expected
    assert receiver.ids() != expected


def test_a_lost_acknowledgement_means_the_same_update_again(
    world: StandIn, receiver: Receiver
) -> None:
    world.post("faults", operation="deliverUpdate", kind="custom", name="lost_acknowledgement")
    set_webhook(world, receiver)
    world.post("say", user_id=ANN, text="once")
    until(lambda: len(receiver.got) == 2, "the update to come again")
    assert len(set(receiver.ids())) == 1


def test_the_answer_of_a_webhook_may_be_a_call(world: StandIn, receiver: Receiver) -> None:
    receiver.body = {"method": "sendMessage", "chat_id": ANN, "text": "echo"}
    set_webhook(world, receiver)
    world.post("say", user_id=ANN, text="hi")
    until(lambda: len(world.show("messages", user_id=ANN)) == 2, "the answer")
    assert world.show("calls")[-1]["via"] == "webhook_answer"


def test_chat_member_comes_only_when_asked_for(world: StandIn, receiver: Receiver) -> None:
    world.bot(lambda bot: bot.set_webhook(receiver.url, allowed_updates=["message"]))
    world.post("add_member", chat_id=CLOSED, user_id=ANN)
    assert world.delivered("chat_member") == []
    world.bot(lambda bot: bot.delete_webhook())
    world.post("say", user_id=ANN, text="polled")
    updates = world.bot(lambda bot: bot.get_updates())
    assert [one.message.text for one in updates if one.message] == ["polled"]
    following = updates[-1].update_id + 1
    assert world.bot(lambda bot: bot.get_updates(offset=following)) == ()


def test_commands_are_kept_per_language(world: StandIn) -> None:
    world.bot(lambda bot: bot.set_my_commands([("start", "Begin")]))
    world.bot(lambda bot: bot.set_my_commands([("start", "Anfangen")], language_code="de"))
    assert world.bot(lambda bot: bot.get_my_commands())[0].description == "Begin"
    german = world.bot(lambda bot: bot.get_my_commands(language_code="de"))
    assert german[0].description == "Anfangen"


def test_a_restart_keeps_people_links_and_undelivered_updates(
    tmp_path: Path, receiver: Receiver
) -> None:
    stand_in = StandIn(free_port(), tmp_path / "state.sqlite")
    stand_in.start()
    try:
        populate(stand_in)
        receiver.statuses = [503]
        set_webhook(stand_in, receiver)
        url = request_link(stand_in)
        stand_in.post("open_link", user_id=ANN, url=url)
        until(lambda: bool(receiver.got), "the first attempt")
        stand_in.kill()
        stand_in.start()
        until(lambda: len(receiver.got) >= 2, "the update to come again")
        assert len({one["update_id"] for one in receiver.got}) == 1
        assert stand_in.bot(lambda bot: bot.approve_chat_join_request(CLOSED, ANN))
        assert status_of(stand_in, ANN) == "member"
    finally:
        stand_in.kill()
