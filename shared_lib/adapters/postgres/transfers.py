"""Transfers and the bytes that were signed for them."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.rows import (
    WATCH_ASSIGNMENTS,
    WATCH_COLUMNS,
    WATCH_VALUES,
    money_from,
    watch_from,
    watch_values,
)
from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.transfer import (
    Attempt,
    AttemptKind,
    Fees,
    Mined,
    Transfer,
    TransferState,
)

_COLUMNS = f"""
id, payout_id, swap_id, wallet_address, asset, amount, destination, state, nonce, replacement,
fills_nonce, mined_hash, mined_block, mined_block_hash, mined_succeeded, gas_paid, created_at,
{WATCH_COLUMNS}
"""

_ADD = f"""
INSERT INTO transfers (id, payout_id, swap_id, wallet_address, asset, amount, destination, state,
                       created_at, {WATCH_COLUMNS})
VALUES (:id, :payout_id, :swap_id, :wallet_address, :asset, :amount, :destination, :state,
        :created_at, {WATCH_VALUES})
"""

_SAVE = f"""
UPDATE transfers
SET state = :state, nonce = :nonce, replacement = :replacement, fills_nonce = :fills_nonce,
    mined_hash = :mined_hash, mined_block = :mined_block,
    mined_block_hash = :mined_block_hash, mined_succeeded = :mined_succeeded,
    gas_paid = :gas_paid, {WATCH_ASSIGNMENTS}
WHERE id = :id
"""

_ATTEMPTS = """
SELECT id, transfer_id, kind, raw, hash, max_fee, max_priority_fee, gas_limit, created_at
FROM transfer_attempts WHERE transfer_id = :id ORDER BY created_at, max_fee, id
"""

_ADD_ATTEMPT = """
INSERT INTO transfer_attempts
    (id, transfer_id, kind, raw, hash, max_fee, max_priority_fee, gas_limit, created_at)
VALUES (:id, :transfer_id, :kind, :raw, :hash, :max_fee, :max_priority_fee, :gas_limit, :now)
"""


_LOCK_UNSENT = f"""
SELECT {_COLUMNS} FROM transfers
WHERE payout_id = :id AND state IN ('requested', 'authorized', 'signing') AND NOT fills_nonce
FOR UPDATE
"""


class PostgresTransfers:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, transfer: Transfer) -> None:
        self._session.run(
            _ADD,
            id=transfer.id,
            payout_id=transfer.payout_id,
            swap_id=transfer.swap_id,
            wallet_address=transfer.wallet_address,
            asset=transfer.amount.asset.id,
            amount=transfer.amount.base_units,
            destination=transfer.destination,
            state=transfer.state,
            created_at=transfer.created_at,
            **watch_values(transfer.watch),
        )

    def get(self, transfer_id: UUID) -> Transfer | None:
        return _transfer_from(
            self._session.row(f"SELECT {_COLUMNS} FROM transfers WHERE id = :id", id=transfer_id)
        )

    def lock(self, transfer_id: UUID) -> Transfer | None:
        return _transfer_from(
            self._session.row(
                f"SELECT {_COLUMNS} FROM transfers WHERE id = :id FOR UPDATE", id=transfer_id
            )
        )

    def save(self, transfer: Transfer) -> None:
        mined = transfer.mined
        self._session.run(
            _SAVE,
            id=transfer.id,
            state=transfer.state,
            nonce=transfer.nonce,
            replacement=transfer.replacement,
            fills_nonce=transfer.fills_nonce,
            mined_hash=mined.hash if mined else None,
            mined_block=mined.block if mined else None,
            mined_block_hash=mined.block_hash if mined else None,
            mined_succeeded=mined.succeeded if mined else None,
            gas_paid=mined.gas_paid if mined else None,
            **watch_values(transfer.watch),
        )

    def attempts(self, transfer_id: UUID) -> list[Attempt]:
        return [_attempt_from(row) for row in self._session.rows(_ATTEMPTS, id=transfer_id)]

    def add_attempt(self, attempt: Attempt) -> None:
        self._session.run(
            _ADD_ATTEMPT,
            id=attempt.id,
            transfer_id=attempt.transfer_id,
            kind=attempt.kind,
            raw=attempt.raw,
            hash=attempt.hash,
            max_fee=attempt.fees.max_fee,
            max_priority_fee=attempt.fees.max_priority_fee,
            gas_limit=attempt.fees.gas_limit,
            now=attempt.created_at,
        )

    def of_swap(self, swap_id: UUID) -> Transfer | None:
        return _transfer_from(
            self._session.row(f"SELECT {_COLUMNS} FROM transfers WHERE swap_id = :id", id=swap_id)
        )

    def lock_of_payout(self, payout_id: UUID) -> list[Transfer]:
        rows = self._session.rows(
            f"SELECT {_COLUMNS} FROM transfers WHERE payout_id = :id "
            "ORDER BY created_at, id FOR UPDATE",
            id=payout_id,
        )
        return [found for row in rows if (found := _transfer_from(row)) is not None]

    def unfinal(self, wallet_address: str) -> list[Transfer]:
        rows = self._session.rows(
            f"SELECT {_COLUMNS} FROM transfers WHERE wallet_address = :address "
            "AND state IN ('sent', 'mined') ORDER BY nonce",
            address=wallet_address,
        )
        return [found for row in rows if (found := _transfer_from(row)) is not None]

    def lock_unsent(self, payout_id: UUID) -> Transfer | None:
        return _transfer_from(self._session.row(_LOCK_UNSENT, id=payout_id))

    def waiting_for_slot(self, wallet_address: str, now: datetime, limit: int) -> list[UUID]:
        rows = self._session.rows(
            "SELECT id FROM transfers WHERE wallet_address = :wallet AND state = 'authorized' "
            "AND (claimed_until IS NULL OR claimed_until <= :now) "
            "ORDER BY created_at, id LIMIT :most",
            wallet=wallet_address,
            now=now,
            most=limit,
        )
        return [row["id"] for row in rows]

    def lowest_unmined(self, wallet_address: str) -> UUID | None:
        row = self._session.row(
            "SELECT id FROM transfers WHERE wallet_address = :wallet "
            "AND state IN ('signing', 'sent') ORDER BY nonce LIMIT 1",
            wallet=wallet_address,
        )
        return row["id"] if row else None


def _transfer_from(row: Row | None) -> Transfer | None:
    if row is None:
        return None
    return Transfer(
        id=row["id"],
        payout_id=row["payout_id"],
        wallet_address=row["wallet_address"],
        amount=money_from(row),
        destination=row["destination"],
        state=TransferState(row["state"]),
        created_at=row["created_at"],
        watch=watch_from(row),
        swap_id=row["swap_id"],
        nonce=row["nonce"],
        replacement=AttemptKind(row["replacement"]) if row["replacement"] else None,
        fills_nonce=row["fills_nonce"],
        mined=_mined_from(row) if row["mined_hash"] else None,
    )


def _mined_from(row: Row) -> Mined:
    return Mined(
        hash=row["mined_hash"],
        block=int(row["mined_block"]),
        block_hash=row["mined_block_hash"],
        gas_paid=int(row["gas_paid"]),
        succeeded=row["mined_succeeded"],
    )


def _attempt_from(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        transfer_id=row["transfer_id"],
        kind=AttemptKind(row["kind"]),
        raw=bytes(row["raw"]),
        hash=row["hash"],
        fees=Fees(int(row["max_fee"]), int(row["max_priority_fee"]), int(row["gas_limit"])),
        created_at=row["created_at"],
    )
