"""One exchange is adopted and funded, whatever becomes of the call that makes it."""

from dataclasses import fields
from datetime import timedelta
from typing import Any, cast

import pytest

from shared_lib.domain.money import ETH, Asset, Money
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.swap import ExchangeEcho, ExchangeOrder, FixedQuote
from shared_lib.events import Event
from shared_lib.ports import (
    AddressRefusedError,
    LeaseHeldError,
    OutOfRangeError,
    PairUnavailableError,
    ProviderError,
    RetryableError,
    SwapProvider,
    UnknownOutcomeError,
)
from tests.fakes.chain import WALLET
from tests.fakes.swaps import FakeSwapProvider
from tests.integration.usecases.support import (
    OTHER_ADDRESS,
    column,
    entity,
    handle,
    reviews,
    state_of,
    stop_before,
    tick,
    twice_at_once,
    value,
)
from tests.integration.usecases.swap_support import (
    BITCOIN,
    BTC,
    RIPPLE,
    SHARE,
    XRP,
    abandoned,
    assert_swapped_once,
    bought,
    break_swaps,
    calls,
    end_well,
    events,
    evidence,
    funded,
    made,
    pass_hours,
    pass_minutes,
    repair_swaps,
    shares,
    waiting_for,
)
from tests.points import KilledError, WatchedPort
from tests.world import HANDLERS, World

LOST = UnknownOutcomeError("the connection broke")


def quoted(world: World, target: PayoutTarget = BITCOIN) -> Event:
    """One purchase with a quote; the event that makes the exchange."""
    bought(world, target)
    return stop_before(world, "swap.quoted")


# ---- what is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize("target", [BITCOIN, RIPPLE], ids=["without memo", "with memo"])
def test_an_exchange_is_made_of_the_quote_and_for_the_owner(
    world: World, target: PayoutTarget
) -> None:
    """By its rate id, with the host wallet to refund to, and the memo where there is one."""
    handle(world, quoted(world, target))
    [exchange] = made(world)
    assert exchange.order.fixed.rate_id == value(world, "SELECT rate_id FROM swaps")
    assert exchange.order.target == target
    assert exchange.order.refund_address == world.policy.host_wallet
    [transfer] = world.rows("SELECT state, amount, destination FROM transfers")
    assert transfer == {
        "state": "requested",
        "amount": SHARE,
        "destination": exchange.payin_address,
    }
    assert events(world, "created") == [exchange.echo.id]
    assert_swapped_once(world)


# ---- what is answered ----------------------------------------------------------------------------

# What is told instead, and how the provider's documentation calls the field.
STEP = 10**10
ALTERED: dict[str, tuple[str, Any, str]] = {
    "another flow": ("flow", "standard", "flow"),
    "the other direction": ("kind", "reverse", "type"),
    "another sold coin": ("sold_id", "eth:base", "fromCurrency"),
    "another bought coin": ("bought_id", "btc:bsc", "toCurrency"),
    "more to pay in": ("sold", Money(SHARE + STEP, ETH), "fromAmount"),
    "less to pay in": ("sold", Money(SHARE - STEP, ETH), "fromAmount"),
    "no amount to pay in": ("sold", None, "fromAmount"),
    "less to be had": ("bought", Money(1, BTC), "toAmount"),
    "more to be had": ("bought", Money(10**9, BTC), "toAmount"),
    "no amount to be had": ("bought", None, "toAmount"),
    "another quote": ("rate_id", "somebody else's", "rateId"),
    "a memo at the pay-in": ("payin_extra_id", "77", "payinExtraId"),
    "our wallet as pay-in": ("payin_address", WALLET, "payinAddress"),
    "a pay-in with a wrong checksum": (
        "payin_address",
        OTHER_ADDRESS.replace("E", "e", 1),
        "payinAddress",
    ),
    "a pay-in on another network": ("payin_address", BITCOIN.address, "payinAddress"),
    "no pay-in": ("payin_address", "", "payinAddress"),
    "another owner": (
        "payout_address",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "payoutAddress",
    ),
    "the owner in other letters": ("payout_address", BITCOIN.address.upper(), "payoutAddress"),
    "a memo that nobody gave": ("payout_extra_id", "12345", "payoutExtraId"),
    "a stranger to refund to": ("refund_address", OTHER_ADDRESS, "refundAddress"),
    "nobody to refund to": ("refund_address", None, "refundAddress"),
}
# The id is the provider's to choose, and its promise may end at any time.
FREE = {"id", "valid_until"}


def test_every_field_of_an_answer_is_altered_below() -> None:
    altered = {field for field, _, _ in ALTERED.values()}
    assert altered | FREE == {field.name for field in fields(ExchangeEcho)}


@pytest.mark.parametrize("case", ALTERED)
def test_an_exchange_that_is_not_what_was_asked_for_is_not_funded(world: World, case: str) -> None:
    """A person sees which field it is; nothing is authorised, signed or made anew."""
    field, told, name = ALTERED[case]
    event = quoted(world)
    world.fake_swaps.alter_next_echo(**{field: told})
    handle(world, event)
    pass_hours(world, 1)
    assert_held_for_a_person(world, name)


@pytest.mark.parametrize("told", [None, "", "54321"])
def test_a_lost_or_changed_memo_is_not_funded(world: World, told: str | None) -> None:
    """Without it the owner's exchange would not know whose money it is."""
    event = quoted(world, RIPPLE)
    world.fake_swaps.alter_next_echo(payout_extra_id=told)
    handle(world, event)
    pass_hours(world, 1)
    assert_held_for_a_person(world, "payoutExtraId")


def assert_held_for_a_person(world: World, name: str) -> None:
    """One exchange, one finding that names the field, and money where it was."""
    [exchange] = made(world)
    assert state_of(world, "swaps") == ["review"]
    assert state_of(world, "payouts") == ["review"]
    assert reviews(world) == {("swap", "echo_differs")}
    assert evidence(world, "echo_differs") == {"exchange": exchange.echo.id, "fields": name}
    assert events(world, "difference") == [f"{exchange.echo.id}: {name}"]
    assert shares(world) == [("payment", "locked", SHARE)]
    assert state_of(world, "transfers") == []
    assert world.signer.signed == []


@pytest.mark.parametrize(
    "told",
    [
        {"payin_address": "lower"},
        {"flow": None, "kind": None, "rate_id": None},
        {"payout_extra_id": ""},
        {"valid_until": None},
        {"sold": Money(SHARE + 1, ETH)},
    ],
    ids=["letters", "what need not be said", "a blank memo", "no end", "a binary fraction"],
)
def test_what_says_the_same_in_another_way_is_funded(world: World, told: dict[str, Any]) -> None:
    event = quoted(world)
    if "payin_address" in told:
        told = {"payin_address": OTHER_ADDRESS.lower()}
    world.fake_swaps.alter_next_echo(**told)
    handle(world, event)
    assert state_of(world, "swaps") == ["created"]
    assert state_of(world, "transfers") == ["requested"]


def test_a_promise_ends_when_the_first_of_three_says_so(world: World) -> None:
    """The quote, the exchange, or the twenty minutes that the provider waits for a deposit."""
    event = quoted(world)
    ends = world.clock.now() + timedelta(minutes=11)
    world.fake_swaps.alter_next_echo(valid_until=ends)
    handle(world, event)
    assert value(world, "SELECT promise_ends_at FROM swaps") == ends
    assert_swapped_once(world)


@pytest.mark.parametrize(("quote_minutes", "minutes"), [(15, 15), (60, 20)])
def test_a_promise_without_an_end_of_its_own_ends_with_the_others(
    world: World, quote_minutes: int, minutes: int
) -> None:
    world.fake_swaps.quote_seconds = 60 * quote_minutes
    event = quoted(world)
    world.fake_swaps.alter_next_echo(valid_until=None)
    handle(world, event)
    expected = world.clock.now() + timedelta(minutes=minutes)
    assert value(world, "SELECT promise_ends_at FROM swaps") == expected
    assert_swapped_once(world)


# ---- answers that got lost -----------------------------------------------------------------------


@pytest.mark.parametrize("after_effect", [False, True], ids=["not made", "made"])
def test_a_lost_answer_abandons_the_swap_and_a_new_one_is_funded(
    world: World, *, after_effect: bool
) -> None:
    """Not before the usual pause. What may have been made stays on record, and without money."""
    event = quoted(world)
    world.fake_swaps.fail_next("create_exchange", LOST, after_effect=after_effect)
    handle(world, event)
    assert sorted(state_of(world, "swaps")) == ["abandoned", "quoting"]
    assert abandoned(world) == ["answer_lost"]
    assert events(world, "orphan") == ["unknown: the connection broke"]
    tick(world, world.policy.retry_floor_seconds - 1)
    handle(world, event)
    assert calls(world, "fixed_quote") == 1
    assert_swapped_once(world)
    assert len(made(world)) == 1 + after_effect


@pytest.mark.parametrize(
    ("error", "after_effect"),
    [(LOST, True), (LOST, False), (RetryableError("503"), False)],
    ids=["lost", "never arrived", "down"],
)
def test_hours_of_trouble_get_rarer_attempts(
    world: World, error: ProviderError, *, after_effect: bool
) -> None:
    """After a day a person is told. Once it is over, one exchange is funded and nothing is open."""
    event = quoted(world)
    break_swaps(world, "create_exchange", error, after_effect=after_effect)
    handle(world, event)
    pass_hours(world, 2)
    early = calls(world, "create_exchange")
    assert early >= 4
    pass_hours(world, 12, step_minutes=30)
    later = calls(world, "create_exchange") - early
    assert 6 <= later <= 13, "once an hour by now"
    assert reviews(world) == set()
    pass_hours(world, 12, step_minutes=60)
    assert "failing_for_a_day" in {reason for _, reason in reviews(world)}
    assert len(state_of(world, "payouts")) == 1
    assert funded(world) == []
    assert_swapped_once(world)


def test_two_deliveries_at_once_fund_one_exchange(world: World) -> None:
    event = quoted(world)
    turned_away = twice_at_once(world, event, times=3)
    assert calls(world, "create_exchange") == 1
    assert turned_away <= 2
    assert_swapped_once(world)
    assert len(made(world)) == 1


class SlowSwaps:
    """A provider whose first exchange takes so long that something else happens meanwhile."""

    def __init__(self, world: World, meanwhile: Any) -> None:
        self._inner = world.swaps
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_exchange(self, order: ExchangeOrder) -> ExchangeEcho:
        echo = self._inner.create_exchange(order)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return echo


def test_a_delivery_during_the_call_is_turned_away(world: World) -> None:
    """Whoever is asking has the time that it takes; the swap is not given up under its hands."""
    event = quoted(world)

    def come_too() -> None:
        with pytest.raises(LeaseHeldError):
            HANDLERS[event.type](world, entity(event))

    world.swaps = cast("SwapProvider", SlowSwaps(world, come_too))
    handle(world, event)
    assert abandoned(world) == []
    assert_swapped_once(world)
    assert len(made(world)) == 1


def test_an_answer_that_comes_after_its_lease_is_kept_and_never_acted_on(world: World) -> None:
    """Another delivery has given the swap up by then, and begun a new one."""
    event = quoted(world)

    def take_over() -> None:
        world.clock.pass_time(world.policy.lease_seconds + 1)
        HANDLERS[event.type](world, entity(event))

    world.swaps = cast("SwapProvider", SlowSwaps(world, take_over))
    assert twice_at_once(world, event, times=1) == 1
    [late] = made(world)
    assert events(world, "orphan") == ["unknown: the process died", late.echo.id]
    assert value(world, "SELECT count(*) FROM swaps WHERE exchange_id IS NOT NULL") == 0
    assert_swapped_once(world)
    assert late.deposits == []


def test_an_answer_is_not_taken_by_a_swap_that_stood_down_meanwhile(world: World) -> None:
    """The delivery that took over may have got further than giving up: a new exchange is there."""
    event = quoted(world)

    def take_over() -> None:
        world.clock.pass_time(world.policy.lease_seconds + 1)
        HANDLERS[event.type](world, entity(event))
        for _ in range(3):
            tick(world)

    world.swaps = cast("SwapProvider", SlowSwaps(world, take_over))
    twice_at_once(world, event, times=1)
    late, adopted = made(world)
    assert late.echo.id in events(world, "orphan")
    assert column(world, "SELECT exchange_id FROM swaps WHERE exchange_id IS NOT NULL") == [
        adopted.echo.id
    ]
    assert_swapped_once(world)
    assert late.deposits == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_in_the_call_abandons_the_swap(world: World, moment: str) -> None:
    """Whether an exchange was made cannot be asked: another one is, and only that is funded."""
    event = quoted(world)
    world.swaps = cast(
        "SwapProvider",
        WatchedPort(world.fake_swaps, world.points, frozenset({"create_exchange"})),
    )
    with pytest.raises(KilledError):
        _die(world, event, f"{moment} create_exchange")
    assert state_of(world, "swaps") == ["creating"]
    pass_minutes(world, 5)
    assert abandoned(world) == ["answer_lost"]
    assert events(world, "orphan") == ["unknown: the process died"]
    assert_swapped_once(world)
    assert len(made(world)) == (2 if moment == "after" else 1)


def _die(world: World, event: Event, point: str) -> None:
    """Handle an event and be killed at this point."""

    class Fatal(list[str]):
        def append(self, name: str) -> None:
            super().append(name)
            if name == point:
                raise KilledError(name)

    world.points.start()
    world.points.passed = Fatal()
    try:
        HANDLERS[event.type](world, entity(event))
    finally:
        world.points.start()


# ---- refusals ------------------------------------------------------------------------------------


def test_a_rate_that_ran_out_gets_a_new_quote(world: World) -> None:
    event = quoted(world)
    world.fake_swaps.drop_rates()
    handle(world, event)
    assert state_of(world, "swaps") == ["quoting"]
    assert value(world, "SELECT rate_id FROM swaps") is None
    assert_swapped_once(world)
    assert len(made(world)) == 1


class ForgetfulSwaps(FakeSwapProvider):
    """A provider whose rates are gone as soon as they are told."""

    def fixed_quote(self, sold: Money, bought: Asset) -> FixedQuote:
        fixed = super().fixed_quote(sold, bought)
        self.drop_rates()
        return fixed


def test_rates_that_always_run_out_are_asked_for_ever_more_rarely(world: World) -> None:
    """There is no tight loop of quotes."""
    patient, forgetful = world.swaps, ForgetfulSwaps(world.clock)
    world.swaps = forgetful
    bought(world)
    pass_minutes(world, 60)
    asked = [name for name, _ in forgetful.calls]
    assert 3 <= asked.count("create_exchange") <= 10
    assert asked.count("fixed_quote") <= 11
    assert state_of(world, "swaps") == ["quoting"]
    assert reviews(world) == set()
    world.swaps = patient
    assert_swapped_once(world)


def test_a_quote_that_died_before_its_turn_is_not_used(world: World) -> None:
    """Too little of it was left to sign: no exchange is made of it."""
    event = quoted(world)
    world.clock.pass_time(1_200 - world.policy.swap_sign_seconds_least + 1)
    handle(world, event)
    assert calls(world, "create_exchange") == 0
    assert state_of(world, "swaps") == ["quoting"]
    world.drain()
    assert_swapped_once(world)
    assert calls(world, "fixed_quote") == 2
    assert len(made(world)) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OutOfRangeError("out_of_range", is_too_small=True), "below_minimum"),
        (OutOfRangeError("deposit_too_large", is_too_small=False), "above_maximum"),
        (PairUnavailableError("pair_is_inactive"), "pair_unavailable"),
    ],
    ids=["too small", "too large", "no pair"],
)
def test_an_amount_that_is_refused_at_last_waits(
    world: World, error: ProviderError, reason: str
) -> None:
    event = quoted(world)
    world.fake_swaps.fail_next("create_exchange", error)
    handle(world, event)
    assert waiting_for(world) == reason
    assert abandoned(world) == ["stood_down"]
    assert shares(world) == [("payment", "pending", SHARE)]
    assert reviews(world) == set()
    assert_swapped_once(world)


def test_an_address_that_is_refused_waits_and_is_shown(world: World) -> None:
    """Asked again every hour; the item closes once the address is taken."""
    world.fake_swaps.refused_addresses.add(BITCOIN.address)
    handle(world, quoted(world))
    assert waiting_for(world) == "address_refused"
    assert reviews(world) == {("payout", "refused_by_provider")}
    assert shares(world) == [("payment", "pending", SHARE)]
    pass_hours(world, 3)
    assert 3 <= calls(world, "create_exchange") <= 5
    assert reviews(world) == {("payout", "refused_by_provider")}
    world.fake_swaps.refused_addresses.clear()
    assert_swapped_once(world)


def test_an_address_that_is_refused_with_its_memo_waits_too(world: World) -> None:
    event = quoted(world, RIPPLE)
    world.fake_swaps.fail_next("create_exchange", AddressRefusedError("not_valid_extra_id"))
    handle(world, event)
    assert waiting_for(world) == "address_refused"
    end_well(world)
    [exchange] = funded(world)
    assert exchange.promised.asset == XRP
    assert reviews(world) == set()


def test_too_many_requests_keep_the_quote(world: World) -> None:
    """Nothing was made, so that the same promise is used a minute later, once."""
    event = quoted(world)
    world.fake_swaps.fail_next("create_exchange", RetryableError("429", 30))
    handle(world, event)
    assert state_of(world, "swaps") == ["quoted"]
    rate_id = value(world, "SELECT rate_id FROM swaps")
    assert_swapped_once(world)
    [exchange] = made(world)
    assert exchange.order.fixed.rate_id == rate_id
    assert calls(world, "fixed_quote") == 1
    assert calls(world, "create_exchange") == 2


def test_asking_again_after_everything_makes_nothing(world: World) -> None:
    event = quoted(world)
    handle(world, event)
    handle(world, event)
    end_well(world)
    handle(world, event)
    repair_swaps(world)
    assert calls(world, "create_exchange") == 1
    assert_swapped_once(world)
