"""Reports come repeated, late and in any order; the payment does not depend on that."""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import permutations, product

from hypothesis import given
from hypothesis import strategies as st

from shared_lib.domain.payment import PaymentStatus, Report, advanced, highest_status
from tests.properties.examples import LAW

REPORTED = [status for status in PaymentStatus if status is not PaymentStatus.REVIEW]
# The provider's order, written down once more: a swap of two lines in the enumeration shows here.
LOWEST_TO_HIGHEST = [
    "waiting",
    "confirming",
    "confirmed",
    "sending",
    "expired",
    "failed",
    "partially_paid",
    "finished",
    "refunded",
    "review",
]
UNKNOWN = ["", "FINISHED", "finished ", "review", "paid", "wrong_asset_confirmed", "hold", "🎉"]

words = st.sampled_from([*(status.value for status in REPORTED), *UNKNOWN]) | st.text(max_size=12)


def report(word: str) -> Report:
    return Report(provider_payment_id="5544332211", status=word)


def told(words_in_order: Sequence[str]) -> Iterator[PaymentStatus]:
    """The status after each report, applied as it comes: all reports so far are read each time."""
    status = PaymentStatus.WAITING
    for count in range(1, len(words_in_order) + 1):
        so_far = [report(word) for word in words_in_order[:count]]
        status = advanced(status, highest_status(so_far))
        yield status


def one_by_one(statuses: Sequence[PaymentStatus]) -> PaymentStatus:
    return reduce(advanced, statuses, PaymentStatus.WAITING)


def test_the_ranks_are_the_providers_order() -> None:
    assert sorted(PaymentStatus, key=lambda status: status.rank) == LOWEST_TO_HIGHEST


def test_all_orders_of_all_sets_of_up_to_five_statuses_end_alike() -> None:
    for length in range(6):
        for order in permutations(REPORTED, length):
            expected = max(order, key=lambda one: one.rank, default=PaymentStatus.WAITING)
            assert one_by_one(order) is expected


def test_two_neighbouring_reports_may_always_change_places() -> None:
    """From any state. Every order is made of such swaps, so orders of any length are covered."""
    for before, one, other in product(PaymentStatus, repeat=3):
        assert advanced(advanced(before, one), other) is advanced(advanced(before, other), one)


def test_a_repeated_report_changes_nothing() -> None:
    for before, reported in product(PaymentStatus, repeat=2):
        once = advanced(before, reported)
        assert advanced(once, reported) is once


def test_nothing_is_ever_downgraded() -> None:
    for before, reported in product(PaymentStatus, repeat=2):
        after = advanced(before, reported)
        assert after.rank >= before.rank
        assert after in (before, reported)


def test_only_a_refund_or_a_review_changes_what_is_finished() -> None:
    changing = {
        reported
        for reported in PaymentStatus
        if advanced(PaymentStatus.FINISHED, reported) is not PaymentStatus.FINISHED
    }
    assert changing == {PaymentStatus.REFUNDED, PaymentStatus.REVIEW}


def test_finished_wins_over_every_earlier_word() -> None:
    """A payment that was late, failed or short before it finished is finished."""
    for before in REPORTED:
        if before is not PaymentStatus.REFUNDED:
            assert advanced(before, PaymentStatus.FINISHED) is PaymentStatus.FINISHED


def test_what_a_person_reviews_is_not_moved_by_reports() -> None:
    for reported in PaymentStatus:
        assert advanced(PaymentStatus.REVIEW, reported) is PaymentStatus.REVIEW


@LAW
@given(st.lists(words, max_size=30).flatmap(lambda some: st.tuples(*[st.permutations(some)] * 2)))
def test_long_histories_with_repetitions_and_unknown_words_end_alike(
    orders: tuple[list[str], list[str]],
) -> None:
    one, other = orders
    assert highest_status(map(report, one)) is highest_status(map(report, other))
    assert list(told(one))[-1:] == list(told(other))[-1:]


@LAW
@given(st.lists(words, max_size=30))
def test_a_history_only_climbs_and_ends_at_its_highest_known_word(history: list[str]) -> None:
    path = list(told(history))
    known = [PaymentStatus(word) for word in history if word in LOWEST_TO_HIGHEST[:-1]]
    expected = max(known, key=lambda status: status.rank, default=PaymentStatus.WAITING)
    assert path == sorted(path, key=lambda status: status.rank)
    assert highest_status(map(report, history)) is expected
    assert not path or path[-1] is expected


@LAW
@given(st.lists(words, max_size=15), st.sampled_from(UNKNOWN), st.integers(0, 15))
def test_a_word_that_we_do_not_know_moves_nothing(
    history: list[str], word: str, position: int
) -> None:
    """*review* is a word of ours alone: a report that says it is not believed."""
    with_it = [*history[:position], word, *history[position:]]
    assert report(word).known_status is None
    assert highest_status(map(report, with_it)) is highest_status(map(report, history))
