"""One transaction that paid our wallet counts once: as a deposit, a refund or a top-up."""

from shared_lib.domain.ledger import PostingKind
from shared_lib.ports import Transaction


def is_counted(tx: Transaction, tx_hash: str) -> bool:
    """Whether this transaction (0x and lower-case hex) is in the books already."""
    return (
        tx.payments.has_deposit(tx_hash)
        or tx.swaps.has_refund(tx_hash)
        or tx.ledger.is_posted(PostingKind.TOP_UP, tx_hash)
    )
