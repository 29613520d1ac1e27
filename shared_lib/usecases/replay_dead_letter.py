"""Deliver a message again that failed too often, once its cause is gone."""

from uuid import UUID

from pydantic import ValidationError

from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.events import event_from_json
from shared_lib.ports import Ports
from shared_lib.usecases.auditing import audit


def replay_dead_letter(ports: Ports, letter_id: UUID, by: Operator) -> None:
    """Publish its event anew. The letter closes by itself when its item moves on.

    An event may come again at any time anyhow, so that replaying one twice is harmless. Raises
    ActionRefusedError where there is no such letter, or no event in it.
    """
    with ports.database.transaction() as tx:
        letter = tx.delivery.dead_letter(letter_id)
        if letter is None:
            raise ActionRefusedError("there is no such dead letter")
        try:
            event = event_from_json(letter.body.encode())
        except ValidationError:
            raise ActionRefusedError("there is no event in this dead letter") from None
        tx.outbox.add(event, ports.clock.now())
        subject = ("dead_letter", str(letter_id))
        audit(ports, tx, by, "replay_dead_letter", subject, event=event.type)
