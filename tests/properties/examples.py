"""What the laws share: settings of Hypothesis, and strategies for money."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from shared_lib.domain.currency import ASSETS
from shared_lib.domain.money import Asset, Money

# The same examples in every run, however slow the machine: a law that fails here fails everywhere.
LAW = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# What the database's numeric(78, 0) holds.
BASE_UNITS_MOST = 10**78 - 1

known_assets = st.sampled_from(sorted(ASSETS.values(), key=lambda asset: asset.id))
any_assets = st.builds(Asset, st.just("coin"), st.just("net"), st.integers(0, 36))


def amounts_of(asset: Asset, least: int = 0) -> st.SearchStrategy[Money]:
    """Amounts that can be written with at most 40 digits before the point, and be stored."""
    most = min(BASE_UNITS_MOST, 10 ** (40 + asset.decimals) - 1)
    return st.builds(Money, st.integers(least, most), st.just(asset))


amounts = any_assets.flatmap(amounts_of)
