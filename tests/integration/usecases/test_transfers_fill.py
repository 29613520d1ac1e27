"""A nonce whose transfer may not be signed any more, while those above it are with the network.

It can neither be given back nor left out: a cancel uses it up, and its payout goes on without it.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from shared_lib.domain.money import ETH, zero
from shared_lib.domain.offer import PayoutTarget
from shared_lib.events import Event, TransferAuthorized
from shared_lib.usecases.send_transfer import send_transfer
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    BEFORE_BROADCASTING,
    BEFORE_STORING,
    BEN,
    OTHER_ADDRESS,
    InterruptedSigner,
    allow_sends,
    assert_outbid,
    balance,
    calm,
    change,
    column,
    die_after_signing,
    entity,
    go_on,
    handle,
    have_patience,
    leave,
    mined_gas,
    purchase,
    reviews,
    spike,
    state_of,
    stop_sends,
    tick,
    twice_at_once,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN, abandoned, funded, made
from tests.world import World

SHARE = 2_125 * 10**12


def refuse_lower(
    world: World, *acts: Callable[[], object], target: PayoutTarget | None = None
) -> Event:
    """The first of two transfers is refused while it is signed, the second being sent already.

    `acts` are what makes the first one wrong. The event that has its nonce filled, undelivered.
    """
    first = purchase(world, "transfer.authorized", target=target)
    second = purchase(world, "transfer.authorized", number=2, user_id=BEN)
    if target is not None:
        leave(world, world.policy.swap_sign_seconds_least + 20)
    higher = partial(send_transfer, world, entity(second))
    world.signer = InterruptedSigner([higher, *acts])
    handle(world, first)
    filler = TransferAuthorized(transfer_id=entity(first))
    world.queue.remove(next(one for one in world.queue if one.event == filler))
    assert_filling(world)
    return filler


def assert_filling(world: World) -> None:
    """The nonce stays with the refused transfer, which holds no money any more."""
    filler = the_filler(world)
    assert (filler["state"], filler["nonce"], filler["replacement"]) == ("signing", 0, "cancel")
    assert column(world, "SELECT nonce FROM transfers WHERE state = 'sent'") == [1]
    assert value(world, "SELECT count(*) FROM reservations") == 0
    assert len(world.fake_chain.sent) == 1


def the_filler(world: World) -> dict[str, Any]:
    [found] = world.rows("SELECT * FROM transfers WHERE fills_nonce")
    return found


def assert_filled_once(world: World) -> None:
    """Only cancels were broadcast on the nonce, and the one that was mined moved nothing."""
    filler = the_filler(world)
    assert (filler["state"], filler["nonce"]) == ("cancelled", 0)
    kinds = column(
        world, f"SELECT kind FROM transfer_attempts WHERE transfer_id = '{filler['id']}'"
    )
    assert set(kinds) == {"cancel"}
    cancels = [one for one in world.signer.signed if one.destination == WALLET]
    assert {(one.nonce, one.amount) for one in cancels} == {(0, zero(ETH))}
    assert world.fake_chain.mined(filler["mined_hash"]) is not None
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'returned'") == 0
    assert balance(world, "in_flight") == 0


def assert_all_settled(world: World) -> None:
    """Both owners are paid once, the first of them by a later transfer; nobody has to look."""
    world.run()
    assert_filled_once(world)
    assert state_of(world, "payouts") == ["settled", "settled"]
    assert sorted(state_of(world, "shares")) == ["paid", "paid"]
    assert column(world, "SELECT nonce FROM transfers ORDER BY nonce") == [0, 1, 2]
    assert balance(world, "gas_cost") == sum(mined_gas(world))
    assert len(mined_gas(world)) == 3
    assert reviews(world) == set()


def later(world: World) -> None:
    """So much time passes that a promise is too short to sign for."""
    world.clock.pass_time(30)


# ---- why, and what becomes of the payout ---------------------------------------------------------


def test_the_kill_switch_leaves_a_lower_nonce_to_a_cancel(world: World) -> None:
    """It stops no cancel: the nonce is used up while nothing else may be sent."""
    refuse_lower(world, partial(stop_sends, world))
    assert set(column(world, "SELECT waiting_for FROM payouts")) == {"nonce_lost", None}
    world.clock.pass_time(1)
    for _ in range(5):
        world.tick()
        world.drain()
    assert_filled_once(world)
    assert sorted(state_of(world, "payouts")) == ["sending", "settled"]
    allow_sends(world)
    assert_all_settled(world)


def test_a_destination_that_changed_is_paid_by_a_later_transfer(world: World) -> None:
    move = f"UPDATE channels SET payout_address = '{OTHER_ADDRESS}' WHERE id IN "
    first = "(SELECT channel_id FROM payouts ORDER BY created_at LIMIT 1)"
    refuse_lower(world, partial(change, world, move + first))
    assert set(column(world, "SELECT waiting_for FROM payouts")) == {"destination_changed", None}
    assert_all_settled(world)
    assert world.fake_chain.balance(OTHER_ADDRESS).base_units == SHARE
    old = the_filler(world)["destination"]
    assert world.fake_chain.balance(old).base_units == 0


def test_a_quote_that_died_while_signing_is_followed_by_a_new_swap(world: World) -> None:
    """Its exchange never sees any money."""
    refuse_lower(world, partial(later, world), target=BITCOIN)
    assert abandoned(world) == ["quote_dead"]
    assert state_of(world, "swaps") == ["abandoned", "quoting"]
    assert_all_settled(world)
    assert funded(world) == made(world)[1:]
    assert len(made(world)) == 2
    assert len(made(world)[1].deposits) == 1


@pytest.mark.parametrize("target", [None, BITCOIN], ids=["direct", "swap"])
def test_what_a_person_must_settle_has_its_nonce_filled_all_the_same(
    world: World, target: PayoutTarget | None
) -> None:
    """One of the payments was given back to its payer. The money stays locked in its payout."""
    refund = partial(refund_first, world)
    filler = refuse_lower(world, refund, target=target)
    assert ("transfer", "transfer_refused") in reviews(world)
    handle(world, filler)
    world.run()
    assert_filled_once(world)
    assert state_of(world, "payouts") == ["review", "settled"]
    assert state_of(world, "shares") == ["locked", "paid"]
    assert column(world, "SELECT nonce FROM transfers ORDER BY nonce") == [0, 1]
    assert state_of(world, "swaps") == (["review"] if target else [])
    assert funded(world) == []


def refund_first(world: World) -> None:
    """The provider gave the first payment back to its payer, and it is known here."""
    payment_id = next(iter(world.fake_provider.payments))
    go_on(world, payment_id, "refunded")
    [event] = [one.event for one in world.queue if one.event.type == "payment.updated"]
    handle(world, event)


# ---- the cancel ----------------------------------------------------------------------------------


def test_a_stuck_filler_is_bumped_as_a_cancel_until_it_is_mined(world: World) -> None:
    """The transfer above it is left alone meanwhile, and goes through after it."""
    handle(world, refuse_lower(world, partial(stop_sends, world)))
    spike(world)
    for _ in range(8):
        tick(world)
    cancels = [one for one in world.signer.signed if one.destination == WALLET]
    assert len(cancels) > 1
    for held, new in pairwise(cancels):
        assert_outbid(held.fees, new.fees)
    assert [one.nonce for one in world.signer.signed].count(1) == 1
    allow_sends(world)
    calm(world)
    assert_all_settled(world)


def test_two_deliveries_at_once_fill_a_nonce_once(world: World) -> None:
    have_patience(world)
    twice_at_once(world, refuse_lower(world, partial(stop_sends, world)), times=3)
    assert len(world.fake_chain.sent) == 2
    allow_sends(world)
    assert_all_settled(world)


@pytest.mark.parametrize("points", [BEFORE_STORING, BEFORE_BROADCASTING])
def test_a_filler_whose_process_dies_is_filled_by_the_next(world: World, points: int) -> None:
    event = refuse_lower(world, partial(stop_sends, world))
    signed = world.signer.signed
    die_after_signing(world, points)
    world.signer.signed = signed
    assert not world.deliver(event)
    assert len(world.fake_chain.sent) == 1
    allow_sends(world)
    assert_all_settled(world)


def test_a_filler_whose_event_is_lost_is_found_by_the_tick(world: World) -> None:
    refuse_lower(world, partial(stop_sends, world))
    world.queue.clear()
    allow_sends(world)
    assert_all_settled(world)


def test_a_frozen_wallet_fills_nothing_before_its_release(world: World) -> None:
    """Not even a cancel is signed. The transfer keeps its nonce, and goes itself in the end."""
    first = purchase(world, "transfer.authorized")
    second = purchase(world, "transfer.authorized", number=2, user_id=BEN)
    higher = partial(send_transfer, world, entity(second))
    froze = "UPDATE wallets SET frozen_because = 'a person looks'"
    world.signer = InterruptedSigner([higher, partial(change, world, froze)])
    handle(world, first)
    for _ in range(3):
        tick(world)
    assert sorted(state_of(world, "transfers")) == ["sent", "signing"]
    assert column(world, "SELECT fills_nonce FROM transfers") == [False, False]
    assert len(world.fake_chain.sent) == 1
    change(world, "UPDATE wallets SET frozen_because = NULL")
    world.run()
    assert state_of(world, "payouts") == ["settled", "settled"]
    assert column(world, "SELECT nonce FROM transfers ORDER BY nonce") == [0, 1]
    assert reviews(world) == set()


def test_a_destination_that_begins_to_refuse_money_does_not_hold_up_the_nonces_above(
    world: World,
) -> None:
    """The node says so when it is asked for the fees of a transfer that has its nonce already."""
    first = purchase(world, "transfer.authorized")
    second = purchase(world, "transfer.authorized", number=2, user_id=BEN)
    higher = partial(send_transfer, world, entity(second))
    die_after_signing(world, BEFORE_STORING)
    assert not world.deliver(first)
    world.clock.pass_time(world.policy.lease_seconds + 1)
    higher()
    sql = f"SELECT destination FROM transfers WHERE id = '{entity(first)}'"
    world.fake_chain.reverting.add(value(world, sql))
    handle(world, first)
    assert the_filler(world)["replacement"] == "cancel"
    world.publish()
    for _ in range(5):
        world.tick()
        world.drain()
    assert_filled_once(world)
    assert "settled" in state_of(world, "payouts")
    world.fake_chain.reverting.clear()
    assert_all_settled(world)
