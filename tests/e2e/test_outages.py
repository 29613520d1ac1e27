"""Something that we need is away for a while; everything is said or done when it is back."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

import httpx
import pytest

from tests.e2e.stage import Purchase, Stage
from tests.sandbox.pubsub.tokens import TokenIssuer
from tests.sandbox.stack.plan import PUSH_ACCOUNT, function_table

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]

_ANSWER_SECONDS = 3.0
_UPDATES = count(800_000_001)
_OURS = "telegram-funnel"  # the tests' own connections; functions go by their names


def bought(scene: Stage) -> Purchase:
    return scene.buy(scene.new_person(), scene.new_shop())


def ends_well(scene: Stage, purchase: Purchase) -> None:
    """The buyer gets in, and the owner the share, once."""
    scene.join(purchase)
    row = scene.settle(purchase.payment_id)
    assert scene.balance(purchase.shop.destination).base_units == row["share"]
    assert len(scene.sent_transactions(purchase.shop.destination)) == 1
    assert len(scene.links_of(purchase.buyer)) == 1


def callback_answers(scene: Stage, purchase: Purchase) -> set[int | None]:
    """What the provider heard from us about a payment."""
    callbacks = scene.nowpayments_shows("callbacks", payment_id=purchase.payment_id)
    return {attempt["status"] for one in callbacks for attempt in one["attempts"]}


# ---- the database --------------------------------------------------------------------------------


@contextmanager
def database_down(scene: Stage) -> Iterator[None]:
    """No function can connect, and whoever is connected is thrown out."""
    with closing(scene.new_owner("postgres")) as owner:
        owner.run(f"ALTER DATABASE {scene.database} ALLOW_CONNECTIONS false")
        try:
            owner.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = :name AND application_name <> :ours",
                name=scene.database,
                ours=_OURS,
            )
            yield
        finally:
            owner.run(f"ALTER DATABASE {scene.database} ALLOW_CONNECTIONS true")


def _greeting(user_id: int) -> bytes:
    sender = {"id": user_id, "first_name": "Ada", "is_bot": False}
    message = {"chat": {"id": user_id, "type": "private"}, "from": sender, "text": "hello"}
    return json.dumps({"update_id": next(_UPDATES), "message": message}).encode()


def test_without_a_database_callers_are_asked_to_come_again(scene: Stage) -> None:
    scene.wait_until_quiet()
    purchase, person = bought(scene), scene.new_person()
    scene.telegram("say", user_id=person, text="/start")  # so that the bot may write to them
    scene.said(person, "Welcome")
    (callback,) = scene.nowpayments_shows("callbacks", payment_id=purchase.payment_id)[:1]
    body = callback["body"].encode()
    greeting, before = _greeting(person), len(scene.messages(person))
    with database_down(scene):
        for answer in (scene.callback(body, callback["signature"]), scene.update(greeting)):
            assert answer.status_code == 503
            assert answer.elapsed.total_seconds() < _ANSWER_SECONDS
            assert "Retry-After" in answer.headers
    assert scene.callback(body, callback["signature"]).status_code == 200
    assert scene.update(greeting).status_code == 200
    scene.said(person, "Welcome", before)
    ends_well(scene, purchase)
    assert callback_answers(scene, purchase) <= {200, 503}


# ---- Pub/Sub -------------------------------------------------------------------------------------


def test_without_pubsub_callbacks_are_taken_and_all_follows_later(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop()
    invoice = scene.ask_for(buyer, shop.registered.offer_links[0])
    before = len(scene.messages(buyer))
    scene.pubsub("down", down=True)
    try:
        purchase = Purchase(buyer, shop, invoice, scene.pay(invoice), before)

        def told() -> bool:
            found = scene.nowpayments_shows("callbacks", payment_id=purchase.payment_id)
            ends = [one for one in found if one["payment_status"] == "finished"]
            return bool(ends) and all(one["attempts"] for one in ends)

        scene.wait_for("the provider to say that it finished", told)
        assert callback_answers(scene, purchase) == {200}
        assert scene.one("SELECT count(*) FROM outbox WHERE event_type = 'payment.updated'") > 0
        row = scene.payment(purchase.payment_id)
        assert row is not None
        assert row["received"] is None
    finally:
        scene.pubsub("down", down=False)
    ends_well(scene, purchase)


def test_events_twice_and_out_of_order_settle_each_purchase_once(scene: Stage) -> None:
    scene.pubsub("weather", duplicate=0.5, reorder_seconds=1.0, seed=7)
    try:
        purchases = [bought(scene) for _ in range(3)]
        for purchase in purchases:
            ends_well(scene, purchase)
        scene.wait_until_quiet()
    finally:
        scene.pubsub("weather", duplicate=0, reorder_seconds=0)
    for purchase in purchases:
        counted = scene.rows(
            "SELECT"
            " (SELECT count(*) FROM membership_periods m WHERE m.payment_id = p.id) AS periods,"
            " (SELECT count(*) FROM shares s WHERE s.payment_id = p.id) AS shares,"
            " (SELECT count(*) FROM invites i WHERE i.payment_id = p.id) AS invites,"
            " (SELECT count(*) FROM ledger_transactions t WHERE t.subject_id = p.id::text"
            "  AND t.kind = 'finished') AS credits FROM payments p "
            "WHERE p.provider_payment_id = :id",
            id=purchase.payment_id,
        )
        assert counted == [{"periods": 1, "shares": 1, "invites": 1, "credits": 1}]


# ---- Telegram and the provider -------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": '{"ok":false,"error_code":500,"description":"Internal"}'},
        {
            "status": 429,
            "body": '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1",'
            '"parameters":{"retry_after":1}}',
        },
        {"status": 502, "body": "<html>Bad Gateway</html>"},
    ],
    ids=["broken", "too many requests", "no JSON"],
)
def test_a_message_that_telegram_does_not_take_comes_later(
    scene: Stage, answer: dict[str, Any]
) -> None:
    buyer, shop = scene.new_person(), scene.new_shop()
    invoice = scene.ask_for(buyer, shop.registered.offer_links[0])
    before = len(scene.messages(buyer))
    with scene.fault("telegram", "sendMessage", "answer", times=2, **answer) as fault:
        purchase = Purchase(buyer, shop, invoice, scene.pay(invoice), before)
        fault.wait()
        ends_well(scene, purchase)
    assert callback_answers(scene, purchase) == {200}


def test_without_the_provider_a_buyer_is_told_and_can_try_again(scene: Stage) -> None:
    buyer, shop = scene.new_person(), scene.new_shop()
    (link,) = shop.registered.offer_links
    with scene.fault("nowpayments", "POST /v1/invoice", "answer", times=None, status=503):
        scene.telegram("say", user_id=buyer, text=f"/start {link}")
        answer = scene.said(buyer, "does not answer at the moment")
        assert "Nothing was charged" in answer["text"]
    purchase = scene.buy(buyer, shop)
    assert scene.one("SELECT count(*) FROM orders WHERE telegram_user_id = :id", id=buyer) == 1
    scene.finished(purchase.payment_id)


# ---- who may reach the event functions -----------------------------------------------------------

_BEHIND_THE_DOOR = sorted(
    name for name, entry in function_table()["functions"].items() if entry["trigger"] != "http"
)


def _token(scene: Stage, function: str, **changes: Any) -> str:
    wanted = {"email": PUSH_ACCOUNT, "audience": scene.stack.plan.audience(function), **changes}
    token: str = scene.pubsub("token", **wanted)["token"]
    return token


def _pushed(scene: Stage, url: str, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    message = {"messageId": "1", "data": "e30=", "publishTime": "2026-01-01T00:00:00Z"}
    body = {"message": message, "subscription": "projects/p/subscriptions/forged"}
    return scene.http.post(url, json=body, headers=headers)


@pytest.mark.parametrize("function", _BEHIND_THE_DOOR)
def test_an_event_function_is_reached_with_a_genuine_token_only(
    scene: Stage, function: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan = scene.stack.plan
    door, inside = plan.audience(function), plan.url(function)
    other_key = TokenIssuer(tmp_path_factory.mktemp("key") / "key.pem")
    forged = other_key.mint(PUSH_ACCOUNT, door)
    genuine = _token(scene, function)
    before = scene.one("SELECT count(*) FROM dead_letters")
    answers = {
        "none": _pushed(scene, door, None),
        "forged": _pushed(scene, door, forged),
        "unsigned": _pushed(scene, door, genuine.rsplit(".", 1)[0] + "."),
        "expired": _pushed(scene, door, _token(scene, function, lifetime_seconds=-10)),
        "for another address": _pushed(scene, door, _token(scene, function, audience=f"{door}x")),
        "of another account": _pushed(scene, door, _token(scene, function, email="eve@e.example")),
        "none, past the door": _pushed(scene, inside, None),
        "nonsense, past the door": _pushed(scene, inside, "a.b.c"),
    }
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == dict.fromkeys(statuses, 403) | dict.fromkeys(
        ("forged", "unsigned", "expired"), 401
    )
    assert scene.one("SELECT count(*) FROM dead_letters") == before
    admitted = _pushed(scene, door, genuine).status_code
    assert admitted == (204 if function == "record_dead_letter" else 400), "and this one is read"
