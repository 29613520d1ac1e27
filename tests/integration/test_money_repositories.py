"""Shares, payouts, transfers, wallets and the ledger: what is written is read back, to the unit."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError

from shared_lib.domain import ledger
from shared_lib.domain.ledger import Account, Balance, Entry, Posting, PostingKind
from shared_lib.domain.money import ETH, USDT, Money, Split
from shared_lib.domain.offer import PayoutTarget, Strategy
from shared_lib.domain.payout import PayoutState, WaitingFor
from shared_lib.domain.share import ShareKind, ShareState
from shared_lib.domain.transfer import Attempt, AttemptKind, Fees, Mined, TransferState, Wallet
from tests.databases import RecordingDatabase
from tests.integration import domain_rows as make
from tests.integration.domain_rows import DAY, FAILING, HUGE, NOW, WATCH, eth
from tests.integration.valid_rows import HASH, add, fresh_address, fresh_hash

# ---- shares and payouts --------------------------------------------------------------------------


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
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """Only those of the channel, in the asset that is asked for, up to the limit."""
    add(owner_connection, "currencies")
    with database.transaction() as tx:
        channel_id = make.channel(tx).id
        ages = [2, 0, 3, 1]
        shares = [make.share(tx, channel_id=channel_id, created_at=NOW - age * DAY) for age in ages]
        tether = make.share(tx, channel_id=channel_id, amount=Money(HUGE, USDT))
        make.share(tx, channel_id=channel_id, state=ShareState.EXPECTED, watch=None)
        make.share(tx)
        oldest_first = [shares[2], shares[0], shares[3], shares[1]]
        assert tx.shares.lock_pending(channel_id, ETH, 10) == oldest_first
        assert tx.shares.lock_pending(channel_id, ETH, 3) == oldest_first[:3]
        assert tx.shares.lock_pending(channel_id, USDT, 3) == [tether]


def test_shares_of_a_payout_are_those_not_released(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """A residue, which no payment brought, is taken like any other."""
    with database.transaction() as tx:
        payout = make.payout(tx)
        residue = {"kind": ShareKind.DUST, "payment_id": None, "residue_of": payout.id}
        kept = [make.share(tx), make.share(tx, **residue)]
        released = make.share(tx)
        for share in (*kept, released):
            tx.payouts.take_share(payout.id, share.id)
    owner_connection.run(
        "UPDATE payout_shares SET released_at = :now WHERE share_id = :id", now=NOW, id=released.id
    )
    with database.transaction() as tx:
        assert tx.shares.lock_of_payout(payout.id) == sorted(kept, key=lambda share: share.id)
        assert tx.shares.lock_of_payout(uuid4()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": eth(HUGE), "target": PayoutTarget(ETH, "Ünïcode", "Memo 1"), "watch": FAILING},
        {"amount": eth(0), "state": PayoutState.WAITING, "waiting_for": WaitingFor.COST_TOO_HIGH},
        {"strategy": Strategy.THRESHOLD, "state": PayoutState.SENDING, "funded_at": NOW},
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
        assert tx.payouts.lock_unfunded(payout.channel_id) == payout
        tx.payouts.save(replace(payout, state=PayoutState.SENDING, funded_at=NOW))
        assert tx.payouts.lock_unfunded(payout.channel_id) is None


# ---- transfers -----------------------------------------------------------------------------------

MINED = Mined(HASH, 2**40, "0x" + "ef" * 32, HUGE, succeeded=True)


def test_a_transfer_is_read_as_written_and_as_saved(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        transfer = make.transfer(tx, amount=eth(HUGE), watch=FAILING)
        assert tx.transfers.get(transfer.id) == transfer
        stages = [
            transfer.moved(TransferState.AUTHORIZED, WATCH),
            replace(transfer, state=TransferState.SIGNING, nonce=0),
            replace(transfer, state=TransferState.MINED, nonce=2**40, mined=MINED),
            replace(
                transfer,
                state=TransferState.REVERTED,
                nonce=0,
                mined=replace(MINED, succeeded=False, block=0, gas_paid=0),
                watch=None,
            ),
        ]
        for stage in stages:
            tx.transfers.save(stage)
            assert tx.transfers.lock(transfer.id) == stage
        assert tx.transfers.get(uuid4()) is None
        assert tx.transfers.lock(uuid4()) is None


def test_attempts_are_read_in_the_order_of_their_making(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        transfer_id = make.transfer(tx).id

        def attempt(kind: AttemptKind, raw: bytes, max_fee: int) -> Attempt:
            fees = Fees(max_fee, max_fee // 2, 21_000)
            return Attempt(uuid4(), transfer_id, kind, raw, fresh_hash(), fees)

        made = [
            attempt(AttemptKind.SEND, bytes(range(256)), 1),
            attempt(AttemptKind.BUMP, b"\x00", HUGE),
            attempt(AttemptKind.CANCEL, b"\xff" * 1_000, 2**64),
        ]
        for hours in (1, 2, 0):
            tx.transfers.add_attempt(made[hours], NOW + hours * DAY / 24)
        assert tx.transfers.attempts(transfer_id) == made
        assert tx.transfers.attempts(uuid4()) == []


def test_authorized_transfers_wait_for_a_slot_oldest_first(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        wallet = make.wallet(tx).address
        ready = {"wallet_address": wallet, "state": TransferState.AUTHORIZED}
        ids = [make.transfer(tx, **ready, created_at=NOW - age * DAY).id for age in (1, 3, 2)]
        make.transfer(tx, wallet_address=wallet)
        make.transfer(tx, wallet_address=wallet, state=TransferState.SIGNING, nonce=0)
        make.transfer(tx, state=TransferState.AUTHORIZED)
        assert tx.transfers.waiting_for_slot(wallet, 10) == [ids[1], ids[2], ids[0]]
        assert tx.transfers.waiting_for_slot(wallet, 2) == [ids[1], ids[2]]


def test_the_lowest_sent_nonce_without_a_receipt_holds_up_the_others(
    database: RecordingDatabase,
) -> None:
    with database.transaction() as tx:
        wallet = {"wallet_address": make.wallet(tx).address}
        make.transfer(tx, **wallet, state=TransferState.MINED, nonce=4, mined=MINED)
        make.transfer(tx, **wallet, state=TransferState.SENT, nonce=10)
        lowest = make.transfer(tx, **wallet, state=TransferState.SENT, nonce=9)
        make.transfer(tx, state=TransferState.SENT, nonce=0)
        assert tx.transfers.lowest_unmined(wallet["wallet_address"]) == lowest.id
        assert tx.transfers.lowest_unmined(fresh_address()) is None


def test_a_nonce_that_is_not_signed_yet_has_nothing_to_send(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        wallet = {"wallet_address": make.wallet(tx).address}
        make.transfer(tx, **wallet, state=TransferState.SIGNING, nonce=5)
        sent = make.transfer(tx, **wallet, state=TransferState.SENT, nonce=6)
        assert tx.transfers.lowest_unmined(wallet["wallet_address"]) == sent.id


# ---- wallets -------------------------------------------------------------------------------------


def test_a_wallet_is_made_once_and_saved(database: RecordingDatabase) -> None:
    wallet = Wallet("0x" + "aB" * 20, 2**40, 2**40, None)
    with database.transaction() as tx:
        assert tx.wallets.lock(wallet.address) is None
        tx.wallets.add(wallet, NOW)
        tx.wallets.add(replace(wallet, next_nonce=0), NOW)
        assert tx.wallets.lock(wallet.address) == wallet
        frozen = replace(wallet, next_nonce=0, frozen_because="Zähler fremd benutzt")
        tx.wallets.save(frozen)
        assert tx.wallets.lock(wallet.address) == frozen
        tx.wallets.save(wallet)
        assert tx.wallets.lock(wallet.address) == wallet


def test_what_is_reserved_is_what_no_other_transfer_may_spend(database: RecordingDatabase) -> None:
    """Amounts of the asset; gas of every asset, that of signed bytes by their worst case."""
    with database.transaction() as tx:
        assert tx.wallets.reserved(ETH, besides=uuid4()) == (0, 0)
        first, second = make.transfer(tx, amount=eth(HUGE)), make.transfer(tx, amount=eth(7))
        tx.wallets.reserve(first, HUGE, NOW)
        tx.wallets.reserve(second, 5, NOW)
        assert tx.wallets.reserved(ETH, besides=uuid4()) == (HUGE + 7, HUGE + 5)
        assert tx.wallets.reserved(ETH, besides=first.id) == (7, 5)
        assert tx.wallets.reserved(USDT, besides=first.id) == (0, 5)
        tx.wallets.unreserve(first.id)
        assert tx.wallets.reserved(ETH, besides=uuid4()) == (7, 5)


def test_gas_of_sent_bytes_stays_reserved_until_they_are_final(
    database: RecordingDatabase,
) -> None:
    with database.transaction() as tx:
        transfer = make.transfer(tx, state=TransferState.SENT, nonce=0)
        fees = Fees(3, 1, 21_000)
        tx.transfers.add_attempt(
            Attempt(uuid4(), transfer.id, AttemptKind.SEND, b"\x02", fresh_hash(), fees), NOW
        )
        assert tx.wallets.reserved(ETH, besides=uuid4()) == (0, 63_000)
        assert tx.wallets.reserved(ETH, besides=transfer.id) == (0, 0)
        done = replace(transfer, state=TransferState.CONFIRMED, mined=MINED, watch=None)
        tx.transfers.save(done)
        assert tx.wallets.reserved(ETH, besides=uuid4()) == (0, 0)


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
