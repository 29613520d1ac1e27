"""Deliver a notice to its person, at Telegram's pace."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shared_lib.domain.notice import NOTICE_EDGES, Notice, NoticeState
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.states import require_edge
from shared_lib.ports import (
    Lease,
    Leased,
    PermanentError,
    Ports,
    ProviderError,
    RecipientUnreachableError,
    Transaction,
    Watched,
)
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.messages import notice_message
from shared_lib.usecases.rates import Bucket, pause_after, telegram_slot
from shared_lib.usecases.setback import close_delays, put_off, review
from shared_lib.usecases.speaking import speech_for


def notify(ports: Ports, notice_id: UUID) -> None:
    """Send one notice. After a lost answer it is sent again: better twice than never."""
    with ports.database.transaction() as tx:
        lease = claim(ports, tx, Leased.NOTICE, notice_id)
        notice = tx.notices.get(notice_id)
        if notice is None or notice.state is not NoticeState.PENDING:
            tx.leases.release(lease)
            return
        speech = speech_for(ports, tx, notice.telegram_user_id)
    wait = telegram_slot(ports)
    if wait is not None:
        _wait(ports, lease, wait)
        return
    require_time(ports, lease)
    try:
        ports.messenger.send(notice.telegram_user_id, notice_message(notice, speech))
    except ProviderError as error:
        _remember_failure(ports, lease, notice, error)
        return
    with ports.database.transaction() as tx:
        require(tx, lease)
        _end(tx, notice, NoticeState.SENT)
        close_delays(ports, tx, Subject.NOTICE, notice.id)
        tx.leases.release(lease)


def _end(tx: Transaction, notice: Notice, state: NoticeState) -> None:
    fresh = tx.notices.lock(notice.id) or notice
    require_edge(NOTICE_EDGES, f"notice {fresh.id}", fresh.state, state)
    tx.notices.save(replace(fresh, state=state, watch=None))


def _wait(ports: Ports, lease: Lease, seconds: float) -> None:
    with ports.database.transaction() as tx:
        tx.watches.wait(Watched.NOTICE, lease.id, ports.clock.now() + timedelta(seconds=seconds))
        tx.leases.release(lease)


def _remember_failure(ports: Ports, lease: Lease, notice: Notice, error: ProviderError) -> None:
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        if isinstance(error, RecipientUnreachableError):
            tx.people.mark_blocked(notice.telegram_user_id, now)
        require(tx, lease)
        if isinstance(error, PermanentError):
            _end(tx, notice, NoticeState.UNDELIVERABLE)
            if not isinstance(error, RecipientUnreachableError):
                evidence = (("fact", str(error)),)
                review(
                    ports,
                    tx,
                    Finding(Subject.NOTICE, str(notice.id), Reason.REFUSED_BY_PROVIDER, evidence),
                )
        elif put_off(ports, tx, Watched.NOTICE, notice.id, error):
            _end(tx, notice, NoticeState.UNDELIVERABLE)
        pause_after(tx, Bucket.TELEGRAM, error, now)
        tx.leases.release(lease)
