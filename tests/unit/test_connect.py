"""A database URL says where to connect, and how safely."""

import ssl
from typing import Any

import pg8000.dbapi
import pg8000.native
import pytest

from shared_lib.adapters.postgres.connect import as_native, connector


def arguments(url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the driver is called with; nothing is opened before the connector is called."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(pg8000.native, "Connection", lambda **given: seen.append(given))
    connect = connector(url, application="notify")
    assert seen == []
    connect()
    return seen[0]


def test_a_url_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    given = arguments("postgresql://a%40b:p%2Fw%3A1@127.0.0.1:6000/my%20db", monkeypatch)
    assert (given["user"], given["password"], given["database"]) == ("a@b", "p/w:1", "my db")
    assert (given["host"], given["port"], given["ssl_context"]) == ("127.0.0.1", 6000, False)
    assert (given["application_name"], given["tcp_keepalive"]) == ("notify", True)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@/funnel?host=/run/postgresql",
        "postgresql://app@%2Frun%2Fpostgresql/funnel",
    ],
)
def test_a_socket_s_folder_may_be_the_host(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = arguments(url, monkeypatch)
    assert given["unix_sock"] == "/run/postgresql/.s.PGSQL.5432"
    assert (given["ssl_context"], "host" in given) == (False, False)


@pytest.mark.parametrize(
    ("host", "tls"),
    [
        ("localhost/db", False),
        ("[::1]/db", False),
        ("db.example/db?sslmode=disable", False),
        ("db.example/db?sslmode=prefer", None),
    ],
)
def test_what_stays_here_needs_no_tls(
    host: str, tls: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arguments(f"postgresql://app:pw@{host}", monkeypatch)["ssl_context"] is tls


@pytest.mark.parametrize(
    ("query", "verified", "named"),
    [
        ("", ssl.CERT_NONE, False),
        ("?sslmode=require", ssl.CERT_NONE, False),
        ("?sslmode=verify-ca", ssl.CERT_REQUIRED, False),
        ("?sslmode=verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_what_leaves_this_machine_is_encrypted(
    query: str, verified: ssl.VerifyMode, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = arguments(f"postgresql://app:pw@db.example/db{query}", monkeypatch)["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (verified, named)


@pytest.mark.parametrize(
    "url", ["mysql://app@host/db", "postgresql://host/db", "postgresql://a@h.example/d?sslmode=x"]
)
def test_a_url_that_is_not_understood_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"postgresql://|sslmode"):
        connector(url)


def test_a_connection_of_the_cloud_connector_becomes_native() -> None:
    """The object stays the same one, as its handlers are bound to it."""
    made = pg8000.dbapi.Connection.__new__(pg8000.dbapi.Connection)
    native = as_native(made)
    assert native is made
    assert isinstance(native, pg8000.native.Connection)
    assert native.columns is None
