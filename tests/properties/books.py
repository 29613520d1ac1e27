"""The few tables that the end of a payout writes, in memory: shares, payouts and the ledger."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import cast
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.ledger import Account, Posting
from shared_lib.domain.money import ETH, Money, Split, total, zero
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import Payout, PayoutState
from shared_lib.domain.policy import Policy
from shared_lib.domain.share import Share, ShareKind, ShareState, Worth
from shared_lib.domain.watch import Watch
from shared_lib.ports import Ports, Transaction

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
CHANNEL = UUID(int=2)
PAYOUT = UUID(int=3)


@dataclass
class _Shares:
    rows: dict[UUID, Share] = field(default_factory=dict)

    def lock_of_payout(self, _payout_id: UUID) -> list[Share]:
        return [share for share in self.rows.values() if share.state is ShareState.LOCKED]

    def save(self, share: Share) -> None:
        self.rows[share.id] = share

    def add(self, share: Share) -> None:
        assert share.id not in self.rows
        self.rows[share.id] = share


@dataclass
class _Payouts:
    row: Payout

    def save(self, payout: Payout) -> None:
        self.row = payout

    def release_shares(self, _payout_id: UUID, _now: datetime) -> None:
        """Which payout a share was in is of no matter here."""


@dataclass
class _Ledger:
    postings: list[Posting] = field(default_factory=list)

    def post(self, posting: Posting, _id: UUID, _now: datetime) -> None:
        self.postings.append(posting)


class _Silent:
    """Takes news and closes reviews without a word."""

    def add(self, *_news: object) -> None:
        """An event."""

    def close(self, *_review: object) -> None:
        """A review item."""


def _ids() -> Iterator[UUID]:
    return (UUID(int=number) for number in count(1_000))


class Books:
    """A payout of some shares whose payments finished and whose swap was funded with `sold`."""

    def __init__(self, shares: list[tuple[Money, Worth]], sold: Money) -> None:
        self._shares = _Shares()
        self._payouts = _Payouts(_payout(total([amount for amount, _ in shares], ETH)))
        self._ledger = _Ledger()
        fresh = _ids()
        for number, (amount, worth) in enumerate(shares):
            share = _locked(UUID(int=10 + number), amount, worth)
            self._shares.add(share)
            split = Split(owner=amount, fee=zero(ETH))
            self.post(ledger.finished(share.id, CHANNEL, amount, split))
            self.post(ledger.deposit_seen(share.id, amount, amount))
        self.post(ledger.signed(PAYOUT, sold))
        self.ports = cast(
            "Ports",
            SimpleNamespace(
                policy=Policy(),
                clock=SimpleNamespace(now=lambda: NOW),
                ids=SimpleNamespace(new=lambda: next(fresh)),
            ),
        )
        self.tx = cast(
            "Transaction",
            SimpleNamespace(
                shares=self._shares,
                payouts=self._payouts,
                ledger=self._ledger,
                reviews=_Silent(),
                channels=SimpleNamespace(news_reader=lambda _channel_id: None),
                outbox=_Silent(),
            ),
        )

    @property
    def payout(self) -> Payout:
        return self._payouts.row

    @property
    def shares(self) -> list[Share]:
        return list(self._shares.rows.values())

    @property
    def owed(self) -> Money:
        """The sum of all shares that are neither paid nor reversed."""
        return total([share.amount for share in self.shares if share.state.is_owed], ETH)

    def post(self, posting: Posting) -> None:
        self._ledger.post(posting, PAYOUT, NOW)

    def balance(self, account: Account) -> int:
        """What the ledger holds on an account; debts are negative."""
        return self.balances()[account]

    def balances(self) -> Counter[Account]:
        held: Counter[Account] = Counter()
        for posting in self._ledger.postings:
            for entry in posting.entries:
                held[entry.account] += entry.amount.base_units
        return held


def _payout(amount: Money) -> Payout:
    target = PayoutTarget(ETH, "0xab", None)
    return Payout(
        PAYOUT, CHANNEL, Strategy.INSTANT, PayoutState.SENDING, amount, target, NOW, WATCH
    )


def _locked(share_id: UUID, amount: Money, worth: Worth) -> Share:
    state = ShareState.LOCKED
    return Share(
        share_id, CHANNEL, ShareKind.PAYMENT, share_id, amount, state, NOW, None, worth=worth
    )
