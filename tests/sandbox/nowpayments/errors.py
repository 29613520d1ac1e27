"""Error answers as recorded, and canned ones for the fault board.

    from tests.sandbox.nowpayments.errors import canned_fault
    httpx.post(f"{base}/_sandbox/faults", json=canned_fault("POST /v1/invoice", "RATE_LIMITED"))

Names: INVALID_API_KEY (403), INVALID_REQUEST_PARAMS, AMOUNT_MINIMAL_ERROR, CURRENCY_UNAVAILABLE,
BAD_CREATE_PAYMENT_REQUEST (400), RATE_LIMITED (429 with Retry-After), HTML_502, HTML_520, HTML_524
(pages of the CDN in front), EMPTY_200 and NOT_JSON_200 (answers that only look like success).
The same without Python: `POST /_sandbox/canned {"operation", "name", "times", "retry_after"}`.
"""

from typing import Any

from tests.sandbox.nowpayments import js

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=UTF-8"


class ApiError(Exception):
    """An error answer of the API."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = envelope(status, code, message)


def envelope(status: int, code: str, message: str) -> dict[str, Any]:
    """The body of every error."""
    return {"status": False, "statusCode": status, "code": code, "message": message}


def invalid_params(message: str) -> ApiError:
    return ApiError(400, "INVALID_REQUEST_PARAMS", message)


def invalid_api_key() -> ApiError:
    return ApiError(403, "INVALID_API_KEY", "Invalid api key")


def auth_required(
    message: str = "Authorization header is empty (Bearer JWTtoken is required)",
) -> ApiError:
    return ApiError(401, "AUTH_REQUIRED", message)


def currency_unavailable(ticker: str) -> ApiError:
    return ApiError(400, "CURRENCY_UNAVAILABLE", f"Currency {ticker} was not found")


def payment_not_found() -> ApiError:
    return ApiError(404, "PAYMENT_NOT_FOUND", "Payment was not found")


CANNED = {
    "INVALID_API_KEY": (403, "Invalid api key"),
    "INVALID_REQUEST_PARAMS": (400, '"price_amount" must be a number'),
    "AMOUNT_MINIMAL_ERROR": (400, "amountTo is too small"),
    "CURRENCY_UNAVAILABLE": (400, "Currency is currently unavailable. Try it in 2 hours"),
    "BAD_CREATE_PAYMENT_REQUEST": (400, "Invalid payout_address"),
    "RATE_LIMITED": (429, "Too many requests"),
}


def canned_fault(
    operation: str, name: str, *, times: int | None = 1, retry_after: int = 1
) -> dict[str, Any]:
    """A fault for the board that answers `operation` with the body called `name`."""
    fault: dict[str, Any] = {"operation": operation, "kind": "answer", "times": times}
    if name in CANNED:
        status, message = CANNED[name]
        headers = {"content-type": JSON_TYPE}
        if name == "RATE_LIMITED":
            headers["retry-after"] = str(retry_after)
        body = js.text(envelope(status, name, message))
        return {**fault, "status": status, "headers": headers, "body": body}
    return {**fault, **_foreign(name)}


def _foreign(name: str) -> dict[str, Any]:
    if name == "EMPTY_200":
        return {"status": 200, "headers": {"content-type": JSON_TYPE}, "body": ""}
    if name == "NOT_JSON_200":
        return {"status": 200, "headers": {"content-type": HTML_TYPE}, "body": _html(200)}
    kind, _, status = name.partition("_")
    if kind != "HTML" or not status.isdigit():
        raise ValueError(f"no canned answer is called {name}")
    headers = {"content-type": HTML_TYPE, "server": "cloudflare", "cf-ray": "8f0c2d3e4a5b6c7d-FRA"}
    return {"status": int(status), "headers": headers, "body": _html(int(status))}


def _html(status: int) -> str:
    title = f"api.nowpayments.io | {status}"
    return (
        f"<!DOCTYPE html>\n<html lang='en-US'><head><title>{title}</title></head>"
        f"<body><h1>Error {status}</h1><p>Cloudflare Ray ID: 8f0c2d3e4a5b6c7d</p></body></html>\n"
    )
