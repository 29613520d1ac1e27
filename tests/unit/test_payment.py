"""What single reports about a payment mean."""

import pytest

from shared_lib.domain.payment import (
    PaymentStatus,
    Report,
    advanced,
    highest_status,
    paid_times,
)


def report(status: str) -> Report:
    return Report(provider_payment_id="5544332211", status=status)


@pytest.mark.parametrize(
    "status", [one for one in PaymentStatus if one is not PaymentStatus.REVIEW]
)
def test_the_providers_words_are_known(status: PaymentStatus) -> None:
    assert report(status.value).known_status is status


@pytest.mark.parametrize("word", ["review", "", "FINISHED", "Finished", " finished", "paid", "🎉"])
def test_other_words_are_kept_and_not_known(word: str) -> None:
    """*review* is ours: no report can move a payment there."""
    unknown = report(word)
    assert unknown.known_status is None
    assert unknown.status == word


def test_without_a_known_report_a_payment_waits() -> None:
    assert highest_status([]) is PaymentStatus.WAITING
    assert highest_status([report("surprise")]) is PaymentStatus.WAITING


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("waiting confirming confirmed sending finished", PaymentStatus.FINISHED),
        ("finished sending waiting", PaymentStatus.FINISHED),
        ("expired finished", PaymentStatus.FINISHED),
        ("finished expired failed", PaymentStatus.FINISHED),
        ("partially_paid finished partially_paid", PaymentStatus.FINISHED),
        ("refunded finished", PaymentStatus.REFUNDED),
        ("waiting surprise confirming", PaymentStatus.CONFIRMING),
        ("failed expired", PaymentStatus.FAILED),
    ],
)
def test_the_highest_report_counts(words: str, expected: PaymentStatus) -> None:
    assert highest_status(map(report, words.split())) is expected


@pytest.mark.parametrize(
    ("before", "reported", "after"),
    [
        (PaymentStatus.WAITING, PaymentStatus.FINISHED, PaymentStatus.FINISHED),
        (PaymentStatus.EXPIRED, PaymentStatus.FINISHED, PaymentStatus.FINISHED),
        (PaymentStatus.EXPIRED, PaymentStatus.CONFIRMING, PaymentStatus.EXPIRED),
        (PaymentStatus.FINISHED, PaymentStatus.PARTIALLY_PAID, PaymentStatus.FINISHED),
        (PaymentStatus.FINISHED, PaymentStatus.REFUNDED, PaymentStatus.REFUNDED),
        (PaymentStatus.REFUNDED, PaymentStatus.FINISHED, PaymentStatus.REFUNDED),
        (PaymentStatus.REVIEW, PaymentStatus.FINISHED, PaymentStatus.REVIEW),
    ],
)
def test_a_later_report_wins_only_if_it_ranks_higher(
    before: PaymentStatus, reported: PaymentStatus, after: PaymentStatus
) -> None:
    assert advanced(before, reported) is after


def test_the_provider_is_awaited_only_until_it_has_said_how_it_ends() -> None:
    under_way = {status for status in PaymentStatus if status.is_under_way}
    assert under_way == {
        PaymentStatus.WAITING,
        PaymentStatus.CONFIRMING,
        PaymentStatus.CONFIRMED,
        PaymentStatus.SENDING,
    }


# ---- how much of what was asked ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "paid"), [(None, "1"), ("1", None), ("0", "1"), ("1", "0"), ("x", "1"), ("-1", "-2")]
)
def test_a_ratio_needs_two_amounts(asked: str | None, paid: str | None) -> None:
    assert paid_times(asked, paid) is None
