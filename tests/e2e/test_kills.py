"""Each function is killed in the middle of its work; the purchase only takes longer."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_either
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import pytest
from google.cloud import pubsub_v1

from shared_lib.domain.money import ETH, Money
from tests.e2e.stage import Purchase, Stage
from tests.e2e.swaps import (
    CREATE,
    ESTIMATE,
    LOOK,
    RANGE,
    assert_books,
    exchanges,
    states_of,
    swap_shop,
    swapped_once,
)
from tests.e2e.threshold import batches, collecting_shop, shares
from tests.sandbox.ageing import age_access
from tests.sandbox.scene import Sold
from tests.sandbox.stack.plan import PROJECT_ID, function_table
from tests.sandbox.stack.provision import run_tick

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]

_TABLE = function_table()["functions"]
FUNCTIONS = sorted(_TABLE)
EVENT_FUNCTIONS = {name for name, entry in _TABLE.items() if entry["trigger"] == "event"}


@dataclass(frozen=True)
class Call:
    """A call that only this function makes, or makes first, and whose answer is held."""

    part: str
    operation: str
    kind: str = "hold_after"


@dataclass(frozen=True)
class Lock:
    """A table that this function writes, for one that asks nobody but the database."""

    table: str


# A function without a line here fails its test.
HELD: dict[str, Call | Lock] = {
    "nowpayments_ipn": Call("front", "publish payment.updated", "hold_before"),
    "telegram_bot": Call("nowpayments", "POST /v1/invoice"),
    "confirm_payment": Lock("membership_periods"),
    "check_order": Call("nowpayments", "GET /v1/payment/"),
    "check_payment": Call("nowpayments", r"GET /v1/payment/\{id\}"),
    "send_invite": Call("telegram", "createChatInviteLink"),
    "answer_join_request": Call("telegram", "approveChatJoinRequest"),
    "notify": Call("telegram", "sendMessage"),
    "start_payout": Call("ethereum", "eth_estimateGas"),
    "accumulate_payment": Call("changenow", RANGE),
    "batch_payouts": Call("front", "publish payout.requested", "hold_before"),
    "expire_subscriptions": Call("front", "publish member.removal_due", "hold_before"),
    "remove_member": Call("telegram", "unbanChatMember"),
    "broadcast_offers": Call("front", "publish offer.due", "hold_before"),
    "post_offer": Call("telegram", "deleteMessage"),
    "audit_books": Call("ethereum", "eth_getBalance"),
    "quote_swap": Call("changenow", ESTIMATE),
    "create_swap": Call("changenow", CREATE),
    "authorize_transfer": Call("ethereum", "eth_chainId"),
    "send_transfer": Call("ethereum", "eth_sendRawTransaction"),
    "check_transfer": Call("ethereum", "eth_getTransactionReceipt"),
    "check_swap": Call("changenow", LOOK),
    "reconcile": Lock("ticks"),
    "refresh_currencies": Call("changenow", "GET /v2/exchange/currencies"),
    "record_dead_letter": Lock("dead_letters"),
}
# These have a test of their own.
_ON_THEIR_OWN = {
    "accumulate_payment",
    "audit_books",
    "batch_payouts",
    "broadcast_offers",
    "check_order",
    "create_swap",
    "expire_subscriptions",
    "post_offer",
    "reconcile",
    "record_dead_letter",
    "refresh_currencies",
    "remove_member",
}
# Others make the same call before: once the transfer is in this state, as this function left it,
# nobody else does.
_LATE = {"check_transfer": ("sent", "send_transfer"), "check_swap": ("confirmed", "check_transfer")}
_SWAPPING = {"quote_swap", "create_swap", "check_swap"}


@contextmanager
def _held(scene: Stage, held: Call | Lock) -> Iterator[Callable[[], None]]:
    """Hold it for the time of the block; what is given waits until somebody is held by it."""
    if isinstance(held, Call):
        with scene.fault(held.part, held.operation, held.kind) as fault:
            yield fault.wait
        return
    with closing(scene.new_owner()) as owner, closing(scene.new_owner()) as looking:
        owner.run("BEGIN")
        owner.run(f"LOCK TABLE {held.table} IN EXCLUSIVE MODE")  # all can read, nobody can write

        def someone_waits() -> bool:
            sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = :table::regclass"
            ((number,),) = looking.run(sql, table=held.table)
            return bool(number)

        yield lambda: _wait(scene, f"somebody to write {held.table}", someone_waits)
        owner.run("ROLLBACK")


def _wait(scene: Stage, what: str, look: Callable[[], bool]) -> None:
    scene.wait_for(what, look)


@contextmanager
def killed(scene: Stage, function: str, *held: Call) -> Iterator[None]:
    """Beside the block: wait until the function's work is held, kill it, let the world go on."""
    armed: Future[int] = Future()

    def kill() -> int:
        with ExitStack() as until_dead:
            waits = [
                until_dead.enter_context(_held(scene, one)) for one in held or [HELD[function]]
            ]
            armed.set_result(0)
            for wait in waits:
                wait()
            assert function not in EVENT_FUNCTIONS or scene.is_at_work(function)
            return scene.kill(function)

    with ThreadPoolExecutor(1) as beside:
        ended = beside.submit(kill)
        wait_for_either([armed, ended], return_when=FIRST_COMPLETED)
        yield
        pid = ended.result(timeout=90)
    scene.wait_for("its replacement", lambda: scene.stack.pids()[function] != pid)


# ---- the story, and what must be true in the end -------------------------------------------------


def _shop(scene: Stage, function: str) -> Sold:
    """A shop whose payouts need the function."""
    return swap_shop(scene) if function in _SWAPPING else scene.new_shop()


def _whole_purchase(scene: Stage, shop: Sold | None = None) -> Purchase:
    purchase = scene.buy(scene.new_person(), shop or scene.new_shop())
    scene.join(purchase)
    scene.settle(purchase.payment_id)
    return purchase


def _happened_once(scene: Stage, purchase: Purchase) -> None:
    scene.wait_until_quiet()
    (row,) = scene.state_of(purchase.payment_id)
    assert (row["order_state"], row["invite_state"], row["share_state"]) == ("paid", "used", "paid")
    assert (row["payout_state"], row["transfer_state"]) == ("settled", "confirmed")
    counted = (
        "SELECT count(*) FROM membership_periods m JOIN payments p ON p.id = m.payment_id "
        "WHERE p.provider_payment_id = :id"
    )
    assert scene.one(counted, id=purchase.payment_id) == 1
    orders = "SELECT count(*) FROM orders WHERE telegram_user_id = :id"
    assert scene.one(orders, id=purchase.buyer) == 1
    assert len(scene.links_of(purchase.buyer)) == 1
    assert scene.is_inside(purchase.shop.closed_chat_id, purchase.buyer)
    if purchase.shop.target.asset == ETH:
        _paid_directly(scene, purchase, int(row["share"]))
    else:
        swapped_once(scene, purchase)
        assert_books(scene)


def _paid_directly(scene: Stage, purchase: Purchase, share: int) -> None:
    (sent,) = scene.sent_transactions(purchase.shop.destination)
    assert int(sent["value"]) == share
    assert scene.balance(purchase.shop.destination) == Money(share, ETH)


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - _ON_THEIR_OWN))
def test_a_function_that_is_killed_while_its_call_is_held_only_delays(
    scene: Stage, function: str
) -> None:
    scene.wait_until_quiet()
    if function in _LATE:
        purchase = _killed_late(scene, function, *_LATE[function])
    else:
        shop = _shop(scene, function)  # whose offers are posted by now
        with killed(scene, function):
            purchase = _whole_purchase(scene, shop)
    _happened_once(scene, purchase)


def _killed_late(scene: Stage, function: str, state: str, after: str) -> Purchase:
    """Held only once its transfer is in `state`, where `after` left it."""
    with ExitStack() as until_settled:
        with scene.paused(function):
            purchase = scene.buy(scene.new_person(), _shop(scene, function))
            scene.join(purchase)

            def is_there() -> bool:
                (row,) = scene.state_of(purchase.payment_id)
                return bool(row["transfer_state"] == state)

            scene.wait_for(f"the transfer to be {state}", is_there)
            scene.wait_for_delivery(after)
            until_settled.enter_context(killed(scene, function))
        scene.settle(purchase.payment_id)
    return purchase


def test_of_two_exchanges_that_a_killed_create_swap_leaves_one_is_funded(scene: Stage) -> None:
    """It dies with one order on its way, which then arrives, and with another's exchange made."""
    scene.wait_until_quiet()
    before, after = (Call("changenow", CREATE, kind) for kind in ("hold_before", "hold_after"))
    with ExitStack() as until_paid:
        with scene.paused("create_swap"):
            purchases = [scene.buy(scene.new_person(), swap_shop(scene)) for _ in range(2)]
            for purchase in purchases:
                scene.join(purchase)
                _wait_for_quote(scene, purchase.shop)
            until_paid.enter_context(killed(scene, "create_swap", before, after))
        for purchase in purchases:
            scene.settle(purchase.payment_id)
    for purchase in purchases:
        _happened_once(scene, purchase)
        made = exchanges(scene, purchase.shop)
        assert [len(one["deposits"]) for one in made] == [0, 1]
        assert states_of(scene, purchase.shop) == [("abandoned", "answer_lost"), ("finished", None)]


def _wait_for_quote(scene: Stage, shop: Sold) -> None:
    _wait(scene, "a quote", lambda: states_of(scene, shop) == [("quoted", None)])


def test_a_payment_that_nobody_told_us_of_is_found_though_its_finder_is_killed(
    scene: Stage,
) -> None:
    scene.wait_until_quiet()
    shop, buyer = scene.new_shop(), scene.new_person()
    with killed(scene, "check_order"):
        purchase = scene.buy(buyer, shop, weather={"silent": True})
        scene.join(purchase)
        scene.settle(purchase.payment_id)
    _happened_once(scene, purchase)


def test_a_conversion_whose_accumulator_is_killed_is_made_once(scene: Stage) -> None:
    scene.wait_until_quiet()
    shop = collecting_shop(scene)
    with killed(scene, "accumulate_payment"):
        scene.buy(scene.new_person(), shop)
        scene.wait_for("the share to be held", lambda: shares(scene, shop) == {"held": 1}, 90)
    converted = (
        "SELECT count(*) FROM payout_shares link JOIN shares s ON s.id = link.share_id "
        "WHERE s.channel_id = :id AND link.part IS NOT NULL"
    )
    assert scene.one(converted, id=shop.registered.channel_id) == 1
    assert_books(scene)


def test_a_batch_whose_tick_is_killed_leaves_once(scene: Stage) -> None:
    scene.wait_until_quiet()
    shop = collecting_shop(scene)
    with ExitStack() as until_killed, scene.paused("batch_payouts"):
        for _ in range(3):
            scene.buy(scene.new_person(), shop)
        scene.wait_for("the shares to be held", lambda: shares(scene, shop) == {"held": 3}, 90)
        # It asks for payouts that other stories have left waiting.
        until_killed.enter_context(scene.paused("reconcile"))
        scene.wait_for("reconcile to end", lambda: not scene.is_at_work("reconcile"))
        until_killed.enter_context(killed(scene, "batch_payouts"))
    scene.wait_for("three shares to be paid", lambda: shares(scene, shop) == {"paid": 3}, 120)
    assert [one["status"] for one in batches(scene, shop)] == ["settled"]
    assert_books(scene)


@pytest.mark.parametrize("function", ["expire_subscriptions", "remove_member"])
def test_whoever_is_to_leave_is_removed_though_the_remover_is_killed(
    scene: Stage, function: str
) -> None:
    scene.wait_until_quiet()
    purchase = _whole_purchase(scene)
    chat_id, buyer = purchase.shop.closed_chat_id, purchase.buyer
    with killed(scene, function):
        age_access(scene.owner, buyer, 31)
        scene.wait_for("the buyer outside", lambda: not scene.is_inside(chat_id, buyer), 60)
    state = "SELECT state FROM memberships WHERE telegram_user_id = :id"
    scene.wait_for("the record of it", lambda: scene.one(state, id=buyer) == "removed")


@pytest.mark.parametrize("function", ["broadcast_offers", "post_offer"])
def test_an_offer_is_posted_anew_once_though_a_function_is_killed(
    scene: Stage, function: str
) -> None:
    scene.wait_until_quiet()
    shop = scene.new_shop()
    [first] = scene.offers(shop)
    with ExitStack() as until_killed:
        # It would publish what the shop's registration has left behind.
        until_killed.enter_context(scene.paused("reconcile"))
        scene.wait_for("reconcile to end", lambda: not scene.is_at_work("reconcile"))
        with scene.paused(function):
            scene.owner.run(
                "UPDATE broadcasts SET due_at = now(), look_at = now() "
                "WHERE kind = 'offer' AND channel_id = :id",
                id=shop.registered.channel_id,
            )
            until_killed.enter_context(killed(scene, function))
        scene.wait_for(
            "another offer",
            lambda: [one["message_id"] for one in scene.offers(shop)] > [first["message_id"]],
        )
    [second] = scene.offers(shop)
    assert second["buttons"] == first["buttons"]


def test_an_audit_that_is_killed_is_made_by_the_next(scene: Stage) -> None:
    scene.wait_until_quiet()
    # As if the tick's period had not begun yet.
    scene.owner.run("DELETE FROM ticks WHERE name = 'audit_books'")
    done = "SELECT count(*) FROM ticks WHERE name = 'audit_books'"
    with killed(scene, "audit_books"):
        run_tick("audit_books")
        scene.wait_for("the audit to be done", lambda: scene.one(done))
    scene.wait_for_delivery("audit_books")
    assert scene.one(done) == 1


def test_refresh_currencies_that_is_killed_still_takes_over_what_is_sold(scene: Stage) -> None:
    scene.wait_until_quiet()
    # As if the tick's period had not begun yet, and a coin had not been sold before it.
    scene.owner.run("DELETE FROM ticks WHERE name = 'refresh_currencies'")
    scene.owner.run("UPDATE currencies SET is_offered = false WHERE id = 'doge:doge'")
    offered = "SELECT is_offered FROM currencies WHERE id = 'doge:doge'"
    with killed(scene, "refresh_currencies"):
        run_tick("refresh_currencies")
        scene.wait_for("the coin to be on offer", lambda: scene.one(offered))
    scene.wait_for_delivery("refresh_currencies")


def test_reconcile_that_is_killed_still_publishes_what_was_lost(scene: Stage) -> None:
    scene.wait_until_quiet()
    with scene.fault("front", "publish invite.requested", "drop", times=None) as lost:
        with killed(scene, "reconcile"):
            purchase = scene.buy(scene.new_person(), scene.new_shop())
            scene.finished(purchase.payment_id)
            lost.wait()
        sql = "SELECT count(*) FROM outbox WHERE event_type = 'invite.requested'"
        scene.wait_for("the event to be left behind", lambda: scene.one(sql) == 1)
    scene.join(purchase)
    scene.settle(purchase.payment_id)
    _happened_once(scene, purchase)


def test_a_dead_letter_is_recorded_once_though_its_recorder_is_killed(scene: Stage) -> None:
    scene.wait_until_quiet()
    before = scene.one("SELECT count(*) FROM dead_letters")
    with killed(scene, "record_dead_letter"):
        _publish(f"projects/{PROJECT_ID}/topics/payment.updated.dead")
    sql = "SELECT count(*) FROM dead_letters"
    scene.wait_for("the dead letter", lambda: scene.one(sql) > before)
    scene.wait_for_delivery("payment.updated.dead")
    assert scene.one(sql) == before + 1
    _happened_once(scene, _whole_purchase(scene))


def _publish(topic: str) -> None:
    publisher = pubsub_v1.PublisherClient()
    try:
        publisher.publish(topic, json.dumps({"type": "nobody.knows"}).encode()).result(timeout=10)
    finally:
        publisher.stop()
        publisher.transport.close()  # type: ignore[no-untyped-call]


def test_every_function_has_its_kill() -> None:
    assert sorted(HELD) == FUNCTIONS
