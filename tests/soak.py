"""Random histories for as long as there is time, a search for planted bugs, and a big storm.

    python -m tests.soak --minutes 10 --purchases 1000

Seven parts in ten of the time go to the product as it is, the rest to the product with a planted
bug in it. The storm comes last and takes what it takes; without purchases there is none.
"""

import argparse
import secrets
import subprocess
import sys

from tests.histories.replay import own_stage
from tests.histories.search import Searches
from tests.histories.soak import soak

PART_AS_IT_IS = 0.7


def main() -> int:
    """1 where anything was found in the product as it is."""
    parser = argparse.ArgumentParser(description="Look for trouble for as long as there is time.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--purchases", type=int, default=1_000)
    given = parser.parse_args()
    first_seed = secrets.randbelow(10**9) * 1_000
    with own_stage() as stage:
        if soak(stage, given.minutes * PART_AS_IT_IS, first_seed):
            return 1
        searches = Searches(stage, first_seed)
        searches.run(given.minutes * (1 - PART_AS_IT_IS))
        for line in searches.lines():
            print(line, flush=True)
    if not given.purchases:
        return 0
    storm = [sys.executable, "-m", "tests.e2e.storm", "--purchases", str(given.purchases)]
    return subprocess.run(storm, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
