"""What an owner is told of a channel's money, each payment followed to where it went."""

from uuid import UUID

from shared_lib.domain.statement import Statement, line_of
from shared_lib.ports import Ports
from shared_lib.usecases.owning import require_owned


def read_statement(ports: Ports, account_id: UUID, channel_id: UUID) -> Statement:
    """The statement of one of the account's channels as of now.

    Raises ActionRefusedError where the channel is not there, or not theirs.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        require_owned(tx.channels.get(channel_id), account_id)
        rows = tx.statements.rows(account_id, channel_id)
    return Statement(channel_id, now, tuple(line_of(row) for row in rows))
