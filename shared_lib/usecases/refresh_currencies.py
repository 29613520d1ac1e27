"""Ask the swap provider which coins it sells, so that owners are offered no other."""

from shared_lib.ports import Ports, ProviderError
from shared_lib.usecases.rates import Bucket, pause_after, take_swap_calls

_TICK = "refresh_currencies"


def refresh_currencies(ports: Ports, slot: int) -> bool:
    """One run per tick slot; whether the provider answered.

    Until it does, what it said last stays in force, and `refreshed_at` says of when that is.
    """
    try:
        take_swap_calls(ports, 1)
        listings = ports.swaps.currencies()
    except ProviderError as error:
        with ports.database.transaction() as tx:
            pause_after(tx, Bucket.CHANGENOW, error, ports.clock.now())
        return False
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        if tx.delivery.start_tick(_TICK, slot, now):
            tx.currencies.refresh(listings, now)
    return True
