"""How connections to PostgreSQL are made: by URL, or through the Cloud SQL connector."""

import ssl
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.native
from pg8000.exceptions import DatabaseError, InterfaceError

from shared_lib.ports import DatabaseUnavailableError

Connect = Callable[[], pg8000.native.Connection]

_APPLICATION = "telegram-funnel"
_PORT = 5_432
# Longer than any statement may take, so that the server ends a statement before we give up on it.
_SOCKET_SECONDS = 20
# An instance that lost its CPU in mid transaction must not keep its locks.
_STARTUP = {
    "statement_timeout": "15s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
}


def connector(
    database_url: str, *, application: str = _APPLICATION, timeout_seconds: float = _SOCKET_SECONDS
) -> Connect:
    """What makes a connection to `postgresql://user:password@host:port/name?sslmode=…`.

    The host may be a folder with a Unix socket, percent-encoded or as `?host=/folder`. Nothing is
    opened before the first call. Raises ValueError for a URL that is not understood.
    """
    arguments = _arguments(database_url) | {
        "application_name": application,
        "startup_params": _STARTUP,
        "timeout": timeout_seconds,
        "tcp_keepalive": True,
    }

    def connect() -> pg8000.native.Connection:
        return pg8000.native.Connection(**arguments)

    return connect


def cloud_sql_connector(
    instance: str, *, user: str, database: str, application: str = _APPLICATION
) -> Connect:
    """What makes a connection to `project:region:instance` with IAM login."""
    arguments = {
        "user": user,
        "db": database,
        "ssl_context": False,  # the connector's socket is TLS already
        "application_name": application,
        "startup_params": _STARTUP,
    }

    @cache
    def client() -> Any:
        # It starts a thread, so each process makes its own, and only where there is Cloud SQL.
        from google.cloud.sql.connector import Connector  # noqa: PLC0415

        # Lazy: a refresh in the background gets no CPU between requests.
        return Connector(refresh_strategy="lazy", enable_iam_auth=True, timeout=_SOCKET_SECONDS)

    def connect() -> pg8000.native.Connection:
        try:
            return as_native(client().connect(instance, "pg8000", **arguments))
        except (DatabaseError, InterfaceError):
            raise
        except Exception as error:
            # Of many kinds: its HTTP client's, the credentials', its own. All mean the same to us.
            raise DatabaseUnavailableError(type(error).__name__) from error

    return connect


def as_native(connection: Any) -> pg8000.native.Connection:
    """The native face of a DB-API connection, which is all that the connector can make.

    Both classes are thin faces of one core, and its handlers are bound to the object itself; so the
    object changes its class and is not copied.
    """
    connection.__class__ = pg8000.native.Connection
    connection._context = None  # noqa: SLF001 (what the native constructor sets)
    return connection


def _arguments(database_url: str) -> dict[str, Any]:
    parts = urlsplit(database_url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.username:
        raise ValueError("not a URL of the form postgresql://user:password@host:port/name")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = options.get("host") or unquote(parts.hostname or "localhost")
    port = parts.port or _PORT
    login = {
        "user": unquote(parts.username),
        "password": unquote(parts.password) if parts.password is not None else None,
        "database": unquote(parts.path.lstrip("/")) or None,
    }
    if host.startswith("/"):
        return login | {"unix_sock": f"{host}/.s.PGSQL.{port}", "ssl_context": False}
    return login | {"host": host, "port": port, "ssl_context": _tls(host, options)}


def _tls(host: str, options: dict[str, str]) -> ssl.SSLContext | bool | None:
    """pg8000's three ways: False is none, None is if the server can, a context is a must.

    A context is made once: it takes as long as ten connections. Without `sslmode` what leaves this
    machine is encrypted.
    """
    mode = options.get("sslmode") or ("disable" if _stays_here(host) else "require")
    if mode == "disable":
        return False
    if mode in {"allow", "prefer"}:
        return None
    if mode not in {"require", "verify-ca", "verify-full"}:
        raise ValueError("sslmode is unknown")
    context = ssl.create_default_context(cafile=options.get("sslrootcert"))
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _stays_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
