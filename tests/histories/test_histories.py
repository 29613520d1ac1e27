"""Histories with seeds that are always the same, in parts that workers can share."""

import json
import os
from collections.abc import Callable

import pytest

from tests.histories.history import STEPS, Stage
from tests.histories.replay import told
from tests.histories.totals import Totals
from tests.summary import HISTORIES_PLAYED

# Other seeds can be given; `make soak` takes fresh ones.
FIRST_SEED = int(os.environ.get("HISTORY_SEED", "20261101"))
CHUNKS, HISTORIES = 50, 4

Record = Callable[[str, object], None]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("chunk", range(CHUNKS), ids=lambda chunk: f"chunk{chunk}")
def test_every_history_ends_with_the_books_in_order(
    chunk: int, stage: Stage, record_property: Record
) -> None:
    """Whatever happens, in whatever order, every invariant holds after every step."""
    totals = Totals()
    first = FIRST_SEED + chunk * HISTORIES
    for seed in range(first, first + HISTORIES):
        played = stage.play(seed)
        totals.add(played)
        if played.failure is not None:
            pytest.fail(told(stage.shrink(played)), pytrace=False)
    assert totals.steps == HISTORIES * STEPS
    seeds = [first, first + HISTORIES - 1]
    record_property(HISTORIES_PLAYED, json.dumps({"seeds": seeds, **vars(totals)}))
