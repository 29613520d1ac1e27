"""Mistakes in what a swap's promise, answer and end are taken for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared_lib.adapters.postgres.ledger import PostgresLedger
from shared_lib.adapters.postgres.payouts import PostgresPayouts
from shared_lib.domain.payout import PAYOUT_EDGES, Payout, PayoutState
from shared_lib.domain.swap import (
    DEPOSIT_MOST,
    ExchangeEcho,
    ExchangeOrder,
    ExchangeStatus,
    Swap,
    SwapState,
    echo_differences,
)
from shared_lib.domain.transfer import Refusal
from shared_lib.events import SwapQuoted
from shared_lib.ports import Ports, ProviderError, Transaction
from shared_lib.usecases import check_swap, check_transfer, create_swap, settling
from shared_lib.usecases.returning import begin_swap, look_again
from tests.planted.bugs_of_money import count_always, do_nothing, without_refusal
from tests.planted.patching import Attribute, Change, Entry, Everywhere, PlantedBug, only


def _never_ending(_swap: Swap, _now: datetime) -> timedelta:
    return DEPOSIT_MOST


def _no_differences(_order: ExchangeOrder, _echo: ExchangeEcho) -> list[str]:
    return []


def _is_back_by_word(_ports: Ports, view: Any) -> bool:
    return bool(view.report.status == ExchangeStatus.REFUNDED)


def _retry(
    ports: Ports, tx: Transaction, _payout: Payout, swap: Swap, _error: ProviderError
) -> None:
    """The same swap asks again, and nothing says that there may be an exchange already."""
    tx.swaps.save(swap.moved(SwapState.QUOTED, look_again(ports, swap.watch)))
    tx.outbox.add(SwapQuoted(swap_id=swap.id), ports.clock.now())


def _retry_beside_another(
    ports: Ports, tx: Transaction, payout: Payout, swap: Swap, error: ProviderError
) -> None:
    """Another swap begins, and the old one is not given up for it."""
    _retry(ports, tx, payout, swap, error)
    begin_swap(ports, tx, payout, swap.sold)


def _sending_again() -> tuple[Change, ...]:
    edges = PAYOUT_EDGES[PayoutState.SENDING] | {PayoutState.SENDING}
    return (Entry(PAYOUT_EDGES, PayoutState.SENDING, edges),)


def _unfrozen() -> tuple[Change, ...]:
    """A payout's repository that answers with its channel's present destination."""
    return tuple(
        Attribute(PostgresPayouts, name, _with_present_target(getattr(PostgresPayouts, name)))
        for name in ("get", "lock", "lock_unfunded")
    )


def _with_present_target(
    read: Callable[..., Payout | None],
) -> Callable[..., Payout | None]:
    def present(payouts: PostgresPayouts, *key: Any) -> Payout | None:
        payout = read(payouts, *key)
        if payout is None:
            return None
        row = payouts._session.row(
            "SELECT payout_address FROM channels WHERE id = :id", id=payout.channel_id
        )
        address = row["payout_address"] if row else payout.target.address
        return replace(payout, target=replace(payout.target, address=address))

    return present


SWAP_BUGS = {
    "dust_lost": PlantedBug(
        "What is too little to be swapped is not kept as a share.",
        "one_swap",
        only(settling, "add_residue", do_nothing),
    ),
    "dead_promise_funded": PlantedBug(
        "Nobody looks when an exchange's promise ends.",
        "a_promise_that_ends",
        only(Swap, "quote_left", _never_ending),
    ),
    "echo_unchecked": PlantedBug(
        "What the provider says that it made is not compared with what was asked.",
        "an_answer_that_names_another_payee",
        (Everywhere(echo_differences, _no_differences),),
    ),
    "lost_answer_retried": PlantedBug(
        "An exchange whose answer got lost is asked for again, and never recorded.",
        "an_answer_that_is_lost",
        only(create_swap, "_begin_again", _retry),
    ),
    "lost_answer_funded_twice": PlantedBug(
        "After a lost answer another swap begins, and the old one goes on.",
        "an_answer_that_is_lost",
        (*only(create_swap, "_begin_again", _retry_beside_another), *_sending_again()),
        keys=("swaps_once", "transfers_once"),
    ),
    "refund_by_word": PlantedBug(
        "A refund counts because the provider says so.",
        "a_refund_that_never_came",
        only(check_swap, "_is_here", _is_back_by_word),
    ),
    "refund_counted_twice": PlantedBug(
        "A transaction that is in the books counts as a refund too.",
        "a_refund_that_is_in_the_books",
        only(PostgresLedger, "count", count_always),
    ),
    "changed_address_unnoticed": PlantedBug(
        "Nobody compares the frozen destination with the channel's.",
        "an_owner_who_moves",
        without_refusal(Refusal.DESTINATION_CHANGED),
    ),
    "wish_to_cancel_forgotten": PlantedBug(
        "What was seen on the chain is recorded over what an operator has asked for meanwhile.",
        "an_operator_takes_a_transfer_back",
        only(check_transfer, "_stronger", lambda wanted, _stored: wanted),
    ),
    "destination_not_frozen": PlantedBug(
        "A payout's destination is the channel's at the moment, not the one it was formed with.",
        "an_owner_who_moves",
        _unfrozen(),
    ),
}
