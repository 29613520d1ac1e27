"""Applies sql/migrations in order, once each, and refuses a file that changed afterwards.

The views of sql/views hold no data: they are replaced on every run.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pg8000.native

_FILE = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")
_VIEW = re.compile(r"[a-z][a-z0-9_]{0,62}\.sql")
# Any constant will do, as long as every runner uses the same one.
_ADVISORY_LOCK = 7_239_645_120

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationRefusedError(Exception):
    """The files and the database contradict each other; nothing was changed."""


def migrate(
    connection: pg8000.native.Connection,
    folder: Path,
    tell: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Apply what is missing, each file in its own transaction, then views and roles.

    Answers what was applied. Views hold nothing and are made anew each time.

    `folder` is sql/. Two runners at once wait for each other. Raises MigrationRefusedError.
    """
    connection.run(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})")
    try:
        connection.run(_TABLE)
        applied = []
        for path in _missing(connection, folder / "migrations"):
            _apply(connection, path)
            tell(path.name)
            applied.append(path.name)
        _replace_views(connection, folder / "views")
        _run_all(connection, (folder / "roles.sql").read_text())
        return applied
    finally:
        connection.run(f"SELECT pg_advisory_unlock({_ADVISORY_LOCK})")


def _missing(connection: pg8000.native.Connection, folder: Path) -> list[Path]:
    """The files that are not applied yet, after checking those that are."""
    done = {
        int(number): (str(name), str(digest))
        for number, name, digest in connection.run(
            "SELECT number, name, sha256 FROM schema_migrations"
        )
    }
    files = _numbered(folder)
    for number, (name, digest) in done.items():
        if number not in files:
            raise MigrationRefusedError(f"{name} was applied and its file is gone")
        if _digest(files[number]) != digest:
            raise MigrationRefusedError(f"{name} was applied and its file has changed since")
    newest = max(done, default=0)
    missing = [path for number, path in sorted(files.items()) if number not in done]
    for path in missing:
        if int(path.name[:4]) < newest:
            raise MigrationRefusedError(f"{path.name} comes before one that is applied already")
    return missing


def _numbered(folder: Path) -> dict[int, Path]:
    files: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise MigrationRefusedError(f"{path.name} is not named like a migration")
        number = int(match["number"])
        if number in files:
            raise MigrationRefusedError(f"{path.name} has the same number as {files[number].name}")
        files[number] = path
    return files


def _apply(connection: pg8000.native.Connection, path: Path) -> None:
    connection.run("BEGIN")
    try:
        connection.run("SET LOCAL lock_timeout = '5s'")
        _run_all(connection, path.read_text())
        connection.run(
            "INSERT INTO schema_migrations (number, name, sha256) VALUES (:number, :name, :digest)",
            number=int(path.name[:4]),
            name=path.name,
            digest=_digest(path),
        )
        connection.run("COMMIT")
    except BaseException:
        connection.run("ROLLBACK")
        raise


def _replace_views(connection: pg8000.native.Connection, folder: Path) -> None:
    """Readers see the views of before or of after, and never none."""
    paths = sorted(folder.glob("*.sql"))
    unnamed = [path.name for path in paths if not _VIEW.fullmatch(path.name)]
    if unnamed:
        raise MigrationRefusedError(f"{unnamed[0]} is not named like a view")
    connection.run("BEGIN")
    try:
        for path in paths:
            connection.run(f"DROP VIEW IF EXISTS {path.stem}")
            _run_all(connection, path.read_text())
        connection.run("COMMIT")
    except BaseException:
        connection.run("ROLLBACK")
        raise


def _run_all(connection: pg8000.native.Connection, sql: str) -> None:
    """Without parameters the simple protocol takes a whole file of statements."""
    connection.run(sql)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
