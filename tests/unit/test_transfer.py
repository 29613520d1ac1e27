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
    NONCES_IN_FLIGHT_MOST,
    Fees,
    Refusal,
    SendFacts,
    Transfer,
    TransferState,
    Wallet,
    refusal,
)
from shared_lib.domain.watch import Watch

NOW = datetime(2027, 3, 1, tzinfo=UTC)
WATCH = Watch(NOW, NOW + timedelta(days=1))
OWNER = "0x52908400098527886E0F7030069857D2E4169EE7"
OTHER = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
ZERO_ADDRESS = "0x" + "0" * 40
WALLET = Wallet(address="0xab", chain_id=1, next_nonce=5, frozen_because=None)
# Everything holds, and every limit is met exactly.
GOOD = SendFacts(
    sends_stopped=False,
    wallet=WALLET,
    chain_id=1,
    expected_chain_id=1,
    has_refunded_payment=False,
    asset_id=ETH.id,
    sendable_assets=frozenset({ETH.id}),
    frozen_destination=OWNER,
    current_destination=OWNER,
    transfer_destination=OWNER,
    refused_destinations=frozenset({ZERO_ADDRESS, OTHER.lower()}),
    amount=1_000,
    locked_amount=1_000,
    cap=1_000,
    spendable=1_000,
    gas_worst_case=50,
    gas_available=50,
)
# For each reason a change of facts that breaks nothing else.
BROKEN: dict[Refusal, Mapping[str, Any]] = {
    Refusal.UNKNOWN_ASSET: {"asset_id": "usdt:eth"},
    Refusal.DESTINATION_REFUSED: {"refused_destinations": frozenset({OWNER.lower()})},
    Refusal.DESTINATION_CHANGED: {"current_destination": OTHER},
    Refusal.AMOUNT_DIFFERS: {"locked_amount": 999},
    Refusal.OVER_CAP: {"cap": 999},
    Refusal.PAYMENT_REFUNDED: {"has_refunded_payment": True},
    Refusal.WRONG_CHAIN: {"chain_id": 11_155_111},
    Refusal.WALLET_FROZEN: {"wallet": replace(WALLET, frozen_because="a foreign nonce")},
    Refusal.SENDS_STOPPED: {"sends_stopped": True},
    Refusal.NOT_SPENDABLE: {"spendable": 999},
    Refusal.GAS_FLOAT_LOW: {"gas_available": 49},
}
MAY_PASS = {
    Refusal.SENDS_STOPPED,
    Refusal.WALLET_FROZEN,
    Refusal.WRONG_CHAIN,
    Refusal.NOT_SPENDABLE,
    Refusal.GAS_FLOAT_LOW,
}


# ---- the checks ----------------------------------------------------------------------------------


def test_a_transfer_that_breaks_nothing_may_be_sent() -> None:
    assert refusal(GOOD) is None


@pytest.mark.parametrize("reason", BROKEN)
def test_each_single_broken_fact_is_refused_with_its_reason(reason: Refusal) -> None:
    assert refusal(replace(GOOD, **BROKEN[reason])) is reason


def test_the_node_the_wallet_and_the_setting_must_mean_the_same_chain() -> None:
    assert refusal(replace(GOOD, expected_chain_id=5)) is Refusal.WRONG_CHAIN
    moved = replace(WALLET, chain_id=5)
    assert refusal(replace(GOOD, wallet=moved, chain_id=5)) is Refusal.WRONG_CHAIN


def test_every_reason_has_its_fact() -> None:
    assert set(BROKEN) == set(Refusal)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"transfer_destination": OTHER, "refused_destinations": frozenset()}, "changed"),
        ({"frozen_destination": OTHER}, "changed"),
        ({"current_destination": OWNER.lower()}, "changed"),
        ({"transfer_destination": ZERO_ADDRESS}, "refused"),
        ({"transfer_destination": OTHER}, "refused"),
    ],
)
def test_the_destination_is_the_same_in_all_three_places_and_none_of_the_refused(
    changes: Mapping[str, Any], reason: str
) -> None:
    """Refused addresses are found in any spelling."""
    assert refusal(replace(GOOD, **changes)) == f"destination_{reason}"


@pytest.mark.parametrize(
    ("amount", "locked"), [(0, 0), (-1, -1), (1_000, 1_001), (1_000, 0), (999, 1_000)]
)
def test_the_amount_is_the_sum_of_the_locked_shares_and_something(amount: int, locked: int) -> None:
    facts = replace(GOOD, amount=amount, locked_amount=locked)
    assert refusal(facts) is Refusal.AMOUNT_DIFFERS


def test_waiting_helps_only_where_no_person_is_needed() -> None:
    assert {reason for reason in Refusal if reason.may_pass} == MAY_PASS


@pytest.mark.parametrize(("one", "other"), list(combinations(BROKEN, 2)))
def test_what_needs_a_person_is_named_before_what_passes(one: Refusal, other: Refusal) -> None:
    found = refusal(replace(GOOD, **{**BROKEN[one], **BROKEN[other]}))
    assert found in (one, other)
    assert found is not None
    assert found.may_pass is (one.may_pass and other.may_pass)


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
