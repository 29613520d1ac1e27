"""What money is worth in US cents, compared along two ways that do not know of each other.

One way is the price that the payer was asked for. The other is what the provider's market says of
what arrived. An amount in wrong units or of a wrong coin agrees with one of them at most.
"""

from fractions import Fraction

from shared_lib.domain.money import BASIS_POINTS, Money
from shared_lib.domain.payment import paid_times
from shared_lib.domain.share import Worth

# More than this is a number in wrong units, which must not lift the limit for all that follows.
PAID_TIMES_MOST = 100


def paid_part(asked: str | None, paid: str | None) -> Fraction:
    """How many times what was asked has been paid: at least once, at most PAID_TIMES_MOST.

    Both are texts in the payer's coin. The provider may leave one out, or say 0 of a payment that
    it calls finished; then nothing more than the price is known.
    """
    times = paid_times(asked, paid) or Fraction(1)
    return min(max(Fraction(1), times), Fraction(PAID_TIMES_MOST))


def list_value(price_cents: int, paid: Fraction) -> int:
    """US cents of a price that was paid `paid` times, rounded up."""
    value = price_cents * paid
    return -(-value.numerator // value.denominator)


def is_too_much(cents: int, list_cents: int, tolerance_bps: int) -> bool:
    """Whether a value exceeds the list's by more than the tolerance."""
    return cents * BASIS_POINTS > list_cents * (BASIS_POINTS + tolerance_bps)


def notional_cents(amount: Money, worth: Worth, of: Money) -> int:
    """US cents of `amount` at the rate at which shares of `of` in sum were worth `worth`.

    Another coin than the shares' has no rate here; that is refused elsewhere, so it counts as is.
    """
    if of.base_units == 0:
        return 0
    return amount.base_units * worth.market_cents // of.base_units


def notional_cap_cents(worth: Worth, tolerance_bps: int) -> int:
    """The most that a transfer for these shares may be worth, in US cents."""
    return worth.list_cents * (BASIS_POINTS + tolerance_bps) // BASIS_POINTS
