from tests.sandbox.pubsub.model import Backoff

# Without a retry policy Pub/Sub tries again soon, slowing down a little.
WITHOUT_POLICY = Backoff(minimum_seconds=0.1, maximum_seconds=1.0)
OVERRIDE_SPAN = 10
# A back-off of zero must not keep the processor busy with an endpoint that is gone.
FLOOR_SECONDS = 0.01


def effective(policy: Backoff | None, override_seconds: float | None) -> Backoff:
    """The back-off in force; an override replaces the minimum and caps the maximum to 10x of it."""
    given = policy or WITHOUT_POLICY
    if override_seconds is None:
        return given
    ceiling = min(given.maximum_seconds, override_seconds * OVERRIDE_SPAN)
    return Backoff(override_seconds, max(override_seconds, ceiling))


def delay_seconds(backoff: Backoff, failures: int) -> float:
    """How long to wait after so many failed deliveries: doubling from the minimum."""
    doublings = min(max(failures - 1, 0), 30)
    wait = min(backoff.maximum_seconds, backoff.minimum_seconds * 2.0**doublings)
    return max(FLOOR_SECONDS, wait)
