"""What people and Telegram tell the bot about who is inside, and what people ask about it."""

from shared_lib.domain.membership import Membership
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import ChatRole
from shared_lib.domain.update import ChangeRights, LeaveChat
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.access import invite_again, keep, way_back
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.register_channel import RIGHTS_IN_CLOSED_CHAT, RIGHTS_IN_OPEN_CHAT
from shared_lib.usecases.telling import tell

MEMBERSHIPS_MOST = 10
_NEEDED = {ChatRole.OPEN: RIGHTS_IN_OPEN_CHAT, ChatRole.CLOSED: RIGHTS_IN_CLOSED_CHAT}


def note_departure(ports: Ports, tx: Transaction, telegram_user_id: int, left: LeaveChat) -> None:
    """Whoever is out is nobody for us to remove, should the owner let them in by hand later.

    What is older than our letting them in is about an earlier stay. Access itself is untouched.
    """
    channel_id = tx.channels.sold_by_chat(left.chat_id)
    known = tx.memberships.get(channel_id, telegram_user_id) if channel_id else None
    if known is None:
        return
    membership = tx.memberships.lock(known)
    is_ours = membership.let_in_at is not None and membership.let_in_at <= left.left_at
    if is_ours and not membership.is_being_removed(ports.clock.now()):
        keep(ports, tx, membership.out(None))


def tell_lost_rights(ports: Ports, tx: Transaction, change: ChangeRights) -> None:
    """The owner hears what the bot lacks, and how to mend it, once for each change."""
    found = tx.channels.of_chat(change.chat_id)
    if found is None:
        return
    channel_id, chat = found
    missing = [right for right in _NEEDED[chat.role] if right not in change.rights]
    owner = tx.channels.owner_of(channel_id)
    if missing and owner is not None:
        facts = {"channel": chat.title, "missing": ", ".join(missing)}
        key = f"{chat.chat_id}:{change.changed_at.isoformat()}"
        tell(ports, tx, owner, NoticeKind.RIGHTS_LOST, key, facts)


def show_access(ports: Ports, tx: Transaction, visit: Visit) -> None:
    """Everything that is or was open to a person, each with its way in or back."""
    memberships = tx.memberships.of_person(visit.person.id, MEMBERSHIPS_MOST)
    for known in memberships:
        membership = tx.memberships.lock(known)
        is_running = membership.may_enter(ports.clock.now())
        if is_running:
            invite_again(ports, tx, membership)
        _show(ports, tx, visit, membership, is_invited=is_running)
    if not memberships:
        tell(ports, tx, visit.person.id, NoticeKind.NO_ACCESS, visit.key, {})


def show_renewals(ports: Ports, tx: Transaction, visit: Visit) -> None:
    """Everything that is or was open to a person and that they can go on with."""
    memberships = tx.memberships.of_person(visit.person.id, MEMBERSHIPS_MOST)
    renewable = [one for one in memberships if way_back(tx, one)["renewal"] is not None]
    for membership in renewable:
        _show(ports, tx, visit, membership, is_invited=False)
    if not renewable:
        tell(ports, tx, visit.person.id, NoticeKind.NOTHING_TO_RENEW, visit.key, {})


def _show(
    ports: Ports, tx: Transaction, visit: Visit, membership: Membership, *, is_invited: bool
) -> None:
    is_running = membership.may_enter(ports.clock.now())
    ends_at = membership.access_ends_at
    facts = {
        "channel": tx.channels.closed_chat(membership.channel_id).title,
        "until": None if ends_at is None else ends_at.isoformat(),
        "is_running": 1 if is_running else None,
        "invited": 1 if is_invited else None,
        **way_back(tx, membership),
    }
    this = f"{visit.key}:{membership.id}"
    tell(ports, tx, membership.telegram_user_id, NoticeKind.ACCESS_STANDING, this, facts)
