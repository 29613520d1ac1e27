"""A swap's funding that is not mined in time: a cancel on its nonce, and another swap."""

from functools import partial
from itertools import pairwise

import pytest

from shared_lib.domain.money import ETH, zero
from shared_lib.events import Event, TransferAuthorized, TransferCheckDue
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    BEFORE_BROADCASTING,
    BEFORE_STORING,
    InterruptedSigner,
    allow_sends,
    assert_outbid,
    attempts,
    balance,
    buy,
    calm,
    column,
    die_after_signing,
    entity,
    handle,
    have_patience,
    leave,
    mined_gas,
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
from tests.integration.usecases.swap_support import BITCOIN, abandoned, funded, made, until
from tests.world import World


def unmined(world: World) -> TransferCheckDue:
    """A swap whose funding is broadcast and too cheap to be mined; the event that checks it."""
    have_patience(world)
    check = sent(world, target=BITCOIN)
    spike(world)
    world.queue.clear()
    return check


def dying(world: World) -> Event:
    """A funding whose promise is about to end; the event that has its cancel signed."""
    check = unmined(world)
    leave(world, world.policy.swap_cancel_seconds - 1)
    handle(world, check)
    assert value(world, "SELECT replacement FROM transfers") == "cancel"
    return stop_before(world, "transfer.authorized")


def cancelling(world: World) -> tuple[str, str]:
    """Funding and cancel are both with the network; their hashes."""
    handle(world, dying(world))
    assert attempts(world) == ["send", "cancel"]
    original, cancel = world.fake_chain.sent
    return original, cancel


def assert_another_swap_pays(world: World) -> None:
    """The cancel won: nothing reached the dead exchange, another one is funded, once."""
    until(world, lambda: state_of(world, "payouts")[0] == "returned")
    calm(world)  # else the next payout waits, as it is not worth its gas
    world.run()
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert state_of(world, "transfers") == ["cancelled", "confirmed"]
    assert abandoned(world) == ["cancelled"]
    assert state_of(world, "swaps") == ["abandoned", "finished"]
    assert funded(world) == made(world)[1:]
    assert len(made(world)[1].deposits) == 1
    assert state_of(world, "shares") == ["paid"]
    assert_booked(world, returned=1, mined=2)


def assert_the_first_swap_pays(world: World) -> None:
    """The funding won: its swap is followed, and there is no other."""
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert state_of(world, "transfers") == ["confirmed"]
    assert state_of(world, "swaps") == ["finished"]
    assert funded(world) == made(world)
    assert len(made(world)[0].deposits) == 1
    assert {one.nonce for one in world.signer.signed} == {0}
    assert_booked(world, returned=0, mined=1)


def assert_booked(world: World, *, returned: int, mined: int) -> None:
    """What came back and what was burned is in the books once, and nothing is in flight."""
    kinds = column(world, "SELECT kind FROM ledger_transactions")
    assert (kinds.count("returned"), kinds.count("gas")) == (returned, mined)
    assert kinds.count("settled") == 1
    assert balance(world, "gas_cost") == sum(mined_gas(world))
    assert balance(world, "in_flight") == 0
    assert reviews(world) == set()


# ---- when it is signed ---------------------------------------------------------------------------


def test_a_funding_whose_promise_ends_is_cancelled_on_its_nonce(world: World) -> None:
    cancelling(world)
    original, cancel = world.signer.signed
    assert cancel.nonce == original.nonce == 0
    assert (cancel.destination, cancel.amount) == (WALLET, zero(ETH))
    assert_outbid(original.fees, cancel.fees)
    assert_another_swap_pays(world)


def test_a_funding_with_five_minutes_left_is_not_cancelled(world: World) -> None:
    check = unmined(world)
    leave(world, world.policy.swap_cancel_seconds)
    handle(world, check)
    assert value(world, "SELECT replacement FROM transfers") is None
    calm(world)
    assert_the_first_swap_pays(world)


def test_a_funding_that_is_mined_is_never_cancelled(world: World) -> None:
    """However shallow its block is: the exchange has seen it."""
    check = unmined(world)
    calm(world)
    world.fake_chain.mine()
    leave(world, 1)
    handle(world, check)
    assert state_of(world, "transfers") == ["mined"]
    assert_the_first_swap_pays(world)
    assert attempts(world) == ["send"]


def test_a_direct_transfer_is_never_cancelled(world: World) -> None:
    """It pays the owner, whenever it is mined."""
    have_patience(world)
    sent(world)
    spike(world)
    for _ in range(10):
        tick(world, 3_600)
    assert attempts(world) == ["send"]
    calm(world)
    world.run()


def test_two_deliveries_at_once_sign_one_cancel(world: World) -> None:
    twice_at_once(world, dying(world), times=3)
    assert attempts(world) == ["send", "cancel"]
    assert_another_swap_pays(world)


def test_the_kill_switch_does_not_stop_a_cancel(world: World) -> None:
    event = dying(world)
    stop_sends(world)
    handle(world, event)
    for _ in range(10):
        world.tick()
        world.drain()
    assert state_of(world, "payouts")[0] == "returned"
    assert len(world.signer.signed) == 2
    allow_sends(world)
    assert_another_swap_pays(world)


# ---- the bytes that it takes the place of --------------------------------------------------------


def test_a_funding_is_broadcast_again_while_its_promise_holds(world: World) -> None:
    check = unmined(world)
    [original] = world.fake_chain.sent
    world.fake_chain.forget(original)
    leave(world, world.policy.swap_cancel_seconds)
    handle(world, check)
    assert world.fake_chain.sent == {original: 2}
    calm(world)
    assert_the_first_swap_pays(world)


def test_a_funding_is_not_broadcast_again_when_its_promise_ends(world: World) -> None:
    """No node has it any more, and none gets it again: neither by the check nor by a delivery."""
    event = dying(world)
    [original] = world.fake_chain.sent
    world.fake_chain.forget(original)
    for _ in range(3):
        handle(world, TransferCheckDue(transfer_id=entity(event)))
    assert world.fake_chain.sent == {original: 1}
    handle(world, event)
    assert attempts(world) == ["send", "cancel"]
    assert world.fake_chain.sent[original] == 1
    assert_another_swap_pays(world)
    assert world.fake_chain.sent[original] == 1


def test_a_higher_nonce_does_not_have_a_dying_funding_broadcast_again(world: World) -> None:
    """The lowest nonce holds it up; it is put right by the cancel alone."""
    event = dying(world)
    [original] = world.fake_chain.sent
    calm(world)
    world.fake_chain.forget(original)
    higher = sent(world, number=2)
    world.queue.clear()
    handle(world, higher)
    assert world.fake_chain.sent[original] == 1
    handle(world, event)
    world.run()
    assert world.fake_chain.sent[original] == 1
    assert state_of(world, "payouts").count("settled") == 2


def test_a_funding_that_was_stored_and_not_broadcast_stays_here_when_its_promise_ends(
    world: World,
) -> None:
    """Its delivery comes again too late for the exchange."""
    have_patience(world)
    event = purchase(world, "transfer.authorized", target=BITCOIN)
    die_after_signing(world, BEFORE_BROADCASTING)
    assert not world.deliver(event)
    assert attempts(world) == ["send"]
    leave(world, world.policy.swap_cancel_seconds - 1)
    handle(world, event)
    assert world.fake_chain.sent == {}
    assert_another_swap_pays(world)


def test_a_cancel_that_waits_for_gas_money_lets_no_funding_out_again(world: World) -> None:
    have_patience(world)
    world.top_up(10**15)
    buy(world, world.open_shop(target=BITCOIN))
    handle(world, stop_before(world, "transfer.authorized"))
    spike(world)
    [original] = world.fake_chain.sent
    world.fake_chain.forget(original)
    leave(world, world.policy.swap_cancel_seconds - 1)
    for _ in range(5):
        tick(world)
    assert attempts(world) == ["send"]
    assert world.fake_chain.sent == {original: 1}
    world.top_up()
    assert_another_swap_pays(world)
    assert attempts(world)[:2] == ["send", "cancel"]
    assert world.fake_chain.sent[original] == 1


def test_a_bump_that_waited_until_its_promise_ends_becomes_a_cancel(world: World) -> None:
    """There was no gas money for it. By now it would pay a dead exchange."""
    world.top_up(10**15)
    buy(world, world.open_shop(target=BITCOIN))
    handle(world, stop_before(world, "transfer.authorized"))
    spike(world)
    for _ in range(4):
        tick(world)
    assert value(world, "SELECT replacement FROM transfers") == "bump"
    leave(world, world.policy.swap_cancel_seconds - 1)
    world.top_up()
    handle(world, TransferAuthorized(transfer_id=value(world, "SELECT id FROM transfers")))
    assert attempts(world) == ["send"]
    assert_another_swap_pays(world)
    assert attempts(world)[:2] == ["send", "cancel"]


# ---- who wins ------------------------------------------------------------------------------------


def test_a_funding_that_is_mined_in_spite_of_its_cancel_is_followed(world: World) -> None:
    original, cancel = cancelling(world)
    calm(world)
    world.fake_chain.prefer(original)
    world.fake_chain.mine()
    assert_the_first_swap_pays(world)
    assert value(world, "SELECT mined_hash FROM transfers") == original
    assert world.fake_chain.mined(cancel) is None


def test_a_funding_that_is_mined_before_its_cancel_is_signed_is_followed(world: World) -> None:
    """The cancel finds its nonce used."""
    event = dying(world)
    calm(world)
    world.signer = InterruptedSigner([partial(world.fake_chain.mine, 1)])
    handle(world, event)
    assert attempts(world) == ["send", "cancel"]
    assert_the_first_swap_pays(world)


def test_a_cancel_that_a_reorganisation_replaces_by_the_funding_is_forgotten(world: World) -> None:
    original, cancel = cancelling(world)
    world.fake_chain.mine()
    tick(world)
    assert value(world, "SELECT mined_hash FROM transfers") == cancel
    calm(world)
    world.fake_chain.reorg(1, drop=True)
    world.fake_chain.prefer(original)
    world.fake_chain.mine()
    assert_the_first_swap_pays(world)


def test_a_cancel_counts_only_when_its_block_is_deep_enough(world: World) -> None:
    cancelling(world)
    world.fake_chain.mine(world.policy.confirmations - 1)
    tick(world)
    assert state_of(world, "transfers") == ["mined"]
    assert state_of(world, "payouts") == ["sending"]
    assert state_of(world, "swaps") == ["funded"]
    world.fake_chain.mine()
    tick(world)
    assert state_of(world, "payouts")[0] == "returned"
    assert_another_swap_pays(world)


def test_a_stuck_cancel_is_bumped_as_a_cancel(world: World) -> None:
    cancelling(world)
    world.set_policy(transfer_stuck_seconds=180)
    spike(world, 1_000)
    for _ in range(8):
        tick(world)
    assert len(attempts(world)) > 2
    assert attempts(world)[1:] == ["cancel"] * (len(attempts(world)) - 1)
    _, *cancels = world.signer.signed
    for held, new in pairwise(cancels):
        assert (new.nonce, new.destination, new.amount) == (0, WALLET, zero(ETH))
        assert_outbid(held.fees, new.fees)
    assert_another_swap_pays(world)


@pytest.mark.parametrize("points", [BEFORE_STORING, BEFORE_BROADCASTING])
def test_a_cancel_whose_process_dies_is_signed_or_broadcast_by_the_next(
    world: World, points: int
) -> None:
    event = dying(world)
    [original] = world.fake_chain.sent
    die_after_signing(world, points)
    assert not world.deliver(event)
    assert attempts(world) == ["send"] + ["cancel"] * (points == BEFORE_BROADCASTING)
    assert world.fake_chain.sent == {original: 1}
    for _ in range(5):
        tick(world)
    assert attempts(world) == ["send", "cancel"]
    assert len(world.fake_chain.sent) == 2
    assert world.fake_chain.sent[original] == 1
    assert_another_swap_pays(world)


def test_money_that_was_cancelled_too_often_needs_a_person(world: World) -> None:
    """After three rounds nothing goes out again by itself."""
    have_patience(world)
    for rounds in range(1, 4):
        check = sent(world, target=BITCOIN) if rounds == 1 else sent_again(world)
        spike(world)
        world.queue.clear()
        leave(world, world.policy.swap_cancel_seconds - 1)
        handle(world, check)
        for _ in range(5):
            world.drain()
            world.fake_chain.mine(5)
            tick(world, 15)
        calm(world)
        world.fake_chain.mine()
    world.run()
    assert state_of(world, "payouts") == ["returned"] * 3 + ["review"]
    assert reviews(world) == {("payout", "returned_too_often")}
    assert funded(world) == []
    assert balance(world, "in_flight") == 0


def sent_again(world: World) -> TransferCheckDue:
    """The next transfer of the same money, just broadcast."""
    event = stop_before(world, "transfer.authorized")
    handle(world, event)
    return TransferCheckDue(transfer_id=entity(event))
