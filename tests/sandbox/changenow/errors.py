"""Error answers as recorded, and canned ones for the fault board.

    from tests.sandbox.changenow.errors import canned_fault
    httpx.post(f"{base}/_sandbox/faults", json=canned_fault("POST /v2/exchange", "out_of_range"))

Names: every code in `CANNED`, UNAUTHORIZED (401, no code), RATE_LIMITED (429 with Retry-After),
HTML_500, HTML_503, HTML_520 (pages of the CDN in front), EMPTY_200 and NOT_JSON_200 (answers that
only look like success). The same without Python:
`POST /_sandbox/canned {"operation", "name", "times", "retry_after"}`.
"""

import json
from decimal import Decimal
from typing import Any

from tests.sandbox.changenow import numbers

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=UTF-8"


class ApiError(Exception):
    """An error answer of the API."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("message")))
        self.status = status
        self.body = body


def refused(
    code: str, message: str, *, status: int = 400, payload: dict[str, Any] | None = None
) -> ApiError:
    """An error in the API's envelope."""
    body: dict[str, Any] = {"error": code, "message": message}
    return ApiError(status, body if payload is None else {**body, "payload": payload})


def not_valid_params(message: str, *, payload: dict[str, Any] | None = None) -> ApiError:
    return refused("not_valid_params", message, payload=payload)


def unauthorized() -> ApiError:
    """What a bad key gets: a message, and no code."""
    return ApiError(401, {"message": "Unauthorized"})


def forbidden(message: str) -> ApiError:
    return refused("forbidden", message, status=403)


def not_found() -> ApiError:
    return refused("not_found", "Exchange not found", status=404)


def too_many_requests() -> ApiError:
    """The body of this one is not recorded anywhere."""
    return ApiError(429, {"message": "Too many requests"})


def in_range(least: Decimal, most: Decimal | None) -> dict[str, Any]:
    """The payload of errors about limits."""
    return {"range": {"minAmount": least, "maxAmount": most}}


_RANGE = in_range(Decimal("0.002644"), None)
CANNED: dict[str, ApiError] = {
    error.body["error"]: error
    for error in (
        not_valid_params("Currency t is not supported"),
        refused("deposit_too_small", "Out of min amount 0.002644", payload=_RANGE),
        refused("deposit_too_large", "Out of max amount 12.5"),
        refused("max_amount_exceeded", "Max amount exceeded"),
        refused("out_of_range", "Amount is less then minimal: 0.002644 BTC", payload=_RANGE),
        refused("pair_is_inactive", "This pair is currently unavailable"),
        refused("fixed_rate_not_enabled", "Fixed rate is not enabled"),
        refused("not_valid_address", "Invalid address"),
        refused("not_valid_refund_address", "Invalid refund address"),
        refused("rate_id_not_found_or_expired", "Rate id not found or expired"),
        forbidden("The transaction was made from another api key"),
        not_found(),
        refused("not_available", "Refund not available for exchange 0a1b2c3d4e5f60"),
        refused("bad_params", "Bad params"),
        refused("user_not_found", "User not found", status=401),
        refused(
            "invalid_api_key", "Invalid API key. Use private key for this endpoint", status=403
        ),
        refused("internal_error", "Internal error", status=500),
    )
}
PLAIN = {"UNAUTHORIZED": unauthorized(), "RATE_LIMITED": too_many_requests()}


def canned_fault(
    operation: str, name: str, *, times: int | None = 1, retry_after: int = 1
) -> dict[str, Any]:
    """A fault for the board that answers `operation` with the body called `name`."""
    fault: dict[str, Any] = {"operation": operation, "kind": "answer", "times": times}
    error = CANNED.get(name) or PLAIN.get(name)
    if error is None:
        return {**fault, **_foreign(name)}
    headers = {"content-type": JSON_TYPE}
    if name == "RATE_LIMITED":
        headers["retry-after"] = str(retry_after)
    body = numbers.text(error.body)
    return {**fault, "status": error.status, "headers": headers, "body": body}


def _foreign(name: str) -> dict[str, Any]:
    if name == "EMPTY_200":
        return {"status": 200, "headers": {"content-type": JSON_TYPE}, "body": ""}
    if name == "NOT_JSON_200":
        return {"status": 200, "headers": {"content-type": HTML_TYPE}, "body": _html(200)}
    kind, _, status = name.partition("_")
    if kind != "HTML" or not status.isdigit():
        known = json.dumps([*CANNED, *PLAIN])
        raise ValueError(f"no canned answer is called {name}; there are {known}")
    headers = {"content-type": HTML_TYPE, "server": "cloudflare", "cf-ray": "8f0c2d3e4a5b6c7d-FRA"}
    return {"status": int(status), "headers": headers, "body": _html(int(status))}


def _html(status: int) -> str:
    return (
        f"<!DOCTYPE html>\n<html lang='en-US'><head><title>changenow.io | {status}</title></head>"
        f"<body><h1>Error {status}</h1><p>Cloudflare Ray ID: 8f0c2d3e4a5b6c7d</p></body></html>\n"
    )
