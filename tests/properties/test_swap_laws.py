"""Laws of a swap's money: nothing of it is lost on the way, and no digit is taken for another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from shared_lib.domain import ledger
from shared_lib.domain.currency import asset_of, swap_decimals, swappable_part
from shared_lib.domain.ledger import Account
from shared_lib.domain.money import (
    BASIS_POINTS,
    ETH,
    USDT,
    Asset,
    Money,
    format_amount,
    parse_amount_down,
    zero,
)
from shared_lib.domain.notional import notional_cap_cents, notional_cents
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.payout import PayoutState
from shared_lib.domain.share import ShareKind, ShareState, Worth, total_worth
from shared_lib.domain.swap import (
    DEPOSIT_MOST,
    ExchangeEcho,
    ExchangeOrder,
    FixedQuote,
    Quote,
    echo_differences,
    is_near_market,
    pays_less,
    promise_ends,
)
from shared_lib.usecases.returning import return_money
from shared_lib.usecases.settling import settle_payout
from tests.properties.books import CHANNEL, PAYOUT, Books
from tests.properties.examples import LAW, amounts, amounts_of, known_assets

NOW = datetime(2027, 3, 1, tzinfo=UTC)
TOLERANCE_BPS = 500
SHIB = asset_of("shib:eth")
# From a single wei to more than there is of any coin: 10^15 SHIB are 10^33 base units.
swap_amounts = st.one_of(
    known_assets.flatmap(amounts_of),
    st.builds(Money, st.integers(10**33, 10**36), st.just(SHIB)),
    st.builds(Money, st.integers(0, 10**12), st.just(ETH)),
)


def step_of(asset: Asset) -> int:
    return int(10 ** (asset.decimals - swap_decimals(asset)))


# ---- what can be swapped -------------------------------------------------------------------------


@LAW
@given(swap_amounts)
def test_what_is_swapped_is_counted_in_whole_steps_and_the_dust_is_less_than_one(
    amount: Money,
) -> None:
    swapped = swappable_part(amount)
    dust = amount - swapped
    assert swapped <= amount
    assert swapped.base_units % step_of(amount.asset) == 0
    assert 0 <= dust.base_units < step_of(amount.asset)
    assert swappable_part(swapped) == swapped


@LAW
@given(swap_amounts)
def test_what_is_swapped_is_written_with_no_more_digits_than_are_counted(amount: Money) -> None:
    _, _, decimals = format_amount(swappable_part(amount)).partition(".")
    assert len(decimals) <= swap_decimals(amount.asset)


@LAW
@given(known_assets.flatmap(lambda asset: st.tuples(amounts_of(asset), amounts_of(asset))))
def test_amounts_that_are_swapped_together_leave_no_more_dust_than_apart(
    pair: tuple[Money, Money],
) -> None:
    one, other = pair
    assert swappable_part(one) + swappable_part(other) <= swappable_part(one + other)


# ---- where the money goes ------------------------------------------------------------------------

worths = st.integers(1, 10**6).flatmap(
    lambda cents: st.builds(Worth, st.just(cents), st.integers(0, cents))
)
owned_shares = st.lists(
    st.tuples(st.builds(Money, st.integers(1, 10**21), st.just(ETH)), worths),
    min_size=1,
    max_size=6,
)


def is_suspect(books: Books) -> bool:
    """Whether a transfer of all that is owed would be refused as worth too much."""
    owing = [share.worth for share in books.shares if share.state.is_owed]
    worth = total_worth(owing)
    cents = notional_cents(books.owed, worth, books.owed)
    return cents > notional_cap_cents(worth, TOLERANCE_BPS)


def funded(shares: list[tuple[Money, Worth]]) -> tuple[Books, Money, Money]:
    """A payout whose swap was funded, what it was funded with, and the sum of its shares."""
    whole = sum((amount for amount, _ in shares), start=zero(ETH))
    sold = swappable_part(whole)
    assume(sold.base_units > 0)
    return Books(shares, sold), sold, whole


@LAW
@given(owned_shares)
def test_what_was_sold_and_the_dust_are_exactly_the_shares(
    shares: list[tuple[Money, Worth]],
) -> None:
    """The shares are paid; what could not be swapped is a share of its own, and is owed still."""
    books, sold, whole = funded(shares)
    settle_payout(books.ports, books.tx, books.payout, sold, sold)
    dust = [share for share in books.shares if share.kind is ShareKind.DUST]
    assert sold + books.owed == whole
    assert [share.amount for share in dust] == ([books.owed] if books.owed.base_units else [])
    assert books.owed.base_units < step_of(ETH)
    assert all(share.state is ShareState.PENDING for share in dust)
    paid = [share for share in books.shares if share.kind is ShareKind.PAYMENT]
    assert {share.state for share in paid} == {ShareState.PAID}
    assert books.payout.state is PayoutState.SETTLED
    assert not is_suspect(books)


@LAW
@given(owned_shares)
def test_a_settled_swap_leaves_the_books_with_the_dust_and_nothing_in_flight(
    shares: list[tuple[Money, Worth]],
) -> None:
    books, sold, _ = funded(shares)
    settle_payout(books.ports, books.tx, books.payout, sold, sold)
    assert books.balance(Account.OWNER_PAYABLE) == -books.owed.base_units
    assert books.balance(Account.HOST_WALLET) == books.owed.base_units
    assert books.balance(Account.IN_FLIGHT) == 0
    assert books.balance(Account.PAID_OUT) == -sold.base_units
    assert books.balance(Account.CLEARED) == sold.base_units
    assert sum(books.balances().values()) == 0


def refund(books: Books, sold: Money, arrived: Money) -> Money:
    """Book a refund as it arrived and give the shares back; what the owner lost of it."""
    posting = ledger.refund_seen(PAYOUT, {CHANNEL: ledger.loss(sold, arrived)}, sold, arrived)
    books.post(posting)
    lost = [one.amount for one in posting.entries if one.account is Account.OWNER_PAYABLE]
    loss = lost[0] if lost else zero(ETH)
    return_money(books.ports, books.tx, books.payout, loss)
    return loss


@LAW
@given(owned_shares, st.data())
def test_what_came_back_and_what_was_lost_are_exactly_the_shares(
    shares: list[tuple[Money, Worth]], data: st.DataObject
) -> None:
    """After a loss one share takes the place of all; without one they are themselves again."""
    books, sold, whole = funded(shares)
    arrived = Money(data.draw(st.integers(1, 2 * sold.base_units)), ETH)
    loss = refund(books, sold, arrived)
    assert books.owed + loss == whole
    assert loss == Money(max(0, sold.base_units - arrived.base_units), ETH)
    owing = [share for share in books.shares if share.state.is_owed]
    assert {share.state for share in owing} == {ShareState.PENDING}
    if loss.base_units:
        assert [(share.kind, share.residue_of) for share in owing] == [(ShareKind.REFUND, PAYOUT)]
        assert owing[0].amount == whole - loss
    else:
        assert [share.amount for share in owing] == [amount for amount, _ in shares]
    assert books.payout.state is PayoutState.RETURNED
    assert not is_suspect(books)


@LAW
@given(owned_shares, st.data())
def test_after_any_refund_the_books_balance_and_owe_what_the_shares_say(
    shares: list[tuple[Money, Worth]], data: st.DataObject
) -> None:
    """What arrived too much is in the wallet and nobody's."""
    books, sold, whole = funded(shares)
    arrived = Money(data.draw(st.integers(1, 2 * sold.base_units)), ETH)
    loss = refund(books, sold, arrived)
    assert books.balance(Account.OWNER_PAYABLE) == -books.owed.base_units
    assert books.balance(Account.IN_FLIGHT) == 0
    assert books.balance(Account.HOST_WALLET) == (whole - sold + arrived).base_units
    assert books.balance(Account.DIFFERENCE) == (sold - arrived - loss).base_units
    assert books.balance(Account.PAID_OUT) == 0
    assert sum(books.balances().values()) == 0


# ---- what a quote says ---------------------------------------------------------------------------

quotes = st.builds(
    Quote,
    st.builds(Money, st.integers(10**9, 10**24), st.just(ETH)),
    st.builds(Money, st.integers(0, 10**18), st.just(USDT)),
    st.builds(Money, st.integers(0, 10**9 - 1), st.just(ETH)),
    st.builds(Money, st.integers(0, 10**12), st.just(USDT)),
)


@LAW
@given(quotes)
def test_the_market_value_is_the_exact_rate_rounded_down_to_a_unit(quote: Quote) -> None:
    gross = (quote.bought + quote.withdrawal_fee).base_units
    swapped = (quote.sold - quote.deposit_fee).base_units
    exact = Fraction(gross, swapped) * quote.sold.base_units
    assert 0 <= exact - quote.market_value.base_units < 1
    assert quote.bought <= quote.bought + quote.withdrawal_fee <= quote.market_value


@LAW
@given(quotes)
def test_fees_are_never_told_too_low_and_at_most_two_basis_points_too_high(quote: Quote) -> None:
    gross = (quote.bought + quote.withdrawal_fee).base_units
    assume(gross > 0)
    exact = Fraction(quote.deposit_fee.base_units, quote.sold.base_units)
    exact += Fraction(quote.withdrawal_fee.base_units, gross)
    assert 0 <= quote.fees_bps - exact * BASIS_POINTS < 2


@LAW
@given(quotes, st.integers(1, 10**18), st.integers(0, BASIS_POINTS))
def test_near_the_market_means_the_same_above_and_below(
    quote: Quote, market: int, most_bps: int
) -> None:
    value = (quote.bought + quote.withdrawal_fee).base_units
    is_near = is_near_market(quote, Money(market, USDT), most_bps)
    assert is_near is (abs(Fraction(value, market) - 1) <= Fraction(most_bps, BASIS_POINTS))
    mirrored = max(0, 2 * market - value)
    assume(mirrored == 2 * market - value)
    fee = min(quote.withdrawal_fee.base_units, mirrored)
    other = replace(quote, bought=Money(mirrored - fee, USDT), withdrawal_fee=Money(fee, USDT))
    assert is_near_market(other, Money(market, USDT), most_bps) is is_near


@LAW
@given(st.integers(1, 10**18), st.integers(0, 10**18), st.integers(0, BASIS_POINTS))
def test_an_owner_got_less_exactly_when_the_missing_part_exceeds_the_tolerance(
    promised: int, bought: int, tolerance_bps: int
) -> None:
    missing = Fraction(promised - bought, promised)
    expected = missing > Fraction(tolerance_bps, BASIS_POINTS)
    assert pays_less(Money(promised, ETH), Money(bought, ETH), tolerance_bps) is expected


moments = st.integers(-3_600, 3_600).map(lambda seconds: NOW + timedelta(seconds=seconds))


def order_of(sold: Money, bought: Money, valid_until: datetime = NOW) -> ExchangeOrder:
    quote = Quote(sold, bought, zero(sold.asset), zero(bought.asset))
    fixed = FixedQuote(quote, "rate-7", valid_until)
    return ExchangeOrder(fixed, PayoutTarget(bought.asset, "owner", None), "0xours")


def echo_of(order: ExchangeOrder) -> ExchangeEcho:
    quote = order.fixed.quote
    return ExchangeEcho(
        id="a1b2c3d4e5f607",
        flow="fixed-rate",
        kind="direct",
        sold_id=quote.sold.asset.id,
        bought_id=quote.bought.asset.id,
        sold=quote.sold,
        bought=quote.bought,
        rate_id=order.fixed.rate_id,
        payin_address="0xpayin",
        payin_extra_id=None,
        payout_address=order.target.address,
        payout_extra_id=None,
        refund_address=order.refund_address,
        valid_until=None,
    )


@LAW
@given(moments, st.none() | moments, moments)
def test_a_promise_never_outlives_what_anybody_said_of_it(
    quoted: datetime, echoed: datetime | None, created: datetime
) -> None:
    order = order_of(Money(1, ETH), Money(1, USDT), quoted)
    ends = promise_ends(order.fixed, replace(echo_of(order), valid_until=echoed), created)
    said = [quoted, created + DEPOSIT_MOST, *([echoed] if echoed else [])]
    assert all(ends <= one for one in said)
    assert ends in said


# ---- what an exchange repeats --------------------------------------------------------------------


def counted(asset: Asset, most_digits: int) -> st.SearchStrategy[Money]:
    """Amounts of whole steps with at most so many digits in all."""
    step = step_of(asset)
    return st.integers(1, 10**most_digits - 1).map(lambda steps: Money(steps * step, asset))


# Up to 10^15 coins of eight decimals, and more than a double holds exactly.
told_amounts = known_assets.flatmap(lambda asset: counted(asset, 15 + swap_decimals(asset)))
# All that a double holds to the last digit, with one to spare.
exact_amounts = known_assets.flatmap(lambda asset: counted(asset, 14))


@LAW
@given(told_amounts)
def test_an_amount_that_went_through_a_double_is_the_same_amount(amount: Money) -> None:
    told = repr(float(format_amount(amount)))
    order = order_of(amount, amount)
    echo = replace(echo_of(order), sold=parse_amount_down(told, amount.asset))
    assert echo_differences(order, echo) == []


@LAW
@given(exact_amounts, st.integers(1, 10**6), st.sampled_from([-1, 1]))
def test_an_amount_that_differs_in_a_digit_that_counts_is_found(
    amount: Money, steps: int, sign: int
) -> None:
    other = Money(amount.base_units + sign * steps * step_of(amount.asset), amount.asset)
    assume(other.base_units >= 0)
    assume(amount.base_units - other.base_units != 1)  # which reading a fraction rounds away
    order = order_of(amount, amount)
    assert echo_differences(order, replace(echo_of(order), sold=other)) == ["fromAmount"]
    assert echo_differences(order, replace(echo_of(order), bought=other)) == ["toAmount"]


@LAW
@given(amounts)
def test_an_amount_of_another_coin_is_never_the_same(amount: Money) -> None:
    order = order_of(amount, amount)
    other = Money(amount.base_units, replace(amount.asset, network="elsewhere"))
    assert echo_differences(order, replace(echo_of(order), sold=other)) == ["fromAmount"]
