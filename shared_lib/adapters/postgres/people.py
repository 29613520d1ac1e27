"""People in Telegram, and the accounts of owners among them."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Session
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

    def account_of(self, telegram_user_id: int) -> UUID | None:
        row = self._session.row(
            "SELECT id FROM accounts WHERE telegram_user_id = :id FOR UPDATE", id=telegram_user_id
        )
        return row["id"] if row else None

    def add_account(self, account_id: UUID, telegram_user_id: int, now: datetime) -> None:
        self._session.run(
            "INSERT INTO accounts (id, telegram_user_id, created_at) VALUES (:id, :user, :now)",
            id=account_id,
            user=telegram_user_id,
            now=now,
        )
