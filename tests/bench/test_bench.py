"""The arithmetic of the benchmarks. Nothing here is timed."""

import os

import pytest

from tests.bench.callbacks import reports, unknown_payment
from tests.bench.figures import (
    Figure,
    at_least,
    below,
    median_ratio,
    missed,
    percentile,
    table,
)
from tests.bench.load import content_length, request_bytes
from tests.bench.processor_time import Process, Usage, parse_stat, sum_trees
from tests.bench.rounds import repeated


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 10.0), (95, 19.0), (100, 20.0), (0, 1.0), (96, 20.0)]
)
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    values = [float(number) for number in range(20, 0, -1)]
    assert percentile(values, percent) == expected


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_a_ratio_is_taken_round_by_round() -> None:
    """The whole machine was slower in the last round; the ratio was the same."""
    assert median_ratio([40.0, 44.0, 4.0], [100.0, 110.0, 10.0]) == pytest.approx(0.4)


def test_rounds_come_in_pairs() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        median_ratio([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("rate", 8.0, "/s", at_least(8.0)), "ok"),
        (Figure("rate", 7.99, "/s", at_least(8.0)), "MISSED"),
        (Figure("time", 0.99, "s", below(1.0)), "ok"),
        (Figure("time", 1.0, "s", below(1.0)), "MISSED"),
        (Figure("time", 1.0, "s"), ""),
    ],
)
def test_a_figure_is_held_against_its_budget(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict
    assert missed([figure]) == ([figure] if verdict == "MISSED" else [])
    assert table([figure]).splitlines()[1].endswith(verdict)
    assert figure.as_json()["verdict"] == (verdict or None)


def test_columns_of_a_table_stand_below_their_headings() -> None:
    lines = table([Figure("a", 1.0, "s"), Figure("much longer", 1.0, "s")]).splitlines()
    assert {line.index(word) for line, word in zip(lines, ("value", "1", "1"), strict=True)} == {13}


def test_a_command_may_be_named_like_other_fields() -> None:
    line = "12 (a) b (c) S 7 1 1 0 -1 0 0 0 0 0 100 200 300 400 20 0 1 0"
    process = parse_stat(line)
    assert process.parent == 7
    assert process.seconds == 1000 / os.sysconf("SC_CLK_TCK")


def test_processes_count_with_all_that_they_started() -> None:
    found = {
        10: Process(1, 1.0),
        11: Process(10, 2.0),
        12: Process(11, 4.0),
        20: Process(1, 8.0),
    }
    assert sum_trees(found, {"a": 10, "b": 20, "gone": 30}) == {"a": 7.0, "b": 8.0, "gone": 0.0}


def test_what_is_not_ours_is_others() -> None:
    usage = Usage({"a": 1.0, "b": 2.0}, machine_seconds=3.0, clock_seconds=5.0)
    assert usage.total == 3.0
    assert usage.foreign_share == 0.0


def test_a_request_says_how_long_it_is() -> None:
    post = reports(unknown_payment(1), "secret")[-1]
    head, _, body = request_bytes("127.0.0.1", post).partition(b"\r\n\r\n")
    assert body == post.body
    assert content_length(head) == len(body)
    assert b'"payment_status":"finished"' in body


@pytest.mark.parametrize(("seconds", "rounds"), [(0.0, 1), (2.0, 1), (4.0, 2), (5.9, 2), (99.0, 5)])
def test_a_round_begins_only_if_it_would_end_in_time(seconds: float, rounds: int) -> None:
    """Each takes two seconds here."""
    now = [0.0]

    def once(number: int) -> int:
        now[0] += 2.0
        return number

    assert repeated(once, 5, seconds, lambda: now[0]) == list(range(rounds))
