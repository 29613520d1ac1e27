"""A funded swap ends with the owner's coin, or when its money is seen at our wallet; else never."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from shared_lib.domain.money import Asset, Money
from shared_lib.events import SwapCheckDue
from shared_lib.ports import Chain, Incoming, PermanentError, ProviderError, RetryableError
from shared_lib.usecases.record_top_up import TopUpRefusedError, record_top_up
from tests.fakes.swaps import FakeExchange
from tests.integration.usecases.support import (
    ANN,
    BEN,
    balance,
    buy,
    column,
    handle,
    reviews,
    state_of,
    stop_before,
    tick,
    twice_at_once,
    value,
)
from tests.integration.usecases.swap_support import (
    BTC,
    SHARE,
    assert_swapped_once,
    bought,
    break_swaps,
    calls,
    check_of,
    end_well,
    events,
    evidence,
    funded,
    funding,
    live_swap,
    made,
    pass_hours,
    pass_minutes,
    repair_swaps,
    shares,
    swap_shop,
    swapping,
    until,
)
from tests.world import ETHER, World

UNSEEN = "0x" + "ab" * 32


def assert_on_its_way(world: World) -> None:
    """The money is with the exchange as far as anybody knows, and no second one was made."""
    assert state_of(world, "swaps") == ["funded"]
    assert state_of(world, "payouts") == ["sending"]
    assert shares(world) == [("payment", "locked", SHARE)]
    assert balance(world, "in_flight") == SHARE
    assert balance(world, "owner_payable") == -SHARE
    assert len(made(world)) == 1


# ---- the owner has the coin ----------------------------------------------------------------------


def test_a_finished_exchange_settles_the_payout(world: World) -> None:
    """What the owner got is on record, with the transaction that brought it."""
    exchange = swapping(world)
    assert_on_its_way(world)
    world.fake_swaps.finish(exchange.echo.id)
    handle(world, check_of(world))
    [swap] = world.rows("SELECT state, bought, payout_hash FROM swaps")
    assert swap == {
        "state": "finished",
        "bought": exchange.promised.base_units,
        "payout_hash": exchange.payout_hash,
    }
    assert state_of(world, "payouts") == ["settled"]
    assert shares(world) == [("payment", "paid", SHARE)]
    assert (balance(world, "paid_out"), balance(world, "cleared")) == (-SHARE, SHARE)
    assert_swapped_once(world)


@pytest.mark.parametrize("end", ["finished", "refunded"])
def test_nothing_ends_before_our_own_transfer_is_final(world: World, end: str) -> None:
    """The provider may see the deposit sooner; a reorganisation can still take it away."""
    world.exchanges_go_on = False
    bought(world)
    until(world, lambda: "sent" in state_of(world, "transfers"))
    world.fake_chain.mine()
    [exchange] = funded(world)
    if end == "finished":
        world.fake_swaps.finish(exchange.echo.id)
    else:
        world.fake_swaps.refund(exchange.echo.id)
    handle(world, check_of(world))
    assert_on_its_way(world)
    end_well(world)
    assert state_of(world, "payouts") == ["settled" if end == "finished" else "returned"] + (
        [] if end == "finished" else ["settled"]
    )


def test_finished_without_an_amount_waits_for_it(world: World) -> None:
    """An hour and a half; then the books get what was really paid, not what was promised."""
    exchange = swapping(world)
    world.fake_swaps.finish(exchange.echo.id)
    world.fake_swaps.hide_amount(exchange.echo.id)
    pass_minutes(world, 5)
    pass_hours(world, 2)
    assert_on_its_way(world)
    assert reviews(world) == set()
    real = Money(exchange.promised.base_units - 1, BTC)
    world.fake_swaps.advance(exchange.echo.id, "finished", bought=real)
    tick(world)
    assert value(world, "SELECT bought FROM swaps") == real.base_units
    assert_swapped_once(world)


def test_finished_without_a_transaction_waits_for_it(world: World) -> None:
    exchange = swapping(world)
    world.fake_swaps.finish(exchange.echo.id)
    payout_hash, exchange.payout_hash = exchange.payout_hash, None
    pass_minutes(world, 5)
    assert_on_its_way(world)
    exchange.payout_hash = payout_hash
    assert_swapped_once(world)


@pytest.mark.parametrize(("short_bps", "is_shown"), [(0, False), (10, False), (11, True)])
def test_less_than_was_promised_is_shown(world: World, short_bps: int, *, is_shown: bool) -> None:
    """The owner was paid, so the payout is settled; a thousandth less is rounding."""
    world.fake_swaps.market.withdrawal_fee = 0
    exchange = swapping(world)
    promised = exchange.promised
    arrived = Money(promised.base_units - promised.base_units * short_bps // 10_000, BTC)
    if short_bps == 11:
        arrived = Money(promised.base_units - -(-promised.base_units * 11 // 10_000), BTC)
    world.fake_swaps.finish(exchange.echo.id, arrived)
    handle(world, check_of(world))
    assert state_of(world, "payouts") == ["settled"]
    assert value(world, "SELECT bought FROM swaps") == arrived.base_units
    assert reviews(world) == ({("swap", "swap_paid_less")} if is_shown else set())
    if is_shown:
        shown = evidence(world, "swap_paid_less")
        assert shown == {"promised": str(promised), "arrived": str(arrived)}


# ---- it takes its time ---------------------------------------------------------------------------


def _hold(world: World, exchange: FakeExchange) -> None:
    world.fake_swaps.hold(exchange.echo.id)


def _fail(world: World, exchange: FakeExchange) -> None:
    world.fake_swaps.fail(exchange.echo.id)


def _say_what_nobody_knows(world: World, exchange: FakeExchange) -> None:
    world.fake_swaps.advance(exchange.echo.id, "on_holiday")


@pytest.mark.parametrize("rest", [_hold, _fail, _say_what_nobody_knows])
def test_what_does_not_end_is_shown_after_a_day_and_followed_on(
    world: World, rest: Callable[[World, FakeExchange], None]
) -> None:
    """Questions, a failure and unknown words mean the same: no second swap, whatever happens."""
    exchange = swapping(world)
    rest(world, exchange)
    pass_hours(world, 3)
    assert_on_its_way(world)
    assert reviews(world) == set()
    assert value(world, "SELECT provider_status FROM swaps") == exchange.status
    assert json.loads(events(world, "status")[-1])["status"] == exchange.status
    pass_hours(world, 48, step_minutes=60)
    assert_on_its_way(world)
    assert ("swap", "overdue") in reviews(world)
    assert {reason for _, reason in reviews(world)} == {"overdue"}
    asked = calls(world, "exchange")
    pass_minutes(world, 5)
    assert calls(world, "exchange") - asked >= 4
    world.fake_swaps.finish(exchange.echo.id)
    assert_swapped_once(world)
    assert len(made(world)) == 1


def test_a_word_that_goes_back_changes_nothing(world: World) -> None:
    """Every change is kept, in the order in which it was said."""
    exchange = swapping(world)
    told = ["sending", "confirming", "new", "waiting", "exchanging", "sending"]
    for status in told:
        world.fake_swaps.advance(exchange.echo.id, status)
        tick(world)
        assert_on_its_way(world)
    said = [json.loads(body)["status"] for body in events(world, "status")]
    assert said[-len(told) :] == told
    world.fake_swaps.finish(exchange.echo.id)
    assert_swapped_once(world)


def test_a_word_is_kept_once_per_change(world: World) -> None:
    exchange = swapping(world)
    world.fake_swaps.hold(exchange.echo.id)
    tick(world)
    kept = len(events(world, "status"))
    for _ in range(5):
        tick(world)
    assert len(events(world, "status")) == kept
    world.fake_swaps.finish(exchange.echo.id)
    assert_swapped_once(world)
    assert len(events(world, "status")) == kept + 1


def test_a_second_deposit_is_shown(world: World) -> None:
    """Somebody paid to the same pay-in again: that is for a person, and the payout goes on."""
    exchange = swapping(world)
    world.fake_swaps.deposit(exchange.echo.id)
    tick(world)
    assert_on_its_way(world)
    assert reviews(world) == {("swap", "swap_paid_again")}
    world.fake_swaps.finish(exchange.echo.id)
    tick(world)
    assert state_of(world, "payouts") == ["settled"]
    assert reviews(world) == {("swap", "swap_paid_again")}


@pytest.mark.parametrize(
    ("error", "is_shown"),
    [
        (PermanentError("not_found: the provider knows no such exchange"), True),
        (PermanentError("forbidden: made from another api key"), True),
        (RetryableError("too many requests", 120), False),
        (RetryableError("503: <html>"), False),
    ],
    ids=["404", "403", "429", "503"],
)
def test_a_provider_that_says_nothing_useful_is_asked_again(
    world: World, error: ProviderError, *, is_shown: bool
) -> None:
    """For hours, ever more rarely. The money is on its way all the while."""
    exchange = swapping(world)
    before = calls(world, "exchange")
    break_swaps(world, "exchange", error)
    pass_minutes(world, 3)
    assert reviews(world) == ({("swap", "refused_by_provider")} if is_shown else set())
    pass_hours(world, 8)
    assert 4 <= calls(world, "exchange") - before <= 20
    assert_on_its_way(world)
    repair_swaps(world)
    pass_minutes(world, 61)
    assert reviews(world) == set()
    world.fake_swaps.finish(exchange.echo.id)
    assert_swapped_once(world)


def test_two_checks_at_once_settle_once(world: World) -> None:
    exchange = swapping(world)
    world.fake_swaps.finish(exchange.echo.id)
    twice_at_once(world, check_of(world), times=3)
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'settled'") == 1
    assert_swapped_once(world)


def test_a_check_after_a_day_of_silence_settles(world: World) -> None:
    """No tick for a day: nothing was lost but time."""
    exchange = swapping(world)
    world.queue.clear()
    world.fake_swaps.finish(exchange.echo.id)
    world.clock.pass_time(86_400 + 60)
    assert_swapped_once(world)


def test_a_check_of_what_has_ended_changes_nothing(world: World) -> None:
    exchange = swapping(world)
    check = check_of(world)
    world.fake_swaps.finish(exchange.echo.id)
    handle(world, check)
    asked = calls(world, "exchange")
    handle(world, check)
    assert calls(world, "exchange") == asked
    assert_swapped_once(world)


# ---- the money comes back ------------------------------------------------------------------------


def _only_the_word(_: World, exchange: FakeExchange) -> None:
    exchange.refund_hash = None


def _hash_of_nobody(_: World, exchange: FakeExchange) -> None:
    exchange.refund_hash = UNSEEN


def _no_hash_at_all(_: World, exchange: FakeExchange) -> None:
    exchange.refund_hash = "sent"


def _to_somebody_else(world: World, exchange: FakeExchange) -> None:
    exchange.refund_hash = world.fake_chain.pay(exchange.payin_address[:-4] + "0000", SHARE)


def _of_nothing(world: World, exchange: FakeExchange) -> None:
    exchange.refund_hash = world.fake_chain.pay(exchange.order.refund_address, 0)


def _failed_on_chain(world: World, exchange: FakeExchange) -> None:
    world.fake_chain.reverting.add(exchange.order.refund_address)
    exchange.refund_hash = world.fake_chain.pay(exchange.order.refund_address, SHARE)


@pytest.mark.parametrize(
    "prove",
    [
        _only_the_word,
        _hash_of_nobody,
        _no_hash_at_all,
        _to_somebody_else,
        _of_nothing,
        _failed_on_chain,
    ],
)
def test_a_refund_that_the_chain_does_not_show_credits_nothing(
    world: World, prove: Callable[[World, FakeExchange], None]
) -> None:
    """The provider's word moves no money: without the transaction it is still on its way."""
    exchange = swapping(world)
    prove(world, exchange)
    world.fake_swaps.advance(exchange.echo.id, "refunded")
    held = balance(world, "host_wallet")
    pass_minutes(world, 5)
    pass_hours(world, 2)
    assert_on_its_way(world)
    assert balance(world, "host_wallet") == held
    pass_hours(world, 24, step_minutes=60)
    assert_on_its_way(world)
    assert ("swap", "overdue") in reviews(world)
    world.fake_chain.reverting.clear()
    world.fake_swaps.refund(exchange.echo.id)
    end_well(world)
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert reviews(world) == set()


class FailingReceipts:
    """A chain that says of every transaction to us that it failed, and what it would have paid."""

    def __init__(self, inner: Chain) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def incoming(self, tx_hash: str, recipient: str, asset: Asset) -> Incoming | None:
        found = self._inner.incoming(tx_hash, recipient, asset)
        return replace(found, succeeded=False) if found else None


def test_a_refund_that_failed_credits_nothing_whatever_it_would_have_paid(world: World) -> None:
    exchange = swapping(world)
    sound, world.chain = world.chain, cast("Chain", FailingReceipts(world.chain))
    world.fake_swaps.refund(exchange.echo.id)
    pass_minutes(world, 5)
    assert_on_its_way(world)
    world.chain = sound
    end_well(world)
    assert state_of(world, "payouts") == ["returned", "settled"]


def test_a_refund_counts_when_it_is_deep_enough(world: World) -> None:
    exchange = swapping(world)
    check = check_of(world)
    world.fake_swaps.refund(exchange.echo.id)
    handle(world, check)
    assert_on_its_way(world)
    world.fake_chain.mine(world.policy.confirmations - 1)
    handle(world, check)
    assert_on_its_way(world)
    world.fake_chain.mine()
    handle(world, check)
    assert state_of(world, "swaps") == ["refunded"]
    assert state_of(world, "payouts") == ["returned"]


@pytest.mark.parametrize("status", ["failed", "verifying", "on_holiday"])
def test_a_refund_that_the_chain_shows_counts_whatever_the_word(world: World, status: str) -> None:
    """The money is there."""
    exchange = swapping(world)
    world.fake_swaps.refund(exchange.echo.id)
    world.fake_swaps.advance(exchange.echo.id, status)
    pass_minutes(world, 2)
    assert "refunded" in state_of(world, "swaps")
    end_well(world)
    assert state_of(world, "payouts") == ["returned", "settled"]


def test_a_whole_refund_frees_the_shares_themselves(world: World) -> None:
    """They are in the next payout, and the owner lost nothing but time."""
    exchange = swapping(world)
    held = balance(world, "host_wallet")
    refund_hash = _refund(world, exchange)
    assert shares(world) == [("payment", "pending", SHARE)]
    assert balance(world, "in_flight") == 0
    assert balance(world, "host_wallet") == held + SHARE
    assert balance(world, "owner_payable") == -SHARE
    [swap] = world.rows("SELECT refunded, refund_hash FROM swaps")
    assert swap == {"refunded": SHARE, "refund_hash": refund_hash}
    end_well(world)
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert column(world, "SELECT round FROM payouts ORDER BY created_at") == [1, 2]
    assert shares(world) == [("payment", "paid", SHARE)]
    assert [one.paid_in.base_units for one in funded(world)] == [SHARE, SHARE]
    assert balance(world, "owner_payable") == balance(world, "in_flight") == 0
    assert reviews(world) == set()


def _refund(world: World, exchange: FakeExchange, loss: int = 0) -> str:
    """The money comes back, deep enough, and is seen; the payout has not formed anew yet."""
    check = check_of(world)
    refund_hash = world.fake_swaps.refund(exchange.echo.id, loss)
    world.fake_chain.mine(world.policy.confirmations)
    handle(world, check)
    return refund_hash


def test_a_failed_exchange_may_still_be_refunded(world: World) -> None:
    exchange = swapping(world)
    world.fake_swaps.fail(exchange.echo.id)
    pass_minutes(world, 3)
    assert_on_its_way(world)
    _refund(world, exchange)
    end_well(world)
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert state_of(world, "swaps") == ["refunded", "finished"]


def test_two_checks_of_a_refund_at_once_take_it_back_once(world: World) -> None:
    exchange = swapping(world)
    check = check_of(world)
    world.fake_swaps.refund(exchange.echo.id)
    world.fake_chain.mine(world.policy.confirmations)
    twice_at_once(world, check, times=3)
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'refund_seen'") == 1
    end_well(world)
    assert state_of(world, "payouts") == ["returned", "settled"]


def test_what_is_missing_of_a_refund_is_the_owners_visible_loss(world: World) -> None:
    """One share of what is left takes the place of those that went out, and is paid next."""
    loss = 10**14
    exchange = swapping(world)
    _refund(world, exchange, loss)
    [returned] = column(world, "SELECT id FROM payouts")
    assert shares(world) == [
        ("payment", "reversed", SHARE),
        ("refund", "pending", SHARE - loss),
    ]
    assert column(world, "SELECT residue_of FROM shares WHERE kind = 'refund'") == [returned]
    assert balance(world, "owner_payable") == -(SHARE - loss)
    assert balance(world, "in_flight") == balance(world, "difference") == 0
    end_well(world)
    assert state_of(world, "payouts") == ["returned", "settled"]
    assert shares(world) == [("payment", "reversed", SHARE), ("refund", "paid", SHARE - loss)]
    assert balance(world, "paid_out") == -(SHARE - loss)
    assert reviews(world) == set()


def test_a_refund_that_leaves_an_odd_rest_is_exact_to_the_wei(world: World) -> None:
    """What cannot be swapped of it is dust again."""
    loss = 10**14 + 1
    exchange = swapping(world)
    _refund(world, exchange, loss)
    end_well(world)
    left = {(kind, state): amount for kind, state, amount in shares(world)}
    assert left["refund", "paid"] == SHARE - loss
    assert left["dust", "pending"] == (SHARE - loss) % 10**10
    assert balance(world, "owner_payable") == -left["dust", "pending"]
    assert funded(world)[-1].paid_in.base_units == SHARE - loss - left["dust", "pending"]


def test_a_refund_of_dust_waits_for_company(world: World) -> None:
    """Nearly all is gone: what is left is still the owner's."""
    exchange = swapping(world)
    shop_channel = value(world, "SELECT id FROM channels")
    _refund(world, exchange, SHARE - 5)
    world.exchanges_go_on = True
    pass_minutes(world, 5)
    assert shares(world)[-1] == ("refund", "pending", 5)
    assert state_of(world, "payouts") == ["returned"]
    assert balance(world, "owner_payable") == -5
    assert reviews(world) == set()
    assert value(world, "SELECT channel_id FROM shares WHERE kind = 'refund'") == shop_channel


def test_more_than_was_sent_is_kept_in_sight(world: World) -> None:
    """It is nobody's yet: the owner's shares are whole again, and the books show the surplus."""
    exchange = swapping(world)
    held = balance(world, "host_wallet")
    _refund(world, exchange, -(10**13))
    assert shares(world) == [("payment", "pending", SHARE)]
    assert balance(world, "difference") == -(10**13)
    assert balance(world, "host_wallet") == held + SHARE + 10**13
    end_well(world)
    assert funded(world)[-1].paid_in.base_units == SHARE
    assert reviews(world) == set()


@pytest.mark.parametrize("counted_as", ["deposit", "top_up"])
def test_a_transaction_that_was_counted_is_no_refund(world: World, counted_as: str) -> None:
    """The provider names one that paid us for something else."""
    exchange = swapping(world)
    if counted_as == "deposit":
        exchange.refund_hash = value(world, "SELECT deposit_hash FROM payments")
    else:
        sql = "SELECT subject_id FROM ledger_transactions WHERE kind = 'top_up'"
        exchange.refund_hash = value(world, sql)
    world.fake_chain.mine(world.policy.confirmations)
    world.fake_swaps.advance(exchange.echo.id, "refunded")
    pass_minutes(world, 5)
    assert_on_its_way(world)
    assert reviews(world) == {("swap", "refund_counted_twice")}
    assert evidence(world, "refund_counted_twice") == {"hash": exchange.refund_hash}


def test_one_refund_does_not_pay_back_two_swaps(world: World) -> None:
    """Both exchanges name the same transaction; the second has to wait for its own."""
    world.exchanges_go_on = False
    for number, person in ((1, ANN), (2, BEN)):
        buy(world, swap_shop(world, number=number), person)
    until(world, lambda: state_of(world, "transfers") == ["confirmed"] * 2)
    first, second = funded(world)
    second.refund_hash = world.fake_swaps.refund(first.echo.id)
    world.fake_swaps.advance(second.echo.id, "refunded")
    pass_minutes(world, 4)
    assert state_of(world, "payouts").count("returned") == 1
    assert reviews(world) == {("swap", "refund_counted_twice")}
    assert value(world, "SELECT count(*) FROM ledger_transactions WHERE kind = 'refund_seen'") == 1
    assert value(world, "SELECT count(*) FROM swaps WHERE refund_hash IS NOT NULL") == 1


@pytest.mark.parametrize("loss", [0, 10**13], ids=["whole", "with a loss each time"])
def test_money_that_came_back_three_times_waits_for_a_person(world: World, loss: int) -> None:
    """The fourth payout is formed, and not sent. What is left after a loss is the same money."""
    bought(world)
    for _ in range(3):
        _refund(world, funding(world), loss)
        world.drain()
    pass_minutes(world, 30)
    assert state_of(world, "payouts") == ["returned", "returned", "returned", "review"]
    assert reviews(world) == {("payout", "returned_too_often")}
    assert evidence(world, "returned_too_often")["came_back"] == "3"
    assert len(made(world)) == 3
    assert shares(world)[-1][1:] == ("locked", SHARE - 3 * loss)
    assert balance(world, "owner_payable") == -(SHARE - 3 * loss)


def test_a_refund_is_no_gas_money(world: World) -> None:
    """Its transaction is in the books already."""
    refund_hash = _refund(world, swapping(world))
    for written in (refund_hash, "0x" + refund_hash[2:].upper()):
        with pytest.raises(TopUpRefusedError):
            record_top_up(world, written, "operator")
    assert balance(world, "capital") == -ETHER


def test_a_refund_is_no_customers_deposit(world: World) -> None:
    """A payment whose provider names the transaction of a refund waits for a person."""
    shop = bought(world)
    refund_hash = _refund(world, funding(world))
    invoice = world.order(BEN, shop)
    payment = world.fake_provider.pay(
        invoice, "finished", outcome_amount="0.0025", payout_hash=refund_hash
    )
    world.call_back(payment)
    pass_minutes(world, 5)
    assert ("payment", "deposit_counted_twice") in reviews(world)
    assert ("payment", "expected", SHARE) in shares(world)


def test_a_check_before_the_money_was_sent_asks_nobody(world: World) -> None:
    """Its transfer is what goes on, or ends it."""
    bought(world)
    transfer = stop_before(world, "transfer.requested")
    handle(world, SwapCheckDue(swap_id=live_swap(world)))
    assert calls(world, "exchange") == 0
    assert state_of(world, "swaps") == ["created"]
    handle(world, transfer)
    assert_swapped_once(world)
