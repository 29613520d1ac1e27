"""Book gas money that the operator paid into the host wallet, once it stands on the chain."""

from shared_lib.domain import ledger
from shared_lib.domain.ledger import PostingKind
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
    now, tx_hash = ports.clock.now(), deposit_hash.lower()
    with ports.database.transaction() as tx:
        if tx.ledger.count(tx_hash, PostingKind.TOP_UP, tx_hash, now):
            tx.ledger.post(ledger.top_up(tx_hash, amount), ports.ids.new(), now)
            detail = {"amount": str(amount)}
            tx.delivery.audit(actor, "record_top_up", ("deposit", tx_hash), detail, now)
        elif not tx.ledger.is_posted(PostingKind.TOP_UP, tx_hash):
            raise TopUpRefusedError("this transaction is booked as a deposit or a refund")
    return amount


def _checked(ports: Ports, incoming: Incoming | None) -> Money:
    if incoming is None:
        raise TopUpRefusedError("this transaction is not mined")
    if incoming.confirmations < ports.policy.confirmations:
        raise TopUpRefusedError("this transaction is not confirmed yet")
    if not incoming.succeeded or incoming.amount.base_units == 0:
        raise TopUpRefusedError("this transaction paid nothing to the host wallet")
    return incoming.amount
