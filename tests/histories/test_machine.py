"""The machine itself: it repeats, it shrinks, and two deliveries take turns."""

import pytest

from tests.histories.checks import Checks
from tests.histories.history import Stage, plan
from tests.histories.machine import RULES
from tests.histories.turns import TurnPoints, Turns
from tests.points import KilledError

SEED = 7
FEW = 120


def test_a_seed_plays_the_same_history_again(stage: Stage) -> None:
    """Steps, faults, messages and signed bytes are the same, to the last id."""
    first, second = stage.play(SEED, FEW), stage.play(SEED, FEW)
    assert first.failure is None
    assert first == second
    assert len(first.steps) == FEW
    assert first.mark != stage.play(SEED + 1, FEW).mark


def test_plans_hold_every_rule() -> None:
    """A history lacks some rules; a few of them have all."""
    planned = {step.rule.name for seed in range(20) for step in plan(seed)}
    assert planned == set(RULES)


def test_a_failure_shrinks_to_the_steps_that_it_needs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it needs two: the kill switch, and an offer that is opened while it is on."""

    def after_step(checks: Checks) -> None:
        orders = checks.machine.world.rows("SELECT id FROM orders")
        assert not (checks.machine.is_stopped and orders), f"{len(orders)} orders"

    monkeypatch.setattr(Checks, "after_step", after_step)
    failures = (stage.play(seed, FEW) for seed in range(100))
    failed = next(one for one in failures if one.kind)
    shrunk = stage.shrink(failed, FEW)
    assert failed.kind == shrunk.kind == "AssertionError: # orders"
    assert len(shrunk.steps) == 2 < len(failed.steps)
    only = [step.number for step in shrunk.steps]
    assert stage.play(failed.seed, FEW, only).kind == shrunk.kind


def test_two_acts_take_turns_at_their_points() -> None:
    """One point of the first, two of the second, then the rest of each; never in a transaction."""
    points, said = TurnPoints(), list[str]()

    def act(name: str) -> None:
        points.start()
        for number in range(3):
            said.append(f"{name}{number}")
            points.pass_by("before commit")
            points.pass_by(f"after {number}")
        assert points.passed.count("before commit") == 3

    turns = Turns(points, [1, 2], lambda: said.append("|"))
    turns.run(lambda: act("a"), lambda: act("b"))
    assert said == ["a0", "|", "b0", "b1", "|", "a1", "a2", "b2"]


def test_what_one_of_two_acts_raises_is_raised_when_both_have_ended() -> None:
    points, ended = TurnPoints(), list[str]()

    def dies() -> None:
        points.start(die_at=1)
        points.pass_by("one")
        points.pass_by("two")

    def lives() -> None:
        points.start()
        points.pass_by("one")
        points.pass_by("two")
        ended.append("lived")

    with pytest.raises(KilledError, match="two"):
        Turns(points, [1], lambda: None).run(dies, lives)
    assert ended == ["lived"]
