"""Give a payer the days that a payment in part is worth, though it waits for a refund."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.credit import CreditState
from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.events import PaymentUpdated
from shared_lib.ports import Ports
from shared_lib.usecases.auditing import audit
from shared_lib.usecases.crediting import lock_credit


def release_credit(ports: Ports, payment_id: UUID, by: Operator) -> None:
    """Let a credit that waits for a person go on as if nobody had paid the rest in time.

    It becomes days at once; what still buys none, or is of somebody blocked, waits again. Raises
    ActionRefusedError where nothing of the payment waits for a refund.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        seen = tx.credits.of_payment(payment_id)
        credit = lock_credit(tx, seen)[1] if seen else None
        if credit is None or credit.state is not CreditState.TO_REFUND:
            raise ActionRefusedError("nothing of this payment waits for a refund")
        payment = tx.payments.get(payment_id)
        if payment is None or not payment.status.is_paid:
            raise ActionRefusedError("whether its money is there is in doubt")
        opened = replace(credit.moved(CreditState.OPEN), until=min(credit.until, now))
        tx.credits.save(opened)
        tx.outbox.add(PaymentUpdated(payment_id=payment_id), now)
        subject = ("payment", str(payment_id))
        audit(ports, tx, by, "release_credit", subject, amount=str(credit.amount))
