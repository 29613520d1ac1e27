"""Let a payment go on that waits for a person, once one has looked at what was wrong with it."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.domain.payment import ACCEPTABLE, Payment, PaymentStatus, is_transaction_hash
from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.watch import Watch, watch
from shared_lib.events import PaymentCheckDue, PaymentUpdated
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases import crediting
from shared_lib.usecases.auditing import audit
from shared_lib.usecases.buying import DEPOSIT_DEADLINE
from shared_lib.usecases.setback import close_findings


def release_payment(
    ports: Ports,
    payment_id: UUID,
    by: Operator,
    accepted: frozenset[Reason] = frozenset(),
    deposit_hash: str | None = None,
) -> None:
    """Judge a payment in review anew, as if nothing had been found; what is still so comes back.

    Findings in `accepted` are let pass this time, and `deposit_hash` names the transaction that
    brought the money where the provider names none, or a wrong one. Whatever is let pass, the
    transaction must stand on the chain, deep enough, and count for nothing else. With
    *deposit_differs* accepted, what it shows is booked, and the difference is the platform's; where
    the named one shows nothing, as it does when a contract passed money on, what was announced is.

    Raises ActionRefusedError where nobody was asked about the payment, or it was marked as settled
    outside.
    """
    named = _checked(accepted, deposit_hash)
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        payment = tx.payments.lock(payment_id)
        if payment is None or not _waits(payment):
            raise ActionRefusedError("this payment waits for nobody")
        closed = close_findings(ports, tx, Subject.PAYMENT, str(payment_id), _kept(tx, payment))
        if not closed:
            raise ActionRefusedError("nothing about this payment is on the list")
        fresh = watch(now, wait_seconds=ports.policy.republish_seconds, deadline=DEPOSIT_DEADLINE)
        tx.payments.save(_with(_judged_anew(payment, fresh), accepted, named))
        tx.outbox.add(PaymentUpdated(payment_id=payment_id), now)
        tx.outbox.add(PaymentCheckDue(payment_id=payment_id), now)
        facts = {
            "was": ", ".join(closed),
            "accepted": ", ".join(sorted(accepted)),
            "deposit": named or "",
        }
        audit(ports, tx, by, "release_payment", ("payment", str(payment_id)), **facts)


def _checked(accepted: frozenset[Reason], deposit_hash: str | None) -> str | None:
    """The hash as it is stored. Raises ActionRefusedError for what cannot be accepted."""
    refused = sorted(accepted - ACCEPTABLE)
    if refused:
        raise ActionRefusedError(f"accepted: {refused[0]} cannot be let pass")
    if deposit_hash is None:
        return None
    if not is_transaction_hash(deposit_hash.strip()):
        raise ActionRefusedError("deposit_hash: must be 0x and 64 hex digits")
    return deposit_hash.strip().lower()


def _waits(payment: Payment) -> bool:
    """For a person, or for a deposit that does not come."""
    is_unseen = payment.watch is not None and payment.deposit is None and payment.status.is_paid
    return payment.status is PaymentStatus.REVIEW or is_unseen


def _kept(tx: Transaction, payment: Payment) -> tuple[Reason, ...]:
    """What is to become of a payer's credit stays to be decided, however its payment goes on."""
    return () if tx.credits.of_payment(payment.id) is None else crediting.REASONS


def _judged_anew(payment: Payment, fresh: Watch) -> Payment:
    if payment.status is PaymentStatus.REVIEW:
        return payment.released(fresh)
    return replace(payment, watch=fresh)


def _with(payment: Payment, accepted: frozenset[Reason], named: str | None) -> Payment:
    return replace(
        payment,
        accepted=payment.accepted | accepted,
        named_deposit=named or payment.named_deposit,
    )
