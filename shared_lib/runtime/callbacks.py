"""What providers call: NOWPayments' callbacks and Telegram's updates, over HTTP.

Nothing is answered with 2xx before it is stored, and no answer tells more than its status does.
"""

import hmac
import json
from collections.abc import Callable
from typing import Any

import flask

from shared_lib.domain.update import Intent
from shared_lib.ports import Person, Ports
from shared_lib.runtime.logs import Kind, bind, delivery_logged, log
from shared_lib.runtime.outcome import UNAVAILABLE, RefusedError, Runtime, run
from shared_lib.runtime.settings import WebhookSettings
from shared_lib.runtime.telegram_updates import NotAnUpdateError, read_update
from shared_lib.usecases.receive_callback import CallbackAnswer

ReceiveCallback = Callable[[Ports, bytes, str | None], CallbackAnswer]
HandleUpdate = Callable[[Ports, int, Person | None, Intent], None]

BODY_MOST_BYTES = 256 * 1024
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
_SIGNATURE_HEADER = "x-nowpayments-sig"
_STATUSES = {
    CallbackAnswer.STORED: 200,
    CallbackAnswer.NOT_GENUINE: 403,
    CallbackAnswer.UNREADABLE: 400,
}


class _TooLargeError(Exception):
    """The body is larger than any that a provider sends."""


def answer_callback(
    runtime: Runtime, request: flask.Request, receive: ReceiveCallback
) -> flask.Response:
    """Store a payment callback and answer NOWPayments."""

    def work(body: bytes) -> flask.Response:
        signature = request.headers.get(_SIGNATURE_HEADER)
        answer = run(runtime, lambda: receive(runtime, body, signature))
        kind = Kind.DONE if answer is CallbackAnswer.STORED else Kind.SECURITY
        log(kind, "a payment callback", answer=answer.value)
        return _json(_STATUSES[answer], answer.value)

    return _posted(request, work)


def answer_update(runtime: Runtime, request: flask.Request, handle: HandleUpdate) -> flask.Response:
    """Handle an update and answer Telegram.

    What Telegram sent and we cannot understand is logged and answered 200: it would come again for
    a day, and hold up what comes after it.
    """

    def work(body: bytes) -> flask.Response:
        if not _is_telegram(runtime, request):
            log(Kind.SECURITY, "an update without Telegram's secret was turned away")
            return _json(401, "not_genuine")
        try:
            update = read_update(_parsed(body))
        except NotAnUpdateError as error:
            log(Kind.PAYLOAD, "not an update", severity="ERROR", fields=str(error))
            return _empty()
        bind(update_id=update.id)
        if update.fault is not None:
            log(Kind.PAYLOAD, "an update cannot be read", severity="ERROR", fields=update.fault)
        run(runtime, lambda: handle(runtime, update.id, update.person, update.intent))
        log(Kind.DONE, "an update", intent=type(update.intent).__name__)
        return _empty()

    return _posted(request, work)


def _posted(request: flask.Request, work: Callable[[bytes], flask.Response]) -> flask.Response:
    """Let only POST and bodies of a sane size through, and answer what goes wrong."""
    with delivery_logged(request.headers):
        if request.method != "POST":
            refused = _json(405, "only_post")
            refused.headers["Allow"] = "POST"
            return refused
        try:
            return work(_body(request))
        except _TooLargeError:
            log(Kind.PAYLOAD, "a body is too large", severity="WARNING")
            return _too_large()
        except _NoJsonError:
            log(Kind.PAYLOAD, "a body is no JSON", severity="ERROR")
            return _json(400, "unreadable")
        except RefusedError as refused_error:
            return _refusal(refused_error.status)


def _body(request: flask.Request) -> bytes:
    """The raw body, of which never more than the limit and a byte is read."""
    chunks: list[bytes] = []
    left = BODY_MOST_BYTES + 1
    while left > 0 and (chunk := request.stream.read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise _TooLargeError
    return b"".join(chunks)


class _NoJsonError(Exception):
    """The body is not JSON at all."""


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _NoJsonError from None


def _is_telegram(runtime: Runtime, request: flask.Request) -> bool:
    given = request.headers.get(_SECRET_HEADER, "")
    wanted = runtime.settings.of(WebhookSettings).secret.get_secret_value()
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _json(status: int, word: str) -> flask.Response:
    return flask.Response(
        json.dumps({"status": word}), status=status, content_type="application/json"
    )


def _empty() -> flask.Response:
    """Telegram would take a body for a method to call."""
    return flask.Response(status=200)


def _refusal(status: int) -> flask.Response:
    if status != UNAVAILABLE:
        return _json(status, "error")
    answer = _json(status, "unavailable")
    answer.headers["Retry-After"] = "5"
    return answer


def _too_large() -> flask.Response:
    """A stream, because the framework reads the rest of the request before any other answer."""
    answer = flask.Response(
        iter(['{"status": "too_large"}']), status=413, content_type="application/json"
    )
    answer.headers["Connection"] = "close"
    return answer
