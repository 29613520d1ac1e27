"""What comes in over HTTP from outside: genuine, repeated, out of order, forged and broken."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from tests.e2e.stage import Purchase, Stage, balances

pytestmark = pytest.mark.xdist_group("stack")

# Payments of these ids exist in callbacks only; the provider knows nothing of them.
_INVENTED = count(990_000_000_000)
# After `finished` none of these says anything new; nor does a word that nobody knows.
_OTHER_STATUSES = [
    *("waiting", "confirming", "confirmed", "sending", "expired", "failed", "partially_paid"),
    *("finished", "on_hold"),
]
ORDERS_OF_STATUSES = 50


@pytest.fixture(autouse=True)
def _nobody_asks_about_inventions(scene: Stage) -> Iterator[None]:
    """The provider is asked about unknown payments tomorrow, and disturbs no other test."""
    yield
    scene.owner.run(
        "UPDATE payments SET next_check_at = now() + interval '1 day' "
        "WHERE provider_payment_id LIKE '99%' AND next_check_at IS NOT NULL"
    )


def bought(scene: Stage) -> Purchase:
    """A purchase that is over: the buyer is inside, the owner is paid, and all is quiet."""
    purchase = scene.buy(scene.new_person(), scene.new_shop())
    scene.join(purchase)
    scene.settle(purchase.payment_id)
    scene.wait_until_quiet()
    return purchase


def everything(scene: Stage, purchase: Purchase) -> Any:
    """All that a callback could change, but for the list of callbacks itself."""
    return scene.counted("payment_events"), balances(scene), scene.state_of(purchase.payment_id)


def stored_callbacks(scene: Stage, payment_id: str) -> list[str]:
    """The bodies that were kept for a payment, in the order in which they came."""
    rows = scene.rows(
        "SELECT e.body FROM payment_events e JOIN payments p ON p.id = e.payment_id "
        "WHERE p.provider_payment_id = :id AND e.source = 'callback' ORDER BY e.id",
        id=payment_id,
    )
    return [one["body"] for one in rows]


# ---- repeated and out of order -------------------------------------------------------------------


def test_a_finished_callback_again_and_again_changes_nothing(scene: Stage) -> None:
    purchase = bought(scene)
    before, stored = everything(scene, purchase), stored_callbacks(scene, purchase.payment_id)
    for times, at_once in ((10, False), (20, True)):
        answer = scene.nowpayments(
            "resend",
            payment_id=int(purchase.payment_id),
            status="finished",
            times=times,
            at_once=at_once,
        )
        assert answer["sent"] == times
        assert {one["attempts"][0]["status"] for one in answer["callbacks"]} == {200}
    scene.wait_for_delivery("confirm_payment")
    scene.let_ticks_pass()
    assert len(stored_callbacks(scene, purchase.payment_id)) == len(stored) + 30
    assert everything(scene, purchase) == before


def test_other_statuses_in_any_order_after_finished_change_nothing(scene: Stage) -> None:
    purchase = bought(scene)
    before, stored = everything(scene, purchase), stored_callbacks(scene, purchase.payment_id)
    genuine = json.loads(stored[-1])
    dice = random.Random(20)

    def play(number: int) -> set[int]:
        statuses = dice.sample(_OTHER_STATUSES, k=len(_OTHER_STATUSES))
        bodies = [genuine | {"payment_status": one, "updated_at": number} for one in statuses]
        return {scene.callback(json.dumps(body).encode()).status_code for body in bodies}

    with ThreadPoolExecutor(4) as pool:
        answers = set().union(*pool.map(play, range(ORDERS_OF_STATUSES)))
    assert answers == {200}
    number = len(stored_callbacks(scene, purchase.payment_id)) - len(stored)
    assert number == ORDERS_OF_STATUSES * len(_OTHER_STATUSES)
    scene.wait_for_delivery("confirm_payment")
    scene.let_ticks_pass()
    assert everything(scene, purchase) == before


# ---- refunds -------------------------------------------------------------------------------------


def _refund(scene: Stage, purchase: Purchase) -> dict[str, Any]:
    """The provider says that it paid back; what is then known of the purchase."""
    scene.nowpayments("status", payment_id=int(purchase.payment_id), status="refunded")

    def refunded() -> dict[str, Any] | None:
        (state,) = scene.state_of(purchase.payment_id)
        return state if state["status"] == "refunded" else None

    state = scene.wait_for("the refund", refunded)
    assert scene.reviews(purchase.payment_id) == ["refunded_after_finish"]
    return state


def test_a_refund_of_spent_money_goes_to_review_and_access_stays(scene: Stage) -> None:
    purchase = bought(scene)
    (before,) = scene.state_of(purchase.payment_id)
    booked = balances(scene)
    assert _refund(scene, purchase) == before | {"status": "refunded"}
    assert balances(scene) == booked
    assert scene.is_inside(purchase.shop.closed_chat_id, purchase.buyer)


def test_a_refund_of_unspent_money_reverses_the_share_and_access_stays(scene: Stage) -> None:
    scene.wait_until_quiet()
    booked = balances(scene)
    with scene.paused("check_payment"):
        purchase = scene.buy(scene.new_person(), scene.new_shop())
        scene.join(purchase)
        (before,) = scene.state_of(purchase.payment_id)
        assert before["share_state"] == "expected"
        after = _refund(scene, purchase)
    assert after["share_state"] == "reversed"
    unchanged = ("membership_state", "access_ends_at", "let_in_at", "order_state", "received")
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert scene.is_inside(purchase.shop.closed_chat_id, purchase.buyer)
    scene.wait_until_quiet()
    assert balances(scene) == booked, "a Counter takes what is missing for zero"
    assert scene.balance(purchase.shop.destination).base_units == 0


# ---- signatures ----------------------------------------------------------------------------------


def _waiting(payment_id: int, rest: str = "") -> str:
    return f'{{"payment_id":{payment_id},"payment_status":"waiting"{rest}}}'


def _kept(scene: Stage, payment_id: int) -> list[str]:
    return stored_callbacks(scene, str(payment_id))


def test_without_the_right_signature_nothing_is_kept(scene: Stage) -> None:
    payment_id = next(_INVENTED)
    body = _waiting(payment_id).encode()
    right = scene.signature(body)
    scene.wait_until_quiet()
    before = scene.counted()
    wrong = {
        "missing": None,
        "empty": "",
        "short": right[:-2],
        "long": right + "00",
        "not hexadecimal": "z" * 128,
        "one digit changed": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "of another body": scene.signature(body + b" "),
        "not in ASCII": "é" * 128,
    }
    answers = {
        name: scene.http.post(
            scene.stack.plan.url("nowpayments_ipn"),
            content=body,
            headers=[] if given is None else [(b"x-nowpayments-sig", given.encode("latin-1"))],
        ).status_code
        for name, given in wrong.items()
    }
    assert answers == dict.fromkeys(wrong, 403)
    changed = body.replace(b"waiting", b"waitinG")
    assert scene.callback(changed, right).status_code == 403
    assert scene.counted() == before
    assert scene.callback(body, right).status_code == 200, "and the right one is right"


# The text on the wire, and what the provider signs where that is another text.
_LAYOUTS: dict[str, tuple[str, str | None]] = {
    "nested and sorted": (',"z":{"a":{"b":[1,{"c":null}]}}', None),
    "nested and unsorted": (
        ',"fee":{"withdrawalFee":2,"serviceFee":[{"b":1,"a":2}],"currency":"eth"}',
        (
            '{"fee":{"currency":"eth","serviceFee":[{"a":2,"b":1}],"withdrawalFee":2},"payment_id":%d,'
            '"payment_status":"waiting"}'
        ),
    ),
    "tiny numbers": (
        ',"actually_paid":1e-7,"a":1.5e-8,"b":0.000001',
        '{"a":1.5e-8,"actually_paid":1e-7,"b":0.000001,"payment_id":%d,"payment_status":"waiting"}',
    ),
    "beyond ASCII": (
        ',"order_description":"Ünï ☃ 😀 \\u0001","Ü":"\\"/"',
        (
            '{"order_description":"Ünï ☃ 😀 \\u0001","payment_id":%d,"payment_status":"waiting",'
            '"Ü":"\\"/"}'
        ),
    ),
    "fees as text": (
        ',"fee":{"serviceFee":"0.00000740","currency":"eth"}',
        (
            '{"fee":{"currency":"eth","serviceFee":"0.00000740"},"payment_id":%d,'
            '"payment_status":"waiting"}'
        ),
    ),
    "trailing zeros": (',"price_amount":10.00,"pay_amount":0.10', None),
    "unknown fields": (',"surprise":{"depth":[[]]},"zeta":true', None),
}


@pytest.mark.parametrize("layout", _LAYOUTS)
def test_a_body_of_any_layout_is_kept_byte_for_byte(scene: Stage, layout: str) -> None:
    rest, signed = _LAYOUTS[layout]
    payment_id = next(_INVENTED)
    wire = _waiting(payment_id, rest)
    signature = scene.signature((signed % payment_id if signed else wire).encode())
    assert scene.callback(wire.encode(), signature).status_code == 200
    assert _kept(scene, payment_id) == [wire]


def test_a_key_that_is_there_twice_is_refused_and_not_kept(scene: Stage) -> None:
    payment_id = next(_INVENTED)
    scene.wait_until_quiet()
    before = scene.counted()
    for twice in (
        '"payment_status":"finished"',
        '"fee":{"a":1,"a":2}',
        f'"payment_id":{payment_id}',
    ):
        answer = scene.callback(_waiting(payment_id, f",{twice}").encode())
        assert answer.status_code == 400
    assert scene.counted() == before


# ---- what cannot be credited by rule -------------------------------------------------------------

_EXCEPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown order": (
        {"wrong_order": "6f1c0b52-8d52-4d35-9d3f-0d6f4f1c2a3b"},
        "unknown_order",
    ),
    "an order of another shop": ({"wrong_order": "PGP-1|-100"}, "unknown_order"),
    "a repeated deposit of nobody knows how much": (
        {"fields": {"parent_payment_id": 5_544_332_000, "actually_paid": 0}},
        "repeated_deposit",
    ),
    "another currency": ({"fields": {"outcome_currency": "usdttrc20"}}, "wrong_asset"),
    "too many decimals": ({"fields": {"outcome_amount": 0.00012345678901234567}}, "bad_amount"),
    "nothing at all": ({"fields": {"outcome_amount": 0}}, "bad_amount"),
    "less than nothing": ({"fields": {"outcome_amount": -1}}, "bad_amount"),
}


@pytest.mark.parametrize("case", _EXCEPTIONS)
def test_what_no_rule_credits_goes_to_review_and_grants_nothing(scene: Stage, case: str) -> None:
    how, reason = _EXCEPTIONS[case]
    buyer = scene.new_person()
    purchase = scene.buy(buyer, scene.new_shop(), **how)
    scene.wait_for("a review item", lambda: scene.reviews(purchase.payment_id))
    scene.wait_until_quiet()
    assert scene.reviews(purchase.payment_id) == [reason]
    row = scene.payment(purchase.payment_id)
    assert row is not None
    nothing = ("received", "fee", "share", "payout_id", "invite_state")
    assert {name: row[name] for name in ("status", *nothing)} == {
        "status": "review",
        **dict.fromkeys(nothing),
    }
    granted = "SELECT count(*) FROM memberships WHERE telegram_user_id = :id"
    assert (scene.one(granted, id=buyer), scene.links_of(buyer)) == (0, set())
    if "wrong_order" not in how:
        scene.said(buyer, "A person is looking at it", purchase.before)
