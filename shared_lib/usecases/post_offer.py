"""Post the offer into the open chat, or the donations' button into the closed one.

What stood there before is deleted first. A post whose answer was lost is not repeated: the message
may stand there, and nobody but the chat's owner can find it without its id. The owner is told, and
the next round posts as ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from shared_lib.domain.broadcast import Broadcast, BroadcastKind, Showcase
from shared_lib.domain.message import Message
from shared_lib.domain.notice import NoticeKind
from shared_lib.ports import (
    Lease,
    Leased,
    PermanentError,
    Ports,
    ProviderError,
    RetryableError,
    Transaction,
    UnknownOutcomeError,
)
from shared_lib.usecases.lease import claim, require, require_time
from shared_lib.usecases.messages import donate_button_message, offer_message
from shared_lib.usecases.rates import Bucket, pause_after, telegram_slot
from shared_lib.usecases.setback import after_failure
from shared_lib.usecases.speaking import speech_for
from shared_lib.usecases.telling import tell
from shared_lib.usecases.words.speech import Speech


@dataclass(frozen=True, slots=True)
class _Post:
    """What is posted of which channel, in which words."""

    broadcast: Broadcast
    showcase: Showcase
    speech: Speech

    def message(self, bot: str) -> Message:
        if self.broadcast.kind is BroadcastKind.OFFER:
            return offer_message(self.showcase, bot, self.speech)
        link_id = self.broadcast.link_id or ""
        return donate_button_message(self.showcase, link_id, bot, self.speech)


def post_offer(ports: Ports, broadcast_id: UUID) -> None:
    """Bring one broadcast in line with its channel, if it is due."""
    with ports.database.transaction() as tx:
        lease = claim(ports, tx, Leased.BROADCAST, broadcast_id)
        seen = tx.broadcasts.lock(broadcast_id)
        if seen is not None and seen.posting_since is not None:
            seen = _count_as_posted(ports, tx, seen)
        if seen is None or not seen.is_due(ports.clock.now()):
            tx.leases.release(lease)
            return
        showcase = tx.channels.showcase(seen.channel_id)
        # A chat has many readers: it speaks as its owner does.
        speech = speech_for(ports, tx, tx.channels.owner_of(seen.channel_id))
    try:
        _renew(ports, lease, _Post(seen, showcase, speech))
    except ProviderError as error:
        _remember_failure(ports, lease, error)


def _renew(ports: Ports, lease: Lease, post: _Post) -> None:
    seen, showcase = post.broadcast, post.showcase
    chat_id = showcase.chat_of(seen.kind).chat_id
    if seen.message_id is not None:
        _take_down(ports, lease, chat_id, seen.message_id)
    if not showcase.shows(seen.kind):
        _record(ports, lease, seen, lambda one: one.taken_down())
        return
    message = post.message(ports.messenger.username())
    _take_slot(ports)
    _record_beginning(ports, lease)
    require_time(ports, lease)
    message_id = ports.messenger.post(chat_id, message)
    _record(ports, lease, seen, lambda one: one.posted(message_id, ports.clock.now()))


def _take_down(ports: Ports, lease: Lease, chat_id: int, message_id: int) -> None:
    """Delete what stood there. What may not be deleted, as it is too old, is left."""
    _take_slot(ports)
    require_time(ports, lease)
    try:
        ports.messenger.delete_message(chat_id, message_id)
    except PermanentError:
        return


def _take_slot(ports: Ports) -> None:
    wait = telegram_slot(ports)
    if wait is not None:
        raise RetryableError("Telegram was written to too often", wait)


# ---- recording -----------------------------------------------------------------------------------


def _locked(tx: Transaction, lease: Lease) -> Broadcast:
    require(tx, lease)
    found = tx.broadcasts.lock(lease.id)
    if found is None:
        raise LookupError(f"broadcast {lease.id} is not there")
    return found


def _record_beginning(ports: Ports, lease: Lease) -> None:
    """Who comes after us, if we die, knows that it may have been posted."""
    with ports.database.transaction() as tx:
        tx.broadcasts.save(_locked(tx, lease).beginning(ports.clock.now()))


def _record(
    ports: Ports, lease: Lease, seen: Broadcast, change: Callable[[Broadcast], Broadcast]
) -> None:
    """Keep what was done. Who asked meanwhile asked for more than that."""
    with ports.database.transaction() as tx:
        fresh = _locked(tx, lease)
        done = change(fresh)
        if fresh.due_at is not None and fresh.due_at != seen.due_at:
            done = done.wanted(fresh.due_at)
        tx.broadcasts.save(done)
        tx.leases.release(lease)


def _count_as_posted(ports: Ports, tx: Transaction, unsure: Broadcast) -> Broadcast:
    """Nobody knows whether it stands there. Its owner looks; what was asked for since is done."""
    since = unsure.posting_since or ports.clock.now()
    done = unsure.posted(None, since)
    if unsure.due_at is not None and unsure.due_at > since:
        done = done.wanted(unsure.due_at)
    tx.broadcasts.save(done)
    _tell_owner(ports, tx, unsure, NoticeKind.POST_UNSURE, since.isoformat())
    return done


def _remember_failure(ports: Ports, lease: Lease, error: ProviderError) -> None:
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        failed = _locked(tx, lease)
        if isinstance(error, UnknownOutcomeError) and failed.posting_since is not None:
            _count_as_posted(ports, tx, failed)
        else:
            _put_off(ports, tx, failed, error)
        pause_after(tx, Bucket.TELEGRAM, error, now)
        tx.leases.release(lease)


def _put_off(ports: Ports, tx: Transaction, failed: Broadcast, error: ProviderError) -> None:
    """Try again later; only what the chat itself refuses counts against it."""
    now = ports.clock.now()
    next_at, since = after_failure(ports, error, failed.troubled_since)
    if not isinstance(error, PermanentError):
        tx.broadcasts.save(failed.put_off(next_at, since))
        return
    refused = failed.refused(now, next_at, since)
    tx.broadcasts.save(refused)
    if refused.paused_at is not None:
        key = now.isoformat()
        _tell_owner(ports, tx, refused, NoticeKind.POST_PAUSED, key, reason=str(error))


def _tell_owner(
    ports: Ports, tx: Transaction, broadcast: Broadcast, kind: NoticeKind, key: str, **facts: str
) -> None:
    owner = tx.channels.owner_of(broadcast.channel_id)
    if owner is None:
        return
    chat = tx.channels.showcase(broadcast.channel_id).chat_of(broadcast.kind)
    said = {"chat": chat.title, "what": broadcast.kind.value, **facts}
    tell(ports, tx, owner, kind, f"{broadcast.id}:{key}", said)
