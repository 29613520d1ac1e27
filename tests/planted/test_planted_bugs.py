"""Every planted mistake is noticed, and by a rule: not because the patched code falls over."""

from collections.abc import Callable
from contextlib import closing, suppress

import pytest

from shared_lib.adapters.postgres.session import UniqueViolationError
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.ports import ProviderError
from tests.invariants import violations
from tests.planted.bugs import BUGS
from tests.planted.patching import Attribute, OwnersKeys, PlantedBug
from tests.planted.scenarios import SCENARIOS
from tests.planted.scenarios_of_threshold import THRESHOLD_SCENARIOS
from tests.planted.stage import BrokenError, Stage, sound
from tests.summary import CAUGHT

PLAYED = {**SCENARIOS, **THRESHOLD_SCENARIOS}
Fresh = Callable[[], Stage]
# What a delivery may die of with a mistake in it: guards of the product that stand behind it.
GUARDS = (UniqueViolationError, TransitionRefusedError, ProviderError)
STOPPED_BY_KEYS = sorted(name for name, bug in BUGS.items() if bug.keys)


@pytest.mark.parametrize("name", sorted(PLAYED))
def test_a_scenario_ends_well_without_a_mistake(name: str, fresh: Fresh) -> None:
    with closing(fresh()) as stage:
        PLAYED[name](stage)
        assert stage.crashes == []
        sound(stage)


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_planted_bug_is_caught(
    name: str, fresh: Fresh, keys: OwnersKeys, record_property: Callable[[str, object], None]
) -> None:
    """The scenario, which holds without the mistake, breaks a rule with it."""
    bug = BUGS[name]
    with bug.planted(keys):
        caught = _caught(bug, fresh())
    record_property(CAUGHT, f"{name:28} {caught}  [{bug.scenario}]")


def _caught(bug: PlantedBug, stage: Stage) -> str:
    """By which rule the mistake is noticed."""
    with closing(stage):
        with pytest.raises(BrokenError) as caught:
            PLAYED[bug.scenario](stage)
        strange = [crash for crash in stage.crashes if not isinstance(crash, GUARDS)]
        assert strange == [], "the mistake itself is broken"
    return "; ".join(caught.value.rules)


@pytest.mark.parametrize("name", STOPPED_BY_KEYS)
def test_the_databases_keys_alone_keep_the_money_right(name: str, fresh: Fresh) -> None:
    """With the mistake in the code and the keys in place a delivery dies, and no money is lost."""
    bug = BUGS[name]
    with bug.planted(), closing(fresh()) as stage:
        with suppress(BrokenError):  # what dies again and again may also be over by itself
            PLAYED[bug.scenario](stage)
        assert any(isinstance(crash, UniqueViolationError) for crash in stage.crashes)
        assert violations(stage) == []


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_mistake_is_gone_after_its_block(name: str) -> None:
    changed = [one for one in BUGS[name].changes if isinstance(one, Attribute)]
    right = [getattr(one.holder, one.name) for one in changed]
    with BUGS[name].planted():
        assert [getattr(one.holder, one.name) for one in changed] == [o.broken for o in changed]
    assert [getattr(one.holder, one.name) for one in changed] == right


def test_every_scenario_has_a_mistake_to_catch() -> None:
    """A scenario that no mistake needs would prove nothing."""
    assert {bug.scenario for bug in BUGS.values()} == set(PLAYED)
