"""`make bench`: every benchmark within five minutes, or those that are named."""

import json
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import batch, due, imports, intake, latency, pipeline
from tests.bench.figures import Figure, missed, table
from tests.bench.market import Market
from tests.sandbox.scene import Scene
from tests.sandbox.stack.plan import PROJECT, Plan
from tests.sandbox.stack.run import running_stack

ONE_ETHER = 10**18
BUILD = PROJECT / "build"
_FOLDER = BUILD / "bench"


def _stack(folder: Path) -> list[Figure]:
    """All that takes the whole stack, on one."""
    with running_stack(Plan(folder, folder / "stack.json")) as stack, _scene(Scene(stack)) as scene:
        scene.top_up(ONE_ETHER)
        market = Market(scene)
        return [*latency.measure(scene, market), *pipeline.measure(scene, market)]


@contextmanager
def _scene(scene: Scene) -> Iterator[Scene]:
    try:
        yield scene
    finally:
        scene.close()


@dataclass(frozen=True)
class _Part:
    """What is measured together, and how long that may take on a machine that is busy."""

    measure: Callable[[Path], list[Figure]]
    most_seconds: int


# The stack comes last and has what the others left.
PARTS = {
    "intake": _Part(intake.measure, 50),
    "imports": _Part(imports.measure, 60),
    "due": _Part(due.measure, 45),
    "batch": _Part(batch.measure, 60),
    "stack": _Part(_stack, 230),
}
_ALL_SECONDS = 280  # of the five minutes; the rest is for stopping what was started


def main(names: list[str]) -> int:
    """Measure, print and write `build/bench.json`. A missed budget is a figure, not a failure."""
    signal.signal(signal.SIGALRM, _too_long)
    until = time.monotonic() + _ALL_SECONDS
    figures: list[Figure] = []
    broken = [name for name in names or PARTS if not _measure(name, figures, until)]
    _report(figures)
    for name in broken:
        print(f"BROKEN: {name}")
    return 1 if broken else 0


class TooLongError(Exception):
    """A part did not end in time. No TimeoutError: those are often waited out."""


def _too_long(*_: object) -> None:
    raise TooLongError


def _measure(name: str, figures: list[Figure], until: float) -> bool:
    """Add a part's figures; whether there are any."""
    began = time.monotonic()
    folder = _FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    signal.alarm(max(1, min(PARTS[name].most_seconds, int(until - began))))
    try:
        figures += PARTS[name].measure(folder)
    except Exception:  # noqa: BLE001 (what one part cannot do, the others may)
        traceback.print_exc()
        return False
    finally:
        signal.alarm(0)
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return True


def _report(figures: list[Figure]) -> None:
    print("", table(figures), "", sep="\n")
    for one in missed(figures):
        print(f"MISSED: {' '.join(one.cells()[:3])}")
    found = {"figures": [one.as_json() for one in figures]}
    (BUILD / "bench.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
