"""Invites, and the requests to join that come by their links or by others."""

from uuid import UUID

from shared_lib.adapters.postgres.rows import (
    WATCH_ASSIGNMENTS,
    WATCH_COLUMNS,
    WATCH_VALUES,
    watch_from,
    watch_values,
)
from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.invite import Invite, InviteState, JoinRequest, JoinState, Link

_COLUMNS = f"""
id, payment_id, order_id, membership_id, name, state, link, link_expires_at, already_inside,
is_again, created_at, {WATCH_COLUMNS}
"""

_ADD = f"""
INSERT INTO invites ({_COLUMNS})
VALUES (:id, :payment_id, :order_id, :membership_id, :name, :state, :link, :link_expires_at,
        :already_inside, :is_again, :created_at, {WATCH_VALUES})
"""

_SAVE = f"""
UPDATE invites
SET state = :state, link = :link, link_expires_at = :link_expires_at,
    already_inside = :already_inside, {WATCH_ASSIGNMENTS}
WHERE id = :id
"""

_RECIPIENT = """
SELECT m.channel_id, m.telegram_user_id
FROM invites i JOIN memberships m ON m.id = i.membership_id WHERE i.id = :id
"""


class PostgresInvites:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, invite: Invite) -> None:
        self._session.run(
            _ADD,
            id=invite.id,
            payment_id=invite.payment_id,
            order_id=invite.order_id,
            membership_id=invite.membership_id,
            name=invite.name,
            state=invite.state,
            link=invite.link.url if invite.link else None,
            link_expires_at=invite.link.expires_at if invite.link else None,
            already_inside=invite.already_inside,
            is_again=invite.is_again,
            created_at=invite.created_at,
            **watch_values(invite.watch),
        )

    def get(self, invite_id: UUID) -> Invite | None:
        row = self._session.row(f"SELECT {_COLUMNS} FROM invites WHERE id = :id", id=invite_id)
        return _invite_from(row) if row else None

    def lock(self, invite_id: UUID) -> Invite | None:
        row = self._session.row(
            f"SELECT {_COLUMNS} FROM invites WHERE id = :id FOR UPDATE", id=invite_id
        )
        return _invite_from(row) if row else None

    def save(self, invite: Invite) -> None:
        self._session.run(
            _SAVE,
            id=invite.id,
            state=invite.state,
            link=invite.link.url if invite.link else None,
            link_expires_at=invite.link.expires_at if invite.link else None,
            already_inside=invite.already_inside,
            **watch_values(invite.watch),
        )

    def is_any_creating(self, membership_id: UUID) -> bool:
        return self._session.did(
            "SELECT id FROM invites WHERE membership_id = :id AND state = 'creating' LIMIT 1",
            id=membership_id,
        )

    def has_live(self, order_id: UUID) -> bool:
        return self._session.did(
            "SELECT id FROM invites WHERE order_id = :id AND state IN ('creating', 'live')",
            id=order_id,
        )

    def is_ours(self, link_name: str) -> bool:
        return self._session.did("SELECT id FROM invites WHERE name = :name", name=link_name)

    def lock_live(self, membership_id: UUID) -> list[Invite]:
        rows = self._session.rows(
            f"SELECT {_COLUMNS} FROM invites WHERE membership_id = :id AND state = 'live' "
            "ORDER BY id FOR UPDATE",
            id=membership_id,
        )
        return [_invite_from(row) for row in rows]

    def recipient(self, invite_id: UUID) -> tuple[UUID, int]:
        row = self._session.row(_RECIPIENT, id=invite_id)
        if row is None:
            raise LookupError(f"no invite {invite_id}")
        return row["channel_id"], int(row["telegram_user_id"])


def _invite_from(row: Row) -> Invite:
    return Invite(
        id=row["id"],
        payment_id=row["payment_id"],
        order_id=row["order_id"],
        membership_id=row["membership_id"],
        name=row["name"],
        state=InviteState(row["state"]),
        created_at=row["created_at"],
        watch=watch_from(row),
        link=Link(row["link"], row["link_expires_at"]) if row["link"] else None,
        already_inside=row["already_inside"],
        is_again=row["is_again"],
    )


_REQUEST = f"id, chat_id, telegram_user_id, link_name, requested_at, state, {WATCH_COLUMNS}"

_ADD_REQUEST = f"""
INSERT INTO join_requests ({_REQUEST})
VALUES (:id, :chat_id, :telegram_user_id, :link_name, :requested_at, :state, {WATCH_VALUES})
ON CONFLICT (chat_id, telegram_user_id, requested_at) DO NOTHING
RETURNING id
"""


class PostgresJoinRequests:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, request: JoinRequest) -> bool:
        return self._session.did(
            _ADD_REQUEST,
            id=request.id,
            chat_id=request.chat_id,
            telegram_user_id=request.telegram_user_id,
            link_name=request.link_name,
            requested_at=request.requested_at,
            state=request.state,
            **watch_values(request.watch),
        )

    def get(self, request_id: UUID) -> JoinRequest | None:
        return _request_from(
            self._session.row(f"SELECT {_REQUEST} FROM join_requests WHERE id = :id", id=request_id)
        )

    def lock(self, request_id: UUID) -> JoinRequest | None:
        return _request_from(
            self._session.row(
                f"SELECT {_REQUEST} FROM join_requests WHERE id = :id FOR UPDATE", id=request_id
            )
        )

    def save(self, request: JoinRequest) -> None:
        self._session.run(
            f"UPDATE join_requests SET state = :state, {WATCH_ASSIGNMENTS} WHERE id = :id",
            id=request.id,
            state=request.state,
            **watch_values(request.watch),
        )


def _request_from(row: Row | None) -> JoinRequest | None:
    if row is None:
        return None
    return JoinRequest(
        id=row["id"],
        chat_id=int(row["chat_id"]),
        telegram_user_id=int(row["telegram_user_id"]),
        link_name=row["link_name"],
        requested_at=row["requested_at"],
        state=JoinState(row["state"]),
        watch=watch_from(row),
    )
