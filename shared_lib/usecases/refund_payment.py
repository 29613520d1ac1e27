"""Write down that a payer has their money back, once an operator has given it to them."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.credit import Credit, CreditState
from shared_lib.domain.money import Money
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator
from shared_lib.ports import Ports
from shared_lib.usecases.auditing import audit
from shared_lib.usecases.crediting import close_findings, close_top_ups, lock_credit
from shared_lib.usecases.telling import tell


def refund_payment(ports: Ports, payment_id: UUID, evidence: Evidence, by: Operator) -> Money:
    """Book a payer's credit as given back by other means than our wallet; how much that was.

    What came stays in the wallet and is the platform's from now on. The payer is told, with the
    evidence. Writing it down again changes nothing. Raises ActionRefusedError where nothing of the
    payment is its payer's, or its money has not arrived.
    """
    with ports.database.transaction() as tx:
        payment = tx.payments.lock(payment_id)
        seen = tx.credits.of_payment(payment_id)
        if payment is None or seen is None:
            raise ActionRefusedError("nothing of this payment is its payer's")
        root, credit = lock_credit(tx, seen)
        if credit.state is CreditState.REFUNDED:
            return credit.amount
        _require_ours(credit, is_here=payment.deposit is not None)
        tx.credits.save(credit.moved(CreditState.REFUNDED))
        tx.payments.save(replace(payment, watch=None))
        posting = ledger.credit_refunded(payment.id, credit.amount)
        tx.ledger.post(posting, ports.ids.new(), ports.clock.now())
        close_findings(ports, tx, payment)
        close_top_ups(tx, root)
        text = evidence.text.strip()
        facts = {"order": str(root.id), "evidence": text}
        tell(ports, tx, root.telegram_user_id, NoticeKind.REFUNDED, str(payment.id), facts)
        subject = ("payment", str(payment.id))
        audit(ports, tx, by, "refund_payment", subject, amount=str(credit.amount), evidence=text)
    return credit.amount


def _require_ours(credit: Credit, *, is_here: bool) -> None:
    if not credit.is_unspent:
        raise ActionRefusedError(f"what came is {credit.state.value}: it is not its payer's")
    if not is_here:
        raise ActionRefusedError("its money has not arrived in the wallet yet")
