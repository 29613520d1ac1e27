"""Swaps and what was said about them: what is written is read back, to the unit and the word."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pg8000.native
import pytest
from pg8000.exceptions import DatabaseError

from shared_lib.adapters.postgres.session import UniqueViolationError
from shared_lib.domain.currency import asset_of
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.swap import Abandoned, Exchange, Outcome, Swap, SwapState
from shared_lib.ports import SwapEventKind, Transaction
from tests.databases import WAIT_SECONDS, RecordingDatabase, together, wait_until_blocked
from tests.integration import domain_rows as make
from tests.integration.domain_rows import (
    DAY,
    FAILING,
    HUGE,
    NOW,
    WATCH,
    btc,
    eth,
)
from tests.integration.valid_rows import HASH

TERMS = make.terms(eth(10**18), btc(5_000_000))
EXCHANGE = Exchange("ex-1_aB", "0x" + "aB" * 20, btc(4_999_999), NOW + DAY)
QUOTED: dict[str, Any] = {"terms": TERMS}
CREATED = QUOTED | {"exchange": EXCHANGE}
FUNDED = CREATED | {"provider_status": "a word that we do not know"}
# What else a swap in this state has.
STAGES: dict[SwapState, dict[str, Any]] = {
    SwapState.QUOTING: {"watch": FAILING},
    SwapState.QUOTED: QUOTED,
    SwapState.CREATING: QUOTED | {"watch": FAILING},
    SwapState.CREATED: CREATED,
    SwapState.FUNDED: FUNDED,
    SwapState.FINISHED: FUNDED
    | {"outcome": Outcome(btc(4_999_998), "ünïcode — any chain's own hash"), "watch": None},
    SwapState.REFUNDED: FUNDED | {"outcome": Outcome(eth(10**18 + 1), HASH), "watch": None},
    SwapState.ABANDONED: {"abandoned": Abandoned.QUOTE_DEAD, "watch": None},
    SwapState.REVIEW: QUOTED | {"watch": None},
}
ENDED = {SwapState.ABANDONED, SwapState.REFUNDED}


def in_state(tx: Transaction, state: SwapState, **changes: Any) -> Swap:
    """A stored swap in this state."""
    return make.swap(tx, state=state, **(STAGES[state] | changes))


# ---- reading what was written --------------------------------------------------------------------


@pytest.mark.parametrize("state", SwapState)
def test_a_swap_is_read_as_saved_in_every_state(
    database: RecordingDatabase, state: SwapState
) -> None:
    with database.transaction() as tx:
        swap = in_state(tx, state)
        neighbour = make.swap(tx)
        assert tx.swaps.get(swap.id) == swap
        assert tx.swaps.lock(swap.id) == swap
        assert tx.swaps.get(neighbour.id) == neighbour


def test_a_swap_is_read_as_it_was_begun(database: RecordingDatabase) -> None:
    """Its destination is the owner's, with a memo where the coin has one."""
    target = PayoutTarget(asset_of("xrp:xrp"), "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "4294967295")
    with database.transaction() as tx:
        swap = make.unsaved_swap(tx, sold=eth(HUGE), target=target, watch=FAILING)
        tx.swaps.add(swap)
        assert tx.swaps.get(swap.id) == swap
        assert tx.swaps.lock_live(swap.payout_id) == swap


def test_a_swap_that_is_not_there_is_none(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        make.swap(tx)
        assert tx.swaps.get(uuid4()) is None
        assert tx.swaps.lock(uuid4()) is None
        assert tx.swaps.lock_live(uuid4()) is None


@pytest.mark.parametrize("sold", [1, 10**18, 2**63, 2**256 - 1, HUGE])
def test_no_amount_of_a_swap_is_rounded(database: RecordingDatabase, sold: int) -> None:
    """What was sold, its fee and its refund are in our coin, the rest is in the owner's.

    What came back may be more than was sent.
    """
    terms = make.terms(eth(sold), btc(sold))
    terms = replace(terms, market=btc(max(1, sold - 1)))
    exchange = replace(EXCHANGE, promised=btc(sold))
    amounts = {"sold": eth(sold), "terms": terms, "exchange": exchange}
    with database.transaction() as tx:
        finished = in_state(tx, SwapState.FINISHED, **amounts, outcome=Outcome(btc(sold), "a hash"))
        assert tx.swaps.get(finished.id) == finished
        elsewhere = replace(exchange, id="another", payin_address=make.TARGET.address)
        refunded = in_state(
            tx,
            SwapState.REFUNDED,
            **(amounts | {"exchange": elsewhere}),
            outcome=Outcome(eth(sold + 1), HASH),
        )
        assert tx.swaps.get(refunded.id) == refunded


def test_a_swap_may_bring_nothing(database: RecordingDatabase) -> None:
    """A provider may say so; that is not the same as saying nothing."""
    with database.transaction() as tx:
        swap = in_state(tx, SwapState.FINISHED, outcome=Outcome(btc(0), "a hash"))
        assert tx.swaps.get(swap.id) == swap


@pytest.mark.parametrize("reason", Abandoned)
@pytest.mark.parametrize("before", [{}, QUOTED, CREATED, FUNDED])
def test_an_abandoned_swap_keeps_what_it_had(
    database: RecordingDatabase, before: dict[str, Any], reason: Abandoned
) -> None:
    """An exchange that was given up is still known by its id."""
    with database.transaction() as tx:
        swap = in_state(tx, SwapState.ABANDONED, **before, abandoned=reason)
        assert tx.swaps.get(swap.id) == swap


def test_a_swap_goes_through_its_stages_in_one_row(database: RecordingDatabase) -> None:
    """Also back: a dead quote is forgotten, with every amount of it."""
    with database.transaction() as tx:
        swap = make.swap(tx)
        stages = [
            replace(swap.moved(SwapState.QUOTED, FAILING), terms=TERMS),
            swap,
            replace(swap, state=SwapState.CREATING, terms=TERMS),
            replace(swap, state=SwapState.CREATED, **CREATED),
            replace(swap, state=SwapState.FUNDED, **FUNDED),
            replace(swap, state=SwapState.FINISHED, **STAGES[SwapState.FINISHED]),
        ]
        for stage in stages:
            tx.swaps.save(stage)
            assert tx.swaps.get(swap.id) == stage


# ---- one swap at a time --------------------------------------------------------------------------


@pytest.mark.parametrize("state", SwapState)
def test_the_live_swap_of_a_payout_is_the_one_that_may_still_pay_it_or_has(
    database: RecordingDatabase, state: SwapState
) -> None:
    with database.transaction() as tx:
        swap = in_state(tx, state)
        make.swap(tx)
        expected = None if state in ENDED else swap
        assert tx.swaps.lock_live(swap.payout_id) == expected


def test_a_swap_that_ended_makes_room_for_the_next(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        payout_id = make.payout(tx).id
        refunded = make.refunded_swap(tx, payout_id=payout_id)
        abandoned = in_state(tx, SwapState.ABANDONED, payout_id=payout_id)
        live = make.swap(tx, payout_id=payout_id)
        assert tx.swaps.lock_live(payout_id) == live
        assert tx.swaps.get(refunded.id) == refunded
        assert tx.swaps.get(abandoned.id) == abandoned


@pytest.mark.parametrize("state", [state for state in SwapState if state not in ENDED])
def test_a_payout_with_a_live_swap_gets_no_other(
    database: RecordingDatabase, state: SwapState
) -> None:
    with database.transaction() as tx:
        payout_id = in_state(tx, state).payout_id
    with pytest.raises(UniqueViolationError, match="swaps_once"), database.transaction() as tx:
        make.swap(tx, payout_id=payout_id)


def test_of_two_swaps_begun_at_once_one_is_kept(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    with database.transaction() as tx:
        payout_id = make.payout(tx).id

    def begin() -> str:
        """The swap's id, or the rule that refuses it."""
        try:
            with database.transaction() as tx:
                return str(make.swap(tx, payout_id=payout_id).id)
        except UniqueViolationError as error:
            return str(error)

    answers = together(begin, begin)
    assert "swaps_once" in answers
    [[kept]] = owner_connection.run("SELECT id FROM swaps")
    assert {str(kept), "swaps_once"} == set(answers)


@pytest.mark.parametrize("how", ["lock", "lock_live"])
def test_a_locked_swap_is_not_changed_by_another(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, how: str
) -> None:
    """Whoever comes second sees what the first has made of it."""
    with database.transaction() as tx:
        swap = in_state(tx, SwapState.QUOTED)
    looked_up = swap.id if how == "lock" else swap.payout_id

    def look() -> Swap | None:
        with database.transaction() as tx:
            found: Swap | None = getattr(tx.swaps, how)(looked_up)
            return found

    with ThreadPoolExecutor(1) as threads:
        with database.transaction() as tx:
            assert getattr(tx.swaps, how)(looked_up) == swap
            second = threads.submit(look)
            wait_until_blocked(owner_connection)
            creating = swap.moved(SwapState.CREATING, WATCH)
            tx.swaps.save(creating)
        assert second.result(WAIT_SECONDS) == creating


# ---- once in the world ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exchange", "rule"),
    [
        (replace(EXCHANGE, payin_address=make.TARGET.address), "swaps_exchange_id_key"),
        (replace(EXCHANGE, id="another"), "swaps_payin_address_key"),
    ],
)
def test_an_exchange_is_adopted_by_one_swap(
    database: RecordingDatabase, exchange: Exchange, rule: str
) -> None:
    """Known by its id and by where it is paid; also one that was given up is taken."""
    with database.transaction() as tx:
        in_state(tx, SwapState.ABANDONED, **CREATED)
        swap = in_state(tx, SwapState.CREATING)
    created = replace(swap.moved(SwapState.CREATED, WATCH), exchange=exchange)
    with pytest.raises(UniqueViolationError, match=rule), database.transaction() as tx:
        tx.swaps.save(created)


def test_of_two_swaps_with_one_refund_at_once_one_takes_it(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        swaps = [make.funded_swap(tx), make.funded_swap(tx)]

    def take_back(swap: Swap) -> str | None:
        """The rule that refuses it."""
        refunded = replace(swap.moved(SwapState.REFUNDED, None), outcome=Outcome(eth(1), HASH))
        try:
            with database.transaction() as tx:
                tx.swaps.save(refunded)
        except UniqueViolationError as error:
            return str(error)
        return None

    answers = together(*(partial(take_back, swap) for swap in swaps))
    assert sorted(answers, key=str) == [None, "swaps_refund_hash_key"]


# ---- what was said -------------------------------------------------------------------------------


def kept(connection: pg8000.native.Connection, swap_id: UUID) -> list[list[Any]]:
    """Kind, words and time of all that is kept of a swap, in the order of its keeping."""
    return list(
        connection.run(
            "SELECT kind, body, occurred_at FROM swap_events WHERE swap_id = :id ORDER BY id",
            id=swap_id,
        )
    )


def test_what_is_said_about_a_swap_is_kept_word_for_word(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """Also what was said before, and what had happened earlier."""
    body = '{ "status":"ünïcode 📈",\n\t"amount": 0.10, "amount": 1e-7 }'
    with database.transaction() as tx:
        swap, other = make.swap(tx), make.swap(tx)
        for kind in SwapEventKind:
            tx.swaps.keep(swap.id, kind, body, NOW)
        tx.swaps.keep(swap.id, SwapEventKind.STATUS, body, NOW - DAY)
        tx.swaps.keep(other.id, SwapEventKind.ORPHAN, "", NOW)
    expected = [[kind.value, body, NOW] for kind in SwapEventKind]
    assert kept(owner_connection, swap.id) == [*expected, ["status", body, NOW - DAY]]
    assert kept(owner_connection, other.id) == [["orphan", "", NOW]]


def test_an_ended_swap_still_takes_what_is_said_about_it(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """An answer that came too late names an exchange that nobody will fund."""
    with database.transaction() as tx:
        swap = in_state(tx, SwapState.ABANDONED)
        tx.swaps.keep(swap.id, SwapEventKind.ORPHAN, "ex-2", NOW)
        assert tx.swaps.get(swap.id) == swap
    assert kept(owner_connection, swap.id) == [["orphan", "ex-2", NOW]]


def test_nothing_is_kept_of_a_swap_that_is_not_there(database: RecordingDatabase) -> None:
    with (
        pytest.raises(DatabaseError, match="swap_events_swap_id_fkey"),
        database.transaction() as tx,
    ):
        tx.swaps.keep(uuid4(), SwapEventKind.STATUS, "{}", NOW)
