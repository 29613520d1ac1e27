"""An operator takes back what is with the network: the chain decides, the owner is paid once."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.events import TransferCheckDue
from shared_lib.usecases.cancel_transfer import cancel_transfer
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    InterruptedChain,
    assert_paid_on_one_nonce,
    attempts,
    balance,
    calm,
    column,
    handle,
    have_patience,
    purchase,
    reviews,
    sent,
    spike,
    state_of,
    stop_before,
    twice_at_once,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN, abandoned, until
from tests.invariants import assert_sound
from tests.world import World

BY = Operator("operator:ann", "the owner wrote that the wallet is lost")


def refused(action: Callable[[], Any]) -> str:
    """Why an action is refused."""
    with pytest.raises(ActionRefusedError) as caught:
        action()
    return str(caught.value)


def unmined(world: World, **wanted: Any) -> TransferCheckDue:
    """A transfer that is broadcast and too cheap to be mined; the event that checks it."""
    have_patience(world)
    check = sent(world, **wanted)
    spike(world)
    world.queue.clear()
    return check


def cancelling(world: World, **wanted: Any) -> UUID:
    """The transfer and its cancel are both with the network."""
    check = unmined(world, **wanted)
    cancel_transfer(world, check.transfer_id, BY)
    handle(world, stop_before(world, "transfer.authorized"))
    assert attempts(world) == ["send", "cancel"]
    return check.transfer_id


def audited(world: World) -> list[str]:
    return column(world, f"SELECT action FROM audit_log WHERE actor = '{BY.name}'")


def test_a_cancel_that_wins_brings_the_money_back_and_the_next_payout_pays_it(
    world: World,
) -> None:
    cancelling(world)
    until(world, lambda: state_of(world, "payouts")[0] == "returned")
    calm(world)
    world.run()
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert state_of(world, "transfers") == ["cancelled", "confirmed"]
    assert [one.nonce for one in world.signer.signed] == [0, 0, 1]
    assert state_of(world, "shares") == ["paid"]
    assert balance(world, "in_flight") == 0
    assert reviews(world) == set()
    assert audited(world) == ["cancel_transfer"]
    assert_sound(world)


def test_a_cancel_that_loses_changes_nothing(world: World) -> None:
    cancelling(world)
    original, _ = world.fake_chain.sent
    world.fake_chain.prefer(original)
    calm(world)
    assert_paid_on_one_nonce(world)


def test_a_swap_s_funding_can_be_taken_back_while_its_promise_runs(world: World) -> None:
    cancelling(world, target=BITCOIN)
    until(world, lambda: state_of(world, "payouts")[0] == "returned")
    calm(world)
    world.run()
    assert abandoned(world) == ["cancelled"]
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert_sound(world)


def test_a_wish_that_comes_while_the_chain_is_looked_at_is_not_forgotten(world: World) -> None:
    check = unmined(world)
    inner = world.chain
    cancel = partial(cancel_transfer, world, check.transfer_id, BY)
    world.chain = InterruptedChain(inner, "mined_nonce", cancel)
    handle(world, check)
    world.chain = inner
    assert value(world, "SELECT replacement FROM transfers") == "cancel"


def test_a_wish_that_comes_while_a_higher_price_is_wanted_wins(world: World) -> None:
    check = unmined(world)
    world.clock.pass_time(world.policy.transfer_stuck_seconds + 1)
    handle(world, check)
    assert value(world, "SELECT replacement FROM transfers") == "bump"
    cancel_transfer(world, check.transfer_id, BY)
    handle(world, check)
    handle(world, stop_before(world, "transfer.authorized"))
    assert attempts(world) == ["send", "cancel"]


def test_it_is_asked_for_once_however_often_it_is_said(world: World) -> None:
    check = unmined(world)
    for _ in range(2):
        cancel_transfer(world, check.transfer_id, BY)
    twice_at_once(world, stop_before(world, "transfer.authorized"))
    cancel_transfer(world, check.transfer_id, BY)
    assert attempts(world) == ["send", "cancel"]
    assert audited(world) == ["cancel_transfer"]


def test_what_is_not_sent_or_is_mined_cannot_be_taken_back(world: World) -> None:
    event = purchase(world, "transfer.authorized")
    only = value(world, "SELECT id FROM transfers")
    act = partial(cancel_transfer, world, only, BY)
    assert refused(act) == "only what is sent can be cancelled: it is authorized"
    handle(world, event)
    world.drain()
    world.run()
    assert refused(act) == "only what is sent can be cancelled: it is confirmed"
    gone = partial(cancel_transfer, world, uuid4(), BY)
    assert refused(gone) == "only what is sent can be cancelled: it is not there"
    assert world.fake_chain.mined_nonce(WALLET) == 1
    assert audited(world) == []
