"""People in Telegram, and the accounts of owners among them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Session
from shared_lib.domain.account import OwnerAccount, TokenPurpose
from shared_lib.domain.language import Language, Manners
from shared_lib.ports import Person

_SEEN = """
INSERT INTO telegram_users (id, first_name, username, language_code, created_at, updated_at)
VALUES (:id, :first_name, :username, :language_code, :now, :now)
ON CONFLICT (id) DO UPDATE
SET first_name = :first_name, username = :username, language_code = :language_code,
    blocked_at = NULL, updated_at = :now
"""


class PostgresPeople:
    def __init__(self, session: Session) -> None:
        self._session = session

    def seen(self, person: Person, now: datetime) -> None:
        self._session.run(
            _SEEN,
            id=person.id,
            first_name=person.first_name,
            username=person.username,
            language_code=person.language_code,
            now=now,
        )

    def mark_blocked(self, telegram_user_id: int, now: datetime) -> None:
        self._session.run(
            "UPDATE telegram_users SET blocked_at = :now, updated_at = :now WHERE id = :id",
            id=telegram_user_id,
            now=now,
        )

    def is_known(self, telegram_user_id: int) -> bool:
        return self._session.did(
            "SELECT id FROM telegram_users WHERE id = :id", id=telegram_user_id
        )

    def add_unseen(self, telegram_user_id: int, now: datetime) -> None:
        self._session.run(
            "INSERT INTO telegram_users (id, first_name, created_at, updated_at) "
            "VALUES (:id, '', :now, :now) ON CONFLICT (id) DO NOTHING",
            id=telegram_user_id,
            now=now,
        )

    def manners(self, telegram_user_id: int) -> Manners:
        row = self._session.row(
            "SELECT language_code, chosen_language, time_zone FROM telegram_users WHERE id = :id",
            id=telegram_user_id,
        )
        if row is None:
            return Manners()
        chosen = Language(row["chosen_language"]) if row["chosen_language"] else None
        return Manners(row["language_code"], chosen, row["time_zone"])

    def save_manners(self, telegram_user_id: int, manners: Manners, now: datetime) -> None:
        self._session.run(
            "UPDATE telegram_users SET chosen_language = :language, time_zone = :time_zone, "
            "updated_at = :now WHERE id = :id",
            id=telegram_user_id,
            language=manners.language,
            time_zone=manners.time_zone,
            now=now,
        )

    def wants_news(self, telegram_user_id: int) -> bool:
        return self._session.did(
            "SELECT id FROM accounts WHERE telegram_user_id = :id AND wants_news",
            id=telegram_user_id,
        )

    def want_news(self, telegram_user_id: int, *, wanted: bool) -> None:
        self._session.run(
            "UPDATE accounts SET wants_news = :wanted WHERE telegram_user_id = :id",
            id=telegram_user_id,
            wanted=wanted,
        )

    def lock_accounts(self, ids: Sequence[UUID]) -> list[OwnerAccount]:
        rows = self._session.rows(
            "SELECT id, telegram_user_id, email FROM accounts "
            "WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE",
            ids=[str(one) for one in ids],
        )
        return [OwnerAccount(row["id"], row["telegram_user_id"], row["email"]) for row in rows]

    def add_token(
        self,
        digest: bytes,
        purpose: TokenPurpose,
        account_id: UUID,
        now: datetime,
        expires_at: datetime,
    ) -> None:
        self._session.run(
            "UPDATE one_time_tokens SET used_at = :now "
            "WHERE account_id = :account_id AND purpose = :purpose AND used_at IS NULL",
            account_id=account_id,
            purpose=purpose,
            now=now,
        )
        self._session.run(
            "INSERT INTO one_time_tokens (digest, purpose, account_id, created_at, expires_at) "
            "VALUES (:digest, :purpose, :account_id, :now, :expires_at)",
            digest=digest,
            purpose=purpose,
            account_id=account_id,
            now=now,
            expires_at=expires_at,
        )

    def token_account(self, digest: bytes, purpose: TokenPurpose, now: datetime) -> UUID | None:
        row = self._session.row(
            "SELECT account_id FROM one_time_tokens WHERE digest = :digest "
            "AND purpose = :purpose AND used_at IS NULL AND expires_at > :now",
            digest=digest,
            purpose=purpose,
            now=now,
        )
        return row["account_id"] if row else None

    def use_token(self, digest: bytes, now: datetime) -> bool:
        return self._session.did(
            "UPDATE one_time_tokens SET used_at = :now "
            "WHERE digest = :digest AND used_at IS NULL RETURNING digest",
            digest=digest,
            now=now,
        )

    def join_accounts(self, old_id: UUID, new_id: UUID) -> None:
        self._session.run(
            "UPDATE channels SET account_id = :new WHERE account_id = :old", new=new_id, old=old_id
        )
        self._session.run(
            "UPDATE accounts SET wants_news = wants_news "
            "OR (SELECT o.wants_news FROM accounts o WHERE o.id = :old) WHERE id = :new",
            new=new_id,
            old=old_id,
        )
        self._session.run(
            "UPDATE accounts SET telegram_user_id = NULL, joined_to = :new WHERE id = :old",
            new=new_id,
            old=old_id,
        )

    def tie(self, account_id: UUID, telegram_user_id: int) -> None:
        self._session.run(
            "UPDATE accounts SET telegram_user_id = :user WHERE id = :id",
            id=account_id,
            user=telegram_user_id,
        )

    def account_of(self, telegram_user_id: int) -> UUID | None:
        return self._account(telegram_user_id, "")

    def lock_account_of(self, telegram_user_id: int) -> UUID | None:
        return self._account(telegram_user_id, "FOR UPDATE")

    def _account(self, telegram_user_id: int, lock: str) -> UUID | None:
        row = self._session.row(
            f"SELECT id FROM accounts WHERE telegram_user_id = :id {lock}", id=telegram_user_id
        )
        return row["id"] if row else None

    def add_account(self, account_id: UUID, telegram_user_id: int, now: datetime) -> None:
        self._session.run(
            "INSERT INTO accounts (id, telegram_user_id, created_at) VALUES (:id, :user, :now)",
            id=account_id,
            user=telegram_user_id,
            now=now,
        )
