"""Owners who collect: what comes in is converted, held in USDT, and paid out once it is enough."""

from functools import partial
from uuid import uuid4

import pytest

from shared_lib.domain.money import ETH, USDT, Asset, Money, parse_amount
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.domain.swap import Limits
from shared_lib.events import BatchPayoutsTick, PayoutRequested, PoolRequested
from shared_lib.ports import DeadLetter, RetryableError
from shared_lib.usecases.accumulate_payment import accumulate_payment
from shared_lib.usecases.record_dead_letter import record_dead_letter
from shared_lib.usecases.request_payout import request_payout
from shared_lib.usecases.start_payout import start_payout
from tests.databases import together
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import (
    ANN,
    account_of,
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
from tests.integration.usecases.swap_support import (
    BITCOIN,
    BTC,
    SHARE,
    break_swaps,
    pass_hours,
    pass_minutes,
    repair_swaps,
)
from tests.invariants import assert_sound
from tests.world import Shop, World

TETHER_WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER_WALLET = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
# What a share of 0.002125 ETH brings at 4,000 USD, less a spread of 0.5 % and a fee of 0.05 USDT.
PART = 8_407_500


@pytest.fixture
def shop(world: World) -> Shop:
    """A channel whose owner collects 40 USD and wants USDT."""
    world.top_up()
    return open_shop(world)


def open_shop(
    world: World,
    number: int = 1,
    threshold_cents: int = 4_000,
    target: PayoutTarget | None = None,
) -> Shop:
    wanted = target or PayoutTarget(USDT, TETHER_WALLET, None)
    return world.open_shop(number, target=wanted, threshold_cents=threshold_cents)


def buy_many(world: World, shop: Shop, times: int, amount: str = "0.0025") -> None:
    """So many purchases by different people, one after the other, each as far as it goes."""
    known = int(value(world, "SELECT count(*) FROM payments"))
    for number in range(times):
        buy(world, shop, ANN + known + number, amount)
        world.run()


def booked(world: World, account: str, asset: str = "usdt:eth") -> int:
    """What an account holds of one asset."""
    return int(
        value(
            world,
            "SELECT coalesce(sum(amount), 0) FROM ledger_entries "
            f"WHERE account = '{account}' AND asset = '{asset}'",
        )
    )


def payouts(world: World) -> list[tuple[str, str]]:
    """Asset and state of each payout to an owner, oldest first."""
    rows = world.rows(
        "SELECT asset, state FROM payouts WHERE channel_id IS NOT NULL ORDER BY created_at, id"
    )
    return [(row["asset"], row["state"]) for row in rows]


def conversions(world: World) -> list[str]:
    """The states of all conversions, oldest first."""
    return column(
        world, "SELECT state FROM payouts WHERE channel_id IS NULL ORDER BY created_at, id"
    )


def owned(world: World, address: str = TETHER_WALLET) -> int:
    """What an owner has on the chain, in base units of USDT."""
    return world.fake_chain.held(address, USDT)


# ---- all is well ---------------------------------------------------------------------------------


def test_what_comes_in_is_converted_at_once_and_held(world: World, shop: Shop) -> None:
    buy_many(world, shop, 1)
    assert state_of(world, "shares") == ["held"]
    assert column(world, "SELECT amount FROM shares") == [PART]
    assert conversions(world) == ["settled"]
    assert payouts(world) == []
    assert booked(world, "owner_payable") == -PART
    assert booked(world, "owner_payable", "eth:eth") == 0
    assert booked(world, "host_wallet") == PART == world.fake_chain.held(WALLET, USDT)
    assert booked(world, "exchange") == booked(world, "exchange", "eth:eth") == 0
    assert reviews(world) == set()


def test_what_is_held_goes_out_in_one_batch_once_it_is_enough(world: World, shop: Shop) -> None:
    buy_many(world, shop, 4)
    pass_minutes(world, 15)
    assert payouts(world) == []
    buy_many(world, shop, 1)
    pass_minutes(world, 15)
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")]
    assert state_of(world, "shares") == ["paid"] * 5
    assert owned(world) == 5 * PART
    assert booked(world, "host_wallet") == booked(world, "owner_payable") == 0
    assert -booked(world, "paid_out") == 5 * PART
    assert value(world, "SELECT amount FROM held_balances") == 0


def test_what_is_held_is_swapped_for_an_owner_who_wants_another_coin(world: World) -> None:
    world.top_up()
    shop = open_shop(world, threshold_cents=2_000, target=BITCOIN)
    buy_many(world, shop, 3)
    pass_minutes(world, 15)
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")]
    [swap] = world.rows(
        "SELECT sold, bought, bought_asset FROM swaps WHERE sold_asset = 'usdt:eth'"
    )
    assert (swap["sold"], swap["bought_asset"]) == (3 * PART, BTC.id)
    assert swap["bought"] > 0
    assert reviews(world) == set()


def test_dollars_held_do_not_lose_with_the_market(world: World, shop: Shop) -> None:
    buy_many(world, shop, 5)
    world.fake_swaps.market.set_rate(ETH, USDT, 3_000)
    pass_minutes(world, 15)
    world.run()
    assert owned(world) == 5 * PART


@pytest.mark.parametrize(("cents", "pays"), [(4_203, True), (4_204, False)])
def test_a_threshold_is_reached_to_the_last_unit(world: World, cents: int, pays: bool) -> None:
    """Five parts are 42.0375 USDT."""
    world.top_up()
    shop = open_shop(world, threshold_cents=cents)
    buy_many(world, shop, 5)
    pass_minutes(world, 15)
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")] * pays


# ---- the pool ------------------------------------------------------------------------------------


def least(world: World, ether: str) -> None:
    """The provider swaps no less than this."""
    world.fake_swaps.market.set_limits(parse_amount(ether, ETH), USDT)


def test_a_pool_below_the_minimum_waits_for_company_of_any_channel(
    world: World, shop: Shop
) -> None:
    other = open_shop(world, 2, target=PayoutTarget(USDT, OTHER_WALLET, None))
    least(world, "0.00425")
    buy(world, shop)
    pass_minutes(world, 10)
    assert state_of(world, "shares") == ["pending"]
    assert column(world, "SELECT waiting_for FROM payouts") == ["below_minimum"]
    buy(world, other, ANN + 1)
    world.run()
    assert state_of(world, "shares") == ["held", "held"]
    assert conversions(world) == ["settled"]
    [swap] = world.rows("SELECT sold, bought FROM swaps")
    assert swap["sold"] == 2 * SHARE
    assert sum(column(world, "SELECT amount FROM shares")) == swap["bought"]


def test_a_pool_that_waits_for_a_month_is_shown(world: World, shop: Shop) -> None:
    least(world, "1")
    buy(world, shop)
    pass_hours(world, 31 * 24, step_minutes=720)
    assert ("payout", "overdue") in reviews(world)
    assert state_of(world, "shares") == ["pending"]
    least(world, "0.0001")
    pass_hours(world, 2)
    world.run()
    assert state_of(world, "shares") == ["held"]
    assert reviews(world) == set()


def test_each_owner_gets_their_part_of_what_came_of_the_pool(world: World, shop: Shop) -> None:
    """Weights 1 : 2 : 3, and a result that does not divide."""
    others = [open_shop(world, number) for number in (2, 3)]
    least(world, "0.00408")
    for number, one in enumerate([shop, *others]):
        buy(world, one, ANN + number, ("0.0008", "0.0016", "0.0024")[number])
    world.exchanges_go_on = False
    pass_minutes(world, 10)
    [exchange] = world.fake_swaps.funded
    world.fake_swaps.finish(exchange, Money(5_900_000, USDT))
    world.run()
    parts = column(world, "SELECT amount FROM shares ORDER BY amount")
    assert parts == [983_333, 1_966_667, 2_950_000]


def test_what_cannot_be_swapped_rides_along_with_the_largest(world: World, shop: Shop) -> None:
    """The exchange counts 8 digits."""
    buy_many(world, shop, 1, "0.002500001234567")
    dust = value(world, "SELECT amount FROM shares WHERE kind = 'dust'")
    assert 0 < dust < 10**10
    assert booked(world, "owner_payable", "eth:eth") == -dust
    assert state_of(world, "shares") == ["held", "pending"]
    buy_many(world, shop, 1)
    assert value(
        world, "SELECT state FROM shares WHERE kind = 'dust' ORDER BY created_at LIMIT 1"
    ) in (
        "held",
        "paid",
    )


def test_at_most_500_shares_make_a_conversion(
    world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared_lib.usecases.forming.SHARES_MOST", 2)
    world.fake_swaps.market.withdraw(ETH, USDT)
    for number in range(3):
        buy(world, shop, ANN + number)
    pass_minutes(world, 5)
    world.fake_swaps.market.restore(ETH, USDT)
    pass_hours(world, 2)
    world.run()
    assert column(world, "SELECT amount FROM payouts ORDER BY amount") == [SHARE, 2 * SHARE]
    assert state_of(world, "shares") == ["held"] * 3


def test_two_accumulators_at_once_convert_each_share_once(world: World, shop: Shop) -> None:
    buy(world, shop)
    stop_before(world, "pool.requested")
    together(*[partial(accumulate_payment, world, "eth:eth")] * 3)
    world.publish()
    world.run()
    assert conversions(world) == ["settled"]
    assert len(world.fake_swaps.funded) == 1
    assert state_of(world, "shares") == ["held"]


def test_a_share_that_comes_while_the_pool_is_looked_at_is_converted_with_it(
    world: World, shop: Shop
) -> None:
    """Whatever waits when the conversion forms is in it, to the wei."""
    buy(world, shop)
    event = stop_before(world, "pool.requested")
    buy(world, shop, ANN + 1)
    check = stop_before(world, "payment.check_due")
    world.fake_chain.mine(10)
    limits = world.fake_swaps.limits

    def meanwhile(sold: Asset, bought: Asset) -> Limits:
        world.fake_swaps.limits = limits  # type: ignore[method-assign]
        with world.elsewhere():
            handle(world, check)
        return limits(sold, bought)

    world.fake_swaps.limits = meanwhile  # type: ignore[method-assign]
    handle(world, event)
    world.run()
    assert column(world, "SELECT amount FROM payouts") == [2 * SHARE]
    assert state_of(world, "shares") == ["held", "held"]


# ---- batches -------------------------------------------------------------------------------------


def test_overlapping_ticks_pay_once(world: World, shop: Shop) -> None:
    buy_many(world, shop, 5)
    ask = PayoutRequested(channel_id=shop.channel_id)
    together(*[partial(start_payout, world, ask.channel_id)] * 3)
    world.publish()
    for _ in range(2):
        world.deliver(BatchPayoutsTick())
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")]
    assert owned(world) == 5 * PART


def test_a_channel_is_not_asked_for_again_while_its_payout_forms(world: World, shop: Shop) -> None:
    buy_many(world, shop, 5)
    break_swaps(world, "market_quote", RetryableError("down"))
    pass_minutes(world, 30)
    assert payouts(world) == [("usdt:eth", "waiting")]
    assert column(world, "SELECT waiting_for FROM payouts WHERE channel_id IS NOT NULL") == [
        "provider"
    ]
    with world.real_database.transaction() as tx:
        assert tx.channels.due_for_payout(world.clock.now(), 10) == []
    repair_swaps(world)
    pass_hours(world, 2)
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")]
    assert owned(world) == 5 * PART


def test_a_batch_whose_swap_fails_for_ever_is_owed_and_shown_and_paid_once_in_the_end(
    world: World,
) -> None:
    world.top_up()
    shop = open_shop(world, threshold_cents=9_000, target=BITCOIN)
    buy_many(world, shop, 3)
    break_swaps(world, "fixed_quote", RetryableError("down"))
    change(world, "UPDATE channels SET threshold_cents = 2000")
    pass_hours(world, 26)
    assert -booked(world, "owner_payable") == 3 * PART
    assert {reason for _, reason in reviews(world)} & {"failing_for_a_day", "overdue"}
    repair_swaps(world)
    pass_hours(world, 3)
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")]
    assert reviews(world) == set()


def test_what_arrives_while_a_payout_forms_is_in_the_next(world: World, shop: Shop) -> None:
    buy_many(world, shop, 5)
    world.deliver(BatchPayoutsTick())
    pass_minutes_until_payout(world)
    stop_before(world, "transfer.requested")
    buy(world, shop, ANN + 50)
    world.run()
    assert column(world, "SELECT amount FROM payouts WHERE channel_id IS NOT NULL") == [5 * PART]
    assert sorted(state_of(world, "shares")) == ["held"] + ["paid"] * 5


def pass_minutes_until_payout(world: World) -> None:
    for _ in range(12):
        if any(one.event.type == "payout.requested" for one in world.queue):
            return
        tick(world)


# ---- owners who change their mind ----------------------------------------------------------------


def to_wallet(world: World, address: str) -> None:
    change(world, f"UPDATE channels SET payout_address = '{address}'")


def test_a_wallet_changed_in_between_gets_what_was_not_signed_for(world: World, shop: Shop) -> None:
    buy_many(world, shop, 5)
    pass_minutes_until_payout(world)
    event = stop_before(world, "transfer.requested")
    to_wallet(world, OTHER_WALLET)
    handle(world, event)
    world.run()
    assert (owned(world), owned(world, OTHER_WALLET)) == (0, 5 * PART)
    buy_many(world, shop, 5)
    pass_minutes(world, 10)
    world.run()
    assert (owned(world), owned(world, OTHER_WALLET)) == (0, 10 * PART)


def test_a_wallet_changed_after_the_bytes_gets_the_next_batch(world: World, shop: Shop) -> None:
    buy_many(world, shop, 5)
    pass_minutes_until_payout(world)
    stop_before(world, "transfer.check_due")
    to_wallet(world, OTHER_WALLET)
    buy_many(world, shop, 5)
    pass_minutes(world, 10)
    world.run()
    assert (owned(world), owned(world, OTHER_WALLET)) == (5 * PART, 5 * PART)


def test_what_is_held_is_paid_at_once_to_an_owner_who_turns_to_instant(
    world: World, shop: Shop
) -> None:
    buy_many(world, shop, 1)
    world.fake_chain.base_fee = 10**8
    change(world, "UPDATE channels SET strategy = 'instant', threshold_cents = NULL")
    pass_minutes(world, 15)
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")]
    assert owned(world) == PART
    buy_many(world, shop, 1)
    assert payouts(world) == [("usdt:eth", "settled"), ("eth:eth", "settled")]


def test_a_lower_threshold_counts_at_the_next_tick(world: World, shop: Shop) -> None:
    buy_many(world, shop, 3)
    change(world, "UPDATE channels SET threshold_cents = 2000")
    pass_minutes(world, 15)
    world.run()
    assert owned(world) == 3 * PART


def test_a_higher_threshold_lets_a_payout_that_waited_rest(world: World, shop: Shop) -> None:
    buy_many(world, shop, 5)
    break_swaps(world, "market_quote", RetryableError("down"))
    pass_minutes(world, 10)
    change(world, "UPDATE channels SET threshold_cents = 9000")
    repair_swaps(world)
    pass_hours(world, 26)
    assert payouts(world) == [("usdt:eth", "waiting")]
    assert state_of(world, "shares") == ["held"] * 5
    assert reviews(world) == set()
    for number in range(6):
        buy(world, shop, ANN + 10 + number)
    pass_hours(world, 3)
    world.run()
    assert payouts(world) == [("usdt:eth", "settled")]


# ---- a payout on the owner's wish ----------------------------------------------------------------


def test_what_is_held_goes_out_when_its_owner_asks_for_it(world: World, shop: Shop) -> None:
    world.fake_chain.base_fee = 10**8
    buy_many(world, shop, 2)
    asked = partial(request_payout, world, account_of(world, shop), shop.channel_id)
    assert together(asked, asked) == [Money(2 * PART, USDT)] * 2
    world.publish()
    world.run()
    assert owned(world) == 2 * PART
    assert payouts(world) == [("usdt:eth", "settled")]
    assert column(world, "SELECT action FROM audit_log WHERE action = 'request_payout'") == [
        "request_payout"
    ]
    buy_many(world, shop, 1)
    pass_minutes(world, 15)
    assert owned(world) == 2 * PART, "the wish was for what was held then"


def test_a_wish_that_is_not_worth_its_gas_waits_and_stays(world: World, shop: Shop) -> None:
    buy_many(world, shop, 1)
    request_payout(world, account_of(world, shop), shop.channel_id)
    world.publish()
    pass_minutes(world, 15)
    assert column(world, "SELECT waiting_for FROM payouts WHERE channel_id IS NOT NULL") == [
        "cost_too_high"
    ]
    world.fake_chain.base_fee = 10**8
    pass_hours(world, 2)
    world.run()
    assert owned(world) == PART


def test_nobody_asks_for_what_is_not_there_or_not_theirs(world: World, shop: Shop) -> None:
    account = account_of(world, shop)
    with pytest.raises(ActionRefusedError, match="nothing is held"):
        request_payout(world, account, shop.channel_id)
    buy_many(world, shop, 1)
    for account_id, channel_id in ((uuid4(), shop.channel_id), (account, uuid4())):
        with pytest.raises(ActionRefusedError, match="there is no such channel"):
            request_payout(world, account_id, channel_id)
    assert not value(world, "SELECT wants_payout FROM channels")


def test_what_one_payout_cannot_carry_goes_out_with_the_next(world: World, shop: Shop) -> None:
    """Though what is left is below the threshold: it was reached once."""
    buy_many(world, shop, 5)
    world.set_policy(usdt_transfer_cap=3 * PART)
    pass_minutes(world, 40)
    world.run()
    amounts = "SELECT amount FROM payouts WHERE channel_id IS NOT NULL ORDER BY created_at"
    assert column(world, amounts) == [3 * PART, 2 * PART]
    assert owned(world) == 5 * PART
    assert not value(world, "SELECT wants_payout FROM channels")


# ---- conversions that go wrong -------------------------------------------------------------------


def converting(world: World, *shops: Shop) -> str:
    """A conversion that is funded and not finished; its exchange's id."""
    world.exchanges_go_on = False
    least(world, f"{len(shops) * 0.002125:.6f}")
    for number, shop in enumerate(shops):
        buy(world, shop, ANN + number)
    pass_minutes(world, 10)
    return world.fake_swaps.funded[-1]


def test_the_providers_word_converts_nothing(world: World, shop: Shop) -> None:
    exchange = converting(world, shop)
    fake = world.fake_swaps
    fake.advance(
        exchange, "finished", bought=fake.exchanges[exchange].promised, payout_hash="0x" + "ab" * 32
    )
    pass_hours(world, 26)
    assert state_of(world, "shares") == ["converting"]
    assert booked(world, "host_wallet") == 0
    assert ("swap", "overdue") in reviews(world)
    fake.advance(exchange, "sending", payout_hash=None)
    fake.finish(exchange)
    world.run()
    assert state_of(world, "shares") == ["held"]
    assert reviews(world) == set()


def test_one_arrival_counts_for_one_conversion(world: World, shop: Shop) -> None:
    buy_many(world, shop, 1)
    counted = value(world, "SELECT payout_hash FROM swaps")
    exchange = converting(world, shop)
    fake = world.fake_swaps
    fake.advance(
        exchange, "finished", bought=fake.exchanges[exchange].promised, payout_hash=counted
    )
    pass_minutes(world, 10)
    assert ("swap", "conversion_counted_twice") in reviews(world)
    assert booked(world, "host_wallet") == PART
    fake.advance(exchange, "sending", payout_hash=None)
    fake.finish(exchange)
    world.run()
    assert booked(world, "host_wallet") == 2 * PART


def test_less_than_promised_is_divided_as_it_arrived_and_shown(world: World, shop: Shop) -> None:
    exchange = converting(world, shop)
    world.fake_swaps.finish(exchange, Money(PART - 500_000, USDT))
    world.run()
    assert column(world, "SELECT amount FROM shares") == [PART - 500_000]
    assert reviews(world) == {("swap", "swap_paid_less")}


def test_a_conversion_that_comes_back_whole_is_made_again(world: World, shop: Shop) -> None:
    exchange = converting(world, shop)
    world.fake_swaps.refund(exchange)
    pass_minutes(world, 5)
    world.exchanges_go_on = True
    world.run()
    assert conversions(world) == ["returned", "settled"]
    assert state_of(world, "shares") == ["held"]
    assert reviews(world) == set()


def test_what_is_lost_by_a_conversion_is_every_owners_loss_by_their_part(
    world: World, shop: Shop
) -> None:
    other = open_shop(world, 2)
    exchange = converting(world, shop, other)
    world.fake_swaps.refund(exchange, 1_000_001)
    pass_minutes(world, 5)
    losses = column(
        world,
        "SELECT e.amount FROM ledger_entries e JOIN ledger_transactions t "
        "ON t.id = e.transaction_id WHERE t.kind = 'refund_seen' AND e.account = 'owner_payable' "
        "ORDER BY e.amount",
    )
    assert losses == [500_000, 500_001]
    least(world, "0.0001")
    world.exchanges_go_on = True
    pass_hours(world, 2)
    world.run()
    assert {one for one in state_of(world, "shares") if one != "pending"} == {"held", "reversed"}
    assert_sound(world)


def test_a_dead_letter_of_the_pool_closes_by_itself(world: World) -> None:
    event = PoolRequested(asset="eth:eth")
    letter = DeadLetter(uuid4(), "m1", "s", event.type, None, event.model_dump_json(), {})
    record_dead_letter(world, letter)
    pass_hours(world, 26, step_minutes=60)
    assert reviews(world) == set()
    assert value(world, "SELECT count(*) FROM dead_letters WHERE closed_at IS NULL") == 0
