"""Leases: the right of one delivery to work on one row for a while."""

from datetime import datetime

from shared_lib.adapters.postgres.session import Session
from shared_lib.ports import Lease, Leased

# One statement per table, written out once: a table's name cannot be a parameter.
_CLAIM = {
    kind: f"""
UPDATE {kind.value} SET claim_token = :token, claimed_until = :until
WHERE id = :id AND (claimed_until IS NULL OR claimed_until <= :now)
RETURNING id"""
    for kind in Leased
}
_HOLDS = {
    kind: f"SELECT id FROM {kind.value} WHERE id = :id AND claim_token = :token FOR UPDATE"
    for kind in Leased
}
_RELEASE = {
    kind: f"""
UPDATE {kind.value} SET claim_token = NULL, claimed_until = NULL
WHERE id = :id AND claim_token = :token"""
    for kind in Leased
}


class PostgresLeases:
    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, lease: Lease, now: datetime) -> bool:
        return self._session.did(
            _CLAIM[lease.kind], id=lease.id, token=lease.token, until=lease.until, now=now
        )

    def holds(self, lease: Lease) -> bool:
        return self._session.did(_HOLDS[lease.kind], id=lease.id, token=lease.token)

    def release(self, lease: Lease) -> None:
        self._session.run(_RELEASE[lease.kind], id=lease.id, token=lease.token)
