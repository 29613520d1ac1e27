"""What happens when something outside did not do what was asked.

Expected failures are counted on the row, which is looked at again later; the delivery itself
succeeds. After a day of nothing but failures a person is told, while we keep trying.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.watch import GIVE_UP_AFTER
from shared_lib.ports import (
    PermanentError,
    Ports,
    ProviderError,
    RetryableError,
    Transaction,
    Watched,
)

_SUBJECTS = {
    Watched.PAYMENT: Subject.PAYMENT,
    Watched.INVITE: Subject.INVITE,
    Watched.JOIN_REQUEST: Subject.JOIN_REQUEST,
    Watched.SHARE: Subject.SHARE,
    Watched.PAYOUT: Subject.PAYOUT,
    Watched.SWAP: Subject.SWAP,
    Watched.TRANSFER: Subject.TRANSFER,
    Watched.NOTICE: Subject.NOTICE,
    Watched.ORDER: Subject.ORDER,
    Watched.DEAD_LETTER: Subject.DEAD_LETTER,
    Watched.MEMBERSHIP: Subject.MEMBERSHIP,
}
LONGEST_PAUSE_SECONDS = 3_600.0


def subject_of(kind: Watched) -> Subject:
    """What a review item calls a row of this table."""
    return _SUBJECTS[kind]


def put_off(
    ports: Ports, tx: Transaction, kind: Watched, row_id: UUID, error: ProviderError | str
) -> bool:
    """Count a failure and look again later; whether there was nothing else for a whole day.

    The pause is as long as the trouble has lasted, which doubles it each time, up to an hour; it
    is never shorter than the provider asked for.
    """
    now = ports.clock.now()
    next_at, began = after_failure(ports, error, tx.watches.failing_since(kind, row_id))
    tx.watches.failed(kind, row_id, now, next_at)
    return tell_after_a_day(ports, tx, subject_of(kind), row_id, error, began)


def tell_after_a_day(
    ports: Ports,
    tx: Transaction,
    subject: Subject,
    row_id: UUID,
    error: ProviderError | str,
    began: datetime,
) -> bool:
    """Show a run of failures that has lasted a whole day to a person; whether it has."""
    if ports.clock.now() - began < GIVE_UP_AFTER:
        return False
    evidence = (("last_failure", str(error)), ("failing_since", began.isoformat()))
    review(ports, tx, Finding(subject, str(row_id), Reason.FAILING_FOR_A_DAY, evidence))
    return True


def after_failure(
    ports: Ports, error: ProviderError | str, failing_since: datetime | None
) -> tuple[datetime, datetime]:
    """When to look again, and when this run of failures began."""
    now = ports.clock.now()
    asked = error.after_seconds if isinstance(error, RetryableError) else 0.0
    began = failing_since or now
    trouble_seconds = (now - began).total_seconds()
    pause = max(ports.policy.retry_seconds(asked), min(trouble_seconds, LONGEST_PAUSE_SECONDS))
    return now + timedelta(seconds=pause), began


def trouble(
    ports: Ports, tx: Transaction, kind: Watched, row_id: UUID, error: ProviderError
) -> None:
    """Count a failure; a person sees at once what will not pass by itself."""
    put_off(ports, tx, kind, row_id, error)
    if isinstance(error, PermanentError):
        evidence = (("fact", str(error)),)
        finding = Finding(subject_of(kind), str(row_id), Reason.REFUSED_BY_PROVIDER, evidence)
        review(ports, tx, finding)


def review(ports: Ports, tx: Transaction, finding: Finding) -> None:
    """Show a finding to a person, once."""
    tx.reviews.open(finding, ports.ids.new(), ports.clock.now())


def close_delays(ports: Ports, tx: Transaction, subject: Subject, row_id: UUID) -> None:
    """What took so long has happened: nobody has to look at it any more."""
    for reason in (Reason.OVERDUE, Reason.FAILING_FOR_A_DAY):
        tx.reviews.close(subject, str(row_id), reason, ports.clock.now())


def close_findings(
    ports: Ports,
    tx: Transaction,
    subject: Subject,
    subject_id: str,
    besides: Iterable[Reason] = (),
) -> list[str]:
    """Close all that is open about a subject, besides these: a person has seen it.

    Returns the reasons that were.
    """
    now, kept = ports.clock.now(), frozenset(besides)
    reasons = (reason for reason in Reason if reason not in kept)
    return [one.value for one in reasons if tx.reviews.close(subject, subject_id, one, now)]
