"""Transactions on PostgreSQL over a few kept connections."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pg8000.native
from pg8000.exceptions import DatabaseError

from shared_lib import ports
from shared_lib.adapters.postgres.broadcasts import PostgresBroadcasts
from shared_lib.adapters.postgres.channels import PostgresChannels
from shared_lib.adapters.postgres.credits import PostgresCredits
from shared_lib.adapters.postgres.currencies import PostgresCurrencies
from shared_lib.adapters.postgres.delivery import PostgresDelivery, PostgresOutbox
from shared_lib.adapters.postgres.invites import PostgresInvites, PostgresJoinRequests
from shared_lib.adapters.postgres.leases import PostgresLeases
from shared_lib.adapters.postgres.ledger import PostgresLedger
from shared_lib.adapters.postgres.memberships import PostgresMemberships
from shared_lib.adapters.postgres.notices import PostgresNotices
from shared_lib.adapters.postgres.operations import PostgresControls, PostgresReviews
from shared_lib.adapters.postgres.orders import PostgresOrders
from shared_lib.adapters.postgres.payments import PostgresPayments
from shared_lib.adapters.postgres.payouts import PostgresPayouts
from shared_lib.adapters.postgres.people import PostgresPeople
from shared_lib.adapters.postgres.session import Session, translated
from shared_lib.adapters.postgres.shares import PostgresShares
from shared_lib.adapters.postgres.standings import PostgresStandings
from shared_lib.adapters.postgres.statements import PostgresStatements
from shared_lib.adapters.postgres.swaps import PostgresSwaps
from shared_lib.adapters.postgres.transfers import PostgresTransfers
from shared_lib.adapters.postgres.wallets import PostgresWallets
from shared_lib.adapters.postgres.watches import PostgresWatches
from shared_lib.ports import DatabaseUnavailableError, OutboxRow, Transaction

Connect = Callable[[], pg8000.native.Connection]
Committed = Callable[[Sequence[OutboxRow]], None]

# By itself, without BEGIN and COMMIT, and without waiting for the disk: whoever delivered waits for
# this, and its loss would only repeat an event.
_FORGET = """
DELETE FROM outbox USING (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
WHERE id = ANY(CAST(:ids AS bigint[]))
"""


class PostgresTransaction:
    """The repositories of one open transaction."""

    def __init__(self, session: Session, outbox: PostgresOutbox) -> None:
        self.people: ports.People = PostgresPeople(session)
        self.channels: ports.Channels = PostgresChannels(session)
        self.broadcasts: ports.Broadcasts = PostgresBroadcasts(session)
        self.orders: ports.Orders = PostgresOrders(session)
        self.payments: ports.Payments = PostgresPayments(session)
        self.credits: ports.Credits = PostgresCredits(session)
        self.memberships: ports.Memberships = PostgresMemberships(session)
        self.invites: ports.Invites = PostgresInvites(session)
        self.join_requests: ports.JoinRequests = PostgresJoinRequests(session)
        self.shares: ports.Shares = PostgresShares(session)
        self.payouts: ports.Payouts = PostgresPayouts(session)
        self.swaps: ports.Swaps = PostgresSwaps(session)
        self.currencies: ports.Currencies = PostgresCurrencies(session)
        self.transfers: ports.Transfers = PostgresTransfers(session)
        self.wallets: ports.Wallets = PostgresWallets(session)
        self.ledger: ports.Ledger = PostgresLedger(session)
        self.statements: ports.Statements = PostgresStatements(session)
        self.standings: ports.Standings = PostgresStandings(session)
        self.notices: ports.Notices = PostgresNotices(session)
        self.reviews: ports.Reviews = PostgresReviews(session)
        self.controls: ports.Controls = PostgresControls(session)
        self.outbox: ports.Outbox = outbox
        self.delivery: ports.Delivery = PostgresDelivery(session)
        self.leases: ports.Leases = PostgresLeases(session)
        self.watches: ports.Watches = PostgresWatches(session)


class PostgresDatabase:
    """Implements the port `Database`.

    `committed` is told what each committed transaction wants published. Idle connections are kept
    and shared by the process's threads; a list's append and pop are atomic.
    """

    def __init__(self, connect: Connect, committed: Committed) -> None:
        self._connect = connect
        self._committed = committed
        self._idle: list[Session] = []

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit at the end of the block, roll back on any exception."""
        session = self._begin()
        try:
            outbox = PostgresOutbox(session)
            yield PostgresTransaction(session, outbox)
            session.simple("COMMIT")
        except BaseException:
            self._roll_back(session)
            raise
        self._idle.append(session)
        if outbox.added:
            self._committed(outbox.added)

    def forget_published(self, row_ids: Sequence[int]) -> None:
        """Delete rows of the outbox in a statement by itself."""
        session = self._kept() or self._opened()
        try:
            session.run(_FORGET, ids=list(row_ids))
        except BaseException:
            session.close()
            raise
        self._idle.append(session)

    def close(self) -> None:
        """End all idle connections."""
        while (session := self._kept()) is not None:
            session.close()

    def _begin(self) -> Session:
        """A session with an open transaction; a kept connection may have died meanwhile."""
        while (session := self._kept()) is not None:
            try:
                session.simple("BEGIN")
            except DatabaseUnavailableError:
                session.close()
            else:
                return session
        session = self._opened()
        try:
            session.simple("BEGIN")
        except DatabaseUnavailableError:
            session.close()
            raise
        return session

    def _opened(self) -> Session:
        """A new session."""
        try:
            with translated():
                return Session(self._connect())
        except DatabaseError as error:  # whatever the server's reason, it does not let us in
            raise DatabaseUnavailableError(str(error)) from error

    def _kept(self) -> Session | None:
        """An idle session, or None; another thread may take the last one first."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _roll_back(self, session: Session) -> None:
        """Keep the session for others, unless one cannot talk with it any more."""
        if not session.is_in_step:
            session.close()
            return
        try:
            session.simple("ROLLBACK")
        except DatabaseUnavailableError:
            session.close()
        else:
            self._idle.append(session)
