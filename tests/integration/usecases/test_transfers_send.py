"""Nonce, signature, stored bytes, broadcast: one transaction per transfer, whatever happens."""

from functools import partial

import pytest

from shared_lib.domain.money import ETH
from shared_lib.events import Event, TransferAuthorized
from shared_lib.ports import BroadcastResult, Leased, LeaseLostError
from shared_lib.usecases.lease import claim
from shared_lib.usecases.send_transfer import send_transfer
from tests.integration.usecases.support import (
    ANN,
    BEN,
    InterruptedSigner,
    allow_sends,
    balance,
    buy,
    column,
    entity,
    handle,
    have_patience,
    reviews,
    state_of,
    stop_before,
    stop_sends,
    tick,
    twice_at_once,
    value,
)
from tests.world import World


def authorized(world: World, number: int = 1, user_id: int = ANN) -> Event:
    """One purchase on a channel of its own, gone as far as the authorised transfer."""
    if number == 1:
        world.top_up()
    buy(world, world.open_shop(number), user_id)
    return stop_before(world, "transfer.authorized")


def assert_sent_once(world: World, transfers: int = 1) -> None:
    """Everything ends settled; each transfer had one nonce and one set of bytes, ever."""
    world.run()
    assert set(state_of(world, "transfers")) == {"confirmed"}
    assert set(state_of(world, "payouts")) == {"settled"}
    nonces = column(world, "SELECT nonce FROM transfers ORDER BY nonce")
    assert nonces == list(range(transfers))
    stored = column(world, "SELECT hash FROM transfer_attempts")
    assert sorted(stored) == sorted(world.fake_chain.sent)
    assert len(stored) == transfers
    assert reviews(world) == set()


def test_sixteen_are_in_flight_at_most_and_the_others_go_later(world: World) -> None:
    have_patience(world)
    world.top_up()
    for number in range(1, 18):
        buy(world, world.open_shop(number), 6_100_000_000 + number)
    world.fake_chain.mine(3)
    for _ in range(4):
        tick(world)
    states = state_of(world, "transfers")
    assert (states.count("sent"), states.count("authorized")) == (16, 1)
    assert len(world.fake_chain.sent) == 16
    assert_sent_once(world, transfers=17)


def test_the_kill_switch_between_nonce_and_bytes_gives_the_nonce_back(world: World) -> None:
    event = authorized(world)
    world.signer = InterruptedSigner([partial(stop_sends, world)])
    handle(world, event)
    assert state_of(world, "transfers") == ["authorized"]
    assert value(world, "SELECT next_nonce FROM wallets") == 0
    assert world.fake_chain.sent == {}
    assert value(world, "SELECT count(*) FROM transfer_attempts") == 0
    allow_sends(world)
    assert_sent_once(world)


def test_a_lower_nonce_is_filled_by_a_cancel_and_its_payout_goes_later(world: World) -> None:
    """Those above it would never be mined if it were given to nobody."""
    first = authorized(world)
    second = authorized(world, 2, BEN)
    first_id, second_id = entity(first), entity(second)
    send_second = partial(send_transfer, world, second_id)
    world.signer = InterruptedSigner([send_second, partial(stop_sends, world)])
    handle(world, first)
    rows = world.rows("SELECT id, state, nonce, replacement, fills_nonce FROM transfers")
    filler, other = (next(row for row in rows if row["id"] == one) for one in (first_id, second_id))
    assert (filler["state"], filler["nonce"], filler["replacement"]) == ("signing", 0, "cancel")
    assert filler["fills_nonce"]
    assert (other["state"], other["nonce"]) == ("sent", 1)
    assert set(column(world, "SELECT waiting_for FROM payouts")) == {"nonce_lost", None}
    assert value(world, "SELECT count(*) FROM reservations") == 0
    world.drain()
    assert len(world.fake_chain.sent) == 2
    for _ in range(5):
        world.tick()
        world.drain()
    assert sorted(state_of(world, "transfers")) == ["cancelled", "confirmed", "requested"]
    allow_sends(world)
    world.run()
    assert state_of(world, "payouts") == ["settled", "settled"]
    assert sorted(state_of(world, "transfers")) == ["cancelled", "confirmed", "confirmed"]
    assert column(world, "SELECT nonce FROM transfers ORDER BY nonce") == [0, 1, 2]
    assert sorted(world.fake_chain.sent.values()) == [1, 1, 1]
    assert balance(world, "in_flight") == 0
    assert reviews(world) == set()


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_to_a_broadcast_leads_to_one_transaction(
    world: World, *, arrives: bool
) -> None:
    event = authorized(world)
    world.fake_chain.lose_next_answer(arrives=arrives)
    handle(world, event)
    assert state_of(world, "transfers") == ["sent"]
    assert_sent_once(world)


@pytest.mark.parametrize("answer", [BroadcastResult.REFUSED, BroadcastResult.NONCE_USED])
def test_refused_bytes_are_sent_again_unchanged(world: World, answer: BroadcastResult) -> None:
    event = authorized(world)
    world.fake_chain.refuse_next(answer)
    handle(world, event)
    assert_sent_once(world)
    assert list(world.fake_chain.sent.values()) == [2]


def test_a_node_that_is_down_delays_sending(world: World) -> None:
    event = authorized(world)
    world.fake_chain.down = True
    handle(world, event)
    tick(world)
    assert state_of(world, "transfers") == ["authorized"]
    world.fake_chain.down = False
    assert_sent_once(world)


def test_two_deliveries_at_once_use_one_nonce_and_one_signature(world: World) -> None:
    event = authorized(world)
    twice_at_once(world, event, times=3)
    assert value(world, "SELECT next_nonce FROM wallets") == 1
    assert value(world, "SELECT count(*) FROM transfer_attempts") == 1
    assert len(world.signer.signed) == 1
    assert_sent_once(world)


def test_ten_repeated_deliveries_send_the_same_bytes_at_most(world: World) -> None:
    event = authorized(world)
    for _ in range(10):
        handle(world, event)
    assert len(world.signer.signed) == 1
    assert_sent_once(world)


def test_who_lost_the_lease_while_signing_records_nothing(world: World) -> None:
    """The second delivery takes over with other fees; only its bytes are stored and broadcast."""
    event = authorized(world)

    def take_over() -> None:
        world.clock.pass_time(world.policy.lease_seconds + 1)
        world.fake_chain.base_fee *= 2
        world.fake_chain.mine()
        send_transfer(world, entity(event))

    world.signer = InterruptedSigner([take_over])
    with pytest.raises(LeaseLostError):
        handle(world, event)
    assert len({one.fees for one in world.signer.signed}) == 2
    assert {one.nonce for one in world.signer.signed} == {0}
    stored = world.rows("SELECT max_fee FROM transfer_attempts")
    assert [int(row["max_fee"]) for row in stored] == [world.signer.signed[1].fees.max_fee]
    assert_sent_once(world)


def test_who_lost_the_lease_to_one_still_at_work_stores_nothing(world: World) -> None:
    event = authorized(world)

    def claim_it() -> None:
        world.clock.pass_time(world.policy.lease_seconds + 1)
        with world.real_database.transaction() as tx:
            claim(world, tx, Leased.TRANSFER, entity(event))

    world.signer = InterruptedSigner([claim_it])
    with pytest.raises(LeaseLostError):
        handle(world, event)
    assert state_of(world, "transfers") == ["signing"]
    assert value(world, "SELECT count(*) FROM transfer_attempts") == 0
    assert_sent_once(world)


def test_too_little_time_left_on_the_lease_means_no_signature(world: World) -> None:
    event = authorized(world)
    world.set_policy(lease_seconds=19.0, call_seconds=20.0)
    with pytest.raises(LeaseLostError):
        handle(world, event)
    assert world.signer.signed == []
    assert state_of(world, "transfers") == ["signing"]
    world.set_policy(lease_seconds=150.0)
    assert_sent_once(world)


def test_a_live_lease_turns_another_delivery_away(world: World) -> None:
    """The one that comes meanwhile is not acknowledged, so that it comes again."""
    event = authorized(world)
    answers = []

    def come_meanwhile() -> None:
        answers.append(world.deliver(TransferAuthorized(transfer_id=entity(event))))

    world.signer = InterruptedSigner([come_meanwhile])
    handle(world, event)
    assert answers == [False]
    assert len(world.signer.signed) == 1
    assert_sent_once(world)


def test_ten_channels_at_once_get_consecutive_nonces_and_the_right_sums(world: World) -> None:
    world.fake_provider.cents_per_coin[ETH.id] = 9_990
    world.top_up()
    shops = [world.open_shop(number) for number in range(1, 11)]
    for number, shop in enumerate(shops, start=1):
        buy(world, shop, 6_100_000_000 + number, amount=f"0.0{number:02d}")
    world.run()
    for number, shop in enumerate(shops, start=1):
        assert world.fake_chain.balance(shop.destination).base_units == number * 850 * 10**12
    assert_sent_once(world, transfers=10)
