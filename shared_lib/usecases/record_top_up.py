"""Book gas money that the operator paid into the host wallet, once it stands on the chain."""

from shared_lib.domain import ledger
from shared_lib.domain.money import ETH, Money
from shared_lib.ports import Incoming, Ports


class TopUpRefusedError(ValueError):
    """The transaction is no top-up, or not one yet; the text says why."""


def record_top_up(ports: Ports, deposit_hash: str, actor: str) -> Money:
    """Book the deposit with this transaction hash as gas money; the amount.

    Booking it again changes nothing. Raises TopUpRefusedError, ProviderError.
    """
    incoming = ports.chain.incoming(deposit_hash, ports.policy.host_wallet, ETH)
    amount = _checked(ports, incoming)
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        if tx.payments.has_deposit(deposit_hash.lower()):
            raise TopUpRefusedError("this transaction is the deposit of a payment")
        if tx.swaps.has_refund(deposit_hash.lower()):
            raise TopUpRefusedError("this transaction is the refund of a swap")
        if tx.ledger.post(ledger.top_up(deposit_hash.lower(), amount), ports.ids.new(), now):
            subject = ("deposit", deposit_hash.lower())
            tx.delivery.audit(actor, "record_top_up", subject, {"amount": str(amount)}, now)
    return amount


def _checked(ports: Ports, incoming: Incoming | None) -> Money:
    if incoming is None:
        raise TopUpRefusedError("this transaction is not mined")
    if incoming.confirmations < ports.policy.confirmations:
        raise TopUpRefusedError("this transaction is not confirmed yet")
    if not incoming.succeeded or incoming.amount.base_units == 0:
        raise TopUpRefusedError("this transaction paid nothing to the host wallet")
    return incoming.amount
