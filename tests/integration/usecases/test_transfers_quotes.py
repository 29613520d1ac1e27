"""What the validator and the signer ask of a swap before they fund its exchange."""

from functools import partial

import pytest

from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.swap import ExchangeStatus
from shared_lib.events import Event
from tests.fakes.chain import USDT_CONTRACT, WALLET
from tests.integration.usecases.support import (
    OTHER_ADDRESS,
    InterruptedSigner,
    change,
    column,
    entity,
    go_on,
    handle,
    leave,
    purchase,
    reviews,
    state_of,
    stop_before,
    tick,
    value,
)
from tests.integration.usecases.swap_support import (
    BITCOIN,
    RIPPLE,
    abandoned,
    assert_swapped_once,
    calls,
    funded,
    made,
)
from tests.world import World

ZERO_ADDRESS = "0x" + "0" * 40
OTHER_BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
STAGES = ["transfer.requested", "transfer.authorized"]


def refused_because(world: World) -> set[str]:
    """The refusals that open review items name."""
    return set(
        column(
            world,
            "SELECT evidence->>'refusal' FROM review_items "
            "WHERE reason = 'transfer_refused' AND closed_at IS NULL",
        )
    )


def assert_held(world: World, refusal: str) -> None:
    """Nothing was signed or reserved, and a person has to look at payout and swap."""
    for _ in range(3):
        tick(world)
    assert refused_because(world) == {refusal}
    assert state_of(world, "transfers") == ["review"]
    assert state_of(world, "payouts") == ["review"]
    assert state_of(world, "swaps") == ["review"]
    assert state_of(world, "shares") == ["locked"]
    assert value(world, "SELECT count(*) FROM reservations") == 0
    assert world.signer.signed == []
    assert funded(world) == []


def assert_another_exchange_is_funded(world: World, *, because: str = "quote_dead") -> None:
    """Nothing was ever broadcast to the first exchange; the second one is paid, once."""
    assert abandoned(world) == [because]
    assert state_of(world, "transfers") == ["cancelled"]
    assert world.fake_chain.sent == {}
    assert value(world, "SELECT count(*) FROM reservations") == 0
    assert value(world, "SELECT next_nonce FROM wallets") == 0
    assert reviews(world) == set()
    assert_swapped_once(world)
    assert funded(world) == made(world)[1:]
    assert len(made(world)) == 2
    assert len(world.fake_chain.sent) == 1


# ---- how long the promise holds ------------------------------------------------------------------


def test_a_promise_with_ten_minutes_left_is_authorised(world: World) -> None:
    event = purchase(world, "transfer.requested", target=BITCOIN)
    leave(world, world.policy.swap_sign_seconds_least)
    handle(world, event)
    assert state_of(world, "transfers") == ["authorized"]
    assert_swapped_once(world)


@pytest.mark.parametrize("stage", STAGES)
def test_a_promise_with_less_is_given_up_and_another_one_funded(world: World, stage: str) -> None:
    """The node and the provider are not even asked: a dead promise must not wait for them."""
    event = purchase(world, stage, target=BITCOIN)
    leave(world, world.policy.swap_sign_seconds_least - 1)
    world.fake_chain.down = True
    asked = calls(world)
    handle(world, event)
    assert calls(world) == asked
    world.fake_chain.down = False
    assert world.signer.signed == []
    assert_another_exchange_is_funded(world)


def test_a_promise_that_dies_between_nonce_and_bytes_is_given_up(world: World) -> None:
    """The nonce is the highest, so that the next transfer gets it."""
    event = purchase(world, "transfer.authorized", target=BITCOIN)
    leave(world, world.policy.swap_sign_seconds_least + 20)
    world.signer = InterruptedSigner([partial(world.clock.pass_time, 30)])
    handle(world, event)
    assert len(world.signer.signed) == 1
    assert value(world, "SELECT count(*) FROM transfer_attempts") == 0
    assert_another_exchange_is_funded(world)


def test_a_swap_that_waited_for_gas_money_until_it_died_is_replaced(world: World) -> None:
    """Nobody has to look at the transfer that did not go."""
    shop = world.open_shop(target=BITCOIN)
    world.finish(world.order(6_000_000_001, shop))
    handle(world, stop_before(world, "transfer.requested"))
    assert refused_because(world) == {"gas_float_low"}
    leave(world, world.policy.swap_sign_seconds_least - 1)
    tick(world)
    assert abandoned(world) == ["quote_dead"]
    world.top_up()
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert len(funded(world)) == 1
    assert reviews(world) == set()


# ---- what the provider says of its exchange ------------------------------------------------------


@pytest.mark.parametrize("status", ["confirming", "expired", "failed", ExchangeStatus.FINISHED])
def test_an_exchange_that_awaits_no_deposit_is_never_funded(world: World, status: str) -> None:
    event = purchase(world, "transfer.requested", target=BITCOIN)
    [exchange] = made(world)
    world.fake_swaps.advance(exchange.echo.id, status)
    handle(world, event)
    assert_another_exchange_is_funded(world)


def test_an_exchange_that_awaits_its_deposit_elsewhere_by_now_is_never_funded(
    world: World,
) -> None:
    event = purchase(world, "transfer.requested", target=BITCOIN)
    [exchange] = made(world)
    exchange.payin_address = OTHER_ADDRESS
    handle(world, event)
    assert_another_exchange_is_funded(world)


# ---- what was changed behind the swap's back -----------------------------------------------------


@pytest.mark.parametrize("factor", ["1.0580", "0.9420"], ids=["too little", "too good"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_quote_off_the_market_needs_a_person(world: World, stage: str, factor: str) -> None:
    event = purchase(world, stage, target=BITCOIN)
    change(world, f"UPDATE swaps SET market = ceil((quoted + withdrawal_fee) * {factor})")
    handle(world, event)
    assert_held(world, "quote_off_market")


@pytest.mark.parametrize("factor", ["1.0500", "0.9530"])
def test_a_quote_near_the_market_is_funded(world: World, factor: str) -> None:
    event = purchase(world, "transfer.requested", target=BITCOIN)
    change(world, f"UPDATE swaps SET market = ceil((quoted + withdrawal_fee) * {factor})")
    handle(world, event)
    assert_swapped_once(world)


@pytest.mark.parametrize("stage", STAGES)
def test_a_pay_in_that_is_not_the_exchanges_needs_a_person(world: World, stage: str) -> None:
    event = purchase(world, stage, target=BITCOIN)
    payin = value(world, "SELECT payin_address FROM swaps")
    change(world, f"UPDATE transfers SET destination = '{OTHER_ADDRESS}'")
    handle(world, event)
    assert_held(world, "destination_differs")
    change(world, f"UPDATE transfers SET destination = '{payin}'")


@pytest.mark.parametrize("table", ["transfers SET amount = amount", "swaps SET sold = sold"])
@pytest.mark.parametrize("by", ["+ 10000000000", "- 10000000000"])
@pytest.mark.parametrize("stage", STAGES)
def test_another_amount_than_the_exchange_was_made_for_needs_a_person(
    world: World, stage: str, table: str, by: str
) -> None:
    event = purchase(world, stage, target=BITCOIN)
    change(world, f"UPDATE {table} {by}")
    handle(world, event)
    assert_held(world, "amount_differs")
    back = "-" if by.startswith("+") else "+"
    change(world, f"UPDATE {table} {back} {by[2:]}")


@pytest.mark.parametrize("payin", [WALLET, WALLET.lower(), ZERO_ADDRESS, USDT_CONTRACT])
def test_no_exchange_is_funded_at_an_address_that_is_never_a_pay_in(
    world: World, payin: str
) -> None:
    """Our own wallet, nobody's, and a contract that would keep what it gets."""
    world.set_policy(usdt_contract=USDT_CONTRACT)
    event = purchase(world, "transfer.requested", target=BITCOIN)
    [exchange] = made(world)
    true = exchange.payin_address
    exchange.payin_address = payin
    point_to(world, payin)
    handle(world, event)
    exchange.payin_address = true
    assert_held(world, "destination_refused")
    point_to(world, true)


def point_to(world: World, payin: str) -> None:
    """Exchange and transfer agree on a pay-in."""
    change(world, f"UPDATE swaps SET payin_address = '{payin}'")
    change(world, f"UPDATE transfers SET destination = '{payin}'")


def test_a_refund_of_one_of_its_payments_needs_a_person(world: World) -> None:
    """The shares are locked in the payout, so that nothing was taken back by itself."""
    event = purchase(world, "transfer.requested", target=BITCOIN)
    [payment_id] = world.fake_provider.payments
    go_on(world, payment_id, "refunded")
    handle(world, stop_before(world, "payment.updated"))
    handle(world, event)
    assert_held(world, "payment_refunded")
    assert ("payment", "refunded_after_finish") in reviews(world)


# ---- an owner who changed where the money goes ---------------------------------------------------

MOVES: dict[str, tuple[PayoutTarget, str]] = {
    "address": (BITCOIN, f"payout_address = '{OTHER_BITCOIN}'"),
    "memo": (RIPPLE, "payout_memo = '67890'"),
    "asset": (BITCOIN, "payout_asset = 'ltc:ltc'"),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("moved", MOVES)
def test_a_changed_target_gets_the_money_by_an_exchange_of_its_own(
    world: World, moved: str, stage: str
) -> None:
    target, assignment = MOVES[moved]
    event = purchase(world, stage, target=target)
    change(world, f"UPDATE channels SET {assignment}")
    handle(world, event)
    assert_stood_down(world, event)
    assert_another_exchange_is_funded(world, because="stood_down")
    [row] = world.rows("SELECT payout_asset, payout_address, payout_memo FROM channels")
    paid = funded(world)[0].order.target
    assert (paid.asset.id, paid.address, paid.memo) == tuple(row.values())


def test_a_target_that_changes_between_nonce_and_bytes_is_seen(world: World) -> None:
    event = purchase(world, "transfer.authorized", target=BITCOIN)
    move = f"UPDATE channels SET {MOVES['address'][1]}"
    world.signer = InterruptedSigner([partial(change, world, move)])
    handle(world, event)
    assert_stood_down(world, event)
    assert_another_exchange_is_funded(world, because="stood_down")
    assert funded(world)[0].order.target.address == OTHER_BITCOIN


def assert_stood_down(world: World, event: Event) -> None:
    """The shares are free, and the payout waits for another try."""
    assert state_of(world, "shares") == ["pending"]
    assert column(world, "SELECT waiting_for FROM payouts") == ["destination_changed"]
    assert column(world, "SELECT id FROM transfers") == [entity(event)]
