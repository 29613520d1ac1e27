"""Claim, commit, call, record: how one delivery at a time works on a row.

A lease is taken and committed before an external call that changes something. Whoever comes
meanwhile is turned away (and comes back); whoever comes after it ran out finds a row without a
recorded answer, and knows that the call may or may not have happened.
"""

from datetime import timedelta
from uuid import UUID

from shared_lib.ports import Lease, Leased, LeaseHeldError, LeaseLostError, Ports, Transaction


def claim(ports: Ports, tx: Transaction, kind: Leased, row_id: UUID) -> Lease:
    """Take the row's lease within `tx`. Raises LeaseHeldError while another one is alive."""
    now = ports.clock.now()
    until = now + timedelta(seconds=ports.policy.lease_seconds)
    lease = Lease(kind, row_id, ports.ids.new(), until)
    if not tx.leases.claim(lease, now):
        raise LeaseHeldError(f"{kind.value} {row_id} is being worked on")
    return lease


def require(tx: Transaction, lease: Lease) -> None:
    """Lock the row and make sure that it is still ours. Raises LeaseLostError."""
    if not tx.leases.holds(lease):
        raise LeaseLostError(f"{lease.kind.value} {lease.id} was taken over")


def require_time(ports: Ports, lease: Lease) -> None:
    """Make sure that a whole call fits before the lease ends. Raises LeaseLostError."""
    if lease.until - ports.clock.now() < timedelta(seconds=ports.policy.call_seconds):
        raise LeaseLostError(f"{lease.kind.value} {lease.id}: too little of the lease is left")
