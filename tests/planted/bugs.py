"""All planted mistakes, by name: `with BUGS["dust_lost"].planted(): ...`.

Each takes away one guard at run time. Where guards stand behind each other, a mistake takes away
all that it has to get past; unique keys of the database are named in its `keys`.
"""

from tests.planted.bugs_of_access import ACCESS_BUGS
from tests.planted.bugs_of_money import MONEY_BUGS
from tests.planted.bugs_of_swaps import SWAP_BUGS
from tests.planted.bugs_of_threshold import THRESHOLD_BUGS
from tests.planted.patching import PlantedBug

BUGS: dict[str, PlantedBug] = {**ACCESS_BUGS, **MONEY_BUGS, **SWAP_BUGS, **THRESHOLD_BUGS}
