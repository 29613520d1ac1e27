"""The least that an intake can do: check an HMAC, insert one row. Ours is compared with it."""

import hmac
import os
import threading

import flask
import functions_framework
import pg8000.native

from shared_lib.adapters.postgres.connect import connector

_SECRET = os.environ["NOWPAYMENTS_IPN_SECRET"].encode()
_INSERT = "INSERT INTO bench_callbacks (body) VALUES (:body)"
_connect = connector(os.environ["DATABASE_URL"])
_own = threading.local()


@functions_framework.http
def baseline(request: flask.Request) -> flask.Response:
    """Answer one callback."""
    body = request.get_data()
    wanted = hmac.digest(_SECRET, body, "sha512").hex()
    if not hmac.compare_digest(wanted, request.headers.get("x-nowpayments-sig", "")):
        return flask.Response(status=403)
    _insert().run(body=body.decode())
    return flask.Response(status=200)


def _insert() -> pg8000.native.PreparedStatement:
    """The prepared statement of this thread, on a connection of its own."""
    if not hasattr(_own, "insert"):
        _own.insert = _connect().prepare(_INSERT)
    statement: pg8000.native.PreparedStatement = _own.insert
    return statement
