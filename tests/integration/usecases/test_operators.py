"""What people do by hand: each action once, audited, and refused where it would do harm."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from shared_lib.domain.operator import ActionRefusedError, Operator, Switch
from shared_lib.domain.payout import ROUNDS_MOST
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.events import PaymentUpdated
from shared_lib.ports import DeadLetter
from shared_lib.usecases.close_review_item import close_review_item
from shared_lib.usecases.flip_switch import flip_switch
from shared_lib.usecases.record_dead_letter import record_dead_letter
from shared_lib.usecases.release_payout import release_payout
from shared_lib.usecases.release_wallet import release_wallet
from shared_lib.usecases.replay_dead_letter import replay_dead_letter
from tests.databases import together
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    ANN,
    BEN,
    balance,
    buy,
    change,
    column,
    handle,
    reviews,
    state_of,
    stop_before,
    tick,
    value,
)
from tests.integration.usecases.swap_support import bought, funded, pass_minutes, swapping
from tests.invariants import assert_sound
from tests.world import CONFIRMATIONS, Shop, World

BY = Operator("operator:ann", "looked at it with Ben")


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def refused(action: Callable[[], Any]) -> str:
    """Why an action is refused."""
    with pytest.raises(ActionRefusedError) as caught:
        action()
    return str(caught.value)


def audited(world: World) -> list[tuple[str, str, str]]:
    """Actor, action and reason of everything that was done by hand."""
    rows = world.rows("SELECT actor, action, detail ->> 'reason' AS reason FROM audit_log")
    return [(row["actor"], row["action"], row["reason"]) for row in rows if row["actor"] == BY.name]


# ---- who and why ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason", "field"),
    [
        ("", "a good one", "name"),
        (" ", "a good one", "name"),
        ("a" * 101, "a good one", "name"),
        ("ann", "", "reason"),
        ("ann", " no ", "reason"),
        ("ann", "x" * 501, "reason"),
    ],
)
def test_whoever_acts_says_who_and_why(name: str, reason: str, field: str) -> None:
    assert refused(lambda: Operator(name, reason)).startswith(f"{field}: must have")


# ---- switches ------------------------------------------------------------------------------------


def test_a_switch_stops_all_sends_until_it_is_turned_back(world: World, shop: Shop) -> None:
    assert flip_switch(world, Switch.STOP_SENDS, BY, on=True)
    buy(world, shop)
    for _ in range(5):
        tick(world)
    assert not world.signer.signed
    assert flip_switch(world, Switch.STOP_SENDS, BY, on=False)
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert audited(world) == [("operator:ann", "flip_switch", "looked at it with Ben")] * 2
    assert column(world, "SELECT detail ->> 'on' FROM audit_log WHERE action = 'flip_switch'") == [
        "yes",
        "no",
    ]


@pytest.mark.parametrize("switch", Switch)
def test_turning_a_switch_that_stands_there_already_changes_nothing(
    world: World, switch: Switch
) -> None:
    assert not flip_switch(world, switch, BY, on=False)
    turned = together(*[partial(flip_switch, world, switch, BY, on=True)] * 2)
    assert sorted(turned) == [False, True]
    assert len(audited(world)) == 1


# ---- the wallet ----------------------------------------------------------------------------------


def test_a_wallet_that_a_stranger_used_goes_on_behind_the_last_nonce(
    world: World, shop: Shop
) -> None:
    buy(world, shop)
    world.run()
    buy(world, shop, BEN)
    event = stop_before(world, "transfer.requested")
    held = world.fake_chain.held(WALLET)
    world.fake_chain.spend_elsewhere(WALLET, 1)
    world.fake_chain.mine(2 * CONFIRMATIONS)
    world.fake_chain.pay(WALLET, held - world.fake_chain.held(WALLET))  # what it took is made good
    world.fake_chain.mine()
    handle(world, event)
    assert ("wallet", "foreign_nonce") in reviews(world)
    assert release_wallet(world, WALLET, BY) == 2
    assert refused(lambda: release_wallet(world, WALLET, BY)) == "this wallet is not frozen"
    world.run()
    assert state_of(world, "payouts") == ["settled", "settled"]
    assert [one.nonce for one in world.signer.signed] == [0, 2]
    assert reviews(world) == set()
    assert [action for _, action, _ in audited(world)] == ["release_wallet"]


def test_a_wallet_stays_frozen_while_bytes_of_ours_have_lost_their_nonce(
    world: World, shop: Shop
) -> None:
    """Whether what they carry was paid otherwise is not for this action to say."""
    world.fake_chain.hide_next(10**6)
    buy(world, shop)
    stop_before(world, "transfer.check_due")
    world.fake_chain.spend_elsewhere(WALLET, 0)
    world.fake_chain.mine(10)
    tick(world)
    assert ("wallet", "foreign_nonce") in reviews(world)
    assert "nonce 0 of transfer" in refused(lambda: release_wallet(world, WALLET, BY))
    assert value(world, "SELECT frozen_because FROM wallets") is not None
    assert audited(world) == []


def test_a_wallet_that_is_not_ours_is_not_released(world: World) -> None:
    assert refused(lambda: release_wallet(world, WALLET, BY)) == "this wallet is not frozen"


# ---- payouts in review ---------------------------------------------------------------------------


def reverted(world: World, shop: Shop) -> Any:
    """A payout whose transaction failed on the chain; its id."""
    buy(world, shop)
    event = stop_before(world, "transfer.check_due")
    world.fake_chain.reverting.add(shop.destination)
    world.fake_chain.mine(CONFIRMATIONS)
    handle(world, event)
    world.fake_chain.reverting.clear()
    assert state_of(world, "payouts") == ["review"]
    return value(world, "SELECT id FROM payouts")


def test_a_payout_that_the_chain_refused_is_paid_once_after_its_release(
    world: World, shop: Shop
) -> None:
    payout = reverted(world, shop)
    release_payout(world, payout, BY)
    world.run()
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert world.fake_chain.balance(shop.destination).base_units == 2_125 * 10**12
    assert reviews(world) == set()
    assert balance(world, "in_flight") == 0
    assert_sound(world)
    assert "does not rest in review" in refused(lambda: release_payout(world, payout, BY))
    assert [action for _, action, _ in audited(world)] == ["release_payout"]


def test_of_two_releases_at_once_one_counts(world: World, shop: Shop) -> None:
    payout = reverted(world, shop)

    def release() -> bool:
        try:
            release_payout(world, payout, BY)
        except ActionRefusedError:
            return False
        return True

    assert sorted(together(release, release)) == [False, True]
    world.publish()
    world.run()
    assert sorted(state_of(world, "payouts")) == ["returned", "settled"]
    assert_sound(world)


def test_an_exchange_that_was_not_asked_for_is_replaced_after_the_release(world: World) -> None:
    bought(world)
    event = stop_before(world, "swap.quoted")
    world.fake_swaps.alter_next_echo(payout_address="somebody's")
    handle(world, event)
    assert ("swap", "echo_differs") in reviews(world)
    release_payout(world, value(world, "SELECT id FROM payouts WHERE state = 'review'"), BY)
    assert value(world, "SELECT waiting_for FROM payouts") == "released"
    world.publish()
    assert reviews(world) == set()
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert sorted(state_of(world, "swaps")) == ["abandoned", "finished"]
    assert len(world.fake_swaps.funded) == 1
    assert_sound(world)


def test_what_came_back_too_often_goes_out_as_it_is_once_a_person_says_so(world: World) -> None:
    exchange = swapping(world)
    for sent in range(1, ROUNDS_MOST + 1):
        world.fake_swaps.refund(exchange.echo.id)
        pass_minutes(world, 30)
        if sent < ROUNDS_MOST:
            exchange = funded(world)[sent]
    world.exchanges_go_on = True
    [payout] = column(world, "SELECT id FROM payouts WHERE state = 'review'")
    assert value(world, f"SELECT round FROM payouts WHERE id = '{payout}'") == 4
    release_payout(world, payout, BY)
    world.publish()
    world.run()
    assert value(world, f"SELECT state FROM payouts WHERE id = '{payout}'") == "settled"
    assert reviews(world) == set()
    assert_sound(world)


@pytest.mark.parametrize("state", ["sending", "settled"])
def test_a_payout_that_does_not_rest_is_not_released(world: World, shop: Shop, state: str) -> None:
    buy(world, shop)
    stop_before(world, "transfer.check_due")
    if state == "settled":
        world.run()
    payout = value(world, "SELECT id FROM payouts")
    assert "does not rest in review" in refused(lambda: release_payout(world, payout, BY))
    assert audited(world) == []


def test_a_payout_whose_money_is_out_is_not_released(world: World, shop: Shop) -> None:
    """However it came into review: another one would pay the owner twice."""
    buy(world, shop)
    stop_before(world, "transfer.check_due")
    change(world, "UPDATE payouts SET state = 'review', next_check_at = NULL, deadline_at = NULL")
    payout = value(world, "SELECT id FROM payouts")
    assert "is sent: its money is out" in refused(lambda: release_payout(world, payout, BY))
    assert state_of(world, "shares") == ["locked"]


def test_a_payout_that_nobody_knows_is_not_released(world: World) -> None:
    assert "does not rest" in refused(lambda: release_payout(world, uuid4(), BY))


# ---- dead letters and items that only tell -------------------------------------------------------


def test_a_dead_letter_is_delivered_again(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    world.finish(invoice)
    event = world.queue.popleft().event
    letter = DeadLetter(
        uuid4(), "m1", "s", event.type, event.entity_id, event.model_dump_json(), {}
    )
    record_dead_letter(world, letter)
    replay_dead_letter(world, letter.id, BY)
    replay_dead_letter(world, letter.id, BY)
    world.publish()
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert len(column(world, "SELECT id FROM membership_periods")) == 1
    assert_sound(world)


@pytest.mark.parametrize("body", ["not an event", "{}", '{"type": "no.such"}'])
def test_what_is_no_event_is_not_replayed(world: World, body: str) -> None:
    letter = DeadLetter(uuid4(), "m1", "s", None, None, body, {})
    record_dead_letter(world, letter)
    assert "no event" in refused(lambda: replay_dead_letter(world, letter.id, BY))
    assert "no such" in refused(lambda: replay_dead_letter(world, uuid4(), BY))
    assert audited(world) == []


@pytest.mark.parametrize("reason", Reason)
def test_only_what_tells_something_can_be_taken_off_the_list(world: World, reason: Reason) -> None:
    item, finding = uuid4(), Finding(Subject.SWAP, str(uuid4()), reason, (("fact", "one"),))
    with world.real_database.transaction() as tx:
        tx.reviews.open(finding, item, world.clock.now())
    told = {Reason.REFUNDED_AFTER_FINISH, Reason.SWAP_PAID_LESS, Reason.SWAP_PAID_AGAIN}
    if reason not in told:
        assert "closes when its cause is gone" in refused(
            lambda: close_review_item(world, item, BY)
        )
        assert reviews(world) == {("swap", reason.value)}
        return
    close_review_item(world, item, BY)
    close_review_item(world, item, BY)
    assert reviews(world) == set()
    assert len(audited(world)) == 1


def test_a_dead_letter_that_nobody_can_use_is_taken_off_the_list(world: World) -> None:
    record_dead_letter(world, DeadLetter(uuid4(), "m1", "s", None, None, "noise", {}))
    world.clock.pass_time(90_000)
    tick(world)
    item = value(world, "SELECT id FROM review_items WHERE closed_at IS NULL")
    close_review_item(world, item, BY)
    world.clock.pass_time(90_000)
    tick(world)
    assert reviews(world) == set()
    assert value(world, "SELECT count(*) FROM dead_letters WHERE closed_at IS NULL") == 0
    assert "no such" in refused(lambda: close_review_item(world, uuid4(), BY))


def test_an_event_stays_what_it_is_when_it_is_replayed(world: World) -> None:
    event = PaymentUpdated(payment_id=uuid4(), trace_id="abc")
    letter = DeadLetter(
        uuid4(), "m1", "s", event.type, event.entity_id, event.model_dump_json(), {}
    )
    record_dead_letter(world, letter)
    replay_dead_letter(world, letter.id, BY)
    world.publish()
    assert [one.event for one in world.queue] == [event]
