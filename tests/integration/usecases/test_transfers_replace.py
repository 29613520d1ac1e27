"""Bytes that are stuck: a higher price on the same nonce, and never a second payment."""

from functools import partial
from typing import cast

import pytest

from shared_lib.domain.transfer import ATTEMPTS_MOST
from shared_lib.events import Event, TransferAuthorized, TransferCheckDue
from shared_lib.ports import Chain
from shared_lib.usecases.check_transfer import check_transfer
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    ANN,
    BEFORE_BROADCASTING,
    BEFORE_STORING,
    InterruptedChain,
    InterruptedSigner,
    allow_sends,
    assert_outbid,
    assert_paid_on_one_nonce,
    attempts,
    balance,
    buy,
    change,
    column,
    die_after_signing,
    entity,
    handle,
    have_patience,
    purchase,
    reviews,
    sent,
    spike,
    state_of,
    stop_before,
    stop_sends,
    tick,
    twice_at_once,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN
from tests.world import World


def wait_until_stuck(world: World) -> None:
    """Time passes without a block, and all that it wakes is delivered."""
    for _ in range(4):
        tick(world)


def stuck(world: World) -> Event:
    """One purchase whose bytes are stuck; the event that has them replaced."""
    check = sent(world)
    world.queue.clear()
    world.clock.pass_time(world.policy.transfer_stuck_seconds)
    handle(world, check)
    return stop_before(world, "transfer.authorized")


# ---- a bump --------------------------------------------------------------------------------------


def test_a_stuck_transfer_is_bumped_on_its_nonce_and_settles_once(world: World) -> None:
    sent(world)
    spike(world)
    wait_until_stuck(world)
    first, second = world.signer.signed
    assert (second.nonce, second.destination, second.amount) == (
        first.nonce,
        first.destination,
        first.amount,
    )
    assert_outbid(first.fees, second.fees)
    assert second.fees.max_fee > world.fake_chain.base_fee
    assert_paid_on_one_nonce(world)
    assert attempts(world) == ["send", "bump"]
    [mined_hash] = column(world, "SELECT mined_hash FROM transfers")
    assert mined_hash == list(world.fake_chain.sent)[1]


def test_a_bump_outbids_the_bytes_that_are_there_even_if_gas_became_cheaper(world: World) -> None:
    """Else every node would refuse it. The pool here follows geth's rule."""
    sent(world)
    world.fake_chain.base_fee //= 2
    wait_until_stuck(world)
    first, second = world.signer.signed
    assert_outbid(first.fees, second.fees)
    world.fake_chain.mine()
    assert world.fake_chain.mined(list(world.fake_chain.sent)[1]) is not None
    assert_paid_on_one_nonce(world)


def test_there_is_no_bump_before_the_time(world: World) -> None:
    check = sent(world)
    world.clock.pass_time(world.policy.transfer_stuck_seconds - 1)
    handle(world, check)
    assert value(world, "SELECT replacement FROM transfers") is None
    world.clock.pass_time(1)
    handle(world, check)
    assert value(world, "SELECT replacement FROM transfers") == "bump"
    assert_paid_on_one_nonce(world)


def test_the_time_counts_from_the_newest_bytes(world: World) -> None:
    handle(world, stuck(world))
    check = stop_before(world, "transfer.check_due")
    world.clock.pass_time(world.policy.transfer_stuck_seconds - 1)
    handle(world, check)
    assert value(world, "SELECT replacement FROM transfers") is None
    world.clock.pass_time(1)
    handle(world, check)
    assert value(world, "SELECT replacement FROM transfers") == "bump"
    assert_paid_on_one_nonce(world)


def test_only_the_lowest_unmined_nonce_is_bumped(world: World) -> None:
    """The others cannot be mined before it, whatever they pay."""
    events = [
        purchase(world, "transfer.authorized", number=number, user_id=ANN + number)
        for number in range(1, 4)
    ]
    for event in events:
        handle(world, event)
    spike(world)
    wait_until_stuck(world)
    assert [one.nonce for one in world.signer.signed] == [0, 1, 2, 0]
    world.run()
    assert set(state_of(world, "payouts")) == {"settled"}
    assert world.fake_chain.mined_nonce(WALLET) == 3
    assert balance(world, "in_flight") == 0
    assert reviews(world) == set()


def test_what_is_mined_is_never_bumped_however_long_its_block_stays_shallow(world: World) -> None:
    sent(world)
    world.fake_chain.mine()
    for _ in range(10):
        tick(world)
    assert state_of(world, "transfers") == ["mined"]
    assert len(world.signer.signed) == 1
    assert_paid_on_one_nonce(world)


def test_bytes_that_are_mined_while_a_bump_is_wanted_are_not_replaced(world: World) -> None:
    event = stuck(world)
    world.fake_chain.mine()
    handle(world, TransferCheckDue(transfer_id=entity(event)))
    assert value(world, "SELECT replacement FROM transfers") is None
    handle(world, event)
    assert attempts(world) == ["send"]
    assert len(world.signer.signed) == 1
    assert_paid_on_one_nonce(world)


def test_bytes_that_are_mined_while_their_bump_is_signed_are_not_replaced(world: World) -> None:
    """What was signed is thrown away, and never reaches the network."""
    event = stuck(world)
    check = partial(check_transfer, world, entity(event))
    world.signer = InterruptedSigner([partial(world.fake_chain.mine, 1), check])
    handle(world, event)
    assert state_of(world, "transfers") == ["mined"]
    assert attempts(world) == ["send"]
    assert len(world.fake_chain.sent) == 1
    assert_paid_on_one_nonce(world)


def test_two_deliveries_at_once_sign_one_bump(world: World) -> None:
    event = stuck(world)
    twice_at_once(world, event, times=3)
    assert attempts(world) == ["send", "bump"]
    assert len(world.signer.signed) == 2
    assert_paid_on_one_nonce(world)


def test_a_check_that_looked_before_the_bump_orders_no_second_one(world: World) -> None:
    """What it saw is old: bytes were signed that it knows nothing of."""
    event = stuck(world)
    check = TransferCheckDue(transfer_id=entity(event))
    bump = partial(handle, world, event)
    world.chain = cast("Chain", InterruptedChain(world.chain, "head", bump))
    handle(world, check)
    assert attempts(world) == ["send", "bump"]
    assert value(world, "SELECT replacement FROM transfers") is None
    assert_paid_on_one_nonce(world)
    assert len(world.signer.signed) == 2


def test_a_check_between_signature_and_storing_orders_no_second_bump(world: World) -> None:
    event = stuck(world)
    world.signer = InterruptedSigner([partial(check_transfer, world, entity(event))])
    handle(world, event)
    world.drain()
    assert attempts(world) == ["send", "bump"]
    assert_paid_on_one_nonce(world)


def test_after_so_many_attempts_a_person_looks(world: World) -> None:
    """No more bytes are signed; the newest ones are mined in the end."""
    world.set_policy(transfer_stuck_seconds=60)
    world.fake_chain.hide_next(10**6)
    sent(world)
    for _ in range(3 * ATTEMPTS_MOST):
        tick(world)
    assert len(attempts(world)) == ATTEMPTS_MOST
    for _ in range(24):
        tick(world, 3_600)
    assert {("transfer", "overdue"), ("payout", "overdue")} <= reviews(world)
    assert len(attempts(world)) == len(world.fake_chain.sent) == ATTEMPTS_MOST
    world.fake_chain.hide_next(0)
    world.fake_chain.release()
    assert_paid_on_one_nonce(world)


@pytest.mark.parametrize("is_redelivered", [True, False])
def test_a_bump_that_was_stored_and_not_broadcast_goes_out(
    world: World, *, is_redelivered: bool
) -> None:
    """By the delivery that comes again, or by the check: never the bytes that it replaces."""
    event = stuck(world)
    [first] = world.fake_chain.sent
    die_after_signing(world, BEFORE_BROADCASTING)
    assert not world.deliver(event)
    assert attempts(world) == ["send", "bump"]
    assert list(world.fake_chain.sent) == [first]
    have_patience(world)
    if not is_redelivered:
        world.queue.clear()
    for _ in range(4):
        tick(world)
    newest = value(world, "SELECT hash FROM transfer_attempts WHERE kind = 'bump'")
    assert list(world.fake_chain.sent) == [first, newest]
    assert world.fake_chain.sent[first] == 1
    world.fake_chain.mine()
    assert_paid_on_one_nonce(world)
    assert value(world, "SELECT mined_hash FROM transfers") == newest


def test_a_bump_that_was_signed_and_not_stored_is_signed_again(world: World) -> None:
    event = stuck(world)
    die_after_signing(world, BEFORE_STORING)
    assert not world.deliver(event)
    assert attempts(world) == ["send"]
    assert_paid_on_one_nonce(world)


def test_a_bump_waits_for_gas_money(world: World) -> None:
    world.top_up(10**15)
    buy(world, world.open_shop())
    handle(world, stop_before(world, "transfer.authorized"))
    spike(world)
    for _ in range(10):
        tick(world)
    assert attempts(world) == ["send"]
    assert len(world.fake_chain.sent) == 1
    world.top_up()
    world.run()
    assert attempts(world) == ["send", "bump"]
    assert state_of(world, "payouts") == ["settled"]
    assert_paid_on_one_nonce(world)


def test_the_kill_switch_does_not_keep_stuck_bytes_from_being_bumped(world: World) -> None:
    """They may be mined at any time anyhow, and hold up the nonces above them."""
    sent(world)
    stop_sends(world)
    spike(world)
    wait_until_stuck(world)
    assert attempts(world) == ["send", "bump"]
    assert_paid_on_one_nonce(world)
    allow_sends(world)


def test_nothing_is_bumped_from_a_frozen_wallet(world: World) -> None:
    sent(world)
    change(world, "UPDATE wallets SET frozen_because = 'a person looks'")
    spike(world)
    for _ in range(10):
        tick(world)
    assert attempts(world) == ["send"]
    assert len(world.fake_chain.sent) == 1
    change(world, "UPDATE wallets SET frozen_because = NULL")
    assert_paid_on_one_nonce(world)
    assert attempts(world) == ["send", "bump"]


def test_nothing_is_bumped_for_another_chain(world: World) -> None:
    sent(world)
    spike(world)
    world.fake_chain.said_chain_id = 1
    for _ in range(5):
        tick(world)
    assert attempts(world) == ["send"]
    world.fake_chain.said_chain_id = 31_337
    assert_paid_on_one_nonce(world)


def test_bytes_that_are_mined_in_spite_of_their_bump_settle_once(world: World) -> None:
    sent(world)
    wait_until_stuck(world)
    first, second = world.fake_chain.sent
    world.fake_chain.prefer(first)
    world.fake_chain.mine()
    assert world.fake_chain.mined(first) is not None
    assert_paid_on_one_nonce(world)
    assert value(world, "SELECT mined_hash FROM transfers") == first
    assert world.fake_chain.mined(second) is None


def test_a_bump_that_a_reorganisation_replaces_by_the_first_bytes_settles_once(
    world: World,
) -> None:
    sent(world)
    wait_until_stuck(world)
    first, second = world.fake_chain.sent
    world.fake_chain.mine()
    tick(world)
    assert value(world, "SELECT mined_hash FROM transfers") == second
    world.fake_chain.reorg(1, drop=True)
    world.fake_chain.prefer(first)
    assert_paid_on_one_nonce(world)
    assert value(world, "SELECT mined_hash FROM transfers") == first


def test_a_stuck_funding_of_a_swap_is_bumped_while_its_promise_holds(world: World) -> None:
    sent(world, target=BITCOIN)
    spike(world)
    wait_until_stuck(world)
    assert attempts(world) == ["send", "bump"]
    assert_paid_on_one_nonce(world)
    assert state_of(world, "swaps") == ["finished"]


def test_patience_is_a_setting(world: World) -> None:
    have_patience(world)
    event = purchase(world, "transfer.authorized")
    handle(world, event)
    spike(world)
    wait_until_stuck(world)
    assert attempts(world) == ["send"]
    world.set_policy(transfer_stuck_seconds=180)
    assert_paid_on_one_nonce(world)
    assert isinstance(event, TransferAuthorized)
