"""The end of a payout: the owner has the money, and everything that says so changes at once."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain import ledger
from shared_lib.domain.ledger import Exchanged
from shared_lib.domain.money import Money, distribute, total, zero
from shared_lib.domain.payout import Payout, PayoutState
from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.share import ShareKind, ShareState
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.owner_news import tell_settled
from shared_lib.usecases.returning import add_residue


def settle_payout(
    ports: Ports, tx: Transaction, payout: Payout, sent: Money, arrived: Money
) -> None:
    """The locked payout's shares are paid. What could not be swapped of them rides along next time.

    `sent` is what left our wallet for the owner, in the shares' asset; `arrived` is what reached
    the owner, in theirs. Raises LookupError for a
    conversion, which pays no owner.
    """
    if payout.channel_id is None:
        raise LookupError(f"payout {payout.id} pays no owner")
    now = ports.clock.now()
    shares = tx.shares.lock_of_payout(payout.id)
    for share in shares:
        tx.shares.save(share.moved(ShareState.PAID))
    add_residue(ports, tx, payout, ShareKind.DUST, shares, payout.amount - sent)
    _end(ports, tx, payout)
    posting = ledger.settled(payout.id, payout.channel_id, sent, sent)
    tx.ledger.post(posting, ports.ids.new(), now)
    tell_settled(ports, tx, payout, arrived)


def settle_conversion(
    ports: Ports, tx: Transaction, payout: Payout, sold: Money, bought: Money
) -> None:
    """Divide what a conversion brought among its shares, which are held from here on.

    Each gets its part by its weight in what was sold, by largest remainder. What could not be sold
    of them all is taken off the largest one, and rides along with its owner's next.
    """
    now = ports.clock.now()
    shares = sorted(tx.shares.lock_of_payout(payout.id), key=lambda one: (one.channel_id, one.id))
    dust = total([share.amount for share in shares], sold.asset) - sold
    largest = max(shares, key=lambda share: share.amount.base_units)
    weights = [share.amount - (dust if share is largest else zero(sold.asset)) for share in shares]
    parts = distribute(bought, [weight.base_units for weight in weights])
    channels: dict[UUID, Exchanged] = {}
    for share, weight, part in zip(shares, weights, parts, strict=True):
        tx.payouts.note_part(payout.id, share.id, weight, part)
        tx.shares.save(share.converted(part))
        so_far = channels.get(share.channel_id, Exchanged(zero(sold.asset), zero(bought.asset)))
        channels[share.channel_id] = Exchanged(so_far.given + weight, so_far.got + part)
    add_residue(ports, tx, payout, ShareKind.DUST, [largest], dust)
    _end(ports, tx, payout)
    tx.ledger.post(ledger.converted(payout.id, channels), ports.ids.new(), now)


def _end(ports: Ports, tx: Transaction, payout: Payout) -> None:
    now = ports.clock.now()
    settled = payout.moved(PayoutState.SETTLED, None)
    tx.payouts.save(replace(settled, settled_at=now))
    tx.reviews.close(Subject.PAYOUT, str(payout.id), Reason.OVERDUE, now)
