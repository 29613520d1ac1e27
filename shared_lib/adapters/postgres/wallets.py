"""The host wallet's nonces, and the money reserved for authorised transfers."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Session
from shared_lib.domain.money import Asset
from shared_lib.domain.transfer import Transfer, Wallet

# Reserved is what authorised transfers may spend, and the gas that signed ones may still burn: of
# all attempts on a nonce one is mined.
_RESERVED = """
SELECT
    (SELECT coalesce(sum(amount), 0) FROM reservations
     WHERE asset = :asset AND transfer_id <> :besides) AS amount,
    (SELECT coalesce(sum(gas), 0) FROM reservations WHERE transfer_id <> :besides)
    + (SELECT coalesce(sum(worst), 0) FROM (
           SELECT max(attempt.max_fee * attempt.gas_limit) AS worst
           FROM transfers t JOIN transfer_attempts attempt ON attempt.transfer_id = t.id
           WHERE t.state IN ('sent', 'mined') AND t.id <> :besides
           GROUP BY t.id) AS signed) AS gas
"""


class PostgresWallets:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, wallet: Wallet, now: datetime) -> None:
        self._session.run(
            "INSERT INTO wallets (address, chain_id, next_nonce, created_at) "
            "VALUES (:address, :chain_id, :next_nonce, :now) ON CONFLICT (address) DO NOTHING",
            address=wallet.address,
            chain_id=wallet.chain_id,
            next_nonce=wallet.next_nonce,
            now=now,
        )

    def lock(self, address: str) -> Wallet | None:
        row = self._session.row(
            "SELECT address, chain_id, next_nonce, frozen_because FROM wallets "
            "WHERE address = :address FOR UPDATE",
            address=address,
        )
        return Wallet(**row) if row else None

    def is_frozen(self, address: str) -> bool:
        return self._session.did(
            "SELECT address FROM wallets WHERE address = :address AND frozen_because IS NOT NULL",
            address=address,
        )

    def save(self, wallet: Wallet) -> None:
        self._session.run(
            "UPDATE wallets SET next_nonce = :next_nonce, frozen_because = :frozen_because "
            "WHERE address = :address",
            address=wallet.address,
            next_nonce=wallet.next_nonce,
            frozen_because=wallet.frozen_because,
        )

    def reserve(self, transfer: Transfer, gas_wei: int, now: datetime) -> None:
        self._session.run(
            "INSERT INTO reservations (transfer_id, asset, amount, gas, created_at) "
            "VALUES (:id, :asset, :amount, :gas, :now)",
            id=transfer.id,
            asset=transfer.amount.asset.id,
            amount=transfer.amount.base_units,
            gas=gas_wei,
            now=now,
        )

    def unreserve(self, transfer_id: UUID) -> None:
        self._session.run("DELETE FROM reservations WHERE transfer_id = :id", id=transfer_id)

    def reserved(self, asset: Asset, *, besides: UUID) -> tuple[int, int]:
        row = self._session.row(_RESERVED, asset=asset.id, besides=besides)
        return (int(row["amount"]), int(row["gas"])) if row else (0, 0)
