"""Mistakes in how a pool is converted, divided, held and paid out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from shared_lib.adapters.postgres.ledger import PostgresLedger
from shared_lib.domain.ledger import PostingKind
from shared_lib.domain.money import USDT, Money, distribute
from shared_lib.domain.offer import Channel
from shared_lib.domain.share import SHARE_EDGES, Share, ShareState
from shared_lib.domain.swap import ExchangeStatus, Outcome
from shared_lib.ports import Ports
from shared_lib.usecases import check_swap, returning, settling
from tests.planted.bugs_of_money import count_always, without_posting
from tests.planted.patching import Change, Entry, Everywhere, PlantedBug, only


def _told(_ports: Ports, view: Any) -> Outcome | None:
    """The provider's word for it, whether or not anything has come."""
    report = view.report
    if report.status != ExchangeStatus.FINISHED or report.bought is None:
        return None
    return Outcome(report.bought, (report.payout_hash or "").lower())


def _equally(whole: Money, weights: Sequence[int]) -> list[Money]:
    return distribute(whole, [1] * len(weights))


def _rounded_down(whole: Money, weights: Sequence[int]) -> list[Money]:
    sum_of_weights = sum(weights)
    return [Money(whole.base_units * weight // sum_of_weights, whole.asset) for weight in weights]


def _pays_always(_channel: Channel, held: Money) -> bool:
    return held.base_units > 0


def _whole_loss_on_one(shares: list[Share], lost: Money) -> dict[UUID, Money]:
    return {shares[0].channel_id: lost}


_converted = Share.converted


def _converted_without_a_change(share: Share, part: Money) -> Share:
    """Held, and still counted in the coin that it was."""
    return replace(_converted(share, part), amount=Money(share.amount.base_units, USDT))


def _held_counts_as_pending() -> tuple[Change, ...]:
    """What a payout of held money gave back is taken for what was collected."""
    edges = SHARE_EDGES[ShareState.LOCKED] | {ShareState.PENDING}
    return (
        Everywhere(returning._freed, _freed_as_pending),
        Entry(SHARE_EDGES, ShareState.LOCKED, edges),
    )


def _freed_as_pending(_payout: Any, share: Share, again: Any) -> Share:
    return share.moved(ShareState.PENDING, again)


THRESHOLD_BUGS = {
    "conversion_unposted": PlantedBug(
        "What a conversion brought is divided and not booked.",
        "one_conversion",
        without_posting(PostingKind.CONVERTED),
    ),
    "converted_by_word": PlantedBug(
        "A conversion is done when the provider says so.",
        "a_conversion_that_brings_less",
        only(check_swap, "_received", _told),
    ),
    "conversion_counted_twice": PlantedBug(
        "A transaction to us counts for every conversion that names it.",
        "one_arrival_for_two_conversions",
        only(PostgresLedger, "count", count_always),
    ),
    "divided_equally": PlantedBug(
        "Each share of a pool gets the same, whatever it gave.",
        "two_owners_in_a_pool",
        only(settling, "distribute", _equally),
    ),
    "remainder_lost": PlantedBug(
        "Parts are rounded down, and what is left is nobody's.",
        "two_owners_in_a_pool",
        only(settling, "distribute", _rounded_down),
    ),
    "wei_as_dollars": PlantedBug(
        "A converted share keeps its number of base units.",
        "one_conversion",
        only(Share, "converted", _converted_without_a_change),
    ),
    "threshold_ignored": PlantedBug(
        "What is held is paid out at once, whatever the owner's threshold is.",
        "one_conversion",
        only(Channel, "pays", _pays_always),
    ),
    "loss_of_one_owner": PlantedBug(
        "What is lost by a conversion is the first owner's loss.",
        "a_conversion_that_comes_back_short",
        only(returning, "_losses", _whole_loss_on_one),
    ),
    "held_freed_as_pending": PlantedBug(
        "Held money that was not paid waits for a conversion of its own.",
        "an_owner_who_collects_and_moves",
        _held_counts_as_pending(),
    ),
}
