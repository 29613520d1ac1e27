"""A transfer: what forbids it, and how it moves on its nonce."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest

from shared_lib.domain.money import ETH, Money
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.domain.transfer import (
    ATTEMPTS_MOST,
    NONCES_IN_FLIGHT_MOST,
    Attempt,
    AttemptKind,
    Fees,
    QuoteFacts,
    Refusal,
    SendFacts,
    Transfer,
    TransferState,
    Wallet,
    outbid,
    refusal,
    wanted_replacement,
)
from shared_lib.domain.watch import Watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
OWNER = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
ZERO_ADDRESS = "0x" + "0" * 40
WALLET = Wallet(address="0xab", chain_id=1, next_nonce=5, frozen_because=None)
# Everything holds, and every limit is met exactly.
QUOTE = QuoteFacts(
    sold=1_000, seconds_left=600.0, seconds_least=600.0, is_near_market=True, is_waiting=True
)
DIRECT = SendFacts(
    sends_stopped=False,
    wallet=WALLET,
    chain_id=1,
    expected_chain_id=1,
    is_funded=False,
    has_wrong_share=False,
    has_refunded_payment=False,
    asset_id=ETH.id,
    owed_asset_id=ETH.id,
    sendable_assets=frozenset({ETH.id}),
    has_changed_target=False,
    destination=OWNER,
    expected_destination=OWNER,
    refused_destinations=frozenset({ZERO_ADDRESS, OTHER.lower()}),
    amount=1_000,
    expected_amount=1_000,
    cap=1_000,
    notional_cents=499,
    notional_cap_cents=499,
    payout_cents=499,
    day_room_cents=499,
    spendable=1_000,
    gas_worst_case=50,
    gas_available=50,
    quote=None,
)
FUNDING = replace(DIRECT, quote=QUOTE)
# For each reason a change of facts that breaks nothing else, in the order in which they are named.
NEVER_RIGHT: dict[Refusal, Mapping[str, Any]] = {
    Refusal.ALREADY_FUNDED: {"is_funded": True},
    Refusal.UNKNOWN_ASSET: {"sendable_assets": frozenset({"usdt:eth"})},
    Refusal.DESTINATION_REFUSED: {"refused_destinations": frozenset({OWNER.lower()})},
    Refusal.DESTINATION_DIFFERS: {"expected_destination": OTHER},
    Refusal.AMOUNT_DIFFERS: {"expected_amount": 999},
    Refusal.OVER_CAP: {"cap": 999},
    Refusal.OVER_NOTIONAL: {"notional_cap_cents": 498},
    Refusal.SHARE_DIFFERS: {"has_wrong_share": True},
}
ENDED: dict[Refusal, Mapping[str, Any]] = {
    Refusal.PAYMENT_REFUNDED: {"has_refunded_payment": True},
    Refusal.DESTINATION_CHANGED: {"has_changed_target": True},
    Refusal.OVER_DAY_CAP: {"day_room_cents": 498},
    Refusal.QUOTE_DEAD: {"seconds_left": 599.9},
    Refusal.QUOTE_OFF_MARKET: {"is_near_market": False},
    Refusal.EXCHANGE_NOT_WAITING: {"is_waiting": False},
}
PASSING: dict[Refusal, Mapping[str, Any]] = {
    Refusal.WRONG_CHAIN: {"chain_id": 11_155_111},
    Refusal.WALLET_FROZEN: {"wallet": replace(WALLET, frozen_because="a foreign nonce")},
    Refusal.SENDS_STOPPED: {"sends_stopped": True},
    Refusal.NOT_SPENDABLE: {"spendable": 999},
    Refusal.GAS_FLOAT_LOW: {"gas_available": 49},
}
BROKEN = {**NEVER_RIGHT, **ENDED, **PASSING}
ORDER = list(BROKEN)
OF_A_QUOTE = {Refusal.QUOTE_DEAD, Refusal.QUOTE_OFF_MARKET, Refusal.EXCHANGE_NOT_WAITING}
# The node alone finds this one, when it estimates the gas.
FOUND_OUTSIDE = {Refusal.WOULD_FAIL}


def broken(*reasons: Refusal) -> SendFacts:
    """The facts of a swap's funding with each of these reasons against it."""
    facts, quote = FUNDING, QUOTE
    for reason in reasons:
        if reason in OF_A_QUOTE:
            quote = replace(quote, **BROKEN[reason])
        else:
            facts = replace(facts, **BROKEN[reason])
    return replace(facts, quote=quote)


# ---- the checks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [DIRECT, FUNDING], ids=["direct", "funding"])
def test_a_transfer_that_breaks_nothing_may_be_sent(facts: SendFacts) -> None:
    assert refusal(facts) is None


@pytest.mark.parametrize("reason", BROKEN)
def test_each_single_broken_fact_is_refused_with_its_reason(reason: Refusal) -> None:
    assert refusal(broken(reason)) is reason


@pytest.mark.parametrize("reason", [one for one in BROKEN if one not in OF_A_QUOTE])
def test_a_direct_transfer_is_refused_for_the_same_reasons(reason: Refusal) -> None:
    assert refusal(replace(broken(reason), quote=None)) is reason


@pytest.mark.parametrize("reason", sorted(OF_A_QUOTE))
def test_a_direct_transfer_depends_on_no_quote(reason: Refusal) -> None:
    assert refusal(replace(broken(reason), quote=None)) is None


def test_the_node_the_wallet_and_the_setting_must_mean_the_same_chain() -> None:
    assert refusal(replace(DIRECT, expected_chain_id=5)) is Refusal.WRONG_CHAIN
    moved = replace(WALLET, chain_id=5)
    assert refusal(replace(DIRECT, wallet=moved, chain_id=5)) is Refusal.WRONG_CHAIN


def test_every_reason_has_its_fact() -> None:
    assert set(BROKEN) | FOUND_OUTSIDE == set(Refusal)
    assert not set(BROKEN) & FOUND_OUTSIDE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"destination": OTHER, "refused_destinations": frozenset()}, "differs"),
        ({"destination": OWNER.lower()}, "differs"),
        ({"expected_destination": OWNER.lower()}, "differs"),
        ({"expected_destination": ""}, "differs"),
        ({"has_changed_target": True}, "changed"),
        ({"has_changed_target": True, "expected_destination": OTHER}, "differs"),
        ({"destination": ZERO_ADDRESS}, "refused"),
        ({"destination": OTHER}, "refused"),
        ({"destination": OTHER, "expected_destination": OTHER}, "refused"),
    ],
)
def test_the_destination_is_the_expected_one_and_none_of_the_refused(
    changes: Mapping[str, Any], reason: str
) -> None:
    """Refused addresses are found in any spelling, even where one is what is expected."""
    for facts in (DIRECT, FUNDING):
        assert refusal(replace(facts, **changes)) == f"destination_{reason}"


@pytest.mark.parametrize(
    ("amount", "expected"), [(0, 0), (-1, -1), (1_000, 1_001), (1_000, 0), (999, 1_000)]
)
def test_the_amount_is_what_is_owed_and_something(amount: int, expected: int) -> None:
    facts = replace(DIRECT, amount=amount, expected_amount=expected)
    assert refusal(facts) is Refusal.AMOUNT_DIFFERS
    funding = replace(facts, quote=replace(QUOTE, sold=amount))
    assert refusal(funding) is Refusal.AMOUNT_DIFFERS


@pytest.mark.parametrize("sold", [999, 1_001, 0])
def test_an_exchange_is_funded_with_what_it_was_made_for_to_the_last_unit(sold: int) -> None:
    funding = replace(FUNDING, quote=replace(QUOTE, sold=sold))
    assert refusal(funding) is Refusal.AMOUNT_DIFFERS


@pytest.mark.parametrize(
    "changes",
    [
        {"asset_id": "usdt:eth", "sendable_assets": frozenset({ETH.id, "usdt:eth"})},
        {"owed_asset_id": "usdt:eth", "sendable_assets": frozenset({ETH.id, "usdt:eth"})},
        {"asset_id": "btc:btc", "owed_asset_id": "btc:btc"},
        {"sendable_assets": frozenset()},
    ],
)
def test_only_the_coin_that_is_owed_is_sent_and_only_if_we_can(changes: Mapping[str, Any]) -> None:
    assert refusal(replace(DIRECT, **changes)) is Refusal.UNKNOWN_ASSET


@pytest.mark.parametrize(
    ("seconds_left", "expected"),
    [(10**9, None), (600.0, None), (599.999, "quote_dead"), (0, "quote_dead"), (-1, "quote_dead")],
)
def test_a_promise_holds_long_enough_or_nothing_is_signed_for_it(
    seconds_left: float, expected: str | None
) -> None:
    quote = replace(QUOTE, seconds_left=seconds_left)
    assert refusal(replace(FUNDING, quote=quote)) == expected


def test_an_exchange_that_was_not_asked_again_is_taken_as_waiting() -> None:
    """Before signing only the chain is asked; the exchange was when this was authorised."""
    assert refusal(replace(FUNDING, quote=replace(QUOTE, is_waiting=None))) is None


@pytest.mark.parametrize(
    ("cents", "cap", "expected"),
    [(0, 0, None), (1, 0, "over_notional"), (500, 499, "over_notional")],
)
def test_shares_of_unknown_worth_carry_no_money_that_is_worth_something(
    cents: int, cap: int, expected: str | None
) -> None:
    facts = replace(DIRECT, notional_cents=cents, notional_cap_cents=cap)
    assert refusal(facts) == expected


def test_each_reason_has_one_of_three_ends() -> None:
    """It passes by itself, or the payout goes on along another way, or a person has to look."""
    passes = {reason for reason in Refusal if reason.may_pass}
    frees = {reason for reason in Refusal if reason.frees_shares}
    assert passes == set(PASSING) | FOUND_OUTSIDE
    assert frees == {
        Refusal.DESTINATION_CHANGED,
        Refusal.OVER_DAY_CAP,
        Refusal.QUOTE_DEAD,
        Refusal.EXCHANGE_NOT_WAITING,
    }
    assert set(Refusal) - passes - frees == {
        *NEVER_RIGHT,
        Refusal.PAYMENT_REFUNDED,
        Refusal.QUOTE_OFF_MARKET,
    }


@pytest.mark.parametrize(("one", "other"), list(combinations(BROKEN, 2)))
def test_of_two_reasons_the_one_that_lasts_longer_is_named(one: Refusal, other: Refusal) -> None:
    """What can never be right comes before what has ended, and that before what passes."""
    found = refusal(broken(one, other))
    assert found is min(one, other, key=ORDER.index)
    assert found.may_pass is (one.may_pass and other.may_pass)


@pytest.mark.parametrize("reason", ENDED)
def test_nothing_goes_another_way_that_can_never_be_right(reason: Refusal) -> None:
    """A payout whose destination changed forms anew by itself, but not with a wrong amount."""
    for wrong in NEVER_RIGHT:
        found = refusal(broken(reason, wrong, *PASSING))
        assert found is wrong
        assert not found.frees_shares


# ---- nonces and gas ------------------------------------------------------------------------------


@pytest.mark.parametrize(("mined", "is_free"), [(5, True), (4, True), (-10, True), (-11, False)])
def test_a_wallet_has_as_many_transactions_in_flight_as_a_node_keeps(
    mined: int, is_free: bool
) -> None:
    shift = 100
    wallet = replace(WALLET, next_nonce=WALLET.next_nonce + shift)
    assert NONCES_IN_FLIGHT_MOST == 16
    assert wallet.has_free_slot(mined + shift) is is_free


def test_gas_costs_at_most_its_limit_at_the_highest_price() -> None:
    fees = Fees(max_fee=30_000_000_000, max_priority_fee=1_000_000_000, gas_limit=21_000)
    assert fees.worst_case == 630_000_000_000_000


# ---- other bytes on the same nonce ---------------------------------------------------------------

GWEI = 10**9
SEND, BUMP, CANCEL = AttemptKind.SEND, AttemptKind.BUMP, AttemptKind.CANCEL


def attempts(*kinds: AttemptKind) -> list[Attempt]:
    fees = Fees(30 * GWEI, GWEI, 21_000)
    return [
        Attempt(UUID(int=number), UUID(int=1), kind, b"bytes", f"0x{number:064x}", fees, NOW)
        for number, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("held", "now", "expected"),
    [
        (Fees(100, 10, 21_000), Fees(1, 1, 50_000), Fees(110, 11, 50_000)),
        (Fees(100, 10, 50_000), Fees(110, 11, 21_000), Fees(110, 11, 21_000)),
        (Fees(100, 10, 21_000), Fees(111, 12, 21_000), Fees(111, 12, 21_000)),
        (Fees(100, 10, 21_000), Fees(500, 1, 21_000), Fees(500, 11, 21_000)),
        (Fees(101, 19, 21_000), Fees(0, 0, 21_000), Fees(112, 21, 21_000)),
        (Fees(1, 0, 21_000), Fees(0, 0, 21_000), Fees(2, 1, 21_000)),
        (Fees(10**30, 1, 21_000), Fees(0, 0, 21_000), Fees(11 * 10**29, 2, 21_000)),
    ],
)
def test_a_replacement_offers_a_tenth_more_of_both_fees_and_no_less_than_today(
    held: Fees, now: Fees, expected: Fees
) -> None:
    """A node compares both fees with those of the bytes that it holds; the gas is today's."""
    assert outbid(held, now) == expected


@pytest.mark.parametrize(
    ("kinds", "dying", "stuck", "expected"),
    [
        ((), False, False, None),
        ((), True, True, None),
        ((SEND,), False, False, None),
        ((SEND,), False, True, BUMP),
        ((SEND,), True, False, CANCEL),
        ((SEND,), True, True, CANCEL),
        ((SEND, BUMP), False, False, None),
        ((SEND, BUMP), False, True, BUMP),
        ((SEND, BUMP), True, False, CANCEL),
        ((SEND, CANCEL), False, False, None),
        ((SEND, CANCEL), True, False, None),
        ((SEND, CANCEL), False, True, CANCEL),
        ((SEND, CANCEL), True, True, CANCEL),
        ((SEND, BUMP, CANCEL, CANCEL), True, True, CANCEL),
        ((CANCEL,), False, False, None),
        ((CANCEL,), False, True, CANCEL),
    ],
)
def test_what_is_stuck_is_bumped_and_what_funds_a_dying_promise_is_cancelled(
    kinds: tuple[AttemptKind, ...], dying: bool, stuck: bool, expected: AttemptKind | None
) -> None:
    """Where a cancel is signed only cancels follow: no other bytes may come before it again."""
    wanted = wanted_replacement(attempts(*kinds), is_dying=dying, is_stuck=stuck)
    assert wanted is expected


def test_bytes_on_one_nonce_are_limited() -> None:
    below = attempts(SEND, *[BUMP] * (ATTEMPTS_MOST - 2))
    assert len(below) == 19
    assert wanted_replacement(below, is_dying=False, is_stuck=True) is BUMP
    full = attempts(SEND, *[BUMP] * (ATTEMPTS_MOST - 1))
    assert wanted_replacement(full, is_dying=False, is_stuck=True) is None


def test_a_dying_promise_gets_its_first_cancel_beyond_the_limit_and_no_second() -> None:
    """Money that arrives late may be lost, so that the limit does not hold up the one cancel."""
    full = attempts(SEND, *[BUMP] * (ATTEMPTS_MOST - 1))
    for stuck in (False, True):
        assert wanted_replacement(full, is_dying=True, is_stuck=stuck) is CANCEL
        beyond = attempts(SEND, *[BUMP] * (ATTEMPTS_MOST - 1), CANCEL)
        assert wanted_replacement(beyond, is_dying=True, is_stuck=stuck) is None


# ---- moving --------------------------------------------------------------------------------------

REQUESTED = Transfer(
    id=UUID(int=1),
    payout_id=UUID(int=2),
    wallet_address="0xab",
    amount=Money(1_000, ETH),
    destination=OWNER,
    state=TransferState.REQUESTED,
    created_at=NOW,
    watch=WATCH,
)
AUTHORIZED = replace(REQUESTED, state=TransferState.AUTHORIZED)


def test_a_nonce_is_taken_and_given_back_while_nothing_is_signed() -> None:
    signing = AUTHORIZED.on_nonce(5, WATCH)
    assert signing == replace(AUTHORIZED, state=TransferState.SIGNING, nonce=5)
    assert signing.without_nonce(WATCH) == AUTHORIZED


def test_a_nonce_is_never_given_back_once_bytes_exist() -> None:
    sent = AUTHORIZED.on_nonce(5, WATCH).moved(TransferState.SENT, WATCH)
    assert sent.nonce == 5
    for state in (sent, sent.moved(TransferState.MINED, WATCH)):
        with pytest.raises(TransitionRefusedError):
            state.without_nonce(WATCH)
        with pytest.raises(TransitionRefusedError):
            state.on_nonce(6, WATCH)


def test_nothing_is_signed_without_having_been_authorized() -> None:
    with pytest.raises(TransitionRefusedError, match="from requested to signing"):
        REQUESTED.on_nonce(5, WATCH)


def test_a_receipt_that_vanishes_makes_it_sent_again() -> None:
    sent = AUTHORIZED.on_nonce(5, WATCH).moved(TransferState.SENT, WATCH)
    assert sent.moved(TransferState.MINED, WATCH).moved(TransferState.SENT, WATCH) == sent


def test_bytes_may_be_with_the_network_while_sent_or_mined() -> None:
    broadcast = {state for state in TransferState if state.is_broadcast}
    assert broadcast == {TransferState.SENT, TransferState.MINED}


def test_a_sent_transfer_is_cancelled_by_the_chain_alone() -> None:
    """Before it has bytes it can be dropped; afterwards only a mined cancel ends it so."""
    for unsent in (REQUESTED, AUTHORIZED):
        assert unsent.moved(TransferState.CANCELLED, None).state is TransferState.CANCELLED
    signing = AUTHORIZED.on_nonce(5, WATCH)
    sent = signing.moved(TransferState.SENT, WATCH)
    for running in (signing, sent):
        with pytest.raises(TransitionRefusedError):
            running.moved(TransferState.CANCELLED, None)
    mined = sent.moved(TransferState.MINED, WATCH)
    assert mined.moved(TransferState.CANCELLED, None).nonce == 5


def test_a_transfer_pays_the_owner_unless_it_funds_a_swap() -> None:
    assert REQUESTED.swap_id is None
    assert REQUESTED.replacement is None
    assert not REQUESTED.fills_nonce


def test_what_is_to_be_signed_next_survives_a_move() -> None:
    """A filler of a nonce goes from *signing* to *sent* with its first bytes, a cancel's."""
    filler = replace(AUTHORIZED.on_nonce(5, WATCH), replacement=CANCEL, fills_nonce=True)
    sent = filler.moved(TransferState.SENT, WATCH)
    assert (sent.replacement, sent.fills_nonce, sent.nonce) == (CANCEL, True, 5)
