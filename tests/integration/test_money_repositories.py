"""Shares, payouts and the ledger: what is written is read back, to the unit."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError

from shared_lib.adapters.postgres.session import UniqueViolationError
from shared_lib.domain import ledger
from shared_lib.domain.ledger import Account, Balance, Entry, Posting, PostingKind
from shared_lib.domain.money import ETH, USDT, Money, Split
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import Payout, PayoutState, WaitingFor
from shared_lib.domain.share import ShareKind, ShareState, Worth
from shared_lib.ports import Transaction
from tests.databases import RecordingDatabase
from tests.integration import domain_rows as make
from tests.integration.domain_rows import BITCOIN_TARGET, DAY, FAILING, HUGE, NOW, WATCH, eth

PENDING = ShareState.PENDING

# ---- shares --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wei", [1, 10**18, 2**63, 2**256 - 1, HUGE])
def test_a_share_is_read_as_written(database: RecordingDatabase, wei: int) -> None:
    with database.transaction() as tx:
        share = make.share(tx, amount=eth(wei), watch=FAILING)
        assert share.payment_id is not None
        assert tx.shares.lock_of_payment(share.payment_id) == share
        held = replace(share, state=ShareState.LOCKED, watch=None)
        tx.shares.save(held)
        assert tx.shares.lock_of_payment(share.payment_id) == held
        assert tx.shares.lock_of_payment(uuid4()) is None


def test_pending_shares_are_taken_oldest_first(
    database: RecordingDatabase,
) -> None:
    """Only those of the channel, in the asset that is asked for, up to the limit."""
    with database.transaction() as tx:
        channel_id = make.channel(tx).id
        ages = [2, 0, 3, 1]
        shares = [make.share(tx, channel_id=channel_id, created_at=NOW - age * DAY) for age in ages]
        tether = make.share(tx, channel_id=channel_id, amount=Money(HUGE, USDT))
        make.share(tx, channel_id=channel_id, state=ShareState.EXPECTED, watch=None)
        make.share(tx)
        oldest_first = [shares[2], shares[0], shares[3], shares[1]]
        assert tx.shares.lock_waiting(channel_id, PENDING, ETH, 10) == oldest_first
        assert tx.shares.lock_waiting(channel_id, PENDING, ETH, 3) == oldest_first[:3]
        assert tx.shares.lock_waiting(channel_id, PENDING, USDT, 3) == [tether]


def test_what_a_share_is_worth_is_read_as_written_and_as_saved(
    database: RecordingDatabase,
) -> None:
    """It is learned while the share is expected; both values are kept, to the cent."""
    worth = Worth(list_cents=10**15, market_cents=0)
    with database.transaction() as tx:
        expected = make.share(tx, state=ShareState.EXPECTED, watch=None, worth=None)
        assert expected.payment_id is not None
        assert tx.shares.lock_of_payment(expected.payment_id) == expected
        pending = replace(expected.moved(ShareState.PENDING, WATCH), worth=worth)
        tx.shares.save(pending)
        assert tx.shares.lock_of_payment(expected.payment_id) == pending
        written = make.share(tx, worth=Worth(1, 2))
        assert tx.shares.lock_waiting(written.channel_id, PENDING, ETH, 1) == [written]


# ---- which shares a payout carries ---------------------------------------------------------------


def test_shares_of_a_payout_are_those_not_released(database: RecordingDatabase) -> None:
    """A residue, which no payment brought, is taken like any other."""
    with database.transaction() as tx:
        earlier, payout = make.payout(tx), make.payout(tx)
        kept = [make.share(tx), make.residue(tx, ShareKind.DUST, earlier)]
        for share in kept:
            tx.payouts.take_share(payout.id, share.id)
        tx.payouts.take_share(earlier.id, make.share(tx).id)
        assert tx.shares.lock_of_payout(payout.id) == sorted(kept, key=lambda share: share.id)
        tx.payouts.release_shares(payout.id, NOW)
        assert tx.shares.lock_of_payout(payout.id) == []
        assert len(tx.shares.lock_of_payout(earlier.id)) == 1
        assert tx.shares.lock_of_payout(uuid4()) == []


def links(connection: pg8000.native.Connection, payout_id: UUID) -> dict[UUID, datetime | None]:
    """When each share that the payout ever took was released from it."""
    rows = connection.run(
        "SELECT share_id, released_at FROM payout_shares WHERE payout_id = :id", id=payout_id
    )
    return dict(rows)


def test_a_share_that_was_released_can_be_taken_again(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """By the same payout, which waited, or by another; a release is written once."""
    with database.transaction() as tx:
        first, second = make.payout(tx), make.payout(tx)
        again, elsewhere = make.share(tx), make.share(tx)
        for share in (again, elsewhere):
            tx.payouts.take_share(first.id, share.id)
        tx.payouts.release_shares(first.id, NOW)
        tx.payouts.take_share(first.id, again.id)
        tx.payouts.take_share(second.id, elsewhere.id)
        assert tx.shares.lock_of_payout(first.id) == [again]
        assert tx.shares.lock_of_payout(second.id) == [elsewhere]
    assert links(owner_connection, first.id) == {again.id: None, elsewhere.id: NOW}
    with database.transaction() as tx:
        tx.payouts.release_shares(first.id, NOW + DAY)
    assert links(owner_connection, first.id) == {again.id: NOW + DAY, elsewhere.id: NOW}
    assert links(owner_connection, second.id) == {elsewhere.id: None}


@pytest.mark.parametrize("knows_it", [False, True])
def test_a_share_in_a_payout_is_not_taken_by_another(
    database: RecordingDatabase, knows_it: bool
) -> None:
    """Nor by one that carried it earlier."""
    with database.transaction() as tx:
        holder, other, share = make.payout(tx), make.payout(tx), make.share(tx)
        if knows_it:
            tx.payouts.take_share(other.id, share.id)
            tx.payouts.release_shares(other.id, NOW)
        tx.payouts.take_share(holder.id, share.id)
    with (
        pytest.raises(UniqueViolationError, match="payout_shares_once"),
        database.transaction() as tx,
    ):
        tx.payouts.take_share(other.id, share.id)


# ---- how often money came back -------------------------------------------------------------------


def returned_payout(tx: Transaction, **changes: Any) -> Payout:
    """A payout whose money went out and came back."""
    return make.payout(tx, state=PayoutState.RETURNED, funded_at=NOW, watch=None, **changes)


def carried(tx: Transaction, *payouts: Payout) -> UUID:
    """The id of a share that these payouts carried one after another."""
    share = make.share(tx)
    for payout in payouts:
        tx.payouts.take_share(payout.id, share.id)
        tx.payouts.release_shares(payout.id, NOW)
    return share.id


def test_money_that_never_went_out_came_back_in_no_round(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        rounds_of = tx.payouts.rounds_of
        assert rounds_of([]) == 0
        assert rounds_of([uuid4()]) == 0
        assert rounds_of([make.share(tx).id]) == 0
        stood_down = make.payout(
            tx, state=PayoutState.WAITING, waiting_for=WaitingFor.ADDRESS_REFUSED, round=3
        )
        assert rounds_of([carried(tx, stood_down)]) == 0


def test_shares_that_came_back_whole_count_the_last_round_of_them(
    database: RecordingDatabase,
) -> None:
    """The most of all shares that are asked about, over every payout that carried them."""
    with database.transaction() as tx:
        first, second = returned_payout(tx, round=1), returned_payout(tx, round=2)
        once, twice, never = carried(tx, first), carried(tx, first, second), make.share(tx).id
        assert tx.payouts.rounds_of([once]) == 1
        assert tx.payouts.rounds_of([twice]) == 2
        assert tx.payouts.rounds_of([never, twice, once]) == 2
        assert tx.payouts.rounds_of([never]) == 0


def test_the_residue_of_a_refund_counts_the_round_that_it_is_left_of(
    database: RecordingDatabase,
) -> None:
    """It was in that payout as a part of other shares, so that no link says so."""
    with database.transaction() as tx:
        lossy = returned_payout(tx, round=2)
        residue = make.residue(tx, ShareKind.REFUND, lossy)
        assert tx.payouts.rounds_of([residue.id]) == 2
        again = returned_payout(tx, round=3)
        tx.payouts.take_share(again.id, residue.id)
        tx.payouts.release_shares(again.id, NOW)
        assert tx.payouts.rounds_of([residue.id, make.share(tx).id]) == 3


def test_dust_never_went_out(database: RecordingDatabase) -> None:
    """Its payout did, without it."""
    settled = {"funded_at": NOW, "settled_at": NOW, "watch": None, "round": 3}
    with database.transaction() as tx:
        payout = make.payout(tx, state=PayoutState.SETTLED, **settled)
        assert tx.payouts.rounds_of([make.residue(tx, ShareKind.DUST, payout).id]) == 0


# ---- payouts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": eth(HUGE), "target": PayoutTarget(ETH, "Ünïcode", "Memo 1"), "watch": FAILING},
        {"amount": eth(0), "state": PayoutState.WAITING, "waiting_for": WaitingFor.COST_TOO_HIGH},
        {"strategy": Strategy.THRESHOLD, "state": PayoutState.SENDING, "funded_at": NOW},
        {"state": PayoutState.SWAPPING, "target": BITCOIN_TARGET, "round": 2**31 - 1},
        {"state": PayoutState.RETURNED, "round": 2, "funded_at": NOW, "watch": None},
        {
            "state": PayoutState.SETTLED,
            "funded_at": NOW,
            "settled_at": NOW + DAY,
            "watch": None,
        },
    ],
)
def test_a_payout_is_read_as_written_and_as_saved(
    database: RecordingDatabase, changes: dict[str, Any]
) -> None:
    with database.transaction() as tx:
        written = make.payout(tx, **changes)
        assert tx.payouts.get(written.id) == written
        formed = make.payout(tx, strategy=written.strategy)
        saved = replace(written, id=formed.id, channel_id=formed.channel_id)
        tx.payouts.save(saved)
        assert tx.payouts.lock(formed.id) == saved
        assert tx.payouts.get(written.id) == written
        assert tx.payouts.get(uuid4()) is None
        assert tx.payouts.lock(uuid4()) is None


def test_the_unfunded_payout_of_a_channel_is_found_until_it_is_funded(
    database: RecordingDatabase,
) -> None:
    with database.transaction() as tx:
        payout = make.payout(tx)
        make.payout(tx)
        key = (payout.channel_id, payout.strategy, payout.amount.asset)
        assert tx.payouts.lock_unfunded(*key) == payout
        tx.payouts.save(replace(payout, state=PayoutState.SENDING, funded_at=NOW))
        assert tx.payouts.lock_unfunded(*key) is None


# ---- ledger --------------------------------------------------------------------------------------


def test_a_posting_is_written_once_and_read_as_balances(database: RecordingDatabase) -> None:
    payment_id = uuid4()
    with database.transaction() as tx:
        channel_id = make.channel(tx).id
        split = Split(owner=eth(HUGE - 1), fee=eth(1))
        posting = ledger.finished(payment_id, channel_id, eth(HUGE), split)
        assert tx.ledger.post(posting, uuid4(), NOW)
        assert not tx.ledger.post(posting, uuid4(), NOW + DAY)
        assert tx.ledger.balances() == [
            Balance(Account.OWNER_PAYABLE, channel_id, eth(1 - HUGE)),
            Balance(Account.PLATFORM_FEE, None, eth(-1)),
            Balance(Account.PROVIDER_RECEIVABLE, None, eth(HUGE)),
        ]


def test_a_balance_sums_over_postings_and_may_outgrow_a_column(database: RecordingDatabase) -> None:
    most = 10**78 - 1
    with database.transaction() as tx:
        assert tx.ledger.balance(Account.GAS_FLOAT, ETH) == eth(0)
        for number in range(3):
            tx.ledger.post(ledger.top_up(f"0x{number}", eth(most)), uuid4(), NOW)
        assert tx.ledger.balance(Account.GAS_FLOAT, ETH) == eth(3 * most)
        assert tx.ledger.balance(Account.CAPITAL, ETH) == eth(-3 * most)
        assert tx.ledger.balance(Account.GAS_FLOAT, USDT) == Money(0, USDT)


def test_a_posting_that_does_not_balance_ends_the_transaction(database: RecordingDatabase) -> None:
    """The domain would refuse it already; the database does not rely on that."""
    lopsided = Posting(PostingKind.GAS, "x", (Entry(Account.GAS_COST, eth(1)),))
    with (
        pytest.raises(DatabaseError, match="fewer than two entries"),
        database.transaction() as tx,
    ):
        assert tx.ledger.post(lopsided, uuid4(), NOW)
    with database.transaction() as tx:
        assert tx.ledger.balances() == []
