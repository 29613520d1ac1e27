"""The end of a payout: the owner has the money, and everything that says so changes at once."""

from dataclasses import replace

from shared_lib.domain import ledger
from shared_lib.domain.money import Money
from shared_lib.domain.payout import Payout, PayoutState
from shared_lib.domain.review import Reason, Subject
from shared_lib.domain.share import ShareKind, ShareState
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.returning import add_residue


def settle_payout(ports: Ports, tx: Transaction, payout: Payout, sent: Money) -> None:
    """The locked payout's shares are paid. What could not be swapped of them rides along next time.

    `sent` is what left our wallet for the owner, in the settlement asset.
    """
    now = ports.clock.now()
    shares = tx.shares.lock_of_payout(payout.id)
    for share in shares:
        tx.shares.save(share.moved(ShareState.PAID))
    add_residue(ports, tx, payout, ShareKind.DUST, shares, payout.amount - sent)
    settled = payout.moved(PayoutState.SETTLED, None)
    tx.payouts.save(replace(settled, settled_at=now))
    posting = ledger.settled(payout.id, payout.channel_id, sent, sent)
    tx.ledger.post(posting, ports.ids.new(), now)
    tx.reviews.close(Subject.PAYOUT, str(payout.id), Reason.OVERDUE, now)
