"""Take something off the list of what people have to look at."""

from uuid import UUID

from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.domain.review import Action, ReviewItem, Subject
from shared_lib.ports import Ports
from shared_lib.usecases.auditing import audit


def close_review_item(ports: Ports, item_id: UUID, by: Operator) -> None:
    """Close an item that only tells something, or a dead letter that nobody can use.

    An item with money or access behind it is refused: it closes when that moves on. Closing one
    twice changes nothing. Raises ActionRefusedError.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        item = tx.reviews.lock(item_id)
        if item is None:
            raise ActionRefusedError("there is no such review item")
        if item.closed_at is not None:
            return
        if Action.CLOSE_REVIEW_ITEM not in item.finding.actions:
            raise ActionRefusedError(f"{item.finding.reason.value} closes when its cause is gone")
        if item.finding.subject is Subject.DEAD_LETTER:
            tx.delivery.close_dead_letter(UUID(item.finding.subject_id), now)
        tx.reviews.close(item.finding.subject, item.finding.subject_id, item.finding.reason, now)
        audit(ports, tx, by, "close_review_item", ("review_item", str(item_id)), **_facts(item))


def _facts(item: ReviewItem) -> dict[str, str]:
    finding = item.finding
    return {"about": f"{finding.subject.value} {finding.subject_id}", "was": finding.reason.value}
