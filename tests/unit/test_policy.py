"""The numbers by which a deployment runs."""

from datetime import timedelta

import pytest

from shared_lib.domain.money import BASIS_POINTS, ETH, SETTLEMENT_ASSETS
from shared_lib.domain.offer import PRICE_CENTS_LEAST, PRICE_CENTS_MOST
from shared_lib.domain.policy import Policy
from shared_lib.domain.swap import DEPOSIT_MOST
from shared_lib.domain.transfer import NONCES_IN_FLIGHT_MOST


def test_the_defaults_are_productions() -> None:
    policy = Policy()
    assert (policy.call_seconds, policy.lease_seconds) == (20, 150)
    assert (policy.retry_floor_seconds, policy.outbox_grace_seconds) == (60, 10)
    assert (policy.payment_check_seconds, policy.payment_check_most_seconds) == (60, 3_600)
    assert policy.transfer_check_seconds == 15
    assert (policy.fee_bps, policy.price_cents_least) == (1_500, 499)
    assert policy.settlement_asset == ETH
    assert policy.order_lifetime == timedelta(days=7)


def test_what_can_be_settled_is_known_to_the_provider() -> None:
    written = [Policy.provider_currency(asset) for asset in SETTLEMENT_ASSETS]
    assert written == ["eth", "usdterc20"]


def test_the_defaults_of_swaps_are_productions() -> None:
    policy = Policy()
    assert (policy.swap_check_seconds, policy.payout_wait_seconds) == (60, 3_600)
    assert (policy.swap_sign_seconds_least, policy.swap_cancel_seconds) == (600, 300)
    assert (policy.swap_market_tolerance_bps, policy.notional_tolerance_bps) == (500, 500)
    assert (policy.payout_cost_most_bps, policy.transfer_cap) == (1_000, 10 * 10**18)
    assert policy.changenow_calls_per_second == 30
    assert policy.transfer_stuck_seconds == 180
    assert policy.usdt_contract is None


def test_a_promise_leaves_time_to_sign_and_signed_bytes_time_for_one_bump() -> None:
    """A rate is kept 20 min. What is signed with 10 left is bumped once before it is cancelled."""
    policy = Policy()
    assert policy.swap_sign_seconds_least < DEPOSIT_MOST.total_seconds()
    time_to_be_mined = policy.swap_sign_seconds_least - policy.swap_cancel_seconds
    assert time_to_be_mined > policy.transfer_stuck_seconds + policy.transfer_check_seconds
    assert policy.swap_cancel_seconds > policy.transfer_stuck_seconds


def test_a_share_with_our_fee_still_in_it_is_worth_more_than_is_tolerated() -> None:
    """The market's tolerance is smaller than the fee, so that gross is told from net."""
    policy = Policy()
    net_bps = BASIS_POINTS - policy.fee_bps
    assert net_bps * (BASIS_POINTS + policy.notional_tolerance_bps) < BASIS_POINTS**2


def test_a_lease_outlives_the_function_that_it_covers() -> None:
    """Two calls fit into a delivery of 45 s, a function runs 60 s, a message is ours for 120 s."""
    policy = Policy()
    assert policy.call_seconds * 2 < 45
    assert policy.lease_seconds > 120


def test_the_least_price_is_one_that_the_database_takes() -> None:
    assert PRICE_CENTS_LEAST <= Policy().price_cents_least <= PRICE_CENTS_MOST


def test_no_more_is_in_flight_than_a_node_keeps_of_one_account() -> None:
    assert NONCES_IN_FLIGHT_MOST == 16


@pytest.mark.parametrize(("lease_seconds", "rest_seconds"), [(150.0, 180.0), (6.0, 7.2)])
def test_a_published_item_rests_longer_than_a_lease_on_it(
    lease_seconds: float, rest_seconds: float
) -> None:
    policy = Policy(lease_seconds=lease_seconds)
    assert policy.republish_seconds == pytest.approx(rest_seconds)
    assert policy.republish_seconds > policy.lease_seconds


@pytest.mark.parametrize(("asked", "waits"), [(0, 60), (59.9, 60), (60, 60), (61, 61), (600, 600)])
def test_a_retry_waits_as_long_as_asked_and_never_less_than_the_floor(
    asked: float, waits: float
) -> None:
    assert Policy().retry_seconds(asked) == waits
