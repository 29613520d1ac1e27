"""How a use case tells a person something: a notice in its own transaction."""

from collections.abc import Mapping
from datetime import timedelta

from shared_lib.domain.notice import Notice, NoticeKind, NoticeState
from shared_lib.domain.watch import watch
from shared_lib.events import NoticeRequested
from shared_lib.ports import Ports, Transaction

_DEADLINE = timedelta(hours=24)


def tell(
    ports: Ports,
    tx: Transaction,
    telegram_user_id: int,
    kind: NoticeKind,
    key: str,
    facts: Mapping[str, str | int | None],
) -> None:
    """Say something once; `key` names what happened, so that repeating it says nothing."""
    now = ports.clock.now()
    notice = Notice(
        id=ports.ids.new(),
        key=f"{kind.value}:{key}",
        kind=kind,
        telegram_user_id=telegram_user_id,
        facts=facts,
        state=NoticeState.PENDING,
        created_at=now,
        watch=watch(now, wait_seconds=ports.policy.republish_seconds, deadline=_DEADLINE),
    )
    if tx.notices.add(notice):
        tx.outbox.add(NoticeRequested(notice_id=notice.id), now)
