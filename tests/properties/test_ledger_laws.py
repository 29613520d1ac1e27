from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain import ledger
from shared_lib.domain.ledger import Account, Entry, Exchanged, Posting, PostingKind, posting
from shared_lib.domain.money import ETH, USDT, Asset, Money, split_fee
from tests.properties.examples import LAW, amounts_of, known_assets

SUBJECT = UUID(int=1)
CHANNEL = UUID(int=2)
OF_A_CHANNEL = {Account.OWNER_PAYABLE, Account.PAID_OUT}
fees = st.integers(0, 10_000)
pairs = known_assets.flatmap(lambda asset: st.tuples(amounts_of(asset), amounts_of(asset)))


def _finished(one: Money, _other: Money, bps: int) -> Posting:
    return ledger.finished(SUBJECT, CHANNEL, one, split_fee(one, bps))


def _finish_reversed(one: Money, _other: Money, bps: int) -> Posting:
    return ledger.finish_reversed(SUBJECT, CHANNEL, one, split_fee(one, bps))


def _credit_used(one: Money, _other: Money, bps: int) -> Posting:
    return ledger.credit_used(SUBJECT, CHANNEL, one, split_fee(one, bps))


def _refund(sent: Money, arrived: Money) -> Posting:
    return ledger.refund_seen(SUBJECT, {CHANNEL: ledger.loss(sent, arrived)}, sent, arrived)


POSTINGS: dict[PostingKind, Callable[[Money, Money, int], Posting]] = {
    PostingKind.FINISHED: _finished,
    PostingKind.REVERSED: _finish_reversed,
    PostingKind.DEPOSIT_SEEN: lambda one, other, _: ledger.deposit_seen(SUBJECT, one, other),
    PostingKind.SIGNED: lambda one, _other, _: ledger.signed(SUBJECT, one),
    PostingKind.GAS: lambda one, _other, _: ledger.gas_burned(SUBJECT, one),
    PostingKind.RETURNED: lambda one, _other, _: ledger.returned(SUBJECT, one),
    PostingKind.SETTLED: lambda one, other, _: ledger.settled(SUBJECT, CHANNEL, one, other),
    PostingKind.REFUND_SEEN: lambda one, other, _: _refund(one, other),
    PostingKind.CONVERTED: lambda one, other, _: ledger.converted(
        SUBJECT, {CHANNEL: Exchanged(one, Money(other.base_units, USDT))}
    ),
    PostingKind.UNDERPAID: lambda one, _other, _: ledger.underpaid(SUBJECT, one),
    PostingKind.CREDIT_USED: _credit_used,
    PostingKind.CREDIT_REFUNDED: lambda one, _other, _: ledger.credit_refunded(SUBJECT, one),
    PostingKind.CREDIT_WITHDRAWN: lambda one, _other, _: ledger.credit_withdrawn(SUBJECT, one),
    PostingKind.TOP_UP: lambda one, _other, _: ledger.top_up(f"0x{1:064x}", one),
}


def balances(postings: Iterable[Posting]) -> Counter[tuple[Account, str]]:
    held: Counter[tuple[Account, str]] = Counter()
    for one in postings:
        for entry in one.entries:
            held[entry.account, entry.amount.asset.id] += entry.amount.base_units
    return held


def nonzero(held: Counter[tuple[Account, str]]) -> dict[tuple[Account, str], int]:
    return {key: value for key, value in held.items() if value}


def test_every_kind_of_posting_is_under_these_laws() -> None:
    assert set(POSTINGS) == set(PostingKind)


@pytest.mark.parametrize("kind", PostingKind)
@LAW
@given(pair=pairs, bps=fees)
def test_every_posting_balances_per_asset_and_has_no_empty_entry(
    kind: PostingKind, pair: tuple[Money, Money], bps: int
) -> None:
    """And exactly its entries on an owner's accounts name the channel."""
    made = POSTINGS[kind](*pair, bps)
    sums: Counter[str] = Counter()
    for entry in made.entries:
        sums[entry.amount.asset.id] += entry.amount.base_units
        assert entry.amount.base_units != 0
        assert entry.channel_id == (CHANNEL if entry.account in OF_A_CHANNEL else None)
    assert made.kind is kind
    assert not any(sums.values())


@LAW
@given(known_assets.flatmap(amounts_of), st.sampled_from([-1, 1, 10**18]))
def test_a_posting_that_does_not_balance_is_refused(amount: Money, excess: int) -> None:
    debit, credit = Entry(Account.HOST_WALLET, amount), Entry(Account.IN_FLIGHT, -amount)
    too_much = Entry(Account.DIFFERENCE, Money(excess, amount.asset))
    posting(PostingKind.SIGNED, "1", debit, credit)
    with pytest.raises(ValueError, match="does not balance"):
        posting(PostingKind.SIGNED, "1", debit, credit, too_much)


def test_equal_numbers_of_two_assets_do_not_balance() -> None:
    entries = (
        Entry(Account.EXCHANGE, Money(5, ETH)),
        Entry(Account.EXCHANGE, Money(-5, USDT)),
    )
    with pytest.raises(ValueError, match="does not balance"):
        posting(PostingKind.SETTLED, "1", *entries)


lives = known_assets.flatmap(
    lambda asset: st.tuples(
        amounts_of(asset, 1), amounts_of(asset, 1), amounts_of(ETH), st.just(asset)
    )
)


@LAW
@given(lives, fees)
def test_a_settled_payment_leaves_nothing_owed_and_nothing_in_flight(
    life: tuple[Money, Money, Money, Asset], bps: int
) -> None:
    received, deposited, gas, asset = life
    split = split_fee(received, bps)
    held = balances(
        [
            ledger.finished(SUBJECT, CHANNEL, received, split),
            ledger.deposit_seen(SUBJECT, received, deposited),
            ledger.signed(SUBJECT, split.owner),
            ledger.gas_burned(SUBJECT, gas),
            ledger.settled(SUBJECT, CHANNEL, split.owner, split.owner),
        ]
    )
    assert held[Account.OWNER_PAYABLE, asset.id] == 0
    assert held[Account.IN_FLIGHT, asset.id] == 0
    assert held[Account.PROVIDER_RECEIVABLE, asset.id] == 0
    assert held[Account.PAID_OUT, asset.id] == -split.owner.base_units
    assert held[Account.CLEARED, asset.id] == split.owner.base_units
    assert held[Account.HOST_WALLET, asset.id] == (deposited - split.owner).base_units
    assert held[Account.PLATFORM_FEE, asset.id] == -split.fee.base_units
    assert held[Account.DIFFERENCE, asset.id] == (received - deposited).base_units
    assert held[Account.GAS_FLOAT, ETH.id] == -gas.base_units


@LAW
@given(lives, fees)
def test_a_transfer_that_comes_back_costs_its_gas_and_nothing_else(
    life: tuple[Money, Money, Money, Asset], bps: int
) -> None:
    received, deposited, gas, _asset = life
    split = split_fee(received, bps)
    arrived = [
        ledger.finished(SUBJECT, CHANNEL, received, split),
        ledger.deposit_seen(SUBJECT, received, deposited),
    ]
    gas_burned = ledger.gas_burned(SUBJECT, gas)
    there_and_back = [
        ledger.signed(SUBJECT, split.owner),
        gas_burned,
        ledger.returned(SUBJECT, split.owner),
    ]
    assert nonzero(balances([*arrived, *there_and_back])) == nonzero(
        balances([*arrived, gas_burned])
    )


@LAW
@given(lives, fees)
def test_a_payment_that_is_refunded_unspent_leaves_no_trace_in_the_balances(
    life: tuple[Money, Money, Money, Asset], bps: int
) -> None:
    received = life[0]
    split = split_fee(received, bps)
    both = [
        ledger.finished(SUBJECT, CHANNEL, received, split),
        ledger.finish_reversed(SUBJECT, CHANNEL, received, split),
    ]
    assert both[0].entries
    assert nonzero(balances(both)) == {}


@LAW
@given(lives, fees)
def test_a_refund_leaves_the_owner_what_arrived_and_no_more_than_was_sent(
    life: tuple[Money, Money, Money, Asset], bps: int
) -> None:
    """What was lost is owed no more; what came too much is owed to nobody and kept in sight."""
    received, arrived, gas, asset = life
    owner = split_fee(received, bps).owner
    held = balances(
        [
            ledger.finished(SUBJECT, CHANNEL, received, split_fee(received, bps)),
            ledger.deposit_seen(SUBJECT, received, received),
            ledger.signed(SUBJECT, owner),
            ledger.gas_burned(SUBJECT, gas),
            _refund(owner, arrived),
        ]
    )
    credited = min(owner.base_units, arrived.base_units)
    assert held[Account.OWNER_PAYABLE, asset.id] == -credited
    assert held[Account.IN_FLIGHT, asset.id] == 0
    assert held[Account.DIFFERENCE, asset.id] == credited - arrived.base_units
    assert held[Account.HOST_WALLET, asset.id] == (received - owner + arrived).base_units
    assert held[Account.PAID_OUT, asset.id] == 0


@LAW
@given(lives, fees)
def test_a_refund_that_is_paid_out_again_leaves_nothing_owed(
    life: tuple[Money, Money, Money, Asset], bps: int
) -> None:
    """However often: each round may lose something, and the last one settles the rest."""
    received, arrived, _gas, asset = life
    owner = split_fee(received, bps).owner
    left = min(owner, arrived, key=lambda amount: amount.base_units)
    rounds = [
        ledger.finished(SUBJECT, CHANNEL, received, split_fee(received, bps)),
        ledger.signed(SUBJECT, owner),
        _refund(owner, arrived),
        ledger.signed(SUBJECT, left),
        _refund(left, left),
        ledger.signed(SUBJECT, left),
        ledger.settled(SUBJECT, CHANNEL, left, left),
    ]
    held = balances(rounds)
    assert held[Account.OWNER_PAYABLE, asset.id] == 0
    assert held[Account.IN_FLIGHT, asset.id] == 0
    assert held[Account.CLEARED, asset.id] == left.base_units


@LAW
@given(known_assets.flatmap(amounts_of), fees)
def test_a_part_that_is_used_is_booked_as_if_it_had_finished(received: Money, bps: int) -> None:
    split = split_fee(received, bps)
    used = [
        ledger.underpaid(SUBJECT, received),
        ledger.credit_used(SUBJECT, CHANNEL, received, split),
    ]
    finished = [ledger.finished(SUBJECT, CHANNEL, received, split)]
    assert nonzero(balances(used)) == nonzero(balances(finished))


@LAW
@given(known_assets.flatmap(amounts_of))
def test_a_part_that_the_provider_took_back_was_never_there(received: Money) -> None:
    postings = [ledger.underpaid(SUBJECT, received), ledger.credit_withdrawn(SUBJECT, received)]
    assert nonzero(balances(postings)) == {}


@LAW
@given(known_assets.flatmap(lambda asset: amounts_of(asset, 1)))
def test_a_part_that_was_refunded_stays_in_the_wallet_as_ours(received: Money) -> None:
    postings = [
        ledger.underpaid(SUBJECT, received),
        ledger.deposit_seen(SUBJECT, received, received),
        ledger.credit_refunded(SUBJECT, received),
    ]
    assert nonzero(balances(postings)) == {
        (Account.HOST_WALLET, received.asset.id): received.base_units,
        (Account.CAPITAL, received.asset.id): -received.base_units,
    }
