"""Transfers, the bytes signed for them, and the wallet that they leave: read back as written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared_lib.adapters.postgres.session import UniqueViolationError
from shared_lib.domain.money import ETH, USDT
from shared_lib.domain.transfer import AttemptKind, Fees, Mined, TransferState, Wallet
from shared_lib.ports import Lease, Leased
from tests.databases import RecordingDatabase, together
from tests.integration import domain_rows as make
from tests.integration.domain_rows import DAY, FAILING, HUGE, NOW, WATCH, eth
from tests.integration.valid_rows import HASH, fresh_address

HOUR = timedelta(hours=1)

# ---- transfers -----------------------------------------------------------------------------------

MINED = Mined(HASH, 2**40, "0x" + "ef" * 32, HUGE, succeeded=True)


def test_a_transfer_is_read_as_written_and_as_saved(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        transfer = make.transfer(tx, amount=eth(HUGE), watch=FAILING)
        assert tx.transfers.get(transfer.id) == transfer
        stages = [
            transfer.moved(TransferState.AUTHORIZED, WATCH),
            replace(transfer, state=TransferState.SIGNING, nonce=0),
            replace(
                transfer,
                state=TransferState.SIGNING,
                nonce=0,
                replacement=AttemptKind.CANCEL,
                fills_nonce=True,
            ),
            replace(transfer, state=TransferState.SENT, nonce=0, replacement=AttemptKind.BUMP),
            replace(transfer, state=TransferState.SENT, nonce=0),
            replace(transfer, state=TransferState.MINED, nonce=2**40, mined=MINED),
            replace(
                transfer,
                state=TransferState.REVERTED,
                nonce=0,
                mined=replace(MINED, succeeded=False, block=0, gas_paid=0),
                watch=None,
            ),
            replace(transfer, state=TransferState.CANCELLED, watch=None),
        ]
        for stage in stages:
            tx.transfers.save(stage)
            assert tx.transfers.lock(transfer.id) == stage
        assert tx.transfers.get(uuid4()) is None
        assert tx.transfers.lock(uuid4()) is None


def test_attempts_are_read_in_the_order_of_their_making(database: RecordingDatabase) -> None:
    made = [
        {"kind": AttemptKind.SEND, "raw": bytes(range(256)), "fees": Fees(1, 0, 21_000)},
        {"kind": AttemptKind.BUMP, "raw": b"\x00", "fees": Fees(HUGE, HUGE // 2, 21_001)},
        {"kind": AttemptKind.CANCEL, "raw": b"\xff" * 1_000, "fees": Fees(2**64, 2**64, 2**40)},
    ]
    with database.transaction() as tx:
        transfer_id = make.transfer(tx).id
        stored = {
            hour: make.attempt(tx, transfer_id, **made[hour], created_at=NOW + hour * HOUR)
            for hour in (1, 2, 0)
        }
        make.attempt(tx, make.transfer(tx).id)
        assert tx.transfers.attempts(transfer_id) == [stored[0], stored[1], stored[2]]
        assert tx.transfers.attempts(uuid4()) == []


def test_authorized_transfers_wait_for_a_slot_oldest_first(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        wallet = make.wallet(tx).address
        ready = {"wallet_address": wallet, "state": TransferState.AUTHORIZED}
        ids = [make.transfer(tx, **ready, created_at=NOW - age * DAY).id for age in (1, 3, 2)]
        make.transfer(tx, wallet_address=wallet)
        make.transfer(tx, wallet_address=wallet, state=TransferState.SIGNING, nonce=0)
        make.transfer(tx, state=TransferState.AUTHORIZED)
        assert tx.transfers.waiting_for_slot(wallet, NOW, 10) == [ids[1], ids[2], ids[0]]
        assert tx.transfers.waiting_for_slot(wallet, NOW, 2) == [ids[1], ids[2]]
        lease = Lease(Leased.TRANSFER, ids[1], uuid4(), NOW + timedelta(hours=1))
        assert tx.leases.claim(lease, NOW)
        assert tx.transfers.waiting_for_slot(wallet, NOW, 2) == [ids[2], ids[0]]
        assert tx.transfers.waiting_for_slot(wallet, NOW + timedelta(hours=1), 1) == [ids[1]]


def test_the_lowest_nonce_without_a_receipt_holds_up_the_others(
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


def test_a_nonce_that_is_not_signed_yet_holds_up_the_others_too(
    database: RecordingDatabase,
) -> None:
    """Bytes on a higher one are not stuck, however long they wait; a higher price is no help."""
    with database.transaction() as tx:
        wallet = {"wallet_address": make.wallet(tx).address}
        make.transfer(tx, **wallet, state=TransferState.AUTHORIZED)
        make.transfer(tx, **wallet, state=TransferState.SENT, nonce=6)
        signing = make.transfer(tx, **wallet, state=TransferState.SIGNING, nonce=5)
        make.transfer(tx, **wallet, state=TransferState.SIGNING, nonce=7)
        assert tx.transfers.lowest_unmined(wallet["wallet_address"]) == signing.id


# ---- what a transfer is for ----------------------------------------------------------------------


def test_the_transfer_that_funds_a_swap_is_found_by_it(database: RecordingDatabase) -> None:
    """Whatever became of it; one that pays the owner funds none."""
    with database.transaction() as tx:
        swap, other = make.funded_swap(tx), make.swap(tx)
        make.transfer(tx)
        assert tx.transfers.of_swap(swap.id) is None
        funding = make.transfer(tx, payout_id=swap.payout_id, swap_id=swap.id)
        assert tx.transfers.of_swap(swap.id) == funding
        assert tx.transfers.get(funding.id) == funding
        cancelled = funding.moved(TransferState.CANCELLED, None)
        tx.transfers.save(cancelled)
        assert tx.transfers.of_swap(swap.id) == cancelled
        assert tx.transfers.of_swap(other.id) is None


# What else a transfer in this state has.
STAGES: dict[TransferState, dict[str, Any]] = {
    TransferState.REQUESTED: {},
    TransferState.AUTHORIZED: {},
    TransferState.SIGNING: {"nonce": 0},
    TransferState.SENT: {"nonce": 0},
    TransferState.MINED: {"nonce": 0, "mined": MINED},
    TransferState.CONFIRMED: {"nonce": 0, "mined": MINED, "watch": None},
    TransferState.CANCELLED: {"nonce": 0, "mined": MINED, "watch": None},
    TransferState.REVERTED: {"nonce": 0, "mined": MINED, "watch": None},
    TransferState.REVIEW: {"watch": None},
}
UNSENT = {TransferState.REQUESTED, TransferState.AUTHORIZED, TransferState.SIGNING}


@pytest.mark.parametrize("state", TransferState)
def test_a_transfer_is_unsent_until_it_has_bytes_or_is_given_up(
    database: RecordingDatabase, state: TransferState
) -> None:
    with database.transaction() as tx:
        transfer = make.transfer(tx, state=state, **STAGES[state])
        make.transfer(tx)
        expected = transfer if state in UNSENT else None
        assert tx.transfers.lock_unsent(transfer.payout_id) == expected
        assert tx.transfers.lock_unsent(uuid4()) is None


def test_a_transfer_that_only_fills_its_nonce_stands_for_nothing(
    database: RecordingDatabase,
) -> None:
    """The payout goes on with another, which is the one that is found."""
    with database.transaction() as tx:
        filler = make.transfer(
            tx,
            state=TransferState.SIGNING,
            nonce=0,
            replacement=AttemptKind.CANCEL,
            fills_nonce=True,
        )
        assert tx.transfers.lock_unsent(filler.payout_id) is None
        another = make.transfer(tx, payout_id=filler.payout_id)
        assert tx.transfers.lock_unsent(filler.payout_id) == another


@pytest.mark.parametrize("is_of_one_swap", [True, False])
def test_of_two_transfers_at_once_one_is_kept(
    database: RecordingDatabase, is_of_one_swap: bool
) -> None:
    """Two for one exchange, or two for one payout."""
    with database.transaction() as tx:
        swap = make.swap(tx)
        wallet = make.wallet(tx).address
    swap_id = swap.id if is_of_one_swap else None

    def begin() -> str | None:
        """The rule that refuses it."""
        try:
            with database.transaction() as tx:
                make.transfer(tx, payout_id=swap.payout_id, swap_id=swap_id, wallet_address=wallet)
        except UniqueViolationError as error:
            return str(error)
        return None

    kept, refused = sorted(together(begin, begin), key=str)
    assert kept is None
    assert refused in ({"transfers_per_swap", "transfers_once"} if swap_id else {"transfers_once"})


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


@pytest.mark.parametrize("state", TransferState)
def test_gas_of_signed_bytes_is_reserved_until_they_are_final(
    database: RecordingDatabase, state: TransferState
) -> None:
    with database.transaction() as tx:
        transfer = make.transfer(tx, state=state, **STAGES[state])
        make.attempt(tx, transfer.id, fees=Fees(3, 1, 21_000))
        worst_case = 63_000 if state.is_broadcast else 0
        assert tx.wallets.reserved(ETH, besides=uuid4()) == (0, worst_case)
        assert tx.wallets.reserved(USDT, besides=uuid4()) == (0, worst_case)
        assert tx.wallets.reserved(ETH, besides=transfer.id) == (0, 0)


def test_of_all_bytes_on_a_nonce_the_dearest_count(database: RecordingDatabase) -> None:
    """One of them is mined. A price alone says little: a cancel may need less gas."""
    with database.transaction() as tx:
        first = make.transfer(tx, state=TransferState.SENT, nonce=0)
        second = make.transfer(tx, state=TransferState.MINED, nonce=1, mined=MINED)
        make.attempt(tx, first.id, fees=Fees(HUGE // 10**6, 1, 10**5))
        make.attempt(tx, first.id, kind=AttemptKind.CANCEL, fees=Fees(HUGE // 10**6, 1, 21_000))
        make.attempt(tx, second.id, fees=Fees(2, 1, 65_000))
        make.attempt(tx, second.id, kind=AttemptKind.BUMP, fees=Fees(3, 1, 65_000))
        make.attempt(tx, second.id, kind=AttemptKind.CANCEL, fees=Fees(4, 1, 21_000))
        dearest_first, dearest_second = HUGE // 10, 195_000
        reserved = tx.wallets.reserved
        assert reserved(ETH, besides=uuid4()) == (0, dearest_first + dearest_second)
        assert reserved(ETH, besides=first.id) == (0, dearest_second)
        third = make.transfer(tx)
        tx.wallets.reserve(third, 7, NOW)
        assert reserved(USDT, besides=second.id) == (0, dearest_first + 7)
