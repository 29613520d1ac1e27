"""Play a history again by its seed.

python -m tests.histories.replay SEED                     all of its steps, then what it shrinks to
python -m tests.histories.replay SEED --only 3,17,20      some of them, by their numbers
python -m tests.histories.replay SEED --plant NAME        on code with a planted bug
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

from shared_lib.adapters.postgres.connect import connector
from tests.databases import Cleaner, migrated_databases
from tests.histories.history import SHRINK_SECONDS, STEPS, Played, Stage
from tests.histories.machine import Connections
from tests.planted.bugs import BUGS
from tests.planted.patching import OwnersKeys
from tests.sandbox.postgres import running_postgres

COMMAND = ".venv/bin/python -m tests.histories.replay"


@contextmanager
def own_stage() -> Iterator[Stage]:
    """A stage on a server of its own, gone with the end of the block."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres(Path(folder), durable=False) as server,
    ):
        databases = migrated_databases(server, "histories")
        with (
            closing(Cleaner(connector(databases.owner_url)())) as cleaner,
            closing(Connections(connector(databases.application_url))) as connections,
        ):
            yield Stage(cleaner, connections)


def planted(name: str | None, stage: Stage) -> AbstractContextManager[None]:
    """The product with a mistake in it until the end of the block. Raises SystemExit if unknown."""
    if name is None:
        return nullcontext()
    if name not in BUGS:
        raise SystemExit(f"no planted bug is called {name}; there are: {', '.join(sorted(BUGS))}")
    cleaner = stage.cleaner
    return BUGS[name].planted(OwnersKeys(cleaner._connection, cleaner.empty))


def told(played: Played, plant: str | None = None, steps: int = STEPS) -> str:
    """The failure of a history, the steps that led to it, and the command that repeats it."""
    only = ",".join(str(step.number) for step in played.steps)
    command = f"{COMMAND} {played.seed}"
    command += f" --plant {plant}" if plant else ""
    command += f" --steps {steps}" if steps != STEPS else ""
    lines = [
        played.failure or "",
        f"seed {played.seed}, {len(played.steps)} steps:",
        *map(str, played.steps),
        f"all of it:    {command}",
        f"these steps:  {command} --only {only}" if played.steps else "",
    ]
    return "\n".join(lines)


def main() -> int:
    """0 where the history ends well."""
    parser = argparse.ArgumentParser(description="Play a history again.")
    parser.add_argument("seed", type=int)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--only", help="numbers of steps, with commas between them")
    parser.add_argument("--plant", help="a bug of tests.planted")
    parser.add_argument("--shrink", type=float, default=SHRINK_SECONDS, help="seconds at most")
    given = parser.parse_args()
    only = [int(number) for number in given.only.split(",")] if given.only else None
    with own_stage() as stage, planted(given.plant, stage):
        played = stage.play(given.seed, given.steps, only)
        if played.failure is None:
            print(f"seed {given.seed}: {len(played.steps)} steps, and all is well")
            return 0
        if only is None:
            print("shrinking …", flush=True)
            played = stage.shrink(played, given.steps, given.shrink)
    print(told(played, given.plant, given.steps))
    return 1


if __name__ == "__main__":
    sys.exit(main())
