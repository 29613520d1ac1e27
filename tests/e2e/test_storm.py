"""A hundred purchases at once while processes die; `make soak` plays a thousand."""

from collections.abc import Callable

import pytest

from tests.e2e.stage import Stage
from tests.e2e.storm import storm
from tests.sandbox.stack.plan import function_table
from tests.summary import STORM

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(900)]

PURCHASES, SEED, SECONDS_BETWEEN_KILLS = 100, 20_261_126, 1.5
KILLS_LEAST, FUNCTIONS_LEAST = 10, 5


def test_a_hundred_purchases_settle_while_processes_are_killed(
    scene: Stage, record_property: Callable[[str, object], None]
) -> None:
    """Whoever dies, everyone is inside and every owner is paid, once."""
    scene.wait_until_quiet()
    report = storm(scene, PURCHASES, SEED, SECONDS_BETWEEN_KILLS)
    for line in report.lines():
        record_property(STORM, line)
    assert report.kills.total() >= KILLS_LEAST
    assert len(report.kills.keys() & function_table()["functions"].keys()) >= FUNCTIONS_LEAST
