"""Let in whoever has running access; turn away strangers who hold somebody's link."""

from dataclasses import dataclass, replace
from uuid import UUID

from shared_lib.domain.invite import InviteState, JoinRequest, JoinState, join_answer
from shared_lib.domain.membership import Membership
from shared_lib.ports import (
    JoinOutcome,
    Lease,
    Leased,
    Ports,
    ProviderError,
    Transaction,
    Watched,
)
from shared_lib.usecases.access import keep
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.rates import Bucket, pause_after
from shared_lib.usecases.setback import put_off


@dataclass(frozen=True, slots=True)
class _Case:
    """A request with all that decides about it."""

    request: JoinRequest
    membership: Membership | None
    answer: JoinState
    links: tuple[str, ...]


def answer_join_request(ports: Ports, join_request_id: UUID) -> None:
    """Answer once; a repeated answer finds the person inside already, or the request gone."""
    with ports.database.transaction() as tx:
        lease = claim(ports, tx, Leased.JOIN_REQUEST, join_request_id)
        request = tx.join_requests.get(join_request_id)
        if request is None or request.state is not JoinState.PENDING:
            tx.leases.release(lease)
            return
        case = _decide(ports, tx, request)
        if case.membership is not None and case.membership.is_being_removed(ports.clock.now()):
            # What is being removed just now would be removed after we let it in.
            _wait(ports, tx, lease, case.membership)
            return
    try:
        answer = _answer(ports, lease, case)
    except ProviderError as error:
        _remember_failure(ports, lease, error)
        return
    _record(ports, lease, case, answer)


def _wait(ports: Ports, tx: Transaction, lease: Lease, membership: Membership) -> None:
    next_at = membership.claimed_until or ports.clock.now()
    tx.watches.wait(Watched.JOIN_REQUEST, lease.id, next_at)
    tx.leases.release(lease)


def _decide(ports: Ports, tx: Transaction, request: JoinRequest) -> _Case:
    """What to answer; that we let somebody in is remembered before Telegram is told.

    If the answer is lost and access ends meanwhile, it is still known who came in through us.
    """
    now = ports.clock.now()
    channel_id = tx.channels.sold_by_chat(request.chat_id)
    membership = tx.memberships.get(channel_id, request.telegram_user_id) if channel_id else None
    may_enter = membership is not None and membership.may_enter(now)
    by_our_link = request.link_name is not None and tx.invites.is_ours(request.link_name)
    answer = join_answer(may_enter=may_enter, by_our_link=by_our_link)
    if membership is None or not may_enter or membership.is_being_removed(now):
        return _Case(request, membership, answer, ())
    _mark_let_in(ports, tx, membership)
    urls = tuple(one.link.url for one in tx.invites.lock_live(membership.id) if one.link)
    return _Case(request, membership, answer, urls)


def _mark_let_in(ports: Ports, tx: Transaction, known: Membership) -> None:
    """Anew each time: what Telegram says about an earlier stay does not concern this one."""
    membership = tx.memberships.lock(known)
    keep(ports, tx, replace(membership, let_in_at=ports.clock.now()))


def _answer(ports: Ports, lease: Lease, case: _Case) -> JoinState:
    """Tell Telegram, and make used links useless. Each call may be repeated."""
    chat_id, user_id = case.request.chat_id, case.request.telegram_user_id
    if case.answer is JoinState.IGNORED:
        return JoinState.IGNORED
    require_time(ports, lease)
    if case.answer is JoinState.DECLINED:
        ports.messenger.decline(chat_id, user_id)
        return JoinState.DECLINED
    outcome = ports.messenger.approve(chat_id, user_id)
    if outcome is JoinOutcome.NO_REQUEST and not ports.messenger.is_inside(chat_id, user_id):
        return JoinState.IGNORED  # withdrawn: there is nobody to let in, and the link stays good
    for url in case.links:
        require_time(ports, lease)
        ports.messenger.revoke_link(chat_id, url)
    return JoinState.APPROVED


def _record(ports: Ports, lease: Lease, case: _Case, answer: JoinState) -> None:
    with ports.database.transaction() as tx:
        require(tx, lease)
        if case.membership is not None and answer is JoinState.APPROVED:
            _use_invites(tx, case.membership)
        request = tx.join_requests.lock(lease.id)
        if request is not None and request.state is JoinState.PENDING:
            tx.join_requests.save(request.answered(answer))
        tx.leases.release(lease)


def _use_invites(tx: Transaction, known: Membership) -> None:
    membership = tx.memberships.lock(known)
    for invite in tx.invites.lock_live(membership.id):
        tx.invites.save(invite.moved(InviteState.USED, None))


def _remember_failure(ports: Ports, lease: Lease, error: ProviderError) -> None:
    with ports.database.transaction() as tx:
        require(tx, lease)
        if put_off(ports, tx, Watched.JOIN_REQUEST, lease.id, error):
            request = tx.join_requests.lock(lease.id)
            if request is not None:
                tx.join_requests.save(request.answered(JoinState.REVIEW))
        pause_after(tx, Bucket.TELEGRAM, error, ports.clock.now())
        tx.leases.release(lease)
