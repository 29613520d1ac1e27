"""Drop what somebody has begun in the bot and not finished."""

from shared_lib.domain.notice import NoticeKind
from shared_lib.ports import DraftChangedError, Ports, ProviderError
from shared_lib.usecases.forms import drop_form, read_form
from shared_lib.usecases.keypads import drop_keypad, read_keypad
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.telling import tell


def cancel(ports: Ports, visit: Visit) -> None:
    """Drop a form, and an amount that is being typed; a donation that is confirmed stays."""
    with ports.database.transaction() as tx:
        tx.people.seen(visit.person, visit.now)
        if not tx.delivery.first_time(visit.key, visit.now):
            return
        # Both are dropped, whatever the first one says.
        dropped = [_drop_keypad(ports, visit.person.id), _drop_form(ports, visit.person.id)]
        kind = NoticeKind.CANCELLED if any(dropped) else NoticeKind.NOTHING_TO_CANCEL
        tell(ports, tx, visit.person.id, kind, visit.key, {})


def _drop_keypad(ports: Ports, telegram_user_id: int) -> bool:
    """Whether there was one. What cannot be reached now vanishes within a day."""
    try:
        drafted = read_keypad(ports, telegram_user_id)
        if drafted is None or drafted.keypad.is_confirmed:
            return False
        drop_keypad(ports, telegram_user_id, drafted)
    except (DraftChangedError, ProviderError):
        return False
    return True


def _drop_form(ports: Ports, telegram_user_id: int) -> bool:
    try:
        drafted = read_form(ports, telegram_user_id)
        if drafted is None:
            return False
        drop_form(ports, telegram_user_id, drafted)
    except (DraftChangedError, ProviderError):
        return False
    return True
