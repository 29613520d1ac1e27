"""The validator: what is never authorised, what waits, and what nobody may touch."""

from functools import partial

import pytest

from shared_lib.domain.ledger import Account, Entry, PostingKind, posting
from shared_lib.domain.money import USDT, Money
from shared_lib.events import Event
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    OTHER_ADDRESS,
    InterruptedSigner,
    allow_sends,
    buy,
    change,
    column,
    handle,
    reviews,
    state_of,
    stop_before,
    stop_sends,
    tick,
    twice_at_once,
    value,
)
from tests.world import World

ZERO_ADDRESS = "0x" + "0" * 40
MOVE_OWNER = f"UPDATE channels SET payout_address = '{OTHER_ADDRESS}'"
NEEDS_PERSON = {
    "amount_differs": ["UPDATE transfers SET amount = amount - 1"],
    "destination_refused": [
        f"UPDATE channels SET payout_address = '{ZERO_ADDRESS}'",
        f"UPDATE payouts SET destination_address = '{ZERO_ADDRESS}'",
        f"UPDATE transfers SET destination = '{ZERO_ADDRESS}'",
    ],
}


def requested(world: World) -> Event:
    """One purchase, gone as far as the transfer's request."""
    world.top_up()
    buy(world, world.open_shop())
    return stop_before(world, "transfer.requested")


def refused_because(world: World) -> set[str]:
    """The refusals that open review items name."""
    rows = world.rows(
        "SELECT evidence->>'refusal' AS refusal FROM review_items "
        "WHERE reason = 'transfer_refused' AND closed_at IS NULL"
    )
    return {row["refusal"] for row in rows}


def assert_held(world: World) -> None:
    """Nothing was signed, sent or reserved, and a person has to look."""
    assert state_of(world, "transfers") == ["review"]
    assert state_of(world, "payouts") == ["review"]
    assert value(world, "SELECT count(*) FROM reservations") == 0
    assert world.signer.signed == []
    assert world.fake_chain.sent == {}


@pytest.mark.parametrize("refusal", NEEDS_PERSON)
def test_what_only_a_person_can_settle_goes_to_review(world: World, refusal: str) -> None:
    event = requested(world)
    for statement in NEEDS_PERSON[refusal]:
        change(world, statement)
    handle(world, event)
    world.run()
    assert refused_because(world) == {refusal}
    assert_held(world)


def test_more_than_the_cap_goes_to_review(world: World) -> None:
    event = requested(world)
    world.set_policy(transfer_cap=1)
    handle(world, event)
    assert refused_because(world) == {"over_cap"}
    assert_held(world)


def test_money_is_never_sent_to_the_wallet_itself(world: World) -> None:
    event = requested(world)
    [before] = world.rows("SELECT destination FROM transfers")
    address_to(world, WALLET)
    handle(world, event)
    assert refused_because(world) == {"destination_refused"}
    assert_held(world)
    address_to(world, before["destination"])


def address_to(world: World, address: str) -> None:
    change(world, f"UPDATE channels SET payout_address = '{address}'")
    change(world, f"UPDATE payouts SET destination_address = '{address}'")
    change(world, f"UPDATE transfers SET destination = '{address}'")


def test_a_changed_destination_gets_the_money_instead_of_the_old_one(world: World) -> None:
    event = requested(world)
    assert_goes_to_the_other_address(world, event)


def test_a_changed_destination_is_caught_after_authorising_too(world: World) -> None:
    handle(world, requested(world))
    assert_goes_to_the_other_address(world, stop_before(world, "transfer.authorized"))


def test_a_changed_destination_is_caught_after_the_nonce_too(world: World) -> None:
    """It is the highest, so that the next transfer gets it."""
    handle(world, requested(world))
    event = stop_before(world, "transfer.authorized")
    move_owner = partial(change, world, MOVE_OWNER)
    world.signer = InterruptedSigner([move_owner])
    handle(world, event)
    assert len(world.signer.signed) == 1
    assert_waits_for_the_other_address(world)
    assert_paid_there(world)


def assert_goes_to_the_other_address(world: World, event: Event) -> None:
    change(world, MOVE_OWNER)
    handle(world, event)
    assert world.signer.signed == []
    assert_waits_for_the_other_address(world)
    assert_paid_there(world)


def assert_waits_for_the_other_address(world: World) -> None:
    """The shares are free, nothing was broadcast or reserved, and nobody has to look."""
    assert state_of(world, "shares") == ["pending"]
    assert state_of(world, "transfers") == ["cancelled"]
    assert column(world, "SELECT waiting_for FROM payouts") == ["destination_changed"]
    assert value(world, "SELECT count(*) FROM reservations") == 0
    assert value(world, "SELECT next_nonce FROM wallets") == 0
    assert world.fake_chain.sent == {}
    assert reviews(world) == set()


def assert_paid_there(world: World) -> None:
    old = value(world, "SELECT DISTINCT destination FROM transfers")
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert world.fake_chain.balance(OTHER_ADDRESS).base_units == 2_125 * 10**12
    assert world.fake_chain.balance(old).base_units == 0
    assert list(world.fake_chain.sent.values()) == [1]


def test_a_destination_that_refuses_money_goes_to_review(world: World) -> None:
    """The node says so when asked for the fees; nothing is signed to find out."""
    event = requested(world)
    world.fake_chain.reverting.add(value(world, "SELECT destination FROM transfers"))
    handle(world, event)
    assert reviews(world) == {("transfer", "refused_by_provider")}
    assert world.signer.signed == []
    world.fake_chain.reverting.clear()
    assert_goes(world)


def test_an_asset_that_this_chain_does_not_have_is_never_sent(world: World) -> None:
    event = requested(world)
    plant_asset(world, "dai:eth", "shares", "payouts", "transfers")
    handle(world, event)
    tick(world)
    assert reviews(world) == {("transfer", "refused_by_provider")}
    assert value(world, "SELECT count(*) FROM reservations") == 0
    assert world.signer.signed == []
    plant_asset(world, "eth:eth", "shares", "payouts", "transfers")


def test_another_asset_than_the_one_that_is_owed_goes_to_review(world: World) -> None:
    """Both can be sent, and there would be enough of both."""
    event = requested(world)
    world.fake_chain.pay(WALLET, 10**18, USDT)
    world.fake_chain.mine()
    with world.real_database.transaction() as tx:
        capital = posting(
            PostingKind.TOP_UP,
            "tokens",
            Entry(Account.HOST_WALLET, Money(10**18, USDT)),
            Entry(Account.CAPITAL, Money(-(10**18), USDT)),
        )
        tx.ledger.post(capital, world.ids.new(), world.clock.now())
    plant_asset(world, "usdt:eth", "transfers")
    handle(world, event)
    assert refused_because(world) == {"unknown_asset"}
    assert_held(world)


def plant_asset(world: World, asset_id: str, *table_names: str) -> None:
    for table in table_names:
        change(world, f"UPDATE {table} SET asset = '{asset_id}'")


def test_a_node_of_another_chain_is_waited_out(world: World) -> None:
    event = requested(world)
    world.fake_chain.said_chain_id = 1
    handle(world, event)
    assert refused_because(world) == {"wrong_chain"}
    assert state_of(world, "transfers") == ["requested"]
    world.fake_chain.said_chain_id = 31_337
    assert_goes(world)


def test_too_little_gas_money_waits_for_a_top_up(world: World) -> None:
    buy(world, world.open_shop())
    handle(world, stop_before(world, "transfer.requested"))
    assert refused_because(world) == {"gas_float_low"}
    assert world.signer.signed == []
    world.top_up()
    assert_goes(world)


def test_the_kill_switch_stops_authorising_and_needs_no_review(world: World) -> None:
    event = requested(world)
    stop_sends(world)
    handle(world, event)
    tick(world)
    assert state_of(world, "transfers") == ["requested"]
    assert reviews(world) == set()
    allow_sends(world)
    assert_goes(world)


def test_a_frozen_wallet_waits_for_its_release(world: World) -> None:
    event = requested(world)
    change(world, "UPDATE wallets SET frozen_because = 'a person looks'")
    handle(world, event)
    assert refused_because(world) == {"wallet_frozen"}
    assert state_of(world, "transfers") == ["requested"]
    change(world, "UPDATE wallets SET frozen_because = NULL")
    assert_goes(world)


def assert_goes(world: World) -> None:
    """Once the reason is gone the transfer goes by itself, once, and nobody has to look."""
    world.run()
    assert state_of(world, "transfers") == ["confirmed"]
    assert list(world.fake_chain.sent.values()) == [1]
    assert reviews(world) == set()


def test_another_owners_money_is_never_used(world: World) -> None:
    """A deposit came short by less than the tolerance: what is missing is not taken from others."""
    world.top_up()
    world.set_policy(fee_bps=0)
    short, other = world.open_shop(1), world.open_shop(2)
    invoice = world.order(6_000_000_011, short)
    payment = world.fake_provider.pay(
        invoice, "finished", outcome_amount="0.0025", payout_hash=world.deposit("0.002499")
    )
    world.call_back(payment)
    short_transfer = stop_before(world, "transfer.requested")
    buy(world, other, 6_000_000_012)
    handle(world, stop_before(world, "transfer.requested"))
    handle(world, short_transfer)
    assert refused_because(world) == {"not_spendable"}
    world.drain()
    assert sorted(state_of(world, "transfers")) == ["requested", "sent"]

    world.set_policy(fee_bps=1_500)
    buy(world, other, 6_000_000_013)
    world.run()
    assert set(state_of(world, "payouts")) == {"settled"}
    assert reviews(world) == set()


def test_a_nonce_that_we_never_gave_out_freezes_the_wallet(world: World) -> None:
    event = requested(world)
    world.fake_chain.spend_elsewhere(WALLET, 0)
    world.fake_chain.mine()
    handle(world, event)
    assert ("wallet", "foreign_nonce") in reviews(world)
    assert value(world, "SELECT frozen_because FROM wallets") is not None
    tick(world)
    assert state_of(world, "transfers") == ["requested"]
    assert world.signer.signed == []


def test_a_foreign_nonce_is_caught_after_authorising_too(world: World) -> None:
    handle(world, requested(world))
    event = stop_before(world, "transfer.authorized")
    world.fake_chain.spend_elsewhere(WALLET, 0)
    world.fake_chain.mine()
    handle(world, event)
    tick(world)
    assert ("wallet", "foreign_nonce") in reviews(world)
    assert state_of(world, "transfers") == ["authorized"]
    assert world.signer.signed == []


def test_two_deliveries_at_once_authorise_once(world: World) -> None:
    twice_at_once(world, requested(world))
    assert state_of(world, "transfers") == ["authorized"]
    assert value(world, "SELECT count(*) FROM reservations") == 1
    assert [one.event.type for one in world.queue].count("transfer.authorized") == 1
    world.run()


def test_a_node_that_is_down_delays_authorising(world: World) -> None:
    event = requested(world)
    world.fake_chain.down = True
    handle(world, event)
    tick(world, 3_600)
    assert state_of(world, "transfers") == ["requested"]
    world.fake_chain.down = False
    assert_goes(world)
