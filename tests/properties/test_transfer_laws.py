"""Laws of a payout's transfer: what it takes along, and what may be signed on its one nonce."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain.money import ETH, Money
from shared_lib.domain.share import Share, ShareKind, ShareState, fitting
from shared_lib.domain.transfer import (
    ATTEMPTS_MOST,
    Attempt,
    AttemptKind,
    Fees,
    outbid,
    wanted_replacement,
)
from tests.properties.examples import LAW

NOW = datetime(2027, 3, 1, tzinfo=UTC)

# ---- replacing bytes -----------------------------------------------------------------------------

wei_per_gas = st.integers(0, 200) | st.integers(0, 10**15)
fees = st.builds(
    lambda base, priority, gas: Fees(base + priority, priority, gas),
    wei_per_gas,
    wei_per_gas,
    st.integers(21_000, 10**6),
)


@LAW
@given(fees, fees)
def test_what_replaces_bytes_is_taken_by_every_node(held: Fees, now: Fees) -> None:
    """At least a tenth more of both fees, more in any case, and enough for today's blocks."""
    bid = outbid(held, now)
    for ours, theirs, today in (
        (bid.max_fee, held.max_fee, now.max_fee),
        (bid.max_priority_fee, held.max_priority_fee, now.max_priority_fee),
    ):
        assert ours * 100 >= theirs * 110
        assert ours > theirs
        assert ours >= today
    assert bid.gas_limit == now.gas_limit
    assert bid.max_priority_fee <= bid.max_fee


@LAW
@given(fees, fees)
def test_a_replacement_offers_no_more_than_it_must(held: Fees, now: Fees) -> None:
    """Not a wei above the higher of today's fee and a tenth more, or one more of almost nothing."""
    bid = outbid(held, now)
    for ours, theirs, today in (
        (bid.max_fee, held.max_fee, now.max_fee),
        (bid.max_priority_fee, held.max_priority_fee, now.max_priority_fee),
    ):
        assert ours == today or (ours - 1) * 100 < theirs * 110 or ours == theirs + 1


@LAW
@given(st.lists(fees, min_size=1, max_size=6), fees)
def test_what_outbids_all_held_bytes_outbids_each_of_them(held: list[Fees], now: Fees) -> None:
    bid = now
    for one in held:
        bid = outbid(one, bid)
    for one in held:
        assert bid.max_fee * 100 >= one.max_fee * 110
        assert bid.max_priority_fee * 100 >= one.max_priority_fee * 110
        assert bid.max_fee > one.max_fee
        assert bid.max_priority_fee > one.max_priority_fee


def attempt(kind: AttemptKind) -> Attempt:
    return Attempt(UUID(int=1), UUID(int=2), kind, b"bytes", "0x01", Fees(1, 1, 21_000), NOW)


moments = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=3 * ATTEMPTS_MOST)


@LAW
@given(st.sampled_from([AttemptKind.SEND, AttemptKind.CANCEL]), moments)
def test_no_history_signs_a_payment_after_a_cancel_or_bytes_without_end(
    first: AttemptKind, history: list[tuple[bool, bool]]
) -> None:
    """Whatever is dying or stuck when: sends and bumps, then cancels, and few of them in all."""
    held = [attempt(first)]
    for is_dying, is_stuck in history:
        wanted = wanted_replacement(held, is_dying=is_dying, is_stuck=is_stuck)
        was_cancelled = AttemptKind.CANCEL in [one.kind for one in held]
        if wanted is not None:
            held.append(attempt(wanted))
        if is_dying:
            assert was_cancelled or wanted is AttemptKind.CANCEL
    kinds = [one.kind for one in held]
    cancels = kinds.count(AttemptKind.CANCEL)
    assert set(kinds[len(kinds) - cancels :]) <= {AttemptKind.CANCEL}
    assert AttemptKind.SEND not in kinds[1:]
    assert len(held) <= ATTEMPTS_MOST + 1


# ---- what fits -----------------------------------------------------------------------------------


def share(number: int, units: int) -> Share:
    amount, state = Money(units, ETH), ShareState.PENDING
    return Share(UUID(int=number), UUID(int=1), ShareKind.PAYMENT, None, amount, state, NOW, None)


shares = st.lists(st.integers(1, 100), max_size=12).map(
    lambda amounts: [share(number, units) for number, units in enumerate(amounts)]
)


@LAW
@given(shares, st.integers(0, 600))
def test_a_payout_takes_the_longest_beginning_that_fits_and_at_least_one(
    waiting: list[Share], most: int
) -> None:
    taken = fitting(waiting, most)
    amount = sum(one.amount.base_units for one in taken)
    assert taken == waiting[: len(taken)]
    assert bool(taken) is bool(waiting)
    assert amount <= most or len(taken) == 1
    if len(taken) < len(waiting):
        assert amount + waiting[len(taken)].amount.base_units > most
