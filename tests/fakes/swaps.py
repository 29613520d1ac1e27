"""A swap provider in memory, which watches the fake chain for deposits when a test says so.

What it asks and gives is in `market`. An exchange goes on only when ordered, with `settle_all` or
one at a time. What goes wrong is ordered with `fail_next`, `alter_next_echo`, `fail`, `refund`,
`hold`, `hide_amount` and `drop_rates`.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from threading import RLock
from typing import Any

from shared_lib.adapters.ethereum_address import checksum_address
from shared_lib.domain.currency import Listing
from shared_lib.domain.money import ETH, USDT, Asset, Money, format_amount, total
from shared_lib.domain.swap import (
    AWAITS_DEPOSIT,
    ExchangeEcho,
    ExchangeOrder,
    ExchangeReport,
    ExchangeStatus,
    FixedQuote,
    Limits,
    Quote,
)
from shared_lib.ports import (
    AddressRefusedError,
    Clock,
    PermanentError,
    ProviderError,
    RateExpiredError,
    RetryableError,
)
from tests.fakes.chain import FakeChain
from tests.fakes.failures import Failures
from tests.fakes.swap_market import Market

QUOTE_SECONDS = 1_200


@dataclass(slots=True)
class FakeExchange:
    """An exchange as the provider knows it, `echo` being what it told when it was made.

    `payin_address` is where it really waits for the deposit. `bought` is what the provider says
    that it paid.
    """

    order: ExchangeOrder
    echo: ExchangeEcho
    payin_address: str
    status: str = ExchangeStatus.WAITING.value
    deposits: list[Money] = field(default_factory=list)
    bought: Money | None = None
    payout_hash: str | None = None
    refund_hash: str | None = None

    @property
    def sold(self) -> Money:
        """What it waits for."""
        return self.order.fixed.quote.sold

    @property
    def promised(self) -> Money:
        """What it pays once that has come."""
        return self.order.fixed.quote.bought

    @property
    def paid_in(self) -> Money:
        """All that has come."""
        return total(self.deposits, self.sold.asset)

    def report(self) -> ExchangeReport:
        """What the provider tells of it."""
        return ExchangeReport(
            id=self.echo.id,
            status=self.status,
            payin_address=self.payin_address,
            sold=self.deposits[0] if self.deposits else None,
            bought=self.bought,
            payout_hash=self.payout_hash,
            refund_hash=self.refund_hash,
            was_paid_again=len(self.deposits) > 1,
            body=self._body(),
        )

    def _body(self) -> str:
        fields = {
            "id": self.echo.id,
            "status": self.status,
            "amountFrom": format_amount(self.deposits[0]) if self.deposits else None,
            "amountTo": format_amount(self.bought) if self.bought else None,
            "payinAddress": self.payin_address,
            "payoutHash": self.payout_hash,
            "refundHash": self.refund_hash,
        }
        return json.dumps(fields)


class FakeSwapProvider:
    """The port `SwapProvider`, and what happens to its exchanges.

    `calls` is all that was asked of it. `exchanges` has every exchange that was made, by id;
    `refused_addresses` are those that it does not pay to. A rate is kept for `quote_seconds`.
    `fail_next` is short for an order to `failures`.
    """

    def __init__(
        self, clock: Clock, chain: FakeChain | None = None, *, quote_seconds: float = QUOTE_SECONDS
    ) -> None:
        self.market = Market()
        self.quote_seconds = quote_seconds
        self.exchanges: dict[str, FakeExchange] = {}
        self.refused_addresses: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self._clock = clock
        self._chain = chain
        self._rates: dict[str, FixedQuote] = {}
        self._alterations: dict[str, Any] = {}
        self._numbers = count(1)
        self.failures = Failures()
        self._lock = RLock()

    # ---- the port --------------------------------------------------------------------------------

    def currencies(self) -> list[Listing]:
        with self._lock:
            self.calls.append(("currencies", ""))
            with self.failures.around("currencies"):
                return self.market.offered()

    def limits(self, sold: Asset, bought: Asset) -> Limits:
        with self._lock:
            self.calls.append(("limits", bought.id))
            with self.failures.around("limits"):
                return self.market.limits_of(sold, bought)

    def market_quote(self, sold: Money, bought: Asset) -> Quote:
        with self._lock:
            self.calls.append(("market_quote", bought.id))
            with self.failures.around("market_quote"):
                return self.market.quote(sold, bought)

    def fixed_quote(self, sold: Money, bought: Asset) -> FixedQuote:
        with self._lock:
            self.calls.append(("fixed_quote", bought.id))
            with self.failures.around("fixed_quote"):
                quote = self.market.quote(sold, bought, self.market.spread_bps)
                valid_until = self._clock.now() + timedelta(seconds=self.quote_seconds)
                fixed = FixedQuote(quote, self._fresh("rate")[:24], valid_until)
                self._rates[fixed.rate_id] = fixed
                return fixed

    def create_exchange(self, order: ExchangeOrder) -> ExchangeEcho:
        with self._lock:
            self.calls.append(("create_exchange", order.fixed.rate_id))
            with self.failures.around("create_exchange"):
                self._require_acceptable(order)
                true = self._echo(order)
                told = replace(true, **self._alterations)
                self._alterations = {}
                self.exchanges[told.id] = FakeExchange(order, told, true.payin_address)
                return told

    def exchange(self, exchange_id: str, sold: Asset, bought: Asset) -> ExchangeReport:
        with self._lock:
            self.calls.append(("exchange", exchange_id))
            with self.failures.around("exchange"):
                if exchange_id not in self.exchanges:
                    raise PermanentError("not_found: the provider knows no such exchange")
                found = self.exchanges[exchange_id]
                if (found.sold.asset, found.promised.asset) != (sold, bought):
                    raise RetryableError("the exchange is of another pair")
                return found.report()

    # ---- what a test orders ----------------------------------------------------------------------

    def fail_next(self, method: str, error: ProviderError, *, after_effect: bool = False) -> None:
        """Let the next call of `method` raise `error`; `after_effect`: its answer is lost."""
        with self._lock:
            self.failures.order(method, error, after_effect=after_effect)

    def alter_next_echo(self, **fields: Any) -> None:
        """Tell these fields of the next exchange instead of what it was asked for."""
        self._alterations = fields

    def drop_rates(self) -> None:
        """Keep no promise that is not an exchange yet."""
        self._rates.clear()

    def deposit(self, exchange_id: str, amount: Money | None = None) -> None:
        """Let a deposit have arrived, of what was agreed if none is given. For use without a chain.

        It is seen at once, and nothing more happens.
        """
        exchange = self.exchanges[exchange_id]
        exchange.deposits.append(amount or exchange.sold)

    def settle_all(self) -> list[str]:
        """Look for deposits and finish what was waiting for one; the ids of what was finished.

        A first deposit of any other amount than was agreed is put on hold.
        """
        self._look()
        waiting = [one for one in self.exchanges.values() if one.status in AWAITS_DEPOSIT]
        for one in waiting:
            if one.deposits and one.deposits[0] != one.sold:
                self.hold(one.echo.id)
        agreed = [one.echo.id for one in waiting if one.deposits[:1] == [one.sold]]
        for exchange_id in agreed:
            self.finish(exchange_id)
        return agreed

    @property
    def funded(self) -> list[str]:
        """The exchanges that a deposit has come for, as the chain's head shows it."""
        self._look()
        return [key for key, one in self.exchanges.items() if one.deposits]

    def advance(self, exchange_id: str, status: str, **fields: Any) -> None:
        """Let an exchange go on. `fields` are those of FakeExchange."""
        exchange = self.exchanges[exchange_id]
        for name, value in {"status": str(status), **fields}.items():
            setattr(exchange, name, value)

    def finish(self, exchange_id: str, bought: Money | None = None) -> None:
        """Pay out what was promised, or another amount: on the chain, if it is the coin's, once."""
        exchange = self.exchanges[exchange_id]
        paid = bought or exchange.promised
        on_chain = self._chain is not None and paid.asset in (ETH, USDT)
        if on_chain and exchange.payout_hash is not None:
            self.advance(exchange_id, ExchangeStatus.FINISHED)
            return
        target = exchange.order.target.address
        payout_hash = self._pay(target, paid) if on_chain else self._fresh("payout")
        self.advance(exchange_id, ExchangeStatus.FINISHED, bought=paid, payout_hash=payout_hash)

    def hide_amount(self, exchange_id: str) -> None:
        """Leave out what was paid, as if it were not known yet."""
        self.exchanges[exchange_id].bought = None

    def hold(self, exchange_id: str) -> None:
        """Begin to ask questions about where the money comes from."""
        self._look()
        self.advance(exchange_id, ExchangeStatus.VERIFYING)

    def fail(self, exchange_id: str) -> None:
        """End without paying anything, at least for now."""
        self._look()
        self.advance(exchange_id, ExchangeStatus.FAILED)

    def refund(self, exchange_id: str, loss_base_units: int = 0) -> str:
        """Pay back all that came in, less some of it; the hash, mined with the next block."""
        self._look()
        exchange = self.exchanges[exchange_id]
        if not exchange.deposits:
            raise ValueError(f"nothing was paid in for {exchange_id}")
        refunded = exchange.paid_in - Money(loss_base_units, exchange.sold.asset)
        refund_hash = self._pay(exchange.order.refund_address, refunded)
        self.advance(exchange_id, ExchangeStatus.REFUNDED, refund_hash=refund_hash)
        return refund_hash

    # ---- inside ----------------------------------------------------------------------------------

    def _require_acceptable(self, order: ExchangeOrder) -> None:
        kept = self._rates.get(order.fixed.rate_id)
        if kept is None or kept.valid_until < self._clock.now():
            raise RateExpiredError("rate_id_not_found_or_expired")
        quote, asked = kept.quote, order.fixed.quote
        if (quote.sold, quote.bought.asset) != (asked.sold, order.target.asset):
            raise RateExpiredError("rate_id_not_found_or_expired: it is for something else")
        self.market.require_swappable(asked.sold, order.target.asset)
        if bool(order.target.memo) != self.market.listings[order.target.asset.id].needs_memo:
            raise PermanentError("not_valid_params: extraId")
        if order.target.address in self.refused_addresses:
            raise AddressRefusedError("not_valid_address")
        if order.refund_address in self.refused_addresses:
            raise PermanentError("not_valid_refund_address")

    def _echo(self, order: ExchangeOrder) -> ExchangeEcho:
        kept = self._rates[order.fixed.rate_id]
        return ExchangeEcho(
            id=self._fresh("exchange")[:14],
            flow="fixed-rate",
            kind="direct",
            sold_id=kept.quote.sold.asset.id,
            bought_id=order.target.asset.id,
            sold=kept.quote.sold,
            bought=kept.quote.bought,
            rate_id=kept.rate_id,
            payin_address=checksum_address(f"0x{self._fresh('address')[:40]}"),
            payin_extra_id=None,
            payout_address=order.target.address,
            payout_extra_id=order.target.memo,
            refund_address=order.refund_address,
            valid_until=kept.valid_until,
        )

    def _look(self) -> None:
        """See the deposits at the head. A provider that cannot see the chain waits, as we do."""
        with self._lock, suppress(RetryableError):
            for exchange in self.exchanges.values():
                exchange.deposits += self._arrived(exchange)

    def _arrived(self, exchange: FakeExchange) -> list[Money]:
        """The deposits since the last look; a multiple of what was agreed is several of them."""
        if self._chain is None:
            return []
        asset, agreed = exchange.sold.asset, exchange.sold.base_units
        held = self._chain.balance(exchange.payin_address, asset)
        more = (held - exchange.paid_in).base_units
        if more <= 0:
            return []
        return [exchange.sold] * (more // agreed) if more % agreed == 0 else [Money(more, asset)]

    def _pay(self, address: str, amount: Money) -> str:
        if self._chain is None:
            return f"0x{self._fresh('refund')}"
        return self._chain.pay(address, amount.base_units, amount.asset)

    def _fresh(self, kind: str) -> str:
        """64 hex digits that come only once."""
        return hashlib.sha256(f"{kind} {next(self._numbers)}".encode()).hexdigest()
