"""Once a day: do our books say what the chain shows, and do they agree with themselves?

Money moves while we look. Whatever differs is therefore looked at again at once, and only what
differs twice by the same amount is shown to a person. More than is explained is shown only while no
payment and no exchange is under way: it may be what came of one, with nobody having said so yet.
"""

from dataclasses import dataclass

from shared_lib.domain.ledger import Account
from shared_lib.domain.money import ETH, USDT, Asset, Money
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.transfer import Attempt, AttemptKind, Transfer
from shared_lib.ports import Ports, ProviderError, Transaction
from shared_lib.usecases.setback import review

LOOKS_MOST = 3
_TICK = "audit_books"


@dataclass(frozen=True, slots=True)
class _Books:
    """What the books say of one coin in the wallet.

    `flying` are transfers whose bytes may be mined or not; `owed` is what the payment provider has
    announced and we have not seen. `may_be_more`: a payment or an exchange is under way.
    """

    booked: Money
    owed: Money
    flying: list[Transfer]
    may_be_more: bool


def audit_books(ports: Ports, slot: int) -> list[str]:
    """Everything that differs, for the log; a person is shown it once per tick slot.

    A node that cannot be asked is no difference: the next tick asks it again.
    """
    with ports.database.transaction() as tx:
        problems = tx.ledger.disagreements()
    try:
        for coin in _coins(ports):
            problems += _difference(ports, coin)
    except ProviderError as error:
        return [*problems, f"the wallet was not compared: {error}"]
    _tell(ports, slot, problems)
    return problems


def _coins(ports: Ports) -> list[Asset]:
    """What our wallet holds; USDT only where this deployment knows its contract."""
    return [ETH] if ports.policy.usdt_contract is None else [ETH, USDT]


def _difference(ports: Ports, coin: Asset) -> list[str]:
    """What the wallet has more or less of a coin than it should, seen twice; empty if nothing."""
    seen: list[int] = []
    for _ in range(LOOKS_MOST):
        difference = _look(ports, coin)
        if difference == 0:
            return []
        if difference in seen:
            amount, word = Money(abs(difference), coin), "more" if difference > 0 else "less"
            return [f"the wallet has {amount} {word} than the books explain"]
        seen.append(difference)
    return []


def _look(ports: Ports, coin: Asset) -> int:
    """Base units that are there and not explained; negative if they are missing."""
    wallet = ports.policy.host_wallet
    with ports.database.transaction() as tx:
        books = _read(tx, wallet, coin)
        attempts = {one.id: tx.transfers.attempts(one.id) for one in books.flying}
    expected = books.booked.base_units
    expected += sum(_still_here(ports, one, attempts[one.id], coin) for one in books.flying)
    unexplained = ports.chain.balance(wallet, coin).base_units - expected
    if unexplained <= 0:
        return unexplained
    return 0 if books.may_be_more else max(0, unexplained - max(0, books.owed.base_units))


def _still_here(ports: Ports, transfer: Transfer, attempts: list[Attempt], coin: Asset) -> int:
    """What the wallet has of a coin that the books count as gone, less gas that they do not know.

    Of all bytes on its nonce one is mined, or none; a cancel and what failed moved nothing.
    """
    mined = [(one, ports.chain.mined(one.hash)) for one in attempts]
    kind, receipt = next(
        ((one.kind, receipt) for one, receipt in mined if receipt is not None), (None, None)
    )
    gas = receipt.gas_paid if receipt is not None and coin == ETH else 0
    has_moved = receipt is not None and receipt.succeeded and kind is not AttemptKind.CANCEL
    is_booked_out = transfer.amount.asset == coin and not transfer.fills_nonce
    return (transfer.amount.base_units if is_booked_out and not has_moved else 0) - gas


def _read(tx: Transaction, wallet: str, coin: Asset) -> _Books:
    booked = tx.ledger.balance(Account.HOST_WALLET, coin)
    if coin == ETH:
        booked = booked + tx.ledger.balance(Account.GAS_FLOAT, coin)
    owed = tx.ledger.balance(Account.PROVIDER_RECEIVABLE, coin)
    may_be_more = tx.payments.is_any_under_way() or tx.swaps.is_any_funded()
    return _Books(booked, owed, tx.transfers.unfinal(wallet), may_be_more)


def _tell(ports: Ports, slot: int, problems: list[str]) -> None:
    """Show all that differs as one item, which closes with the first audit that finds nothing."""
    subject_id, now = ports.policy.host_wallet, ports.clock.now()
    with ports.database.transaction() as tx:
        if not tx.delivery.start_tick(_TICK, slot, now):
            return
        if problems:
            evidence = tuple((f"fact_{number}", fact) for number, fact in enumerate(problems, 1))
            review(ports, tx, Finding(Subject.WALLET, subject_id, Reason.BOOKS_DIFFER, evidence))
        else:
            tx.reviews.close(Subject.WALLET, subject_id, Reason.BOOKS_DIFFER, now)
