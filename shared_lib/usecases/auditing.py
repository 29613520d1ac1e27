"""What a person did by hand is kept for good, in the transaction in which it was done."""

from shared_lib.domain.operator import Operator
from shared_lib.ports import Ports, Transaction


def audit(
    ports: Ports,
    tx: Transaction,
    by: Operator,
    action: str,
    subject: tuple[str, str],
    **facts: str,
) -> None:
    """Write down who did what to which subject (kind and id), and why."""
    detail = {"reason": by.reason.strip(), **facts}
    tx.delivery.audit(by.name.strip(), action, subject, detail, ports.clock.now())
