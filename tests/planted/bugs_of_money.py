"""Mistakes in what is credited, booked, signed and taken for settled."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID

from shared_lib.adapters.postgres import shares
from shared_lib.adapters.postgres.ledger import PostgresLedger
from shared_lib.domain import ledger
from shared_lib.domain import transfer as rules
from shared_lib.domain.credit import Credit, days_worth
from shared_lib.domain.ledger import Posting, PostingKind
from shared_lib.domain.money import ETH, Money, Split, split_fee
from shared_lib.domain.payout import Payout
from shared_lib.domain.share import SHARE_EDGES, Share, ShareState
from shared_lib.domain.transfer import (
    Attempt,
    AttemptKind,
    Fees,
    Mined,
    Refusal,
    SendFacts,
    Transfer,
    Wallet,
)
from shared_lib.ports import Incoming, Lease, Ports, Transaction, UnsignedTransfer
from shared_lib.usecases import (
    buying,
    check_payment,
    check_transfer,
    confirm_payment,
    crediting,
    forming,
    replace_bytes,
    send_transfer,
    sending,
)
from shared_lib.usecases.buying import Purchase
from shared_lib.usecases.sending import ChainView, freeze
from tests.planted.patching import Attribute, Change, Entry, Everywhere, PlantedBug, only

GWEI = 10**9
CENT = ETH.decimals - 2


# ---- crediting -----------------------------------------------------------------------------------

_read = confirm_payment._read
_share = buying._share


def _read_by_price(*arguments: Any, **more: Any) -> Any:
    paid = _read(*arguments, **more)
    return replace(paid, received=Money(paid.order.price_cents * 10**CENT, ETH))


def _split_twice(received: Money, bps: int) -> Split:
    owner = split_fee(split_fee(received, bps).owner, bps).owner
    return Split(owner, received - owner)


def _split_nothing(received: Money, _bps: int) -> Split:
    return split_fee(received, 0)


def _share_of_gross(ports: Ports, bought: Purchase) -> Share:
    return replace(_share(ports, bought), amount=bought.received)


def _take_nothing(_ports: Ports, _tx: Transaction, _parts: list[Credit]) -> None:
    return


def _worth_the_order(days: int, price_cents: int, value_cents: Fraction | int) -> int:
    return max(days, days_worth(days, price_cents, value_cents))


def _refund_from_the_books(payment_id: UUID, received: Money) -> Posting:
    return ledger.credit_withdrawn(payment_id, received)


def _has_arrived_at_once(_ports: Ports, incoming: Incoming | None) -> bool:
    return incoming is not None


_count = PostgresLedger.count


def count_always(*arguments: Any) -> bool:
    """A transaction that paid us counts, also when it has counted before."""
    _count(*arguments)
    return True


def _never(*_arguments: Any) -> bool:
    return False


# ---- booking -------------------------------------------------------------------------------------

_post = PostgresLedger.post


def without_posting(kind: PostingKind) -> tuple[Change, ...]:
    """The ledger, which never hears of this kind of posting."""

    def post(ledger: PostgresLedger, posting: Posting, *arguments: Any) -> bool:
        return posting.kind is kind or _post(ledger, posting, *arguments)

    return only(PostgresLedger, "post", post)


def do_nothing(*_arguments: Any) -> None:
    return None


# ---- checks before signing -----------------------------------------------------------------------


def without_refusal(*reasons: Refusal) -> tuple[Change, ...]:
    """The validator, which does not know these reasons to refuse a transfer."""

    def known(check: Callable[[SendFacts], Any]) -> Callable[[SendFacts], Any]:
        return lambda facts: tuple(one for one in check(facts) if one[1] not in reasons)

    return tuple(
        Attribute(rules, check.__name__, known(check))
        for check in (rules._never_right, rules._ended, rules._passing)
    )


def _freeze_nothing(_ports: Ports, _tx: Transaction, wallet: Wallet, _fact: str) -> Wallet:
    return wallet


# ---- nonces and bytes ----------------------------------------------------------------------------

_sign = send_transfer._sign
_unsigned = replace_bytes._unsigned


def _sign_on_a_fresh_nonce(
    ports: Ports, lease: Lease, transfer: Transfer, view: ChainView
) -> Transfer:
    if transfer.nonce is not None:
        with ports.database.transaction() as tx:
            wallet = tx.wallets.lock(transfer.wallet_address)
            assert wallet is not None
            transfer = replace(transfer, nonce=wallet.next_nonce)
            tx.transfers.save(transfer)
            tx.wallets.save(replace(wallet, next_nonce=wallet.next_nonce + 1))
    return _sign(ports, lease, transfer, view)


def _replace_on_the_next_nonce(
    ports: Ports, transfer: Transfer, kind: AttemptKind, fees: list[Fees]
) -> UnsignedTransfer:
    unsigned = _unsigned(ports, transfer, kind, fees)
    return replace(unsigned, nonce=unsigned.nonce + 1)


def _in_gwei(
    chain_id: int, nonce: int, destination: str, amount: Money, fees: Fees
) -> UnsignedTransfer:
    told = Money(amount.base_units // GWEI, amount.asset)
    return UnsignedTransfer(chain_id, nonce, destination, told, fees)


# ---- receipts ------------------------------------------------------------------------------------

_look = check_transfer._look


def _moved_if_mined(_ports: Ports, _transfer: Transfer, attempt: Attempt, _mined: Mined) -> bool:
    return attempt.kind is not AttemptKind.CANCEL


def _look_at_the_first_block(ports: Ports, known: Any) -> Any:
    return replace(_look(ports, known), confirmations=ports.policy.confirmations)


# ---- payouts -------------------------------------------------------------------------------------

_send = forming.send_directly


def _send_and_make_sure(ports: Ports, tx: Transaction, payout: Payout) -> None:
    _send(ports, tx, payout)
    known = tx.transfers.lock_unsent(payout.id)
    assert known is not None
    tx.transfers.add(replace(known, id=ports.ids.new()))


def funding_unnoticed() -> tuple[Change, ...]:
    """The validator does not see that a payout is funded already."""

    def blind(facts: SendFacts) -> Refusal | None:
        return rules.refusal(replace(facts, is_funded=False))

    return only(sending, "refusal", blind)


def _pending_or_locked() -> tuple[Change, ...]:
    """A payout takes shares that another one has."""
    sql = shares._WAITING.replace("state = :state", "state IN (:state, 'locked')")
    edges = SHARE_EDGES[ShareState.LOCKED] | {ShareState.LOCKED}
    return (Attribute(shares, "_WAITING", sql), Entry(SHARE_EDGES, ShareState.LOCKED, edges))


MONEY_BUGS = {
    "dollars_as_ether": PlantedBug(
        "The price in dollars is credited as so many ETH.",
        "one_purchase",
        only(confirm_payment, "_read", _read_by_price),
    ),
    "gwei_as_wei": PlantedBug(
        "The amount that is signed is in gwei, where the chain counts wei.",
        "one_purchase",
        only(send_transfer, "UnsignedTransfer", _in_gwei),
    ),
    "fee_taken_twice": PlantedBug(
        "The fee is taken off what is left after the fee.",
        "one_purchase",
        only(buying, "split_fee", _split_twice),
    ),
    "fee_never_taken": PlantedBug(
        "The fee is forgotten, and all of it is the owner's.",
        "one_purchase",
        only(buying, "split_fee", _split_nothing),
    ),
    "gross_share": PlantedBug(
        "The owner's share is what was received, with the fee still in it.",
        "one_purchase",
        only(buying, "_share", _share_of_gross),
    ),
    "part_worth_the_whole": PlantedBug(
        "A part of the price brings all the days of the order.",
        "a_part_that_becomes_days",
        (Everywhere(days_worth, _worth_the_order),),
    ),
    "part_counted_twice": PlantedBug(
        "A part that the rest completed stays its payer's, and becomes days later.",
        "a_part_and_its_rest",
        only(crediting, "take", _take_nothing),
    ),
    "part_unposted": PlantedBug(
        "What came in part is kept for its payer, and the ledger does not hear of it.",
        "a_part_and_its_rest",
        without_posting(PostingKind.UNDERPAID),
    ),
    "refund_by_another": PlantedBug(
        "A refund that an operator made is booked as if the provider had made it.",
        "a_part_given_back",
        only(ledger, "credit_refunded", _refund_from_the_books),
    ),
    "deposit_not_deep": PlantedBug(
        "A deposit counts as soon as it is in a block.",
        "a_deposit_that_vanishes",
        only(check_payment, "_has_arrived", _has_arrived_at_once),
    ),
    "deposit_counted_twice": PlantedBug(
        "A deposit counts for every payment that names it.",
        "a_deposit_named_twice",
        (
            Attribute(PostgresLedger, "count", count_always),
            Attribute(PostgresLedger, "is_counted", _never),
        ),
        keys=("payments_deposit_hash_key",),
    ),
    "finished_unposted": PlantedBug(
        "A finished payment is not booked.",
        "one_purchase",
        without_posting(PostingKind.FINISHED),
    ),
    "deposit_unposted": PlantedBug(
        "A deposit that was seen is not booked.",
        "one_purchase",
        without_posting(PostingKind.DEPOSIT_SEEN),
    ),
    "signed_unposted": PlantedBug(
        "Signed bytes are not booked, and their money can be spent again.",
        "one_purchase",
        without_posting(PostingKind.SIGNED),
    ),
    "gas_unposted": PlantedBug(
        "The gas that was burned is not booked.",
        "one_purchase",
        without_posting(PostingKind.GAS),
    ),
    "settled_unposted": PlantedBug(
        "A settled payout is not booked.",
        "one_purchase",
        without_posting(PostingKind.SETTLED),
    ),
    "returned_unposted": PlantedBug(
        "What a failed transaction did not move is not booked back.",
        "a_transfer_that_is_refused_on_chain",
        without_posting(PostingKind.RETURNED),
    ),
    "cancel_unposted": PlantedBug(
        "What a cancel kept in the wallet is not booked back.",
        "a_cancel_that_wins",
        only(check_transfer, "_book_back", do_nothing),
    ),
    "kill_switch_ignored": PlantedBug(
        "The kill switch is not asked before signing.",
        "an_operator_stops_all_sends",
        without_refusal(Refusal.SENDS_STOPPED),
    ),
    "foreign_nonce_ignored": PlantedBug(
        "A nonce that somebody else used freezes nothing.",
        "somebody_else_has_the_key",
        (Everywhere(freeze, _freeze_nothing),),
    ),
    "new_nonce_on_retry": PlantedBug(
        "A transfer that died with a nonce takes the next one.",
        "a_death_with_a_nonce",
        only(send_transfer, "_sign", _sign_on_a_fresh_nonce),
    ),
    "signed_on_two_nonces": PlantedBug(
        "Bytes that are stuck are replaced on the next nonce.",
        "a_transfer_that_is_stuck",
        only(replace_bytes, "_unsigned", _replace_on_the_next_nonce),
    ),
    "failed_receipt_settles": PlantedBug(
        "A receipt is success, whatever its status.",
        "a_transfer_that_is_refused_on_chain",
        only(check_transfer, "_has_moved", _moved_if_mined),
    ),
    "first_block_settles": PlantedBug(
        "A receipt is final with its first block.",
        "a_receipt_that_vanishes",
        only(check_transfer, "_look", _look_at_the_first_block),
    ),
    "second_transfer_of_a_payout": PlantedBug(
        "A payout's transfer is added, and added again to make sure.",
        "two_owners_money_in_one_wallet",
        only(forming, "send_directly", _send_and_make_sure) + funding_unnoticed(),
        keys=("transfers_once",),
    ),
    "share_in_two_payouts": PlantedBug(
        "A payout takes shares that are locked by another.",
        "a_payout_asked_for_again",
        _pending_or_locked(),
        keys=("payout_shares_once",),
    ),
}
