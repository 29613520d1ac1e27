"""Take a payment out of the books whose money never came, or went back at the provider."""

from uuid import UUID

from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator
from shared_lib.domain.payment import Payment, PaymentStatus
from shared_lib.domain.review import Subject
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases import crediting
from shared_lib.usecases.auditing import audit
from shared_lib.usecases.reversing import reverse, tell_refunded, withdraw
from shared_lib.usecases.setback import close_findings


def reverse_payment(ports: Ports, payment_id: UUID, evidence: Evidence, by: Operator) -> None:
    """Give back the owner's share and the fee, or the payer's credit, of a payment in review.

    Access is left as it is: whether it ends is the owner's to say. Raises ActionRefusedError where
    the payment rests in no review, nothing of it is booked, its money is in our wallet, or what it
    brought is spent.
    """
    with ports.database.transaction() as tx:
        payment = tx.payments.lock(payment_id)
        if payment is None or payment.status is not PaymentStatus.REVIEW:
            raise ActionRefusedError("this payment does not rest in review")
        if payment.deposit is not None:
            raise ActionRefusedError("its money is in our wallet")
        _take_back(ports, tx, payment)
        tx.payments.save(payment.refunded())
        was = close_findings(ports, tx, Subject.PAYMENT, str(payment_id))
        facts = {"evidence": evidence.text.strip(), "was": ", ".join(was)}
        audit(ports, tx, by, "reverse_payment", ("payment", str(payment_id)), **facts)


def _take_back(ports: Ports, tx: Transaction, payment: Payment) -> None:
    if payment.receipt is not None:
        if not reverse(ports, tx, payment, payment.receipt):
            raise ActionRefusedError("its owner's share is in a payout, or paid")
        return
    seen = tx.credits.of_payment(payment.id)
    if seen is None:
        raise ActionRefusedError("nothing of it is booked: mark it instead")
    root, credit = crediting.lock_credit(tx, seen)
    if not credit.is_unspent:
        raise ActionRefusedError(f"what came is {credit.state.value}: it is not its payer's")
    withdraw(ports, tx, payment, credit)
    crediting.close_top_ups(tx, root)
    tell_refunded(ports, tx, payment, root)
