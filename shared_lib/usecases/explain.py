"""Answer anybody who may know it: why it is so, what happens next, by when."""

from dataclasses import replace
from uuid import UUID

from shared_lib.domain.membership import MembershipState
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.domain.why import Explained, Standing, Viewer, Why, why
from shared_lib.ports import Ports, Transaction


def explain(ports: Ports, viewer: Viewer, kind: Explained, subject_id: UUID) -> Why:
    """Where a payment, payout or membership stands, as far as it concerns the viewer.

    Raises ActionRefusedError where there is no such thing, or it is none of the viewer's business.
    """
    with ports.database.transaction() as tx:
        answer = explained(ports, tx, viewer, kind, subject_id)
    if answer is None:
        raise ActionRefusedError(f"there is no such {kind.value}")
    return answer


def explained(
    ports: Ports, tx: Transaction, viewer: Viewer, kind: Explained, subject_id: UUID
) -> Why | None:
    """The same inside a transaction; None where there is nothing, or nothing of the viewer's."""
    standing = tx.standings.find(viewer, kind, subject_id)
    if standing is None:
        return None
    answer = why(_as_of_now(ports, standing))
    return answer if viewer.is_operator else replace(answer, actions=())


def _as_of_now(ports: Ports, standing: Standing) -> Standing:
    """Access whose time is over has ended, whether a tick has seen it or not."""
    is_active = standing.state == MembershipState.ACTIVE
    if is_active and standing.ends_at is not None and standing.ends_at <= ports.clock.now():
        return replace(standing, state=MembershipState.ENDED)
    return standing
