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
from tests.sandbox.stack.plan import PROJECT_ID, function_table

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
    "check_payment": Call("nowpayments", r"GET /v1/payment/\{id\}"),
    "send_invite": Call("telegram", "createChatInviteLink"),
    "answer_join_request": Call("telegram", "approveChatJoinRequest"),
    "notify": Call("telegram", "sendMessage"),
    "start_payout": Call("ethereum", "eth_estimateGas"),
    "authorize_transfer": Call("ethereum", "eth_chainId"),
    "send_transfer": Call("ethereum", "eth_sendRawTransaction"),
    "check_transfer": Call("ethereum", "eth_getTransactionReceipt"),
    "reconcile": Lock("ticks"),
    "record_dead_letter": Lock("dead_letters"),
}


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
def killed(scene: Stage, function: str) -> Iterator[None]:
    """Beside the block: wait until the function's work is held, kill it, let the world go on."""
    armed: Future[int] = Future()

    def kill() -> int:
        with _held(scene, HELD[function]) as wait:
            armed.set_result(0)
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


def _whole_purchase(scene: Stage) -> Purchase:
    purchase = scene.buy(scene.new_person(), scene.new_shop())
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
    (sent,) = scene.sent_transactions(purchase.shop.destination)
    assert int(sent["value"]) == row["share"]
    assert scene.balance(purchase.shop.destination) == Money(int(row["share"]), ETH)


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - {"reconcile", "record_dead_letter"}))
def test_a_function_that_is_killed_while_its_call_is_held_only_delays(
    scene: Stage, function: str
) -> None:
    scene.wait_until_quiet()
    if function == "check_transfer":
        purchase = _killed_after_broadcast(scene)
    else:
        with killed(scene, function):
            purchase = _whole_purchase(scene)
    _happened_once(scene, purchase)


def _killed_after_broadcast(scene: Stage) -> Purchase:
    """Before that, others ask for receipts too."""
    with ExitStack() as until_settled:
        with scene.paused("check_transfer"):
            purchase = scene.buy(scene.new_person(), scene.new_shop())
            scene.join(purchase)

            def is_sent() -> bool:
                (row,) = scene.state_of(purchase.payment_id)
                return bool(row["transfer_state"] == "sent")

            scene.wait_for("the broadcast", is_sent)
            scene.wait_for_delivery("send_transfer")
            until_settled.enter_context(killed(scene, "check_transfer"))
        scene.settle(purchase.payment_id)
    return purchase


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
