"""A swap of an owner's money into the owner's coin: one fixed quote, one exchange, one funding.

A swap row makes one exchange at most. Where it is not known whether the provider made one, the row
is abandoned and another begins; only an exchange whose answer was recorded can ever be funded.
Source of the statuses and of the 20 minutes: ChangeNOW's API documentation, version 2.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.currency import swap_decimals
from shared_lib.domain.money import BASIS_POINTS, Asset, Money
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.states import require_edge
from shared_lib.domain.watch import Watch

# A fixed rate is kept for deposits that arrive this soon, whatever else the exchange says.
DEPOSIT_MOST = timedelta(minutes=20)
_EVM = "0x"
# A JSON number that was a double is right to 15 digits.
_PRECISION = 10**15


class SwapState(StrEnum):
    """*Creating* has asked for an exchange; *funded* has signed bytes that pay for it."""

    QUOTING = "quoting"
    QUOTED = "quoted"
    CREATING = "creating"
    CREATED = "created"
    FUNDED = "funded"
    FINISHED = "finished"
    REFUNDED = "refunded"
    ABANDONED = "abandoned"
    REVIEW = "review"

    @property
    def may_be_dropped(self) -> bool:
        """Nothing was signed for it, so that another swap can take its place."""
        return self in _UNFUNDED


_UNFUNDED = frozenset({SwapState.QUOTING, SwapState.QUOTED, SwapState.CREATING, SwapState.CREATED})
# From *funded* only the chain leads on: a receipt, a refund at our wallet, or a cancel that won.
SWAP_EDGES = {
    SwapState.QUOTING: frozenset({SwapState.QUOTED, SwapState.ABANDONED}),
    SwapState.QUOTED: frozenset({SwapState.CREATING, SwapState.QUOTING, SwapState.ABANDONED}),
    SwapState.CREATING: frozenset(
        {
            SwapState.CREATED,
            SwapState.QUOTED,
            SwapState.QUOTING,
            SwapState.ABANDONED,
            SwapState.REVIEW,
        }
    ),
    SwapState.CREATED: frozenset({SwapState.FUNDED, SwapState.ABANDONED, SwapState.REVIEW}),
    SwapState.FUNDED: frozenset({SwapState.FINISHED, SwapState.REFUNDED, SwapState.ABANDONED}),
    SwapState.FINISHED: frozenset[SwapState](),
    SwapState.REFUNDED: frozenset[SwapState](),
    SwapState.ABANDONED: frozenset[SwapState](),
    SwapState.REVIEW: frozenset({SwapState.ABANDONED}),
}


class Abandoned(StrEnum):
    """Why a swap was given up without having moved any money."""

    ANSWER_LOST = "answer_lost"
    QUOTE_DEAD = "quote_dead"
    CANCELLED = "cancelled"
    REVERTED = "reverted"
    STOOD_DOWN = "stood_down"


class ExchangeStatus(StrEnum):
    """The provider's words. Any other word is kept as text and means: still on its way."""

    NEW = "new"
    WAITING = "waiting"
    CONFIRMING = "confirming"
    EXCHANGING = "exchanging"
    SENDING = "sending"
    FINISHED = "finished"
    FAILED = "failed"
    REFUNDED = "refunded"
    VERIFYING = "verifying"


AWAITS_DEPOSIT = frozenset({ExchangeStatus.NEW.value, ExchangeStatus.WAITING.value})


@dataclass(frozen=True, slots=True)
class Limits:
    """What the provider swaps at a fixed rate; `most` is None where it sets no limit."""

    least: Money
    most: Money | None


@dataclass(frozen=True, slots=True)
class Quote:
    """What `sold` brings: `bought` after both fees, each fee in the coin that it is taken of."""

    sold: Money
    bought: Money
    deposit_fee: Money
    withdrawal_fee: Money

    @property
    def market_value(self) -> Money:
        """The pure market value of `sold` in the bought coin: fees taken out, for the books.

        `rate = (to + withdrawal fee) / (from - deposit fee)`, `market = from * rate`, rounded down.
        """
        gross = (self.bought + self.withdrawal_fee).base_units
        swapped = (self.sold - self.deposit_fee).base_units
        if swapped <= 0:
            raise ValueError("the deposit fee takes all of the amount")
        return Money(self.sold.base_units * gross // swapped, self.bought.asset)

    @property
    def fees_bps(self) -> int:
        """Both fees as part of the amount, in basis points, rounded up."""
        gross = (self.bought + self.withdrawal_fee).base_units
        return _share_bps(self.deposit_fee.base_units, self.sold.base_units) + _share_bps(
            self.withdrawal_fee.base_units, gross
        )


def _share_bps(part: int, whole: int) -> int:
    return -(-part * BASIS_POINTS // whole) if whole > 0 else BASIS_POINTS


def is_near_market(fixed: Quote, market: Money, most_bps: int) -> bool:
    """Whether a fixed quote's value before its fee is within `most_bps` of the market's."""
    difference = abs((fixed.bought + fixed.withdrawal_fee - market).base_units)
    return difference * BASIS_POINTS <= market.base_units * most_bps


@dataclass(frozen=True, slots=True)
class FixedQuote:
    """A quote that the provider keeps until `valid_until` for whoever names `rate_id`."""

    quote: Quote
    rate_id: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What a swap was quoted: the promise, and the market's value at the same moment."""

    fixed: FixedQuote
    market: Money
    quoted_at: datetime


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """What an exchange is asked for; everything in its answer must repeat it."""

    fixed: FixedQuote
    target: PayoutTarget
    refund_address: str


@dataclass(frozen=True, slots=True)
class ExchangeEcho:
    """What the provider says that it made. Amounts are texts, None where it does not say.

    `payin_extra_id` is None where the pay-in needs none; `valid_until` where it does not say.
    """

    id: str
    flow: str | None
    kind: str | None
    sold_id: str
    bought_id: str
    sold: Money | None
    bought: Money | None
    rate_id: str | None
    payin_address: str
    payin_extra_id: str | None
    payout_address: str
    payout_extra_id: str | None
    refund_address: str | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange that was adopted: what is paid in where, by when."""

    id: str
    payin_address: str
    promised: Money
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class ExchangeReport:
    """What the provider says of an exchange now. `status` keeps words that we do not know."""

    id: str
    status: str
    payin_address: str
    sold: Money | None
    bought: Money | None
    payout_hash: str | None
    refund_hash: str | None
    was_paid_again: bool
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a funded swap ended: what reached the owner, or what came back to us."""

    amount: Money
    hash: str


@dataclass(frozen=True, slots=True)
class Swap:
    """`sold` is what funds the exchange, to the wei; `target` is frozen with the payout."""

    id: UUID
    payout_id: UUID
    state: SwapState
    sold: Money
    target: PayoutTarget
    created_at: datetime
    watch: Watch | None
    terms: Terms | None = None
    exchange: Exchange | None = None
    provider_status: str | None = None
    outcome: Outcome | None = None
    abandoned: Abandoned | None = None

    def moved(self, state: SwapState, watch: Watch | None) -> "Swap":
        """The swap in another state. Raises TransitionRefusedError."""
        require_edge(SWAP_EDGES, f"swap {self.id}", self.state, state)
        return replace(self, state=state, watch=watch)

    def given_up(self, reason: Abandoned) -> "Swap":
        """The swap without an end of its own. Raises TransitionRefusedError."""
        return replace(self.moved(SwapState.ABANDONED, None), abandoned=reason)

    def quote_left(self, now: datetime) -> timedelta | None:
        """How long its promise still holds; None before there is one."""
        if self.exchange is not None:
            return self.exchange.valid_until - now
        return None if self.terms is None else self.terms.fixed.valid_until - now


def promise_ends(quote: FixedQuote, echo: ExchangeEcho, created_at: datetime) -> datetime:
    """The earliest of what quote, exchange and contract say."""
    ends = [quote.valid_until, created_at + DEPOSIT_MOST]
    return min([*ends, echo.valid_until] if echo.valid_until else ends)


def echo_differences(order: ExchangeOrder, echo: ExchangeEcho) -> list[str]:
    """Every field of the answer that is not what was asked for, by name; empty if all is well."""
    quote, target = order.fixed.quote, order.target
    checks = {
        "flow": echo.flow in (None, "fixed-rate"),
        "type": echo.kind in (None, "direct"),
        "fromCurrency": echo.sold_id == quote.sold.asset.id,
        "toCurrency": echo.bought_id == target.asset.id,
        "fromAmount": echo.sold is not None and _same_amount(echo.sold, quote.sold),
        "toAmount": echo.bought is not None and _same_amount(echo.bought, quote.bought),
        "rateId": echo.rate_id in (None, order.fixed.rate_id),
        "payoutAddress": _same_address(echo.payout_address, target.address),
        "payoutExtraId": (echo.payout_extra_id or None) == target.memo,
        "refundAddress": _same_address(echo.refund_address or "", order.refund_address),
        "payinExtraId": echo.payin_extra_id is None,
        "payinAddress": not _same_address(echo.payin_address, order.refund_address),
    }
    return [field for field, holds in checks.items() if not holds]


def _same_address(one: str, other: str) -> bool:
    """EVM addresses may come in any case; all others are exact."""
    if one.startswith(_EVM) and other.startswith(_EVM):
        return one.lower() == other.lower()
    return one == other


def _same_amount(told: Money, asked: Money) -> bool:
    """Equal as far as the provider counts: to its last digit, or a binary fraction's precision.

    What was told was rounded down when it was read, so that one base unit may be missing.
    """
    step = 10 ** (asked.asset.decimals - swap_decimals(asked.asset))
    missing = asked.base_units - told.base_units
    is_near = abs(missing) <= max(step - 1, asked.base_units // _PRECISION)
    return told.asset == asked.asset and (is_near or missing == 1)


def pays_less(promised: Money, bought: Money, tolerance_bps: int) -> bool:
    """Whether what arrived falls short of the promise by more than `tolerance_bps`."""
    missing = (promised - bought).base_units
    return missing * BASIS_POINTS > promised.base_units * tolerance_bps


def pair_id(sold: Asset, bought: Asset) -> str:
    """How a pair is named in texts: `eth:eth>btc:btc`."""
    return f"{sold.id}>{bought.id}"
