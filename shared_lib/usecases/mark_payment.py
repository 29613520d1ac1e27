"""Write down what was done outside about a payment that rests in review and is in no books."""

from uuid import UUID

from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator
from shared_lib.domain.payment import Payment, PaymentStatus
from shared_lib.domain.review import Subject
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.auditing import audit
from shared_lib.usecases.setback import close_findings

_RESTS = frozenset({PaymentStatus.REVIEW, PaymentStatus.PARTIALLY_PAID})


def mark_payment(ports: Ports, payment_id: UUID, evidence: Evidence, by: Operator) -> None:
    """Take a payment off the list, with the evidence of what became of its money.

    It changes no books: what was never booked of it is not booked by this either. Raises
    ActionRefusedError where something of it is booked, which has ways of its own, or where nothing
    about it is on the list, as after it was marked once.
    """
    with ports.database.transaction() as tx:
        payment = tx.payments.lock(payment_id)
        if payment is None or payment.status not in _RESTS:
            raise ActionRefusedError("this payment does not rest in review")
        if _is_booked(tx, payment):
            raise ActionRefusedError("its money is in the books: it is refunded, or goes on")
        subject_id = str(payment_id)
        closed = close_findings(ports, tx, Subject.PAYMENT, subject_id)
        if not closed:
            raise ActionRefusedError("nothing about this payment is on the list")
        facts = {"evidence": evidence.text.strip(), "was": ", ".join(closed)}
        audit(ports, tx, by, "mark_payment", ("payment", subject_id), **facts)


def _is_booked(tx: Transaction, payment: Payment) -> bool:
    return payment.receipt is not None or tx.credits.of_payment(payment.id) is not None
